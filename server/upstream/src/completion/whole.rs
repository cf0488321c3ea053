//! Converts between the two shapes of an answer. Some servers return one object where a stream was requested, or stream where
//! none was; the caller gets the shape that it asked for.

use serde_json::{Map, Value, json};

/// What an answer is called on its way to the caller. `id` and `created` fill in what the upstream left out; `model` replaces
/// the upstream's name.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    pub id: &'a str,
    /// Unix time in seconds.
    pub created: i64,
    pub model: &'a str,
}

/// The event stream of a whole answer: for each choice its role, its content or tool calls, and its finish reason; then the
/// token counts where `include_usage` is set, and `[DONE]`.
pub fn chunks_of(whole: &Value, identity: Identity<'_>, include_usage: bool) -> Vec<u8> {
    let head = head(whole, identity, "chat.completion.chunk");
    let mut out = Vec::new();
    let mut send = |fields: Value| {
        let mut chunk = head.clone();
        chunk.extend(fields.as_object().cloned().unwrap_or_default());
        out.extend_from_slice(format!("data: {}\n\n", Value::Object(chunk)).as_bytes());
    };
    for (position, choice) in list(whole, "choices").iter().enumerate() {
        let index = choice.get("index").cloned().unwrap_or_else(|| position.into());
        let mut message = choice.get("message").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(text) = choice.get("text") {
            message.insert("content".into(), text.clone());
        }
        let role = message.remove("role").unwrap_or_else(|| "assistant".into());
        let delta = |delta: Value, finish: Value, logprobs: Option<&Value>| {
            let mut choice = json!({"index": index, "delta": delta, "finish_reason": finish});
            if let Some(logprobs) = logprobs {
                choice["logprobs"] = logprobs.clone();
            }
            json!({ "choices": [choice] })
        };
        send(delta(json!({"role": role, "content": ""}), Value::Null, None));
        message.retain(|_, value| !value.is_null());
        number_calls(&mut message);
        if !message.is_empty() {
            send(delta(message.into(), Value::Null, choice.get("logprobs")));
        }
        send(delta(json!({}), choice.get("finish_reason").cloned().unwrap_or_default(), None));
    }
    if let Some(usage) = whole.get("usage").filter(|usage| include_usage && usage.is_object()) {
        send(json!({"choices": [], "usage": usage}));
    }
    out.extend_from_slice(b"data: [DONE]\n\n");
    out
}

/// Tool calls of a stream carry their number, those of a whole answer do not.
fn number_calls(message: &mut Map<String, Value>) {
    let calls = message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten();
    for (position, call) in calls.enumerate() {
        if let Some(call) = call.as_object_mut() {
            call.entry("index").or_insert_with(|| position.into());
        }
    }
}

/// Puts the chunks of a stream together into one `chat.completion`.
#[derive(Debug, Default)]
pub struct Assembler {
    /// The first value of each field outside of `choices` and `usage`.
    head: Map<String, Value>,
    usage: Option<Value>,
    choices: Vec<Assembled>,
}

#[derive(Debug)]
struct Assembled {
    index: u64,
    message: Map<String, Value>,
    finish_reason: Value,
    logprobs: Option<Value>,
}

impl Assembler {
    /// Adds the next chunk.
    pub fn add(&mut self, chunk: &Value) {
        for (name, value) in chunk.as_object().into_iter().flatten() {
            match name.as_str() {
                "choices" => {}
                "usage" if value.as_object().is_some_and(|usage| !usage.is_empty()) => self.usage = Some(value.clone()),
                "usage" => {}
                _ if value.is_null() => {}
                _ => drop(self.head.entry(name).or_insert_with(|| value.clone())),
            }
        }
        list(chunk, "choices").iter().for_each(|choice| self.add_choice(choice));
    }

    fn add_choice(&mut self, choice: &Value) {
        let index = choice.get("index").and_then(Value::as_u64).unwrap_or(0);
        let position = self.choices.iter().position(|known| known.index == index).unwrap_or_else(|| {
            let (message, finish_reason) = (Map::new(), Value::Null);
            self.choices.push(Assembled { index, message, finish_reason, logprobs: None });
            self.choices.len() - 1
        });
        let known = &mut self.choices[position];
        if let Some(delta) = choice.get("delta").and_then(Value::as_object) {
            delta.iter().for_each(|(name, value)| merge(&mut known.message, name, value));
        } else if let Some(message) = choice.get("message").and_then(Value::as_object) {
            known.message.clone_from(message);
        }
        if let Some(reason) = choice.get("finish_reason").filter(|reason| !matches!(reason.as_str(), None | Some(""))) {
            known.finish_reason = reason.clone();
        }
        if let Some(logprobs) = choice.get("logprobs").and_then(Value::as_object) {
            let all = known.logprobs.get_or_insert_with(|| json!({}));
            if let Some(all) = all.as_object_mut() {
                logprobs.iter().for_each(|(name, value)| merge(all, name, value));
            }
        }
    }

    /// The whole answer.
    pub fn finish(mut self, identity: Identity<'_>) -> Value {
        self.choices.sort_by_key(|choice| choice.index);
        let mut whole = head(&Value::Object(self.head), identity, "chat.completion");
        let choices: Vec<Value> = self.choices.into_iter().map(Assembled::finish).collect();
        whole.insert("choices".into(), choices.into());
        if let Some(usage) = self.usage {
            whole.insert("usage".into(), usage);
        }
        Value::Object(whole)
    }
}

impl Assembled {
    fn finish(mut self) -> Value {
        self.message.entry("role").or_insert_with(|| "assistant".into());
        let has_calls = self.message.contains_key("tool_calls");
        let content = self.message.entry("content").or_insert(Value::Null);
        if has_calls && content.as_str() == Some("") {
            *content = Value::Null;
        }
        for call in self.message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(call) = call.as_object_mut() {
                call.remove("index");
                call.entry("type").or_insert_with(|| "function".into());
            }
        }
        json!({
            "index": self.index,
            "message": self.message,
            "finish_reason": self.finish_reason,
            "logprobs": self.logprobs,
        })
    }
}

/// Fields whose pieces are put together; of every other text the first one stays.
const GROWING: [&str; 8] =
    ["content", "refusal", "reasoning_content", "reasoning", "thinking", "arguments", "data", "transcript"];

/// Adds the piece of a field to what came before.
fn merge(all: &mut Map<String, Value>, name: &str, piece: &Value) {
    let Some(before) = all.get_mut(name).filter(|before| !before.is_null()) else {
        match piece {
            Value::Null => {}
            Value::Array(calls) if name == "tool_calls" => {
                let list = all.entry(name).or_insert_with(|| json!([]));
                *list = json!([]);
                add_calls(list, calls);
            }
            _ => drop(all.insert(name.to_owned(), piece.clone())),
        }
        return;
    };
    match (before, piece) {
        (Value::String(before), Value::String(piece)) if GROWING.contains(&name) || before.is_empty() => {
            before.push_str(piece);
        }
        (before @ Value::Array(_), Value::Array(calls)) if name == "tool_calls" => add_calls(before, calls),
        (Value::Array(before), Value::Array(piece)) => before.extend(piece.iter().cloned()),
        (Value::Object(before), Value::Object(piece)) => {
            piece.iter().for_each(|(name, value)| merge(before, name, value));
        }
        _ => {}
    }
}

/// Adds fragments of tool calls, which belong together by `index`. Some servers number every call 0 and send each one whole: a
/// fragment with another id begins another call.
fn add_calls(list: &mut Value, fragments: &[Value]) {
    let Some(list) = list.as_array_mut() else { return };
    for (position, fragment) in fragments.iter().enumerate() {
        let Some(fragment) = fragment.as_object() else { continue };
        let index = fragment.get("index").and_then(Value::as_u64).unwrap_or(position as u64);
        let id = fragment.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let same = |call: &&mut Value| {
            let known = call.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
            call.get("index").and_then(Value::as_u64) == Some(index) && (id.is_none() || known.is_none() || known == id)
        };
        match list.iter_mut().rev().find(same).and_then(Value::as_object_mut) {
            Some(call) => fragment.iter().for_each(|(name, value)| merge(call, name, value)),
            None => {
                let mut call = fragment.clone();
                call.insert("index".into(), index.into());
                list.push(call.into());
            }
        }
    }
}

/// The fields of an answer outside of `choices` and `usage`.
fn head(answer: &Value, identity: Identity<'_>, object: &str) -> Map<String, Value> {
    let mut head = answer.as_object().cloned().unwrap_or_default();
    head.retain(|name, _| !matches!(name.as_str(), "choices" | "usage"));
    if head.get("id").and_then(Value::as_str).is_none_or(str::is_empty) {
        head.insert("id".into(), format!("chatcmpl-{}", identity.id).into());
    }
    if !head.get("created").is_some_and(Value::is_number) {
        head.insert("created".into(), identity.created.into());
    }
    head.insert("object".into(), object.into());
    head.insert("model".into(), identity.model.into());
    head
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity<'static> = Identity { id: "7", created: 5, model: "pub/m" };

    fn events(whole: &Value, include_usage: bool) -> Vec<Value> {
        let bytes = String::from_utf8(chunks_of(whole, IDENTITY, include_usage)).expect("text");
        let (last, events) = (bytes.rfind("data: [DONE]\n\n").expect("an end"), &bytes);
        events[..last]
            .split_terminator("\n\n")
            .map(|event| serde_json::from_str(event.strip_prefix("data: ").expect("data")).expect("json"))
            .collect()
    }

    fn call(id: &str, arguments: &str) -> Value {
        json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}})
    }

    #[test]
    fn a_whole_answer_becomes_a_stream_with_role_content_reason_and_counts() {
        let whole = json!({
            "id": "x", "object": "chat.completion", "model": "up/m", "system_fingerprint": "fp",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris", "refusal": null}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 1},
        });
        let sent = events(&whole, true);
        assert_eq!(sent.len(), 4);
        for chunk in &sent {
            assert_eq!(
                (&chunk["id"], &chunk["object"], &chunk["model"]),
                (&json!("x"), &json!("chat.completion.chunk"), &json!("pub/m"))
            );
            assert_eq!((&chunk["created"], &chunk["system_fingerprint"]), (&json!(5), &json!("fp")));
        }
        assert_eq!(sent[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
        assert_eq!(sent[1]["choices"][0]["delta"], json!({"content": "Paris"}));
        assert_eq!(sent[2]["choices"][0], json!({"index": 0, "delta": {}, "finish_reason": "stop"}));
        assert_eq!((&sent[3]["choices"], &sent[3]["usage"]["prompt_tokens"]), (&json!([]), &json!(3)));
        assert_eq!(events(&whole, false).len(), 3);
    }

    #[test]
    fn tool_calls_get_their_numbers_and_lose_them_again() {
        let message =
            json!({"role": "assistant", "content": null, "tool_calls": [call("a", "{}"), call("b", "{\"x\":1}")]});
        let whole = json!({"id": "x", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]});
        let sent = events(&whole, false);
        let calls = &sent[1]["choices"][0]["delta"]["tool_calls"];
        assert_eq!((&calls[0]["index"], &calls[1]["index"], &calls[1]["id"]), (&json!(0), &json!(1), &json!("b")));

        let mut assembler = Assembler::default();
        sent.iter().for_each(|chunk| assembler.add(chunk));
        let again = assembler.finish(IDENTITY);
        assert_eq!(again["choices"][0]["message"], message);
        assert_eq!(again["choices"][0]["finish_reason"], "tool_calls");
    }

    #[test]
    fn a_stream_becomes_a_whole_answer_with_fragments_joined_by_their_numbers() {
        let delta = |delta: Value| json!({"id": "x", "model": "up", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]});
        let fragment = |index: u64, id: Option<&str>, arguments: &str| json!({"tool_calls": [{"index": index, "id": id, "function": {"name": id.map(|_| "f"), "arguments": arguments}}]});
        let mut assembler = Assembler::default();
        for chunk in [
            delta(json!({"role": "assistant", "content": ""})),
            delta(json!({"content": "Pa", "reasoning_content": "H"})),
            delta(json!({"content": "ris", "reasoning_content": "m"})),
            delta(fragment(0, Some("a"), "{\"x\"")),
            delta(fragment(1, Some("b"), "{")),
            delta(fragment(0, None, ":1}")),
            delta(fragment(1, None, "}")),
            json!({"choices": [{"index": 1, "delta": {"content": "two"}, "finish_reason": "stop"}]}),
            json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
            json!({"choices": [], "usage": {"prompt_tokens": 3}}),
            json!({"choices": [], "usage": {}}),
        ] {
            assembler.add(&chunk);
        }
        let whole = assembler.finish(IDENTITY);
        assert_eq!((&whole["object"], &whole["model"]), (&json!("chat.completion"), &json!("pub/m")));
        let message = &whole["choices"][0]["message"];
        assert_eq!((&message["content"], &message["reasoning_content"]), (&json!("Paris"), &json!("Hm")));
        assert_eq!(message["tool_calls"], json!([call("a", "{\"x\":1}"), call("b", "{}")]));
        assert_eq!(whole["choices"][1]["message"], json!({"role": "assistant", "content": "two"}));
        assert_eq!(whole["usage"], json!({"prompt_tokens": 3}));
    }

    #[test]
    fn calls_that_are_all_numbered_0_are_told_apart_by_their_ids() {
        let mut assembler = Assembler::default();
        for id in ["a", "b"] {
            let mut fragment = call(id, "{}");
            fragment["index"] = json!(0);
            assembler.add(&json!({"choices": [{"index": 0, "delta": {"tool_calls": [fragment]}}]}));
        }
        assert_eq!(
            assembler.finish(IDENTITY)["choices"][0]["message"]["tool_calls"],
            json!([call("a", "{}"), call("b", "{}")])
        );
    }
}
