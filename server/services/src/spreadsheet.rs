//! CSV files (RFC 4180) that are safe to open in a spreadsheet.

use std::{borrow::Cow, fmt::Display};

use csv::{QuoteStyle, Terminator, WriterBuilder};
use foundation::error::Error;

/// A table as CSV with CRLF line ends. The column names are never quoted; `style` says which fields of the rows are.
///
/// # Errors
/// Only where a row is not UTF-8 or memory cannot be written to, which does not happen.
pub(crate) fn table<const N: usize>(
    columns: [&str; N],
    style: QuoteStyle,
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<String, Error> {
    let mut head = writer(QuoteStyle::Never).from_writer(Vec::new());
    head.write_record(columns).map_err(failed)?;
    let mut body = writer(style).from_writer(head.into_inner().map_err(failed)?);
    for row in rows {
        body.write_record(row).map_err(failed)?;
    }
    String::from_utf8(body.into_inner().map_err(failed)?).map_err(failed)
}

/// A text that no spreadsheet takes for a formula: one that could be gets an apostrophe in front. Guards against CSV injection
/// (OWASP): also behind spaces and a byte order mark, and for the full-width forms of the signs.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    let is_formula = text
        .trim_start_matches([' ', '\u{feff}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '＝', '＋', '－', '＠']);
    if is_formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

fn writer(style: QuoteStyle) -> WriterBuilder {
    let mut builder = WriterBuilder::new();
    builder.terminator(Terminator::CRLF).quote_style(style);
    builder
}

fn failed(error: impl Display) -> Error {
    Error::Internal(format!("a CSV table: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "|x"] {
            assert_eq!(guarded(formula), format!("'{formula}"));
        }
        assert_eq!(guarded("a=b"), "a=b");
    }

    #[test]
    fn a_quoted_field_keeps_its_quotes_commas_and_line_ends() {
        let row = ["He said \"hi\", twice\n".to_owned(), "2".to_owned()];
        let text = table(["text", "n"], QuoteStyle::Always, [row]).expect("a table");
        assert_eq!(text, "text,n\r\n\"He said \"\"hi\"\", twice\n\",\"2\"\r\n");
    }
}
