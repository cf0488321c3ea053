//! The event stream of a comparison, read with `fetch`, because an `EventSource` cannot post.

use domain::{
    ComparisonId, RunId,
    error::AppError,
    playground::{ComparisonRequest, DataReader},
};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Response};

use super::{
    parameters::write_request,
    wire::{Update, update},
};
use crate::ui::http;

const EVENTS: &str = "text/event-stream";

/// Events as they arrive.
pub(super) struct EventStream {
    body: ReadableStreamDefaultReader,
    reader: DataReader,
}

/// Starts a comparison.
pub(super) async fn start(request: &ComparisonRequest) -> Result<EventStream, AppError> {
    let json = write_request(request);
    EventStream::of(http::send("POST", "/api/playground", EVENTS, Some(&json)).await?)
}

/// Listens to a comparison that runs already.
pub(super) async fn attach(id: ComparisonId) -> Result<EventStream, AppError> {
    EventStream::of(http::send("GET", &format!("/api/playground/{id}/events"), EVENTS, None).await?)
}

/// Stops one run.
pub(super) async fn cancel(id: ComparisonId, run: RunId) -> Result<(), AppError> {
    let url = format!("/api/playground/{id}/runs/{run}/cancel");
    http::send("POST", &url, "application/json", None).await.map(|_| ())
}

/// Does one ended run anew.
pub(super) async fn retry(id: ComparisonId, run: RunId) -> Result<(), AppError> {
    let url = format!("/api/playground/{id}/runs/{run}/retry");
    http::send("POST", &url, "application/json", None).await.map(|_| ())
}

/// An ended answer as HTML; empty where it is better shown as text.
pub(super) async fn html(id: ComparisonId, run: RunId) -> Result<String, AppError> {
    let response = http::send("GET", &format!("/api/playground/{id}/runs/{run}/html"), "text/html", None).await?;
    let text = response.text().map_err(|_| AppError::Transport)?;
    let text = JsFuture::from(text).await.map_err(|_| AppError::Transport)?;
    Ok(text.as_string().unwrap_or_default())
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
        let field = |name: &str| Reflect::get(&piece, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
        if field("done").is_truthy() {
            return Ok(None);
        }
        let bytes = field("value").dyn_into::<Uint8Array>().map_err(|_| AppError::Transport)?.to_vec();
        Ok(Some(self.reader.push(&bytes).iter().filter_map(|json| update(json)).collect()))
    }
}
