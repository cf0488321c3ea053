//! Which database is used.

use std::path::PathBuf;

use secrecy::SecretString;

/// The oldest supported major version of Postgres.
pub(crate) const OLDEST_MAJOR: u32 = 14;

/// Which Postgres is used.
#[derive(Clone, Debug)]
pub enum DatabaseSettings {
    /// One that the operator runs, by its URL.
    External(SecretString),
    /// An embedded one, which Quadrille starts.
    Embedded(EmbeddedSettings),
}

impl DatabaseSettings {
    /// Whether Quadrille starts the database itself.
    pub fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }
}

/// The embedded Postgres.
#[derive(Clone, Debug)]
pub struct EmbeddedSettings {
    /// Contains the cluster, its password, its lock and its log.
    pub data_dir: PathBuf,
    /// The folder of `initdb` and `postgres`; searched for if not set.
    pub bin_dir: Option<PathBuf>,
    /// The user that Postgres runs as when Quadrille runs as root.
    pub run_as: Option<String>,
    /// The folders of `PATH`.
    pub search_path: Vec<PathBuf>,
    /// Turns fsync off: the cluster does not survive a crash of the machine. For tests only.
    pub is_throwaway: bool,
}

impl EmbeddedSettings {
    /// The cluster's folder inside the data directory.
    pub fn cluster_dir(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }
}
