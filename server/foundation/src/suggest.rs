//! "Did you mean": known names that resemble an unknown one.

use strsim::osa_distance;

/// Suggestions returned at most.
const SUGGESTION_LIMIT: usize = 3;
/// Names compared at most, so that a list of thousands does not take noticeable time.
const NAMES_COMPARED_LIMIT: usize = 10_000;
/// Characters of a name that are compared.
const LENGTH_LIMIT: usize = 200;

/// The names that resemble `wanted`, the most similar first. Names match that contain it or are contained in it, or whose
/// distance from it (Damerau-Levenshtein, restricted to non-overlapping transpositions) is at most a third of its length.
pub fn suggest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = normalized(wanted);
    let mut similar: Vec<(usize, usize, &str)> = names
        .take(NAMES_COMPARED_LIMIT)
        .filter_map(|name| Some((distance(&wanted, &normalized(name))?, name.len(), name)))
        .collect();
    similar.sort();
    similar.into_iter().take(SUGGESTION_LIMIT).map(|(_, _, name)| name).collect()
}

/// Letters and digits in lower case, so that `GPT 4o` equals `gpt-4o`.
fn normalized(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(LENGTH_LIMIT).collect()
}

/// How far two normalized names are apart; `None` where they do not resemble each other.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    let is_contained = name.contains(wanted) || (name.len() > 3 && wanted.contains(name));
    if is_contained && !wanted.is_empty() {
        return Some(0);
    }
    let length = wanted.chars().count();
    let allowed = (length / 3).max(2);
    // The distance is at least the difference in length, which is cheaper to compute.
    if length.abs_diff(name.chars().count()) > allowed {
        return None;
    }
    Some(osa_distance(wanted, name)).filter(|distance| *distance <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["gpt-4o", "gpt-4o-mini", "openai/gpt-4.1", "qwen2.5-72b-instruct", "text-embedding-3"];

    #[test]
    fn what_was_probably_meant_comes_first() {
        for (wanted, first) in [
            ("gpt4o", "gpt-4o"),
            ("gtp-4o", "gpt-4o"),
            ("GPT-4.1", "openai/gpt-4.1"),
            ("qwen2.5-72b", "qwen2.5-72b-instruct"),
            ("qwen-2.5-72b-instruct", "qwen2.5-72b-instruct"),
        ] {
            assert_eq!(suggest(wanted, NAMES.into_iter()).first(), Some(&first), "{wanted}");
        }
    }

    #[test]
    fn halves_and_prefixes_are_recognised() {
        let known = ["acme/qwen-pro", "acme/qwen-fast", "gpt-4o-mini", "llama-3.1-8b"];
        let near = |name| suggest(name, known.into_iter());
        assert_eq!(near("acme/qwen-por"), ["acme/qwen-pro"]);
        assert_eq!(near("qwen-pro"), ["acme/qwen-pro"]);
        assert_eq!(near("openai/gpt-4o-mini"), ["gpt-4o-mini"]);
        assert_eq!(near("qwen").len(), 2);
    }

    #[test]
    fn nothing_is_suggested_that_has_nothing_to_do_with_it() {
        assert!(suggest("claude-opus", NAMES.into_iter()).is_empty());
        assert!(suggest("", NAMES.into_iter()).is_empty());
    }
}
