//! One style sheet out of several: `@import "x.css";` becomes the file's text, comments and spare white space go.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::Outcome;

/// The text of `file` with its imports in their places, in order, each file once.
pub(crate) fn bundle(file: &Path) -> Outcome<String> {
    let mut text = String::new();
    append(file, &mut text, &mut Vec::new())?;
    Ok(minify(&text))
}

fn append(file: &Path, text: &mut String, seen: &mut Vec<PathBuf>) -> Outcome<()> {
    let file = fs::canonicalize(file).map_err(|error| format!("{}: {error}", file.display()))?;
    if seen.contains(&file) {
        return Err(format!("{} is imported twice", file.display()).into());
    }
    for line in fs::read_to_string(&file)?.lines() {
        match imported(line) {
            Some(name) => {
                seen.push(file.clone());
                append(&file.with_file_name(name), text, seen)?;
                seen.retain(|one| *one != file);
            }
            None if line.trim_start().starts_with("@import") => {
                return Err(format!(
                    "{}: only `@import \"name.css\";` on a line of its own is understood, not `{line}`",
                    file.display()
                )
                .into());
            }
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    seen.push(file);
    Ok(())
}

fn imported(line: &str) -> Option<&str> {
    line.trim().strip_prefix("@import")?.trim_start().strip_prefix('"')?.strip_suffix("\";")
}

/// Takes out what no browser reads. Strings stay as they are, and so does every space that could mean something.
fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    let mut space = false;
    while let Some(next) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.find("*/").map_or("", |end| &comment[end + 2..]);
            space = true;
        } else if next.is_ascii_whitespace() {
            rest = &rest[1..];
            space = true;
        } else {
            let length = if matches!(next, '"' | '\'') { string_length(rest, next) } else { next.len_utf8() };
            if std::mem::take(&mut space)
                && !needs_no_space_before(next)
                && !out.ends_with(['{', '}', ';', ',', '('])
                && !out.is_empty()
            {
                out.push(' ');
            }
            if next == '}' && out.ends_with(';') {
                out.pop();
            }
            out.push_str(&rest[..length]);
            rest = &rest[length..];
        }
    }
    out
}

fn needs_no_space_before(next: char) -> bool {
    matches!(next, '{' | '}' | ';' | ',' | ')')
}

/// How long the string at the start of `text` is, its quotes and escapes included.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spare_white_space_and_comments_go() {
        assert_eq!(
            minify("/* a */\n.card ,\n.run {\n  color : red;\n\n  margin: 0 auto;\n}\n"),
            ".card,.run{color : red;margin: 0 auto}"
        );
    }

    #[test]
    fn space_that_means_something_stays() {
        for css in [
            "a :hover{b:c}",
            "a{width:calc(1px + 2em)}",
            "@media (width > 1px) and (hover){a{b:c}}",
            "a{margin:-1px -2px}",
        ] {
            assert_eq!(minify(css), css);
        }
        assert_eq!(minify("a/**/b{c:d}"), "a b{c:d}");
    }

    #[test]
    fn strings_are_left_alone() {
        let css = r#"a{content:"/* not  a comment */ \" {  }";b:'  é '}"#;
        assert_eq!(minify(css), css);
    }

    #[test]
    fn imports_take_their_place_in_order() -> Outcome<()> {
        let folder = std::env::temp_dir().join(format!("bundle-css-{}", std::process::id()));
        fs::create_dir_all(folder.join("rooms"))?;
        fs::write(
            folder.join("main.css"),
            "@import \"tokens.css\";\n@import \"rooms/home.css\";\nbody { margin: 0; }\n",
        )?;
        fs::write(folder.join("tokens.css"), ":root { --ink: #123; }\n")?;
        fs::write(folder.join("rooms/home.css"), "main { color: var(--ink); }\n")?;
        assert_eq!(bundle(&folder.join("main.css"))?, ":root{--ink: #123}main{color: var(--ink)}body{margin: 0}");

        fs::write(folder.join("tokens.css"), "@import \"main.css\";\n")?;
        assert!(bundle(&folder.join("main.css")).is_err_and(|error| error.to_string().contains("imported twice")));
        fs::write(folder.join("tokens.css"), "@import url(other.css);\n")?;
        assert!(bundle(&folder.join("main.css")).is_err_and(|error| error.to_string().contains("only `@import")));
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
