//! What commands other than `serve` run on: the database, alone or with the keyring. Both are closed when the command ends.

use std::sync::Arc;

use crypto::Keyring;
use database::{Database, Purpose};
use foundation::{error::Error, shutdown::Tasks};
use services::external::External;

use crate::{
    config::{MasterKey, MasterKeySource, Settings},
    state::Runtime,
    storage::{open_database, open_keyring},
};

/// Runs a command that needs nothing but the database.
pub(super) async fn with_database<T>(
    settings: &Settings,
    command: impl AsyncFnOnce(Runtime) -> Result<T, Error>,
) -> Result<T, Error> {
    // Creating the embedded database without its key would look like a lost key at the next start. An external database
    // may be migrated by a job that does not have the key.
    if !matches!(settings.master_key, MasterKeySource::Missing) {
        settings.master_key.load()?;
    }
    let database = open_database(settings, Purpose::Command).await?;
    let done = command(runtime(&database)).await;
    database.close().await;
    done
}

/// Runs a command that reads or writes encrypted fields.
pub(super) async fn with_keyring<T>(
    settings: &Settings,
    command: impl AsyncFnOnce(Runtime, Arc<Keyring>) -> Result<T, Error>,
) -> Result<T, Error> {
    let keys = settings.master_key.load()?;
    let database = open_database(settings, Purpose::Command).await?;
    let done = on_keyring(&database, keys, command).await;
    database.close().await;
    done
}

async fn on_keyring<T>(
    database: &Database,
    keys: Vec<MasterKey>,
    command: impl AsyncFnOnce(Runtime, Arc<Keyring>) -> Result<T, Error>,
) -> Result<T, Error> {
    let runtime = runtime(database);
    let keyring = open_keyring(&runtime.pool, keys, runtime.clock.as_ref()).await?;
    command(runtime, keyring).await
}

fn runtime(database: &Database) -> Runtime {
    Runtime::new(database.pool().clone(), External::default(), Tasks::default())
}
