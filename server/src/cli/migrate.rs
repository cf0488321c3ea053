//! `quadrille migrate`: applies the migrations that the database lacks.

use foundation::error::Error;

use super::resources::with_database;
use crate::config::Settings;

/// Opening the database migrates it; nothing is left to do.
pub(super) async fn migrate(settings: &Settings) -> Result<(), Error> {
    with_database(settings, async |_| Ok(())).await
}
