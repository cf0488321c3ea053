//! A chat completion as it arrives.

mod event;
mod framing;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use http::header::CONTENT_TYPE;
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};

pub use self::event::ChatEvent;
use self::framing::{Body, Framing};
use crate::{
    classify::{from_error_object, from_transport},
    completion::{Chunk, Ending, Item, Output, OutputKind, Progress, Secrets, TextRedactor},
    error::UpstreamError,
    negotiate::Negotiation,
    sse::SseEvent,
    target::Target,
    wait::Deadlines,
};

/// Most bytes of text and reasoning of one answer.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Most bytes of pictures of one answer.
const MAX_IMAGES: usize = 12 * 1024 * 1024;
/// How long to wait for the token counts once the text is complete.
const USAGE_WAIT: Duration = Duration::from_secs(5);
/// How long to wait for the end of the body after `[DONE]`, so that the connection can be reused.
const DRAIN_WAIT: Duration = Duration::from_millis(100);

/// A response with a good status whose body is being read. Dropping it closes the connection to the upstream.
pub struct ChatStream {
    /// `None` once the answer has ended, well or badly.
    answer: Option<Response>,
    deadlines: Deadlines,
    /// The secrets to redact from the upstream's error messages.
    key: Option<SecretString>,
    /// Those to redact from answers.
    secrets: Secrets,
    framing: Framing,
    ready: VecDeque<ChatEvent>,
    /// Returned once the events before it have been.
    failure: Option<UpstreamError>,
    progress: Progress,
    redactors: Redactors,
    sizes: Sizes,
    sent_at: Instant,
    attempts: u8,
    is_event_stream: bool,
    negotiation: Negotiation,
}

/// One redactor for each text that grows with the pieces of a stream.
#[derive(Default)]
struct Redactors {
    text: TextRedactor,
    thought: TextRedactor,
    refusal: TextRedactor,
    is_reported: bool,
}

/// What has been read so far.
#[derive(Default)]
struct Sizes {
    /// Bytes of the body.
    wire: usize,
    text: usize,
    images: usize,
    /// Events without a JSON object have come.
    has_noise: bool,
    /// An object with choices has come.
    has_chunk: bool,
}

impl ChatStream {
    pub(super) fn new(
        answer: Response,
        deadlines: Deadlines,
        target: &Target,
        sent_at: Instant,
        attempts: u8,
    ) -> Result<Self, UpstreamError> {
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let framing = Framing::of_content_type(content_type)?;
        Ok(Self {
            answer: Some(answer),
            deadlines,
            key: target.secrets(),
            secrets: target.credentials(),
            framing,
            ready: VecDeque::new(),
            failure: None,
            progress: Progress::default(),
            redactors: Redactors::default(),
            sizes: Sizes::default(),
            sent_at,
            attempts,
            is_event_stream: false,
            negotiation: Negotiation::default(),
        })
    }

    /// The stream with what was negotiated before it.
    pub(super) fn after(self, negotiation: Negotiation) -> Self {
        Self { negotiation, ..self }
    }

    /// How the request was sent, and what was learned by that.
    pub fn negotiation(&self) -> &Negotiation {
        &self.negotiation
    }

    /// When the request was sent, the last attempt of it.
    pub fn sent_at(&self) -> Instant {
        self.sent_at
    }

    /// How many requests were sent: 1 or 2.
    pub fn attempts(&self) -> u8 {
        self.attempts
    }

    /// Whether the answer came as a stream of events, as far as that is known.
    pub fn is_event_stream(&self) -> bool {
        self.is_event_stream
    }

    /// The next event; `None` when the answer is complete.
    ///
    /// Cancel-safe: dropping the future loses no event.
    ///
    /// # Errors
    ///
    /// Why the answer is not complete; the events before the error remain valid. Every later call returns `None`.
    pub async fn next(&mut self) -> Result<Option<ChatEvent>, UpstreamError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.answer.is_none() {
                return Ok(None);
            }
            if let Err(failure) = self.read_more().await {
                self.answer = None;
                self.release_held();
                self.failure = Some(failure);
            }
        }
    }

    async fn read_more(&mut self) -> Result<(), UpstreamError> {
        if self.progress.is_done {
            self.drain().await?;
            return self.end();
        }
        let Some(answer) = self.answer.as_mut() else { return Ok(()) };
        let read = if self.progress.is_complete(1) {
            // The text is complete; only token counts may follow, and their absence is no failure.
            match self.deadlines.for_at_most(USAGE_WAIT, answer.chunk()).await? {
                Some(Ok(bytes)) => bytes,
                Some(Err(_)) | None => None,
            }
        } else if self.progress.has_output() {
            self.deadlines.for_more(answer.chunk()).await?.map_err(|error| from_transport(&error))?
        } else {
            self.deadlines.for_first_output(answer.chunk()).await?.map_err(|error| from_transport(&error))?
        };
        match read {
            Some(bytes) => self.take(&bytes),
            None => self.end(),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), UpstreamError> {
        self.sizes.wire += bytes.len();
        if self.sizes.wire > self.framing.wire_limit() {
            return Err(UpstreamError::too_large());
        }
        let mut events = Vec::new();
        let pushed = self.framing.push(bytes, &mut events);
        self.is_event_stream = self.framing.is_event_stream();
        events.iter().try_for_each(|event| self.take_event(event))?;
        pushed
    }

    fn take_event(&mut self, event: &SseEvent) -> Result<(), UpstreamError> {
        if self.progress.is_done {
            return Ok(());
        }
        match Item::read(&event.data) {
            Item::Done => self.progress.is_done = true,
            Item::Error(object) => return Err(from_error_object(&object, self.key())),
            _ if event.name == "error" => {
                let object = serde_json::from_str(&event.data).unwrap_or_else(|_| event.data.clone().into());
                return Err(from_error_object(&object, self.key()));
            }
            Item::Chunk(chunk) => return self.take_chunk(&chunk),
            Item::Noise => self.sizes.has_noise = true,
            Item::Broken => self.progress.is_damaged = true,
        }
        Ok(())
    }

    fn take_chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), UpstreamError> {
        self.sizes.has_chunk = true;
        let (counts, reason) = (self.progress.counts, self.progress.finish_reason.clone());
        self.progress.add(chunk);
        // Requests ask for one choice; where a server sends more, only the first is read.
        for choice in chunk.choices.iter().filter(|choice| choice.index == 0) {
            choice.outputs.iter().try_for_each(|output| self.take_output(output))?;
        }
        if self.progress.finish_reason != reason {
            self.release_held();
            self.ready.extend(self.progress.finish_reason.clone().map(ChatEvent::Finish));
        }
        if self.progress.counts != counts {
            self.ready.push_back(ChatEvent::Usage(self.progress.counts));
        }
        Ok(())
    }

    fn take_output(&mut self, output: &Output<'_>) -> Result<(), UpstreamError> {
        let (redactor, event): (_, fn(String) -> ChatEvent) = match output.kind {
            OutputKind::Text => (&mut self.redactors.text, ChatEvent::Delta),
            OutputKind::Thought => (&mut self.redactors.thought, ChatEvent::Reasoning),
            OutputKind::Refusal => (&mut self.redactors.refusal, ChatEvent::Refusal),
            OutputKind::Image => {
                self.sizes.images += output.size();
                if self.sizes.images > MAX_IMAGES {
                    return Err(UpstreamError::too_large());
                }
                self.ready.push_back(ChatEvent::Image(output.text().into_owned()));
                return Ok(());
            }
            OutputKind::ToolCall | OutputKind::Audio => return Ok(()),
        };
        self.sizes.text += output.size();
        if self.sizes.text > MAX_TEXT {
            return Err(UpstreamError::too_large());
        }
        let text = redactor.push(&self.secrets, &output.text());
        let has_redacted = redactor.has_redacted;
        if !text.is_empty() {
            self.ready.push_back(event(text));
        }
        self.report_redaction(has_redacted);
        Ok(())
    }

    fn report_redaction(&mut self, has_redacted: bool) {
        if has_redacted && !std::mem::replace(&mut self.redactors.is_reported, true) {
            self.ready.push_back(ChatEvent::SecretRedacted);
        }
    }

    /// Releases what was held back because it might have been the beginning of a secret.
    fn release_held(&mut self) {
        let redactors = &mut self.redactors;
        let all: [(&mut TextRedactor, fn(String) -> ChatEvent); 3] = [
            (&mut redactors.thought, ChatEvent::Reasoning),
            (&mut redactors.text, ChatEvent::Delta),
            (&mut redactors.refusal, ChatEvent::Refusal),
        ];
        for (redactor, event) in all {
            let rest = redactor.finish();
            if !rest.is_empty() {
                self.ready.push_back(event(rest));
            }
        }
    }

    /// The body is over: closes the response, and checks that it was a complete answer.
    fn end(&mut self) -> Result<(), UpstreamError> {
        self.answer = None;
        match self.framing.finish() {
            Body::Empty => return Err(UpstreamError::bad_response("nothing")),
            Body::Whole(body) => self.take_whole(&String::from_utf8_lossy(&body))?,
            Body::Events(last) => {
                // The last event may have been cut in the middle.
                let is_whole = |event: &&SseEvent| !matches!(Item::read(&event.data), Item::Broken);
                last.iter().filter(is_whole).try_for_each(|event| self.take_event(event))?;
            }
        }
        self.release_held();
        let progress = &self.progress;
        let is_garbage = (self.sizes.has_noise || progress.is_damaged) && !self.sizes.has_chunk;
        match progress.ending(1) {
            Ending::CutOff if is_garbage => Err(UpstreamError::bad_response("an unreadable stream")),
            Ending::CutOff if progress.is_damaged => Err(UpstreamError::damaged()),
            Ending::CutOff => Err(UpstreamError::cut_off()),
            Ending::Damaged => Err(UpstreamError::damaged()),
            Ending::Complete if progress.has_answer() => Ok(()),
            Ending::Complete | Ending::Filtered | Ending::Empty => {
                Err(UpstreamError::empty_answer(progress.finish_reason.as_deref(), progress.has_thought()))
            }
        }
    }

    fn take_whole(&mut self, body: &str) -> Result<(), UpstreamError> {
        match Item::read(body) {
            Item::Chunk(chunk) if !chunk.choices.is_empty() => {
                // A whole answer has ended, whether it says why or not.
                self.progress.is_done = true;
                self.take_chunk(&chunk)
            }
            Item::Error(object) => Err(from_error_object(&object, self.key())),
            Item::Broken => Err(UpstreamError::cut_off()),
            _ => Err(UpstreamError::bad_response("JSON of another kind")),
        }
    }

    /// Reads and drops what follows `[DONE]`, normally nothing, so that the connection returns to the pool.
    async fn drain(&mut self) -> Result<(), UpstreamError> {
        let Some(answer) = self.answer.as_mut() else { return Ok(()) };
        let rest =
            async { while answer.chunk().await.is_ok_and(|bytes| bytes.is_some_and(|bytes| bytes.len() < 1024)) {} };
        self.deadlines.for_at_most(DRAIN_WAIT, rest).await.map(|_| ())
    }

    fn key(&self) -> Option<&str> {
        self.key.as_ref().map(ExposeSecret::expose_secret)
    }
}
