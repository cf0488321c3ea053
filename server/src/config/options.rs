//! The options, each as a flag and as a variable of the environment. Doc comments of fields are the text of `--help`.

use clap::Args;
use secrecy::SecretString;

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
