//! Calls the candidates in turn until one of them begins to answer. Until then nothing has been sent to the caller, so the next
//! candidate can still take over (failover).

use std::sync::Arc;

use upstream::{Shape, UpstreamClient};

use super::{
    buffered::{self, BufferedResponse},
    error::Failure,
    negotiation,
    opened_stream::OpenedStream,
    request::ChatCall,
    rewrite::RewriteSettings,
    usage_recorder::UsageRecorder,
};
use crate::catalog::{CallableModel, CatalogService};

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
    (client, catalog): (&UpstreamClient, &CatalogService),
    call: &ChatCall,
    candidates: &[Arc<CallableModel>],
    recorder: &mut UsageRecorder,
) -> Result<Answer, Failure> {
    let mut last = None;
    for model in candidates {
        recorder.begin_attempt(model);
        let answered = dispatch((client, catalog), call, model, recorder).await;
        recorder.end_attempt(model, answered.as_ref().err());
        match answered {
            Ok(answer) => return Ok(answer),
            Err(failure) if failure.can_fail_over => {
                tracing::debug!(model = %model.public_name, code = %failure.code, "a model did not answer");
                last = Some(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    Err(last.unwrap_or_else(Failure::unavailable))
}

/// One call. The shape of the answer is the one that the caller requested, whichever the upstream returns.
async fn dispatch(
    (client, catalog): (&UpstreamClient, &CatalogService),
    call: &ChatCall,
    model: &CallableModel,
    recorder: &UsageRecorder,
) -> Result<Answer, Failure> {
    let mut passthrough = negotiation::send(client, catalog, call, model).await?;
    let settings = RewriteSettings {
        id: recorder.id().simple().to_string(),
        created: recorder.occurred_at().timestamp(),
        public_name: model.public_name.clone(),
        strips_usage: !call.wants_usage,
        expected_choices: call.choices,
        secrets: passthrough.secrets().clone(),
    };
    Ok(match (passthrough.shape().await?, call.is_stream) {
        (Shape::Stream, true) => Answer::Stream(Box::new(OpenedStream::open(passthrough, settings).await?)),
        (Shape::Stream, false) => Answer::Buffered(buffered::assemble(passthrough, &settings).await?),
        (Shape::Whole, true) => Answer::Buffered(buffered::read_as_stream(passthrough, &settings).await?),
        (Shape::Whole, false) => Answer::Buffered(buffered::read(passthrough, &settings).await?),
    })
}
