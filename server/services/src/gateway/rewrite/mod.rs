//! Rewrites an event stream on its way to the caller. The bytes stay the same, except that
//!
//! * the model gets its public name,
//! * the chunk with the token counts is removed if the caller did not request it,
//! * a chunk without `choices` or `delta`, on which typed clients fail, gets an empty one (`edits`),
//! * a whole answer within the stream becomes chunks,
//! * the upstream's own secret is replaced (`secrets`).
//!
//! The final event is held back until the usage record is written.

mod edits;
mod secrets;
mod settings;

use serde_json::Value;
use upstream::{
    EventSplitter, EventTooLarge, RawEvent,
    completion::{Choice, Chunk, Item, Progress, chunks_of},
};

pub(super) use self::{edits::edit_whole, secrets::redact_whole, settings::RewriteSettings};
use self::{
    edits::{edited, edits},
    secrets::SecretFilter,
};

/// Bytes of one event and of a whole answer; pictures and sound are in them as text.
pub(super) const MAX_OBJECT: usize = 32 * 1024 * 1024;

/// Turns an upstream's bytes into those for the caller.
#[derive(Debug)]
pub(super) struct Rewriter {
    splitter: EventSplitter,
    events: EventRewriter,
}

#[derive(Debug)]
struct EventRewriter {
    settings: RewriteSettings,
    filter: SecretFilter,
    progress: Progress,
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
    pub(super) fn new(settings: RewriteSettings) -> Self {
        Self {
            splitter: EventSplitter::new(MAX_OBJECT),
            events: EventRewriter {
                filter: SecretFilter::default(),
                progress: Progress::default(),
                end: Vec::new(),
                settings,
            },
        }
    }

    /// Takes the next bytes and appends the complete events among them to `out`.
    ///
    /// # Errors
    ///
    /// The upstream reports an error, or an event exceeds [`MAX_OBJECT`].
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        let Self { splitter, events } = self;
        splitter.push(bytes, |event| events.rewrite(event, out))
    }

    /// The upstream has closed the stream: appends the last event if only its blank line is missing, and drops it if it is
    /// truncated.
    ///
    /// # Errors
    ///
    /// The last event reports an error.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), StreamError> {
        let Self { splitter, events } = self;
        splitter.finish(|event| match Item::read(&event.data()) {
            Item::Broken => Ok(()),
            _ => events.rewrite(event, out),
        })?;
        events.filter.release_all(&events.settings, out);
        Ok(())
    }

    /// What the answer says so far.
    pub(super) fn progress(&self) -> &Progress {
        &self.events.progress
    }

    /// Whether the answer is complete, with `[DONE]` or without.
    pub(super) fn is_complete(&self) -> bool {
        self.events.progress.is_complete(self.events.settings.expected_choices)
    }

    /// Takes the final event that was held back.
    pub(super) fn take_end(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.events.end)
    }
}

impl EventRewriter {
    fn rewrite(&mut self, event: &RawEvent<'_>, out: &mut Vec<u8>) -> Result<(), StreamError> {
        if self.progress.is_done {
            return Ok(());
        }
        let text = event.data();
        match Item::read(&text) {
            Item::Done => {
                self.progress.is_done = true;
                self.filter.release_all(&self.settings, out);
                self.end.extend_from_slice(event.bytes());
            }
            Item::Error(object) => return Err(StreamError::Reported(object)),
            _ if event.name() == b"error" => {
                let words = text.trim();
                return Err(StreamError::Reported(serde_json::from_str(words).unwrap_or_else(|_| Value::from(words))));
            }
            Item::Chunk(chunk) => {
                self.progress.add(&chunk);
                self.rewrite_chunk(event, &text, &chunk, out);
            }
            Item::Noise => self.filter.pass(&self.settings.secrets, event.bytes(), out),
            Item::Broken => {
                self.progress.is_damaged = true;
                self.filter.pass(&self.settings.secrets, event.bytes(), out);
            }
        }
        Ok(())
    }

    fn rewrite_chunk(&mut self, event: &RawEvent<'_>, text: &str, chunk: &Chunk<'_>, out: &mut Vec<u8>) {
        let settings = &self.settings;
        if chunk.choices.is_empty() && chunk.has_usage && settings.strips_usage {
            return;
        }
        if chunk.choices.iter().any(|choice: &Choice<'_>| choice.is_whole) {
            let whole = serde_json::from_str(text).unwrap_or_default();
            let mut events =
                chunks_of(&redact_whole(&settings.secrets, whole), settings.identity(), !settings.strips_usage);
            events.truncate(events.len() - b"data: [DONE]\n\n".len());
            out.append(&mut events);
            return;
        }
        let rewritten = edited(event, text, edits(text, chunk, &settings.public_name));
        self.filter.pass_chunk(settings, &rewritten, chunk, out);
    }
}

#[cfg(test)]
mod tests;
