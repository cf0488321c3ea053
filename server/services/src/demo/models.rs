//! The four simulated models.

use std::time::Duration;

use rust_decimal::Decimal;

/// A simulated model as the catalogue registers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoModel {
    /// Both the public name and the upstream's own name.
    pub name: &'static str,
    pub family: &'static str,
    /// In tokens.
    pub context_window: u32,
    pub input_price_per_million_usd: Decimal,
    pub output_price_per_million_usd: Decimal,
    pub(super) manner: Manner,
    pub(super) pace: Pace,
}

/// How a model writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Terse,
    Thorough,
    Lyrical,
    Deliberate,
}

/// How fast a model writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Before the first token of any kind.
    pub(super) first: Duration,
    /// Between two tokens.
    pub(super) each: Duration,
}

/// The four, fastest first.
pub fn models() -> Vec<DemoModel> {
    let model = |name, family, context_window, prices: (i64, i64), manner, first, each| DemoModel {
        name,
        family,
        context_window,
        input_price_per_million_usd: Decimal::new(prices.0, 2),
        output_price_per_million_usd: Decimal::new(prices.1, 2),
        manner,
        pace: Pace { first: Duration::from_millis(first), each: Duration::from_millis(each) },
    };
    vec![
        model("demo/swift", "Demo Swift", 32_768, (5, 20), Manner::Terse, 120, 6),
        model("demo/poet", "Demo Poet", 16_384, (40, 160), Manner::Lyrical, 300, 16),
        model("demo/thinker", "Demo Thinker", 131_072, (110, 440), Manner::Deliberate, 700, 14),
        model("demo/sage", "Demo Sage", 200_000, (300, 1500), Manner::Thorough, 480, 22),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_four_differ_in_everything_that_is_compared() {
        let models = models();
        assert_eq!(models.iter().map(|model| model.name).collect::<HashSet<_>>().len(), 4);
        assert_eq!(models.iter().map(|model| model.pace.each).collect::<HashSet<_>>().len(), 4);
        assert_eq!(models.iter().map(|model| model.context_window).collect::<HashSet<_>>().len(), 4);
        assert_eq!(models.iter().map(|model| model.output_price_per_million_usd).collect::<HashSet<_>>().len(), 4);
    }
}
