//! An answer on the page: blocks of text that are only ever added to.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, Text};

use super::text::{block_end, blocks, is_full};

/// Appends text to the last block of an answer, and begins another one where that is full.
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
            // Appending at the end of a text cannot fail.
            Some(last) => _ = last.append_data(piece),
            None => append_block(answer, piece),
        }
        text = rest;
    }
}

/// Puts another text in the answer's place.
pub(super) fn rewrite(answer: &HtmlElement, text: &str) {
    answer.set_text_content(None);
    for block in blocks(text) {
        append_block(answer, block);
    }
}

fn append_block(answer: &HtmlElement, text: &str) {
    if let Ok(block) = document().create_element("div") {
        block.set_text_content(Some(text));
        // An element that was just made can be appended anywhere.
        _ = answer.append_child(&block);
    }
}
