//! `quadrille demo seed`: makes up usage of the simulated models, as a server in demo mode does by itself.

use std::io::{self, Write};

use foundation::error::Error;
use services::demo;

use super::resources::with_database;
use crate::config::Settings;

/// Seeds the hours of the last 30 days that have no simulated usage yet.
pub(super) async fn seed(settings: &Settings) -> Result<(), Error> {
    let events = with_database(settings, async |runtime| {
        demo::seed(&runtime.pool, runtime.clock.as_ref(), &runtime.tasks, &runtime.roll_up()).await
    });
    writeln!(io::stdout(), "{} simulated requests are new.", events.await?)?;
    Ok(())
}
