//! The validated configuration.

use std::{net::SocketAddr, path::PathBuf};

use database::{DatabaseSettings, EmbeddedSettings};
use domain::accounts::SignUpMode;
use foundation::error::OperatorError;
use secrecy::SecretString;
use services::{PublicUrl, accounts::TrustedProxies};

use super::{
    accounts::{AccountSettings, first_admin, parse_sign_up_mode},
    master_key::MasterKeySource,
    options::Options,
    parse::{self, HostPort, set, set_secret},
    process_env::ProcessEnv,
    upstream::{UpstreamSettings, upstream},
};

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address and port to listen on; port 0 means any free one.
    pub listen: SocketAddr,
    /// Where users reach the site.
    pub public_url: PublicUrl,
    /// Whether the public URL was set (else it follows the listening address).
    pub is_public_url_set: bool,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: TrustedProxies,
    /// Shown in titles and metadata.
    pub site_name: String,
    /// Folder with the site's files.
    pub site_dir: PathBuf,
    /// What is logged, in the syntax of `tracing_subscriber::EnvFilter`.
    pub log: String,
    /// Folder of the embedded Postgres, the generated key file and the event log.
    pub data_dir: PathBuf,
    pub database: DatabaseSettings,
    pub master_key: MasterKeySource,
    pub accounts: AccountSettings,
    /// The upstream to register at start.
    pub upstream: Option<UpstreamSettings>,
    /// Upstreams that may resolve to private addresses, besides [`Self::upstream`].
    pub private_upstreams: Vec<HostPort>,
    /// Whether demo mode is on: a simulated upstream with made-up usage.
    pub is_demo: bool,
    /// Bearer token of LiteLLM's callback; without it the route refuses every request.
    pub litellm_ingest_token: Option<SecretString>,
    /// Days that single usage events are kept; `None` keeps them for ever.
    pub usage_retention_days: Option<u32>,
}

impl Settings {
    /// Validates what can be validated without I/O.
    ///
    /// # Errors
    /// A usage error that names the variable at fault.
    pub fn new(options: Options, env: &ProcessEnv) -> Result<Self, OperatorError> {
        let listen = parse::listen(&set(options.listen).unwrap_or_else(|| "127.0.0.1:3000".to_owned()))?;
        let public_url = set(options.public_url).as_deref().map(PublicUrl::parse).transpose()?;
        let data_dir = data_dir(options.data_dir, env)?;
        let database = match set_secret(options.database_url) {
            Some(url) => DatabaseSettings::External(parse::database_url(url)?),
            None => DatabaseSettings::Embedded(EmbeddedSettings {
                data_dir: data_dir.clone(),
                bin_dir: set(options.pg_bin_dir).map(PathBuf::from),
                run_as: set(options.pg_run_as),
                search_path: env.search_path.clone(),
                is_throwaway: false,
            }),
        };
        let master_key = MasterKeySource::choose(
            set_secret(options.master_key),
            set(options.master_key_file).map(PathBuf::from),
            &database,
        )?;
        let sign_up = match set(options.sign_up) {
            Some(word) => parse_sign_up_mode(&word)?,
            None if database.is_embedded() && listen.ip().is_loopback() => SignUpMode::Open,
            None => SignUpMode::Closed,
        };
        let is_https = public_url.as_ref().is_some_and(PublicUrl::is_https);
        Ok(Self {
            listen,
            trusted_proxies: TrustedProxies::parse(&options.trusted_proxies.unwrap_or_default(), is_https)?,
            is_public_url_set: public_url.is_some(),
            public_url: public_url.unwrap_or_else(|| PublicUrl::of_listener(listen)),
            site_name: set(options.site_name).unwrap_or_else(|| "Quadrille".to_owned()),
            site_dir: set(options.site_dir).map_or_else(|| env.site_dir(), PathBuf::from),
            log: set(options.log).unwrap_or_else(|| "info".to_owned()),
            data_dir,
            database,
            master_key,
            accounts: AccountSettings {
                sign_up,
                first_admin: first_admin(set(options.admin_email), set_secret(options.admin_password))?,
            },
            upstream: upstream(
                set(options.upstream_url),
                set_secret(options.upstream_key),
                set(options.upstream_name),
            )?,
            private_upstreams: parse::host_ports(&options.allow_private_upstreams.unwrap_or_default())?,
            is_demo: set(options.demo).map_or(Ok(false), |word| parse::switch("QUADRILLE_DEMO", &word))?,
            litellm_ingest_token: set_secret(options.litellm_ingest_token),
            usage_retention_days: parse::retention_days(set(options.usage_retention_days))?,
        })
    }

    /// Records the address that the listener was bound to, which has a port even where port 0 was configured. A public URL
    /// that was not configured follows it.
    pub fn bound_to(&mut self, address: SocketAddr) {
        self.listen = address;
        if !self.is_public_url_set {
            self.public_url = PublicUrl::of_listener(address);
        }
    }
}

fn data_dir(given: Option<String>, env: &ProcessEnv) -> Result<PathBuf, OperatorError> {
    let dir = match set(given) {
        Some(dir) => PathBuf::from(dir),
        None => env.data_dir().ok_or_else(|| {
            OperatorError::usage(
                "there is no home directory to keep data in",
                "set QUADRILLE_DATA_DIR to a folder of its own",
            )
        })?,
    };
    // Postgres is started in another working directory.
    std::path::absolute(dir).map_err(|_| {
        OperatorError::usage(
            "QUADRILLE_DATA_DIR is not a usable path",
            "set it to an absolute path, such as /var/lib/quadrille",
        )
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn settings(options: Options) -> Result<Settings, OperatorError> {
        let env = ProcessEnv { home: Some("/home/ada".into()), ..ProcessEnv::default() };
        Settings::new(options, &env)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn secret(text: &str) -> Option<SecretString> {
        Some(text.to_owned().into())
    }

    #[test]
    fn without_any_option_it_is_a_private_site_on_loopback() {
        let settings = settings(Options::default()).unwrap();
        assert_eq!(settings.public_url.origin(), "http://127.0.0.1:3000");
        assert!(settings.database.is_embedded());
        assert_eq!(settings.accounts.sign_up, SignUpMode::Open);
        assert!(!settings.is_demo);
        assert!(settings.upstream.is_none());
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let empty = || some(" ");
        let options = Options {
            listen: empty(),
            public_url: empty(),
            database_url: secret(""),
            upstream_url: empty(),
            upstream_key: secret(""),
            admin_email: empty(),
            demo: empty(),
            sign_up: empty(),
            ..Options::default()
        };
        assert!(settings(options).unwrap().database.is_embedded());
    }

    #[test]
    fn strangers_may_sign_up_by_default_only_on_loopback_with_the_embedded_database() {
        let elsewhere = Options { listen: some("0.0.0.0:3000"), ..Options::default() };
        assert_eq!(settings(elsewhere).unwrap().accounts.sign_up, SignUpMode::Closed);
        let external = Options { database_url: secret("postgres://localhost/q"), ..Options::default() };
        assert_eq!(settings(external).unwrap().accounts.sign_up, SignUpMode::Closed);
        let asked = Options { listen: some("0.0.0.0:3000"), sign_up: some("invite"), ..Options::default() };
        assert_eq!(settings(asked).unwrap().accounts.sign_up, SignUpMode::Invite);
    }

    #[test]
    fn what_belongs_together_is_refused_apart() {
        for options in [
            Options { admin_email: some("ada@example.org"), ..Options::default() },
            Options { admin_password: secret("correct horse"), ..Options::default() },
            Options { upstream_key: secret("sk-1"), ..Options::default() },
            Options { sign_up: some("maybe"), ..Options::default() },
            Options { demo: some("perhaps"), ..Options::default() },
            Options { master_key: secret("x"), master_key_file: some("/key"), ..Options::default() },
        ] {
            let refusal = settings(options.clone()).expect_err(&format!("{options:?}"));
            assert!(refusal.is_usage && !refusal.remedy.is_empty(), "{refusal}");
        }
    }

    #[test]
    fn a_refused_database_url_is_not_repeated() {
        let options = Options { database_url: secret("mysql://ada:hunter2@host/q"), ..Options::default() };
        let refusal = settings(options).unwrap_err().to_string();
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let options = Options {
            database_url: secret("postgres://ada:hunter2@host/q"),
            master_key: secret("hunter2"),
            upstream_url: some("http://127.0.0.1:1/v1"),
            upstream_key: secret("hunter2"),
            litellm_ingest_token: secret("hunter2"),
            admin_email: some("ada@example.org"),
            admin_password: secret("hunter2"),
            ..Options::default()
        };
        assert!(!format!("{options:?}").contains("hunter2"));
        assert!(!format!("{:?}", settings(options).unwrap()).contains("hunter2"));
    }

    #[test]
    fn data_lives_where_the_platform_and_the_user_say() {
        let root = ProcessEnv { is_root: true, home: Some("/root".into()), ..ProcessEnv::default() };
        let dir = |env: &ProcessEnv| Settings::new(Options::default(), env).unwrap().data_dir;
        assert_eq!(dir(&root), PathBuf::from("/var/lib/quadrille"));
        let xdg = ProcessEnv { data_home: Some("/data".into()), ..ProcessEnv::default() };
        assert_eq!(dir(&xdg), PathBuf::from("/data/quadrille"));
        assert!(Settings::new(Options::default(), &ProcessEnv::default()).is_err());
        let relative = Options { data_dir: some("here"), ..Options::default() };
        assert!(settings(relative).unwrap().data_dir.is_absolute());
    }

    #[test]
    fn a_public_url_that_was_not_set_follows_the_port() {
        let mut free_port = settings(Options { listen: some("127.0.0.1:0"), ..Options::default() }).unwrap();
        free_port.bound_to("127.0.0.1:4567".parse().unwrap());
        assert_eq!(free_port.public_url.origin(), "http://127.0.0.1:4567");
    }

    #[test]
    fn a_key_is_cleaned_or_refused_without_being_repeated() {
        let with = |key: &str| {
            let options = Options {
                upstream_url: some("http://127.0.0.1:1/v1"),
                upstream_key: secret(key),
                ..Options::default()
            };
            settings(options)
        };
        let upstream = with("\"Bearer sk-abc\"\n").unwrap().upstream.unwrap();
        assert_eq!(upstream.key.unwrap().expose_secret(), "sk-abc");
        let refusal = with("sk hunter2").unwrap_err().to_string();
        assert!(refusal.contains("QUADRILLE_UPSTREAM_KEY") && !refusal.contains("hunter2"), "{refusal}");
    }

    #[test]
    fn an_upstream_is_named_after_its_host() {
        let options = Options { upstream_url: some("http://localhost:11434/v1/"), ..Options::default() };
        let upstream = settings(options).unwrap().upstream.unwrap();
        assert_eq!((upstream.name.as_str(), upstream.url.as_str()), ("localhost", "http://localhost:11434/v1"));
    }
}
