//! One test from its first step to its verdict.

use domain::catalog::admin::{HealthState, StageName, TestEvent, TestReport, Verdict};

use super::{
    connection,
    model::{ModelTest, Outcome},
    probe::Probe,
    stages::Stages,
};
use crate::UpstreamClient;

/// Tests step by step, passes each result to `notify` as it is known, and returns all of them with the verdict. A failure of
/// the upstream is a result, not an error. Nothing is stored.
///
/// Cancel-safe: dropping the future closes the connection to the upstream.
pub async fn diagnose(
    client: &UpstreamClient,
    probe: &Probe,
    notify: &mut (dyn FnMut(TestEvent) + Send),
) -> TestReport {
    let mut stages = Stages::new(notify);
    let mut outcome = Outcome::default();
    if connection::check(client, &probe.target, &mut stages).await {
        outcome = ModelTest::new(client, probe, &mut stages).run().await;
    }
    let why = if outcome.has_passed { "Not part of this test." } else { "Not reached." };
    stages.skip_missing(why);

    let failed_stage = stages.first_failed();
    let verdict = match failed_stage {
        None if outcome.health == Some(HealthState::Loading) => Verdict::Loading,
        None => Verdict::Works,
        Some(StageName::Model) if outcome.is_unlisted => Verdict::NotListed,
        Some(_) => Verdict::Failed,
    };
    let answer = outcome.answer.unwrap_or_default();
    let has_answer = answer.latency_ms > 0 || !answer.text.is_empty();
    TestReport {
        verdict,
        failed_stage,
        health: outcome.health,
        stages: stages.into_vec(),
        response_content: Some(answer.text).filter(|text| !text.is_empty()),
        finish_reason: answer.finish,
        latency_ms: has_answer.then_some(answer.latency_ms),
        ttft_ms: answer.ttft_ms,
        tokens_in: answer.tokens_in,
        tokens_out: answer.tokens_out,
        list_cost_usd: None,
    }
}
