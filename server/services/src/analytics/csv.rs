//! Figures as a table for spreadsheets.

use chrono::SecondsFormat;
use domain::analytics::{CellFigures, Figures};

const HEAD: &str = "step,model,requests,successes,errors,refused,abandoned,p50_latency_ms,p95_latency_ms,p50_ttft_ms,\
                    p95_ttft_ms,tokens_in,tokens_out,cost_usd,estimated\r\n";

/// One line for each step and model (RFC 4180). Unknown is empty.
pub(super) fn table(cells: &[CellFigures]) -> String {
    let mut text = HEAD.to_owned();
    for CellFigures { at, model, figures } in cells {
        let Figures { requests, successes, errors, refused, abandoned, estimated, .. } = figures;
        let known = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let fields = [
            at.to_rfc3339_opts(SecondsFormat::Secs, true),
            quoted(model),
            requests.to_string(),
            successes.to_string(),
            errors.to_string(),
            refused.to_string(),
            abandoned.to_string(),
            known(figures.p50_latency_ms),
            known(figures.p95_latency_ms),
            known(figures.p50_ttft_ms),
            known(figures.p95_ttft_ms),
            known(figures.tokens_in),
            known(figures.tokens_out),
            figures.cost_usd.as_ref().map(|cost| cost.0.clone()).unwrap_or_default(),
            estimated.to_string(),
        ];
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Quoted, and harmless to a spreadsheet that would take it for a formula.
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
        let figures = Figures { requests: 2, errors: 2, ..Figures::default() };
        let text = table(&[CellFigures { at: chrono::DateTime::UNIX_EPOCH, model: "a".into(), figures }]);
        assert_eq!(text.lines().nth(1), Some("1970-01-01T00:00:00Z,\"a\",2,0,2,0,0,,,,,,,,0"));
        assert_eq!(HEAD.split(',').count(), 15);
    }
}
