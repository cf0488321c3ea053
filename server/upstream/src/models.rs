//! The list of an upstream's models.

use std::collections::HashSet;

use domain::text::is_deceptive;
use http::Method;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    client::{UpstreamClient, read_body},
    error::UpstreamError,
    target::{Call, Target},
    wait::Deadlines,
};

/// Most models read from one list; the rest is dropped.
const MAX_MODELS: usize = 10_000;
const MAX_BODY: usize = 4 * 1024 * 1024;

/// One entry of an upstream's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedModel {
    /// The upstream's own name, 1 to 200 characters.
    pub id: String,
    /// In tokens, where the list has it.
    pub context_window: Option<u32>,
}

impl UpstreamClient {
    /// Fetches the upstream's models (`GET /models`), in its order and without duplicates; at most 10,000.
    ///
    /// Cancel-safe.
    ///
    /// # Errors
    ///
    /// A failed call, or `bad_response` where the body is no list of models.
    pub async fn list_models(&self, target: &Target) -> Result<Vec<ListedModel>, UpstreamError> {
        let deadlines = Deadlines::start(target.timeouts, CancellationToken::new());
        let call = Call { method: Method::GET, path: "/models", body: None };
        let answer = self.send_for_success(target, call, &deadlines).await?;
        let body = read_body(answer, MAX_BODY, &deadlines).await.map_err(|(error, _)| error)?;
        let list = serde_json::from_slice(&body)
            .map_err(|_| UpstreamError::bad_response("something that is not JSON"))
            .map(|body: Value| read_list(&body))?;
        list.ok_or_else(|| UpstreamError::bad_response("JSON that is no list of models"))
    }
}

/// The list is in `data`; some servers send it bare, or in `models`.
fn read_list(body: &Value) -> Option<Vec<ListedModel>> {
    let entries = ["data", "models"].iter().find_map(|name| body.get(name)?.as_array()).or_else(|| body.as_array())?;
    let mut seen = HashSet::new();
    let models = entries.iter().filter_map(read_entry).filter(|model| seen.insert(model.id.clone()));
    Some(models.take(MAX_MODELS).collect())
}

fn read_entry(entry: &Value) -> Option<ListedModel> {
    let id = ["id", "model", "name"].iter().find_map(|name| entry.get(name)?.as_str()).or_else(|| entry.as_str())?;
    let is_name = !id.trim().is_empty() && id.chars().count() <= 200 && !id.chars().any(is_deceptive);
    is_name.then(|| ListedModel { id: id.to_owned(), context_window: context_window(entry) })
}

/// Servers have different names for it.
fn context_window(entry: &Value) -> Option<u32> {
    let own = ["context_length", "context_window", "max_model_len", "max_context_length"];
    let number = own
        .iter()
        .find_map(|name| entry.get(name)?.as_u64())
        .or_else(|| entry.pointer("/meta/n_ctx")?.as_u64())
        .or_else(|| entry.pointer("/meta/n_ctx_train")?.as_u64())?;
    i32::try_from(number).ok().filter(|number| *number > 0).map(i32::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(body: &Value) -> Option<Vec<String>> {
        Some(read_list(body)?.into_iter().map(|model| model.id).collect())
    }

    #[test]
    fn a_list_is_read_in_every_shape_in_use() {
        let expected = Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(ids(&json!({"object": "list", "data": [{"id": "a"}, {"id": "b"}]})), expected);
        assert_eq!(ids(&json!([{"id": "a"}, {"id": "b"}])), expected);
        assert_eq!(ids(&json!({"models": [{"name": "a"}, "b"]})), expected);
        assert_eq!(ids(&json!({"data": []})), Some(vec![]));
        assert_eq!(ids(&json!({"error": "no"})), None);
    }

    #[test]
    fn entries_without_a_usable_name_and_repetitions_are_left_out() {
        let long = "x".repeat(201);
        let body = json!({"data": [{"id": "a"}, {"id": ""}, {"id": 7}, {}, null, {"id": long}, {"id": "a\u{0}"}, {"id": "a\u{202e}b"}, {"id": "a"}]});
        assert_eq!(ids(&body), Some(vec!["a".to_owned()]));
    }

    #[test]
    fn a_very_long_list_is_cut() {
        let data: Vec<Value> = (0..10_001).map(|n| json!({"id": format!("m{n}")})).collect();
        assert_eq!(ids(&json!({ "data": data })).map(|ids| ids.len()), Some(10_000));
    }

    #[test]
    fn a_context_window_is_a_positive_number_or_unknown() {
        let window = |entry: Value| context_window(&entry);
        assert_eq!(window(json!({"context_length": 8192})), Some(8192));
        assert_eq!(window(json!({"max_model_len": 4096})), Some(4096));
        assert_eq!(window(json!({"meta": {"n_ctx_train": 2048}})), Some(2048));
        for bad in [json!(-1), json!(0), json!("8192"), json!(1.5), json!(u64::MAX), json!(null)] {
            assert_eq!(window(json!({ "context_length": bad })), None);
        }
    }
}
