//! Where the database is.

use std::path::PathBuf;

use secrecy::SecretString;

/// Which Postgres.
#[derive(Clone, Debug)]
pub enum DatabaseSettings {
    /// Somebody else's, by its URL.
    External(SecretString),
    /// A private one that Quadrille starts.
    Embedded(EmbeddedSettings),
}

impl DatabaseSettings {
    /// Whether Quadrille starts the database itself.
    pub fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }
}

/// A private Postgres.
#[derive(Clone, Debug)]
pub struct EmbeddedSettings {
    /// Holds the cluster, its password, its lock and its log.
    pub data_dir: PathBuf,
    /// Where `initdb` and `postgres` are; searched for otherwise.
    pub bin_dir: Option<PathBuf>,
    /// The user that Postgres runs as when Quadrille is root.
    pub run_as: Option<String>,
    /// The folders of `PATH`.
    pub search_path: Vec<PathBuf>,
    /// Nothing is forced to the disk. For tests only.
    pub is_throwaway: bool,
}

impl EmbeddedSettings {
    /// The cluster itself, inside the data directory.
    pub fn cluster_dir(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }
}
