//! A delivery taken apart: an array, one object, or one object on each line. What is broken does not take the rest along.

use serde_json::{Deserializer, value::RawValue};

use super::payload::Payload;

/// What a body holds.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub entries: Vec<Payload>,
    /// Lines and elements that are no JSON objects.
    pub unreadable: usize,
}

impl Batch {
    /// Reads a body to its end. Every byte is looked at a few times at most, however broken it is.
    pub(super) fn read(body: &[u8]) -> Self {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let mut batch = Self::default();
        let mut items = Deserializer::from_slice(body).into_iter::<&RawValue>();
        while let Some(Ok(item)) = items.next() {
            batch.take(item.get());
        }
        // Where nothing was wrong, this is the end.
        batch.take_broken(&body[items.byte_offset()..]);
        batch
    }

    /// Takes an object, or an array of them.
    fn take(&mut self, item: &str) {
        if !item.starts_with('[') {
            return self.take_entry(item);
        }
        let elements: Vec<&RawValue> = serde_json::from_str(item).unwrap_or_default();
        elements.into_iter().for_each(|element| self.take_entry(element.get()));
    }

    fn take_entry(&mut self, entry: &str) {
        match Payload::read(entry) {
            Some(entry) => self.entries.push(entry),
            None => self.unreadable += 1,
        }
    }

    /// Takes what begins with a broken item: an array by its elements, anything else by its lines.
    fn take_broken(&mut self, rest: &[u8]) {
        let rest = rest.trim_ascii_start();
        let lines = match rest.strip_prefix(b"[") {
            Some(elements) => self.take_elements(elements),
            None => rest,
        };
        lines.split(|byte| *byte == b'\n').filter(|line| begins_item(line)).for_each(|line| self.take_piece(line));
    }

    /// Takes the elements of an array one by one, and returns what follows its end.
    fn take_elements<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let (mut start, mut depth) = (0, 0_usize);
        let mut strings = Strings::default();
        for (position, byte) in text.iter().enumerate() {
            if strings.are_open_after(*byte) {
                continue;
            }
            match byte {
                b'{' | b'[' => depth += 1,
                b',' if depth == 0 => {
                    self.take_piece(&text[start..position]);
                    start = position + 1;
                }
                b']' if depth == 0 => {
                    self.take_piece(&text[start..position]);
                    return &text[position + 1..];
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        self.take_piece(&text[start..]);
        &[]
    }

    /// Takes one line or one element, which may be broken.
    fn take_piece(&mut self, piece: &[u8]) {
        let piece = piece.trim_ascii();
        if piece.is_empty() {
            return;
        }
        let items = |text: &[u8]| {
            let items: Result<Vec<&RawValue>, _> = Deserializer::from_slice(text).into_iter().collect();
            Some(items.ok()?.into_iter().map(|item| item.get().to_owned()).collect::<Vec<_>>())
        };
        match items(piece).or_else(|| items(&without_nan(piece))) {
            Some(found) => found.iter().for_each(|item| self.take(item)),
            None => self.unreadable += 1,
        }
    }
}

/// Whether a line may be the first of an item, and not a further one of an object that is written on several lines.
fn begins_item(line: &[u8]) -> bool {
    line.first().is_some_and(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'}' | b']' | b'"' | b','))
}

/// Where the strings are in a JSON text, byte by byte.
#[derive(Default)]
struct Strings {
    is_open: bool,
    is_escaped: bool,
}

impl Strings {
    /// Whether the text is inside a string after this byte, or at its end.
    fn are_open_after(&mut self, byte: u8) -> bool {
        let was_open = self.is_open;
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = self.is_open,
            b'"' => self.is_open = !self.is_open,
            _ => {}
        }
        was_open || self.is_open
    }
}

/// The text with `null` for `NaN`, `Infinity` and `-Infinity`, which Python writes and which are no JSON.
fn without_nan(text: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(text.len());
    let mut strings = Strings::default();
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let word = match strings.are_open_after(*byte) {
            true => None,
            false => [&b"-Infinity"[..], b"Infinity", b"NaN"].into_iter().find(|word| rest.starts_with(word)),
        };
        match word {
            Some(word) => {
                written.extend_from_slice(b"null");
                rest = &rest[word.len()..];
            }
            None => {
                written.push(*byte);
                rest = after;
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(body: impl AsRef<[u8]>) -> (Vec<String>, usize) {
        let batch = Batch::read(body.as_ref());
        (batch.entries.into_iter().map(|entry| entry.id.unwrap_or_default()).collect(), batch.unreadable)
    }

    fn all(ids: &[&str], unreadable: usize) -> (Vec<String>, usize) {
        (ids.iter().map(|id| (*id).to_owned()).collect(), unreadable)
    }

    #[test]
    fn all_three_formats_are_read() {
        assert_eq!(ids(r#"[{"id":"a"},{"id":"b"}]"#), all(&["a", "b"], 0));
        assert_eq!(ids("{\"id\":\"a\"}\r\n{\"id\":\"b\"}\r\n"), all(&["a", "b"], 0));
        assert_eq!(ids("{\n  \"id\": \"a\"\n}\n{\"id\":\"b\"}{\"id\":\"c\"}"), all(&["a", "b", "c"], 0));
        assert_eq!(ids("\u{feff} {\"id\":\"a\"} "), all(&["a"], 0));
        assert_eq!(ids("[{\"id\":\"a\"}]\n[{\"id\":\"b\"}]"), all(&["a", "b"], 0));
        assert_eq!((ids("[]"), ids("")), (all(&[], 0), all(&[], 0)));
    }

    #[test]
    fn good_lines_after_a_bad_one_count_and_what_was_lost_is_counted_truly() {
        let (a, b) = ("{\"id\":\"a\"}", "{\"id\":\"b\"}");
        for bad in [
            "garbage",
            "{\"id\":",
            "{\"id\":\"c\"",
            "{\"id\":\"c",
            "{\"id\":\"c\",\"x\":[",
            "{\"id\":\"c\",\"x\":{",
            "{'id':'c'}",
            "{\"id\":\"c\",}",
            "7",
            "\u{0}",
        ] {
            assert_eq!(ids(format!("{a}\n{bad}\n{b}\n")), all(&["a", "b"], 1), "{bad}");
            assert_eq!(ids(format!("{bad}\n{a}\n{b}\n{bad}")), all(&["a", "b"], 2), "{bad}");
            assert_eq!(ids(format!("{a}\n{bad}\n{bad}\n{b}")), all(&["a", "b"], 2), "{bad}");
        }
        let mut bytes = format!("{a}\n").into_bytes();
        bytes.extend_from_slice(b"{\"id\":\"\xff\"}\n");
        bytes.extend_from_slice(b.as_bytes());
        assert_eq!(ids(bytes), all(&["a", "b"], 1));
        assert_eq!(ids("{\n  \"id\": \"a\",\n  \"x\":\n}\n{\"id\":\"b\"}"), all(&["b"], 1), "one object on four lines");
    }

    #[test]
    fn good_elements_beside_a_bad_one_count() {
        assert_eq!(ids(r#"[{"id":"a"},7,null,[],{"id":"b"}]"#), all(&["a", "b"], 3));
        assert_eq!(ids(r#"[{"id":"a"},{"id":x},{"id":"b","y":["],",{}]}]"#), all(&["a", "b"], 1));
        assert_eq!(ids(r#"[{"id":"a"},{"id":"b"},{"id":"c","#), all(&["a", "b"], 1));
        assert_eq!(ids("[{\"id\":\"a\"},oops]\n{\"id\":\"b\"}"), all(&["a", "b"], 1));
    }

    #[test]
    fn numbers_that_only_python_writes_are_unknown_and_no_reason_to_lose_the_entry() {
        let odd = r#"{"id":"a","response_cost":NaN,"x":[Infinity,-Infinity],"y":"NaN \" Infinity"}"#;
        assert_eq!(ids(format!("[{odd},{{\"id\":\"b\"}}]")), all(&["a", "b"], 0));
        assert_eq!(ids(format!("{odd}\n{{\"id\":\"b\"}}")), all(&["a", "b"], 0));
        assert_eq!(String::from_utf8_lossy(&without_nan(br#"["NaN",NaN]"#)), r#"["NaN",null]"#);
    }

    #[test]
    fn a_body_of_nothing_but_brackets_is_read_in_time() {
        let body = "[\n".repeat(500_000);
        let began = std::time::Instant::now();
        let (entries, unreadable) = ids(&body);
        assert!(entries.is_empty() && unreadable > 0);
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    }
}
