//! Money as it crosses the wire: decimal text, never a float.

use serde::{Deserialize, Serialize};

use super::number;

/// An amount of US dollars as plain decimal text, for example `0.000029`. Arithmetic happens on the server, in decimals;
/// the browser only shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Usd(pub String);

impl Usd {
    /// Nothing: what a playground run costs its member.
    pub fn zero() -> Self {
        Self("0".into())
    }

    /// With the dollar sign, without trailing zeros, but with at least two decimals where there are any: `$0.000029`,
    /// `$0.50`, `$0`.
    pub fn display(&self) -> String {
        let Some((whole, fraction)) = self.0.split_once('.') else {
            return format!("${}", self.0);
        };
        let fraction = fraction.trim_end_matches('0');
        match fraction.len() {
            0 => format!("${whole}"),
            1 => format!("${whole}.{fraction}0"),
            _ => format!("${whole}.{fraction}"),
        }
    }

    /// For ordering only (which of four is cheapest); never for sums. Not a number where the text is none or longer than
    /// prices are.
    pub fn approximate(&self) -> f64 {
        number::parse(&self.0).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::Usd;

    #[test]
    fn amounts_are_shown_without_needless_zeros() {
        let shown = |text: &str| Usd(text.into()).display();
        assert_eq!(shown("0"), "$0");
        assert_eq!(shown("0.000000"), "$0");
        assert_eq!(shown("0.500000"), "$0.50");
        assert_eq!(shown("0.000029"), "$0.000029");
        assert_eq!(shown("12.340"), "$12.34");
    }
}
