//! Who may have an account, and the first administrator.

use domain::accounts::SignUpMode;
use foundation::error::OperatorError;
use secrecy::SecretString;

/// Who may have an account.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    pub sign_up: SignUpMode,
    /// Created at start if there is no administrator.
    pub first_admin: Option<FirstAdmin>,
}

/// The administrator that the configuration names.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    pub email: String,
    pub password: SecretString,
}

pub(super) fn parse_sign_up_mode(text: &str) -> Result<SignUpMode, OperatorError> {
    SignUpMode::parse(text).ok_or_else(|| {
        OperatorError::usage("QUADRILLE_SIGN_UP has an unknown value", "set it to `open`, `invite` or `closed`")
    })
}

pub(super) fn first_admin(
    email: Option<String>,
    password: Option<SecretString>,
) -> Result<Option<FirstAdmin>, OperatorError> {
    match (email, password) {
        (Some(email), Some(password)) => Ok(Some(FirstAdmin { email, password })),
        (None, None) => Ok(None),
        _ => Err(OperatorError::usage(
            "only one of QUADRILLE_ADMIN_EMAIL and QUADRILLE_ADMIN_PASSWORD is set",
            "set both or none; `quadrille admin create EMAIL` makes an administrator too",
        )),
    }
}
