//! What may be typed and set: one struct for the flags and the environment, each documented where it is declared.

use std::{ffi::OsString, path::PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, error::ErrorKind};
use foundation::error::OperatorError;
use secrecy::SecretString;

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

const SERVER: &str = "Server";
const DATABASE: &str = "Database and keys";
const ACCOUNTS: &str = "Accounts";
const UPSTREAMS: &str = "Upstreams";

/// Flags and environment, as typed. [`super::Settings`] is what they mean.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// Address and port to listen on [default: 127.0.0.1:3000]
    #[arg(long, env = "QUADRILLE_LISTEN", value_name = "ADDRESS:PORT", global = true, help_heading = SERVER)]
    pub listen: Option<String>,

    /// Where people reach the site, without a path: used in share links, canonical addresses, the sitemap and cookies
    /// [default: http:// and the listening address]
    #[arg(long, env = "QUADRILLE_PUBLIC_URL", value_name = "URL", global = true, help_heading = SERVER)]
    pub public_url: Option<String>,

    /// Comma-separated addresses and networks of proxies whose X-Forwarded-For is believed, such as 172.18.0.0/16; with an https
    /// public URL one on this machine always is
    #[arg(long, env = "QUADRILLE_TRUSTED_PROXIES", value_name = "ADDRESS,…", global = true, help_heading = SERVER)]
    pub trusted_proxies: Option<String>,

    /// Name shown in titles and metadata [default: Quadrille]
    #[arg(long, env = "QUADRILLE_SITE_NAME", value_name = "NAME", global = true, help_heading = SERVER)]
    pub site_name: Option<String>,

    /// Folder with the site's files [default: `site` beside the program, else target/site]
    #[arg(long, env = "QUADRILLE_SITE_DIR", value_name = "DIR", global = true, help_heading = SERVER)]
    pub site_dir: Option<String>,

    /// What is logged, such as `info` or `warn,server=debug` [default: info]
    #[arg(long, env = "QUADRILLE_LOG", value_name = "FILTER", global = true, help_heading = SERVER)]
    pub log: Option<String>,

    /// Folder of the embedded Postgres, of the generated key and of the event log, which is needed with DATABASE_URL too: to be
    /// kept, and one for each replica [default: /var/lib/quadrille as root, else the platform's
    /// folder for application data]
    #[arg(long, env = "QUADRILLE_DATA_DIR", value_name = "DIR", global = true, help_heading = DATABASE)]
    pub data_dir: Option<String>,

    /// A Postgres (14 or newer) to use instead of the embedded one
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        global = true,
        help_heading = DATABASE
    )]
    pub database_url: Option<SecretString>,

    /// Master key: 32 bytes as base64. Several, separated by commas or white space: the first encrypts, the others only
    /// decrypt [default: generated once, with the embedded Postgres only]
    #[arg(
        long,
        env = "QUADRILLE_MASTER_KEY",
        hide_env_values = true,
        value_name = "BASE64",
        global = true,
        help_heading = DATABASE
    )]
    pub master_key: Option<SecretString>,

    /// File that holds the master key or keys
    #[arg(long, env = "QUADRILLE_MASTER_KEY_FILE", value_name = "FILE", global = true, help_heading = DATABASE)]
    pub master_key_file: Option<String>,

    /// Folder of the Postgres programs for the embedded one (`initdb`, `postgres`) [default: searched for]
    #[arg(long, env = "PG_BIN_DIR", value_name = "DIR", global = true, help_heading = DATABASE)]
    pub pg_bin_dir: Option<String>,

    /// User that the embedded Postgres runs as when Quadrille runs as root [default: postgres, else nobody]
    #[arg(long, env = "PG_RUN_AS", value_name = "USER", global = true, help_heading = DATABASE)]
    pub pg_run_as: Option<String>,

    /// E-mail address of the first administrator, made at start if there is none
    #[arg(long, env = "QUADRILLE_ADMIN_EMAIL", value_name = "EMAIL", global = true, help_heading = ACCOUNTS)]
    pub admin_email: Option<String>,

    /// Password of the first administrator
    #[arg(
        long,
        env = "QUADRILLE_ADMIN_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD",
        global = true,
        help_heading = ACCOUNTS
    )]
    pub admin_password: Option<SecretString>,

    /// Who may sign up: `open`, `invite` or `closed`; an administrator's invitation lets in with any of them [default: open with the embedded Postgres on a loopback address, else
    /// closed]
    #[arg(long, env = "QUADRILLE_SIGN_UP", value_name = "MODE", global = true, help_heading = ACCOUNTS)]
    pub sign_up: Option<String>,

    /// An OpenAI-compatible base URL, such as http://127.0.0.1:11434/v1, registered at start with the models it lists
    #[arg(long, env = "QUADRILLE_UPSTREAM_URL", value_name = "URL", global = true, help_heading = UPSTREAMS)]
    pub upstream_url: Option<String>,

    /// The key of that upstream
    #[arg(
        long,
        env = "QUADRILLE_UPSTREAM_KEY",
        hide_env_values = true,
        value_name = "KEY",
        global = true,
        help_heading = UPSTREAMS
    )]
    pub upstream_key: Option<SecretString>,

    /// The name of that upstream [default: its host]
    #[arg(long, env = "QUADRILLE_UPSTREAM_NAME", value_name = "NAME", global = true, help_heading = UPSTREAMS)]
    pub upstream_name: Option<String>,

    /// Comma-separated host:port of upstreams that may have private or loopback addresses; the one set above always may
    #[arg(
        long,
        env = "QUADRILLE_ALLOW_PRIVATE_UPSTREAMS",
        value_name = "HOST:PORT,…",
        global = true,
        help_heading = UPSTREAMS
    )]
    pub allow_private_upstreams: Option<String>,

    /// Bring a simulated upstream with four models; every page says "simulated" [default: off]
    #[arg(
        long,
        env = "QUADRILLE_DEMO",
        value_name = "on|off",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "on",
        global = true,
        help_heading = UPSTREAMS
    )]
    pub demo: Option<String>,

    /// Bearer token of LiteLLM's callback; without it that route is closed
    #[arg(
        long,
        env = "QUADRILLE_LITELLM_INGEST_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        global = true,
        help_heading = UPSTREAMS
    )]
    pub litellm_ingest_token: Option<SecretString>,

    /// Days that single usage events are kept; the hourly figures of the leaderboard stay. 0 keeps them for ever [default: 90]
    #[arg(long, env = "QUADRILLE_USAGE_RETENTION_DAYS", value_name = "DAYS", global = true, help_heading = UPSTREAMS)]
    pub usage_retention_days: Option<String>,
}

/// Reads the command line and the environment. `Ok(None)`: help or the version was asked for and has been printed.
pub fn parse_command_line(words: impl IntoIterator<Item = OsString>) -> Result<Option<Cli>, OperatorError> {
    match Cli::try_parse_from(words) {
        Ok(cli) => Ok(Some(cli)),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // Nobody is left to tell if standard output is closed.
            let _ = error.print();
            Ok(None)
        }
        Err(error) => Err(in_one_line(&error)),
    }
}

/// clap explains itself over several lines: the first says what is wrong, some of the others what was meant.
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
