//! Renders every string of `hostile.txt` as Markdown and checks that only this crate's own markup comes out.

use super::{escape, render};

/// One hostile string per line, with `\n`, `\xHH`, `\uHHHH` and `\UHHHHHHHH` as escapes.
const HOSTILE: &str = include_str!("hostile.txt");

fn decoded(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('\\') {
        text.push_str(before);
        let length = match behind.chars().next() {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            other => {
                text.push(match other {
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    other => other.unwrap_or('\\'),
                });
                rest = other.map_or("", |c| &behind[c.len_utf8()..]);
                continue;
            }
        };
        let code = u32::from_str_radix(&behind[1..=length], 16).expect("hexadecimal");
        text.push(char::from_u32(code).expect("a character"));
        rest = &behind[1 + length..];
    }
    text + rest
}

fn is_written_here(tag: &str) -> bool {
    const PLAIN: [&str; 33] = [
        "p",
        "em",
        "strong",
        "s",
        "code",
        "code class=\"math\"",
        "blockquote",
        "p class=\"md-html\"",
        "ul",
        "li",
        "table",
        "thead",
        "tr",
        "th",
        "td",
        "br",
        "hr",
        "span",
        "span class=\"md-host\"",
        "div class=\"code-block\"",
        "div class=\"code-head\"",
        "button class=\"link\" type=\"button\" data-copy-code=\"\"",
        "pre tabindex=\"0\"",
        "tbody",
        "h3",
        "div class=\"md-table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"",
        "p class=\"json-mark is-valid\"",
        "p class=\"json-mark is-invalid\"",
        "span class=\"hl-c\"",
        "span class=\"hl-s\"",
        "span class=\"hl-n\"",
        "span class=\"hl-k\"",
        "ol",
    ];
    const NAMES: [&str; 19] = [
        "p",
        "em",
        "strong",
        "s",
        "code",
        "blockquote",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "span",
        "div",
        "button",
        "pre",
    ];
    if let Some(name) = tag.strip_prefix('/') {
        return NAMES.contains(&name) || ["a", "h3"].contains(&name);
    }
    if let Some(address) = tag.strip_prefix("a href=\"") {
        let Some(address) = address.strip_suffix("\" rel=\"nofollow noopener noreferrer ugc\" target=\"_blank\"")
        else {
            return false;
        };
        let is_allowed =
            ["http://", "https://", "mailto:"].iter().any(|start| address.to_lowercase().starts_with(start));
        return is_allowed && !address.contains(['"', '\'', '<', ' ']);
    }
    let is_number = |text: &str| text.strip_suffix('"').is_some_and(|digits| digits.parse::<u64>().is_ok());
    PLAIN.contains(&tag)
        || tag.strip_prefix("ol start=\"").is_some_and(is_number)
        || tag.strip_prefix("h3 class=\"md-h").is_some_and(is_number)
}

#[test]
fn nothing_hostile_becomes_markup() {
    let mut count = 0;
    for line in HOSTILE.lines() {
        for text in
            [decoded(line), format!("- a\n\n  {}", decoded(line)), format!("| a |\n|---|\n| {} |", decoded(line))]
        {
            let html = render(&text).expect("renders");
            for piece in html.split('<').skip(1) {
                let (tag, _) = piece.split_once('>').expect("a tag that ends");
                assert!(is_written_here(tag), "<{tag}> from {line}");
            }
            assert!(!html.chars().any(escape::is_hidden), "{line}");
        }
        count += 1;
    }
    assert!(count >= 200, "only {count}");
}
