//! What differs between a run as it was asked for and as it was sent or answered.

use serde::{Deserialize, Serialize};

/// A remark about a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RunNote {
    /// Sent without this parameter, which the model does not take.
    Omitted { field: String },
    /// This parameter was sent under another name.
    Renamed { field: String, to: String },
    /// The model does not stream; the answer came in one piece, without a time to the first token.
    NotStreamed,
    /// A part of the answer could not be read and is missing.
    Damaged,
    /// The upstream's own secret was in the answer and was removed.
    SecretRemoved,
    /// There was a picture in the answer, which is not kept.
    ImageOmitted,
}

impl RunNote {
    /// The remark in plain words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Omitted { field } if field == "temperature" || field == "top_p" => {
                ["sent without ", field, ": this model takes only its default"].concat()
            }
            Self::Omitted { field } => ["sent without ", field, ": this model does not take it"].concat(),
            Self::Renamed { field, to } => [field, " sent as ", to].concat(),
            Self::NotStreamed => "not streamed: this model answers in one piece".into(),
            Self::Damaged => "damaged: a part of the answer is missing".into(),
            Self::SecretRemoved => "the upstream's own secret was in the answer and was removed".into(),
            Self::ImageOmitted => "there is a picture in the answer, which is not shown here".into(),
        }
    }
}

/// Notes in plain words, on one line; `None` where there are none.
pub fn remarks(notes: &[RunNote]) -> Option<String> {
    let remarks: Vec<String> = notes.iter().map(RunNote::in_words).collect();
    (!remarks.is_empty()).then(|| remarks.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_differently_is_said_in_plain_words() {
        let notes = [
            RunNote::Omitted { field: "temperature".into() },
            RunNote::Omitted { field: "max_tokens".into() },
            RunNote::Renamed { field: "max_tokens".into(), to: "max_completion_tokens".into() },
            RunNote::NotStreamed,
        ];
        let words = "sent without temperature: this model takes only its default · sent without max_tokens: this model does \
                     not take it · max_tokens sent as max_completion_tokens · not streamed: this model answers in one piece";
        assert_eq!(remarks(&notes).as_deref(), Some(words));
        assert_eq!(remarks(&[]), None);
    }

    #[test]
    fn a_note_has_its_kind_beside_its_fields() {
        let json = r#"{"kind":"renamed","field":"max_tokens","to":"max_completion_tokens"}"#;
        let note = RunNote::Renamed { field: "max_tokens".into(), to: "max_completion_tokens".into() };
        assert_eq!(serde_json::to_string(&note).expect("json"), json);
        assert_eq!(serde_json::to_string(&RunNote::NotStreamed).expect("json"), r#"{"kind":"not_streamed"}"#);
    }
}
