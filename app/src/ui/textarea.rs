//! The content of a `textarea`.

/// Text as the content of a `textarea`, which Leptos does not escape. HTML parsers drop one line break at the start of a
/// `textarea`, so one is added.
pub fn textarea_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 1);
    escaped.push('\n');
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_field() {
        assert_eq!(textarea_text("</textarea><script>&lt;"), "\n&lt;/textarea>&lt;script>&amp;lt;");
    }
}
