//! The four positions of a comparison's cards.

/// The letter of a position (0 to 3): `A` to `D`.
pub fn letter(position: usize) -> &'static str {
    ["A", "B", "C", "D"].get(position).copied().unwrap_or("?")
}
