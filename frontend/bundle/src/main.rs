//! Turns the browser's compiled half and the style sheets into the site that the server hands out:
//!
//! ```text
//! SITE/manifest.json            which file is which
//! SITE/pkg/quadrille.HASH.js    the glue, beside its .wasm and .css, each with .br and .gz
//! SITE/favicon.svg …            style/assets, as it is
//! ```
//!
//! A file's name holds the hash of its content, so browsers may keep it for ever. Nothing is done when nothing changed.
#![expect(clippy::disallowed_methods, reason = "a build tool without a runtime")]

mod bind;
mod css;
mod minify;
mod options;
mod site;

use std::{error::Error, io::Write, process::ExitCode};

use options::Options;
use site::Payload;

/// What can go wrong here ends the build and is read by the person who started it.
type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match Options::from_arguments(std::env::args_os().skip(1)).and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome<()> {
    let inputs = site::inputs(options)?;
    let payload = match site::unchanged(&options.site, &inputs) {
        Some(payload) => payload,
        None => site::build(options, &inputs)?,
    };
    writeln!(std::io::stdout(), "{payload}")?;
    check(payload, options.budget)
}

/// The promise of the design: what a browser must load before any page can be used.
fn check(payload: Payload, budget: Option<u64>) -> Outcome<()> {
    match budget {
        Some(budget) if payload.total() > budget => Err(format!(
            "the browser must load {} bytes before a page can be used; the budget is {budget}",
            payload.total()
        )
        .into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_over_the_budget_fails() {
        let payload = Payload { js: 1, wasm: 2, css: 3 };
        assert!(check(payload, None).is_ok());
        assert!(check(payload, Some(6)).is_ok());
        assert!(check(payload, Some(5)).is_err());
    }
}
