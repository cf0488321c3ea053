//! A response that is the same for all clients until the statistics change: its bytes, its compressed forms, its entity tag.

use std::{io::Write, sync::OnceLock};

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{self, HeaderName},
    },
    response::Response,
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

/// Headers of every public response: any origin may read it (CORS), and browsers must not sniff its type.
pub(super) fn open_to_all() -> HeaderMap {
    HeaderMap::from_iter(
        [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, "etag,age"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        ]
        .map(|(name, value)| (name, HeaderValue::from_static(value))),
    )
}

/// A body that is sent many times. Each compressed form is made on first use and cached.
#[derive(Debug)]
pub struct Answer {
    content_type: &'static str,
    tag: HeaderValue,
    headers: HeaderMap,
    plain: Bytes,
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

impl Answer {
    /// A response of this media type with these bytes.
    pub fn new(content_type: &'static str, bytes: Vec<u8>) -> Self {
        let digest = Sha256::digest(&bytes);
        let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        // A weak tag, since the compressed forms share it.
        let tag = HeaderValue::from_str(&format!("W/\"{hex}\"")).unwrap_or(HeaderValue::from_static("W/\"\""));
        let mut headers = open_to_all();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::ETAG, tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        Self { content_type, tag, headers, plain: bytes.into(), brotli: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// The bytes, compressed as the client accepts, or 304 if the client has them. `age_s`: how long ago stale statistics were
    /// loaded, for the `Age` header.
    pub fn respond(&self, request: &HeaderMap, age_s: Option<u64>) -> Response {
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = self.headers.clone();
        if is_known(request, &self.tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            let (bytes, encoding) = self.encoded(request);
            if let Some(encoding) = encoding {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
            *response.body_mut() = Body::from(bytes);
        }
        if let Some(age) = age_s {
            response.headers_mut().insert(header::AGE, HeaderValue::from(age));
        }
        response
    }

    fn encoded(&self, request: &HeaderMap) -> (Bytes, Option<&'static str>) {
        if self.content_type.starts_with("image/") {
            // PNG is compressed already.
            (self.plain.clone(), None)
        } else if accepts(request, "br") {
            (self.brotli.get_or_init(|| brotli(&self.plain).unwrap_or_default()).clone(), Some("br"))
        } else if accepts(request, "gzip") {
            (self.gzip.get_or_init(|| gzip(&self.plain).unwrap_or_default()).clone(), Some("gzip"))
        } else {
            (self.plain.clone(), None)
        }
    }
}

fn brotli(bytes: &[u8]) -> std::io::Result<Bytes> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    writer.write_all(bytes)?;
    Ok(writer.into_inner().into())
}

fn gzip(bytes: &[u8]) -> std::io::Result<Bytes> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::new(6));
    writer.write_all(bytes)?;
    Ok(writer.finish()?.into())
}

/// Whether `If-None-Match` has this tag.
fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(own) = tag.to_str().map(weak) else { return false };
    let sent = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|value| value.split(',')).any(|sent| sent.trim() == "*" || weak(sent) == own)
}

/// Whether `Accept-Encoding` names this encoding with a weight other than 0.
fn accepts(request: &HeaderMap, wanted: &str) -> bool {
    let sent = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|value| value.split(',')).any(|sent| {
        let mut parts = sent.split(';').map(str::trim);
        let is_wanted = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        is_wanted && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn asked(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn compressed_bytes_unpack_to_the_same() {
        let text = b"{\"entries\": []}".repeat(200);
        let mut unpacked = Vec::new();
        brotli::Decompressor::new(&brotli(&text).unwrap()[..], 4096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        unpacked.clear();
        flate2::read::GzDecoder::new(&gzip(&text).unwrap()[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }

    #[test]
    fn the_best_encoding_that_the_reader_takes_is_sent() {
        let answer = Answer::new("text/plain", b"hello".to_vec());
        for (accepted, encoding) in [
            ("gzip, deflate, br", Some("br")),
            ("gzip;q=0.8, br;q=0", Some("gzip")),
            ("GZIP", Some("gzip")),
            ("identity", None),
            ("brotli", None),
        ] {
            let response = answer.respond(&asked(header::ACCEPT_ENCODING, accepted), None);
            let sent = response.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!(sent, encoding, "{accepted}");
        }
        assert_eq!(answer.respond(&HeaderMap::new(), None).headers().get(header::CONTENT_ENCODING), None);
    }

    #[test]
    fn a_reader_who_has_it_is_not_sent_it_again() {
        let answer = Answer::new("text/plain", b"hello".to_vec());
        let tag = answer.tag.to_str().unwrap().to_owned();
        for known in [tag.clone(), tag.trim_start_matches("W/").to_owned(), format!("\"x\", {tag}"), "*".into()] {
            let response = answer.respond(&asked(header::IF_NONE_MATCH, &known), Some(70));
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(
                (&response.headers()[header::ETAG], &response.headers()[header::AGE]),
                (&answer.tag, &HeaderValue::from(70))
            );
        }
        assert_eq!(answer.respond(&asked(header::IF_NONE_MATCH, "\"x\""), None).status(), StatusCode::OK);
        assert_ne!(answer.tag, Answer::new("text/plain", b"hello!".to_vec()).tag);
    }
}
