//! `quadrille rollup`: rolls usage up by hand, as the server does every hour.

use std::io::{self, Write};

use chrono::{DateTime, TimeDelta, Utc};
use foundation::error::Error;
use services::leaderboard::due;

use super::resources::with_database;
use crate::config::Settings;

/// How long after its end the server rolls an hour up. A command that was typed does not wait for that.
const SERVER_DELAY: TimeDelta = TimeDelta::minutes(5);

/// Rolls up every hour that has ended and has changed since its last roll-up; with `since`, every hour from then on.
pub(super) async fn roll_up(settings: &Settings, since: Option<DateTime<Utc>>) -> Result<(), Error> {
    let hours = with_database(settings, async |runtime| {
        let until = due(runtime.clock.now() + SERVER_DELAY);
        match since {
            Some(since) => runtime.roll_up().redo(since, until).await,
            None => runtime.roll_up().run(until).await,
        }
    });
    writeln!(io::stdout(), "{} hours are rolled up anew.", hours.await?)?;
    Ok(())
}
