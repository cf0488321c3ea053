//! Servers that shake hands over TLS, or fail to.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread,
};

use rustls::{
    ServerConfig, ServerConnection,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// A client of a program that a test starts: in this process nobody else need have said which cryptography is used.
pub(crate) fn client() -> reqwest::Client {
    let _ = default_provider().install_default();
    reqwest::Client::new()
}

/// A certificate that nobody has signed but itself, shown to one client, on a free loopback port.
pub(crate) fn show_self_signed_once() -> SocketAddr {
    let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a pair");
    let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
    shake_hands_once(pair.cert.der().clone(), key.into())
}

/// This certificate, shown to one client, on a free loopback port.
pub(crate) fn shake_hands_once(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a pair");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        let mut connection = ServerConnection::new(Arc::new(config)).expect("a connection");
        while connection.is_handshaking() && connection.complete_io(&mut socket).is_ok() {}
    });
    address
}

/// Plain HTTP where a handshake is expected, for one client.
pub(crate) fn answer_plainly_once() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        let _ = socket.read(&mut [0; 4096]);
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    address
}
