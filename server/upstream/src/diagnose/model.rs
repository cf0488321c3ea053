//! The steps over HTTP: the key, the list of models, one token, a streamed answer and its token counts.

use std::time::{Duration, Instant};

use domain::catalog::admin::{HealthState, StageName, adjustment_words};

use super::{
    completion::{Answer, complete_one_token, stream_answer},
    explain::{explain, explain_listing, remedy},
    listing::{Found, better_base_url, find, in_words},
    probe::{Depth, Probe},
    stages::{Stages, ms},
};
use crate::{Adjustments, ModelList, Target, UpstreamClient, UpstreamError};

/// How long a list of models may take.
const LIST_LIMIT: Duration = Duration::from_secs(20);

/// What these steps came to.
#[derive(Default)]
pub(super) struct Outcome {
    /// Every step that belongs to the test has passed, with or without a warning.
    pub has_passed: bool,
    /// The upstream lists its models, and this one is not among them.
    pub is_unlisted: bool,
    /// What the refusal shows of the model.
    pub health: Option<HealthState>,
    pub answer: Option<Answer>,
}

/// These steps of one test.
pub(super) struct ModelTest<'a, 'n> {
    client: &'a UpstreamClient,
    probe: &'a Probe,
    stages: &'a mut Stages<'n>,
    outcome: Outcome,
}

impl<'a, 'n> ModelTest<'a, 'n> {
    pub(super) fn new(client: &'a UpstreamClient, probe: &'a Probe, stages: &'a mut Stages<'n>) -> Self {
        Self { client, probe, stages, outcome: Outcome::default() }
    }

    pub(super) async fn run(mut self) -> Outcome {
        self.outcome.has_passed = self.run_stages().await;
        self.outcome
    }

    async fn run_stages(&mut self) -> bool {
        let started = Instant::now();
        let listed = self.list().await;
        let list_ms = ms(started);
        let Some(model) = self.probe.model.clone() else { return self.judge_list_alone(&listed, list_ms) };
        let is_listed = match &listed {
            Ok(models) => {
                self.stages.pass(StageName::Auth, list_ms, self.accepted());
                self.judge_model(&model, models)
            }
            Err(_) => None,
        };
        let started = Instant::now();
        let replied = complete_one_token(self.client, &self.probe.target, &model).await;
        let reply_ms = ms(started);
        if let Err(error) = &listed {
            self.judge_without_list(error, &replied, list_ms);
        }
        if let Err(error) = replied {
            self.outcome.health = error.health();
            self.judge_refusal(&error, is_listed, reply_ms).await;
            return false;
        }
        self.stages.pass(StageName::Reply, reply_ms, "The model replies.".into());
        match self.probe.depth {
            Depth::Reply => true,
            Depth::Answer => self.stream(&model).await,
        }
    }

    async fn list(&mut self) -> Result<ModelList, UpstreamError> {
        let target = &self.probe.target;
        let timeouts = target.timeouts.capped(LIST_LIMIT);
        self.client.list_models(&Target { timeouts, ..target.clone() }).await
    }

    fn accepted(&self) -> String {
        match self.probe.target.api_key {
            Some(_) => "The key is accepted.".into(),
            None => "No key is set, and none is asked for.".into(),
        }
    }

    /// A test without a model ends here.
    fn judge_list_alone(&mut self, listed: &Result<ModelList, UpstreamError>, list_ms: u64) -> bool {
        match listed {
            Ok(list) => {
                self.stages.pass(StageName::Auth, list_ms, self.accepted());
                let detail = in_words(list);
                match list.models.is_empty() {
                    true => self.stages.warn(StageName::Model, 0, detail, "Load or pull a model there.".into()),
                    false => self.stages.pass(StageName::Model, 0, detail),
                }
                true
            }
            Err(error) => {
                let (detail, remedy) = explain_listing(error, &self.probe.target);
                self.stages.fail(StageName::Auth, list_ms, detail, remedy);
                false
            }
        }
    }

    /// Whether the model is listed; `None` where the list is empty.
    fn judge_model(&mut self, model: &str, listed: &ModelList) -> Option<bool> {
        match find(model, listed) {
            Found::Listed(detail) => {
                self.stages.pass(StageName::Model, 0, detail);
                Some(true)
            }
            Found::Missing(detail, remedy) => {
                self.stages.fail(StageName::Model, 0, detail, remedy);
                self.outcome.is_unlisted = true;
                Some(false)
            }
            Found::Unclear(detail, remedy) => {
                self.stages.warn(StageName::Model, 0, detail, remedy);
                None
            }
        }
    }

    /// Without a list, the reply decides whether the key is right.
    fn judge_without_list(&mut self, error: &UpstreamError, replied: &Result<(), UpstreamError>, list_ms: u64) {
        let is_key_refused = |error: &UpstreamError| error.code == "unauthorized";
        match replied {
            Ok(()) if is_key_refused(error) => {
                let detail = "The key is accepted for completions, but may not list models.";
                let remedy = "Nothing has to be done; to import models from the list, the key needs that right.";
                self.stages.warn(StageName::Auth, list_ms, detail.into(), remedy.into());
            }
            Ok(()) => self.stages.pass(StageName::Auth, list_ms, self.accepted()),
            Err(refused) if is_key_refused(refused) || is_key_refused(error) => {
                let worse = if is_key_refused(refused) { refused } else { error };
                self.stages.fail(StageName::Auth, list_ms, explain(worse), remedy(worse, &self.probe.target));
                return;
            }
            Err(_) => {
                let detail = "Whether the key is right could not be told.";
                self.stages.skip(StageName::Auth, list_ms, detail);
            }
        }
        let detail = "Could not be looked up: the upstream does not list its models.";
        self.stages.skip(StageName::Model, 0, detail);
    }

    async fn judge_refusal(&mut self, error: &UpstreamError, is_listed: Option<bool>, reply_ms: u64) {
        if self.stages.has_failed(StageName::Auth) {
            return;
        }
        let (detail, mut remedy) = (explain(error), remedy(error, &self.probe.target));
        match error.code {
            // Nothing is broken.
            "model_loading" => self.stages.warn(StageName::Reply, reply_ms, detail, remedy),
            // The list needs no key on this upstream, so the wrong key shows only here.
            "unauthorized" if error.status == Some(401) => self.stages.fail(StageName::Auth, reply_ms, detail, remedy),
            "model_not_found" => {
                // A list without the model explains more than the refusal does, so that result stays.
                if is_listed != Some(false) {
                    self.stages.fail(StageName::Model, reply_ms, detail, remedy);
                }
            }
            code => {
                let is_elsewhere = matches!(code, "endpoint_not_found" | "bad_response");
                if is_elsewhere
                    && is_listed.is_none()
                    && let Some(better) = better_base_url(self.client, &self.probe.target).await
                {
                    remedy = format!("Did you mean {better}? It answers there.");
                }
                self.stages.fail(StageName::Reply, reply_ms, detail, remedy);
            }
        }
    }

    /// The whole answer, as the playground would get it.
    async fn stream(&mut self, model: &str) -> bool {
        let started = Instant::now();
        let stages = &mut *self.stages;
        let answer =
            stream_answer(self.client, &self.probe.target, model, &self.probe.prompt, |text| stages.delta(text)).await;
        let took = ms(started);
        let failure = answer.failure.clone();
        let counts = (answer.tokens_in, answer.tokens_out);
        let is_streamed = answer.is_streamed;
        let adjusted = adjusted(&answer.adjustments);
        self.outcome.answer = Some(answer);
        if let Some(error) = failure {
            self.outcome.health = error.health();
            self.stages.fail(StageName::Streaming, took, explain(&error), remedy(&error, &self.probe.target));
            return false;
        }
        if is_streamed {
            self.stages.pass(StageName::Streaming, took, format!("The answer comes piece by piece.{adjusted}"));
        } else {
            let remedy = "Nothing has to be done; the time to the first token will be unknown. A proxy in between may \
                          collect the answer.";
            let detail = format!("The answer comes in one piece.{adjusted}");
            self.stages.warn(StageName::Streaming, took, detail, remedy.into());
        }
        match counts {
            (Some(tokens_in), Some(tokens_out)) => {
                self.stages.pass(StageName::Usage, 0, format!("{tokens_in} tokens in, {tokens_out} out."));
            }
            _ => {
                let detail = "The upstream does not say how many tokens it counted.";
                let remedy = "Nothing has to be done: counts are estimated and marked. Some servers report them only when \
                              switched on there.";
                self.stages.warn(StageName::Usage, 0, detail.into(), remedy.into());
            }
        }
        true
    }
}

/// A sentence about what the model does not take; empty where it takes everything.
fn adjusted(adjustments: &Adjustments) -> String {
    let taken = adjustments.iter().map(|one| adjustment_words(one.field().as_str(), one.change()));
    let taken = taken.collect::<Vec<_>>().join(", ");
    if taken.is_empty() { taken } else { format!(" The model {taken}; it was asked accordingly.") }
}
