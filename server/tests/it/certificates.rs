//! Upstreams whose certificate is in order and whose is not. An authority of the test's own makes them; the program is told to
//! know it, and no other.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{program::TempDir, support::tls};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for a host, from the first day of a year to the last day of another.
fn certificate(
    issuer: &Authority,
    host: &str,
    (from, to): (i32, i32),
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 12, 31);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
}

/// What `quadrille doctor` says of the encryption at an upstream that shows this certificate.
fn told(dir: &TempDir, (certificate, key): (CertificateDer<'static>, PrivateKeyDer<'static>)) -> String {
    let port = tls::shake_hands_once(certificate, key).port();
    let url = format!("https://localhost:{port}/v1");
    let mut doctor = dir.quadrille(&["doctor", "--upstream-url", &url]);
    let output = doctor.env("SSL_CERT_FILE", dir.path().join("authority.pem")).output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    let line = report.lines().find(|line| line.contains(", tls: ")).unwrap_or_else(|| panic!("no handshake: {report}"));
    assert_eq!(output.status.code(), Some(1), "nothing answers behind the handshake");
    line.to_owned()
}

#[test]
fn every_fault_of_a_certificate_is_told_with_what_to_do() {
    let dir = TempDir::new();
    let (known, unknown) = (authority("known"), authority("unknown"));
    fs::write(dir.path().join("authority.pem"), known.pem()).unwrap();
    let valid = (2020, 2090);
    let line = told(&dir, certificate(&known, "localhost", valid));
    assert!(line.starts_with("ok      ") && line.contains("the certificate is valid"), "{line}");
    for (shown, sentence, remedy) in [
        (certificate(&known, "localhost", (2020, 2021)), "its certificate has expired", "Have the certificate renewed"),
        (certificate(&known, "localhost", (2080, 2090)), "its certificate is not valid yet", "clock"),
        (
            certificate(&known, "models.example", valid),
            "its certificate is for another name",
            "Use the name that the certificate is for",
        ),
        (
            certificate(&unknown, "localhost", valid),
            "its certificate was issued by an authority that this site does not know",
            "Install that authority on this machine",
        ),
    ] {
        let line = told(&dir, shown);
        assert!(line.starts_with("failed  ") && line.contains(sentence) && line.contains(remedy), "{line}");
    }
}

#[test]
fn an_expired_certificate_of_an_unknown_authority_is_told_as_expired() {
    let dir = TempDir::new();
    fs::write(dir.path().join("authority.pem"), authority("known").pem()).unwrap();
    let line = told(&dir, certificate(&authority("unknown"), "localhost", (2020, 2021)));
    assert!(line.contains("its certificate has expired"), "{line}");
}
