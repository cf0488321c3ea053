//! Usage statistics as a CSV table.

use chrono::SecondsFormat;
use csv::QuoteStyle;
use domain::analytics::{CellStats, UsageStats};
use foundation::error::Error;

use crate::spreadsheet::{self, guarded};

const COLUMNS: [&str; 15] = [
    "step",
    "model",
    "requests",
    "successes",
    "errors",
    "refused",
    "abandoned",
    "p50_latency_ms",
    "p95_latency_ms",
    "p50_ttft_ms",
    "p95_ttft_ms",
    "tokens_in",
    "tokens_out",
    "cost_usd",
    "estimated",
];

/// One row for each step and model. Unknown is empty.
///
/// The file's format quotes the model and nothing else. The `csv` crate has one quoting style for a whole file, so the model is
/// quoted here; the other fields are times and numbers, which need no quotes.
///
/// # Errors
/// See [`spreadsheet::table`].
pub(super) fn table(cells: &[CellStats]) -> Result<String, Error> {
    spreadsheet::table(COLUMNS, QuoteStyle::Never, cells.iter().map(fields))
}

/// The fields of a row, in the order of [`COLUMNS`].
fn fields(CellStats { at, model, stats }: &CellStats) -> [String; COLUMNS.len()] {
    let UsageStats { requests, successes, errors, refused, abandoned, estimated, .. } = stats;
    let known = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    [
        at.to_rfc3339_opts(SecondsFormat::Secs, true),
        quoted(model),
        requests.to_string(),
        successes.to_string(),
        errors.to_string(),
        refused.to_string(),
        abandoned.to_string(),
        known(stats.p50_latency_ms),
        known(stats.p95_latency_ms),
        known(stats.p50_ttft_ms),
        known(stats.p95_ttft_ms),
        known(stats.tokens_in),
        known(stats.tokens_out),
        stats.cost_usd.as_ref().map(|cost| cost.0.clone()).unwrap_or_default(),
        estimated.to_string(),
    ]
}

/// A text in quotes (RFC 4180, section 2.7) that no spreadsheet takes for a formula.
fn quoted(text: &str) -> String {
    format!("\"{}\"", guarded(text).replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_a_formula_nor_the_end_of_its_field() {
        assert_eq!(quoted("acme/pro"), "\"acme/pro\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("a\"b,c"), "\"a\"\"b,c\"");
    }

    #[test]
    fn unknown_is_an_empty_field() {
        let stats = UsageStats { requests: 2, errors: 2, ..UsageStats::default() };
        let text = table(&[CellStats { at: chrono::DateTime::UNIX_EPOCH, model: "a".into(), stats }]).expect("a table");
        assert_eq!(text.lines().nth(1), Some("1970-01-01T00:00:00Z,\"a\",2,0,2,0,0,,,,,,,,0"));
        assert!(text.starts_with("step,model,requests,") && text.ends_with(",0\r\n"));
    }
}
