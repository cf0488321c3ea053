//! Parts shared by all sections: the page layout, forms, requests, positions A to D, and wrappers over browser APIs.

pub mod browser;
#[cfg(feature = "ssr")]
mod copy;
#[cfg(feature = "ssr")]
mod frame;
pub mod http;
pub mod json;
#[cfg(feature = "ssr")]
mod loaded;
#[cfg(feature = "ssr")]
mod plain_form;
mod position;
#[cfg(feature = "ssr")]
mod posted;
#[cfg(feature = "ssr")]
mod query;
#[cfg(feature = "ssr")]
mod script_text;
#[cfg(feature = "ssr")]
mod scripts;
mod textarea;
#[cfg(feature = "ssr")]
pub mod time;

#[cfg(feature = "ssr")]
pub use copy::{CopyButton, CopyScript};
#[cfg(feature = "ssr")]
pub use frame::{Frame, Section};
#[cfg(feature = "ssr")]
pub(crate) use loaded::set_status;
#[cfg(feature = "ssr")]
pub use loaded::{ErrorMessage, NotFoundMessage, guard, guard_admin, loaded};
#[cfg(feature = "ssr")]
pub use plain_form::{Done, FormScript, Refused, posted_errors, refused_path};
pub use position::{letter, position_class};
#[cfg(feature = "ssr")]
pub use posted::{POSTED_FOR, Posted, Typed, answered, here};
#[cfg(feature = "ssr")]
pub use query::query_value;
#[cfg(feature = "ssr")]
pub(crate) use script_text::{script_text, without_comments};
#[cfg(feature = "ssr")]
pub use scripts::Scripts;
pub use textarea::textarea_text;
