//! The kinds of refusal, and the words for whom they concern: members read `message`, admins read `advice`.

use domain::catalog::admin::HealthState;

/// Why an upstream has not answered, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A filter of the provider has stopped the prompt or the answer.
    ContentFilter,
    /// The model is being loaded.
    Loading,
    /// The operator's account has no credit or quota left.
    OutOfMoney,
    /// One request needs more tokens than the account may use in a minute: waiting does not help.
    LargerThanRateLimit,
    /// More tokens than the context window holds.
    TooLong,
    /// One text, or a list, has more characters or items than the API takes.
    TextTooLong,
    /// The body of the request has more bytes than the server takes.
    BodyTooLarge,
    /// The provider does not serve the country from which this server calls.
    PlaceRefused,
    /// The key is valid and may not do this.
    NotAllowed,
    /// Only organisations that the provider has verified may do this.
    Unverified,
    BadKey,
    UnknownModel,
    /// The base URL or the name of the model names a deployment that does not exist.
    UnknownDeployment,
    /// The address has no chat completions.
    UnknownEndpoint,
    Overloaded,
    RateLimited,
    /// The request has something that the upstream does not take.
    Refused,
    /// The upstream itself failed.
    Failed,
}

/// What an admin reads: what is wrong, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    pub happened: &'static str,
    pub remedy: &'static str,
}

impl Fault {
    /// The stable code of the error.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::ContentFilter => "content_filtered",
            Self::Loading => "model_loading",
            Self::OutOfMoney => "quota_exhausted",
            Self::LargerThanRateLimit => "larger_than_rate_limit",
            Self::TooLong | Self::TextTooLong | Self::BodyTooLarge => "payload_too_large",
            Self::PlaceRefused => "place_refused",
            Self::NotAllowed | Self::BadKey => "unauthorized",
            Self::UnknownModel | Self::UnknownDeployment => "model_not_found",
            Self::UnknownEndpoint => "endpoint_not_found",
            Self::RateLimited => "rate_limited",
            Self::Unverified | Self::Refused => "refused_request",
            Self::Overloaded | Self::Failed => "upstream_failed",
        }
    }

    /// What it says about the health of the model; `None` where it says nothing.
    pub(crate) fn health(self) -> Option<HealthState> {
        match self {
            Self::UnknownModel | Self::UnknownDeployment => Some(HealthState::Retired),
            Self::OutOfMoney => Some(HealthState::OutOfMoney),
            Self::BadKey | Self::NotAllowed => Some(HealthState::BadKey),
            Self::Loading => Some(HealthState::Loading),
            Self::Overloaded => Some(HealthState::Overloaded),
            _ => None,
        }
    }

    /// The words for members. They have no account at the provider, so they are never sent there.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::ContentFilter => {
                "The provider's content filter stopped this. The prompt or the answer touches on something that the provider \
                 does not allow."
            }
            Self::Loading => "The model is being loaded. Try again in a moment, or choose another model.",
            Self::OutOfMoney => {
                "The provider's account has no credit or quota left. Choose another model, and tell the operator."
            }
            Self::LargerThanRateLimit => {
                "The request is larger than the provider's limit for one minute. Shorten it, lower max tokens, or choose \
                 another model."
            }
            Self::TooLong => {
                "The prompt is too long for this model. Shorten it, lower max tokens, or choose a model with a larger \
                 context window."
            }
            Self::TextTooLong => {
                "A part of the prompt is longer than the model's server takes. Shorten it or split it."
            }
            Self::BodyTooLarge => {
                "The request is larger than the model's server takes. Send less, or smaller images, or choose another model."
            }
            Self::PlaceRefused => {
                "The provider does not serve the place that this site calls from. Choose another model, and tell the \
                 operator."
            }
            Self::NotAllowed => {
                "The API key is not allowed to use this model. Tell the operator, or choose another model."
            }
            Self::Unverified => {
                "The provider does this only for organisations that it has verified. Tell the operator, or choose another \
                 model."
            }
            Self::BadKey => {
                "The model's server did not accept the API key. Tell the operator to check the upstream's key."
            }
            Self::UnknownModel | Self::UnknownDeployment => {
                "The model's server does not know this model. Choose another one; the operator may have to correct its \
                 name."
            }
            Self::UnknownEndpoint => {
                "There is no chat completion at the upstream's address. Tell the operator to check its base URL; it \
                 usually ends in /v1."
            }
            Self::Overloaded => "The model is overloaded. Try again in a moment, or choose another model.",
            Self::RateLimited => {
                "The model's server limits how often it can be asked. Wait a little and try again, or choose another model."
            }
            Self::Refused => {
                "The model's server refused the request without saying why. Try without parameters, or choose another \
                 model."
            }
            Self::Failed => "The model's server failed. Try again in a moment, or choose another model.",
        }
    }

    /// The words for admins.
    pub(crate) fn advice(self) -> Advice {
        let (happened, remedy) = match self {
            Self::ContentFilter => (
                "The provider's content filter stopped this.",
                "Nothing is wrong with the model. Where it stops too much, change the filter's settings at the provider.",
            ),
            Self::Loading => {
                ("The upstream is loading the model.", "Nothing is wrong: wait, and test again once it is loaded.")
            }
            Self::OutOfMoney => (
                "The provider's account has no credit or quota left.",
                "Add credit or raise the limit at the provider, or disable the model.",
            ),
            Self::LargerThanRateLimit => (
                "The request is larger than what the account may send in one minute.",
                "Raise the limit of tokens per minute at the provider.",
            ),
            Self::TooLong => (
                "The prompt is too long for the model's context window.",
                "Send less. Where the server was started with a small context, give it a larger one.",
            ),
            Self::TextTooLong => ("A text is longer than the upstream takes.", "Send less."),
            Self::BodyTooLarge => (
                "The request has more bytes than the upstream takes.",
                "Send less, or a smaller image. Where a proxy is in between, raise its limit.",
            ),
            Self::PlaceRefused => (
                "The provider does not serve the place that this server calls from.",
                "Call it from a place that it serves, or disable its models.",
            ),
            Self::NotAllowed => (
                "The upstream does not allow this to this key.",
                "Check at the provider what this key may do and which models its account has.",
            ),
            Self::Unverified => (
                "The provider does this only for organisations that it has verified.",
                "Have the organisation verified at the provider, or disable the model.",
            ),
            Self::BadKey => (
                "The upstream did not accept the key.",
                "Enter the key again: copy it whole, from the right account or project.",
            ),
            Self::UnknownModel => (
                "The upstream says that it does not know this model.",
                "Correct the upstream's name of the model, load it there, or disable it here if it has been retired.",
            ),
            Self::UnknownDeployment => (
                "There is no deployment of this name at the upstream.",
                "Correct the name of the deployment in the base URL, or as the upstream's name of the model. One that has just \
                 been made needs some minutes.",
            ),
            Self::UnknownEndpoint => (
                "There is no chat completion at this address.",
                "Correct the path of the base URL; it usually ends in /v1.",
            ),
            Self::Overloaded => (
                "The upstream is overloaded.",
                "Wait and test again; where it stays, give the server more capacity, or look at the provider's status page.",
            ),
            Self::RateLimited => (
                "The upstream limits how often it can be asked.",
                "Wait a little and test again; where it stays, raise the limit at the provider.",
            ),
            Self::Refused => ("The upstream refused the request.", "Change what it objects to."),
            Self::Failed => (
                "The upstream failed.",
                "Look into the upstream's own log; where it is a provider, at its status page.",
            ),
        };
        Advice { happened, remedy }
    }
}
