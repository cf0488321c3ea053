//! One test from its first step to its verdict.

use std::time::{Duration, Instant};

use domain::catalog::admin::{StageName, StageState, TestEvent, TestReport, TestStage, Verdict};

use crate::{
    ListedModel, Target, Timeouts, UpstreamClient, UpstreamError,
    diagnose::{
        ask::{self, Answer, ms},
        connect,
        explain::{NO_CONNECTION, NO_NAME, detail, explain_listing, remedy, tls_remedy},
        listing::{self, Found},
    },
};

/// How long a list of models may take.
const LIST_LIMIT: Duration = Duration::from_secs(20);

/// How far a test goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// To one token of a reply.
    Reply,
    /// To a whole streamed answer and its token counts.
    Answer,
}

/// What is tested. No `Debug`: it holds content.
#[derive(Clone)]
pub struct Probe {
    pub target: Target,
    /// The upstream's own name; without one the test ends with the list of models.
    pub model: Option<String>,
    pub depth: Depth,
    pub ask: Ask,
}

/// What the model is asked for its answer.
#[derive(Clone)]
pub struct Ask {
    pub system: Option<String>,
    pub message: String,
    pub temperature: Option<f64>,
    pub max_tokens: Option<u32>,
    /// A `data:` URL that [`super::check_image`] has read.
    pub image: Option<String>,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            system: None,
            message: "Say hello in one short sentence.".into(),
            temperature: None,
            max_tokens: None,
            image: None,
        }
    }
}

/// Tests step by step, telling each as it ends, and says what it comes to. Nothing is written anywhere; dropping the future
/// closes the connection to the upstream.
pub async fn diagnose(client: &UpstreamClient, probe: &Probe, tell: &mut (dyn FnMut(TestEvent) + Send)) -> TestReport {
    let mut test = Test { client, probe, tell, stages: Vec::new(), is_unlisted: false, answer: None };
    test.run().await;
    test.report()
}

struct Test<'a> {
    client: &'a UpstreamClient,
    probe: &'a Probe,
    tell: &'a mut (dyn FnMut(TestEvent) + Send),
    stages: Vec<TestStage>,
    is_unlisted: bool,
    answer: Option<Answer>,
}

impl Test<'_> {
    async fn run(&mut self) {
        let goes_on = self.reach().await && self.ask().await;
        let rest = [
            StageName::Tcp,
            StageName::Tls,
            StageName::Auth,
            StageName::Model,
            StageName::Reply,
            StageName::Streaming,
            StageName::Usage,
        ];
        let why = if goes_on { "Not part of this test." } else { "Not reached." };
        for name in rest {
            if !self.stages.iter().any(|stage| stage.name == name) {
                self.note(name, StageState::Skipped, 0, why.into(), None);
            }
        }
    }

    /// Address, connection, encryption.
    async fn reach(&mut self) -> bool {
        let target = &self.probe.target;
        let place = target.base_url.host_and_port();
        let started = Instant::now();
        let addresses = match self.client.addresses(target).await {
            Ok(addresses) => addresses,
            Err(error) => {
                let refusal = self.client.refusal(&target.base_url, target.allow_private).await;
                let (told, remedy) = match refusal {
                    Some(refusal) => match refusal.split_once(". ") {
                        Some((why, what)) => (format!("{why}."), what.to_owned()),
                        None => (refusal, String::new()),
                    },
                    None => (format!("The name {} has no address.", target.base_url.host()), NO_NAME.into()),
                };
                tracing::debug!(code = error.code, "a test ended at the address");
                self.fail(StageName::Address, ms(started), told, remedy);
                return false;
            }
        };
        let told = match addresses.len() {
            1 => format!("{} leads to one address.", target.base_url.host()),
            n => format!("{} leads to {n} addresses.", target.base_url.host()),
        };
        self.pass(StageName::Address, ms(started), told);

        let (started, limit) = (Instant::now(), self.client.connect_timeout());
        let stream = match connect::connect(&addresses, limit).await {
            Ok(stream) => stream,
            Err(reason) => {
                let told = format!("No connection to {place}: {reason}.");
                self.fail(StageName::Tcp, ms(started), told, NO_CONNECTION.into());
                return false;
            }
        };
        self.pass(StageName::Tcp, ms(started), format!("Connected to {place}."));

        if !target.base_url.is_https() {
            let told = "Not used: the base URL is http://.";
            self.note(StageName::Tls, StageState::Skipped, 0, told.into(), None);
            return true;
        }
        let started = Instant::now();
        match connect::shake_hands(stream, &target.base_url.host(), limit).await {
            Ok(version) => self.pass(StageName::Tls, ms(started), format!("{version}, and the certificate is valid.")),
            Err(reason) => {
                let told = format!("No secure connection: {reason}.");
                self.fail(StageName::Tls, ms(started), told, tls_remedy(reason).into());
                return false;
            }
        }
        true
    }

    /// Key, list, reply, and what is left of them.
    async fn ask(&mut self) -> bool {
        let started = Instant::now();
        let listed = self.list().await;
        let list_ms = ms(started);
        let Some(model) = self.probe.model.clone() else { return self.judge_list_alone(&listed, list_ms) };
        let is_listed = match &listed {
            Ok(models) => {
                self.pass(StageName::Auth, list_ms, self.accepted());
                self.judge_model(&model, models)
            }
            Err(_) => None,
        };
        let started = Instant::now();
        let replied = ask::one_token(self.client, &self.probe.target, &model).await;
        let reply_ms = ms(started);
        if let Err(error) = &listed {
            self.judge_without_list(error, &replied, list_ms);
        }
        if let Err(error) = replied {
            self.judge_refusal(&error, is_listed, reply_ms).await;
            return false;
        }
        self.pass(StageName::Reply, reply_ms, "The model replies.".into());
        match self.probe.depth {
            Depth::Reply => true,
            Depth::Answer => self.listen(&model).await,
        }
    }

    async fn list(&mut self) -> Result<Vec<ListedModel>, UpstreamError> {
        let target = &self.probe.target;
        let limit = |time: Duration| time.min(LIST_LIMIT);
        let Timeouts { first_byte, idle, total } = target.timeouts;
        let timeouts = Timeouts { first_byte: limit(first_byte), idle: limit(idle), total: limit(total) };
        self.client.list_models(&Target { timeouts, ..target.clone() }).await
    }

    fn accepted(&self) -> String {
        match self.probe.target.api_key {
            Some(_) => "The key is accepted.".into(),
            None => "No key is set, and none is asked for.".into(),
        }
    }

    /// A test without a model ends here.
    fn judge_list_alone(&mut self, listed: &Result<Vec<ListedModel>, UpstreamError>, list_ms: u64) -> bool {
        match listed {
            Ok(models) => {
                self.pass(StageName::Auth, list_ms, self.accepted());
                let told = match models.len() {
                    1 => "1 model is listed.".to_owned(),
                    n => format!("{n} models are listed."),
                };
                match models.is_empty() {
                    true => self.warn(StageName::Model, 0, told, "Load or pull a model there.".into()),
                    false => self.pass(StageName::Model, 0, told),
                }
                true
            }
            Err(error) => {
                let (told, remedy) = explain_listing(error, &self.probe.target);
                self.fail(StageName::Auth, list_ms, told, remedy);
                false
            }
        }
    }

    /// Whether it is listed, where the list tells.
    fn judge_model(&mut self, model: &str, listed: &[ListedModel]) -> Option<bool> {
        match listing::find(model, listed) {
            Found::Listed(told) => {
                self.pass(StageName::Model, 0, told);
                Some(true)
            }
            Found::Missing(told, remedy) => {
                self.fail(StageName::Model, 0, told, remedy);
                self.is_unlisted = true;
                Some(false)
            }
            Found::Unclear(told, remedy) => {
                self.warn(StageName::Model, 0, told, remedy);
                None
            }
        }
    }

    /// Without a list it is the reply that tells whether the key is right.
    fn judge_without_list(&mut self, error: &UpstreamError, replied: &Result<(), UpstreamError>, list_ms: u64) {
        let is_key_refused = |error: &UpstreamError| error.code == "unauthorized";
        match replied {
            Ok(()) if is_key_refused(error) => {
                let told = "The key is accepted for completions, but may not list models.";
                let remedy = "Nothing has to be done; to import models from the list, the key needs that right.";
                self.warn(StageName::Auth, list_ms, told.into(), remedy.into());
            }
            Ok(()) => self.pass(StageName::Auth, list_ms, self.accepted()),
            Err(refused) if is_key_refused(refused) || is_key_refused(error) => {
                let worse = if is_key_refused(refused) { refused } else { error };
                self.fail(StageName::Auth, list_ms, detail(worse), remedy(worse, &self.probe.target));
                return;
            }
            Err(_) => {
                let told = "Whether the key is right could not be told.";
                self.note(StageName::Auth, StageState::Skipped, list_ms, told.into(), None);
            }
        }
        let told = "Could not be looked up: the upstream does not list its models.";
        self.note(StageName::Model, StageState::Skipped, 0, told.into(), None);
    }

    async fn judge_refusal(&mut self, error: &UpstreamError, is_listed: Option<bool>, reply_ms: u64) {
        if self.failed_at(StageName::Auth) {
            return;
        }
        let (told, mut remedy) = (detail(error), remedy(error, &self.probe.target));
        match error.code {
            // The list is open to everybody, so it did not show that the key is wrong.
            "unauthorized" if error.status == Some(401) => self.fail(StageName::Auth, reply_ms, told, remedy),
            "model_not_found" => {
                // Where the list has shown it missing, that says more than the refusal.
                if is_listed != Some(false) {
                    self.fail(StageName::Model, reply_ms, told, remedy);
                }
            }
            code => {
                let is_elsewhere = matches!(code, "endpoint_not_found" | "bad_response");
                if is_elsewhere
                    && is_listed.is_none()
                    && let Some(better) = listing::better_base_url(self.client, &self.probe.target).await
                {
                    remedy = format!("Did you mean {better}? It answers there.");
                }
                self.fail(StageName::Reply, reply_ms, told, remedy);
            }
        }
    }

    /// The whole answer, as a member would get it.
    async fn listen(&mut self, model: &str) -> bool {
        let started = Instant::now();
        let tell = &mut *self.tell;
        let answer = ask::answer(self.client, &self.probe.target, model, &self.probe.ask, |text| {
            tell(TestEvent::Delta { text: text.to_owned() });
        })
        .await;
        let took = ms(started);
        let failure = answer.failure.clone();
        let counts = (answer.tokens_in, answer.tokens_out);
        let is_streamed = answer.is_streamed;
        self.answer = Some(answer);
        if let Some(error) = failure {
            self.fail(StageName::Streaming, took, detail(&error), remedy(&error, &self.probe.target));
            return false;
        }
        if is_streamed {
            self.pass(StageName::Streaming, took, "The answer comes piece by piece.".into());
        } else {
            let remedy = "Nothing has to be done; the time to the first token will be unknown. A proxy in between may \
                          collect the answer.";
            self.warn(StageName::Streaming, took, "The answer comes in one piece.".into(), remedy.into());
        }
        match counts {
            (Some(tokens_in), Some(tokens_out)) => {
                self.pass(StageName::Usage, 0, format!("{tokens_in} tokens in, {tokens_out} out."));
            }
            _ => {
                let told = "The upstream does not say how many tokens it counted.";
                let remedy = "Nothing has to be done: counts are estimated and marked. Some servers report them only when \
                              switched on there.";
                self.warn(StageName::Usage, 0, told.into(), remedy.into());
            }
        }
        true
    }

    fn pass(&mut self, name: StageName, ms: u64, detail: String) {
        self.note(name, StageState::Passed, ms, detail, None);
    }

    fn warn(&mut self, name: StageName, ms: u64, detail: String, remedy: String) {
        self.note(name, StageState::Warning, ms, detail, Some(remedy));
    }

    fn fail(&mut self, name: StageName, ms: u64, detail: String, remedy: String) {
        self.note(name, StageState::Failed, ms, detail, Some(remedy));
    }

    /// Notes how a step went; what was noted of it before is replaced.
    fn note(&mut self, name: StageName, state: StageState, ms: u64, detail: String, remedy: Option<String>) {
        let stage = TestStage { name, ok: state != StageState::Failed, state, ms, detail, remedy };
        (self.tell)(TestEvent::Stage { stage: stage.clone() });
        self.stages.retain(|other| other.name != name);
        self.stages.push(stage);
        self.stages.sort_by_key(|stage| stage.name);
    }

    fn failed_at(&self, name: StageName) -> bool {
        self.stages.iter().any(|stage| stage.name == name && stage.state == StageState::Failed)
    }

    fn report(self) -> TestReport {
        let failed_stage = self.stages.iter().find(|stage| !stage.ok).map(|stage| stage.name);
        let verdict = match failed_stage {
            None => Verdict::Works,
            Some(StageName::Model) if self.is_unlisted => Verdict::NotListed,
            Some(_) => Verdict::Failed,
        };
        let answer = self.answer.unwrap_or_default();
        let has_answer = answer.latency_ms > 0 || !answer.text.is_empty();
        TestReport {
            verdict,
            failed_stage,
            stages: self.stages,
            response_content: Some(answer.text).filter(|text| !text.is_empty()),
            finish_reason: answer.finish,
            latency_ms: has_answer.then_some(answer.latency_ms),
            ttft_ms: answer.ttft_ms,
            tokens_in: answer.tokens_in,
            tokens_out: answer.tokens_out,
            list_cost_usd: None,
        }
    }
}
