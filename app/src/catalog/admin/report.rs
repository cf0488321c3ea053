//! A test's report: the steps with their times, the verdict, the answer. Rendered on the server after a test without
//! script, and filled in by the script while a test runs.

use domain::{
    catalog::admin::{StageName, StageState, TestReport, TestStage, Verdict},
    format::{self, UNKNOWN},
};
use leptos::{nonce::use_nonce, prelude::*};

use crate::ui::script_text;

const STAGES: [StageName; 8] = [
    StageName::Address,
    StageName::Tcp,
    StageName::Tls,
    StageName::Auth,
    StageName::Model,
    StageName::Reply,
    StageName::Streaming,
    StageName::Usage,
];

/// The report, or the empty table that the script fills in.
#[component]
pub(super) fn Report(report: Option<TestReport>) -> impl IntoView {
    let is_empty = report.is_none();
    let stages: Vec<_> = STAGES
        .into_iter()
        .map(|name| {
            let stage = report.as_ref().and_then(|report| report.stages.iter().find(|stage| stage.name == name));
            row(name, stage)
        })
        .collect();
    let (word, sentence) = verdict(report.as_ref());
    let answer = report.as_ref().and_then(|report| report.response_content.clone()).unwrap_or_default();
    let has_no_answer = answer.is_empty();
    let stats = stats(report.as_ref());
    view! {
        <section class="sheet report" data-report hidden=is_empty aria-labelledby="report-title">
            <h2 id="report-title">"How it went"</h2>
            <p class="verdict" role="status" data-verdict=word data-verdict-line>{sentence}</p>
            <div class="scroll" role="region" aria-label="Steps" tabindex="0">
                <table class="listing stages">
                    <thead>
                        <tr>
                            <th scope="col">"Step"</th><th scope="col">"Result"</th>
                            <th scope="col" class="number">"Time"</th><th scope="col">"What was found, and what to do"</th>
                        </tr>
                    </thead>
                    <tbody>{stages}</tbody>
                </table>
            </div>
            <div data-answer-part hidden=has_no_answer>
                <h3>"Answer"</h3>
                <p class="answer" dir="auto" data-answer>{answer}</p>
            </div>
            <dl class="figures-line">{stats}</dl>
        </section>
    }
}

fn row(name: StageName, stage: Option<&TestStage>) -> impl IntoView + use<> {
    let state = stage.map_or("waiting", |stage| stage.state.as_str());
    let word = stage.map_or(UNKNOWN, |stage| state_word(stage.state));
    let time = stage.filter(|stage| stage.state != StageState::Skipped).map(|stage| format::duration(Some(stage.ms)));
    let detail = stage.map(|stage| stage.detail.clone());
    let remedy = stage.and_then(|stage| stage.remedy.clone());
    view! {
        <tr data-stage=name.as_str() data-state=state>
            <th scope="row">{name.title()}</th>
            <td class="state">{word}</td>
            <td class="number">{time.unwrap_or_else(|| UNKNOWN.into())}</td>
            <td><span data-detail>{detail}</span>" "<span class="remedy" data-remedy>{remedy}</span></td>
        </tr>
    }
}

fn state_word(state: StageState) -> &'static str {
    match state {
        StageState::Passed => "passed",
        StageState::Warning => "note",
        StageState::Failed => "failed",
        StageState::Skipped => "skipped",
    }
}

fn verdict(report: Option<&TestReport>) -> (&'static str, String) {
    let Some(report) = report else { return ("", String::new()) };
    let sentence = match (report.verdict, report.failed_stage) {
        (Verdict::Works, _) => "It works.".to_owned(),
        (Verdict::NotListed, _) => "Connected, but the upstream does not list the model.".to_owned(),
        (Verdict::Loading, _) => "Connected; the upstream is loading the model.".to_owned(),
        (Verdict::Failed, Some(stage)) => format!("Failed at: {}.", stage.title()),
        (Verdict::Failed, None) => "Failed.".to_owned(),
    };
    (report.verdict.as_str(), sentence)
}

/// Times, tokens, cost.
fn stats(report: Option<&TestReport>) -> Vec<impl IntoView + use<>> {
    let cost = report.and_then(|report| report.list_cost_usd.as_ref()).map_or(UNKNOWN.into(), |cost| cost.display());
    let all = [
        ("latency_ms", "Whole time", format::duration(report.and_then(|report| report.latency_ms))),
        ("ttft_ms", "First token", format::duration(report.and_then(|report| report.ttft_ms))),
        ("tokens_in", "Tokens in", format::count(report.and_then(|report| report.tokens_in))),
        ("tokens_out", "Tokens out", format::count(report.and_then(|report| report.tokens_out))),
        ("list_cost_usd", "At list price", cost),
    ];
    all.into_iter()
        .map(|(name, title, value)| view! { <div><dt>{title}</dt><dd data-figure=name>{value}</dd></div> })
        .collect()
}

/// The script that runs tests and fills in the report as they proceed. Without it the form is posted and the page shows the
/// report.
#[component]
pub(super) fn TestScript() -> impl IntoView {
    view! { <script nonce=use_nonce()>{script_text!("test.js")}</script> }
}
