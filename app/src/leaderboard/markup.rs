//! HTML and SVG written as strings: for hundreds of cells and points this renders many times faster than views.

use domain::format::{self, UNKNOWN, decimal};

/// Escapes text for HTML, including double-quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Control characters are not allowed in HTML.
            other if other.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Appends formatted text; formatting into a string cannot fail.
macro_rules! put {
    ($to:expr, $($argument:tt)*) => {{
        let _ = write!($to, $($argument)*);
    }};
}
pub(super) use put;

/// A percentage with a no-break space before the unit.
pub(super) fn percent(share: Option<f64>) -> String {
    format::percent(share).replace(' ', "\u{a0}")
}

/// A score: `0.873`.
pub(super) fn score(score: Option<f64>) -> String {
    score.map_or(UNKNOWN.into(), |score| decimal((score.max(0.0) * 1_000.0).round() as u64, 3))
}

/// A coordinate with at most one decimal.
pub(super) fn at(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(escape("<b a=\"'\">&\u{0}"), "&lt;b a=&quot;&#39;&quot;&gt;&amp;\u{fffd}");
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!(percent(Some(0.998_1)), "99.81\u{a0}%");
        assert_eq!(percent(Some(0.999_999)), "99.99\u{a0}%");
        assert_eq!(percent(Some(0.000_001)), "0.01\u{a0}%");
        assert_eq!(
            (percent(Some(1.0)), percent(Some(0.0)), percent(None)),
            ("100\u{a0}%".into(), "0\u{a0}%".into(), "—".into())
        );
        assert_eq!((score(Some(0.8734)), score(Some(1.0)), score(None)), ("0.873".into(), "1.000".into(), "—".into()));
    }
}
