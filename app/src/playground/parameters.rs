//! The three parameters as text fields. An empty field is not sent.

use domain::{
    error::FieldError,
    number,
    playground::{ComparisonRequest, LIMITS, Parameters},
};

/// The texts of the three fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ParameterTexts {
    pub(super) temperature: String,
    pub(super) max_tokens: String,
    pub(super) top_p: String,
}

/// Parses the fields. A comma is accepted as the decimal separator.
pub(super) fn read_parameters(texts: &ParameterTexts) -> (Parameters, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut read = |field: &str, name: &str, text: &str| {
        let text = text.trim().replace(',', ".");
        if text.is_empty() {
            return None;
        }
        let number = number::parse(&text);
        if number.is_none() {
            let message = format!("{name} must be a number, for example 0.7. Leave it empty and it is not sent.");
            errors.push(FieldError::new(field, "not_a_number", message));
        }
        number
    };
    let temperature = read("parameters.temperature", "Temperature", &texts.temperature);
    let top_p = read("parameters.top_p", "Top p", &texts.top_p);
    let max_tokens = match texts.max_tokens.trim() {
        "" => None,
        text => match text.parse::<u32>() {
            Ok(tokens) => Some(tokens),
            Err(_) => {
                let message = format!(
                    "Max tokens must be a whole number from 1 to {}. Leave it empty and it is not sent.",
                    LIMITS.max_tokens
                );
                errors.push(FieldError::new("parameters.max_tokens", "not_a_number", message));
                None
            }
        },
    };
    (Parameters { temperature, max_tokens, top_p }, errors)
}

/// The texts for the parameters of an existing comparison.
pub(super) fn texts_of(parameters: &Parameters) -> ParameterTexts {
    let text = |value: Option<f64>| value.map(number::write).unwrap_or_default();
    ParameterTexts {
        temperature: text(parameters.temperature),
        max_tokens: parameters.max_tokens.map(|tokens| tokens.to_string()).unwrap_or_default(),
        top_p: text(parameters.top_p),
    }
}

/// The body of `POST /api/playground`. Written by hand, so that numbers keep the digits that were typed.
pub(super) fn write_request(request: &ComparisonRequest) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let mut json = ["{\"prompt\":", &quoted(&request.prompt), ",\"models\":["].concat();
    for (i, model) in request.models.iter().enumerate() {
        json.push_str(if i > 0 { "," } else { "" });
        json.push_str(&quoted(model));
    }
    json.push(']');
    if let Some(system_prompt) = &request.system_prompt {
        json.push_str(",\"system_prompt\":");
        json.push_str(&quoted(system_prompt));
    }
    json.push_str(",\"parameters\":");
    write_parameters(&mut json, request.parameters);
    if request.card_parameters.iter().any(Option::is_some) {
        json.push_str(",\"card_parameters\":[");
        for (i, parameters) in request.card_parameters.iter().enumerate() {
            json.push_str(if i > 0 { "," } else { "" });
            match parameters {
                Some(parameters) => write_parameters(&mut json, *parameters),
                None => json.push_str("null"),
            }
        }
        json.push(']');
    }
    json.push('}');
    json
}

fn write_parameters(json: &mut String, Parameters { temperature, max_tokens, top_p }: Parameters) {
    let parameters = [
        ("temperature", temperature.map(number::write)),
        ("max_tokens", max_tokens.map(|tokens| tokens.to_string())),
        ("top_p", top_p.map(number::write)),
    ];
    json.push('{');
    let mut comma = "";
    for (name, value) in parameters {
        if let Some(value) = value {
            json.push_str(&[comma, "\"", name, "\":", &value].concat());
            comma = ",";
        }
    }
    json.push('}');
}

/// Builds a request and checks every rule that does not need the server. `own` has the texts of each card's own fields;
/// empty ones take the shared value.
pub(super) fn read_request(
    prompt: String,
    system_prompt: String,
    models: Vec<String>,
    texts: &ParameterTexts,
    own: &[ParameterTexts],
) -> Result<ComparisonRequest, Vec<FieldError>> {
    let (parameters, mut errors) = read_parameters(texts);
    let mut card_parameters = Vec::new();
    for (position, texts) in own.iter().enumerate() {
        let (own, broken) = read_parameters(texts);
        errors.extend(
            broken
                .into_iter()
                .map(|error| FieldError { field: ["card_parameters[", &position.to_string(), "]"].concat(), ..error }),
        );
        card_parameters.push((own != Parameters::default()).then(|| Parameters {
            temperature: own.temperature.or(parameters.temperature),
            max_tokens: own.max_tokens.or(parameters.max_tokens),
            top_p: own.top_p.or(parameters.top_p),
        }));
    }
    if card_parameters.iter().all(Option::is_none) {
        card_parameters.clear();
    }
    let system_prompt = Some(system_prompt).filter(|text| !text.trim().is_empty());
    let request = ComparisonRequest { prompt, models, system_prompt, parameters, card_parameters };
    if let Err(broken) = request.check() {
        errors.extend(broken);
    }
    if errors.is_empty() { Ok(request) } else { Err(errors) }
}

/// A card's own parameters as its head shows them: `temperature 0.2 · max tokens 64`.
pub(super) fn own_words(parameters: &Parameters) -> String {
    let mut words = String::new();
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            words.push_str(if words.is_empty() { "" } else { " · " });
            words.push_str(name);
            words.push_str(&value);
        }
    };
    say("temperature ", parameters.temperature.map(number::write));
    say("max tokens ", parameters.max_tokens.map(|tokens| tokens.to_string()));
    say("top p ", parameters.top_p.map(number::write));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(temperature: &str, max_tokens: &str, top_p: &str) -> ParameterTexts {
        ParameterTexts { temperature: temperature.into(), max_tokens: max_tokens.into(), top_p: top_p.into() }
    }

    fn fields(result: Result<ComparisonRequest, Vec<FieldError>>) -> Vec<String> {
        result.err().unwrap_or_default().into_iter().map(|error| error.field).collect()
    }

    fn request(texts: &ParameterTexts) -> Result<ComparisonRequest, Vec<FieldError>> {
        read_request("Hello".into(), String::new(), vec!["a/b".into()], texts, &[])
    }

    #[test]
    fn an_empty_field_is_not_sent() {
        let request = request(&texts("", " ", "")).expect("valid");
        assert_eq!(request.parameters, Parameters::default());
        assert_eq!(request.system_prompt, None);
    }

    #[test]
    fn numbers_are_read_with_a_point_or_a_comma() {
        let parameters = request(&texts("0,7", "512", " 1 ")).expect("valid").parameters;
        assert_eq!(parameters, Parameters { temperature: Some(0.7), max_tokens: Some(512), top_p: Some(1.0) });
    }

    #[test]
    fn what_is_no_number_is_said_at_its_field_and_never_sent() {
        for word in ["warm", "NaN", "inf", "1e999", "0.7.1", "-1"] {
            assert_eq!(fields(request(&texts(word, "", ""))), ["parameters.temperature"], "{word}");
        }
        for count in ["1.5", "-3", "0", "99999999999", "many"] {
            assert_eq!(fields(request(&texts("", count, ""))), ["parameters.max_tokens"], "{count}");
        }
        assert_eq!(fields(request(&texts("3", "", "2"))), ["parameters.temperature", "parameters.top_p"]);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let result = read_request(String::new(), String::new(), vec![], &texts("x", "", ""), &[]);
        assert_eq!(fields(result), ["parameters.temperature", "prompt", "models"]);
    }

    #[test]
    fn a_card_of_its_own_takes_what_it_leaves_empty_from_the_others() {
        let own = [texts("", "", ""), texts("0,2", "", "")];
        let models = vec!["a/b".to_owned(); 2];
        let request = read_request("Hello".into(), String::new(), models.clone(), &texts("1", "64", ""), &own);
        let expected = Parameters { temperature: Some(0.2), max_tokens: Some(64), top_p: None };
        assert_eq!(request.expect("valid").card_parameters, [None, Some(expected)]);
        assert_eq!(own_words(&expected), "temperature 0.2 · max tokens 64");
        let wrong = read_request(
            "Hello".into(),
            String::new(),
            models.clone(),
            &texts("", "", ""),
            &[texts("", "", ""), texts("warm", "", "")],
        );
        assert_eq!(fields(wrong), ["card_parameters[1]"]);
        let beyond = read_request("Hello".into(), String::new(), models, &texts("", "", ""), &[texts("3", "", "")]);
        assert_eq!(fields(beyond), ["card_parameters[0].temperature"]);
    }

    #[test]
    fn the_body_says_what_the_request_says() {
        let full = ComparisonRequest {
            prompt: "A \"quote\",\n\u{1}\u{1f600}</script>".into(),
            models: vec!["a/b".into(), "a/\"b\"".into()],
            system_prompt: Some("ä".into()),
            parameters: Parameters { temperature: Some(0.7), max_tokens: Some(512), top_p: Some(1.0) },
            card_parameters: vec![None, Some(Parameters { temperature: Some(0.0), ..Default::default() })],
        };
        let bare = ComparisonRequest { prompt: "x".into(), models: vec!["a".into()], ..Default::default() };
        let one =
            ComparisonRequest { parameters: Parameters { top_p: Some(0.05), ..Default::default() }, ..bare.clone() };
        for request in [full, bare, one] {
            let body = write_request(&request);
            assert_eq!(serde_json::from_str::<ComparisonRequest>(&body).expect("valid"), request, "{body}");
        }
    }

    #[test]
    fn a_comparison_made_before_fills_the_fields_as_they_were() {
        let parameters = Parameters { temperature: Some(0.7), max_tokens: None, top_p: Some(1.0) };
        assert_eq!(texts_of(&parameters), texts("0.7", "", "1"));
        assert_eq!(read_parameters(&texts_of(&parameters)), (parameters, vec![]));
    }
}
