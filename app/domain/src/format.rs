//! Numbers formatted for users. Unknown is always `—`, never 0.

/// The text for an unknown value.
pub const UNKNOWN: &str = "—";

/// A duration in milliseconds: `140 ms`, `1.31 s`, `83 s`.
pub fn duration(ms: Option<u64>) -> String {
    match ms {
        None => UNKNOWN.into(),
        Some(ms) if ms < 1_000 => format!("{ms} ms"),
        Some(ms) if ms < 9_995 => decimal(rounded(ms, 10), 2) + " s",
        Some(ms) if ms < 59_950 => decimal(rounded(ms, 100), 1) + " s",
        Some(ms) => decimal(rounded(ms, 1_000), 0) + " s",
    }
}

fn rounded(value: u64, unit: u64) -> u64 {
    value.saturating_add(unit / 2) / unit
}

/// A number given in tenths, hundredths … as decimal text. Uses integers only: the standard library's code for printing
/// floats would be a good part of the WebAssembly that a browser loads.
pub fn decimal(scaled: u64, places: usize) -> String {
    let mut digits = scaled.to_string();
    if places > 0 {
        while digits.len() <= places {
            digits.insert(0, '0');
        }
        digits.insert(digits.len() - places, '.');
    }
    digits
}

/// A count with thin groups of three: `1 234 567`.
pub fn count(value: Option<u64>) -> String {
    let Some(value) = value else { return UNKNOWN.into() };
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A share from 0 to 1: `99.81 %`, `100 %`, `0 %`. A share between 0 and 1 is never rounded to `0 %` or `100 %`.
pub fn percent(share: Option<f64>) -> String {
    match share {
        None => UNKNOWN.into(),
        Some(share) if share >= 1.0 => "100 %".into(),
        Some(share) if share <= 0.0 => "0 %".into(),
        Some(share) => decimal(((share * 10_000.0).round() as u64).clamp(1, 9_999), 2) + " %",
    }
}

/// Output tokens per second while generating: `13.4 tok/s`, `159 tok/s`.
pub fn speed(tokens_per_second: Option<f64>) -> String {
    match tokens_per_second {
        Some(speed) if speed < 99.95 => decimal((speed * 10.0).round() as u64, 1) + " tok/s",
        Some(speed) => decimal(speed.round() as u64, 0) + " tok/s",
        None => UNKNOWN.into(),
    }
}

/// A context window in tokens: `33k`, `1M`.
pub fn context_window(tokens: Option<u32>) -> String {
    match tokens {
        None => UNKNOWN.into(),
        Some(tokens) if tokens < 1_000 => tokens.to_string(),
        Some(tokens) if tokens < 1_000_000 => format!("{}k", (tokens + 500) / 1_000),
        Some(tokens) => format!("{}M", (tokens + 500_000) / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_figures_are_a_dash_and_never_zero() {
        assert_eq!(duration(None), "—");
        assert_eq!(count(None), "—");
        assert_eq!(speed(None), "—");
        assert_eq!(percent(None), "—");
        assert_eq!(context_window(None), "—");
    }

    #[test]
    fn figures_are_short_and_carry_their_unit() {
        assert_eq!(duration(Some(0)), "0 ms");
        assert_eq!(duration(Some(1_310)), "1.31 s");
        assert_eq!(duration(Some(1_006)), "1.01 s");
        assert_eq!(duration(Some(9_996)), "10.0 s");
        assert_eq!(duration(Some(12_340)), "12.3 s");
        assert_eq!(duration(Some(83_400)), "83 s");
        assert_eq!(count(Some(1_234_567)), "1\u{202f}234\u{202f}567");
        assert_eq!(count(Some(999)), "999");
        assert_eq!(percent(Some(1.0)), "100 %");
        assert_eq!(percent(Some(0.999_99)), "99.99 %");
        assert_eq!(percent(Some(0.998_1)), "99.81 %");
        assert_eq!(percent(Some(0.000_01)), "0.01 %");
        assert_eq!(percent(Some(0.0)), "0 %");
        assert_eq!(speed(Some(13.42)), "13.4 tok/s");
        assert_eq!(speed(Some(159.4)), "159 tok/s");
        assert_eq!(speed(Some(0.04)), "0.0 tok/s");
        assert_eq!(speed(Some(99.96)), "100 tok/s");
        assert_eq!(context_window(Some(32_768)), "33k");
        assert_eq!(context_window(Some(1_048_576)), "1M");
    }
}
