//! Text from outside.

/// Characters that no name needs and that deceive who reads it: controls, those that turn the direction of writing, those
/// that are not seen, and those that end a line.
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
        // Joiners hold emoji and some scripts together.
        assert!(!"aä 漢عא👩\u{200d}💻\u{200c}".chars().any(is_deceptive));
    }
}
