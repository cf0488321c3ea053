//! The four positions of a comparison. Each has a letter and a colour; the colour is never the only mark.

/// `A` to `D`.
pub fn letter(position: usize) -> &'static str {
    ["A", "B", "C", "D"].get(position).copied().unwrap_or("?")
}

/// The class that sets the position's colour as `--pos`.
pub fn position_class(position: usize) -> &'static str {
    ["pos-a", "pos-b", "pos-c", "pos-d"].get(position).copied().unwrap_or("")
}
