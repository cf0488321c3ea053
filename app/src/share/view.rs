//! A shared comparison as its readers see it: the prompt, then the answers side by side. Needs no script.

use domain::{
    playground::{Best, Run, best, note, remarks, stats},
    position::letter,
    share::{SharedContent, own_parameters, sent_with},
};
use leptos::prelude::*;
use markdown::answer_html;

use crate::ui::position_class;

/// Prompt and answers. The preview uses the same component, so that it shows exactly what readers get.
#[component]
pub fn SharedView(content: SharedContent) -> impl IntoView {
    let runs: Vec<Run> = content.runs.into_iter().map(Run::from).collect();
    let count = runs.len();
    let marks = best(&runs);
    let sent = sent_with(&content.parameters, &runs);
    let picked = content.picked_position;
    let cards: Vec<_> = runs
        .into_iter()
        .zip(marks)
        .map(|(run, best)| {
            let is_picked = picked == Some(run.position);
            view! { <SharedCard run best is_picked/> }
        })
        .collect();
    view! {
        <section class="asked sheet" aria-label="What was asked">
            <h2>"Prompt"</h2>
            <div class="asked-text" dir="auto" tabindex="0" role="group" aria-label="Prompt">{content.prompt}</div>
            {content.system_prompt.map(|text| view! {
                <h2>"System prompt"</h2>
                <div class="asked-text" dir="auto" tabindex="0" role="group" aria-label="System prompt">{text}</div>
            })}
            <p class="hint">{sent}</p>
        </section>
        <section class="grid" aria-label="Answers" data-cards=count.to_string()>{cards}</section>
    }
}

#[component]
fn SharedCard(run: Run, best: Best, is_picked: bool) -> impl IntoView {
    let position = usize::from(run.position);
    let title = format!("shown-{}", letter(position).to_lowercase());
    let note = note(&run, run.result.response_content.is_some());
    let stats: Vec<_> = stats(&run, None)
        .into_iter()
        .zip(best.marks())
        .map(|(stat, is_best)| {
            view! {
                <div class:best=is_best>
                    <dt>{stat.name}" "<span class="best-word">{is_best.then_some("best")}</span></dt>
                    <dd>{stat.value}<small>{stat.aside}</small></dd>
                </div>
            }
        })
        .collect();
    view! {
        <article class=format!("card {}", position_class(position)) aria-labelledby=title.clone()
            data-status=run.result.status.as_str()>
            <header class="card-head">
                <span class="letter">{letter(position)}</span>
                <h2 id=title.clone()><span class="visually-hidden">{letter(position)}", "</span>{run.model.clone()}</h2>
                {is_picked.then(|| view! { <span class="tag picked">"picked"</span> })}
                {own_parameters(&run).map(|own| view! { <span class="facts-line own-line">{own}</span> })}
                <span class="card-status">{run.result.status.label()}</span>
            </header>
            <div class="card-body">
                <Answer run=run.clone()/>
                {(!note.class.is_empty()).then(|| view! { <p class=note.class><b>{note.lead}</b>{note.text}</p> })}
                {remarks(&run.result.notes).map(|remarks| view! { <p class="remarks">{remarks}</p> })}
            </div>
            <div class="card-tools">
                <span class="spacer"></span>
                <button class="quiet small" type="button" data-plain="" aria-pressed="false"
                    aria-label=format!("Plain text, {}", letter(position))>"Plain text"</button>
                <button class="quiet small" type="button" data-copy-answer="" aria-label=format!("Copy {}", letter(position))>"Copy"</button>
                <button class="quiet small wide-only" type="button" data-expand="" aria-pressed="false"
                    aria-label=format!("Expand {} to full width", letter(position))>"Expand"</button>
            </div>
            <dl class="figures">{stats}</dl>
        </article>
    }
}

/// A complete answer: as plain text, and as rendered Markdown.
#[component]
fn Answer(run: Run) -> impl IntoView {
    let name = letter(usize::from(run.position));
    let html = run.ended_answer().and_then(|(answer, reasoning)| answer_html(answer, reasoning)).unwrap_or_default();
    run.result.response_content.map(|text| {
        view! {
            <div class="answer" tabindex="0" role="group" aria-label=format!("Answer {name}") dir="auto">
                <div>{text}</div>
            </div>
            <div class="md" tabindex="0" role="group" aria-label=format!("Answer {name}") dir="auto" inner_html=html></div>
        }
    })
}
