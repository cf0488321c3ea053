//! Any bytes, in any pieces, through the reader of chat streams: no panic, the same answer however they are cut, and no secret
//! in what comes out.

#![no_main]

use libfuzzer_sys::fuzz_target;
use upstream::{
    SseReader,
    completion::{Assembler, Identity, Item, OutputKind, Progress, Secrets, TextRedactor, chunks_of},
};

const LIMIT: usize = 64 * 1024;
const KEY: &str = "sk-secret-1234";

/// What a reader makes of an answer.
#[derive(Debug, PartialEq)]
struct Read {
    text: String,
    counts: (Option<u64>, Option<u64>),
    finish_reason: Option<String>,
    is_done: bool,
    is_damaged: bool,
    is_too_large: bool,
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Read {
    let secrets = Secrets::new([KEY]);
    let (mut reader, mut progress) = (SseReader::new(LIMIT), Progress::default());
    let (mut redactor, mut assembler) = (TextRedactor::default(), Assembler::default());
    let (mut text, mut events, mut is_too_large) = (String::new(), Vec::new(), false);
    for piece in pieces {
        if reader.push(piece, &mut events).is_err() {
            is_too_large = true;
            break;
        }
    }
    if !is_too_large {
        reader.finish(&mut events);
    }
    for event in &events {
        match Item::read(&event.data) {
            Item::Done => progress.is_done = true,
            Item::Broken => progress.is_damaged = true,
            Item::Chunk(chunk) => {
                progress.add(&chunk);
                assembler.add(&serde_json::from_str(&event.data).unwrap_or_default());
                let outputs = chunk.choices.iter().flat_map(|choice| &choice.outputs);
                for output in outputs.filter(|output| output.kind == OutputKind::Text) {
                    text.push_str(&redactor.push(&secrets, &output.text()));
                }
            }
            Item::Error(_) | Item::Noise => {}
        }
    }
    text.push_str(&redactor.finish());
    assert!(!text.contains(KEY));
    let identity = Identity { id: "1", created: 0, model: "m" };
    let whole = assembler.finish(identity);
    let again = chunks_of(&whole, identity, true);
    assert!(again.ends_with(b"data: [DONE]\n\n"));
    let _ = progress.ending(1);
    Read {
        text,
        counts: (progress.counts.input, progress.counts.output),
        finish_reason: progress.finish_reason,
        is_done: progress.is_done,
        is_damaged: progress.is_damaged,
        is_too_large,
    }
}

fuzz_target!(|input: (usize, &[u8])| {
    let (size, wire) = input;
    let whole = read(std::iter::once(wire));
    let cut = read(wire.chunks(size % 64 + 1));
    // Where an event is too large, how much came before it depends on the pieces.
    if !whole.is_too_large && !cut.is_too_large {
        assert_eq!(whole, cut);
    }
});
