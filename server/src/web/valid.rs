//! Corrects the HTML that Leptos writes: its `<!>` markers are a parse error, and its scripts follow the end of the
//! document.

use axum::{
    body::{Body, to_bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use memchr::memmem;

const MARK: &[u8] = b"<!>";
const VALID_MARK: &[u8] = b"<!---->";
const END: &[u8] = b"</body></html>";

/// Corrects a page; passes other responses through. Pages are complete before they are sent, so buffering delays nothing.
pub(super) async fn valid(response: Response) -> Response {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    if !content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html")) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    match to_bytes(body, usize::MAX).await {
        Ok(html) => Response::from_parts(parts, Body::from(mended(&html))),
        Err(error) => {
            tracing::error!(%error, "a page ended before it was complete");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// In text and attributes `<` is always escaped, so every match is a marker.
fn mended(html: &[u8]) -> Vec<u8> {
    let (document, behind) = match memmem::rfind(html, END) {
        Some(end) => (&html[..end], &html[end + END.len()..]),
        None => (html, &[][..]),
    };
    let mut mended = Vec::with_capacity(html.len() + 1_024);
    let mut done = 0;
    for mark in memmem::find_iter(document, MARK) {
        mended.extend_from_slice(&document[done..mark]);
        mended.extend_from_slice(VALID_MARK);
        done = mark + MARK.len();
    }
    mended.extend_from_slice(&document[done..]);
    mended.extend_from_slice(behind);
    if document.len() < html.len() {
        mended.extend_from_slice(END);
    }
    mended
}

#[cfg(test)]
mod tests {
    use super::mended;

    #[test]
    fn marks_are_comments_and_scripts_are_in_the_document() {
        let written = b"<html><body><p>a<!>b<!></p></body></html><script>x</script>";
        assert_eq!(mended(written), b"<html><body><p>a<!---->b<!----></p><script>x</script></body></html>");
        for left in [&b""[..], b"<p>&lt;!&gt;</p>", b"<!DOCTYPE html><html></html>"] {
            assert_eq!(mended(left), left);
        }
    }
}
