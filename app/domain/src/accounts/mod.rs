//! Accounts: who is signed in, and the rules of e-mail addresses and passwords.

#[cfg(feature = "server")]
mod port;
pub mod rules;
mod types;

#[cfg(feature = "server")]
pub use port::{AccountPort, OwnAccountPort};
pub use types::{
    AccountDeletion, Admin, Credentials, OwnAccount, PasswordChange, Role, SignInContext, SignInEntry, SignUp,
    SignUpMode, SignedIn, Viewer,
};
