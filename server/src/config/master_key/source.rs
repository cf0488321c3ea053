//! Where the master keys come from, and loading them from there.

use std::path::{Path, PathBuf};

use database::{DatabaseSettings, create_data_dir};
use foundation::error::OperatorError;
use secrecy::{ExposeSecret, SecretString};

use super::{
    key::{MAKE_A_KEY, MasterKey, decode_keys, generate_key},
    key_file::{generate_key_file, read_key_file, replace_key_file},
};

/// Where the master keys come from.
#[derive(Clone, Debug)]
pub enum MasterKeySource {
    /// The keys themselves, as configured.
    Given(SecretString),
    /// A file that the operator maintains.
    File(PathBuf),
    /// A file that Quadrille generates at the first start, before anything is encrypted.
    Generated {
        /// The key file.
        file: PathBuf,
        /// The embedded cluster. Once it exists, it may hold data encrypted under the key.
        cluster: PathBuf,
    },
    /// No key is configured, and none is generated for an external database.
    Missing,
}

impl MasterKeySource {
    pub(in crate::config) fn choose(
        given: Option<SecretString>,
        file: Option<PathBuf>,
        database: &DatabaseSettings,
    ) -> Result<Self, OperatorError> {
        match (given, file, database) {
            (Some(_), Some(_), _) => Err(OperatorError::usage(
                "both QUADRILLE_MASTER_KEY and QUADRILLE_MASTER_KEY_FILE are set",
                "set one of them",
            )),
            (Some(keys), None, _) => Ok(Self::Given(keys)),
            (None, Some(file), _) => Ok(Self::File(file)),
            (None, None, DatabaseSettings::External(_)) => Ok(Self::Missing),
            (None, None, DatabaseSettings::Embedded(embedded)) => {
                Ok(Self::Generated { file: embedded.data_dir.join("master.key"), cluster: embedded.cluster_dir() })
            }
        }
    }

    /// The master keys, the encrypting one first. Call it before the database is opened: a key is generated only while the
    /// embedded cluster does not exist, because a new key beside existing data would make that data undecryptable.
    ///
    /// # Errors
    /// Where no key is configured, or a key or its file is missing, unreadable or malformed.
    pub fn load(&self) -> Result<Vec<MasterKey>, OperatorError> {
        match self {
            Self::Given(keys) => decode_keys("QUADRILLE_MASTER_KEY", keys.expose_secret()),
            Self::File(file) => read_key_file(file)?.ok_or_else(|| {
                OperatorError::new(
                    format!("the key file {} does not exist", file.display()),
                    "correct QUADRILLE_MASTER_KEY_FILE, or restore the file",
                )
            }),
            Self::Generated { file, cluster } => load_or_generate(file, cluster),
            Self::Missing => Err(OperatorError::new(
                "DATABASE_URL is set, but there is no master key",
                format!("set QUADRILLE_MASTER_KEY or QUADRILLE_MASTER_KEY_FILE; {MAKE_A_KEY}"),
            )),
        }
    }

    /// Inserts a new key before those of a generated file and returns all of them. `None` where the operator manages the
    /// keys: the operator has put the new key first.
    ///
    /// # Errors
    /// Where the keys cannot be loaded or the file cannot be replaced.
    pub fn add_generated_key(&self) -> Result<Option<Vec<MasterKey>>, OperatorError> {
        let Self::Generated { file, .. } = self else { return Ok(None) };
        let mut keys = self.load()?;
        keys.insert(0, generate_key()?);
        replace_key_file(file, &keys)?;
        Ok(Some(keys))
    }

    /// Removes every key but the first from a generated file. Call it when nothing is wrapped under the others any more.
    ///
    /// # Errors
    /// Where the keys cannot be loaded or the file cannot be replaced.
    pub fn keep_primary_key(&self) -> Result<(), OperatorError> {
        let Self::Generated { file, .. } = self else { return Ok(()) };
        let mut keys = self.load()?;
        keys.truncate(1);
        replace_key_file(file, &keys)
    }
}

fn load_or_generate(file: &Path, cluster: &Path) -> Result<Vec<MasterKey>, OperatorError> {
    match read_key_file(file)? {
        Some(keys) => Ok(keys),
        None if cluster.join("PG_VERSION").exists() => Err(OperatorError::new(
            format!("the key file {} is gone, and the data beside it cannot be read without it", file.display()),
            "restore it from a backup, or set QUADRILLE_MASTER_KEY to its content",
        )),
        None => {
            create_data_dir(file.parent().unwrap_or(Path::new("/")))?;
            generate_key_file(file)
        }
    }
}
