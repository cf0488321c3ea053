//! Making a shared snapshot from a comparison, and a comparison from a shared snapshot.

use chrono::{DateTime, Utc};

use crate::{
    ComparisonId, RunId,
    error::{AppError, FieldError},
    playground::{Comparison, Run},
    share::{ShareRequest, SharedContent, SharedRun},
};

impl SharedContent {
    /// The snapshot that readers see. The preview and the stored snapshot are both made here, so that they are the same.
    ///
    /// # Errors
    /// [`AppError::Conflict`] while a run goes on and where no chosen card has an answer; [`AppError::Invalid`] where no card
    /// is chosen.
    pub fn of(comparison: &Comparison, request: &ShareRequest) -> Result<Self, AppError> {
        if !comparison.is_finished() {
            return Err(AppError::Conflict("Some models still answer. Share it when all of them have ended.".into()));
        }
        let is_chosen = |run: &&Run| request.positions.as_ref().is_none_or(|chosen| chosen.contains(&run.position));
        let chosen: Vec<&Run> = comparison.runs.iter().filter(is_chosen).collect();
        if chosen.is_empty() {
            let error = FieldError::new("positions", "empty", "Choose at least one card.");
            return Err(AppError::Invalid(vec![error]));
        }
        if chosen.iter().all(|run| run.result.response_content.is_none()) {
            return Err(AppError::Conflict("There is no answer to share: none of these cards has one.".into()));
        }
        let picked = chosen.iter().find(|run| Some(run.id) == comparison.picked_run_id);
        Ok(Self {
            created_at: comparison.created_at,
            prompt: comparison.prompt.clone(),
            system_prompt: comparison.system_prompt.clone().filter(|_| !request.hide_system_prompt),
            parameters: comparison.parameters,
            picked_position: picked.map(|run| run.position),
            runs: chosen.into_iter().map(SharedRun::from).collect(),
        })
    }

    /// A private comparison with the same content and new ids. Positions are assigned anew from 0 (card A), since the snapshot
    /// may leave out cards.
    pub fn into_copy(self, id: ComparisonId, created_at: DateTime<Utc>, new_id: impl Fn() -> RunId) -> Comparison {
        Comparison {
            id,
            created_at,
            prompt: self.prompt,
            system_prompt: self.system_prompt,
            parameters: self.parameters,
            is_shared: false,
            share_slug: None,
            public_url: None,
            picked_run_id: None,
            runs: (0..).zip(self.runs).map(|(position, run)| Run { id: new_id(), position, ..run.into() }).collect(),
        }
    }

    /// The models in words: `acme/pro, acme/fast and acme/small`.
    pub fn models(&self) -> String {
        let names: Vec<&str> = self.runs.iter().map(|run| run.model.as_str()).collect();
        match names.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        }
    }
}

impl From<&Run> for SharedRun {
    fn from(run: &Run) -> Self {
        Self { position: run.position, model: run.model.clone(), result: run.result.clone() }
    }
}

impl From<SharedRun> for Run {
    /// For the functions that show runs; the id is nil, since a shared run has none.
    fn from(run: SharedRun) -> Self {
        let SharedRun { position, model, result } = run;
        Self { id: RunId(uuid::Uuid::nil()), position, model, result }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playground::{Parameters, RunResult, RunStatus};

    fn run(position: u8, status: RunStatus, text: Option<&str>) -> Run {
        let id = RunId(uuid::Uuid::from_u128(100 + u128::from(position)));
        let response_content = text.map(str::to_owned);
        let result = RunResult { status, response_content, latency_ms: Some(1), ..RunResult::default() };
        Run { id, position, model: format!("acme/{position}"), result }
    }

    fn comparison(runs: Vec<Run>) -> Comparison {
        Comparison {
            id: ComparisonId(uuid::Uuid::from_u128(1)),
            created_at: Default::default(),
            prompt: "Why?".into(),
            system_prompt: Some("Be brief.".into()),
            parameters: Parameters::default(),
            is_shared: false,
            share_slug: None,
            public_url: None,
            picked_run_id: None,
            runs,
        }
    }

    #[test]
    fn only_what_was_chosen_is_in_the_snapshot() {
        let mut made = comparison(vec![
            run(0, RunStatus::Succeeded, Some("first")),
            run(1, RunStatus::Failed, None),
            run(2, RunStatus::Succeeded, Some("third")),
        ]);
        made.picked_run_id = Some(made.runs[0].id);
        let request = ShareRequest { positions: Some(vec![2, 1]), hide_system_prompt: true, new_link: false };
        let shown = SharedContent::of(&made, &request).expect("shares");
        assert_eq!(shown.runs.iter().map(|run| run.position).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((shown.system_prompt, shown.picked_position), (None, None), "what is not shown is not hinted at");
        let json = serde_json::to_string(&SharedContent::of(&made, &ShareRequest::default()).expect("shares"));
        let json = json.expect("json");
        assert!(!json.contains(&made.id.to_string()) && !json.contains(&made.runs[0].id.to_string()), "{json}");
        assert!(json.contains("\"picked_position\":0"));
    }

    #[test]
    fn the_first_card_of_a_copy_is_a_whichever_were_not_shared() {
        let mut made = comparison([0, 1, 2, 3].map(|position| run(position, RunStatus::Succeeded, Some("a"))).into());
        made.picked_run_id = Some(made.runs[3].id);
        let request = ShareRequest { positions: Some(vec![1, 3]), ..ShareRequest::default() };
        let shown = SharedContent::of(&made, &request).expect("shares");
        assert_eq!(shown.picked_position, Some(3), "readers see the letters that its owner sees");
        let copy = shown.into_copy(made.id, made.created_at, || RunId(uuid::Uuid::nil()));
        let cards: Vec<(u8, &str)> = copy.runs.iter().map(|run| (run.position, run.model.as_str())).collect();
        assert_eq!(cards, [(0, "acme/1"), (1, "acme/3")]);
        assert_eq!(copy.picked_run_id, None, "the pick is not the reader's");
    }

    #[test]
    fn a_stored_snapshot_is_read_as_it_was_written_and_one_without_later_fields_too() {
        let written = SharedRun::from(&run(1, RunStatus::Failed, Some("a")));
        let json = r#"{"position":1,"model":"acme/1","status":"failed","parameters":null,"reasoning_content":null,"response_content":"a","finish_reason":null,"error":null,"latency_ms":1,"ttft_ms":null,"tokens_in":null,"tokens_out":null,"tokens_per_second":null,"cost_usd":"0","list_cost_usd":null}"#;
        assert_eq!(serde_json::to_string(&written).expect("json"), json);
        let earlier = json.replace(r#""parameters":null,"reasoning_content":null,"#, "");
        for stored in [json, &earlier] {
            assert_eq!(serde_json::from_str::<SharedRun>(stored).expect("a run"), written);
        }
    }

    #[test]
    fn what_still_runs_or_has_no_answer_is_refused_with_a_sentence() {
        let code = |made: &Comparison, request: &ShareRequest| SharedContent::of(made, request).map_err(|e| e.status());
        let all = ShareRequest::default();
        let running = comparison(vec![run(0, RunStatus::Succeeded, Some("a")), run(1, RunStatus::Running, Some("b"))]);
        assert_eq!(code(&running, &all).err(), Some(409));
        let empty = comparison(vec![run(0, RunStatus::Failed, None)]);
        assert_eq!(code(&empty, &all).err(), Some(409));
        let done = comparison(vec![run(0, RunStatus::Succeeded, Some("a"))]);
        let none = ShareRequest { positions: Some(vec![3]), ..ShareRequest::default() };
        assert_eq!(code(&done, &none).err(), Some(422));
    }
}
