//! Parsing and rendering the fields of plain forms.

use std::{collections::BTreeMap, str::FromStr};

use domain::error::FieldError;
use leptos::prelude::*;

/// The trimmed text of a field; `None` if it is empty.
pub(super) fn optional(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The number in a field; `None` if it is empty.
pub(super) fn number<T: FromStr>(text: &str, field: &str, errors: &mut Vec<FieldError>) -> Option<T> {
    let text = optional(text)?;
    let number = text.parse().ok();
    if number.is_none() {
        errors.push(FieldError::new(field, "not_a_number", "Enter a plain number, or leave it empty."));
    }
    number
}

/// Headers as lines of `Name: value`. A name without a value keeps the stored value.
pub(super) fn header_lines(text: &str) -> BTreeMap<String, Option<String>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.trim().to_owned(), optional(value))
        })
        .collect()
}

/// Percent-encodes text as a query value or a path segment.
pub(super) fn parameter(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => written.push(byte as char),
            _ => written.push_str(&format!("%{byte:02X}")),
        }
    }
    written
}

/// A labelled field with its hint and its error.
#[component]
pub(super) fn Field(
    name: &'static str,
    label: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional)] hint: &'static str,
    #[prop(optional)] kind: Option<&'static str>,
    #[prop(optional)] is_required: bool,
    /// The errors of the form.
    errors: Vec<FieldError>,
    /// The field's name in errors, if it differs from that in the form.
    #[prop(optional)]
    rule: Option<&'static str>,
) -> impl IntoView {
    let rule = rule.unwrap_or(name);
    let error = errors.into_iter().find(|error| error.field == rule).map(|error| error.message);
    let described = format!("{name}-hint {name}-error");
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input id=name name=name type=kind.unwrap_or("text") value=value required=is_required
                autocomplete="off" autocapitalize="none" spellcheck="false"
                aria-invalid=error.is_some().then_some("true") aria-describedby=described/>
            <p class="hint" id=format!("{name}-hint")>{hint}</p>
            <p class="field-error" id=format!("{name}-error") data-error=rule>{error}</p>
        </div>
    }
}

/// A checkbox.
#[component]
pub(super) fn Tick(
    name: &'static str,
    label: &'static str,
    is_on: bool,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    view! {
        <div class="tick">
            <input id=name name=name type="checkbox" value="true" checked=is_on/>
            <label for=name>{label}</label>
            <span class="hint">{hint}</span>
        </div>
    }
}

/// The errors of a form that belong to none of its fields.
#[component]
pub(super) fn Refusal(
    errors: Vec<FieldError>,
    /// The fields that show their own errors.
    fields: &'static [&'static str],
) -> impl IntoView {
    let rest: Vec<String> =
        errors.into_iter().filter(|error| !fields.contains(&error.field.as_str())).map(|error| error.message).collect();
    let is_empty = rest.is_empty();
    view! { <p class="alert" role="alert" data-refusal hidden=is_empty>{rest.join(" ")}</p> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_line_by_line() {
        let read = header_lines(" X-Title: Quadrille: the site \n\nx-key\nx-other:\n");
        assert_eq!(read.get("X-Title"), Some(&Some("Quadrille: the site".to_owned())));
        assert_eq!((read.get("x-key"), read.get("x-other"), read.len()), (Some(&None), Some(&None), 3));
    }

    #[test]
    fn a_field_that_is_no_number_is_named() {
        let mut errors = Vec::new();
        assert_eq!(number::<u32>(" 12 ", "a", &mut errors), Some(12));
        assert_eq!(number::<u32>("", "a", &mut errors), None);
        assert!(errors.is_empty());
        assert_eq!(number::<u32>("1e3", "a", &mut errors), None);
        assert_eq!(errors[0].field, "a");
    }

    #[test]
    fn what_goes_into_an_address_is_escaped() {
        assert_eq!(parameter("a b/c?d&é"), "a%20b%2Fc%3Fd%26%C3%A9");
    }
}
