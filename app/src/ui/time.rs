//! Times as pages show them: always in UTC, with the zone written out.

use chrono::{DateTime, Utc};

/// `21 Nov 2026, 10:05 UTC`
pub fn date_time(time: DateTime<Utc>) -> String {
    time.format("%-d %b %Y, %H:%M UTC").to_string()
}

/// `21 Nov 2026`
pub fn date(time: DateTime<Utc>) -> String {
    time.format("%-d %b %Y").to_string()
}

/// For the `datetime` attribute.
pub fn machine(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc() {
        let time = "2026-11-21T11:05:09+01:00".parse::<DateTime<Utc>>().expect("time");
        assert_eq!(date_time(time), "21 Nov 2026, 10:05 UTC");
        assert_eq!(date("2026-11-21T00:30:00+01:00".parse::<DateTime<Utc>>().expect("time")), "20 Nov 2026");
        assert_eq!(machine(time), "2026-11-21T10:05:09Z");
    }
}
