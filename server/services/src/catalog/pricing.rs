//! What a call costs at list price.

use rust_decimal::Decimal;

/// List prices in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prices {
    pub input: Option<Decimal>,
    pub output: Option<Decimal>,
}

impl Prices {
    /// What a call costs at list price; `None` where a price or a count is unknown.
    pub fn cost(&self, tokens_in: Option<u64>, tokens_out: Option<u64>) -> Option<Decimal> {
        let million = Decimal::from(1_000_000);
        let input = self.input? * Decimal::from(tokens_in?) / million;
        let output = self.output? * Decimal::from(tokens_out?) / million;
        Some((input + output).normalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_costs_its_tokens_at_list_price() {
        let prices = Prices { input: Some(Decimal::new(5, 1)), output: Some(Decimal::new(15, 1)) };
        // 31 tokens at $0.50 a million and 9 at $1.50: 0.0000155 + 0.0000135.
        assert_eq!(prices.cost(Some(31), Some(9)).map(|cost| cost.to_string()).as_deref(), Some("0.000029"));
    }

    #[test]
    fn a_cost_with_an_unknown_part_is_unknown() {
        let known = Some(Decimal::ONE);
        assert_eq!(Prices { input: known, output: None }.cost(Some(1), Some(1)), None);
        assert_eq!(Prices { input: known, output: known }.cost(Some(1), None), None);
    }
}
