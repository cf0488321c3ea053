//! From domain types to encrypted rows; `mapping` is the inverse.

use chrono::{DateTime, Utc};
use crypto::Dek;
use domain::{
    UserId,
    playground::{Comparison, Parameters, Run},
};
use foundation::error::Error;

use super::{
    fields,
    repo::{Ending, NewRun, NewSession},
};

/// A comparison as a row to insert, its texts encrypted.
pub(super) fn session(dek: &Dek, user: UserId, of: &Comparison) -> Result<NewSession, Error> {
    let system_prompt = of.system_prompt.as_ref();
    Ok(NewSession {
        id: of.id,
        user,
        prompt_ct: dek.encrypt(fields::prompt(of.id), &of.prompt)?,
        system_prompt_ct: system_prompt.map(|text| dek.encrypt(fields::system_prompt(of.id), text)).transpose()?,
        parameters: parameters(of.parameters)?,
        created_at: of.created_at,
    })
}

/// A run as a queued row to insert; its result, if any, is stored by [`ending`].
pub(super) fn new_run<'a>(run: &'a Run, upstream_model: &'a str) -> Result<NewRun<'a>, Error> {
    Ok(NewRun {
        id: run.id,
        position: run.position.into(),
        model_public_name: &run.model,
        upstream_model,
        parameters: run.result.parameters.map(parameters).transpose()?,
    })
}

/// The result of a run that has ended, as it is stored.
pub(super) fn ending(dek: &Dek, run: &Run, finished_at: DateTime<Utc>) -> Result<Ending, Error> {
    let (id, result) = (run.id, &run.result);
    let (response, reasoning) = (result.response_content.as_ref(), result.reasoning_content.as_ref());
    let error = result.error.as_ref();
    Ok(Ending {
        status: result.status,
        response_ct: response.map(|text| dek.encrypt(fields::response(id), text)).transpose()?,
        reasoning_ct: reasoning.map(|text| dek.encrypt(fields::reasoning(id), text)).transpose()?,
        error_code: error.map(|error| error.code.clone()),
        error_detail_ct: error.map(|error| dek.encrypt(fields::error(id), &error.message)).transpose()?,
        retry_after_s: error.and_then(|error| error.retry_after_s).map(|s| i32::try_from(s).unwrap_or(i32::MAX)),
        finish_reason: result.finish_reason.clone(),
        tokens_in: signed(result.tokens_in),
        tokens_out: signed(result.tokens_out),
        latency_ms: signed(result.latency_ms),
        ttft_ms: signed(result.ttft_ms),
        list_cost_usd: result.list_cost_usd.as_ref().and_then(|cost| cost.0.parse().ok()),
        notes: (!result.notes.is_empty())
            .then(|| serde_json::to_value(&result.notes))
            .transpose()
            .map_err(json_error)?,
        finished_at,
    })
}

fn parameters(parameters: Parameters) -> Result<serde_json::Value, Error> {
    serde_json::to_value(parameters).map_err(json_error)
}

fn json_error(error: serde_json::Error) -> Error {
    Error::Internal(format!("a value that is no JSON: {error}"))
}

fn signed(value: Option<u64>) -> Option<i64> {
    value.and_then(|value| i64::try_from(value).ok())
}
