//! `quadrille keys rotate`: wraps every data key under the newest master key.

use std::io::{self, Write};

use database::{Database, Purpose};
use foundation::{
    clock::SystemClock,
    error::{Error, OperatorError},
};

use crate::{
    config::{MasterKey, MasterKeySource, Settings},
    storage::{open_database, open_keyring},
};

/// Re-wraps the keys of a database that a server may be serving from meanwhile.
pub(super) async fn rotate(settings: &Settings) -> Result<(), Error> {
    let keys = settings.master_key.load()?;
    let database = open_database(settings, Purpose::Command).await?;
    let rotated = rotate_on(settings, &database, keys).await;
    database.close().await;
    writeln!(io::stdout(), "{} keys are wrapped with the newest master key; older ones can go.", rotated?)?;
    Ok(())
}

/// Returns how many keys were re-wrapped.
async fn rotate_on(settings: &Settings, database: &Database, configured: Vec<MasterKey>) -> Result<u64, Error> {
    let is_generated = matches!(settings.master_key, MasterKeySource::Generated { .. });
    if is_generated && database.belongs_to_a_server() {
        // The server read the key file at its start and could not unwrap what is wrapped under a newer key.
        return Err(OperatorError::new(
            "the server is running, and it does not know the key that would be generated now",
            "stop it for the moment of the rotation, or give it keys of your own in QUADRILLE_MASTER_KEY",
        )
        .into());
    }
    let keys = settings.master_key.add_generated_key()?.unwrap_or(configured);
    let keyring = open_keyring(database.pool(), keys, &SystemClock).await?;
    let rotation = crypto::rotate(database.pool(), &keyring).await?;
    if rotation.remaining > 0 {
        return Err(OperatorError::new(
            format!("{} keys were wrapped anew, {} could not be", rotation.rewrapped, rotation.remaining),
            "configure the older master key that they are wrapped with, then run this again",
        )
        .into());
    }
    if is_generated {
        settings.master_key.keep_primary_key()?;
    }
    Ok(rotation.rewrapped)
}
