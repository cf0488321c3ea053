//! Untrusted text.

/// Whether a character can make text look different from what it is: control characters, direction marks (bidirectional
/// overrides), invisible characters, and line separators.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a character has no place in a name, which must not look like another one: those that are deceptive, and the joiners
/// that some scripts need between letters but that nobody sees.
pub fn is_unfit_for_names(c: char) -> bool {
    is_deceptive(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::{is_deceptive, is_unfit_for_names};

    #[test]
    fn what_turns_or_hides_text_is_told_from_what_writing_needs() {
        assert!("\u{0}\n\u{9b}\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{e0041}".chars().all(is_deceptive));
        // Except the zero-width joiners, which emoji and some scripts need.
        let joined = "aä 漢عא👩\u{200d}💻\u{200c}";
        assert!(!joined.chars().any(is_deceptive));
        assert_eq!(joined.chars().filter(|c| is_unfit_for_names(*c)).count(), 2);
    }
}
