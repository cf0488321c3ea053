//! Rewrites an event stream on its way to the caller: the bytes stay the same, except that the model gets its public name, and
//! that the chunk with the token counts is removed if the caller did not request it. The final event is held back until the
//! usage record is written.

use std::ops::Range;

use serde_json::Value;
use upstream::{EventSplitter, EventTooLarge, RawEvent};

use super::{
    answer::{Chunk, ResponseMetadata},
    fields::write_string,
};

/// Turns an upstream's bytes into those for the caller.
#[derive(Debug)]
pub(super) struct Rewriter {
    /// As a JSON string.
    public_name: Vec<u8>,
    strips_usage: bool,
    splitter: EventSplitter,
    pub metadata: ResponseMetadata,
    is_done: bool,
    /// The final event, not to be sent before the usage record is written.
    end: Vec<u8>,
}

/// Why a stream cannot go on.
#[derive(Debug, PartialEq)]
pub(super) enum StreamError {
    /// The upstream reports an error.
    Reported(Value),
    TooLarge,
}

impl From<EventTooLarge> for StreamError {
    fn from(_: EventTooLarge) -> Self {
        Self::TooLarge
    }
}

impl Rewriter {
    pub(super) fn new(public_name: &str, strips_usage: bool) -> Self {
        let mut name = Vec::new();
        write_string(public_name, &mut name);
        Self {
            public_name: name,
            strips_usage,
            splitter: EventSplitter::new(1024 * 1024),
            metadata: ResponseMetadata::default(),
            is_done: false,
            end: Vec::new(),
        }
    }

    /// Takes the next bytes and appends the complete events among them to `out`.
    ///
    /// # Errors
    ///
    /// The upstream reports an error, or an event exceeds 1 MiB.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        let mut splitter = std::mem::take(&mut self.splitter);
        let result = splitter.push(bytes, |event| self.rewrite_event(event, out));
        self.splitter = splitter;
        result
    }

    /// The upstream has closed the stream: appends the last event if only its blank line is missing, and drops it if it is
    /// truncated.
    ///
    /// # Errors
    ///
    /// The last event reports an error.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), StreamError> {
        std::mem::take(&mut self.splitter).finish(|event| {
            let text = event.data();
            let is_truncated = text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err();
            if is_truncated { Ok(()) } else { self.rewrite_event(event, out) }
        })
    }

    /// Whether `[DONE]` has arrived.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Whether the response is complete, with `[DONE]` or without.
    pub(super) fn is_complete(&self) -> bool {
        self.is_done || self.metadata.is_finished
    }

    /// Takes the final event that was held back.
    pub(super) fn take_end(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.end)
    }

    fn rewrite_event(&mut self, event: &RawEvent<'_>, out: &mut Vec<u8>) -> Result<(), StreamError> {
        if self.is_done {
            return Ok(());
        }
        let text = event.data();
        let trimmed = text.trim();
        if trimmed == "[DONE]" {
            self.is_done = true;
            self.end.extend_from_slice(event.bytes());
            return Ok(());
        }
        let chunk = if trimmed.starts_with('{') { self.metadata.read(&text) } else { Chunk::Other };
        match chunk {
            Chunk::Error(object) => return Err(StreamError::Reported(object)),
            _ if event.name() == b"error" => {
                return Err(StreamError::Reported(
                    serde_json::from_str(trimmed).unwrap_or_else(|_| Value::from(trimmed)),
                ));
            }
            Chunk::Completion { is_usage_only: true, .. } if self.strips_usage => {}
            Chunk::Completion { model: Some(range), .. } if text[range.clone()].as_bytes() != self.public_name => {
                self.rename(event, &text, range, out);
            }
            _ => out.extend_from_slice(event.bytes()),
        }
        Ok(())
    }

    fn rename(&self, event: &RawEvent<'_>, text: &str, range: Range<usize>, out: &mut Vec<u8>) {
        let block = event.bytes();
        match event.data_lines() {
            // The usual case, one line of data: everything around the name is kept byte for byte.
            [line] if std::str::from_utf8(&block[line.clone()]).is_ok() => {
                out.extend_from_slice(&block[..line.start + range.start]);
                out.extend_from_slice(&self.public_name);
                out.extend_from_slice(&block[line.start + range.end..]);
            }
            _ => {
                let renamed =
                    [&text.as_bytes()[..range.start], &self.public_name, &text.as_bytes()[range.end..]].concat();
                for line in renamed.split(|byte| *byte == b'\n') {
                    out.extend_from_slice(b"data: ");
                    out.extend_from_slice(line);
                    out.push(b'\n');
                }
                out.push(b'\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pass<'a>(strips_usage: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Rewriter, String) {
        let mut rewriter = Rewriter::new("pub/\"m\"", strips_usage);
        let mut out = Vec::new();
        for piece in pieces {
            rewriter.push(piece, &mut out).expect("goes on");
        }
        rewriter.finish(&mut out).expect("ends");
        let end = rewriter.take_end();
        out.extend(end);
        (rewriter, String::from_utf8_lossy(&out).into_owned())
    }

    const WIRE: &str = concat!(
        "\u{feff}: hi\r\n\r\n",
        "data: {\"model\" :\"up\",\"choices\":[{\"delta\":{\"content\":\"Grüße 😀\"}}],\"usage\":null}\n\n",
        "event: x\ndata:{\"choices\":[{\"delta\":{}, \"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\ndata: \"model\":\"up\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\r\n\r\n",
        "data: [DONE]\n\n"
    );

    #[test]
    fn only_the_models_name_changes() {
        let (rewriter, out) = pass(false, [WIRE.as_bytes()]);
        let expected = WIRE.replacen("\"up\"", "\"pub/\\\"m\\\"\"", 2).replace("}}\r\n\r\n", "}}\n\n");
        assert_eq!(out, expected);
        assert_eq!((rewriter.metadata.tokens_in, rewriter.metadata.tokens_out), (Some(3), Some(2)));
        assert!(rewriter.is_done() && rewriter.is_complete() && rewriter.metadata.has_output());
    }

    #[test]
    fn the_chunk_with_the_counts_is_taken_out_where_nobody_asked_for_it() {
        let (rewriter, out) = pass(true, [WIRE.as_bytes()]);
        assert!(!out.contains("prompt_tokens"), "{out}");
        assert!(out.ends_with("data: [DONE]\n\n"));
        assert_eq!(rewriter.metadata.tokens_out, Some(2));
        let with_text = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":1}}\n\n";
        assert_eq!(pass(true, [with_text.as_bytes()]).1, with_text);
    }

    #[test]
    fn the_end_is_held_back_and_nothing_comes_after_it() {
        let mut rewriter = Rewriter::new("m", true);
        let mut out = Vec::new();
        rewriter.push(b"data: a\n\ndata: [DONE]\n\ndata: b\n\n", &mut out).expect("goes on");
        assert_eq!(out, b"data: a\n\n");
        assert_eq!(rewriter.take_end(), b"data: [DONE]\n\n");
    }

    #[test]
    fn every_single_cut_gives_the_same_bytes() {
        let whole = pass(true, [WIRE.as_bytes()]).1;
        for cut in 0..=WIRE.len() {
            let (head, tail) = WIRE.as_bytes().split_at(cut);
            assert_eq!(pass(true, [head, tail]).1, whole, "cut at {cut}");
        }
        assert_eq!(pass(true, WIRE.as_bytes().chunks(1)).1, whole, "cut at every byte");
    }

    #[test]
    fn errors_stop_the_stream_and_a_cut_last_event_is_dropped() {
        for wire in ["data: {\"error\":{\"message\":\"x\"}}\n\n", "event: error\ndata: boom\n\n"] {
            let mut rewriter = Rewriter::new("m", true);
            assert!(matches!(rewriter.push(wire.as_bytes(), &mut Vec::new()), Err(StreamError::Reported(_))), "{wire}");
        }
        let (rewriter, out) = pass(true, [b"data: {\"choices\":[{\"del".as_slice()]);
        assert_eq!((out.as_str(), rewriter.is_complete()), ("", false));
        assert_eq!(pass(true, [b"data: [DONE]".as_slice()]).1, "data: [DONE]\n\n");
        let mut rewriter = Rewriter::new("m", true);
        let line = vec![b'x'; 1024 * 1024 + 1];
        assert_eq!(rewriter.push(&line, &mut Vec::new()), Err(StreamError::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_no_completion_passes_byte_for_byte(
            wire in prop::collection::vec(prop_oneof![
                3 => prop::sample::select(b"\n\r: ".to_vec()),
                2 => prop::sample::select(b"data:id".to_vec()),
                1 => any::<u8>().prop_filter("no object", |byte| *byte != b'{' && *byte != b'['),
            ], 0..200),
            size in 1_usize..20,
        ) {
            let mut rewriter = Rewriter::new("m", true);
            let mut out = Vec::new();
            for piece in wire.chunks(size) {
                rewriter.push(piece, &mut out).expect("goes on");
            }
            // What no blank line follows is still in the splitter.
            prop_assert!(wire.starts_with(&out), "{out:?}");
        }
    }
}
