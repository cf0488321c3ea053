//! The data the page reads from the server: snapshots and events. See `ui::json` for why the readers are hand-written.

#[cfg(feature = "ssr")]
use domain::playground::Comparison;
use domain::{
    ComparisonId, RunId, Usd,
    catalog::ModelSummary,
    playground::{Parameters, Run, RunError, RunNote, RunResult, RunStatus},
};
#[cfg(feature = "ssr")]
use serde::Serialize;
use serde_json::Value;

#[cfg(feature = "ssr")]
use super::parameters::{ParameterTexts, texts_of};
use crate::ui::json::{list, model, text, usd};

/// The parts of a comparison that the cards need.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Snapshot {
    pub(super) id: ComparisonId,
    pub(super) picked: Option<RunId>,
    pub(super) runs: Vec<Run>,
}

/// The form's values when the comparison was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "ssr", derive(Serialize, serde::Deserialize))]
pub(super) struct FirstDraft {
    pub(super) prompt: String,
    pub(super) system_prompt: String,
    pub(super) temperature: String,
    pub(super) max_tokens: String,
    pub(super) top_p: String,
    /// The models in the address, if there is no comparison yet.
    pub(super) models: Vec<String>,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Update {
    Session(Snapshot),
    Started(RunId),
    Delta(RunId, String),
    Finished(Box<Run>),
    SessionFinished,
}

/// The data that the page passes to the island.
#[cfg(feature = "ssr")]
#[derive(Serialize)]
struct PageData<'a> {
    models: &'a [ModelSummary],
    id: Option<ComparisonId>,
    picked_run_id: Option<RunId>,
    runs: &'a [Run],
    draft: FirstDraft,
}

/// Writes the island's data as its only property.
#[cfg(feature = "ssr")]
pub(super) fn write_page_data(models: &[ModelSummary], comparison: Option<&Comparison>, asked: FirstDraft) -> String {
    let draft = comparison.map(|made| {
        let ParameterTexts { temperature, max_tokens, top_p } = texts_of(&made.parameters);
        let (prompt, system_prompt) = (made.prompt.clone(), made.system_prompt.clone().unwrap_or_default());
        FirstDraft { prompt, system_prompt, temperature, max_tokens, top_p, models: Vec::new() }
    });
    let data = PageData {
        models,
        id: comparison.map(|made| made.id),
        picked_run_id: comparison.and_then(|made| made.picked_run_id),
        runs: comparison.map(|made| made.runs.as_slice()).unwrap_or_default(),
        draft: draft.unwrap_or(asked),
    };
    // Only strings and numbers: serialisation cannot fail.
    serde_json::to_string(&data).unwrap_or_default()
}

/// Reads what [`write_page_data`] wrote.
pub(super) fn page_data(json: &str) -> (Vec<ModelSummary>, Option<Snapshot>, FirstDraft) {
    let data: Value = serde_json::from_str(json).unwrap_or_default();
    let models = list(&data, "models").iter().filter_map(model).collect();
    let draft = data.get("draft").unwrap_or(&Value::Null);
    let field = |name: &str| text(draft, name).unwrap_or_default();
    let draft = FirstDraft {
        prompt: field("prompt"),
        system_prompt: field("system_prompt"),
        temperature: field("temperature"),
        max_tokens: field("max_tokens"),
        top_p: field("top_p"),
        models: list(draft, "models").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
    };
    (models, snapshot(&data), draft)
}

/// Reads an event; `None` if this version does not know its type.
pub(super) fn update(json: &[u8]) -> Option<Update> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let run_id = || text(&value, "run_id")?.parse::<RunId>().ok();
    match value.get("type")?.as_str()? {
        "session" => snapshot(value.get("session")?).map(Update::Session),
        "run_started" => run_id().map(Update::Started),
        "delta" => Some(Update::Delta(run_id()?, text(&value, "text")?)),
        "run_finished" => run(value.get("run")?).map(|run| Update::Finished(Box::new(run))),
        "session_finished" => Some(Update::SessionFinished),
        _ => None,
    }
}

fn snapshot(value: &Value) -> Option<Snapshot> {
    Some(Snapshot {
        id: text(value, "id")?.parse().ok()?,
        picked: text(value, "picked_run_id").and_then(|id| id.parse().ok()),
        runs: list(value, "runs").iter().filter_map(run).collect(),
    })
}

fn run(value: &Value) -> Option<Run> {
    Some(Run {
        id: text(value, "id")?.parse().ok()?,
        position: value.get("position")?.as_u64()? as u8,
        model: text(value, "model")?,
        result: result(value)?,
    })
}

fn result(value: &Value) -> Option<RunResult> {
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    Some(RunResult {
        status: RunStatus::parse(value.get("status")?.as_str()?)?,
        parameters: value.get("parameters").filter(|own| own.is_object()).map(parameters),
        reasoning_content: text(value, "reasoning_content"),
        response_content: text(value, "response_content"),
        finish_reason: text(value, "finish_reason"),
        error: value.get("error").and_then(run_error),
        latency_ms: number("latency_ms"),
        ttft_ms: number("ttft_ms"),
        tokens_in: number("tokens_in"),
        tokens_out: number("tokens_out"),
        tokens_per_second: value.get("tokens_per_second").and_then(Value::as_f64),
        cost_usd: usd(value, "cost_usd").unwrap_or_else(Usd::zero),
        list_cost_usd: usd(value, "list_cost_usd"),
        notes: list(value, "notes").iter().filter_map(note).collect(),
    })
}

/// Reads a note; `None` if this version does not know its kind.
fn note(value: &Value) -> Option<RunNote> {
    let field = || text(value, "field");
    match value.get("kind")?.as_str()? {
        "omitted" => Some(RunNote::Omitted { field: field()? }),
        "renamed" => Some(RunNote::Renamed { field: field()?, to: text(value, "to")? }),
        "not_streamed" => Some(RunNote::NotStreamed),
        "damaged" => Some(RunNote::Damaged),
        "secret_removed" => Some(RunNote::SecretRemoved),
        "image_omitted" => Some(RunNote::ImageOmitted),
        _ => None,
    }
}

fn parameters(value: &Value) -> Parameters {
    let float = |key: &str| value.get(key).and_then(Value::as_f64);
    Parameters {
        temperature: float("temperature"),
        max_tokens: value.get("max_tokens").and_then(Value::as_u64).map(|tokens| tokens as u32),
        top_p: float("top_p"),
    }
}

fn run_error(value: &Value) -> Option<RunError> {
    Some(RunError {
        code: text(value, "code").unwrap_or_default(),
        message: text(value, "message")?,
        retry_after_s: value.get("retry_after_s").and_then(Value::as_u64).map(|seconds| seconds as u32),
    })
}

#[cfg(test)]
mod tests {
    use domain::playground::{Comparison, Event};

    use super::*;
    use crate::playground::state::queued;

    fn id() -> RunId {
        "01936d1e-0000-7000-8000-000000000001".parse().expect("id")
    }

    fn full_run(status: RunStatus) -> Run {
        let result = RunResult {
            status,
            parameters: Some(Parameters { temperature: Some(0.5), max_tokens: Some(7), top_p: None }),
            reasoning_content: Some("Hm.".into()),
            response_content: Some("Grüße \"😀\"\n".into()),
            finish_reason: Some("stop".into()),
            error: Some(RunError { code: "x".into(), message: "Wait.".into(), retry_after_s: Some(3) }),
            latency_ms: Some(u64::MAX),
            ttft_ms: Some(0),
            tokens_in: Some(1),
            tokens_out: Some(2),
            tokens_per_second: Some(13.4),
            cost_usd: Usd("0".into()),
            list_cost_usd: Some(Usd("0.000029".into())),
            notes: vec![
                RunNote::Omitted { field: "temperature".into() },
                RunNote::Renamed { field: "max_tokens".into(), to: "max_completion_tokens".into() },
                RunNote::NotStreamed,
                RunNote::Damaged,
                RunNote::SecretRemoved,
                RunNote::ImageOmitted,
            ],
        };
        Run { id: id(), result, ..queued(3, "acme/fast") }
    }

    fn comparison(parameters: Parameters) -> Comparison {
        Comparison {
            id: ComparisonId(id().0),
            created_at: Default::default(),
            prompt: "Hello".into(),
            system_prompt: None,
            parameters,
            is_shared: false,
            share_slug: None,
            public_url: None,
            picked_run_id: Some(id()),
            runs: vec![full_run(RunStatus::Interrupted), Run { id: id(), ..queued(1, "b") }],
        }
    }

    fn read(event: &Event) -> Option<Update> {
        update(serde_json::to_string(event).expect("json").as_bytes())
    }

    #[test]
    fn every_event_is_read_as_it_was_written() {
        assert_eq!(read(&Event::RunStarted { run_id: id() }), Some(Update::Started(id())));
        let delta = Event::Delta { run_id: id(), text: "ä\u{1f600}\"\\".into() };
        assert_eq!(read(&delta), Some(Update::Delta(id(), "ä\u{1f600}\"\\".into())));
        for status in RunStatus::ALL {
            let run = full_run(status);
            assert_eq!(read(&Event::RunFinished { run: run.clone() }), Some(Update::Finished(Box::new(run))));
        }
        let finished = Event::SessionFinished { session_id: ComparisonId(id().0) };
        assert_eq!(read(&finished), Some(Update::SessionFinished));
        assert_eq!(update(br#"{"type":"of tomorrow"}"#), None);
        assert_eq!(update(b"<html>"), None);
    }

    #[test]
    fn a_comparison_is_read_with_its_runs() {
        let written = comparison(Parameters::default());
        let Some(Update::Session(read)) = read(&Event::Session { session: written.clone() }) else { panic!("unread") };
        assert_eq!((read.id, read.picked, read.runs), (written.id, written.picked_run_id, written.runs));
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn the_page_reads_back_what_it_was_given() {
        let parameters = Parameters { temperature: Some(0.7), max_tokens: Some(512), top_p: Some(1.0) };
        let written = comparison(parameters);
        let (models, read, draft) = page_data(&write_page_data(&[], Some(&written), FirstDraft::default()));
        assert!(models.is_empty());
        assert_eq!(read, Some(Snapshot { id: written.id, picked: Some(id()), runs: written.runs }));
        let fields = [draft.prompt, draft.system_prompt, draft.temperature, draft.max_tokens, draft.top_p];
        assert_eq!(fields, ["Hello", "", "0.7", "512", "1"]);
        let asked = FirstDraft { models: vec!["a/b".into()], temperature: "0.5".into(), ..FirstDraft::default() };
        assert_eq!(page_data(&write_page_data(&[], None, asked.clone())).2, asked);
        for empty in [write_page_data(&[], None, FirstDraft::default()), String::new()] {
            assert_eq!(page_data(&empty), (Vec::new(), None, FirstDraft::default()));
        }
    }
}
