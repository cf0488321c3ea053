//! The wait that a response asks for.

use chrono::DateTime;
use http::{HeaderMap, header::RETRY_AFTER};

/// Longest wait that is passed on, in seconds: a day.
const MAX_RETRY_AFTER: u32 = 86_400;

/// How long to wait, in whole seconds rounded up and at most a day; `None` where the headers do not say. A date is compared
/// with the response's own `Date`, so that a wrong clock on either side does not matter.
///
/// Source: RFC 9110, section 10.2.3; `retry-after-ms` is an extension of some providers.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(milliseconds) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return seconds(milliseconds / 1_000.0);
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Ok(value) = value.parse::<f64>() {
        return seconds(value);
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?;
    let now = DateTime::parse_from_rfc2822(text("date")?).ok()?;
    seconds((until - now).num_seconds() as f64)
}

fn seconds(value: f64) -> Option<u32> {
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
            assert_eq!(retry_after(&headers(pairs)), *expected, "{pairs:?}");
        }
    }
}
