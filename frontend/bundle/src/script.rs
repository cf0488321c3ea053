//! The glue that wasm-bindgen writes, without its indentation and its comments: a tenth of what a browser loads of it.

/// Takes out what no browser reads. A script with a text over several lines is left as it is.
pub(crate) fn minify(script: &str) -> String {
    if script.lines().any(|line| line.matches('`').count() % 2 == 1) {
        return script.to_owned();
    }
    let mut out = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        let whole_line_is_spare = in_comment || line.is_empty() || line.starts_with("//");
        in_comment &= !line.ends_with("*/");
        if !whole_line_is_spare {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_and_comment_lines_go() {
        let script = "/**\n * Says a.\n */\nexport function a() {\n    // why\n    return `1 ${2}`; // stays\n}\n\n/* b */\nlet b;\n";
        assert_eq!(minify(script), "export function a() {\nreturn `1 ${2}`; // stays\n}\nlet b;\n");
    }

    #[test]
    fn a_text_over_several_lines_keeps_its_spaces() {
        let script = "let a = `\n    b\n`;\n";
        assert_eq!(minify(script), script);
    }
}
