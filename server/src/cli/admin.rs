//! `quadrille admin create`: makes an administrator, or makes an existing member one.

use std::io::{self, Write};

use foundation::error::{Error, OperatorError};
use secrecy::{ExposeSecret, SecretString};
use services::accounts::Outcome;
use zeroize::Zeroizing;

use super::resources::with_keyring;
use crate::{config::Settings, state::account_service};

/// Generates a password and prints it, unless it is given on standard input.
pub(super) async fn create(settings: &Settings, email: String, password_stdin: bool) -> Result<(), Error> {
    let password = if password_stdin { Some(first_line_of_input()?) } else { None };
    let admin = with_keyring(settings, async |runtime, keyring| {
        account_service(settings, &runtime, keyring)?.create_admin(&email, password).await
    });
    let admin = admin.await?;
    let mut out = io::stdout();
    match admin.outcome {
        Outcome::Created => writeln!(out, "{email} is an administrator now.")?,
        Outcome::Updated => {
            writeln!(out, "{email} had an account; it is an administrator now, with the new password.")?
        }
    }
    if let Some(password) = admin.generated_password {
        writeln!(out, "Password (shown this once): {}", password.expose_secret())?;
    }
    Ok(())
}

fn first_line_of_input() -> Result<SecretString, Error> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(
            OperatorError::usage("there is no password on standard input", "write it there, on one line").into()
        );
    }
    Ok(SecretString::from(password))
}
