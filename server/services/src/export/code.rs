//! A program that sends a run's request again, through the gateway.

use domain::playground::{Comparison, Run};
use serde_json::{Map, Value, json};

/// The language of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Language {
    Curl,
    Python,
    Javascript,
}

/// A run's request as a program. It reads the API key from the environment variable `QUADRILLE_API_KEY`.
pub(super) fn program(language: Language, origin: &str, made: &Comparison, run: &Run) -> String {
    let body = body(made, run);
    match language {
        Language::Curl => {
            let json = serde_json::to_string_pretty(&Value::Object(body)).unwrap_or_default();
            format!(
                "curl {origin}/v1/chat/completions \\\n  -H \"Authorization: Bearer $QUADRILLE_API_KEY\" \\\n  \
                 -H 'Content-Type: application/json' \\\n  -d '{}'\n",
                json.replace('\'', "'\\''")
            )
        }
        Language::Python => format!(
            "import os\n\nfrom openai import OpenAI\n\nclient = OpenAI(base_url=\"{origin}/v1\", api_key=os.environ[\"QUADRILLE_API_KEY\"])\n\
             answer = client.chat.completions.create(\n{})\nprint(answer.choices[0].message.content)\n",
            body.iter().map(|(name, value)| format!("    {name}={value},\n")).collect::<String>()
        ),
        Language::Javascript => format!(
            "const response = await fetch(\"{origin}/v1/chat/completions\", {{\n  method: \"POST\",\n  headers: {{\n    \
             Authorization: `Bearer ${{process.env.QUADRILLE_API_KEY}}`,\n    \"Content-Type\": \"application/json\",\n  }},\n  \
             body: JSON.stringify({}),\n}});\nconst answer = await response.json();\nconsole.log(answer.choices[0].message.content);\n",
            serde_json::to_string_pretty(&Value::Object(body)).unwrap_or_default().replace('\n', "\n  ")
        ),
    }
}

/// The request's body. It holds only strings, numbers, arrays and objects, whose literals are the same in JSON, Python and
/// JavaScript.
fn body(made: &Comparison, run: &Run) -> Map<String, Value> {
    let parameters = run.result.parameters.unwrap_or(made.parameters);
    let system = made.system_prompt.iter().map(|text| json!({"role": "system", "content": text}));
    let messages: Vec<Value> = system.chain([json!({"role": "user", "content": made.prompt})]).collect();
    let mut body = Map::new();
    body.insert("model".into(), json!(run.model));
    body.insert("messages".into(), json!(messages));
    if let Ok(Value::Object(set)) = serde_json::to_value(parameters) {
        body.extend(set);
    }
    body
}
