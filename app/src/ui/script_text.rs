//! The page scripts as they are sent. Tests below check that scripts and pages use the same names.

/// The text of a script beside this file, without its comments and indentation, which are for readers and the type checker.
macro_rules! script_text {
    ($file:literal) => {{
        const SOURCE: &str = include_str!($file);
        const KEPT: &([u8; SOURCE.len()], usize) = &$crate::ui::without_comments(SOURCE);
        const TEXT: &str = match std::str::from_utf8(KEPT.0.split_at(KEPT.1).0) {
            Ok(text) => text,
            Err(_) => panic!("not UTF-8"),
        };
        TEXT
    }};
}

pub(crate) use script_text;

/// Removes `/** … */`, lines of `// …` and indentation. Returns a buffer of the input's size and the length that is used.
pub(crate) const fn without_comments<const N: usize>(script: &str) -> ([u8; N], usize) {
    let script = script.as_bytes();
    let (mut kept, mut length, mut at) = ([0; N], 0, 0);
    while at < N {
        let starts_line = at == 0 || script[at - 1] == b'\n';
        let word = if starts_line { behind_spaces(script, at) } else { at };
        if starts_line && (word == N || script[word] == b'\n') {
            at = word + 1;
        } else if starts_line && starts_with(script, word, b"//") {
            at = after(script, word, b"\n");
        } else if starts_with(script, word, b"/**") {
            at = behind_spaces(script, after(script, word, b"*/"));
            if at < N && script[at] == b'\n' {
                at += 1;
            }
        } else {
            kept[length] = script[word];
            length += 1;
            at = word + 1;
        }
    }
    (kept, length)
}

const fn behind_spaces(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && text[at] == b' ' {
        at += 1;
    }
    at
}

const fn after(text: &[u8], mut at: usize, end: &[u8]) -> usize {
    while at < text.len() {
        if starts_with(text, at, end) {
            return at + end.len();
        }
        at += 1;
    }
    at
}

const fn starts_with(text: &[u8], at: usize, start: &[u8]) -> bool {
    let mut i = 0;
    while i < start.len() {
        if at + i >= text.len() || text[at + i] != start[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests read the scripts of this folder")]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use domain::{
        catalog::admin::{StageName, StageState, TestEvent, TestReport, TestStage, Verdict},
        error::{AppError, FieldError},
        templates::TemplateDraft,
    };
    use serde_json::to_value;

    use super::*;

    const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

    #[test]
    fn comments_are_not_sent() {
        const SCRIPT: &str =
            "// why\n\n  let a = \"//x\"; // stays\n  /** @param {string} b */\n  a = /** @type {any} */ (b);\n";
        let (kept, length) = without_comments::<{ SCRIPT.len() }>(SCRIPT);
        assert_eq!(str::from_utf8(&kept[..length]), Ok("let a = \"//x\"; // stays\na = (b);\n"));
    }

    #[test]
    fn no_text_of_a_script_has_several_lines() {
        for script in all("app/src", "js") {
            let text = fs::read_to_string(&script).expect("a script");
            assert!(text.lines().all(|line| line.matches('`').count() % 2 == 0), "{}", script.display());
        }
    }

    /// The names a script shares with other files: below `// In FILE, FILE:`, up to the next comment or empty line, every
    /// string is a name that must occur in each of these files. Returns them, and the remaining lines.
    fn shared(script: &str) -> (Vec<(Vec<&str>, &str)>, Vec<&str>) {
        let (mut names, mut rest, mut files) = (Vec::new(), Vec::new(), None);
        for line in script.lines().map(str::trim) {
            if let Some(place) = line.strip_prefix("// In ") {
                let place = if place.starts_with("no other place") { "" } else { place.trim_end_matches(':') };
                files = Some(place.split(", ").filter(|file| !file.is_empty()).collect::<Vec<_>>());
            } else if line.is_empty() {
                files = None;
            } else if let Some(files) = &files {
                names.extend(line.split('"').skip(1).step_by(2).map(|name| (files.clone(), name)));
            } else if !line.starts_with("//") && !line.starts_with("/**") {
                rest.push(line);
            }
        }
        (names, rest)
    }

    /// Whether a file contains a name in the form in which the script writes it: `.class`, `#id`, `[data-mark]`,
    /// `[name=field]`, `data-mark`, the start of a path, or else a whole string literal. A style sheet is searched for
    /// classes and attributes.
    fn has(file: &str, text: &str, name: &str) -> bool {
        let ends_word = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
        let has_word = |word: &str| text.split(word).skip(1).any(ends_word);
        if file.ends_with(".css") {
            return has_word(&format!(".{name}")) || has_word(&format!("[{name}"));
        }
        if let Some(class) = name.strip_prefix('.') {
            return classes(text).any(|word| word == class);
        }
        let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        match inner.split_once('=') {
            _ if inner.starts_with('#') => text.contains(&format!("id=\"{}\"", &inner[1..])),
            Some((attribute, value)) if name.starts_with('[') => text.contains(&format!("{attribute}=\"{value}\"")),
            _ if inner.starts_with("data-") => has_word(&format!(" {inner}")),
            _ if inner.starts_with('/') => has_word(&format!("\"{}", inner.trim_end_matches('/'))),
            _ => text.contains(&format!("\"{inner}\"")),
        }
    }

    /// The words of every `class=`, also where a text is built: `format!("card {x}")`, `["card ", x].concat()`.
    fn classes(text: &str) -> impl Iterator<Item = &str> {
        text.split("class=").skip(1).flat_map(|rest| {
            let rest = rest.trim_start_matches("format!(").trim_start_matches(['[', '\\']);
            let words = rest.strip_prefix('"').and_then(|rest| rest.split(['"', '\\']).next());
            words.unwrap_or_default().split_whitespace()
        })
    }

    /// The source without comments and tests.
    fn source(file: &Path) -> String {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    }

    fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                files(&path, extension, found);
            } else if path.extension().is_some_and(|end| end == extension) {
                found.push(path);
            }
        }
    }

    fn all(folder: &str, extension: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        files(&Path::new(PROJECT).join(folder), extension, &mut found);
        assert!(!found.is_empty(), "no .{extension} in {folder}");
        found
    }

    /// Every `data-…` attribute, with the files it occurs in.
    fn marks(text: &str) -> impl Iterator<Item = &str> {
        text.match_indices("data-").filter_map(|(at, _)| {
            let length = text[at..].find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(text.len() - at);
            let is_word = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
            is_word.then(|| &text[at..at + length])
        })
    }

    #[test]
    fn what_a_script_looks_for_is_in_the_pages() {
        let mut wrong = Vec::new();
        for script in all("app/src", "js") {
            let text = fs::read_to_string(&script).expect("a script");
            let (names, rest) = shared(&text);
            assert!(!names.is_empty(), "{}", script.display());
            for (files, name) in names {
                for file in files {
                    if !has(file, &source(&Path::new(PROJECT).join(file)), name) {
                        wrong.push(format!("{}: `{name}` is not in {file}", script.display()));
                    }
                }
            }
            // Attributes that no script reads.
            for line in rest {
                let is_name = |mark: &str| {
                    line.split(mark).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
                };
                if line.contains("dataset")
                    || ["data-", "\".", "\"#", "\"/", "`.", "`#", "`/", "[name="].iter().any(|mark| is_name(mark))
                {
                    wrong.push(format!("{}: a name that is not declared above: `{line}`", script.display()));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_mark_of_the_pages_is_looked_for() {
        let mut known = BTreeSet::new();
        for file in [all("app/src", "js"), all("style", "css")].concat() {
            known.extend(marks(&fs::read_to_string(file).expect("a file")).map(str::to_owned));
        }
        for file in all("app/src", "rs") {
            for mark in marks(&source(&file)) {
                assert!(known.contains(mark), "{}: neither a script nor a style looks for {mark}", file.display());
            }
        }
    }

    #[test]
    fn a_name_is_found_only_as_what_it_is() {
        let page = "<p class=\"a quiet\" id=\"note\" data-undo=\"\">card</p> class=format!(\"card {x}\") class=\\\"hour\\\" \"/api/x/{id}\"";
        for name in [".quiet", ".card", ".hour", "#note", "[data-undo]", "data-undo", "/api/x", "note"] {
            assert!(has("x.rs", page, name), "{name}");
        }
        for name in [".qui", ".note", "#quiet", "[data-un]", "data-undone", "/api/xy", "[id=card]", "card"] {
            assert!(!has("x.rs", page, name), "{name}");
        }
        assert!(has("x.css", "a.wide { }", "wide") && !has("x.css", "a.widest { }", "wide"));
    }

    /// The fields of `interface NAME` in scripts.d.ts.
    fn fields<'a>(types: &'a str, name: &str) -> Vec<&'a str> {
        let (_, rest) = types.split_once(&format!("interface {name} ")).expect(name);
        let body = rest.split("\n}").next().unwrap_or_default();
        body.lines()
            .filter_map(|line| line.trim().split_once(": "))
            .map(|(field, _)| field.trim_end_matches('?'))
            .collect()
    }

    #[test]
    fn what_scripts_read_of_answers_is_what_the_server_writes() -> Result<(), serde_json::Error> {
        let types = fs::read_to_string(Path::new(PROJECT).join("app/src/scripts.d.ts")).expect("the types");
        let stage = TestStage {
            name: StageName::Tcp,
            ok: true,
            state: StageState::Passed,
            ms: 1,
            detail: String::new(),
            remedy: None,
        };
        let report = TestReport {
            verdict: Verdict::Works,
            failed_stage: None,
            health: None,
            stages: Vec::new(),
            response_content: None,
            finish_reason: None,
            latency_ms: None,
            ttft_ms: None,
            tokens_in: None,
            tokens_out: None,
            list_cost_usd: None,
        };
        let answers = [
            ("TestStage", to_value(&stage)?),
            ("TestReport", to_value(&report)?),
            ("BrokenRule", to_value(FieldError::new("field", "code", "message"))?),
            ("TemplateDraft", to_value(TemplateDraft::default())?),
            ("AppError", to_value(AppError::Invalid(Vec::new()))?),
        ];
        for (name, answer) in answers {
            for field in fields(&types, name) {
                assert!(answer.get(field).is_some(), "{field} of {name}");
            }
        }
        let script = include_str!("../catalog/admin/test.js");
        let events =
            [TestEvent::Stage { stage }, TestEvent::Delta { text: String::new() }, TestEvent::Report { report }];
        for event in events {
            let kind = to_value(event)?["type"].as_str().unwrap_or_default().to_owned();
            assert!(
                types.contains(&format!("type: \"{kind}\"; ")) && script.contains(&format!("\n    {kind}({{ ")),
                "{kind}"
            );
        }
        let states =
            [StageState::Passed, StageState::Warning, StageState::Failed, StageState::Skipped].map(StageState::as_str);
        let verdicts = [Verdict::Works, Verdict::NotListed, Verdict::Loading, Verdict::Failed].map(Verdict::as_str);
        for word in [&states[..], &verdicts[..]].concat() {
            assert!(types.contains(&format!("\"{word}\"")) && script.contains(&format!(" {word}: ")), "{word}");
        }
        Ok(())
    }
}
