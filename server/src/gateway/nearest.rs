//! "Did you mean": the names nearest to one that nobody knows.

/// Names that are suggested.
const MOST: usize = 3;
/// Characters that are compared.
const COMPARED: usize = 60;

/// The known names nearest to this one, the nearest first; none that is too far off.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = normal(name);
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|known| {
            let candidate = normal(known);
            let tail = candidate.rsplit(|c| *c == '/').next().unwrap_or_default();
            // Half a name is a guess at it, and so is one without what stands before the slash.
            let has = |a: &[char], b: &[char]| b.len() >= 3 && a.windows(b.len()).any(|window| window == b);
            let distance = if has(&candidate, &wanted) || has(&wanted, tail) {
                1
            } else {
                distance(&wanted, &candidate).min(distance(&wanted, tail))
            };
            (distance <= 2.max(wanted.len() / 3)).then_some((distance, known))
        })
        .collect();
    found.sort();
    found.into_iter().take(MOST).map(|(_, name)| name).collect()
}

fn normal(name: &str) -> Vec<char> {
    name.chars().take(COMPARED).flat_map(char::to_lowercase).collect()
}

/// How many characters have to be changed, added or taken away.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_halves_and_missing_prefixes_are_recognised() {
        let known = ["acme/qwen-pro", "acme/qwen-fast", "gpt-4o-mini", "llama-3.1-8b"];
        let near = |name| nearest(name, known.into_iter());
        assert_eq!(near("acme/qwen-por"), ["acme/qwen-pro"]);
        assert_eq!(near("qwen-pro"), ["acme/qwen-pro"]);
        assert_eq!(near("openai/gpt-4o-mini"), ["gpt-4o-mini"]);
        assert_eq!(near("GPT-4O-MINI"), ["gpt-4o-mini"]);
        assert_eq!(near("qwen").len(), 2);
        assert!(near("something else entirely").is_empty());
        assert!(near("").is_empty());
    }
}
