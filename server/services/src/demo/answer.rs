//! The answers of the simulated models. They depend on the prompt and use every kind of Markdown; each one states that it is
//! simulated.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::json;

use super::models::{DemoModel, Manner};

/// The answer to a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Empty for models that do not show their reasoning.
    pub(super) reasoning: String,
    pub(super) text: String,
}

/// The kind of answer that the prompt requests, by keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Code,
    Table,
    List,
    Prose,
}

/// The parts of a request that an answer depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) system: &'a str,
    pub(super) prompt: &'a str,
    /// 0 always gives the same wording; any other temperature its own.
    pub(super) temperature: f64,
    pub(super) seed: u64,
}

/// Composes the answer: the same question gives the same answer.
pub(super) fn compose(model: &DemoModel, question: &Question<'_>) -> Answer {
    // For testing how answers are rendered: the text after the marker is returned unchanged.
    if let Some(text) = question.prompt.strip_prefix("[echo] ") {
        return Answer { reasoning: String::new(), text: text.to_owned() };
    }
    let topic = topic(question.prompt);
    let form = form(question.prompt);
    let choice = Choice(if question.temperature > 0.0 { seed(model, question) } else { 0 });
    let text = match form {
        Form::Json => json_answer(model, &topic),
        _ => prose_answer(model, question, &topic, form, choice),
    };
    Answer { reasoning: reasoning(model, &topic, form), text }
}

/// Picks among variants by a hash instead of at random, so that answers are reproducible.
#[derive(Clone, Copy)]
struct Choice(u64);

impl Choice {
    fn of<'a>(self, salt: u64, variants: &[&'a str]) -> &'a str {
        let index = if self.0 == 0 { 0 } else { (self.0.rotate_left(salt as u32 * 7) ^ salt) % variants.len() as u64 };
        variants.get(index as usize).copied().unwrap_or_default()
    }
}

fn seed(model: &DemoModel, question: &Question<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (model.name, question.prompt, question.temperature.to_bits(), question.seed).hash(&mut hasher);
    hasher.finish() | 1
}

fn form(prompt: &str) -> Form {
    let words: String = prompt.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let words = format!(" {} ", words.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "));
    let asks = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(&format!(" {phrase} ")));
    if asks(&["json"]) {
        Form::Json
    } else if asks(&["code", "function", "script", "program", "rust", "python", "javascript", "sql", "regex"]) {
        Form::Code
    } else if asks(&["table", "compare", "comparison", "versus", "vs", "difference", "tabelle", "vergleiche"]) {
        Form::Table
    } else if asks(&["list", "steps", "ideas", "tips", "ways", "how to", "how do", "pros and cons", "liste"]) {
        Form::List
    } else {
        Form::Prose
    }
}

/// The first non-blank line of the prompt, shortened, and safe inside Markdown.
fn topic(prompt: &str) -> String {
    let line = prompt.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("nothing");
    let plain: String =
        line.chars().filter(|c| !matches!(c, '`' | '*' | '_' | '|' | '[' | ']' | '<' | '>' | '#')).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = plain.chars().take(70).collect();
    if short.len() < plain.len() {
        let cut = short.rfind(' ').filter(|at| *at > 30).unwrap_or(short.len());
        format!("{}…", &short[..cut])
    } else {
        short.trim_end_matches(['.', '?', '!', ':', ',']).to_owned()
    }
}

fn reasoning(model: &DemoModel, topic: &str, form: Form) -> String {
    if model.manner != Manner::Deliberate {
        return String::new();
    }
    let form = match form {
        Form::Json => "one JSON object",
        Form::Code => "a short piece of code",
        Form::Table => "a table",
        Form::List => "numbered steps",
        Form::Prose => "a few sentences",
    };
    format!(
        "The question is about “{topic}”. I am a simulation, so I know nothing about it; what I can do is answer in the \
         form that was asked for, which looks like {form}. First the form, then the content, then a check that I said \
         what I am. That should do."
    )
}

fn json_answer(model: &DemoModel, topic: &str) -> String {
    let points = match model.manner {
        Manner::Terse => 1,
        Manner::Lyrical => 2,
        Manner::Deliberate => 3,
        Manner::Thorough => 4,
    };
    let points: Vec<_> =
        POINTS.iter().take(points).map(|(title, text)| json!({"title": title, "text": text})).collect();
    let object = json!({"simulated": true, "model": model.name, "topic": topic, "points": points});
    // A request for JSON gets only JSON, so the statement that it is simulated is inside.
    serde_json::to_string_pretty(&object).unwrap_or_default()
}

const POINTS: &[(&str, &str)] = &[
    ("Begin small", "Take the part that you can finish today, and finish it."),
    ("Measure first", "Write down what you see before you change anything."),
    ("Name things", "A thing with a clear name is half understood."),
    ("Ask somebody", "Somebody has stood where you stand; ask what they would do differently."),
    ("Stop in time", "Decide beforehand how you will know that it is good enough."),
];

fn prose_answer(model: &DemoModel, question: &Question<'_>, topic: &str, form: Form, choice: Choice) -> String {
    let body = match (model.manner, form) {
        (_, Form::Code) => code(model.manner, topic),
        (_, Form::Table) => table(model.manner),
        (Manner::Terse, Form::List) => list(2, false),
        (Manner::Lyrical, Form::List) => list(3, false),
        (_, Form::List) => list(if model.manner == Manner::Thorough { 5 } else { 3 }, true),
        (manner, _) => prose(manner, topic, choice),
    };
    let opening = opening(model.manner, topic, choice);
    let system = if question.system.trim().is_empty() || model.manner == Manner::Terse {
        String::new()
    } else {
        format!("I was also given a system prompt, which begins “{}”.\n\n", self::topic(question.system))
    };
    let closing = match model.manner {
        Manner::Terse => "*Simulated answer.*".to_owned(),
        Manner::Thorough => format!(
            "---\n\n**What this is:** a simulated answer of `{}`. No model was asked; connect an upstream to ask a real one.",
            model.name
        ),
        Manner::Lyrical => "*These lines are simulated: no model dreamt them.*".to_owned(),
        Manner::Deliberate => format!("*This is a simulated answer of `{}`; no model was asked.*", model.name),
    };
    format!("{opening}\n\n{system}{body}\n\n{closing}")
}

fn opening(manner: Manner, topic: &str, choice: Choice) -> String {
    match manner {
        Manner::Terse => {
            let lead = choice.of(1, &["In short", "Briefly", "The gist"]);
            format!("**{lead}:** {topic}.")
        }
        Manner::Thorough => {
            let title = choice.of(2, &["An overview", "A closer look", "The whole picture"]);
            format!("## {title}\n\nYou asked about **{topic}**. Let us take it one step after the other.")
        }
        Manner::Lyrical => {
            let image =
                choice.of(3, &["a lamp left on in the hall", "rain on a tin roof", "the last tram of the night"]);
            format!("“{topic}”, you say, and I think of {image}.")
        }
        Manner::Deliberate => {
            let lead = choice.of(4, &["After some thought", "Having weighed it", "On reflection"]);
            format!("{lead}, here is how I would put **{topic}**.")
        }
    }
}

fn list(length: usize, numbered: bool) -> String {
    let line = |(index, (title, text)): (usize, &(&str, &str))| {
        let mark = if numbered { format!("{}.", index + 1) } else { "-".to_owned() };
        format!("{mark} **{title}.** {text}")
    };
    POINTS.iter().take(length).enumerate().map(line).collect::<Vec<_>>().join("\n")
}

fn table(manner: Manner) -> String {
    let rows: &[&str] = &[
        "| Effort | small | large |",
        "| Time to a result | 1 day | 3 weeks |",
        "| Can be undone | yes | hardly |",
        "| Cost of being wrong | low | high |",
    ];
    let rows = if manner == Manner::Terse { &rows[..2] } else { rows };
    format!("| | The first | The second |\n|---|---:|---:|\n{}", rows.join("\n"))
}

fn code(manner: Manner, topic: &str) -> String {
    let code = match manner {
        Manner::Terse => "fn answer() -> u32 {\n    42\n}",
        Manner::Lyrical => "for line in poem.lines() {\n    println!(\"{line}\");  // and let it ring\n}",
        Manner::Deliberate | Manner::Thorough => {
            "/// The mean of some numbers; `None` for none at all.\nfn mean(numbers: &[f64]) -> Option<f64> {\n    \
             let count = numbers.len();\n    (count > 0).then(|| numbers.iter().sum::<f64>() / count as f64)\n}"
        }
    };
    let note = match manner {
        Manner::Thorough => format!(
            "\n\nThree things to note about it, whatever “{topic}” turns out to need:\n\n1. The empty case has an answer of \
             its own.\n2. Nothing is mutated.\n3. `sum` runs once, so it takes time in proportion to the input."
        ),
        Manner::Deliberate => "\n\nThe empty slice is the case that is easily forgotten; here it is `None`.".to_owned(),
        _ => String::new(),
    };
    format!("```rust\n{code}\n```{note}")
}

fn prose(manner: Manner, topic: &str, choice: Choice) -> String {
    match manner {
        Manner::Terse => {
            choice.of(5, &["It depends; start small and look.", "Try it once, then decide.", "Yes, but measure it."]).to_owned()
        }
        Manner::Lyrical => format!(
            "{}\nand nobody counts them.\n\nAsk the river what it carries:\nit says *everything*, and goes on.",
            choice.of(6, &["The leaves come down in Berlin", "The boats go out at four", "The letters wait in drawers"]),
        ),
        Manner::Deliberate => {
            "There are two readings. Taken literally, the question has a short answer, and the short answer is usually \
             right. Taken as a worry behind the question, it deserves a longer one: what would change if the answer were \
             no?\n\n> If nothing would change, the question was another one.\n\nSo I would first find out which of the two \
             it is."
                .to_owned()
        }
        Manner::Thorough => format!(
            "### What it is about\n\nEvery question has a part that can be looked up and a part that has to be decided. For \
             “{topic}” the two are easily mixed up, so it helps to write them down apart.\n\n### What to consider\n\n{}\n\n\
             ### What I would do\n\nBegin with the part that is cheap to undo, look at what happens, and only then turn to \
             the rest. {}",
            list(5, true),
            choice.of(
                7,
                &["It is slower at first, and faster in the end.", "Most plans fail at the second step, not the first."]
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::models::models, *};

    fn ask(prompt: &str) -> Vec<Answer> {
        let question = Question { system: "", prompt, temperature: 0.0, seed: 0 };
        models().iter().map(|model| compose(model, &question)).collect()
    }

    #[test]
    fn every_answer_says_that_it_is_simulated_and_names_the_topic() {
        for prompt in
            ["How do I bake bread?", "Compare tea and coffee", "Write code for bread", "bread as JSON", "bread"]
        {
            for answer in ask(prompt) {
                assert!(answer.text.to_lowercase().contains("simulated"), "{}", answer.text);
                let topic = topic(prompt);
                assert!(answer.text.contains(&topic), "{topic} in {}", answer.text);
            }
        }
    }

    #[test]
    fn the_form_of_the_answer_follows_the_prompt() {
        for answer in ask("Give me JSON about bread") {
            let json: serde_json::Value = serde_json::from_str(&answer.text).expect("nothing but JSON");
            assert_eq!(json["simulated"], true);
        }
        assert!(ask("Write a Python function").iter().all(|answer| answer.text.contains("```")));
        assert!(ask("Compare tea and coffee").iter().all(|answer| answer.text.contains("|---")));
        assert!(
            ask("List some ideas").iter().all(|answer| answer.text.contains("- **") || answer.text.contains("1. **"))
        );
    }

    #[test]
    fn the_four_write_at_clearly_different_length_and_only_the_thinker_reasons() {
        let answers = ask("What is autumn?");
        let lengths: Vec<usize> = answers.iter().map(|answer| answer.text.len()).collect();
        assert!(lengths.windows(2).all(|pair| pair[0] * 5 < pair[1] * 4), "{lengths:?}");
        let thinks: Vec<bool> = answers.iter().map(|answer| !answer.reasoning.is_empty()).collect();
        assert_eq!(thinks, [false, false, true, false]);
    }

    #[test]
    fn temperature_varies_the_words_and_the_same_question_has_the_same_answer() {
        let model = &models()[0];
        let ask = |temperature| compose(model, &Question { system: "", prompt: "Autumn?", temperature, seed: 0 }).text;
        let warm: std::collections::HashSet<String> = (1..=20).map(|tenth| ask(f64::from(tenth) / 10.0)).collect();
        assert!(warm.len() > 3, "{warm:?}");
        assert_eq!(ask(0.0), ask(0.0));
        assert_eq!(ask(0.7), ask(0.7));
    }

    #[test]
    fn a_topic_is_one_short_line_without_markup() {
        assert_eq!(topic("\n\n  **What** is `autumn`?\nmore"), "What is autumn");
        assert_eq!(topic(""), "nothing");
        let long = topic(&"word ".repeat(100));
        assert!(long.chars().count() <= 71 && long.ends_with("word…"), "{long}");
        assert!(topic(&"語".repeat(100)).ends_with('…'));
    }
}
