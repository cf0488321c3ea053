//! The sampling parameters in words, for shared pages and exported documents.

use crate::{
    number,
    playground::{Parameters, Run},
};

/// The sentence about all cards. A card's own parameters replace the shared ones as a whole.
pub fn sent_with(shared: &Parameters, runs: &[Run]) -> String {
    let sent = words(shared).map_or("Sent without parameters".into(), |words| format!("Sent with {words}"));
    let is_for_all = runs.iter().all(|run| run.result.parameters.is_none());
    sent + if is_for_all { "." } else { ", unless a card says otherwise." }
}

/// The parameters of one card in words, where it has its own.
pub fn own_parameters(run: &Run) -> Option<String> {
    run.result.parameters.as_ref().map(|own| words(own).unwrap_or("no parameters".into()))
}

/// `temperature 0.7, max tokens 512`; `None` where nothing was sent.
fn words(parameters: &Parameters) -> Option<String> {
    let parts = [
        parameters.temperature.map(|value| format!("temperature {}", number::write(value))),
        parameters.max_tokens.map(|value| format!("max tokens {value}")),
        parameters.top_p.map(|value| format!("top p {}", number::write(value))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RunId, playground::RunResult};

    fn run(parameters: Option<Parameters>) -> Run {
        let result = RunResult { parameters, ..RunResult::default() };
        Run { result, ..Run::queued(RunId(uuid::Uuid::nil()), 0, "acme/a") }
    }

    #[test]
    fn the_sentence_about_all_cards_leaves_out_those_that_differ() {
        let shared = Parameters { temperature: Some(0.7), max_tokens: Some(512), top_p: Some(1.0) };
        let (alike, other) = (run(None), run(Some(Parameters { temperature: Some(0.2), ..Parameters::default() })));
        let for_all = "Sent with temperature 0.7, max tokens 512, top p 1.";
        assert_eq!(sent_with(&shared, std::slice::from_ref(&alike)), for_all);
        assert_eq!(sent_with(&Parameters::default(), std::slice::from_ref(&alike)), "Sent without parameters.");
        let runs = [alike, other];
        assert_eq!(sent_with(&Parameters::default(), &runs), "Sent without parameters, unless a card says otherwise.");
        assert_eq!(runs.each_ref().map(own_parameters), [None, Some("temperature 0.2".to_owned())]);
        assert_eq!(own_parameters(&run(Some(Parameters::default()))).as_deref(), Some("no parameters"));
    }
}
