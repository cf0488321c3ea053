//! From what a member sees to what is stored, the other way round than `view`.

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

/// A comparison as it is inserted.
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

/// A run as it is inserted, whatever has become of it.
pub(super) fn new_run<'a>(run: &'a Run, upstream_model: &'a str) -> Result<NewRun<'a>, Error> {
    Ok(NewRun {
        id: run.id,
        position: run.position.into(),
        model_public_name: &run.model,
        upstream_model,
        parameters: run.parameters.map(parameters).transpose()?,
    })
}

/// How a run ended.
pub(super) fn ending(dek: &Dek, run: &Run, finished_at: DateTime<Utc>) -> Result<Ending, Error> {
    let (response, reasoning) = (run.response_content.as_ref(), run.reasoning_content.as_ref());
    let error = run.error.as_ref();
    Ok(Ending {
        status: run.status,
        response_ct: response.map(|text| dek.encrypt(fields::response(run.id), text)).transpose()?,
        reasoning_ct: reasoning.map(|text| dek.encrypt(fields::reasoning(run.id), text)).transpose()?,
        error_code: error.map(|error| error.code.clone()),
        error_detail_ct: error.map(|error| dek.encrypt(fields::error(run.id), &error.message)).transpose()?,
        retry_after_s: error.and_then(|error| error.retry_after_s).map(|s| i32::try_from(s).unwrap_or(i32::MAX)),
        finish_reason: run.finish_reason.clone(),
        tokens_in: signed(run.tokens_in),
        tokens_out: signed(run.tokens_out),
        latency_ms: signed(run.latency_ms),
        ttft_ms: signed(run.ttft_ms),
        list_cost_usd: run.list_cost_usd.as_ref().and_then(|cost| cost.0.parse().ok()),
        finished_at,
    })
}

fn parameters(parameters: Parameters) -> Result<serde_json::Value, Error> {
    serde_json::to_value(parameters).map_err(|error| Error::Internal(format!("parameters: {error}")))
}

fn signed(value: Option<u64>) -> Option<i64> {
    value.and_then(|value| i64::try_from(value).ok())
}
