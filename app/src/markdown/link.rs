//! Where links may lead.

/// An address that may be followed, and the host that readers are shown beside it. `None`: it stays text.
pub(super) fn checked(address: &str) -> Option<(String, String)> {
    let address = address.trim();
    let is_plain = address.chars().all(|c| !c.is_control() && !c.is_whitespace() && !super::escape::is_hidden(c));
    if !is_plain || address.len() > 2_000 || address.contains('\\') {
        return None;
    }
    let (scheme, rest) = address.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => {
            let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
            // `https://bank.example@evil.example` leads to the second.
            let host = authority.rsplit('@').next()?;
            (!host.is_empty()).then(|| (address.to_owned(), ascii(host)))
        }
        "mailto" => (!rest.is_empty()).then(|| (address.to_owned(), rest.split('?').next().unwrap_or(rest).to_owned())),
        _ => None,
    }
}

/// A host as it is looked up: letters that are none of ASCII are said, since some of them look like others.
fn ascii(host: &str) -> String {
    let host = host.to_lowercase();
    match host.is_ascii() {
        true => host,
        false => format!("{host} (not plain ASCII)"),
    }
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn only_three_kinds_of_addresses_are_links() {
        for address in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "vbscript:x",
            "data:text/html,x",
            "file:///etc/passwd",
            "//evil.example",
            "/relative",
            "relative",
            "#fragment",
            "",
            "https:",
            "https://",
            "http:evil",
            "https:\\\\evil.example",
            "blob:https://x",
            "mailto:",
            "https://a b",
            "jav&#x61;script:x",
            "ht\u{200b}tps://x",
        ] {
            assert_eq!(checked(address), None, "{address:?}");
        }
        let host = |address: &str| checked(address).map(|(_, host)| host);
        assert_eq!(host("https://Example.org/a?b#c").as_deref(), Some("example.org"));
        assert_eq!(host("https://bank.example@evil.example:8443/x").as_deref(), Some("evil.example:8443"));
        assert_eq!(host("HTTP://x").as_deref(), Some("x"));
        assert_eq!(host("mailto:ada@example.org?subject=x").as_deref(), Some("ada@example.org"));
        assert_eq!(host("https://аpple.com").as_deref(), Some("аpple.com (not plain ASCII)"));
    }
}
