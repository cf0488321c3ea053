//! A chat completion as it arrives.

mod framing;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use http::header::CONTENT_TYPE;
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    chunk::{ChatEvent, Parsed, parse},
    classify::{from_error_object, from_transport},
    error::UpstreamError,
    sse::SseEvent,
    wait::Deadlines,
};
use framing::{Body, Framing};

/// Most bytes of text and reasoning of one answer.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// How long to wait for the token counts once the text is complete.
const USAGE_WAIT: Duration = Duration::from_secs(5);
/// How long to wait for the end of the body after `[DONE]`, so that the connection can be reused.
const DRAIN_WAIT: Duration = Duration::from_millis(100);

/// A response with a good status whose body is being read. Dropping it closes the connection to the upstream.
pub struct ChatStream {
    /// `None` once the answer has ended, well or badly.
    answer: Option<Response>,
    deadlines: Deadlines,
    /// The secrets to redact from the upstream's messages.
    key: Option<SecretString>,
    framing: Framing,
    ready: VecDeque<ChatEvent>,
    /// Returned once the events before it have been.
    failure: Option<UpstreamError>,
    progress: Progress,
    sent_at: Instant,
    attempts: u8,
    is_event_stream: bool,
}

/// What has been read so far.
#[derive(Default)]
struct Progress {
    /// Bytes of the body.
    wire: usize,
    /// Bytes of text and reasoning.
    text: usize,
    has_text: bool,
    has_reasoning: bool,
    /// Events without a JSON object have come.
    has_noise: bool,
    finish: Option<String>,
    /// `[DONE]` has come.
    is_done: bool,
}

impl ChatStream {
    pub(super) fn new(
        answer: Response,
        deadlines: Deadlines,
        key: Option<SecretString>,
        sent_at: Instant,
        attempts: u8,
    ) -> Result<Self, UpstreamError> {
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let framing = Framing::of_content_type(content_type)?;
        Ok(Self {
            answer: Some(answer),
            deadlines,
            key,
            framing,
            ready: VecDeque::new(),
            failure: None,
            progress: Progress::default(),
            sent_at,
            attempts,
            is_event_stream: false,
        })
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
        let read = if self.progress.finish.is_some() {
            // The text is complete; only token counts may follow, and their absence is no failure.
            match self.deadlines.for_at_most(USAGE_WAIT, answer.chunk()).await? {
                Some(Ok(bytes)) => bytes,
                Some(Err(_)) | None => None,
            }
        } else if self.progress.text == 0 {
            self.deadlines.for_first_output(answer.chunk()).await?.map_err(|error| from_transport(&error))?
        } else {
            self.deadlines.for_more(answer.chunk()).await?.map_err(|error| from_transport(&error))?
        };
        match read {
            Some(bytes) => self.take(&bytes),
            None => self.end(),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), UpstreamError> {
        self.progress.wire += bytes.len();
        if self.progress.wire > self.framing.wire_limit() {
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
        match parse(&event.data) {
            Parsed::Done => self.progress.is_done = true,
            Parsed::Error(object) => return Err(from_error_object(&object, self.key())),
            _ if event.name == "error" => {
                let object = serde_json::from_str(&event.data).unwrap_or_else(|_| event.data.clone().into());
                return Err(from_error_object(&object, self.key()));
            }
            Parsed::Events(events) => return events.into_iter().try_for_each(|event| self.take_chat_event(event)),
            Parsed::Noise => self.progress.has_noise = true,
            Parsed::Broken => return Err(UpstreamError::bad_response("an unreadable stream")),
        }
        Ok(())
    }

    fn take_chat_event(&mut self, event: ChatEvent) -> Result<(), UpstreamError> {
        match &event {
            ChatEvent::Delta(text) => {
                self.progress.text += text.len();
                self.progress.has_text = true;
            }
            ChatEvent::Reasoning(text) => {
                self.progress.text += text.len();
                self.progress.has_reasoning = true;
            }
            ChatEvent::Finish(reason) => self.progress.finish = Some(reason.clone()),
            ChatEvent::Usage { .. } => {}
        }
        if self.progress.text > MAX_TEXT {
            return Err(UpstreamError::too_large());
        }
        self.ready.push_back(event);
        Ok(())
    }

    /// The body is over: closes the response, and checks that it was a complete answer.
    fn end(&mut self) -> Result<(), UpstreamError> {
        self.answer = None;
        match self.framing.finish() {
            Body::Empty => return Err(UpstreamError::bad_response("nothing")),
            Body::Whole(body) => self.take_whole(&String::from_utf8_lossy(&body))?,
            Body::Events(last) => {
                // The last event may have been cut in the middle.
                let is_whole = |event: &&SseEvent| parse(&event.data) != Parsed::Broken;
                last.iter().filter(is_whole).try_for_each(|event| self.take_event(event))?;
                if !self.progress.is_done && self.progress.finish.is_none() {
                    let is_garbage = self.progress.has_noise && self.progress.text == 0;
                    return Err(if is_garbage {
                        UpstreamError::bad_response("an unreadable stream")
                    } else {
                        UpstreamError::cut_off()
                    });
                }
            }
        }
        if self.progress.has_text {
            Ok(())
        } else {
            Err(UpstreamError::empty_answer(self.progress.finish.as_deref(), self.progress.has_reasoning))
        }
    }

    fn take_whole(&mut self, body: &str) -> Result<(), UpstreamError> {
        match parse(body) {
            Parsed::Events(events) if body.contains("\"choices\"") => {
                events.into_iter().try_for_each(|event| self.take_chat_event(event))
            }
            Parsed::Error(object) => Err(from_error_object(&object, self.key())),
            Parsed::Broken => Err(UpstreamError::cut_off()),
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
