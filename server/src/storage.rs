//! Opening what outlives the process: the migrated database, the keyring, the event log.

use std::sync::Arc;

use crypto::{Keyring, MasterKeys};
use database::{Database, Purpose, create_data_dir};
use eventlog::{EventLog, LogSettings};
use foundation::{clock::Clock, error::Error};
use sqlx::PgPool;

use crate::config::{MasterKey, Settings};

/// Opens the database and applies the migrations it lacks. Load the master keys first: see
/// [`MasterKeySource::load`](crate::config::MasterKeySource::load).
pub(crate) async fn open_database(settings: &Settings, purpose: Purpose) -> Result<Database, Error> {
    let database = Database::open(&settings.database, purpose).await?;
    match database.migrate().await {
        Ok(()) => Ok(database),
        Err(error) => {
            database.close().await;
            Err(error)
        }
    }
}

/// Verifies the master keys against the database, before anything is encrypted or decrypted with them.
///
/// # Errors
/// Where the keys do not fit the database, or it cannot be reached.
pub async fn open_keyring(pool: &PgPool, keys: Vec<MasterKey>, clock: &dyn Clock) -> Result<Arc<Keyring>, Error> {
    Ok(Arc::new(Keyring::load(pool, MasterKeys::new(keys)?, clock.now()).await?))
}

/// Opens the event log in the data directory.
pub(crate) fn open_event_log(settings: &Settings) -> Result<EventLog, Error> {
    create_data_dir(&settings.data_dir)?;
    EventLog::open(LogSettings::new(settings.data_dir.join("event-log")))
}
