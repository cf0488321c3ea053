//! Splits a long answer into blocks. Browsers lay out a whole block again whenever text is appended to it, so streaming
//! stays cheap only if blocks stay short.

/// Bytes after which a block ends at the next line break.
const BLOCK: usize = 2_000;

/// Where a block of `length` bytes ends within `text`: after a line break, or not yet.
pub(super) fn block_end(length: usize, text: &str) -> Option<usize> {
    let from = text.floor_char_boundary(BLOCK.saturating_sub(length));
    text[from..].find('\n').map(|at| from + at + 1)
}

/// Whether a block is full.
pub(super) fn is_full(length: usize, ends_with_break: impl FnOnce() -> bool) -> bool {
    length >= BLOCK && ends_with_break()
}

/// Splits a whole answer into blocks.
pub(super) fn blocks(mut text: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    while !text.is_empty() {
        let (block, rest) = text.split_at(block_end(0, text).unwrap_or(text.len()));
        blocks.push(block);
        text = rest;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_at_the_first_line_break_after_it_is_long_enough() {
        let line = "é".repeat(400) + "\n";
        let text = line.repeat(7);
        let blocks = blocks(&text);
        assert_eq!(blocks.concat(), text);
        assert_eq!(blocks.iter().map(|block| block.matches('\n').count()).collect::<Vec<_>>(), [3, 3, 1]);
    }

    #[test]
    fn a_line_without_end_stays_one_block() {
        assert_eq!(blocks(&"x".repeat(9_000)).len(), 1);
        assert_eq!(blocks(""), [""; 0]);
        assert_eq!(block_end(1_999, "ab"), None);
        assert_eq!(block_end(1_999, "a\nb"), Some(2));
    }
}
