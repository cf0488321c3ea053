//! Accounts: signing up, in and out, and who is signed in.

mod api;
mod destination;
mod form;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod port;
pub mod rules;
mod types;

pub use api::{SignIn, SignOut, SignUp as SignUpAction, sign_in, sign_out, sign_up};
pub use destination::{FIRST_PAGE, next_path, sign_in_path};
pub use form::AccountForm;
#[cfg(feature = "ssr")]
pub use page::{SignInPage, SignUpPage};
#[cfg(feature = "ssr")]
pub use port::AccountPort;
pub use types::{Admin, Credentials, Role, SignInContext, SignUp, SignedIn, Viewer};
