//! Failures of calls, as text for the user who waits for the answer.

use domain::catalog::admin::HealthState;

use crate::{
    classify::{Advice, Fault},
    negotiate::Complaint,
};

/// A failed call: what happened and what to do. Only `detail`, `provider_code`, `param` and, for `refused_request`, the
/// quotation in `message` come from the upstream; they are redacted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UpstreamError {
    /// Stable and `snake_case`, for example `rate_limited`.
    pub code: &'static str,
    /// One or two plain sentences: what happened and what to do.
    pub message: String,
    /// The upstream's own message, at most 500 characters, without control characters and secrets.
    pub detail: Option<String>,
    /// Why the upstream has not answered; `None` where it did not say, as with a connection that fails.
    pub fault: Option<Fault>,
    /// The upstream's own code, at most 100 plain characters. Numbers are text.
    pub provider_code: Option<String>,
    /// The field of the request that the upstream complains about, at most 100 plain characters.
    pub param: Option<Box<str>>,
    /// Seconds the upstream asked to wait, at most a day.
    pub retry_after_s: Option<u32>,
    /// The HTTP status it answered with, if it answered.
    pub status: Option<u16>,
    /// The fields of the request that it does not take.
    pub complaint: Complaint,
}

impl UpstreamError {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            detail: None,
            fault: None,
            provider_code: None,
            param: None,
            retry_after_s: None,
            status: None,
            complaint: Complaint::default(),
        }
    }

    /// A failure that the upstream reports.
    pub(super) fn of_fault(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault: Some(fault), ..Self::new(fault.code(), message) }
    }

    /// The words for admins: what is wrong, and what to do. `None` where the upstream has not said what is wrong.
    pub fn advice(&self) -> Option<Advice> {
        self.fault.map(Fault::advice)
    }

    /// What the failure says about the health of the model; `None` where it says nothing.
    pub fn health(&self) -> Option<HealthState> {
        self.fault.and_then(Fault::health)
    }

    /// A failure that an HTTP status reports.
    pub(super) fn answered(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self { status: Some(status), ..Self::new(code, message) }
    }

    pub(super) fn connect_failed() -> Self {
        Self::new(
            "connect_failed",
            "The model's server could not be reached. Try again in a moment; if it stays, ask the operator whether it is \
             running and its address is right.",
        )
    }

    pub(super) fn dns_failed() -> Self {
        Self::new(
            "dns_failed",
            "The name of the model's server is unknown. Ask the operator to check the upstream's address.",
        )
    }

    pub(super) fn tls_failed(why: &'static str) -> Self {
        Self::new(
            "tls_failed",
            format!("No secure connection to the model's server: {why}. Ask the operator to check the upstream."),
        )
    }

    pub(super) fn address_blocked(kind: &'static str) -> Self {
        Self::new(
            "address_blocked",
            format!(
                "The model's server was not called: it is at {kind}, which this site does not call unless the operator \
                 lists its host:port in QUADRILLE_ALLOW_PRIVATE_UPSTREAMS."
            ),
        )
    }

    pub(super) fn port_blocked(port: u16) -> Self {
        Self::new(
            "address_blocked",
            format!(
                "The model's server was not called: port {port} belongs to another kind of service, and this site does \
                 not call it unless the operator lists its host:port in QUADRILLE_ALLOW_PRIVATE_UPSTREAMS."
            ),
        )
    }

    pub(super) fn key_unusable() -> Self {
        Self::of_fault(
            Fault::BadKey,
            "The upstream's API key contains characters that cannot be sent. Ask the operator to enter it again.",
        )
    }

    pub(super) fn timeout_connect() -> Self {
        Self::new(
            "timeout_connect",
            "The model's server could not be reached in time. Try again in a moment; if it stays, ask the operator \
             whether it is running.",
        )
    }

    /// No output came within this limit, given in words.
    pub(super) fn timeout_first_byte(limit: &str) -> Self {
        Self::new(
            "timeout_first_byte",
            format!(
                "The model did not begin to answer within {limit}. It may be overloaded: try again, choose another model, or \
                 ask the operator to raise the limit."
            ),
        )
    }

    /// After the beginning of the answer nothing came for this long, given in words.
    pub(super) fn timeout_idle(limit: &str) -> Self {
        Self::new(
            "timeout_idle",
            format!(
                "The model stopped in the middle of its answer and sent nothing for {limit}. What came before is kept; try \
                 again, or ask the operator to raise the limit."
            ),
        )
    }

    /// An answer that is not streamed did not end within this limit, given in words.
    pub(super) fn timeout_total(limit: &str) -> Self {
        Self::new(
            "timeout_total",
            format!(
                "The answer was not complete within {limit}. Stream the answer, ask for less, or ask the operator to raise the \
                 limit."
            ),
        )
    }

    pub(super) fn cancelled() -> Self {
        Self::new("cancelled", "Stopped. What came before is kept.")
    }

    /// The connection broke before the answer was complete.
    pub fn cut_off() -> Self {
        Self::new(
            "cut_off",
            "The connection to the model's server broke before the answer was complete. What came before is kept; try \
             again.",
        )
    }

    /// A piece of the answer could not be read.
    pub fn damaged() -> Self {
        Self::new(
            "damaged",
            "A part of the answer arrived damaged and is missing. What came before and after it is kept; try again.",
        )
    }

    /// The answer exceeds a size limit of this site.
    pub fn too_large() -> Self {
        Self::new(
            "too_large",
            "The answer is larger than this site takes and was stopped. What came before is kept; set max tokens.",
        )
    }

    /// The response is no completion but `what`, a noun phrase for the message.
    pub fn bad_response(what: &'static str) -> Self {
        Self::new(
            "bad_response",
            format!(
                "The model's server answered with {what} instead of a completion. Ask the operator to check the \
                 upstream's base URL; it usually ends in /v1."
            ),
        )
    }

    /// This refusal, where it is the system prompt that is not taken.
    pub(super) fn into_no_system_prompt(self) -> Self {
        Self {
            code: "no_system_prompt",
            message: "This model takes no system prompt. Put what it says into the prompt, or choose another model."
                .into(),
            ..self
        }
    }

    pub(super) fn redirected(status: u16) -> Self {
        Self::answered(
            "redirected",
            status,
            "The model's server sent this site to another address, which it does not follow. Ask the operator to enter \
             the final address as the upstream's base URL.",
        )
    }

    pub(super) fn error_in_stream() -> Self {
        Self::new(
            "error_in_stream",
            "The model's server reported an error instead of completing the answer. What came before is kept; try again, \
             or choose another model.",
        )
    }

    pub(super) fn empty_answer(reason: Option<&str>, has_reasoned: bool) -> Self {
        if reason == Some("content_filter") {
            return Self::of_fault(Fault::ContentFilter, Fault::ContentFilter.message());
        }
        let message = match (reason, has_reasoned) {
            (Some("length"), true) => {
                "The model spent all of max tokens on reasoning and wrote no answer. Raise max tokens, or leave it unset."
            }
            (Some("length"), false) => {
                "The model reached max tokens before it wrote anything. Raise max tokens, or leave it unset."
            }
            (Some("tool_calls" | "function_call"), _) => {
                "The model asked for a tool instead of answering. Change the prompt, or choose another model."
            }
            _ => "The model ended without writing anything. Try again, or change the prompt.",
        };
        Self::new("empty_answer", message)
    }
}
