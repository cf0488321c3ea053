//! Converts serde's error messages into a field and a sentence, without quoting the body.

use domain::error::FieldError;

/// `path` is where serde stopped (`.` for the top), `message` its error message, with or without a position.
pub(super) fn field_error(path: &str, message: &str) -> FieldError {
    let message = message.split(" at line ").next().unwrap_or(message);
    let path = if path == "." { "" } else { path };
    if let Some(name) = quoted(message, "unknown field ") {
        // The path already ends with the unknown name.
        let field = if path.rsplit('.').next() == Some(name) { path.to_owned() } else { join(path, name) };
        return FieldError::new(field, "unknown_field", format!("There is no field “{}”. Leave it out.", short(name)));
    }
    if let Some(name) = quoted(message, "missing field ") {
        return FieldError::new(join(path, name), "missing", format!("The field “{name}” is missing."));
    }
    if let Some(name) = quoted(message, "duplicate field ") {
        return FieldError::new(join(path, name), "duplicate", format!("The field “{name}” is given twice."));
    }
    if message.starts_with("number out of range") {
        return FieldError::new(path, "out_of_range", "This number is too large.");
    }
    let code = if message.starts_with("invalid type") { "wrong_type" } else { "invalid_value" };
    let text = match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("This must be {}.", in_words(expected)),
        None => "This value is not allowed.".to_owned(),
    };
    FieldError::new(path, code, text)
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.strip_prefix('`')?.split('`').next()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { short(name) } else { format!("{path}.{}", short(name)) }
}

/// Cuts an unknown field name, which may be as long as the body.
fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

fn in_words(expected: &str) -> String {
    match expected {
        "f32" | "f64" => "a number".into(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or greater".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".into(),
        "a sequence" => "a list".into(),
        "a map" => "an object".into(),
        other if other.starts_with("struct ") => "an object".into(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, message: &str) -> (String, String, String) {
        let FieldError { field, code, message } = field_error(path, message);
        (field, code, message)
    }

    #[test]
    fn each_kind_of_misfit_names_its_field() {
        assert_eq!(
            told("parameters.temperature", "invalid type: string \"hot\", expected f64 at line 1 column 9"),
            ("parameters.temperature".into(), "wrong_type".into(), "This must be a number.".into())
        );
        assert_eq!(told(".", "missing field `prompt` at line 1 column 2").0, "prompt");
        assert_eq!(told("promt", "unknown field `promt`, expected one of `prompt`").0, "promt");
        assert_eq!(told(".", "unknown field `promt`, expected `prompt`").0, "promt");
        assert_eq!(told("parameters", "unknown field `seed`, expected `top_p`").0, "parameters.seed");
        assert_eq!(told("parameters.top_p", "number out of range at line 1 column 30").1, "out_of_range");
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        let (_, _, message) = told("prompt", "invalid type: string \"a secret, expected nowhere\", expected a map");
        assert_eq!(message, "This must be an object.");
    }
}
