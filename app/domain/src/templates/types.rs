//! A template.

use serde::{Deserialize, Serialize};

use crate::{TemplateId, playground::Parameters};

/// One that a member keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Template {
    pub id: TemplateId,
    #[serde(flatten)]
    pub draft: TemplateDraft,
}

/// What is in it: the body of `POST /api/templates`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateDraft {
    /// 1 to 100 characters.
    pub name: String,
    /// 1 to 50,000 characters; `{{words in double braces}}` are to be filled in.
    pub prompt: String,
    /// At most 50,000 characters.
    #[serde(default)]
    pub system_prompt: String,
    #[serde(default)]
    pub parameters: Parameters,
}
