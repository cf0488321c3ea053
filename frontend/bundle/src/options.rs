//! The command line.

use std::{ffi::OsString, path::PathBuf};

use crate::Outcome;

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Options {
    /// The browser's half as cargo left it.
    pub(crate) wasm: PathBuf,
    /// The folder with `main.css` and `assets`.
    pub(crate) style: PathBuf,
    /// The folder to make.
    pub(crate) site: PathBuf,
    /// Binaryen's optimiser; without it the site is larger and otherwise the same.
    pub(crate) wasm_opt: Option<PathBuf>,
    /// The minifier of style and script; without it they are larger and otherwise the same.
    pub(crate) esbuild: Option<PathBuf>,
    /// Whether to write `.br` and `.gz` files; `make dev` has no time for them.
    pub(crate) compress: bool,
    /// The most bytes that script, WebAssembly and style may have together, compressed with Brotli.
    pub(crate) budget: Option<u64>,
}

const USAGE: &str = "usage: bundle --wasm FILE --style DIR --site DIR [--wasm-opt PROGRAM] [--esbuild PROGRAM] \
                     [--compress yes|no] [--budget BYTES]";

impl Options {
    /// Reads `--name value` pairs.
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = OsString>) -> Outcome<Self> {
        let (mut wasm, mut style, mut site, mut wasm_opt, mut esbuild) = (None, None, None, None, None);
        let (mut compress, mut budget) = (true, None);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(USAGE)?;
            match name.to_str() {
                Some("--wasm") => wasm = Some(value.into()),
                Some("--style") => style = Some(value.into()),
                Some("--site") => site = Some(value.into()),
                Some("--wasm-opt") => wasm_opt = Some(value.into()),
                Some("--esbuild") => esbuild = Some(value.into()),
                Some("--compress") => compress = value == "yes",
                Some("--budget") => budget = Some(value.to_str().and_then(|bytes| bytes.parse().ok()).ok_or(USAGE)?),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(Self {
            wasm: wasm.ok_or(USAGE)?,
            style: style.ok_or(USAGE)?,
            site: site.ok_or(USAGE)?,
            wasm_opt,
            esbuild,
            compress,
            budget,
        })
    }
}
