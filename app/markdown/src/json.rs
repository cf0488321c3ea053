//! Answers that consist of JSON.

use serde::de::IgnoredAny;

use super::code;

/// The HTML of an answer that is one JSON value, marked as valid or invalid; `None` if it does not look like JSON.
pub(super) fn find(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let fenced = trimmed.strip_prefix("```json").and_then(|rest| rest.strip_suffix("```")).map(str::trim);
    let body = fenced.unwrap_or(trimmed);
    let is_meant = body.starts_with('{') && body.ends_with('}') || body.starts_with('[') && body.ends_with(']');
    if !is_meant || body.contains("```") || body.starts_with("[[") && !body.contains(',') {
        return None;
    }
    let (mark, shown) = match serde_json::from_str::<IgnoredAny>(body) {
        Ok(_) => ("<p class=\"json-mark is-valid\">Valid JSON</p>", indented(body)),
        // Only an answer declared as JSON is marked as invalid: `[1] is a footnote` is not.
        Err(_) if fenced.is_some() || body.starts_with("{\"") || body.starts_with("{\n") => {
            ("<p class=\"json-mark is-invalid\">Not valid JSON</p>", body.to_owned())
        }
        Err(_) => return None,
    };
    let mut html = mark.to_owned();
    code::push(&mut html, "json", &shown);
    Some(html)
}

/// Indents valid JSON; strings and numbers keep their spelling.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    let mut rest = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        // Beyond this depth the output would be mostly indentation.
        out.push_str(&"  ".repeat(depth.min(20)));
    };
    while let Some(c) = rest.next() {
        if is_text {
            out.push(c);
            is_text = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                is_text = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while rest.next_if(|next| next.is_whitespace()).is_some() {}
                if let Some(end) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_without_changing_what_it_says() {
        let json = r#"{"b": [1,2.50e3, {}], "a":"x, {\"y\"}: \\","c":[ ]}"#;
        assert_eq!(
            indented(json),
            "{\n  \"b\": [\n    1,\n    2.50e3,\n    {}\n  ],\n  \"a\": \"x, {\\\"y\\\"}: \\\\\",\n  \"c\": []\n}"
        );
    }

    #[test]
    fn only_what_means_to_be_json_is_marked() {
        let mark = |text: &str| find(text).map(|html| html.contains("is-valid"));
        assert_eq!(mark("{\"a\": 1}"), Some(true));
        assert_eq!(mark(" ```json\n[1, 2]\n``` "), Some(true));
        assert_eq!(mark("{\"a\": 1,}"), Some(false));
        assert_eq!(mark("Here: {\"a\": 1}"), None);
        assert_eq!(mark("[see] there [1]"), None);
        assert_eq!(mark("```json\n{}\n```\nand\n```json\n{}\n```"), None);
    }
}
