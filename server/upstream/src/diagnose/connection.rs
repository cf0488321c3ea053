//! The steps below HTTP: the address, a TCP connection to it, and a TLS handshake on that.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::catalog::admin::StageName;
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::{
    explain::{NO_CONNECTION, NO_NAME, tls_remedy},
    stages::{Stages, ms},
};
use crate::{Target, UpstreamClient, classify::tls_reason};

/// Address, connection, encryption; false where one of them failed.
pub(super) async fn check(client: &UpstreamClient, target: &Target, stages: &mut Stages<'_>) -> bool {
    let Some(addresses) = check_address(client, target, stages).await else { return false };
    let (place, limit) = (target.base_url.host_and_port(), client.connect_timeout());

    let started = Instant::now();
    let stream = match connect(&addresses, limit).await {
        Ok(stream) => stream,
        Err(reason) => {
            let detail = format!("No connection to {place}: {reason}.");
            stages.fail(StageName::Tcp, ms(started), detail, NO_CONNECTION.into());
            return false;
        }
    };
    stages.pass(StageName::Tcp, ms(started), format!("Connected to {place}."));

    if !target.base_url.is_https() {
        stages.skip(StageName::Tls, 0, "Not used: the base URL is http://.");
        return true;
    }
    let started = Instant::now();
    match shake_hands(stream, &target.base_url.host(), limit).await {
        Ok(version) => {
            stages.pass(StageName::Tls, ms(started), format!("{version}, and the certificate is valid."));
            true
        }
        Err(reason) => {
            let detail = format!("No secure connection: {reason}.");
            stages.fail(StageName::Tls, ms(started), detail, tls_remedy(reason).into());
            false
        }
    }
}

async fn check_address(client: &UpstreamClient, target: &Target, stages: &mut Stages<'_>) -> Option<Vec<SocketAddr>> {
    let (started, host) = (Instant::now(), target.base_url.host());
    match client.addresses(target).await {
        Ok(addresses) => {
            let detail = match addresses.len() {
                1 => format!("{host} leads to one address."),
                n => format!("{host} leads to {n} addresses."),
            };
            stages.pass(StageName::Address, ms(started), detail);
            Some(addresses)
        }
        Err(error) => {
            tracing::debug!(code = error.code, "a test ended at the address");
            let (detail, remedy) = match client.refusal(&target.base_url, target.allow_private).await {
                Some(refusal) => match refusal.split_once(". ") {
                    Some((why, what)) => (format!("{why}."), what.to_owned()),
                    None => (refusal, String::new()),
                },
                None => (format!("The name {host} has no address."), NO_NAME.into()),
            };
            stages.fail(StageName::Address, ms(started), detail, remedy);
            None
        }
    }
}

/// Connects to the first address that accepts. The error is the reason of the last one that did not.
async fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<TcpStream, &'static str> {
    let mut reason = "there is no address";
    for address in addresses {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                reason = "the connection was refused";
            }
            Ok(Err(_)) => reason = "the network does not lead there",
            Err(_) => reason = "there was no answer in time",
        }
    }
    Err(reason)
}

/// Shakes hands as the HTTP client does: the same verifier, the same authorities. Returns the version of TLS.
async fn shake_hands(stream: TcpStream, host: &str, limit: Duration) -> Result<String, &'static str> {
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
    let name = name.map_err(|_| "its host is not a name that a certificate can have")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|_| "this machine has no certificate authorities; install ca-certificates")?
        .with_no_client_auth();
    match timeout(limit, TlsConnector::from(Arc::new(config)).connect(name, stream)).await {
        Ok(Ok(stream)) => {
            let version = stream.get_ref().1.protocol_version().and_then(|version| version.as_str());
            Ok(version.unwrap_or("TLS").replace("TLSv1_", "TLS 1."))
        }
        Ok(Err(error)) => {
            let inner = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
            Err(inner.map_or("the connection was closed during the handshake", tls_reason))
        }
        Err(_) => Err("the handshake took too long"),
    }
}
