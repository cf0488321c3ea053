//! Reaching the machine: a TCP connection to an address that was checked, and a TLS handshake on it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use crate::classify::tls_reason;

/// Connects to the first address that takes the connection. The error is what the last one said.
pub(super) async fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<TcpStream, &'static str> {
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

/// Shakes hands as the HTTP client does: the same verifier, the same authorities.
pub(super) async fn shake_hands(stream: TcpStream, host: &str, limit: Duration) -> Result<String, &'static str> {
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
