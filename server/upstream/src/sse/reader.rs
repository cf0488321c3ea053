//! The content of events, as text.

use std::convert::Infallible;

use super::{
    event::RawEvent,
    splitter::{EventSplitter, EventTooLarge},
};

/// One event that carries data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event:` field, empty where there is none.
    pub name: String,
    /// The `data:` lines, joined by line feeds; invalid UTF-8 is replaced.
    pub data: String,
}

impl SseEvent {
    /// `None` for an event without data: clients do not dispatch it.
    fn of(event: &RawEvent<'_>) -> Option<Self> {
        let name = || String::from_utf8_lossy(event.name()).into_owned();
        (!event.data_lines().is_empty()).then(|| Self { name: name(), data: event.data().into_owned() })
    }
}

/// Takes bytes, yields events.
#[derive(Debug)]
pub struct SseReader(EventSplitter);

impl SseReader {
    /// A reader of events of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(EventSplitter::new(limit))
    }

    /// Takes the next bytes and appends the events they complete.
    ///
    /// # Errors
    ///
    /// [`EventTooLarge`] where an event exceeds the limit; the events before it are appended all the same.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<SseEvent>) -> Result<(), EventTooLarge> {
        let mut append = |event: &RawEvent<'_>| {
            events.extend(SseEvent::of(event));
            Ok(())
        };
        self.0.push(bytes, &mut append)?;
        self.0.release_held(append)
    }

    /// The stream has ended: appends the event that no blank line followed.
    pub fn finish(&mut self, events: &mut Vec<SseEvent>) {
        let Ok(()) = self.0.finish(|event| {
            events.extend(SseEvent::of(event));
            Ok::<(), Infallible>(())
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX_EVENT: usize = 1024 * 1024;

    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<SseEvent> {
        let (mut reader, mut events) = (SseReader::new(MAX_EVENT), Vec::new());
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
    fn an_event_is_complete_with_its_carriage_return_and_not_only_with_what_follows() {
        let (mut reader, mut events) = (SseReader::new(MAX_EVENT), Vec::new());
        reader.push(b"data: a\r\r", &mut events).expect("small events");
        assert_eq!(events, [event("", "a")]);
        reader.push(b"\ndata: b\n\n", &mut events).expect("small events");
        assert_eq!(events, [event("", "a"), event("", "b")]);
    }

    #[test]
    fn an_event_that_grows_without_end_is_refused_and_a_long_stream_of_small_ones_is_not() {
        let (mut reader, mut events) = (SseReader::new(MAX_EVENT), Vec::new());
        let line = [b'x'; 64 * 1024];
        let refused = (0..17).any(|_| reader.push(&line, &mut events).is_err());
        assert!(refused, "one endless line");

        let mut reader = SseReader::new(MAX_EVENT);
        let refused = (0..20).any(|_| {
            let grown = reader.push(b"data: ", &mut events).and_then(|()| reader.push(&line, &mut events));
            grown.and_then(|()| reader.push(b"\n", &mut events)).is_err()
        });
        assert!(refused, "one event of endless lines");

        let mut reader = SseReader::new(MAX_EVENT);
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
