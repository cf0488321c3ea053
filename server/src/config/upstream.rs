//! The upstream that the configuration names.

use domain::catalog::admin::clean_key;
use foundation::error::OperatorError;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::parse::{HostPort, upstream_url};

/// The upstream that the configuration names.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// Its base URL, without a trailing slash.
    pub url: Url,
    pub key: Option<SecretString>,
    pub name: String,
}

pub(super) fn upstream(
    url: Option<String>,
    key: Option<SecretString>,
    name: Option<String>,
) -> Result<Option<UpstreamSettings>, OperatorError> {
    let Some(url) = url else {
        return if key.is_none() && name.is_none() {
            Ok(None)
        } else {
            Err(OperatorError::usage(
                "QUADRILLE_UPSTREAM_KEY or QUADRILLE_UPSTREAM_NAME is set, but not QUADRILLE_UPSTREAM_URL",
                "set QUADRILLE_UPSTREAM_URL to the upstream's base URL",
            ))
        };
    };
    let url = upstream_url(&url)?;
    let key = key.map(|key| clean_key(key.expose_secret())).transpose().map_err(|error| {
        OperatorError::usage(format!("QUADRILLE_UPSTREAM_KEY holds no key. {error}"), "correct QUADRILLE_UPSTREAM_KEY")
    })?;
    let key = key.map(SecretString::from);
    let name = name.or_else(|| HostPort::of_url(&url).map(|place| place.host)).unwrap_or_else(|| "upstream".to_owned());
    Ok(Some(UpstreamSettings { url, key, name }))
}
