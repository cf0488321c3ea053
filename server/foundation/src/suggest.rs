//! "Did you mean": names near to one that is not there.

/// Names told.
const SUGGESTION_LIMIT: usize = 3;
/// Names compared; a list of thousands is cut.
const NAMES_COMPARED_LIMIT: usize = 10_000;

/// The names suggest to the wanted one, the suggest first; none that has little to do with it.
pub fn suggest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted_plain = plain(wanted);
    let allowed = (wanted_plain.chars().count() / 3).max(2);
    let mut near: Vec<(usize, usize, &str)> = names
        .take(NAMES_COMPARED_LIMIT)
        .filter_map(|name| {
            let other = plain(name);
            let holds = !wanted_plain.is_empty()
                && (other.contains(&wanted_plain) || (other.len() > 3 && wanted_plain.contains(&other)));
            let distance = if holds { 0 } else { distance(&wanted_plain, &other, allowed)? };
            Some((distance, name.len(), name))
        })
        .collect();
    near.sort();
    near.into_iter().take(SUGGESTION_LIMIT).map(|(_, _, name)| name).collect()
}

/// Letters and digits in lower case: `GPT 4o` and `gpt-4o` are the same mistake.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(200).collect()
}

/// Insertions, deletions, replacements and swaps of neighbours; `None` where it is more than allowed.
fn distance(a: &str, b: &str, allowed: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > allowed {
        return None;
    }
    let (mut before_last, mut last) = (Vec::new(), (0..=b.len()).collect::<Vec<usize>>());
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.pop().filter(|distance| *distance <= allowed)
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
