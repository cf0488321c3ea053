//! Removes the upstream's own secrets from what a caller receives. An event stays as it is unless it contains a secret, or a text
//! in it ends with the beginning of one: that end is moved to the next event of the same text.

use serde_json::{Map, Value, json};
use upstream::completion::{Chunk, Lane, OutputKind, Secrets, TextRedactor};

use super::settings::RewriteSettings;

/// Texts of one answer that are followed; beyond them, secrets are found only within one event.
const MAX_LANES: usize = 512;

/// The state of one stream.
#[derive(Debug, Default)]
pub(super) struct SecretFilter {
    lanes: Vec<(Lane, TextRedactor)>,
}

impl SecretFilter {
    /// Passes an event that is no chunk.
    pub(super) fn pass(&self, secrets: &Secrets, bytes: &[u8], out: &mut Vec<u8>) {
        match secrets.redact_bytes(bytes) {
            Some(redacted) => out.extend_from_slice(&redacted),
            None => out.extend_from_slice(bytes),
        }
    }

    /// Passes the event of a chunk.
    pub(super) fn pass_chunk(
        &mut self,
        settings: &RewriteSettings,
        bytes: &[u8],
        chunk: &Chunk<'_>,
        out: &mut Vec<u8>,
    ) {
        let secrets = &settings.secrets;
        if secrets.is_empty() {
            return out.extend_from_slice(bytes);
        }
        let changed = self.follow(secrets, chunk);
        let ended = chunk.choices.iter().filter(|choice| choice.finish_reason.is_some()).map(|choice| choice.index);
        if changed.is_empty() {
            ended.for_each(|choice| self.release(settings, Some(choice), out));
            return self.pass(secrets, bytes, out);
        }
        let ended: Vec<u64> = ended.collect();
        let mut value = data_of(bytes);
        for (lane, text) in changed {
            set_text(&mut value, lane, &text);
        }
        self.pass(secrets, format!("data: {value}\n\n").as_bytes(), out);
        ended.into_iter().for_each(|choice| self.release(settings, Some(choice), out));
    }

    /// Adds the texts of a chunk to what came before, and returns those that have to be sent differently.
    fn follow(&mut self, secrets: &Secrets, chunk: &Chunk<'_>) -> Vec<(Lane, String)> {
        let mut sent: Vec<(Lane, String, bool)> = Vec::new();
        for choice in &chunk.choices {
            for output in choice.outputs.iter().filter(|output| output.kind != OutputKind::Image) {
                let lane = Lane { choice: choice.index, kind: output.kind, call: output.call };
                let Some(redactor) = self.lane(lane) else { continue };
                let text = output.text();
                let safe = redactor.push(secrets, &text);
                let is_changed = safe != text;
                match sent.iter_mut().find(|(known, ..)| *known == lane) {
                    Some((_, before, changed)) => {
                        before.push_str(&safe);
                        *changed |= is_changed;
                    }
                    None => sent.push((lane, safe, is_changed)),
                }
            }
        }
        sent.into_iter().filter(|(.., is_changed)| *is_changed).map(|(lane, text, _)| (lane, text)).collect()
    }

    fn lane(&mut self, lane: Lane) -> Option<&mut TextRedactor> {
        let position = self.lanes.iter().position(|(known, _)| *known == lane);
        if position.is_none() && self.lanes.len() < MAX_LANES {
            self.lanes.push((lane, TextRedactor::default()));
        }
        let position = position.or_else(|| self.lanes.len().checked_sub(1))?;
        self.lanes.get_mut(position).filter(|(known, _)| *known == lane).map(|(_, redactor)| redactor)
    }

    /// Sends what is held back of every choice: nothing follows that could make a secret of it.
    pub(super) fn release_all(&mut self, settings: &RewriteSettings, out: &mut Vec<u8>) {
        self.release(settings, None, out);
    }

    fn release(&mut self, settings: &RewriteSettings, choice: Option<u64>, out: &mut Vec<u8>) {
        let is_meant = |lane: &Lane| choice.is_none_or(|choice| lane.choice == choice);
        for (lane, redactor) in self.lanes.iter_mut().filter(|(lane, redactor)| is_meant(lane) && redactor.is_holding())
        {
            let rest = redactor.finish();
            let mut chunk = json!({
                "id": format!("chatcmpl-{}", settings.id),
                "object": "chat.completion.chunk",
                "created": settings.created,
                "model": settings.public_name,
                "choices": [{"index": lane.choice, "delta": {}, "finish_reason": null}],
            });
            set_text(&mut chunk, *lane, &rest);
            out.extend_from_slice(format!("data: {chunk}\n\n").as_bytes());
        }
    }
}

/// A whole answer without secrets, in whatever way they are escaped.
pub(in crate::gateway) fn redact_whole(secrets: &Secrets, mut whole: Value) -> Value {
    if !secrets.is_empty() {
        redact_value(secrets, &mut whole);
    }
    whole
}

fn redact_value(secrets: &Secrets, value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(redacted) = secrets.redact(text) {
                *text = redacted;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact_value(secrets, item)),
        Value::Object(fields) => fields.values_mut().for_each(|value| redact_value(secrets, value)),
        _ => {}
    }
}

fn data_of(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data:")).collect();
    serde_json::from_str(&lines.join("\n")).unwrap_or_default()
}

/// Sets a text of a chunk.
fn set_text(chunk: &mut Value, lane: Lane, text: &str) {
    let choices = chunk.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten();
    let is_meant = |choice: &&mut Value| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == lane.choice;
    for choice in choices.filter(is_meant) {
        let Some(delta) = choice.get_mut("delta").and_then(Value::as_object_mut) else { continue };
        match lane.kind {
            OutputKind::Text => drop(delta.insert("content".into(), text.into())),
            OutputKind::Refusal => drop(delta.insert("refusal".into(), text.into())),
            OutputKind::Thought => set_thought(delta, text),
            OutputKind::ToolCall => set_arguments(delta, lane.call, text),
            OutputKind::Audio => {
                let audio = delta.entry("audio").or_insert_with(|| json!({}));
                audio["transcript"] = text.into();
            }
            OutputKind::Image => {}
        }
    }
}

/// Sets the thought under each of the names that the upstream uses.
fn set_thought(delta: &mut Map<String, Value>, text: &str) {
    let names = ["reasoning_content", "reasoning", "thinking"];
    let used: Vec<&str> = names.into_iter().filter(|name| delta.get(*name).is_some_and(Value::is_string)).collect();
    for name in if used.is_empty() { &names[..1] } else { &used } {
        delta.insert((*name).to_owned(), text.into());
    }
    delta.remove("reasoning_details");
}

fn set_arguments(delta: &mut Map<String, Value>, call: u64, text: &str) {
    if let Some(function) = delta.get_mut("function_call").and_then(Value::as_object_mut) {
        function.insert("arguments".into(), text.into());
        return;
    }
    let calls = delta.entry("tool_calls").or_insert_with(|| json!([{"index": call, "function": {}}]));
    for (position, known) in calls.as_array_mut().into_iter().flatten().enumerate() {
        let number = known.get("index").and_then(Value::as_u64).unwrap_or(position as u64);
        if number == call
            && let Some(function) = known.get_mut("function").and_then(Value::as_object_mut)
        {
            function.insert("arguments".into(), text.into());
        }
    }
}
