//! Comparisons as a CSV table with one row for each run.

use csv::QuoteStyle;
use domain::{
    number,
    playground::{Comparison, Run, remarks},
    position::letter,
};
use foundation::error::Error;

use crate::spreadsheet::{self, guarded};

const COLUMNS: [&str; 21] = [
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
    "notes",
];

/// The table of these comparisons. Unknown is empty, never 0.
///
/// # Errors
/// See [`spreadsheet::table`].
pub(super) fn table(comparisons: &[Comparison]) -> Result<String, Error> {
    let rows = comparisons.iter().flat_map(|comparison| comparison.runs.iter().map(|run| fields(comparison, run)));
    let rows = rows.map(|fields| fields.map(|field| guarded(&field).into_owned()));
    spreadsheet::table(COLUMNS, QuoteStyle::Always, rows)
}

/// The fields of a run, in the order of [`COLUMNS`].
fn fields(comparison: &Comparison, run: &Run) -> [String; COLUMNS.len()] {
    let result = &run.result;
    let parameters = result.parameters.unwrap_or(comparison.parameters);
    let count = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let float = |value: Option<f64>| value.map(number::write).unwrap_or_default();
    [
        comparison.id.to_string(),
        comparison.created_at.to_rfc3339(),
        letter(usize::from(run.position)).to_owned(),
        run.model.clone(),
        result.status.as_str().to_owned(),
        if comparison.picked_run_id == Some(run.id) { "yes" } else { "" }.to_owned(),
        comparison.prompt.clone(),
        comparison.system_prompt.clone().unwrap_or_default(),
        float(parameters.temperature),
        count(parameters.max_tokens.map(u64::from)),
        float(parameters.top_p),
        result.response_content.clone().unwrap_or_default(),
        result.error.as_ref().map(|error| error.code.clone()).unwrap_or_default(),
        result.finish_reason.clone().unwrap_or_default(),
        count(result.ttft_ms),
        count(result.latency_ms),
        count(result.tokens_in),
        count(result.tokens_out),
        float(result.tokens_per_second),
        result.list_cost_usd.as_ref().map(|cost| cost.0.clone()).unwrap_or_default(),
        remarks(&result.notes).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use domain::{
        ComparisonId, RunId,
        playground::{Parameters, RunResult},
    };
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_field_is_quoted_and_what_a_model_writes_is_no_formula() {
        let result = RunResult { response_content: Some("=1+1, \"x\"".into()), ..RunResult::default() };
        let comparison = Comparison {
            id: ComparisonId(Uuid::nil()),
            created_at: chrono::DateTime::UNIX_EPOCH,
            prompt: "Hi".into(),
            system_prompt: None,
            parameters: Parameters { temperature: Some(0.5), ..Parameters::default() },
            is_shared: false,
            share_slug: None,
            public_url: None,
            picked_run_id: None,
            runs: vec![Run { result, ..Run::queued(RunId(Uuid::nil()), 0, "a/b") }],
        };
        let text = table(&[comparison]).expect("a table");
        let row = "\"00000000-0000-0000-0000-000000000000\",\"1970-01-01T00:00:00+00:00\",\"A\",\"a/b\",\"queued\",\"\",\"Hi\",\"\",\"0.5\",\"\",\"\",\"'=1+1, \"\"x\"\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"";
        assert_eq!(text, format!("{}\r\n{row}\r\n", COLUMNS.join(",")));
    }
}
