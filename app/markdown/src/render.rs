//! Renders the events of the Markdown parser as HTML, from an allow-list.

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::{code, escape, json, link};

/// Bytes beyond which an answer is shown as plain text.
const MOST_BYTES: usize = 262_144;
/// Bytes of HTML beyond which an answer is shown as plain text: a table's HTML can be far larger than its source.
const MOST_HTML: usize = 4 * MOST_BYTES;
/// The greatest nesting depth.
const DEEPEST: usize = 40;

/// The HTML of an answer; `None` if it is better shown as plain text.
pub fn render(text: &str) -> Option<String> {
    if text.len() > MOST_BYTES || is_bottomless(text) {
        return None;
    }
    if let Some(found) = json::find(text) {
        return Some(found);
    }
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_MATH;
    let mut writer = Writer::default();
    for event in Parser::new_ext(text, options) {
        writer.event(event);
        if writer.html.len() > MOST_HTML {
            return None;
        }
    }
    writer.end();
    Some(writer.html)
}

/// Renders text without markup.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    escape::push(&mut html, text);
    html
}

/// Whether a line opens so many nested blocks or brackets that parsing it would take excessive time.
fn is_bottomless(text: &str) -> bool {
    const MOST: usize = 400;
    text.lines().any(|line| {
        let opening = line.bytes().take_while(|byte| b" \t>*+-".contains(byte)).filter(|byte| *byte != b' ').count();
        let is_rule = line.bytes().all(|byte| b" \t*-".contains(&byte));
        let brackets = line.bytes().filter(|byte| *byte == b'[').count();
        (opening > MOST && !is_rule) || brackets > MOST * 5
    })
}

#[derive(Default)]
struct Writer {
    html: String,
    /// The closing tags of the open elements; empty for an element that was not written.
    open: Vec<String>,
    /// The code block that is being read: language and text so far.
    code: Option<(String, String)>,
    is_head: bool,
    is_in_link: bool,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        if let (Some((_, text)), Event::Text(piece)) = (&mut self.code, &event) {
            text.push_str(piece);
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.close(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => self.wrapped("code", "", &text),
            Event::InlineMath(text) => self.wrapped("code", "math", &format!("${text}$")),
            Event::DisplayMath(text) => self.wrapped("code", "math", &format!("$${text}$$")),
            // Line breaks in tables are the one HTML tag that models write on purpose.
            Event::InlineHtml(tag) if ["<br>", "<br/>", "<br />"].contains(&&*tag) => self.html.push_str("<br>"),
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::FootnoteReference(name) => self.text(&format!("[^{name}]")),
            Event::SoftBreak => self.html.push('\n'),
            Event::HardBreak => self.html.push_str("<br>"),
            Event::Rule => self.html.push_str("<hr>"),
            Event::TaskListMarker(is_done) => self.html.push_str(if is_done { "☑ " } else { "☐ " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.element("p"),
            // A card's title is one level above. A single level for all headings keeps the outline of the page without
            // gaps.
            Tag::Heading { level, .. } => self.push(&format!("<h3 class=\"md-h{}\">", level as usize), "</h3>"),
            Tag::BlockQuote(_) => self.element("blockquote"),
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split([' ', ',', '{']).next().unwrap_or_default().to_owned(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::HtmlBlock => self.push("<p class=\"md-html\">", "</p>"),
            Tag::List(Some(first)) => self.push(&format!("<ol start=\"{first}\">"), "</ol>"),
            Tag::List(None) => self.element("ul"),
            Tag::Item => self.element("li"),
            Tag::Table(_) => {
                self.push(
                    "<div class=\"md-table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>",
                    "</tbody></table></div>",
                );
            }
            Tag::TableHead => {
                self.is_head = true;
                self.push("<thead><tr>", "</tr></thead><tbody>");
            }
            Tag::TableRow => self.element("tr"),
            Tag::TableCell => self.element(if self.is_head { "th" } else { "td" }),
            Tag::Emphasis => self.element("em"),
            Tag::Strong => self.element("strong"),
            Tag::Strikethrough => self.element("s"),
            Tag::Link { link_type, dest_url, .. } => self.link(&dest_url, link_type, ""),
            Tag::Image { dest_url, .. } => self.link(&dest_url, LinkType::Inline, "Image: "),
            // Extensions that are not enabled; if they occur, they are text.
            _ => self.push("", ""),
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::CodeBlock => {
                if let Some((language, text)) = self.code.take() {
                    code::push(&mut self.html, &language, &text);
                }
                return;
            }
            // An empty corner cell is no header.
            TagEnd::TableCell if self.html.ends_with("<th>") => {
                self.html.truncate(self.html.len() - "<th>".len());
                self.html.push_str("<td>");
                self.open.pop();
                self.html.push_str("</td>");
                return;
            }
            TagEnd::TableHead => self.is_head = false,
            TagEnd::Link | TagEnd::Image => {
                self.is_in_link = self.is_in_link && self.open.iter().rev().skip(1).any(|end| end.starts_with("</a>"))
            }
            _ => {}
        }
        if let Some(end) = self.open.pop() {
            self.html.push_str(&end);
        }
    }

    /// A link; an image becomes one as well, so that nothing is fetched from another site unless a reader follows it.
    fn link(&mut self, address: &str, kind: LinkType, lead: &str) {
        match link::checked(address) {
            Some((address, host)) if !self.is_in_link => {
                let mut start = "<a href=\"".to_owned();
                escape::push(&mut start, &address);
                start.push_str("\" rel=\"nofollow noopener noreferrer ugc\" target=\"_blank\">");
                start.push_str(lead);
                let mut end = "</a>".to_owned();
                let is_bare = matches!(kind, LinkType::Autolink | LinkType::Email);
                if !(is_bare && link::is_plain_to_see(&address, &host)) {
                    end.push_str("<span class=\"md-host\"> (");
                    escape::push(&mut end, &host);
                    end.push_str(")</span>");
                }
                self.is_in_link = true;
                self.push(&start, &end);
            }
            _ => self.push(lead, ""),
        }
    }

    fn element(&mut self, name: &str) {
        self.push(&format!("<{name}>"), &format!("</{name}>"));
    }

    fn push(&mut self, start: &str, end: &str) {
        let is_too_deep = self.open.len() >= DEEPEST;
        self.html.push_str(if is_too_deep { "" } else { start });
        self.open.push(if is_too_deep { String::new() } else { end.to_owned() });
    }

    fn wrapped(&mut self, name: &str, class: &str, text: &str) {
        self.html.push_str(&match class {
            "" => format!("<{name}>"),
            class => format!("<{name} class=\"{class}\">"),
        });
        self.text(text);
        self.html.push_str(&format!("</{name}>"));
    }

    fn text(&mut self, text: &str) {
        escape::push(&mut self.html, text);
    }

    /// The parser closes everything it opens; this is a safeguard.
    fn end(&mut self) {
        while let Some(end) = self.open.pop() {
            self.html.push_str(&end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        render(text).expect("renders")
    }

    #[test]
    fn what_models_write_becomes_what_they_mean() {
        assert_eq!(
            html("# A\n\nb *c* **d** `e` ~~f~~"),
            "<h3 class=\"md-h1\">A</h3><p>b <em>c</em> <strong>d</strong> <code>e</code> <s>f</s></p>"
        );
        assert_eq!(html("3. a\n4. b"), "<ol start=\"3\"><li>a</li><li>b</li></ol>");
        assert_eq!(
            html("| a | b |\n|---|---|\n| 1 | <br> |"),
            "<div class=\"md-table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\
             <tr><td>1</td><td><br></td></tr></tbody></table></div>"
        );
        assert_eq!(html("- [x] done\n- [ ] not"), "<ul><li>☑ done</li><li>☐ not</li></ul>");
        assert_eq!(html("$a_1$ costs $5 and $10"), "<p><code class=\"math\">$a_1$</code> costs $5 and $10</p>");
    }

    #[test]
    fn links_show_where_they_lead_and_images_are_not_fetched() {
        let a = "<a href=\"https://x.example/y\" rel=\"nofollow noopener noreferrer ugc\" target=\"_blank\">";
        assert_eq!(
            html("[z](https://x.example/y)"),
            format!("<p>{a}z</a><span class=\"md-host\"> (x.example)</span></p>")
        );
        assert_eq!(
            html("![z](https://x.example/y)"),
            format!("<p>{a}Image: z</a><span class=\"md-host\"> (x.example)</span></p>")
        );
        assert_eq!(html("<https://x.example/y>"), format!("<p>{a}https://x.example/y</a></p>"));
        assert_eq!(
            html("[![i](https://i.example)](https://x.example/y)"),
            format!("<p>{a}Image: i</a><span class=\"md-host\"> (x.example)</span></p>")
        );
        assert_eq!(html("[z](javascript:alert(1))"), "<p>z</p>");
    }

    #[test]
    fn markup_is_shown_as_the_text_it_is() {
        assert_eq!(html("a <b onclick=x>c</b>"), "<p>a &lt;b onclick=x&gt;c&lt;/b&gt;</p>");
        assert!(html("<script>alert(1)</script>").contains("&lt;script&gt;"));
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_left_as_text_in_no_time() {
        let started = std::time::Instant::now();
        for text in [
            ">".repeat(100_000),
            "> ".repeat(100_000),
            "[".repeat(100_000),
            "*".repeat(100_000) + "a",
            "x".repeat(1_000_000),
            "- ".repeat(50_000) + "a",
        ] {
            assert_eq!(render(&text), None, "{}", &text[..8]);
        }
        for text in [
            "![](".repeat(20_000),
            "[a](<b".repeat(10_000),
            format!("{}\n{}\n{}", "|a".repeat(500), "|-".repeat(500), "|b\n".repeat(500)),
        ] {
            assert_eq!(render(&text), None, "{}", &text[..8]);
        }
        // What is long and flat is rendered, with every one of its characters.
        for (text, shown, count) in [
            ("*a **b ".repeat(20_000), "b", 20_000),
            ("`".repeat(100_000), "<pre", 1),
            ("<".repeat(100_000), "&lt;", 100_000),
            ("&".repeat(100_000), "&amp;", 100_000),
            ("a\n".repeat(100_000), "a", 100_000),
            ("_".repeat(1_000) + "a", "_", 1_000),
            (">\n".repeat(50_000), "<blockquote>", 1),
        ] {
            let html = render(&text).unwrap_or_else(|| panic!("{} is not rendered", &text[..8]));
            assert_eq!(html.matches(shown).count(), count, "{}", &text[..8]);
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    }
}
