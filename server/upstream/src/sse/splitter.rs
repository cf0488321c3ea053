//! Finds where events end, wherever the network cut the stream.

use super::event::RawEvent;

/// Bytes that a buffer keeps for the next event; what a large event needed is given back.
const KEPT_CAPACITY: usize = 64 * 1024;

/// An event grew beyond its bound. The splitter has dropped what it held and is of no further use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is too large")]
pub struct EventTooLarge;

/// Cuts a byte stream into events without changing a byte: the events handed out, put together, are the bytes taken in.
#[derive(Debug)]
pub struct EventSplitter {
    /// Most bytes of one event, all its lines and its blank line together.
    limit: usize,
    /// The event that is not complete yet.
    buffer: Vec<u8>,
    boundary: Boundary,
    is_past_first: bool,
}

impl EventSplitter {
    /// A splitter for events of at most `limit` bytes, all lines and the blank line together.
    pub fn new(limit: usize) -> Self {
        Self { limit, buffer: Vec::new(), boundary: Boundary::default(), is_past_first: false }
    }

    /// Takes the next bytes and calls `each` with every event that they complete, in order.
    ///
    /// An event that ends in a carriage return is held until the next byte shows whether a line feed belongs to it; see
    /// [`Self::release_held`].
    ///
    /// # Errors
    ///
    /// [`EventTooLarge`] where an event exceeds the limit, and whatever `each` returns; the rest is dropped then.
    pub fn push<E: From<EventTooLarge>>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(&RawEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(end) = self.boundary.next(&buffer) {
            if end - start > self.limit {
                return Err(EventTooLarge.into());
            }
            each(&self.event(&buffer[start..end]))?;
            start = end;
        }
        if buffer.len() - start > self.limit {
            return Err(EventTooLarge.into());
        }
        // The allocation serves the next event.
        buffer.drain(..start);
        if buffer.capacity() > KEPT_CAPACITY {
            buffer.shrink_to(buffer.len().max(KEPT_CAPACITY));
        }
        self.boundary.scanned -= start;
        self.buffer = buffer;
        Ok(())
    }

    /// Hands out the event that is held for a line feed, if there is one. Should the line feed follow, it comes as an event
    /// without fields. For readers of content, who have no use for the wait.
    ///
    /// # Errors
    ///
    /// Whatever `each` returns.
    pub fn release_held<E>(&mut self, mut each: impl FnMut(&RawEvent<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.boundary.scanned == self.buffer.len() {
            return Ok(());
        }
        let block = std::mem::take(&mut self.buffer);
        self.boundary = Boundary::default();
        each(&self.event(&block))
    }

    /// The stream has ended: hands out the event that no blank line followed, with a blank line appended.
    ///
    /// # Errors
    ///
    /// Whatever `each` returns.
    pub fn finish<E>(&mut self, mut each: impl FnMut(&RawEvent<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut block = std::mem::take(&mut self.buffer);
        self.boundary = Boundary::default();
        if block.is_empty() {
            return Ok(());
        }
        block.extend_from_slice(b"\n\n");
        each(&self.event(&block))
    }

    fn event<'a>(&mut self, block: &'a [u8]) -> RawEvent<'a> {
        let is_first = !std::mem::replace(&mut self.is_past_first, true);
        RawEvent::parse(block, is_first)
    }
}

/// The position in a buffer up to which event boundaries have been searched. An event ends after an empty line, whichever of
/// the three line ends (LF, CRLF, CR) it has.
#[derive(Debug, Default)]
struct Boundary {
    /// Bytes that have been searched.
    scanned: usize,
    /// Bytes of the line that is not complete.
    line: usize,
    is_after_return: bool,
}

impl Boundary {
    /// Where the next complete event ends, blank line included.
    fn next(&mut self, buffer: &[u8]) -> Option<usize> {
        while let Some(byte) = buffer.get(self.scanned) {
            match byte {
                // Whether a line feed follows, and so belongs to the blank line, is not known yet.
                b'\r' if self.line == 0 && buffer.len() == self.scanned + 1 => return None,
                b'\n' if self.is_after_return => self.is_after_return = false,
                b'\n' | b'\r' if self.line == 0 => {
                    let is_crlf = *byte == b'\r' && buffer.get(self.scanned + 1) == Some(&b'\n');
                    self.scanned += 1 + usize::from(is_crlf);
                    self.is_after_return = false;
                    return Some(self.scanned);
                }
                b'\n' | b'\r' => {
                    self.line = 0;
                    self.is_after_return = *byte == b'\r';
                }
                _ => {
                    self.line += 1;
                    self.is_after_return = false;
                }
            }
            self.scanned += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX_EVENT: usize = 1024 * 1024;

    fn split<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
        let (mut splitter, mut blocks) = (EventSplitter::new(MAX_EVENT), Vec::new());
        for piece in pieces {
            let pushed: Result<(), EventTooLarge> = splitter.push(piece, |event| {
                blocks.push(event.bytes().to_vec());
                Ok(())
            });
            pushed.expect("small events");
        }
        blocks.push(splitter.buffer);
        blocks
    }

    #[test]
    fn an_event_is_as_large_as_it_may_be_however_it_is_cut() {
        let event = |size: usize| [vec![b'x'; size - 2], b"\n\n".to_vec()].concat();
        for piece in [usize::MAX, 64 * 1024] {
            let push = |wire: &[u8]| {
                let mut splitter = EventSplitter::new(MAX_EVENT);
                wire.chunks(piece.min(wire.len())).try_for_each(|piece| splitter.push(piece, |_| Ok(())))
            };
            assert_eq!(push(&event(MAX_EVENT)), Ok(()));
            assert_eq!(push(&event(MAX_EVENT + 1)), Err(EventTooLarge));
        }
    }

    proptest! {
        #[test]
        fn the_blocks_put_together_are_the_stream_and_do_not_depend_on_how_it_was_cut(
            wire in prop::collection::vec(
                prop_oneof![3 => prop::sample::select(b"\n\r: ".to_vec()), 1 => any::<u8>()],
                0..200,
            ),
            size in 1_usize..20,
        ) {
            let whole = split([wire.as_slice()]);
            prop_assert_eq!(&whole.concat(), &wire);
            prop_assert_eq!(split(wire.chunks(size)), whole);
        }
    }
}
