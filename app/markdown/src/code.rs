//! Code blocks with highlighted comments, strings, numbers and keywords. One simple lexer for the languages most frequent
//! in answers; it adds colour and never changes a character.

use super::escape;

/// Code longer than this many bytes is not highlighted.
const MOST_BYTES: usize = 65_536;

/// The lexical elements of a language.
struct Language {
    line_comment: &'static str,
    has_block_comment: bool,
    quotes: &'static str,
    keywords: &'static [&'static str],
}

const C_LIKE: &[&str] = &[
    "abstract",
    "as",
    "async",
    "await",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "default",
    "defer",
    "delete",
    "do",
    "double",
    "dyn",
    "else",
    "enum",
    "export",
    "extends",
    "extern",
    "false",
    "final",
    "finally",
    "float",
    "fn",
    "for",
    "from",
    "func",
    "function",
    "go",
    "if",
    "impl",
    "implements",
    "import",
    "in",
    "instanceof",
    "int",
    "interface",
    "let",
    "long",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "namespace",
    "new",
    "nil",
    "null",
    "of",
    "package",
    "private",
    "protected",
    "pub",
    "public",
    "range",
    "return",
    "self",
    "static",
    "string",
    "struct",
    "super",
    "switch",
    "this",
    "throw",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "undefined",
    "unsafe",
    "use",
    "using",
    "val",
    "var",
    "virtual",
    "void",
    "where",
    "while",
    "yield",
];
const PYTHON: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "begin", "break", "class", "continue", "def",
    "del", "do", "elif", "else", "end", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "module", "nil", "nonlocal", "not", "or", "pass", "raise", "return", "self", "try", "unless", "while",
    "with", "yield",
];
const SHELL: &[&str] = &[
    "case", "cd", "curl", "do", "done", "echo", "elif", "else", "esac", "exit", "export", "false", "fi", "for",
    "function", "if", "in", "local", "null", "return", "set", "sudo", "then", "true", "while",
];
const SQL: &[&str] = &[
    "ADD", "ALTER", "AND", "AS", "ASC", "BETWEEN", "BY", "CASE", "CREATE", "DELETE", "DESC", "DISTINCT", "DROP",
    "ELSE", "END", "EXISTS", "FROM", "FULL", "GROUP", "HAVING", "IN", "INDEX", "INNER", "INSERT", "INTO", "IS", "JOIN",
    "KEY", "LEFT", "LIKE", "LIMIT", "NOT", "NULL", "OFFSET", "ON", "OR", "ORDER", "OUTER", "PRIMARY", "RIGHT",
    "SELECT", "SET", "TABLE", "THEN", "UNION", "UPDATE", "VALUES", "WHEN", "WHERE", "WITH",
];

fn language(name: &str) -> Option<Language> {
    let of = |line_comment, has_block_comment, quotes, keywords| {
        Some(Language { line_comment, has_block_comment, quotes, keywords })
    };
    match name.to_ascii_lowercase().as_str() {
        "rust" | "rs" => of("//", true, "\"", C_LIKE),
        "c" | "cpp" | "c++" | "h" | "java" | "kotlin" | "kt" | "swift" | "cs" | "csharp" | "scala" | "dart" | "php" => {
            of("//", true, "\"'", C_LIKE)
        }
        "js" | "javascript" | "jsx" | "ts" | "typescript" | "tsx" | "go" | "golang" => of("//", true, "\"'`", C_LIKE),
        "css" | "scss" => of("", true, "\"'", &[]),
        "json" | "jsonc" | "json5" => of("//", false, "\"", &["true", "false", "null"]),
        "python" | "py" | "ruby" | "rb" => of("#", false, "\"'", PYTHON),
        "sh" | "bash" | "shell" | "zsh" | "console" | "yaml" | "yml" | "toml" | "dockerfile" | "make" | "makefile" => {
            of("#", false, "\"'", SHELL)
        }
        "sql" | "postgres" | "postgresql" | "mysql" => of("--", true, "'", SQL),
        _ => None,
    }
}

/// Writes a code block with its language and a button that copies it.
pub(super) fn push(html: &mut String, name: &str, text: &str) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    html.push_str("<div class=\"code-block\"><div class=\"code-head\"><span>");
    let shown: String = name.chars().take(20).collect();
    escape::push(html, &shown);
    html.push_str("</span><button class=\"link\" type=\"button\" data-copy-code=\"\">Copy</button></div><pre tabindex=\"0\"><code>");
    match language(name) {
        Some(language) if text.len() <= MOST_BYTES => coloured(html, &language, text),
        _ => escape::push(html, text),
    }
    html.push_str("</code></pre></div>");
}

fn coloured(html: &mut String, language: &Language, text: &str) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, class) = token(language, rest, first);
        let (piece, behind) = rest.split_at(length);
        if class.is_empty() {
            escape::push(html, piece);
        } else {
            html.push_str(&format!("<span class=\"{class}\">"));
            escape::push(html, piece);
            html.push_str("</span>");
        }
        rest = behind;
    }
}

/// The length in bytes of the token at the start, and its class.
fn token(language: &Language, text: &str, first: char) -> (usize, &'static str) {
    let until = |end: Option<usize>| end.unwrap_or(text.len());
    if !language.line_comment.is_empty() && text.starts_with(language.line_comment) {
        return (until(text.find('\n')), "hl-c");
    }
    if language.has_block_comment && text.starts_with("/*") {
        return (until(text[2..].find("*/").map(|at| at + 4)), "hl-c");
    }
    if language.quotes.contains(first) {
        return (quoted(text, first), "hl-s");
    }
    if first.is_ascii_digit() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
        return (until(text.find(|c| !is_part(c))), "hl-n");
    }
    if first.is_alphabetic() || first == '_' {
        let length = until(text.find(|c: char| !c.is_alphanumeric() && c != '_'));
        let word = &text[..length];
        let is_keyword = match language.keywords.first() {
            // SQL keywords are case-insensitive.
            Some(first) if first.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                language.keywords.binary_search(&word.to_ascii_uppercase().as_str()).is_ok()
            }
            _ => language.keywords.binary_search(&word).is_ok(),
        };
        return (length, if is_keyword { "hl-k" } else { "" });
    }
    (first.len_utf8(), "")
}

/// A quoted string, up to its end or the end of its line.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == '\n' && quote != '`' {
            return at;
        }
        if c == quote && !is_escaped {
            return at + c.len_utf8();
        }
        is_escaped = !is_escaped && c == '\\';
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, text: &str) -> String {
        let mut html = String::new();
        push(&mut html, name, text);
        html.split("<code>").nth(1).expect("code").replace("</code></pre></div>", "")
    }

    #[test]
    fn keywords_are_sorted_since_they_are_searched_by_halves() {
        for keywords in [C_LIKE, PYTHON, SHELL, SQL] {
            assert!(keywords.is_sorted(), "{keywords:?}");
        }
    }

    #[test]
    fn tokens_are_told_apart() {
        assert_eq!(
            shown("rust", "let x = 1; // <b>\n"),
            "<span class=\"hl-k\">let</span> x = <span class=\"hl-n\">1</span>; <span class=\"hl-c\">// &lt;b&gt;</span>"
        );
        assert_eq!(
            shown("py", "\"a\\\"b\" is"),
            "<span class=\"hl-s\">&quot;a\\&quot;b&quot;</span> <span class=\"hl-k\">is</span>"
        );
        assert_eq!(shown("sql", "select 1"), "<span class=\"hl-k\">select</span> <span class=\"hl-n\">1</span>");
        assert_eq!(shown("", "let <x>"), "let &lt;x&gt;");
    }

    #[test]
    fn colouring_changes_no_character() {
        for text in
            ["/* never ends", "\"never ends", "'ü\\", "`a\nb`", "ä1_b 0x1F 1.5e3 /**/ //", "\\\"\u{1f600}\"", "#"]
        {
            for name in ["rust", "js", "python", "sql", "json", "css", "sh"] {
                let html = shown(name, text);
                let mut bare = String::new();
                let mut is_tag = false;
                for c in html.chars() {
                    match c {
                        '<' => is_tag = true,
                        '>' => is_tag = false,
                        c if !is_tag => bare.push(c),
                        _ => {}
                    }
                }
                let bare = bare.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
                assert_eq!(bare, text, "{name}");
            }
        }
    }
}
