//! What esbuild makes of the style sheet and of the glue: the same, in fewer bytes.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::Outcome;

/// The style sheet with its imports. Every browser that the pages are for reads it as it is written: nothing is to be rewritten
/// for an older one, nesting above all.
pub(crate) fn style(esbuild: &Path, file: &Path) -> Outcome<Vec<u8>> {
    run(esbuild, &["--bundle"], file)
}

/// An ES module, which goes on exporting what it exports.
pub(crate) fn script(esbuild: &Path, text: &[u8], scratch: &Path) -> Outcome<Vec<u8>> {
    let file = scratch.join("glue.js");
    fs::write(&file, text)?;
    let minified = run(esbuild, &["--format=esm"], &file);
    fs::remove_file(&file)?;
    minified
}

/// Which minifier it is: its file alone may not say so.
pub(crate) fn version(esbuild: &Path) -> Outcome<Vec<u8>> {
    output(Command::new(esbuild).arg("--version"))
}

fn run(esbuild: &Path, arguments: &[&str], file: &Path) -> Outcome<Vec<u8>> {
    let all = ["--minify", "--target=esnext", "--charset=utf8", "--legal-comments=none", "--log-level=warning"];
    output(Command::new(esbuild).args(all).args(arguments).arg(file))
}

/// What a program prints. Its warnings are shown.
fn output(command: &mut Command) -> Outcome<Vec<u8>> {
    let program = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program} ended with {}", output.status).into());
    }
    Ok(output.stdout)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// With a program in the place of esbuild that prints what it is asked, and the file.
    #[test]
    fn it_is_asked_for_a_module_and_for_a_sheet_with_its_imports() -> Outcome<()> {
        let folder = std::env::temp_dir().join(format!("bundle-minify-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let program = folder.join("esbuild");
        fs::write(&program, "#!/bin/sh\necho \"$*\"\nfor file; do :; done\ncat \"$file\" 2>/dev/null\n")?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        fs::write(folder.join("main.css"), "a{}")?;

        let printed = String::from_utf8(script(&program, b"export let a;", &folder)?)?;
        assert!(printed.contains("--minify") && printed.contains("--format=esm") && printed.ends_with("export let a;"));
        assert!(!folder.join("glue.js").exists());
        let printed = String::from_utf8(style(&program, &folder.join("main.css"))?)?;
        assert!(printed.contains("--bundle") && printed.contains("--target=esnext") && printed.ends_with("a{}"));
        assert!(style(&program, &folder.join("none.css")).is_err_and(|error| error.to_string().contains("ended with")));
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
