//! One event as it stands on the wire.

use std::{borrow::Cow, ops::Range};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The bytes of one event, blank line included, and where its fields are in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEvent<'a> {
    bytes: &'a [u8],
    name: Range<usize>,
    data: Vec<Range<usize>>,
}

impl<'a> RawEvent<'a> {
    /// Finds the `event` and `data` fields. `is_first`: the stream begins here, possibly with a byte-order mark.
    pub(super) fn parse(bytes: &'a [u8], is_first: bool) -> Self {
        let mut event = Self { bytes, name: 0..0, data: Vec::with_capacity(1) };
        let mut at = if is_first && bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
            event.read_line(at..at + length);
            // The line feed of a CRLF is read as an empty line, which has no field.
            at += length + 1;
        }
        event
    }

    /// Comments have an empty field name; `id` and `retry` matter only to clients that reconnect.
    fn read_line(&mut self, line: Range<usize>) {
        let text = &self.bytes[line.clone()];
        let colon = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
        let space = usize::from(text.get(colon + 1) == Some(&b' '));
        let value = (line.start + colon + 1 + space).min(line.end)..line.end;
        match &text[..colon] {
            b"data" => self.data.push(value),
            b"event" => self.name = value,
            _ => {}
        }
    }

    /// Every byte of the event, as received.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The value of the `event` field, empty where there is none.
    pub fn name(&self) -> &'a [u8] {
        &self.bytes[self.name.clone()]
    }

    /// The values of the `data` fields, as ranges of [`Self::bytes`]. An event without one is not dispatched by clients.
    pub fn data_lines(&self) -> &[Range<usize>] {
        &self.data
    }

    /// The `data` values joined by line feeds; invalid UTF-8 is replaced.
    pub fn data(&self) -> Cow<'a, str> {
        let text = |line: &Range<usize>| String::from_utf8_lossy(&self.bytes[line.clone()]);
        match self.data.as_slice() {
            [] => "".into(),
            [line] => text(line),
            lines => lines.iter().map(text).collect::<Vec<_>>().join("\n").into(),
        }
    }
}
