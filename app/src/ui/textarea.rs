//! What stands in a field of several lines.

/// Text as the content of a `textarea`, which is not escaped on the way to the document. The line break in front is the
/// one that the document drops.
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
