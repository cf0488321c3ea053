//! Names in URLs.

/// The slug of a public name: lower case; letters, digits and dots are kept, and each run of other characters becomes one
/// hyphen. `acme/Qwen 2.5` becomes `acme-qwen-2.5`; a name without any of these characters becomes `model`.
pub fn slug(public_name: &str) -> String {
    let mut slug = String::with_capacity(public_name.len());
    for character in public_name.chars().map(|c| c.to_ascii_lowercase()) {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if slug.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            slug.push(if character == '.' { '.' } else { '-' });
        }
    }
    let slug = slug.trim_end_matches(['-', '.']);
    if slug.is_empty() { "model".into() } else { slug.into() }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs_are_readable_and_hold_nothing_that_urls_need_to_escape() {
        for (name, expected) in [
            ("acme/qwen-pro", "acme-qwen-pro"),
            ("acme/Qwen 2.5", "acme-qwen-2.5"),
            ("--a..b--", "a.b"),
            ("語", "model"),
            ("../../etc", "etc"),
            ("gpt-4o (latest)", "gpt-4o-latest"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }
}
