//! Calls the candidates in turn until one of them begins to answer. Until then nothing has been sent to the caller, so the next
//! candidate can still take over (failover).

use std::sync::Arc;

use upstream::{UpstreamClient, UpstreamError};

use super::{
    buffered::{self, BufferedResponse},
    error::Failure,
    opened_stream::OpenedStream,
    request::ChatCall,
    usage_recorder::UsageRecorder,
};
use crate::catalog::CallableModel;

/// A response of an upstream.
pub(super) enum Answer {
    Buffered(BufferedResponse),
    Stream(Box<OpenedStream>),
}

/// Calls one candidate after the other, as long as the failure is one that another model may not have.
///
/// # Errors
///
/// The failure of the last model that was called.
pub(super) async fn with_failover(
    client: &UpstreamClient,
    call: &ChatCall,
    candidates: &[Arc<CallableModel>],
    recorder: &mut UsageRecorder,
) -> Result<Answer, Failure> {
    let mut last = None;
    for model in candidates {
        recorder.begin_attempt(model);
        match dispatch(client, call, model).await {
            Ok(answer) => return Ok(answer),
            Err(failure) if failure.can_fail_over => {
                tracing::debug!(model = %model.public_name, code = failure.code, "a model did not answer");
                last = Some(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    Err(last.unwrap_or_else(Failure::unavailable))
}

async fn dispatch(client: &UpstreamClient, call: &ChatCall, model: &CallableModel) -> Result<Answer, Failure> {
    let body = call.body_for(&model.upstream_model);
    let passthrough = client.passthrough(&model.target, body, call.is_stream).await?;
    match (passthrough.is_event_stream(), call.is_stream) {
        (true, true) => {
            let strips_usage = !call.wants_usage;
            let opened = OpenedStream::open(passthrough, &model.public_name, strips_usage).await?;
            Ok(Answer::Stream(Box::new(opened)))
        }
        (true, false) => Err(UpstreamError::bad_response("an event stream that was not asked for").into()),
        (false, _) => Ok(Answer::Buffered(buffered::read(passthrough, &model.public_name).await?)),
    }
}
