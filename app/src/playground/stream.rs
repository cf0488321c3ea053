//! The event stream of a comparison, read with `fetch`: an `EventSource` cannot send the POST that starts one.

use domain::{
    ComparisonId, RunId,
    error::AppError,
    playground::{ComparisonRequest, DataReader},
};
use gloo_net::http::Response;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, ReadableStreamReadResult};

use super::{
    parameters::write_request,
    wire::{Update, update},
};
use crate::ui::http;

const EVENTS: &str = "text/event-stream";

/// The events of a comparison as they arrive.
pub(super) struct EventStream {
    body: ReadableStreamDefaultReader,
    reader: DataReader,
}

/// Starts a comparison.
pub(super) async fn start(request: &ComparisonRequest) -> Result<EventStream, AppError> {
    let json = write_request(request);
    EventStream::of(http::post("/api/playground", EVENTS, Some(&json)).await?)
}

/// Subscribes to a comparison that is already running.
pub(super) async fn attach(id: ComparisonId) -> Result<EventStream, AppError> {
    EventStream::of(http::get(&format!("/api/playground/{id}/events"), EVENTS).await?)
}

/// Stops one run.
pub(super) async fn cancel(id: ComparisonId, run: RunId) -> Result<(), AppError> {
    let url = format!("/api/playground/{id}/runs/{run}/cancel");
    http::post(&url, http::JSON, None).await.map(|_| ())
}

/// Retries a run that has ended.
pub(super) async fn retry(id: ComparisonId, run: RunId) -> Result<(), AppError> {
    let url = format!("/api/playground/{id}/runs/{run}/retry");
    http::post(&url, http::JSON, None).await.map(|_| ())
}

/// The answer of an ended run as HTML; empty if it is to be shown as plain text.
pub(super) async fn html(id: ComparisonId, run: RunId) -> Result<String, AppError> {
    let response = http::get(&format!("/api/playground/{id}/runs/{run}/html"), "text/html").await?;
    response.text().await.map_err(|_| AppError::Transport)
}

impl EventStream {
    fn of(response: Response) -> Result<Self, AppError> {
        let body = response.body().ok_or(AppError::Transport)?;
        let body = body.get_reader().dyn_into().map_err(|_| AppError::Transport)?;
        Ok(Self { body, reader: DataReader::default() })
    }

    /// The next events; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Update>>, AppError> {
        let piece = JsFuture::from(self.body.read()).await.map_err(|_| AppError::Transport)?;
        let piece: ReadableStreamReadResult = piece.unchecked_into();
        if piece.get_done().unwrap_or_default() {
            return Ok(None);
        }
        let bytes = piece.get_value().dyn_into::<Uint8Array>().map_err(|_| AppError::Transport)?.to_vec();
        Ok(Some(self.reader.push(&bytes).iter().filter_map(|json| update(json)).collect()))
    }
}
