//! When hours are rolled up: five minutes after they have ended.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use foundation::{clock::Clock, shutdown::Tasks};

use super::RollUp;

/// Delay of an hour's roll-up after its end, so that its last events have arrived.
const DELAY: TimeDelta = TimeDelta::minutes(5);
/// Interval between two looks at the clock.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Delay after a failed roll-up.
const AGAIN: Duration = Duration::from_secs(15);

/// The end of the last hour that is due: at 10:05 that is 10:00, at 10:04 still 09:00.
pub fn due(now: DateTime<Utc>) -> DateTime<Utc> {
    ended(now - DELAY)
}

/// The end of the last hour that has ended, for whoever does not wait for its last events: at 10:00 that is 10:00.
pub fn ended(now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = now.timestamp();
    DateTime::from_timestamp(seconds - seconds.rem_euclid(3_600), 0).unwrap_or(now)
}

/// Rolls up at HH:05 UTC, and once at the start, until the server stops. A clock that jumps, in either direction, only
/// changes which hours are over.
pub async fn roll_up_forever(roll_up: RollUp, clock: Arc<dyn Clock>, tasks: Tasks) {
    let stopping = tasks.stopping();
    let mut done = None;
    loop {
        let until = due(clock.now());
        let mut pause = POLL_INTERVAL;
        if done != Some(until) {
            match roll_up.run(until).await {
                Ok(hours) => {
                    done = Some(until);
                    if hours > 0 {
                        tracing::info!(hours, until = %until, "usage was rolled up");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "usage could not be rolled up; trying again");
                    pause = AGAIN;
                }
            }
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_due_five_minutes_after_its_end() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (now, until) in [
            ("2026-11-21T10:05:00Z", "2026-11-21T10:00:00Z"),
            ("2026-11-21T10:04:59Z", "2026-11-21T09:00:00Z"),
            ("2026-11-21T00:03:00Z", "2026-11-20T23:00:00Z"),
            ("2024-03-01T00:05:00Z", "2024-03-01T00:00:00Z"),
            ("2026-12-31T23:59:59Z", "2026-12-31T23:00:00Z"),
        ] {
            assert_eq!(due(time(now)), time(until), "{now}");
        }
    }

    #[test]
    fn a_typed_roll_up_takes_every_hour_that_has_ended() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (now, until) in
            [("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"), ("2026-11-21T09:59:59Z", "2026-11-21T09:00:00Z")]
        {
            assert_eq!(ended(time(now)), time(until), "{now}");
        }
    }
}
