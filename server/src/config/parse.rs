//! Parsing single values. Every error names the variable and shows an example of a valid value.

use std::{fmt, net::SocketAddr};

use foundation::error::OperatorError;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// A host (a name in lower case, or an address without brackets) and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    pub host: String,
    pub port: u16,
}

impl HostPort {
    fn parse(text: &str) -> Option<Self> {
        // The URL parser normalizes every spelling of a host, but drops the scheme's default port: the port is read here.
        let (_, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let url = Url::parse(&format!("http://{text}/")).ok()?;
        if url.path() != "/" || !url.username().is_empty() || url.query().is_some() {
            return None;
        }
        Self::of_host(url.host()?, port)
    }

    fn of_host(host: Host<&str>, port: u16) -> Option<Self> {
        let host = match host {
            Host::Domain("") => return None,
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        Some(Self { host, port })
    }

    /// The host and port that a URL refers to.
    pub fn of_url(url: &Url) -> Option<Self> {
        Self::of_host(url.host()?, url.port_or_known_default()?)
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// An empty variable counts as unset, as in a copied `.env` file.
pub(super) fn set(value: Option<String>) -> Option<String> {
    value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

pub(super) fn set_secret(value: Option<SecretString>) -> Option<SecretString> {
    value.filter(|text| !text.expose_secret().trim().is_empty())
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, OperatorError> {
    let text = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| {
        OperatorError::usage(
            "QUADRILLE_LISTEN is not an address with a port",
            "set it to something like 127.0.0.1:3000 or [::]:3000",
        )
    })
}

pub(super) fn switch(variable: &str, text: &str) -> Result<bool, OperatorError> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "1" | "true" | "yes" => Ok(true),
        "off" | "0" | "false" | "no" => Ok(false),
        _ => Err(OperatorError::usage(format!("{variable} is neither on nor off"), "set it to `on` or `off`")),
    }
}

/// A base URL of an upstream, without a trailing slash.
pub(super) fn upstream_url(text: &str) -> Result<Url, OperatorError> {
    let refuse = |why: &str| {
        OperatorError::usage(
            format!("QUADRILLE_UPSTREAM_URL {why}"),
            "set it to an OpenAI-compatible base URL such as http://127.0.0.1:11434/v1",
        )
    };
    let mut url = Url::parse(text).map_err(|_| refuse("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("must not hold a user name or password (the key goes into QUADRILLE_UPSTREAM_KEY)"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("must not hold a query"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

pub(super) fn host_ports(text: &str) -> Result<Vec<HostPort>, OperatorError> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            HostPort::parse(part).ok_or_else(|| {
                OperatorError::usage(
                    format!("QUADRILLE_ALLOW_PRIVATE_UPSTREAMS: {part:?} is not a host with a port"),
                    "write host:port, several separated by commas, such as 127.0.0.1:11434,models.lan:8000",
                )
            })
        })
        .collect()
}

/// The URL of an external database.
pub(super) fn database_url(url: SecretString) -> Result<SecretString, OperatorError> {
    let is_postgres =
        Url::parse(url.expose_secret().trim()).is_ok_and(|parsed| matches!(parsed.scheme(), "postgres" | "postgresql"));
    if is_postgres {
        Ok(url)
    } else {
        // The URL may contain a password: it is not quoted.
        Err(OperatorError::usage(
            "DATABASE_URL is not the URL of a Postgres database",
            "write postgres://user:password@host:5432/database, or unset it to use the embedded Postgres",
        ))
    }
}

/// How long usage events are kept; `None` for ever. At least two days: an hour must still have its events when it is rolled up.
pub(super) fn retention_days(days: Option<String>) -> Result<Option<u32>, OperatorError> {
    match days.as_deref().unwrap_or("90").parse() {
        Ok(0) => Ok(None),
        Ok(days @ 2..=36_500) => Ok(Some(days)),
        _ => Err(OperatorError::usage(
            "QUADRILLE_USAGE_RETENTION_DAYS is not a number of days",
            "set it to a number from 2 to 36500, or to 0 to keep usage events for ever",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_private_upstreams_needs_hosts_with_ports() {
        let list = host_ports("127.0.0.1:11434, Models.LAN:80,[::1]:8000,").unwrap();
        let shown: Vec<String> = list.iter().map(HostPort::to_string).collect();
        assert_eq!(shown, ["127.0.0.1:11434", "models.lan:80", "[::1]:8000"]);
        for text in ["127.0.0.1", "host:0", "host:99999", "http://host:80", "host:80/path", ":80", "u@host:80"] {
            assert!(host_ports(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_upstream_url_loses_its_last_slash_and_keeps_its_path() {
        assert_eq!(upstream_url("http://127.0.0.1:11434/v1/").unwrap().as_str(), "http://127.0.0.1:11434/v1");
        for text in ["127.0.0.1:11434", "file:///etc", "http://key@host/v1", "http://host/v1?key=1"] {
            assert!(upstream_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_listening_address_needs_a_port() {
        assert_eq!(listen("localhost:3000").unwrap().to_string(), "127.0.0.1:3000");
        assert!(listen("3000").is_err());
        assert!(listen("127.0.0.1").is_err());
    }
}
