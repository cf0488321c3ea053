//! `quadrille rollup`: rolls usage up by hand, as the server does every hour.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use foundation::error::Error;
use services::leaderboard::ended;

use super::resources::with_database;
use crate::config::Settings;

/// Rolls up every hour that has ended and has changed since its last roll-up; with `since`, every hour from then on. Whoever
/// types the command does not wait for late events, as the server does.
pub(super) async fn roll_up(settings: &Settings, since: Option<DateTime<Utc>>) -> Result<(), Error> {
    let hours = with_database(settings, async |runtime| {
        let until = ended(runtime.clock.now());
        match since {
            Some(since) => runtime.roll_up().redo(since, until).await,
            None => runtime.roll_up().run(until).await,
        }
    });
    writeln!(io::stdout(), "{} hours are rolled up anew.", hours.await?)?;
    Ok(())
}
