//! The grammar of the command line. Doc comments of commands and arguments are the text of `--help`; the options, which all
//! commands share, are [`Options`].

use std::{ffi::OsString, path::PathBuf};

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand, error::ErrorKind};
use foundation::error::OperatorError;

use crate::config::Options;

/// The same prompt to up to four models side by side, and how every model performs in real traffic.
///
/// Every option can also be set by the environment variable named beside it; an option on the command line wins.
#[derive(Clone, Debug, Parser)]
#[command(name = "quadrille", version)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 the command line or the configuration is wrong.")]
pub struct Cli {
    /// What to do; without a word here, `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags and environment.
    #[command(flatten)]
    pub options: Options,
}

/// The binary's commands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the site and the API (the default)
    #[default]
    Serve,
    /// Bring the database's tables up to date, then exit
    Migrate,
    /// Make and change administrators
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Look after the encryption keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Roll usage up: every hour that is over and has changed since
    Rollup {
        /// Redo every hour since then whose events are still kept, such as 2026-11-01T00:00:00Z
        #[arg(long, value_name = "RFC3339")]
        since: Option<DateTime<Utc>>,
    },
    /// Look after what demo mode shows
    #[command(subcommand)]
    Demo(DemoCommand),
    /// Export and import the catalogue as a file, and look up prices
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Check configuration, database, keys and upstreams, and say what to do about what is wrong
    ///
    /// Each upstream is asked for one token of its first enabled model, which the provider bills.
    Doctor {
        /// Ask every enabled model, not only the first of each upstream
        #[arg(long)]
        every_model: bool,
    },
}

/// `quadrille admin …`
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum AdminCommand {
    /// Make an administrator, or make an existing member one
    ///
    /// A password is made up and printed once, unless one is given on standard input.
    Create {
        /// The e-mail address to sign in with
        email: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
}

/// `quadrille catalog …`
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum CatalogCommand {
    /// Write upstreams and models as TOML, without keys
    Export {
        /// The file to write; standard output without one
        file: Option<PathBuf>,
    },
    /// Make and change what is in such a file; what is not in it stays
    Import {
        /// The file to read; `-` is standard input
        file: PathBuf,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Show what LiteLLM's public price file says of the models here
    Prices {
        /// `model_prices_and_context_window.json`; `-` is standard input
        file: PathBuf,
        /// Take all of it over
        #[arg(long)]
        apply: bool,
    },
}

/// `quadrille keys …`
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum KeysCommand {
    /// Wrap every member's data key under the newest master key; the server may keep serving
    ///
    /// With a key of your own: put the new one behind the old one in QUADRILLE_MASTER_KEY and restart every server; put it
    /// in front and restart again; run this; then the old one may go. A generated key is replaced by a new one.
    Rotate,
}

/// `quadrille demo …`
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum DemoCommand {
    /// Make up 30 days of usage of the simulated models, as a server in demo mode does by itself
    Seed,
}

/// Parses the command line and the environment. `Ok(None)`: help or the version was requested and has been printed.
///
/// # Errors
/// A usage error, on one line, where clap rejects the arguments.
pub(super) fn parse_command_line(words: impl IntoIterator<Item = OsString>) -> Result<Option<Cli>, OperatorError> {
    match Cli::try_parse_from(words) {
        Ok(cli) => Ok(Some(cli)),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // A closed standard output leaves nowhere to report the failure.
            let _ = error.print();
            Ok(None)
        }
        Err(error) => Err(in_one_line(&error)),
    }
}

/// clap's message spans several lines: the first names the problem, those before the usage may suggest a correction.
fn in_one_line(error: &clap::Error) -> OperatorError {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return OperatorError::usage("this command needs another word", "the same command with --help lists them");
    }
    let text = error.to_string();
    let mut parts = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut problem = parts.next().unwrap_or("the command line is wrong").trim_start_matches("error: ").to_owned();
    for part in parts.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more")) {
        problem.push(' ');
        problem.push_str(part);
    }
    OperatorError::usage(problem, "`quadrille --help` lists every command and option")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(words: &[&str]) -> Result<Option<Cli>, OperatorError> {
        parse_command_line(std::iter::once("quadrille").chain(words.iter().copied()).map(OsString::from))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default_and_options_go_before_or_after_the_command() {
        let before = parse(&["--listen", "127.0.0.1:1", "migrate"]).unwrap().unwrap();
        let after = parse(&["migrate", "--listen", "127.0.0.1:1"]).unwrap().unwrap();
        assert_eq!(before.options.listen.as_deref(), Some("127.0.0.1:1"));
        assert_eq!(after.options.listen.as_deref(), Some("127.0.0.1:1"));
        assert_eq!(parse(&[]).unwrap().unwrap().command.unwrap_or_default(), Command::Serve);
    }

    #[test]
    fn an_unknown_word_is_refused_in_one_line_with_a_remedy() {
        for words in [&["--lisen", "x"][..], &["swerve"], &["admin"], &["admin", "create"], &["--listen"]] {
            let refusal = parse(words).unwrap_err();
            assert!(refusal.is_usage, "{words:?}");
            assert!(!refusal.to_string().contains('\n'), "{words:?}: {refusal}");
            assert!(refusal.to_string().contains(" — "), "{words:?}: {refusal}");
        }
    }

    #[test]
    fn every_option_is_documented_and_listed_in_the_example_file() {
        let example = include_str!("../../../.env.example");
        let command = Cli::command();
        let variables = command.get_arguments().filter_map(|argument| {
            let name = argument.get_env()?.to_str()?;
            assert!(argument.get_help().is_some(), "{name} has no description");
            Some(name)
        });
        let mut count = 0;
        for name in variables {
            assert!(example.contains(&format!("#{name}=")), "{name} is missing in .env.example");
            count += 1;
        }
        assert!(count >= 20, "only {count} variables");
    }

    #[test]
    fn secrets_are_hidden_in_the_help() {
        for name in ["DATABASE_URL", "QUADRILLE_MASTER_KEY", "QUADRILLE_ADMIN_PASSWORD", "QUADRILLE_UPSTREAM_KEY"] {
            let command = Cli::command();
            let argument = command.get_arguments().find(|argument| argument.get_env() == Some(name.as_ref())).unwrap();
            assert!(argument.is_hide_env_values_set(), "{name}");
        }
    }
}
