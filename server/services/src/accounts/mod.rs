//! Accounts on the server: passwords, sign-ins, invitations, and who is calling.
//!
//! Signing in does not reveal whether an account exists (user enumeration): an unknown address, a wrong password and a disabled
//! account get the same answer after the same work. Signing up reveals it where it is open: this server sends no mail, so there
//! is no other way to say why an account cannot be made. It is rate-limited like signing in; `QUADRILLE_SIGN_UP=invite` or
//! `closed` prevents it.

mod admin;
mod api;
mod caller;
mod cookie;
mod limits;
pub mod own_account;
mod password;
mod proxies;
mod repo;
mod service;
mod sign_in;
mod sign_up;
mod token;

pub use admin::{AdminAccount, Outcome};
pub use api::{AccountDoc, router};
pub use caller::{AdminViewer, Caller, SignedIn, resolve_caller, with_caller};
pub use cookie::CookiePolicy;
pub use limits::{LimitSettings, Rate};
pub use proxies::TrustedProxies;
pub(crate) use repo::{delete_sign_ins_of, stored_role};
pub use service::{AccountService, AccountSettings};
