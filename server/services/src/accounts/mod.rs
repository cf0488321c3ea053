//! The account room on the server: passwords, sign-ins, who is calling.
//!
//! Signing in never tells whether an account exists: an unknown address, a wrong password and a disabled account get the
//! same answer after the same work. Signing up does tell, where it is open: this server sends no mail, so there is no other
//! way to say why an account cannot be made. It is limited like signing in; `QUADRILLE_SIGN_UP=invite` or `closed` stops it.

mod admin;
mod api;
mod caller;
mod cookie;
mod limits;
mod own;
pub mod own_account;
mod password;
mod proxies;
mod repo;
mod service;
mod sign_up;
mod token;

pub use admin::{AdminAccount, Outcome};
pub use api::{AccountDoc, router};
pub use caller::{AdminViewer, Caller, SignedIn, resolve_caller, with_caller};
pub use cookie::CookiePolicy;
pub use limits::{LimitSettings, Rate};
pub use proxies::TrustedProxies;
pub use service::{AccountService, AccountSettings};
