//! Server-sent events as a client reads them, with the reader of the product.

use serde_json::Value;
use upstream::SseReader;

/// The data of every event of a whole stream, in order.
pub(crate) fn event_data(stream: &str) -> Vec<String> {
    let (mut reader, mut events) = (SseReader::new(1024 * 1024), Vec::new());
    reader.push(stream.as_bytes(), &mut events).unwrap();
    reader.finish(&mut events);
    events.into_iter().map(|event| event.data).collect()
}

/// The same for a stream whose events are all JSON.
pub(crate) fn json_events(stream: &str) -> Vec<Value> {
    event_data(stream).iter().map(|data| serde_json::from_str(data).unwrap()).collect()
}
