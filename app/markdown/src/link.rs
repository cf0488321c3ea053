//! Validation of link targets.

use url::{Host, Url};

/// The address of a permitted link, and the host to show beside it; `None` if the link must stay text. Parsed as browsers
/// parse URLs, so that the host shown is the one that a click leads to.
pub(super) fn checked(address: &str) -> Option<(String, String)> {
    let address = address.trim();
    let is_plain = address.chars().all(|c| !c.is_control() && !c.is_whitespace() && !super::escape::is_hidden(c));
    if !is_plain || address.len() > 2_000 || address.contains('\\') {
        return None;
    }
    let (scheme, rest) = address.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => {
            rest.strip_prefix("//")?;
            Some((address.to_owned(), shown_host(&Url::parse(address).ok()?)?))
        }
        "mailto" => {
            let to = rest.split('?').next().unwrap_or(rest);
            (!to.is_empty()).then(|| (address.to_owned(), shown_mailbox(to)))
        }
        _ => None,
    }
}

/// Whether an address, shown as text, already shows its host: it comes first and is spelled as it is looked up.
pub(super) fn is_plain_to_see(address: &str, host: &str) -> bool {
    let written = address.split_once(':').map_or(address, |(_, rest)| rest.trim_start_matches('/'));
    let end = written.find(['/', '?', '#']).unwrap_or(written.len());
    written[..end].eq_ignore_ascii_case(host)
}

/// `bank.example:8443`. Names beyond ASCII are shown in their `xn--…` form, because of homographs.
fn shown_host(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn shown_mailbox(to: &str) -> String {
    match to.rsplit_once('@') {
        Some((name, domain)) if name.is_ascii() => {
            Host::parse(domain).map_or_else(|_| to.to_owned(), |host| format!("{name}@{host}"))
        }
        _ if to.is_ascii() => to.to_owned(),
        _ => format!("{to}, not plain ASCII"),
    }
}

#[cfg(test)]
mod tests {
    use super::{checked, is_plain_to_see};

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
    }

    #[test]
    fn a_host_that_looks_like_another_is_shown_as_it_is_looked_up() {
        let host = |address: &str| checked(address).map(|(_, host)| host);
        // The first letter is Cyrillic.
        assert_eq!(host("https://аpple.com/id").as_deref(), Some("xn--pple-43d.com"));
        assert_eq!(host("https://bücher.example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(host("https://ｅxample.org").as_deref(), Some("example.org"));
        assert_eq!(host("https://%61pple.com").as_deref(), Some("apple.com"));
        assert_eq!(host("http://0x7f.1/x").as_deref(), Some("127.0.0.1"));
        assert_eq!(host("http://[::1]:8080/").as_deref(), Some("[::1]:8080"));
        assert_eq!(host("mailto:ada@аpple.com").as_deref(), Some("ada@xn--pple-43d.com"));
        assert_eq!(host("mailto:аda@apple.com").as_deref(), Some("аda@apple.com, not plain ASCII"));
        for nowhere in ["https://a%00b", "https://a<b", "http://999.1.1.1", "https://xn--a", "https://x:99999"] {
            assert_eq!(host(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn an_address_speaks_for_itself_where_its_host_is_what_it_says_first() {
        for (address, is_plain) in [
            ("https://x.example/y", true),
            ("HTTPS://X.example", true),
            ("https://x.example:8443/?a", true),
            ("mailto:ada@x.example?subject=a", true),
            ("https://bank.example@evil.example/", false),
            ("https://аpple.com/", false),
        ] {
            let (_, host) = checked(address).expect("a link");
            assert_eq!(is_plain_to_see(address, &host), is_plain, "{address}");
        }
    }
}
