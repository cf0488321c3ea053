//! The rules of e-mail addresses and passwords, the same for the form and for the server.

use crate::{accounts::SignUp, error::FieldError};

/// Fewest characters of a password.
pub const PASSWORD_MIN: usize = 10;
/// Most characters of a password.
pub const PASSWORD_MAX: usize = 200;
/// Most characters of an e-mail address.
pub const EMAIL_MAX: usize = 254;

/// Every rule that a sign-up breaks; empty if it is valid.
pub fn sign_up_errors(form: &SignUp) -> Vec<FieldError> {
    email_error(&form.email).into_iter().chain(password_error(&form.password)).collect()
}

/// The error of what cannot be an e-mail address. Whether the address exists only a message sent there could prove.
pub fn email_error(email: &str) -> Option<FieldError> {
    let email = email.trim();
    if email.is_empty() {
        return Some(FieldError::new("email", "empty", "Enter an e-mail address."));
    }
    if email.chars().count() > EMAIL_MAX {
        return Some(FieldError::new(
            "email",
            "too_long",
            format!("Use an e-mail address of at most {EMAIL_MAX} characters."),
        ));
    }
    (!looks_like_email(email)).then(|| {
        FieldError::new("email", "not_an_email", "Enter a whole e-mail address, for example name@example.org.")
    })
}

/// As [`password_error`], for a password that replaces another: the error names the field `new_password`.
pub fn new_password_error(password: &str) -> Option<FieldError> {
    password_error(password).map(|error| FieldError { field: "new_password".into(), ..error })
}

/// The error of a password whose length is not allowed; there are no composition rules (NIST SP 800-63B-4, section
/// 3.1.1.2).
pub fn password_error(password: &str) -> Option<FieldError> {
    match password.chars().count() {
        0 => Some(FieldError::new("password", "empty", "Choose a password.")),
        length if length < PASSWORD_MIN => Some(FieldError::new(
            "password",
            "too_short",
            format!("Use at least {PASSWORD_MIN} characters; this password has {length}."),
        )),
        length if length > PASSWORD_MAX => Some(FieldError::new(
            "password",
            "too_long",
            format!("Use at most {PASSWORD_MAX} characters; this password has {length}."),
        )),
        _ => None,
    }
}

fn looks_like_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    (1..=64).contains(&local.chars().count())
        && local.chars().all(plain)
        && domain.split('.').all(|label| !label.is_empty() && label.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use crate::accounts::rules::*;

    #[test]
    fn real_addresses_pass() {
        for email in ["a@b.de", "first.last+tag@sub.example.org", "admin@localhost", "jörg@müller.de", "  a@b.de "] {
            assert_eq!(email_error(email), None, "{email}");
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(EMAIL_MAX));
        let long_local = format!("{}@example.org", "a".repeat(65));
        for email in [
            "",
            " ",
            "a",
            "@",
            "a@",
            "@b.de",
            "a@b.",
            "a@.de",
            "a@b..de",
            "a b@c.de",
            "a@b@c.de",
            "a\u{0}@b.de",
            "a@b\n.de",
            &long,
            &long_local,
        ] {
            assert!(email_error(email).is_some(), "{email:?}");
        }
    }

    #[test]
    fn a_password_is_counted_in_characters() {
        assert_eq!(password_error("1234567890"), None);
        assert_eq!(password_error(&"🦀".repeat(PASSWORD_MIN)), None);
        assert_eq!(password_error(&"🦀".repeat(PASSWORD_MAX)), None);
        assert_eq!(password_error("123456789").map(|error| error.code).as_deref(), Some("too_short"));
        assert_eq!(password_error(&"x".repeat(PASSWORD_MAX + 1)).map(|error| error.code).as_deref(), Some("too_long"));
        assert_eq!(password_error("").map(|error| error.code).as_deref(), Some("empty"));
    }

    #[test]
    fn every_broken_rule_is_named_at_once() {
        let form = SignUp { email: "a".into(), password: "b".into(), invite: None };
        let fields: Vec<_> = sign_up_errors(&form).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["email", "password"]);
    }
}
