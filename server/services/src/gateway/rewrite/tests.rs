use proptest::prelude::*;
use upstream::completion::{Ending, Secrets};

use super::*;

const KEY: &str = "sk-own-secret-0123456789";

fn rewriter(strips_usage: bool) -> Rewriter {
    Rewriter::new(RewriteSettings {
        id: "7".into(),
        created: 5,
        public_name: "pub/\"m\"".into(),
        strips_usage,
        expected_choices: 1,
        secrets: Secrets::new([KEY]),
    })
}

fn pass<'a>(strips_usage: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Rewriter, String) {
    let mut rewriter = rewriter(strips_usage);
    let mut out = Vec::new();
    for piece in pieces {
        rewriter.push(piece, &mut out).expect("goes on");
    }
    rewriter.finish(&mut out).expect("ends");
    let end = rewriter.take_end();
    out.extend(end);
    (rewriter, String::from_utf8_lossy(&out).into_owned())
}

/// The text of the first choice that a client reads.
fn content(wire: &str) -> String {
    let data = wire.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str::<Value>(data).expect("json"))
        .map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn delta(text: &str) -> String {
    let text = Value::from(text);
    format!(
        "data: {{\"model\":\"up\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text}}},\"finish_reason\":null}}]}}\n\n"
    )
}

const FINISH: &str = "data: {\"model\":\"up\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

const WIRE: &str = concat!(
    "\u{feff}: hi\r\n\r\n",
    "data: {\"model\" :\"up\",\"choices\":[{\"delta\":{\"content\":\"Grüße 😀\"}}],\"usage\":null}\n\n",
    "event: x\ndata:{\"choices\":[{\"delta\":{}, \"finish_reason\":\"stop\"}],\"model\":\"\"}\n\n",
    "data: {\"choices\":[],\ndata: \"model\":\"up\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\r\n\r\n",
    "data: [DONE]\n\n"
);

#[test]
fn only_the_models_name_changes() {
    let (rewriter, out) = pass(false, [WIRE.as_bytes()]);
    let name = "\"pub/\\\"m\\\"\"";
    let expected = WIRE
        .replacen("\"up\"", name, 2)
        .replace("}}\r\n\r\n", "}}\n\n")
        .replace("\"model\":\"\"", &format!("\"model\":{name}"));
    assert_eq!(out, expected);
    let progress = rewriter.progress();
    assert_eq!((progress.counts.input, progress.counts.output), (Some(3), Some(2)));
    assert!(progress.is_done && rewriter.is_complete() && progress.has_output());
}

#[test]
fn the_chunk_with_the_counts_is_taken_out_where_nobody_asked_for_it() {
    let (rewriter, out) = pass(true, [WIRE.as_bytes()]);
    assert!(!out.contains("prompt_tokens"), "{out}");
    assert!(out.ends_with("data: [DONE]\n\n"));
    assert_eq!(rewriter.progress().counts.output, Some(2));
    let with_text = "data: {\"model\":\"pub/\\\"m\\\"\",\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":1}}\n\n";
    assert_eq!(pass(true, [with_text.as_bytes()]).1, with_text);
}

#[test]
fn a_chunk_without_choices_delta_or_model_gets_empty_ones_and_the_public_name() {
    let wire = "data: {\"usage\":{\"prompt_tokens\":3}}\n\ndata: {\"choices\":null,\"usage\":{}}\n\ndata: {\"model\":null,\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"},{\"delta\":null}]}\n\n";
    let (_, out) = pass(false, [wire.as_bytes()]);
    let chunks: Vec<Value> = out
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).expect("json"))
        .collect();
    assert!(chunks.iter().all(|chunk| chunk["model"] == "pub/\"m\"" && chunk["choices"].is_array()), "{out}");
    assert_eq!(chunks[2]["choices"][0]["delta"], Value::Object(Default::default()));
    assert_eq!(chunks[2]["choices"][1]["delta"], Value::Object(Default::default()));
}

#[test]
fn a_whole_answer_within_a_stream_becomes_chunks() {
    let wire = "data: {\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3}}\n\ndata: [DONE]\n\n";
    let (rewriter, out) = pass(false, [wire.as_bytes()]);
    assert_eq!((content(&out).as_str(), rewriter.progress().ending(1)), ("Hi", Ending::Complete));
    assert_eq!((out.matches("[DONE]").count(), out.matches("prompt_tokens").count()), (1, 1));
    assert!(!pass(true, [wire.as_bytes()]).1.contains("prompt_tokens"));
}

#[test]
fn the_end_is_held_back_and_nothing_comes_after_it() {
    let mut rewriter = rewriter(true);
    let mut out = Vec::new();
    rewriter.push(b"data: a\n\ndata: [DONE]\n\ndata: b\n\n", &mut out).expect("goes on");
    assert_eq!(out, b"data: a\n\n");
    assert_eq!(rewriter.take_end(), b"data: [DONE]\n\n");
}

#[test]
fn every_single_cut_gives_the_same_bytes() {
    let whole = pass(true, [WIRE.as_bytes()]).1;
    for cut in 0..=WIRE.len() {
        let (head, tail) = WIRE.as_bytes().split_at(cut);
        assert_eq!(pass(true, [head, tail]).1, whole, "cut at {cut}");
    }
    assert_eq!(pass(true, WIRE.as_bytes().chunks(1)).1, whole, "cut at every byte");
}

#[test]
fn errors_stop_the_stream_and_a_cut_last_event_is_dropped() {
    for wire in ["data: {\"error\":{\"message\":\"x\"}}\n\n", "event: error\ndata: boom\n\n"] {
        let pushed = rewriter(true).push(wire.as_bytes(), &mut Vec::new());
        assert!(matches!(pushed, Err(StreamError::Reported(_))), "{wire}");
    }
    let (rewriter_, out) = pass(true, [b"data: {\"choices\":[{\"del".as_slice()]);
    assert_eq!((out.as_str(), rewriter_.is_complete()), ("", false));
    assert_eq!(pass(true, [b"data: [DONE]".as_slice()]).1, "data: [DONE]\n\n");
    let line = vec![b'x'; MAX_OBJECT + 1];
    assert_eq!(rewriter(true).push(&line, &mut Vec::new()), Err(StreamError::TooLarge));
}

#[test]
fn a_broken_chunk_among_good_ones_passes_and_the_answer_counts_as_damaged() {
    let wire =
        [delta("a"), "data: {\"choices\":[{\"delta\":{\"content\":\n\n".into(), delta("b"), FINISH.into()].concat();
    let (rewriter, out) = pass(false, [wire.as_bytes()]);
    assert_eq!(out, wire.replace("\"up\"", "\"pub/\\\"m\\\"\""));
    assert_eq!(rewriter.progress().ending(1), Ending::Damaged);
}

#[test]
fn a_picture_of_almost_two_megabytes_passes_unchanged() {
    let picture = "A".repeat(1_700_000);
    let wire = format!(
        "data: {{\"model\":\"pub/\\\"m\\\"\",\"choices\":[{{\"delta\":{{\"images\":[{{\"image_url\":{{\"url\":\"data:image/png;base64,{picture}\"}}}}]}}}}]}}\n\n"
    );
    let (rewriter, out) = pass(false, wire.as_bytes().chunks(64 * 1024));
    assert!(out == wire && rewriter.progress().has_output());
}

#[test]
fn the_upstreams_secret_is_replaced_wherever_it_is_cut() {
    let pieces =
        |pieces: &[&str]| pieces.iter().map(|piece| delta(piece)).chain([FINISH.to_owned()]).collect::<String>();
    let (_, out) = pass(false, [pieces(&[&format!("is {KEY}!")]).as_bytes()]);
    assert_eq!(content(&out), "is [redacted]!");
    for cut in 4..KEY.len() {
        let (head, tail) = KEY.split_at(cut);
        let (_, out) = pass(false, [pieces(&["is ", head, &format!("{tail}!")]).as_bytes()]);
        assert_eq!(content(&out), "is [redacted]!", "cut at {cut}");
    }
    let letters: Vec<String> = KEY.chars().map(String::from).collect();
    let (_, out) = pass(false, [pieces(&letters.iter().map(String::as_str).collect::<Vec<_>>()).as_bytes()]);
    assert_eq!(content(&out), "sk-[redacted]", "three letters pass before they can be told from a word");
}

#[test]
fn what_only_begins_like_the_secret_arrives_whole() {
    let wire =
        [delta("is sk-own"), delta("er"), delta(" sk-own"), FINISH.to_owned(), "data: [DONE]\n\n".into()].concat();
    let (_, out) = pass(false, [wire.as_bytes()]);
    assert_eq!(content(&out), "is sk-owner sk-own");
    assert!(out.rfind("sk-own").expect("text") < out.find("\"stop\"").expect("an end"), "{out}");
}

#[test]
fn a_secret_in_the_arguments_of_a_tool_is_replaced_too() {
    let fragment = |arguments: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":1,\"function\":{{\"arguments\":{}}}}}]}}}}]}}\n\n",
            Value::from(arguments)
        )
    };
    let (head, tail) = KEY.split_at(10);
    let (_, out) =
        pass(false, [[fragment(&format!("{{\"k\":\"{head}")), fragment(&format!("{tail}\"}}"))].concat().as_bytes()]);
    assert!(!out.contains(&tail[2..]) && out.contains("[redacted]"), "{out}");
}

proptest! {
    #[test]
    fn what_is_no_completion_passes_byte_for_byte(
        wire in prop::collection::vec(prop_oneof![
            3 => prop::sample::select(b"\n\r: ".to_vec()),
            2 => prop::sample::select(b"data:id".to_vec()),
            1 => any::<u8>().prop_filter("no object", |byte| *byte != b'{' && *byte != b'['),
        ], 0..200),
        size in 1_usize..20,
    ) {
        let mut rewriter = rewriter(true);
        let mut out = Vec::new();
        for piece in wire.chunks(size) {
            rewriter.push(piece, &mut out).expect("goes on");
        }
        // What no blank line follows is still in the splitter.
        prop_assert!(wire.starts_with(&out), "{out:?}");
    }
}
