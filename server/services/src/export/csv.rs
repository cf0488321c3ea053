//! One line for each run, safe to be opened in a spreadsheet.

use domain::{number, playground::Comparison};

const COLUMNS: [&str; 20] = [
    "comparison_id",
    "created_at",
    "card",
    "model",
    "status",
    "picked",
    "prompt",
    "system_prompt",
    "temperature",
    "max_tokens",
    "top_p",
    "response_content",
    "error_code",
    "finish_reason",
    "ttft_ms",
    "latency_ms",
    "tokens_in",
    "tokens_out",
    "tokens_per_second",
    "list_cost_usd",
];

/// The table of these comparisons. Unknown is empty, never 0.
pub(super) fn table(comparisons: &[Comparison]) -> String {
    let mut csv = COLUMNS.join(",") + "\r\n";
    for made in comparisons {
        for run in &made.runs {
            let parameters = run.parameters.unwrap_or(made.parameters);
            let count = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
            let float = |value: Option<f64>| value.map(number::write).unwrap_or_default();
            let fields = [
                made.id.to_string(),
                made.created_at.to_rfc3339(),
                domain::position::letter(usize::from(run.position)).to_owned(),
                run.model.clone(),
                run.status.as_str().to_owned(),
                if made.picked_run_id == Some(run.id) { "yes" } else { "" }.to_owned(),
                made.prompt.clone(),
                made.system_prompt.clone().unwrap_or_default(),
                float(parameters.temperature),
                parameters.max_tokens.map(|value| value.to_string()).unwrap_or_default(),
                float(parameters.top_p),
                run.response_content.clone().unwrap_or_default(),
                run.error.as_ref().map(|error| error.code.clone()).unwrap_or_default(),
                run.finish_reason.clone().unwrap_or_default(),
                count(run.ttft_ms),
                count(run.latency_ms),
                count(run.tokens_in),
                count(run.tokens_out),
                float(run.tokens_per_second),
                run.list_cost_usd.as_ref().map(|cost| cost.0.clone()).unwrap_or_default(),
            ];
            csv.push_str(&fields.map(|field| quoted(&field)).join(","));
            csv.push_str("\r\n");
        }
    }
    csv
}

/// A field in quotes. What a spreadsheet would take for a formula gets an apostrophe in front.
fn quoted(field: &str) -> String {
    let is_formula = field
        .trim_start_matches([' ', '\u{feff}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '＝', '＋', '－', '＠']);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn nothing_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "|x"] {
            assert!(quoted(formula).starts_with("\"'"), "{formula:?}");
        }
        assert_eq!(quoted("He said \"hi\", twice\n"), "\"He said \"\"hi\"\", twice\n\"");
        assert_eq!(quoted("a=b"), "\"a=b\"");
    }
}
