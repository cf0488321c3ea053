//! Where a request goes, and what it carries.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{base_url::BaseUrl, completion::Secrets, error::UpstreamError, wait::Timeouts};

/// An upstream with everything that a call to it needs.
#[derive(Clone, Debug)]
pub struct Target {
    pub base_url: BaseUrl,
    pub api_key: Option<SecretString>,
    /// Whether its address may be private: true for the upstream that the operator configured.
    pub allow_private: bool,
    /// Custom headers, sent with every call. They replace those of this site under the same name. Their values are secrets.
    pub headers: HeaderMap,
    pub timeouts: Timeouts,
}

impl Target {
    /// The API key, unless it is blank.
    pub(super) fn key(&self) -> Option<&str> {
        self.api_key.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.trim().is_empty())
    }

    /// [`Self::secrets`] as plain text, for redaction.
    pub(super) fn secret_text(&self) -> Option<String> {
        self.secrets().map(|secrets| secrets.expose_secret().to_owned())
    }

    /// The key and the values of the custom headers, each on a line of its own: redacted wherever the upstream is quoted.
    pub(super) fn secrets(&self) -> Option<SecretString> {
        let values = self.headers.values().filter_map(|value| value.to_str().ok());
        let secrets: Vec<&str> = self.key().into_iter().chain(values).collect();
        (!secrets.is_empty()).then(|| SecretString::from(secrets.join("\n")))
    }

    /// The secrets that are removed from answers: the key, and the values of custom headers that are named like credentials.
    /// Other headers, for example the version of an API, are ordinary words that an answer may contain.
    pub(super) fn credentials(&self) -> Secrets {
        let is_credential = |name: &HeaderName| {
            let name = name.as_str();
            ["auth", "key", "token", "secret", "cookie", "password", "credential"]
                .iter()
                .any(|word| name.contains(word))
        };
        let headers = self.headers.iter().filter(|(name, _)| is_credential(name));
        Secrets::new(self.key().into_iter().chain(headers.filter_map(|(_, value)| value.to_str().ok())))
    }

    /// The headers of a request. The only error is a key with characters that no header can have.
    pub(super) fn request_headers(&self) -> Result<HeaderMap, UpstreamError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(key) = self.key() {
            let mut value =
                HeaderValue::try_from(format!("Bearer {}", key.trim())).map_err(|_| UpstreamError::key_unusable())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        headers.extend(self.headers.clone());
        Ok(headers)
    }
}

/// One HTTP request to an upstream.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    /// Begins with a slash and follows the base URL, for example `/chat/completions`.
    pub path: &'static str,
    /// JSON, or nothing.
    pub body: Option<Bytes>,
}
