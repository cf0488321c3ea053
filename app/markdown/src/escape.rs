//! Escaping text for HTML.

/// Escapes text for an element or a double-quoted attribute. Characters that change the writing direction, or that are
/// invisible, are made visible.
pub(super) fn push(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if is_hidden(c) => html.push_str(&format!("⟨U+{:04X}⟩", u32::from(c))),
            c => html.push(c),
        }
    }
}

/// Control characters, bidirectional formatting characters, and zero-width characters that can hide text. The joiners that
/// scripts and emoji need are kept.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{180e}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::push;

    #[test]
    fn text_stays_text_and_what_hides_is_shown() {
        let mut html = String::new();
        push(&mut html, "<a href=\"x\" b='y'>&amp;\u{202e}\u{200b}\u{e0041} ä 👩\u{200d}💻");
        assert_eq!(html, "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;⟨U+202E⟩⟨U+200B⟩⟨U+E0041⟩ ä 👩\u{200d}💻");
    }
}
