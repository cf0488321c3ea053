//! Accounts: signing up, in and out, and the page of one's own account.

mod api;
mod destination;
mod form;
mod own_api;
#[cfg(feature = "ssr")]
mod own_page;
#[cfg(feature = "ssr")]
mod page;
#[cfg(feature = "ssr")]
mod user_agent;

pub use api::{SignIn, SignOut, SignUp as SignUpAction, sign_in, sign_out, sign_up};
pub use destination::{FIRST_PAGE, next_path, sign_in_path};
pub use form::AccountForm;
pub use own_api::{ChangePassword, DeleteAccount, SignOutEverywhere};
#[cfg(feature = "ssr")]
pub use own_page::AccountPage;
#[cfg(feature = "ssr")]
pub use page::{SignInPage, SignUpPage};
