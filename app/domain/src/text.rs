//! Untrusted text.

/// Whether a character can make text look different from what it is: control characters, direction marks (bidirectional
/// overrides), invisible characters, and line separators.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::is_deceptive;

    #[test]
    fn what_turns_or_hides_text_is_told_from_what_writing_needs() {
        assert!("\u{0}\n\u{9b}\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{e0041}".chars().all(is_deceptive));
        // Except the zero-width joiners, which emoji and some scripts need.
        assert!(!"aä 漢عא👩\u{200d}💻\u{200c}".chars().any(is_deceptive));
    }
}
