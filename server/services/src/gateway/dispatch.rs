//! Asking the models in turn, until one begins to answer. Nothing of an answer has gone to the caller yet, so another model can
//! still take over.

use std::sync::Arc;

use axum::http::HeaderValue;
use bytes::Bytes;
use upstream::{Passthrough, UpstreamError};

use super::{
    answer::ResponseMetadata,
    buffered,
    error::Failure,
    request::ChatCall,
    rewrite::{Rewriter, Stop},
    service::Gateway,
    usage_recorder::UsageRecorder,
};
use crate::catalog::CallableModel;

/// An answer that has begun.
pub(super) enum Answer {
    /// It is here.
    Whole { body: Bytes, content_type: HeaderValue, facts: ResponseMetadata },
    /// It comes in events.
    Stream(Box<Opened>),
}

/// A stream whose first event has come.
pub(super) struct Opened {
    pub through: Passthrough,
    pub rewriter: Rewriter,
    /// What can be sent at once.
    pub out: Vec<u8>,
    /// Whether the upstream has ended already.
    pub is_over: bool,
}

impl Gateway {
    /// Asks one model after the other as long as the failure is one that another model need not have.
    pub(super) async fn with_failover(
        &self,
        call: &ChatCall,
        candidates: &[Arc<CallableModel>],
        meter: &mut UsageRecorder,
    ) -> Result<Answer, Failure> {
        let mut last = None;
        for model in candidates {
            meter.begin_attempt(model);
            match self.dispatch(call, model).await {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.is_passing => {
                    tracing::debug!(model = %model.public_name, code = failure.code, "a model did not answer");
                    last = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(last.unwrap_or_else(Failure::unavailable))
    }

    async fn dispatch(&self, call: &ChatCall, model: &CallableModel) -> Result<Answer, Failure> {
        let body = call.body_for(&model.upstream_model);
        let through = self.client.passthrough(&model.target, body, call.is_stream).await?;
        if call.is_stream && through.is_event_stream() {
            let takes_usage_out = !call.wants_usage;
            return Ok(Answer::Stream(Box::new(open(through, &model.public_name, takes_usage_out).await?)));
        }
        if through.is_event_stream() {
            return Err(UpstreamError::bad_response("an event stream that was not asked for").into());
        }
        buffered::read(through, &model.public_name).await
    }
}

/// Reads up to the first event: an upstream that reports an error there has failed before it began.
async fn open(through: Passthrough, public_name: &str, takes_usage_out: bool) -> Result<Opened, Failure> {
    let rewriter = Rewriter::new(public_name, takes_usage_out);
    let mut opened = Opened { through, rewriter, out: Vec::new(), is_over: false };
    while opened.out.is_empty() && !opened.rewriter.is_done() && !opened.is_over {
        opened.read_more().await?;
    }
    if opened.is_over && !opened.rewriter.is_complete() && opened.out.is_empty() {
        return Err(UpstreamError::cut_off().into());
    }
    Ok(opened)
}

impl Opened {
    /// Reads the next bytes of the upstream. Dropping this future loses nothing.
    pub(super) async fn read_more(&mut self) -> Result<(), UpstreamError> {
        let read = self.through.chunk().await?;
        let taken = match &read {
            Some(bytes) => self.rewriter.push(bytes, &mut self.out),
            None => {
                self.is_over = true;
                self.rewriter.finish(&mut self.out)
            }
        };
        taken.map_err(|stop| match stop {
            Stop::Error(object) => self.through.failure(&object),
            Stop::TooLarge => UpstreamError::too_large(),
        })
    }
}
