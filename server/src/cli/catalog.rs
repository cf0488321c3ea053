//! `quadrille catalog …`: exports and imports the catalogue as a file, and compares prices.

use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
};

use domain::catalog::admin::{CatalogDiff, PriceProposal};
use foundation::error::{Error, OperatorError};
use services::{audit::Actor, catalog::CatalogFileService};

use super::{command_line::CatalogCommand, resources::with_keyring};
use crate::{
    config::Settings,
    state::{catalog_service, upstream_client},
};

/// Runs one of the subcommands. Changes are notified through the database, so a running server picks them up.
pub(super) async fn run(settings: &Settings, command: CatalogCommand) -> Result<(), Error> {
    with_keyring(settings, async |runtime, keyring| {
        let client = upstream_client(settings, runtime.lookup.clone())?;
        let files = CatalogFileService::new(Arc::new(catalog_service(&runtime, keyring, client)));
        run_on(&files, command).await
    })
    .await
}

async fn run_on(files: &CatalogFileService, command: CatalogCommand) -> Result<(), Error> {
    let actor = Actor::command_line();
    match command {
        CatalogCommand::Export { file } => write_out(file.as_deref(), &files.write_file().await?),
        CatalogCommand::Import { file, dry_run } => {
            let text = String::from_utf8_lossy(&read_in(&file)?).into_owned();
            print_diff(&files.read_file(&actor, &text, dry_run).await?, dry_run)
        }
        CatalogCommand::Prices { file, apply } => prices(files, &actor, &read_in(&file)?, apply).await,
    }
}

async fn prices(files: &CatalogFileService, actor: &Actor, file: &[u8], apply: bool) -> Result<(), Error> {
    let proposals = files.propose(file).await?;
    let mut out = io::stdout();
    for proposal in &proposals {
        writeln!(out, "~ {} (there {}): {}", proposal.public_name, proposal.source, steps(proposal))?;
    }
    match (proposals.len(), apply) {
        (0, _) => writeln!(out, "The file has nothing new for the models here.")?,
        (n, false) => writeln!(out, "{n} models differ. Nothing was changed; --apply takes all of it over.")?,
        (_, true) => writeln!(out, "{} models changed.", files.take_over(actor, proposals).await?)?,
    }
    Ok(())
}

fn steps(proposal: &PriceProposal) -> String {
    let unknown = || "unknown".to_owned();
    let mut steps = Vec::new();
    for (what, now, new) in [
        ("input", &proposal.now_input_price_per_million_usd, &proposal.input_price_per_million_usd),
        ("output", &proposal.now_output_price_per_million_usd, &proposal.output_price_per_million_usd),
    ] {
        if let Some(new) = new {
            let now = now.as_ref().map_or_else(unknown, |price| price.display());
            steps.push(format!("{what} {now} → {} a million tokens", new.display()));
        }
    }
    if let Some(new) = proposal.context_window {
        let now = proposal.now_context_window.map_or_else(unknown, |tokens| tokens.to_string());
        steps.push(format!("context {now} → {new} tokens"));
    }
    steps.join(", ")
}

fn print_diff(diff: &CatalogDiff, is_dry_run: bool) -> Result<(), Error> {
    let mut out = io::stdout();
    for line in &diff.lines {
        let sign = if line.is_new { '+' } else { '~' };
        writeln!(out, "{sign} {}: {}", line.subject, line.fields.join(", "))?;
    }
    let done = if is_dry_run { "would change" } else { "changed" };
    writeln!(out, "{} {done}, {} as they were.", diff.lines.len(), diff.unchanged)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a command, which serves nothing")]
fn read_in(file: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = match file.to_str() {
        Some("-") => io::stdin().read_to_end(&mut bytes).map(|_| bytes),
        _ => fs::read(file),
    };
    read.map_err(|error| {
        OperatorError::new(format!("{} cannot be read: {error}", file.display()), "name another file").into()
    })
}

#[expect(clippy::disallowed_methods, reason = "a command, which serves nothing")]
fn write_out(file: Option<&Path>, text: &str) -> Result<(), Error> {
    match file {
        None => Ok(io::stdout().write_all(text.as_bytes())?),
        Some(file) => fs::write(file, text).map_err(|error| {
            OperatorError::new(format!("{} cannot be written: {error}", file.display()), "name another file").into()
        }),
    }
}
