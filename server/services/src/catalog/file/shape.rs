//! The TOML format of the file.

use domain::{
    Usd,
    catalog::admin::ModelEdit,
    error::{AppError, FieldError},
};
use foundation::error::Error;
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub upstreams: Vec<UpstreamEntry>,
    /// In the order of the picker.
    pub models: Vec<ModelEntry>,
}

/// An upstream, without its key and the values of its headers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamEntry {
    pub name: String,
    pub base_url: String,
    #[serde(default = "yes")]
    pub is_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u32>,
}

/// A model.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelEntry {
    pub public_name: String,
    /// The key by which an existing model is found.
    pub slug: String,
    pub upstream: String,
    pub upstream_model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u32>,
    #[serde(default)]
    pub is_featured: bool,
    #[serde(default = "yes")]
    pub is_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_price_per_million_usd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_price_per_million_usd: Option<String>,
}

fn yes() -> bool {
    true
}

/// Parses a file; the error names the line.
pub(super) fn read(text: &str) -> Result<File, Error> {
    toml::from_str(text).map_err(|error| {
        let place = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
        let place = place.map(|line| format!(" in line {line}")).unwrap_or_default();
        let message = format!("This is not a catalogue file: {}{place}.", error.message().trim_end_matches('.'));
        AppError::Invalid(vec![FieldError::new("file", "invalid_file", message)]).into()
    })
}

/// Writes a file.
pub(super) fn write(file: &File) -> Result<String, Error> {
    const HEAD: &str = "# Quadrille's catalogue. Keys and the values of headers are not in it; models are in the order of the picker.\n\n";
    let text = toml::to_string(file).map_err(|error| Error::Internal(format!("the catalogue as a file: {error}")))?;
    Ok(format!("{HEAD}{text}"))
}

impl From<ModelEntry> for ModelEdit {
    fn from(entry: ModelEntry) -> Self {
        Self {
            public_name: Some(entry.public_name),
            slug: Some(entry.slug),
            upstream: Some(entry.upstream),
            upstream_model: Some(entry.upstream_model),
            family: Some(entry.family),
            context_window: Some(entry.context_window),
            is_featured: Some(entry.is_featured),
            is_enabled: Some(entry.is_enabled),
            input_price_per_million_usd: Some(entry.input_price_per_million_usd.map(Usd)),
            output_price_per_million_usd: Some(entry.output_price_per_million_usd.map(Usd)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_makes_no_sense_is_refused_with_its_line() {
        for (text, words) in [
            ("x", "line 1"),
            ("\n[[models]]\nslug = 1\n", "line 3"),
            ("[[upstreams]]\nname = \"a\"\nbase_url = \"b\"\napi_key = \"c\"\n", "api_key"),
        ] {
            let refused = read(text).map(|_| ()).expect_err(text).to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = "[[upstreams]]\nname = \"a\"\nbase_url = \"https://a.example/v1\"\n\n[[models]]\npublic_name = \"m\"\nslug = \"m\"\n\
                    upstream = \"a\"\nupstream_model = \"x\"\ninput_price_per_million_usd = \"0.5\"\n";
        let written = write(&read(text).expect("reads")).expect("writes");
        assert_eq!(write(&read(&written).expect("reads")).expect("writes"), written);
        assert!(written.contains("input_price_per_million_usd = \"0.5\""), "{written}");
    }
}
