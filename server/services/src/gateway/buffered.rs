//! A response that is sent to the caller as a whole: the upstream's own, byte for byte apart from the model's public name, or
//! one that is converted because the upstream returned another shape than was requested.

use axum::http::HeaderValue;
use bytes::Bytes;
use upstream::{
    Passthrough, SseEvent, SseReader, Stage, UpstreamError,
    completion::{Assembler, Ending, Item, Progress, chunks_of},
};

use super::{
    error::Failure,
    rewrite::{MAX_OBJECT, RewriteSettings, edit_whole, redact_whole},
};

/// A complete response.
pub(super) struct BufferedResponse {
    pub body: Bytes,
    pub content_type: HeaderValue,
    pub progress: Progress,
}

/// Reads a whole answer to its end.
///
/// # Errors
///
/// The upstream fails, reports an error, or sends something that is not a completion.
pub(super) async fn read(
    mut passthrough: Passthrough,
    settings: &RewriteSettings,
) -> Result<BufferedResponse, Failure> {
    let content_type = HeaderValue::from_static("application/json");
    let content_type = passthrough.content_type().filter(|declared| is_json(declared)).cloned().unwrap_or(content_type);
    let (body, progress) = read_whole(&mut passthrough, settings).await?;
    Ok(BufferedResponse { body, content_type, progress })
}

/// Reads a whole answer to its end, for a caller that requested a stream.
///
/// # Errors
///
/// As [`read`].
pub(super) async fn read_as_stream(
    mut passthrough: Passthrough,
    settings: &RewriteSettings,
) -> Result<BufferedResponse, Failure> {
    let (body, progress) = read_whole(&mut passthrough, settings).await?;
    let whole = serde_json::from_slice(&body).map_err(|_| UpstreamError::bad_response("something that is not JSON"))?;
    let body = chunks_of(&whole, settings.identity(), !settings.strips_usage).into();
    Ok(BufferedResponse { body, content_type: HeaderValue::from_static("text/event-stream"), progress })
}

/// Reads a stream to its end, for a caller that requested a whole answer.
///
/// # Errors
///
/// As [`read`], and where the stream is not complete.
pub(super) async fn assemble(
    mut passthrough: Passthrough,
    settings: &RewriteSettings,
) -> Result<BufferedResponse, Failure> {
    let (mut reader, mut assembler, mut progress) =
        (SseReader::new(MAX_OBJECT), Assembler::default(), Progress::default());
    let (mut size, mut is_closed) = (0, false);
    while !progress.is_done && !is_closed {
        let stage = if progress.is_complete(settings.expected_choices) { Stage::Finished } else { Stage::Beginning };
        let mut events = Vec::new();
        match passthrough.chunk(stage).await? {
            Some(bytes) => {
                size += bytes.len();
                reader.push(&bytes, &mut events).map_err(|_| UpstreamError::too_large())?;
            }
            None => {
                is_closed = true;
                reader.finish(&mut events);
            }
        }
        if size > MAX_OBJECT {
            return Err(UpstreamError::too_large().into());
        }
        for event in &events {
            add_event(event, is_closed, &passthrough, &mut assembler, &mut progress)?;
        }
    }
    match progress.ending(settings.expected_choices) {
        Ending::CutOff => Err(UpstreamError::cut_off().into()),
        Ending::Damaged => Err(UpstreamError::damaged().into()),
        Ending::Complete | Ending::Empty | Ending::Filtered => {
            let whole = redact_whole(&settings.secrets, assembler.finish(settings.identity()));
            let content_type = HeaderValue::from_static("application/json");
            Ok(BufferedResponse { body: whole.to_string().into(), content_type, progress })
        }
    }
}

fn add_event(
    event: &SseEvent,
    is_closed: bool,
    passthrough: &Passthrough,
    assembler: &mut Assembler,
    progress: &mut Progress,
) -> Result<(), UpstreamError> {
    match Item::read(&event.data) {
        Item::Done => progress.is_done = true,
        Item::Error(object) => return Err(passthrough.failure(&object)),
        Item::Chunk(chunk) => {
            progress.add(&chunk);
            assembler.add(&serde_json::from_str(&event.data).unwrap_or_default());
        }
        // The last event may have been cut in the middle.
        Item::Broken if !is_closed => progress.is_damaged = true,
        Item::Broken | Item::Noise => {}
    }
    Ok(())
}

async fn read_whole(
    passthrough: &mut Passthrough,
    settings: &RewriteSettings,
) -> Result<(Bytes, Progress), UpstreamError> {
    let body = passthrough.whole(MAX_OBJECT).await?;
    let text = std::str::from_utf8(&body).map_err(|_| UpstreamError::bad_response("something that is not JSON"))?;
    let mut progress = Progress::default();
    // A whole answer has ended, whether it says why or not.
    progress.is_done = true;
    let edited = match Item::read(text) {
        Item::Chunk(chunk) if !chunk.choices.is_empty() => {
            progress.add(&chunk);
            edit_whole(text, &chunk, &settings.public_name)
        }
        Item::Error(object) => return Err(passthrough.failure(&object)),
        _ if text.trim().is_empty() => return Err(UpstreamError::bad_response("nothing")),
        _ => return Err(UpstreamError::bad_response("something else")),
    };
    let body = edited.map_or(body, Bytes::from);
    Ok((without_secrets(body, settings), progress))
}

/// The body without the upstream's secrets. Only where letters are escaped, so that a secret could hide, is it written anew.
fn without_secrets(body: Bytes, settings: &RewriteSettings) -> Bytes {
    let secrets = &settings.secrets;
    if secrets.is_empty() {
        return body;
    }
    let body = secrets.redact_bytes(&body).map_or(body, Bytes::from);
    let is_escaped = [b"\\u00".as_slice(), b"\\/"].iter().any(|escape| memchr::memmem::find(&body, escape).is_some());
    let whole = is_escaped.then(|| serde_json::from_slice(&body).ok()).flatten();
    let redacted = whole.map(|whole: serde_json::Value| (redact_whole(secrets, whole.clone()), whole));
    match redacted {
        Some((redacted, whole)) if redacted != whole => redacted.to_string().into(),
        _ => body,
    }
}

fn is_json(content_type: &HeaderValue) -> bool {
    content_type.to_str().is_ok_and(|declared| declared.to_ascii_lowercase().contains("json"))
}
