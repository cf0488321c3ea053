//! The events of a running comparison, and a reader of server-sent events for the browser.

use serde::{Deserialize, Serialize};

use crate::{
    ComparisonId, RunId,
    playground::{Comparison, Run},
};

/// One `data:` line of the event stream. After `session`, each run's deltas append to what `session` showed of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The whole comparison in its current state; always the first event.
    Session { session: Comparison },
    /// The run's upstream call begins.
    RunStarted { run_id: RunId },
    /// The next piece of the run's answer.
    Delta { run_id: RunId, text: String },
    /// The run has ended; `run` is complete and replaces what the deltas made.
    RunFinished { run: Run },
    /// Every run has ended; the last event.
    SessionFinished { session_id: ComparisonId },
}

/// Splits a byte stream into the JSON of its events, across chunk boundaries.
///
/// Reads only what this server writes: one `data:` line per event, ended by a line feed. The complete parser of server-sent
/// events, for streams of other servers, is `upstream::SseReader`; the browser would have to load
/// its code for cases that do not occur here.
#[derive(Debug, Default)]
pub struct DataReader {
    buffer: Vec<u8>,
}

impl DataReader {
    /// Takes the next bytes and returns the content of the `data:` lines that are complete. Other lines (comments, names) are
    /// skipped; an incomplete line is buffered.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.buffer.extend_from_slice(bytes);
        let Some(end) = self.buffer.iter().rposition(|&byte| byte == b'\n') else { return Vec::new() };
        let complete: Vec<u8> = self.buffer.drain(..=end).collect();
        complete.split(|&byte| byte == b'\n').filter_map(|line| Some(line.strip_prefix(b"data:")?.to_vec())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_wherever_the_stream_is_cut() {
        let run_id: RunId = "01936d1e-0000-7000-8000-000000000001".parse().expect("id");
        let events = [
            Event::RunStarted { run_id },
            Event::Delta { run_id, text: "Grüße 😀\n".into() },
            Event::SessionFinished { session_id: ComparisonId(run_id.0) },
        ];
        let mut wire = b": keep-alive\n\n".to_vec();
        for event in &events {
            wire.extend(format!("data: {}\n\n", serde_json::to_string(event).expect("json")).into_bytes());
        }
        for cut in 0..wire.len() {
            let mut reader = DataReader::default();
            let mut lines = reader.push(&wire[..cut]);
            lines.extend(reader.push(&wire[cut..]));
            let read: Vec<Event> = lines.iter().map(|json| serde_json::from_slice(json).expect("an event")).collect();
            assert_eq!(read, events, "cut at {cut}");
        }
    }
}
