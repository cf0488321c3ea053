//! Comparisons as Markdown documents.

use domain::{
    format,
    playground::{Comparison, Run, remarks},
    position::letter,
    share::{own_parameters, sent_with},
};

/// The documents of these comparisons, one after the other.
pub(super) fn documents(comparisons: &[Comparison]) -> String {
    comparisons.iter().map(document).collect::<Vec<_>>().join("\n---\n\n")
}

fn document(made: &Comparison) -> String {
    let mut text = format!("# Comparison of {}\n\n", made.created_at.format("%Y-%m-%d %H:%M UTC"));
    text.push_str(&format!("## Prompt\n\n{}\n", fenced(&made.prompt)));
    if let Some(system_prompt) = &made.system_prompt {
        text.push_str(&format!("## System prompt\n\n{}\n", fenced(system_prompt)));
    }
    text.push_str(&format!("{}\n\n", sent_with(&made.parameters, &made.runs)));
    text.push_str("| | model | status | TTFT | total | in | out | speed | list price |\n");
    text.push_str("|---|---|---|---:|---:|---:|---:|---:|---:|\n");
    for run in &made.runs {
        text.push_str(&row(run, made.picked_run_id == Some(run.id)));
    }
    for run in &made.runs {
        text.push_str(&format!("\n## {}: {}\n\n", name(run), one_line(&run.model)));
        if let Some(own) = own_parameters(run) {
            text.push_str(&format!("*Sent with {own}.*\n\n"));
        }
        if let Some(remarks) = remarks(&run.result.notes) {
            text.push_str(&format!("*{remarks}.*\n\n"));
        }
        match (&run.result.response_content, &run.result.error) {
            (Some(answer), _) => text.push_str(&format!("{}\n", answer.trim_end())),
            (None, Some(error)) => text.push_str(&format!("*Failed: {}*\n", one_line(&error.message))),
            (None, None) => text.push_str("*No answer.*\n"),
        }
    }
    text
}

fn row(run: &Run, is_picked: bool) -> String {
    let cells = [
        name(run).to_owned(),
        format!("{}{}", one_line(&run.model).replace('|', "\\|"), if is_picked { " (picked)" } else { "" }),
        run.result.status.label().to_owned(),
        format::duration(run.result.ttft_ms),
        format::duration(run.result.latency_ms),
        format::count(run.result.tokens_in),
        format::count(run.result.tokens_out),
        format::speed(run.result.tokens_per_second),
        run.result.list_cost_usd.as_ref().map_or(format::UNKNOWN.into(), |cost| cost.display()),
    ];
    format!("| {} |\n", cells.join(" | "))
}

fn name(run: &Run) -> &'static str {
    letter(usize::from(run.position))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text in a fenced code block, with a fence longer than any run of backticks in the text.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::fenced;

    #[test]
    fn a_prompt_cannot_close_its_fence() {
        assert_eq!(fenced("a"), "```text\na\n```\n");
        assert_eq!(fenced("a\n````\nb"), "`````text\na\n````\nb\n`````\n");
    }
}
