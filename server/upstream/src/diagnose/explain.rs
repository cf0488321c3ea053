//! A failed call explained to an admin: what happened, and what to do.

use crate::{Fault, Target, UpstreamError, classify::UNKNOWN_ISSUER};

/// What to do about a name without an address.
pub(super) const NO_NAME: &str =
    "Correct the host in the base URL, or see whether this machine's name server knows it.";
/// What to do where nothing accepts the connection.
pub(super) const NO_CONNECTION: &str =
    "Start the server there, correct host and port in the base URL, or open the firewall.";

/// What happened and what to do where the list of models is unavailable, in words for the admin who connects the upstream.
pub fn explain_listing(error: &UpstreamError, target: &Target) -> (String, String) {
    (explain(error).replace("There is no chat completion", "There is no list of models"), remedy(error, target))
}

/// What to do about a handshake that fails.
pub(super) fn tls_remedy(reason: &str) -> &'static str {
    match reason {
        "it does not speak TLS at this port" => "Begin the base URL with http://, or correct its port.",
        "its certificate is for another name" => {
            "Use the name that the certificate is for in the base URL, or have one made for this name."
        }
        "its certificate has expired" => {
            "Have the certificate renewed there, and see whether this machine's clock is right."
        }
        "its certificate is not valid yet" => "See whether this machine's clock and the server's are right.",
        UNKNOWN_ISSUER => {
            "Install that authority on this machine, or have the server send its whole chain of certificates."
        }
        _ => "Have the server's certificate replaced, or look into the server's own settings for TLS.",
    }
}

/// What happened, with the upstream's own words where it sent any; those are redacted already.
pub(super) fn explain(error: &UpstreamError) -> String {
    let happened = match error.advice() {
        Some(advice) => advice.happened,
        None => error.message.split_once(". ").map_or(error.message.as_str(), |(first, _)| first),
    };
    let status = error.status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
    let quoted = error.detail.as_deref().map(|words| format!(" It says: “{words}”")).unwrap_or_default();
    format!("{}{status}.{quoted}", happened.trim_end_matches('.'))
}

/// What to do.
pub(super) fn remedy(error: &UpstreamError, target: &Target) -> String {
    match error.fault {
        Some(Fault::BadKey) if target.api_key.is_none() => {
            "Enter the key: none is stored. One that was there is cleared when scheme, host or port change."
        }
        Some(fault) => fault.advice().remedy,
        None => remedy_of_exchange(error.code),
    }
    .into()
}

/// What to do where the exchange with the upstream did not come about.
fn remedy_of_exchange(code: &str) -> &'static str {
    match code {
        "bad_response" => "Correct the base URL: what answers there is not an OpenAI-compatible server.",
        "redirected" => "Enter the address that it redirects to; redirects are not followed.",
        "timeout_first_byte" | "timeout_idle" | "timeout_total" => {
            "See whether the upstream is overloaded or still loading the model; raise the time limits where it needs longer."
        }
        "cut_off" => "Look for a proxy in between that cuts connections, and into the upstream's own log.",
        "empty_answer" => "Raise max tokens: a model that reasons first may spend a small number on that.",
        "too_large" => "See what answers at the base URL: it sends more than this site reads.",
        "address_blocked" => "Correct host and port in the base URL, or have the operator set that line.",
        "dns_failed" => NO_NAME,
        "connect_failed" | "timeout_connect" => NO_CONNECTION,
        "tls_failed" => "Test the upstream: the step of the encryption says what is wrong with it, and what to do.",
        _ => "Look into the upstream's own log.",
    }
}
