//! Cuts a stream of bytes into server-sent events, wherever the network cut it.
//!
//! Written here rather than taken from a crate because three things are needed together that none of them has: a bound on
//! the size of an event while it grows, the last event of a stream that ends without a blank line, and text that survives
//! invalid UTF-8. It is a plain state machine without I/O, so the gateway can feed it a copy of the bytes it forwards.

/// Bytes of one event, all its lines together.
const MAX_EVENT: usize = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One event that carries data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event:` field, empty where there is none.
    pub name: String,
    /// The `data:` lines, joined by line feeds; invalid UTF-8 is replaced.
    pub data: String,
}

/// An event grew beyond its bound. The reader is of no further use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is larger than {MAX_EVENT} bytes")]
pub struct EventTooLarge;

/// Takes bytes, gives events.
#[derive(Debug, Default)]
pub struct SseReader {
    /// The line that is not complete yet.
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    /// The first line, which may begin with a byte-order mark, is behind us.
    is_past_first_line: bool,
    name: Vec<u8>,
    data: Option<Vec<u8>>,
}

impl SseReader {
    /// Takes the next bytes and appends the events they complete.
    pub fn push(&mut self, mut bytes: &[u8], events: &mut Vec<SseEvent>) -> Result<(), EventTooLarge> {
        if self.after_return && !bytes.is_empty() {
            self.after_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.grow(&bytes[..end])?;
            self.end_line(events);
            let after = &bytes[end + 1..];
            bytes = match bytes[end] {
                b'\r' if after.is_empty() => {
                    self.after_return = true;
                    after
                }
                b'\r' => after.strip_prefix(b"\n").unwrap_or(after),
                _ => after,
            };
        }
        self.grow(bytes)
    }

    /// The stream has ended: gives the event that no blank line followed.
    pub fn finish(&mut self, events: &mut Vec<SseEvent>) {
        if !self.line.is_empty() {
            self.end_line(events);
        }
        self.end_event(events);
    }

    fn grow(&mut self, bytes: &[u8]) -> Result<(), EventTooLarge> {
        let size = self.line.len() + self.name.len() + self.data.as_ref().map_or(0, Vec::len);
        if size + bytes.len() > MAX_EVENT {
            return Err(EventTooLarge);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<SseEvent>) {
        let mut line = std::mem::take(&mut self.line);
        let text = if self.is_past_first_line { &line } else { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line) };
        self.is_past_first_line = true;
        if text.is_empty() {
            self.end_event(events);
        } else {
            self.take_field(text);
        }
        // The allocation serves the next line.
        line.clear();
        self.line = line;
    }

    /// A comment begins with a colon and so has an empty name; `id` and `retry` are for clients that reconnect.
    fn take_field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            },
            b"event" => self.name = value.to_vec(),
            _ => {}
        }
    }

    fn end_event(&mut self, events: &mut Vec<SseEvent>) {
        let name = std::mem::take(&mut self.name);
        if let Some(data) = self.data.take() {
            events.push(SseEvent { name: into_text(name), data: into_text(data) });
        }
    }
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<SseEvent> {
        let (mut reader, mut events) = (SseReader::default(), Vec::new());
        for piece in pieces {
            reader.push(piece, &mut events).expect("small events");
        }
        reader.finish(&mut events);
        events
    }

    fn event(name: &str, data: &str) -> SseEvent {
        SseEvent { name: name.into(), data: data.into() }
    }

    #[test]
    fn fields_comments_and_line_ends_follow_the_standard() {
        let cases: &[(&str, &[SseEvent])] = &[
            ("data: a\n\ndata:b\n\n", &[event("", "a"), event("", "b")]),
            ("data: a\r\n\r\ndata: b\r\r", &[event("", "a"), event("", "b")]),
            ("data:  a\ndata\ndata: b\n\n", &[event("", " a\n\nb")]),
            (": note\n\nevent: error\nid: 7\nretry: 5\nx: y\ndata: a\n\n", &[event("error", "a")]),
            ("event: lost\n\ndata: a\n\n", &[event("", "a")]),
            ("\u{feff}data: a\n\n", &[event("", "a")]),
            ("\u{feff}\u{feff}data: a\n\ndata: b\n\n", &[event("", "b")]),
            ("data: a\n\ndata: last", &[event("", "a"), event("", "last")]),
            ("data: a\n\ndata: last\n", &[event("", "a"), event("", "last")]),
            ("data: a\ndatax: b\nDATA: c\n\n", &[event("", "a")]),
            ("data:\n\n", &[event("", "")]),
            ("", &[]),
            ("\n\n\r\n", &[]),
        ];
        for (wire, expected) in cases {
            assert_eq!(read([wire.as_bytes()]), *expected, "{wire:?}");
        }
    }

    #[test]
    fn invalid_utf_8_is_replaced_and_the_stream_goes_on() {
        let events = read([b"data: a\xff\xc3b\n\ndata: c\n\n".as_slice()]);
        assert_eq!(events, [event("", "a\u{fffd}\u{fffd}b"), event("", "c")]);
    }

    #[test]
    fn an_event_that_grows_without_end_is_refused_and_a_long_stream_of_small_ones_is_not() {
        let (mut reader, mut events) = (SseReader::default(), Vec::new());
        let line = [b'x'; 64 * 1024];
        let refused = (0..17).any(|_| reader.push(&line, &mut events).is_err());
        assert!(refused, "one endless line");

        let mut reader = SseReader::default();
        let refused = (0..20).any(|_| {
            let grown = reader.push(b"data: ", &mut events).and_then(|()| reader.push(&line, &mut events));
            grown.and_then(|()| reader.push(b"\n", &mut events)).is_err()
        });
        assert!(refused, "one event of endless lines");

        let mut reader = SseReader::default();
        for _ in 0..100 {
            reader.push(b": ", &mut events).and_then(|()| reader.push(&line, &mut events)).expect("a comment");
            reader.push(b"\n\n", &mut events).expect("its end");
        }
    }

    #[test]
    fn every_single_cut_gives_the_same_events() {
        let wire =
            "\u{feff}: hi\r\n\r\nevent: e\r\ndata: Grüße 😀\r\ndata: 2\r\n\r\ndata: a\rdata: b\r\rdata: c\n\ndata: end";
        let whole = read([wire.as_bytes()]);
        assert_eq!(whole.len(), 4);
        for cut in 0..=wire.len() {
            let (head, tail) = wire.as_bytes().split_at(cut);
            assert_eq!(read([head, tail]), whole, "cut at {cut}");
        }
        assert_eq!(read(wire.as_bytes().chunks(1)), whole, "cut at every byte");
    }

    proptest! {
        #[test]
        fn any_bytes_give_the_same_events_however_they_are_cut(
            wire in prop::collection::vec(
                prop_oneof![
                    3 => prop::sample::select(b"\n\r: ".to_vec()),
                    2 => prop::sample::select(b"data:event".to_vec()),
                    1 => any::<u8>(),
                ],
                0..200,
            ),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let whole = read([wire.as_slice()]);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
            cuts.extend([0, wire.len()]);
            cuts.sort_unstable();
            prop_assert_eq!(&read(cuts.windows(2).map(|ends| &wire[ends[0]..ends[1]])), &whole);
            prop_assert_eq!(&read(wire.chunks(1)), &whole);
        }

        #[test]
        fn any_text_survives_the_way(lines in prop::collection::vec("[^\r\n]{0,30}", 1..5)) {
            let wire: String = lines.iter().map(|line| format!("data: {line}\n")).collect();
            prop_assert_eq!(read([wire.as_bytes()]), vec![event("", &lines.join("\n"))]);
        }
    }
}
