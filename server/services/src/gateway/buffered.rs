//! A response that is not a stream: read whole and forwarded byte for byte, apart from the model's public name.

use axum::http::HeaderValue;
use bytes::Bytes;
use upstream::{Passthrough, UpstreamError};

use super::{
    answer::{Chunk, ResponseMetadata},
    error::Failure,
    fields::write_string,
};

/// Bytes of a response; images and sound are in it as text.
const MAX_RESPONSE: usize = 32 * 1024 * 1024;

/// A complete response.
pub(super) struct BufferedResponse {
    pub body: Bytes,
    pub content_type: HeaderValue,
    pub metadata: ResponseMetadata,
}

/// Reads a response to its end.
///
/// # Errors
///
/// The upstream fails, reports an error, or sends something that is not a completion.
pub(super) async fn read(mut passthrough: Passthrough, public_name: &str) -> Result<BufferedResponse, Failure> {
    let content_type = passthrough.content_type().cloned().unwrap_or(HeaderValue::from_static("application/json"));
    let body = passthrough.whole(MAX_RESPONSE).await?;
    let mut metadata = ResponseMetadata::default();
    let text = std::str::from_utf8(&body).map_err(|_| UpstreamError::bad_response("something that is not JSON"))?;
    let renamed = match metadata.read(text) {
        Chunk::Completion { model: Some(range), .. } => {
            let mut name = Vec::new();
            write_string(public_name, &mut name);
            let (before, rest) = text.as_bytes().split_at(range.start);
            let (upstream_name, after) = rest.split_at(range.len());
            (upstream_name != name).then(|| Bytes::from([before, &name, after].concat()))
        }
        Chunk::Completion { .. } => None,
        Chunk::Error(object) => return Err(passthrough.failure(&object).into()),
        Chunk::Other if text.trim().is_empty() => return Err(UpstreamError::bad_response("nothing").into()),
        Chunk::Other => return Err(UpstreamError::bad_response("something else").into()),
    };
    Ok(BufferedResponse { body: renamed.unwrap_or(body), content_type, metadata })
}
