//! Statistics as a table for spreadsheets.

use chrono::SecondsFormat;
use domain::analytics::{CellStats, UsageStats};

const HEAD: &str = "step,model,requests,successes,errors,refused,abandoned,p50_latency_ms,p95_latency_ms,p50_ttft_ms,\
                    p95_ttft_ms,tokens_in,tokens_out,cost_usd,estimated\r\n";

/// One line for each step and model (RFC 4180). Unknown is empty.
pub(super) fn table(cells: &[CellStats]) -> String {
    let mut text = HEAD.to_owned();
    for CellStats { at, model, stats } in cells {
        let UsageStats { requests, successes, errors, refused, abandoned, estimated, .. } = stats;
        let known = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let fields = [
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
        ];
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Quotes a field. An apostrophe keeps spreadsheets from evaluating it as a formula (CSV injection).
fn quoted(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
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
        let text = table(&[CellStats { at: chrono::DateTime::UNIX_EPOCH, model: "a".into(), stats }]);
        assert_eq!(text.lines().nth(1), Some("1970-01-01T00:00:00Z,\"a\",2,0,2,0,0,,,,,,,,0"));
        assert_eq!(HEAD.split(',').count(), 15);
    }
}
