//! From encrypted rows to domain types; `encryption` is the inverse.

use std::time::Duration;

use crypto::{Dek, Field};
use domain::{
    ComparisonId, RunId, Usd,
    playground::{Comparison, Parameters, Run, RunError, RunNote, RunResult, RunStatus},
};
use foundation::error::Error;
use uuid::Uuid;

use super::{
    fields,
    repo::{RunRow, SessionRow},
};

/// Shown in place of a text that cannot be decrypted any more.
const UNDECRYPTABLE: &str = "(This text cannot be decrypted: its key does not match.)";

/// Decrypts a comparison. A text that cannot be decrypted is replaced by [`UNDECRYPTABLE`], so that the rest is still shown.
pub(super) fn comparison(dek: &Dek, row: SessionRow, runs: Vec<RunRow>) -> Result<Comparison, Error> {
    let id = ComparisonId(row.id);
    Ok(Comparison {
        id,
        created_at: row.created_at,
        prompt: open(dek, fields::prompt(id), &row.prompt_ct).unwrap_or_else(|| UNDECRYPTABLE.into()),
        system_prompt: row
            .system_prompt_ct
            .map(|ct| open(dek, fields::system_prompt(id), &ct).unwrap_or_else(|| UNDECRYPTABLE.into())),
        parameters: parameters(row.parameters)?,
        is_shared: row.shared_at.is_some(),
        share_slug: row.share_slug,
        public_url: None,
        picked_run_id: row.picked_run_id.map(RunId),
        runs: runs.into_iter().map(|row| run(dek, row)).collect::<Result<_, _>>()?,
    })
}

/// The prompt of a history row.
pub(super) fn prompt(dek: &Dek, id: Uuid, prompt_ct: &[u8]) -> String {
    open(dek, fields::prompt(ComparisonId(id)), prompt_ct).unwrap_or_else(|| UNDECRYPTABLE.into())
}

/// The beginning of a prompt, on one line.
pub(super) fn preview(prompt: &str) -> String {
    let mut line: String = prompt.split_whitespace().flat_map(|word| word.chars().chain([' '])).take(200).collect();
    line.truncate(line.trim_end().len());
    line
}

/// A status as it is stored.
pub(super) fn status(word: &str) -> Result<RunStatus, Error> {
    RunStatus::parse(word).ok_or_else(|| Error::Internal(format!("unknown run status {word}")))
}

/// Output tokens per second of generation, rounded to one decimal: `tokens_out / (latency - ttft)`, times in milliseconds. `None`
/// where a value is unknown or no time passed between the first token and the last.
pub(super) fn tokens_per_second(tokens_out: Option<u64>, latency: Option<u64>, ttft: Option<u64>) -> Option<f64> {
    let generating = Duration::from_millis(latency?.checked_sub(ttft?)?);
    if generating.is_zero() {
        return None;
    }
    Some((tokens_out? as f64 / generating.as_secs_f64() * 10.0).round() / 10.0)
}

/// The error of a run whose process died.
pub(super) fn interrupted() -> RunError {
    RunError {
        code: "interrupted".into(),
        message: "The server stopped while this model was answering. What had arrived is kept; run it again.".into(),
        retry_after_s: None,
    }
}

fn run(dek: &Dek, row: RunRow) -> Result<Run, Error> {
    Ok(Run {
        id: RunId(row.id),
        position: u8::try_from(row.position).unwrap_or_default(),
        model: row.model_public_name.clone(),
        result: result(dek, row)?,
    })
}

fn result(dek: &Dek, row: RunRow) -> Result<RunResult, Error> {
    let id = RunId(row.id);
    let (tokens_in, tokens_out) = (unsigned(row.tokens_in), unsigned(row.tokens_out));
    let (latency_ms, ttft_ms) = (unsigned(row.latency_ms), unsigned(row.ttft_ms));
    let error = row.error_code.map(|code| error(dek, id, code, row.error_detail_ct.as_deref(), row.retry_after_s));
    let (response_content, undecryptable) = match row.response_ct.map(|ct| open(dek, fields::response(id), &ct)) {
        Some(None) => (None, Some(undecryptable())),
        opened => (opened.flatten(), None),
    };
    Ok(RunResult {
        status: status(&row.status)?,
        parameters: row.parameters.map(parameters).transpose()?,
        reasoning_content: row.reasoning_ct.and_then(|ct| open(dek, fields::reasoning(id), &ct)),
        response_content,
        finish_reason: row.finish_reason,
        error: undecryptable.or(error),
        latency_ms,
        ttft_ms,
        tokens_in,
        tokens_out,
        tokens_per_second: tokens_per_second(tokens_out, latency_ms, ttft_ms),
        cost_usd: Usd(row.cost_usd.normalize().to_string()),
        list_cost_usd: row.list_cost_usd.map(|cost| Usd(cost.normalize().to_string())),
        notes: row.notes.map(notes).unwrap_or_default(),
    })
}

fn error(dek: &Dek, id: RunId, code: String, detail_ct: Option<&[u8]>, retry_after_s: Option<i32>) -> RunError {
    match detail_ct.map(|ct| open(dek, fields::error(id), ct)) {
        Some(Some(message)) => {
            RunError { code, message, retry_after_s: retry_after_s.and_then(|seconds| u32::try_from(seconds).ok()) }
        }
        Some(None) => undecryptable(),
        None => interrupted(),
    }
}

fn undecryptable() -> RunError {
    RunError { code: "undecryptable".into(), message: UNDECRYPTABLE.into(), retry_after_s: None }
}

fn open(dek: &Dek, field: Field, ct: &[u8]) -> Option<String> {
    dek.decrypt(field, ct)
        .inspect_err(|error| tracing::error!(table = field.table, column = field.column, row = %field.row, %error, "cannot open a field"))
        .ok()
}

fn parameters(stored: serde_json::Value) -> Result<Parameters, Error> {
    serde_json::from_value(stored).map_err(|error| Error::Internal(format!("stored parameters: {error}")))
}

/// Notes as they are stored. Those of a kind that this version does not know are left out.
fn notes(stored: serde_json::Value) -> Vec<RunNote> {
    let all: Vec<serde_json::Value> = serde_json::from_value(stored).unwrap_or_default();
    all.into_iter().filter_map(|note| serde_json::from_value(note).ok()).collect()
}

fn unsigned(value: Option<i64>) -> Option<u64> {
    value.and_then(|value| u64::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_counts_the_time_after_the_first_token() {
        // 9 tokens in 812 - 140 = 672 ms.
        assert_eq!(tokens_per_second(Some(9), Some(812), Some(140)), Some(13.4));
    }

    #[test]
    fn speed_is_unknown_where_it_cannot_be_measured() {
        assert_eq!(tokens_per_second(Some(9), Some(140), Some(140)), None);
        assert_eq!(tokens_per_second(Some(9), Some(100), Some(140)), None);
        assert_eq!(tokens_per_second(None, Some(812), Some(140)), None);
    }
}
