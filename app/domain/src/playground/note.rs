//! The sentence below an answer, or in its place.

use crate::playground::{Run, RunNote, RunStatus};

/// A sentence about the state of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Its CSS class; empty where there is nothing to say.
    pub class: &'static str,
    /// A word in front of the text, shown in bold.
    pub lead: &'static str,
    pub text: String,
}

/// The note of a run, given whether any of its answer has arrived.
pub fn note(run: &Run, has_text: bool) -> Note {
    let waiting = |text: &str| Note { class: "waiting", lead: "", text: text.into() };
    let aside = |text: &str| Note { class: "aside-note", lead: "", text: text.into() };
    match run.result.status {
        RunStatus::Queued | RunStatus::Running if has_text => Note::default(),
        RunStatus::Queued => waiting("Waiting for its turn"),
        RunStatus::Running => waiting("Waiting for the first token"),
        RunStatus::Succeeded if !has_text && run.result.notes.contains(&RunNote::ImageOmitted) => {
            aside("The model answered with a picture alone. Pictures are not shown here.")
        }
        RunStatus::Succeeded if !has_text => aside("The model answered with nothing."),
        RunStatus::Succeeded if run.result.finish_reason.as_deref() == Some("refusal") => {
            aside("Refusal: the model declined to answer, in its own words.")
        }
        RunStatus::Succeeded if run.result.finish_reason.as_deref() == Some("length") => {
            aside("Cut off: the answer reached its token limit.")
        }
        RunStatus::Succeeded => Note::default(),
        RunStatus::Failed => Note { class: "fail", lead: "Failed. ", text: failure(run) },
        RunStatus::Cancelled => aside("Stopped. What had arrived by then is kept."),
        RunStatus::Interrupted => {
            aside("Interrupted: the server went down while this ran. Run the prompt again for an answer.")
        }
    }
}

fn failure(run: &Run) -> String {
    let Some(error) = &run.result.error else { return "It is not known why.".into() };
    match error.retry_after_s {
        Some(seconds) => format!("{} The upstream asks to wait {seconds} s.", error.message),
        None => error.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playground::{RunError, RunResult, run::with_result};

    fn run(status: RunStatus) -> Run {
        with_result(0, RunResult { status, ..RunResult::default() })
    }

    #[test]
    fn a_run_that_answers_says_nothing_beside_its_answer() {
        assert_eq!(note(&run(RunStatus::Running), true), Note::default());
        assert_eq!(note(&run(RunStatus::Succeeded), true), Note::default());
        assert_eq!(note(&run(RunStatus::Running), false).class, "waiting");
    }

    #[test]
    fn an_empty_answer_and_one_that_was_cut_off_are_told_apart_from_a_good_one() {
        assert_eq!(note(&run(RunStatus::Succeeded), false).text, "The model answered with nothing.");
        let mut drawn = run(RunStatus::Succeeded);
        drawn.result.notes = vec![RunNote::ImageOmitted];
        assert!(note(&drawn, false).text.contains("a picture alone"));
        let mut declined = run(RunStatus::Succeeded);
        declined.result.finish_reason = Some("refusal".into());
        assert!(note(&declined, true).text.starts_with("Refusal:"));
        let mut cut = run(RunStatus::Succeeded);
        cut.result.finish_reason = Some("length".into());
        assert_eq!(note(&cut, true).text, "Cut off: the answer reached its token limit.");
    }

    #[test]
    fn a_failure_says_why_and_how_long_to_wait_and_a_stop_is_no_failure() {
        let error = RunError { code: "rate_limited".into(), message: "Too much.".into(), retry_after_s: Some(20) };
        let mut failed = run(RunStatus::Failed);
        failed.result.error = Some(error);
        assert_eq!(note(&failed, true).text, "Too much. The upstream asks to wait 20 s.");
        assert_eq!(note(&run(RunStatus::Failed), true).text, "It is not known why.");
        assert_eq!(note(&run(RunStatus::Cancelled), true).class, "aside-note");
    }
}
