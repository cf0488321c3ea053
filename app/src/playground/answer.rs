//! An answer on the page: append-only blocks of text.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, Text};

use super::text::{block_end, blocks, is_full};

/// Appends text to the last block of an answer, starting a new block if that is full.
pub(super) fn append(answer: &HtmlElement, mut text: &str) {
    while !text.is_empty() {
        let last = answer.last_element_child().and_then(|block| block.last_child()?.dyn_into::<Text>().ok());
        let last = last.filter(|last| {
            let length = last.length();
            !is_full(length as usize, || length > 0 && last.substring_data(length - 1, 1).is_ok_and(|end| end == "\n"))
        });
        let length = last.as_ref().map_or(0, |last| last.length() as usize);
        let (piece, rest) = text.split_at(block_end(length, text).unwrap_or(text.len()));
        match last {
            // Appending to a text node cannot fail.
            Some(last) => _ = last.append_data(piece),
            None => append_block(answer, piece),
        }
        text = rest;
    }
}

/// Replaces the text of the answer.
pub(super) fn rewrite(answer: &HtmlElement, text: &str) {
    answer.set_text_content(None);
    for block in blocks(text) {
        append_block(answer, block);
    }
}

fn append_block(answer: &HtmlElement, text: &str) {
    if let Ok(block) = document().create_element("div") {
        block.set_text_content(Some(text));
        // A new element can be appended to any parent.
        _ = answer.append_child(&block);
    }
}
