//! From what the compiler left to what a browser loads: wasm-bindgen's glue, then Binaryen's optimiser.

use std::{fs, path::Path, process::Command};

use wasm_bindgen_cli_support::Bindgen;

use crate::Outcome;

/// The browser's program: the script that loads it, and itself.
pub(crate) struct Program {
    /// An ES module.
    pub(crate) js: Vec<u8>,
    /// The module that it is told to load.
    pub(crate) wasm: Vec<u8>,
}

/// What a compiler of this target may use by default; the optimiser has to be told.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Inlining makes the file smaller and what is left of it after Brotli larger (by 7 % of the whole): it spoils repetition.
const PASSES: [&str; 4] = [
    "-Os",
    "--always-inline-max-function-size=0",
    "--flexible-inline-max-function-size=0",
    "--one-caller-inline-max-function-size=0",
];

/// Binds `wasm`, and optimises it for size when there is something to do it with.
pub(crate) fn bind(wasm: &Path, wasm_opt: Option<&Path>, scratch: &Path) -> Outcome<Program> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name("quadrille").typescript(false).omit_default_module_path(true);
    bindgen.remove_name_section(true).remove_producers_section(true).web(true)?;
    let mut output = bindgen.generate_output().map_err(|error| format!("{}: {error:#}", wasm.display()))?;
    let brings_script = output.snippets().iter().find(|(_, scripts)| !scripts.is_empty()).map(|(name, _)| name);
    if let Some(name) = brings_script.or_else(|| output.local_modules().keys().next()) {
        return Err(format!("{name} brings a script file of its own, which the site has no place for").into());
    }
    let js = output.js().as_bytes().to_vec();
    let bound = output.wasm_mut().emit_wasm();
    let wasm = match wasm_opt {
        Some(program) => optimise(program, &bound, scratch)?,
        None => bound,
    };
    Ok(Program { js, wasm })
}

fn optimise(program: &Path, bound: &[u8], scratch: &Path) -> Outcome<Vec<u8>> {
    let (input, output) = (scratch.join("bound.wasm"), scratch.join("optimised.wasm"));
    fs::write(&input, bound)?;
    let status = Command::new(program).args(FEATURES).args(PASSES).arg(&input).arg("-o").arg(&output).status();
    let status = status.map_err(|error| format!("{}: {error}", program.display()))?;
    if !status.success() {
        return Err(format!("{} ended with {status}", program.display()).into());
    }
    let optimised = fs::read(&output)?;
    fs::remove_file(&input)?;
    fs::remove_file(&output)?;
    Ok(optimised)
}
