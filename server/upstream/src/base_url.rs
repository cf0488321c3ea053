//! Rules for the base URL of an upstream.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

/// A checked base URL, for example `https://api.example.com/v1`. Whether its address may be called is checked at each call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl(Url);

/// Why a base URL cannot be used, as text for the form it was entered in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    #[error("Enter the base URL of the server, for example https://api.example.com/v1.")]
    Empty,
    #[error("The URL has no scheme. Put https:// (or http://) in front of it.")]
    MissingScheme,
    #[error("Only http:// and https:// can be used, not {0}://.")]
    Scheme(String),
    #[error("The URL contains a user name or a password. Take it out and enter the key as the API key.")]
    Credentials,
    #[error("The URL ends in {0}. Cut that off: the base URL usually ends in /v1.")]
    Endpoint(&'static str),
    #[error("The URL contains a ? or a #. Cut it off there.")]
    QueryOrFragment,
    #[error("This is not a URL that can be called. It looks like https://api.example.com/v1.")]
    Invalid,
    #[error("The URL is longer than 2,000 characters.")]
    TooLong,
}

impl BaseUrlError {
    /// Stable code of the violated rule.
    pub fn code(&self) -> &'static str {
        match self {
            BaseUrlError::Empty => "empty",
            BaseUrlError::MissingScheme => "missing_scheme",
            BaseUrlError::Scheme(_) => "scheme_not_allowed",
            BaseUrlError::Credentials => "credentials_in_url",
            BaseUrlError::Endpoint(_) => "endpoint_in_url",
            BaseUrlError::QueryOrFragment => "query_or_fragment",
            BaseUrlError::Invalid => "invalid_url",
            BaseUrlError::TooLong => "too_long",
        }
    }
}

/// Paths of endpoints, which users copy from examples although the base URL ends before them.
const ENDPOINTS: &[&str] =
    &["/chat/completions", "/completions", "/models", "/responses", "/embeddings", "/messages", "/api/generate"];

/// Reads a base URL as entered; white space around it and slashes at its end are dropped.
///
/// # Errors
///
/// The first rule that it violates.
pub fn check_base_url(text: &str) -> Result<BaseUrl, BaseUrlError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(BaseUrlError::Empty);
    }
    if text.len() > 2_000 {
        return Err(BaseUrlError::TooLong);
    }
    // The URL parser drops or replaces these without an error; more likely they are a mistake in copying.
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(BaseUrlError::Invalid);
    }
    if !text.contains("://") {
        return Err(BaseUrlError::MissingScheme);
    }
    let mut url = Url::parse(text).map_err(|_| BaseUrlError::Invalid)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BaseUrlError::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() || authority_of(text).contains('@') {
        return Err(BaseUrlError::Credentials);
    }
    if text.contains(['?', '#']) {
        return Err(BaseUrlError::QueryOrFragment);
    }
    if url.host().is_none() || url.port() == Some(0) {
        return Err(BaseUrlError::Invalid);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| path.to_ascii_lowercase().ends_with(**endpoint)) {
        return Err(BaseUrlError::Endpoint(endpoint));
    }
    url.set_path(&path);
    Ok(BaseUrl(url))
}

fn authority_of(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

impl BaseUrl {
    /// The URL of an endpoint, for example of `/models`.
    pub(super) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// Host and port as in the allow-list: `localhost:11434`, `[::1]:8080`.
    pub fn host_and_port(&self) -> String {
        format!("{}:{}", self.0.host_str().unwrap_or_default(), self.port())
    }

    /// The same server with another path.
    pub(super) fn with_path(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(path);
        Self(url)
    }

    /// The host, as a name or an address.
    pub fn host(&self) -> String {
        self.0.host_str().unwrap_or_default().to_owned()
    }

    /// Whether it is called over TLS.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The port, also where it is the default of the scheme.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// The address, where the host is a literal address instead of a name.
    pub(super) fn literal_address(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        }
    }

    /// Scheme, host and port. A stored key is sent only to the origin that it was entered for.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_base_urls_are_taken_and_written_in_one_way() {
        let written = |text: &str| check_base_url(text).expect(text).to_string();
        assert_eq!(written("https://api.openai.com/v1"), "https://api.openai.com/v1");
        assert_eq!(written("  HTTPS://API.OpenAI.com:443/v1/ "), "https://api.openai.com/v1");
        assert_eq!(written("http://localhost:11434/v1//"), "http://localhost:11434/v1");
        assert_eq!(written("http://[::1]:8080"), "http://[::1]:8080");
        assert_eq!(written("https://host.example/openai/deployments/x"), "https://host.example/openai/deployments/x");
    }

    #[test]
    fn every_mistake_has_its_own_sentence() {
        let code = |text: &str| check_base_url(text).expect_err(text).code();
        let cases = [
            ("", "empty"),
            ("  ", "empty"),
            ("api.openai.com/v1", "missing_scheme"),
            ("localhost:11434/v1", "missing_scheme"),
            ("//host/v1", "missing_scheme"),
            ("ftp://host/v1", "scheme_not_allowed"),
            ("file:///etc/passwd", "scheme_not_allowed"),
            ("gopher://host:70/", "scheme_not_allowed"),
            ("https://user:secret@host/v1", "credentials_in_url"),
            ("https://@host/v1", "credentials_in_url"),
            ("https://public.example@127.0.0.1/v1", "credentials_in_url"),
            ("https://host/v1/chat/completions", "endpoint_in_url"),
            ("https://host/v1/chat/completions/", "endpoint_in_url"),
            ("https://host/v1/models", "endpoint_in_url"),
            ("https://host/v1?key=1", "query_or_fragment"),
            ("https://host/v1#a", "query_or_fragment"),
            ("https://", "invalid_url"),
            ("https://ho st/v1", "invalid_url"),
            ("https://host\\@evil/v1", "invalid_url"),
            ("https://host:99999/v1", "invalid_url"),
            ("https://host:0/v1", "invalid_url"),
            ("https://256.256.256.256/v1", "invalid_url"),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), expected, "{text}");
        }
        assert_eq!(code(&format!("https://host/{}", "a".repeat(2_000))), "too_long");
    }

    #[test]
    fn every_spelling_of_a_literal_address_is_recognised_as_one() {
        let spellings = [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "0",
            "0x0",
            "１２７.0.0.1",
            "127。0。0。1",
            "[::1]",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[fd00:ec2::254]",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "[fe80::1]",
        ];
        for spelling in spellings {
            let url = check_base_url(&format!("http://{spelling}/v1")).expect(spelling);
            let address = url.literal_address().unwrap_or_else(|| panic!("{spelling} was taken for a name"));
            assert!(super::super::address::refusal(address).is_some(), "{spelling}");
        }
    }

    #[test]
    fn the_endpoint_follows_the_base_path() {
        let endpoint = |text: &str| check_base_url(text).expect(text).endpoint("/models").to_string();
        assert_eq!(endpoint("http://host:1/v1/"), "http://host:1/v1/models");
        assert_eq!(endpoint("http://host:1"), "http://host:1/models");
    }
}
