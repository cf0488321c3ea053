//! The public URL of the site.

use std::{fmt, net::SocketAddr, str::FromStr};

use foundation::error::OperatorError;
use url::Url;

/// The origin at which users reach the site: scheme, host and port, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    is_https: bool,
}

impl PublicUrl {
    pub fn parse(text: &str) -> Result<Self, OperatorError> {
        let refuse = |why: &str| {
            OperatorError::usage(
                format!("QUADRILLE_PUBLIC_URL {why}"),
                "set it to an origin such as https://quadrille.example.org",
            )
        };
        let url = Url::parse(text).map_err(|_| refuse("is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("must not hold a user name or password"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("must end after the host and port"));
        }
        Ok(Self { origin: url.origin().ascii_serialization(), is_https: url.scheme() == "https" })
    }

    /// The origin of a listening address. The unspecified address becomes the loopback address.
    pub fn of_listener(listen: SocketAddr) -> Self {
        let mut shown = listen;
        if listen.ip().is_unspecified() {
            shown.set_ip(if listen.is_ipv4() {
                std::net::Ipv4Addr::LOCALHOST.into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        let port = if shown.port() == 80 { String::new() } else { format!(":{}", shown.port()) };
        let host = match shown {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        Self { origin: format!("http://{host}{port}"), is_https: false }
    }

    /// Scheme, host and port as a browser writes them in `Origin`, without a slash at the end.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The URL of a shared comparison.
    pub fn shared(&self, slug: &str) -> String {
        format!("{}/playground/shared/{slug}", self.origin)
    }

    /// Whether the site is served over HTTPS, so that cookies can have the `Secure` attribute.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// The absolute address of a path, which begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl FromStr for PublicUrl {
    type Err = OperatorError;

    fn from_str(text: &str) -> Result<Self, OperatorError> {
        Self::parse(text)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin_and_nothing_more() {
        for (text, origin) in [
            ("https://Quadrille.example.org", "https://quadrille.example.org"),
            ("https://quadrille.example.org:443/", "https://quadrille.example.org"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().origin(), origin);
        }
        for text in
            ["", "quadrille.example.org", "ftp://a", "https://a/path", "https://a?x", "https://a/#x", "https://u:p@a"]
        {
            assert!(PublicUrl::parse(text).unwrap_err().is_usage, "{text}");
        }
    }

    #[test]
    fn the_origin_of_a_listener_can_be_opened_in_a_browser() {
        for (listen, origin) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("0.0.0.0:3000", "http://127.0.0.1:3000"),
            ("[::]:80", "http://[::1]"),
        ] {
            assert_eq!(PublicUrl::of_listener(listen.parse().unwrap()).origin(), origin);
        }
    }
}
