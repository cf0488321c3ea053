//! An answer that comes in one piece: the same bytes, with the model's public name.

use axum::http::HeaderValue;
use bytes::Bytes;
use upstream::{Passthrough, UpstreamError};

use super::{
    answer::{Read, ResponseMetadata},
    dispatch::Answer,
    error::Failure,
    request::write_string,
};

/// Bytes of an answer; images and sound are in it as text.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// Reads an answer to its end.
pub(super) async fn read(mut through: Passthrough, public_name: &str) -> Result<Answer, Failure> {
    let content_type = through.content_type().cloned().unwrap_or(HeaderValue::from_static("application/json"));
    let body = through.whole(MAX_ANSWER).await?;
    let mut facts = ResponseMetadata::default();
    let text = std::str::from_utf8(&body).map_err(|_| UpstreamError::bad_response("something that is not JSON"))?;
    let renamed = match facts.read(text) {
        Read::Part { model: Some(place), .. } => {
            let mut name = Vec::new();
            write_string(public_name, &mut name);
            let (before, rest) = text.as_bytes().split_at(place.start);
            let (named, after) = rest.split_at(place.len());
            (named != name).then(|| Bytes::from([before, &name, after].concat()))
        }
        Read::Part { .. } => None,
        Read::Error(object) => return Err(through.failure(&object).into()),
        Read::Other if text.trim().is_empty() => return Err(UpstreamError::bad_response("nothing").into()),
        Read::Other => return Err(UpstreamError::bad_response("something else").into()),
    };
    let body = renamed.unwrap_or(body);
    Ok(Answer::Whole { body, content_type, facts })
}
