//! The wait that a response asks for.

use chrono::DateTime;
use http::{HeaderMap, header::RETRY_AFTER};

use super::fault::Fault;

/// Longest wait that is passed on, in seconds: a day.
const MAX_RETRY_AFTER: u32 = 86_400;

/// How long to wait, in whole seconds rounded up and at most a day; `None` where the headers do not say. A date is compared
/// with the response's own `Date`, so that a wrong clock on either side does not matter. The limits of OpenAI and Groq are
/// looked at only where the refusal `is_about_rates`: other answers have them too.
///
/// Source: RFC 9110, section 10.2.3; `retry-after-ms` and `x-ratelimit-reset-*` are extensions of some providers.
pub(super) fn retry_after(headers: &HeaderMap, is_about_rates: bool) -> Option<u32> {
    if let Some(milliseconds) = text(headers, "retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return seconds(milliseconds / 1_000.0);
    }
    let Some(value) = text(headers, RETRY_AFTER.as_str()) else {
        return is_about_rates.then(|| reset(headers)).flatten();
    };
    if let Ok(value) = value.parse::<f64>() {
        return seconds(value);
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?;
    let now = DateTime::parse_from_rfc2822(text(headers, "date")?).ok()?;
    seconds((until - now).num_seconds() as f64)
}

/// When the limits that are used up are open again: the last of them.
fn reset(headers: &HeaderMap) -> Option<u32> {
    let open_again = |unit: &str| {
        let remaining: f64 = text(headers, &format!("x-ratelimit-remaining-{unit}"))?.parse().ok()?;
        (remaining <= 0.0).then(|| duration(text(headers, &format!("x-ratelimit-reset-{unit}"))?)).flatten()
    };
    ["requests", "tokens"].into_iter().filter_map(open_again).max()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// The wait in the words of a refusal that passes: "Please try again in 6.5s", "Please retry after 26 seconds".
pub(super) fn in_words(fault: Fault, texts: &[String]) -> Option<u32> {
    let passes = matches!(fault, Fault::RateLimited | Fault::Overloaded);
    let after = |text: &String| {
        let openings = ["try again in ", "retry after ", "retry in "];
        let rest = openings.iter().find_map(|opening| text.split_once(opening))?.1;
        let (number, unit) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_minutes = unit.starts_with("minute");
        let wait = duration(number.trim_end_matches(['.', ',']))?;
        Some(if is_minutes { wait.saturating_mul(60).min(MAX_RETRY_AFTER) } else { wait })
    };
    passes.then(|| texts.iter().find_map(after)).flatten()
}

/// A duration such as `1m6.5s`, `120ms` or `34s`, rounded up; without a unit it is in seconds.
pub(super) fn duration(text: &str) -> Option<u32> {
    if text.bytes().next_back()?.is_ascii_digit() {
        return seconds(text.parse().ok()?);
    }
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let factor = match unit {
            "d" => 86_400.0,
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            "us" | "µs" => 0.000_001,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    seconds(total)
}

/// Whole seconds, rounded up and at most a day.
pub(super) fn seconds(value: f64) -> Option<u32> {
    // The cast is exact: the value lies between 0 and a day.
    (value.is_finite() && value >= 0.0).then(|| value.ceil().min(f64::from(MAX_RETRY_AFTER)) as u32)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("name"), HeaderValue::from_str(value).expect("value")))
            .collect()
    }

    #[test]
    fn retry_after_is_read_in_every_form_and_garbage_is_unknown() {
        const DATE: (&str, &str) = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        type Pairs = &'static [(&'static str, &'static str)];
        let cases: &[(Pairs, Option<u32>)] = &[
            (&[("retry-after", "7")], Some(7)),
            (&[("retry-after", " 0 ")], Some(0)),
            (&[("retry-after", "1.2")], Some(2)),
            (&[("retry-after", "864000")], Some(86_400)),
            (&[("retry-after", "1e300")], Some(86_400)),
            (&[("retry-after", "-5")], None),
            (&[("retry-after", "NaN")], None),
            (&[("retry-after", "inf")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "")], None),
            (&[("retry-after-ms", "1500")], Some(2)),
            (&[("retry-after-ms", "1500"), ("retry-after", "60")], Some(2)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT"), DATE], Some(30)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:27:30 GMT"), DATE], None),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")], None),
            (&[], None),
        ];
        for (pairs, expected) in cases {
            for is_about_rates in [true, false] {
                assert_eq!(retry_after(&headers(pairs), is_about_rates), *expected, "{pairs:?}");
            }
        }
    }

    #[test]
    fn without_retry_after_the_limit_that_is_used_up_says_when_it_is_open_again() {
        let limits = |remaining: (&str, &str), reset: (&str, &str)| {
            let pairs = [
                ("x-ratelimit-remaining-requests", remaining.0),
                ("x-ratelimit-remaining-tokens", remaining.1),
                ("x-ratelimit-reset-requests", reset.0),
                ("x-ratelimit-reset-tokens", reset.1),
            ];
            headers(&pairs)
        };
        for (remaining, reset, expected) in [
            (("99", "0"), ("8.64s", "1m6.5s"), Some(67)),
            (("0", "5000"), ("120ms", "1m6.5s"), Some(1)),
            (("0", "0"), ("2m59.56s", "7.66s"), Some(180)),
            (("0", "0"), ("1h2m3s", "59.2"), Some(3_723)),
            (("5", "5000"), ("8.64s", "1m6.5s"), None),
            (("", "x"), ("8.64s", "1m6.5s"), None),
            (("0", "9"), ("soon", "1s"), None),
        ] {
            let headers = limits(remaining, reset);
            assert_eq!(retry_after(&headers, true), expected, "{remaining:?} {reset:?}");
            assert_eq!(retry_after(&headers, false), None);
        }
    }

    #[test]
    fn a_duration_has_units_and_nonsense_is_none() {
        for (text, expected) in [
            ("34s", Some(34)),
            ("34.074824224s", Some(35)),
            ("6ms", Some(1)),
            ("0s", Some(0)),
            ("7", Some(7)),
            ("1d", Some(86_400)),
            ("9d", Some(86_400)),
            ("", None),
            ("s", None),
            ("1.2.3s", None),
            ("5x", None),
            ("-5s", None),
            ("é", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn a_refusal_that_passes_says_in_its_words_when() {
        let wait = |fault, text: &str| in_words(fault, &[text.to_owned()]);
        let limited = Fault::RateLimited;
        assert_eq!(wait(limited, "Rate limit reached. Please try again in 6.5s. Visit us"), Some(7));
        assert_eq!(wait(limited, "Please try again in 7m12s."), Some(432));
        assert_eq!(wait(limited, "Please retry after 26 seconds."), Some(26));
        assert_eq!(wait(limited, "Please retry after 2 minutes."), Some(120));
        assert_eq!(wait(limited, "Please try again in a while"), None);
        assert_eq!(wait(Fault::Refused, "Please try again in 6s"), None);
    }
}
