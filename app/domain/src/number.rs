//! Decimal numbers as users enter them. Not with the standard library's parsing and printing of floats: their tables would be
//! a tenth of the WebAssembly that a browser loads.

use super::format::decimal;

/// More digits than this cannot be told apart in binary anyway.
const DIGITS: usize = 15;

/// Reads `12`, `0.7`, `.5` or `1.`: at most 15 digits, no sign, no exponent. The result is the nearest binary number.
pub fn parse(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.len() + fraction.len();
    let is_number = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if digits == 0 || digits > DIGITS || !is_number {
        return None;
    }
    let scaled = whole.bytes().chain(fraction.bytes()).fold(0_u64, |sum, byte| sum * 10 + u64::from(byte - b'0'));
    // Both are exact in binary, so the quotient is the number nearest to the text.
    Some(scaled as f64 / power_of_ten(fraction.len()))
}

/// Writes a number that [`parse`] has read, in as few digits as it takes.
pub fn write(number: f64) -> String {
    let exact = |places: &usize| (number * power_of_ten(*places)).round() / power_of_ten(*places) == number;
    let places = (0..=DIGITS).find(exact).unwrap_or(DIGITS);
    decimal((number * power_of_ten(places)).round() as u64, places)
}

fn power_of_ten(exponent: usize) -> f64 {
    10_u64.pow(exponent as u32) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_type_is_read() {
        assert_eq!(parse("0.7"), Some(0.7));
        assert_eq!(parse(".5"), Some(0.5));
        assert_eq!(parse("1."), Some(1.0));
        assert_eq!(parse("2"), Some(2.0));
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for text in ["", ".", "-1", "+1", "1e3", "NaN", "inf", "1.2.3", "١", "0x1", "1 ", "1234567890123456"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_short_number_is_read_like_the_standard_library_reads_it_and_written_back(
            scaled in 0_u64..1_000_000_000, places in 0_usize..6
        ) {
            let text = decimal(scaled, places);
            let number = parse(&text).expect("a number");
            prop_assert_eq!(number, text.parse::<f64>().expect("a number"));
            prop_assert_eq!(write(number).parse::<f64>().expect("a number"), number);
            prop_assert!(write(number).len() <= text.len());
        }
    }
}
