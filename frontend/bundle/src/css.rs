//! The style sheet where no minifier is installed: its parts one after the other, as they are.

use std::{fs, path::Path};

use crate::Outcome;

/// The text of `file` with each `@import "name.css";` replaced by that file's.
pub(crate) fn concatenate(file: &Path) -> Outcome<String> {
    let mut text = String::new();
    for line in fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?.lines() {
        match line.strip_prefix("@import \"").and_then(|rest| rest.strip_suffix("\";")) {
            Some(name) => text += &concatenate(&file.with_file_name(name))?,
            None if line.contains("@import ") => return Err(format!("{}: `{line}`", file.display()).into()),
            None => text.extend([line, "\n"]),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_take_their_place_in_order() -> Outcome<()> {
        let folder = std::env::temp_dir().join(format!("bundle-css-{}", std::process::id()));
        fs::create_dir_all(folder.join("rooms"))?;
        fs::write(
            folder.join("main.css"),
            "@import \"tokens.css\";\n@import \"rooms/home.css\";\nbody { margin: 0 }\n",
        )?;
        fs::write(folder.join("tokens.css"), ":root { --ink: #123 }\n")?;
        fs::write(folder.join("rooms/home.css"), "main { color: var(--ink) }")?;
        assert_eq!(
            concatenate(&folder.join("main.css"))?,
            ":root { --ink: #123 }\nmain { color: var(--ink) }\nbody { margin: 0 }\n"
        );
        fs::write(folder.join("tokens.css"), "@import url(other.css);\n")?;
        assert!(concatenate(&folder.join("main.css")).is_err_and(|error| error.to_string().contains("url(other.css)")));
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
