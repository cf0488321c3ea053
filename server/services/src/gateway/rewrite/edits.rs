//! Edits in the text of one chunk, everything around them kept byte for byte.

use std::{borrow::Cow, ops::Range};

use upstream::{
    RawEvent,
    completion::{Chunk, Slot},
};

use super::super::fields::write_string;

/// A range of a text, and what replaces it; an empty range for an insertion.
type Edit = (Range<usize>, Cow<'static, [u8]>);

/// What a client that checks types needs in a chunk of a stream: the public name of the model, a list of choices, and a delta
/// in each of them.
pub(super) fn edits(text: &str, chunk: &Chunk<'_>, public_name: &str) -> Vec<Edit> {
    let mut all: Vec<Edit> = name_edit(text, chunk, public_name).into_iter().collect();
    all.extend(filled(&chunk.list, "\"choices\":[],", "[]"));
    all.extend(chunk.choices.iter().filter_map(|choice| filled(&choice.delta, "\"delta\":{},", "{}")));
    all.sort_by_key(|(range, _)| range.start);
    all
}

/// A whole answer with the public name of the model; `None` where nothing changes.
pub(in crate::gateway) fn edit_whole(text: &str, chunk: &Chunk<'_>, public_name: &str) -> Option<Vec<u8>> {
    let edit = name_edit(text, chunk, public_name)?;
    let mut out = Vec::with_capacity(text.len() + public_name.len());
    apply(text.as_bytes(), &[edit], &mut out);
    Some(out)
}

fn name_edit(text: &str, chunk: &Chunk<'_>, public_name: &str) -> Option<Edit> {
    let mut name = Vec::new();
    write_string(public_name, &mut name);
    match &chunk.model {
        Slot::Set(range) if text.as_bytes()[range.clone()] == *name => None,
        Slot::Set(range) | Slot::Null(range) => Some((range.clone(), name.into())),
        Slot::Missing(at) => Some((*at..*at, [b"\"model\":".as_slice(), &name, b","].concat().into())),
    }
}

fn filled(slot: &Slot, field: &'static str, empty: &'static str) -> Option<Edit> {
    match slot {
        Slot::Set(_) => None,
        Slot::Null(range) => Some((range.clone(), empty.as_bytes().into())),
        Slot::Missing(at) => Some((*at..*at, field.as_bytes().into())),
    }
}

/// The bytes of an event with edits in its data.
pub(super) fn edited<'a>(event: &RawEvent<'a>, text: &str, edits: Vec<Edit>) -> Cow<'a, [u8]> {
    let block = event.bytes();
    if edits.is_empty() {
        return block.into();
    }
    let mut out = Vec::with_capacity(block.len() + 64);
    match event.data_lines() {
        // The usual case, one line of data.
        [line] if std::str::from_utf8(&block[line.clone()]).is_ok() => {
            out.extend_from_slice(&block[..line.start]);
            apply(&block[line.start..], &edits, &mut out);
        }
        _ => {
            let mut data = Vec::with_capacity(text.len() + 64);
            apply(text.as_bytes(), &edits, &mut data);
            for line in data.split(|byte| *byte == b'\n') {
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            out.push(b'\n');
        }
    }
    out.into()
}

fn apply(text: &[u8], edits: &[Edit], out: &mut Vec<u8>) {
    let mut at = 0;
    for (range, replacement) in edits {
        out.extend_from_slice(&text[at..range.start]);
        out.extend_from_slice(replacement);
        at = range.end;
    }
    out.extend_from_slice(&text[at..]);
}
