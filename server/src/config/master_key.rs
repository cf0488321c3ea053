//! The master key: 32 bytes that wrap every member's data key. Several may be given while a rotation is under way: the
//! first encrypts, the others only decrypt.
#![expect(
    clippy::disallowed_methods,
    reason = "keys are read and written at start-up and by commands, before anything is served"
)]

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use database::{DatabaseSettings, create_data_dir};
use foundation::{error::OperatorError, random};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::settings::Settings;

/// One master key. Wiped from memory when dropped.
pub type MasterKey = Zeroizing<[u8; 32]>;

const NEW_KEY: &str = "make one with `openssl rand -base64 32` and keep a copy outside the database";

/// Where the master keys come from.
#[derive(Clone, Debug)]
pub enum MasterKeySource {
    /// Given as they are.
    Given(SecretString),
    /// In a file of the operator's.
    File(PathBuf),
    /// In a file of our own, made at the first start, as long as there is nothing encrypted yet.
    Generated {
        /// The key file.
        file: PathBuf,
        /// The cluster that exists as soon as something may be encrypted.
        cluster: PathBuf,
    },
    /// Nowhere, although the database is somebody else's.
    Missing,
}

impl MasterKeySource {
    pub(super) fn choose(
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
}

/// The master keys, the encrypting one first. Call it before the database is opened: a key is generated only while the
/// embedded cluster does not exist, since a new key beside old data would lock everybody out of it.
pub fn load_master_keys(settings: &Settings) -> Result<Vec<MasterKey>, OperatorError> {
    match &settings.master_key {
        MasterKeySource::Given(keys) => decode_keys("QUADRILLE_MASTER_KEY", keys.expose_secret()),
        MasterKeySource::File(file) => read_key_file(file)?.ok_or_else(|| {
            OperatorError::new(
                format!("the key file {} does not exist", file.display()),
                "correct QUADRILLE_MASTER_KEY_FILE, or restore the file",
            )
        }),
        MasterKeySource::Generated { file, cluster } => match read_key_file(file)? {
            Some(keys) => Ok(keys),
            None if cluster.join("PG_VERSION").exists() => Err(OperatorError::new(
                format!("the key file {} is gone, and the data beside it cannot be read without it", file.display()),
                "restore it from a backup, or set QUADRILLE_MASTER_KEY to its content",
            )),
            None => {
                create_data_dir(file.parent().unwrap_or(Path::new("/")))?;
                generate_key_file(file)
            }
        },
        MasterKeySource::Missing => Err(OperatorError::new(
            "DATABASE_URL is set, but there is no master key",
            format!("set QUADRILLE_MASTER_KEY or QUADRILLE_MASTER_KEY_FILE; {NEW_KEY}"),
        )),
    }
}

/// Puts a new key in front of a generated file's keys and returns all of them. `None` where the keys are the operator's
/// own, whose new key is in front already.
pub fn add_generated_key(settings: &Settings) -> Result<Option<Vec<MasterKey>>, OperatorError> {
    let MasterKeySource::Generated { file, .. } = &settings.master_key else { return Ok(None) };
    let mut keys = load_master_keys(settings)?;
    keys.insert(0, new_key()?);
    replace_key_file(file, &keys)?;
    Ok(Some(keys))
}

/// Drops every key but the first from a generated file: nothing is wrapped under the others any more.
pub fn keep_primary_key(settings: &Settings) -> Result<(), OperatorError> {
    let MasterKeySource::Generated { file, .. } = &settings.master_key else { return Ok(()) };
    let mut keys = load_master_keys(settings)?;
    keys.truncate(1);
    replace_key_file(file, &keys)
}

fn decode_keys(origin: &str, text: &str) -> Result<Vec<MasterKey>, OperatorError> {
    let mut keys: Vec<MasterKey> = Vec::new();
    for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
        let position = keys.len() + 1;
        let key = decode_key(word).ok_or_else(|| {
            OperatorError::new(format!("key {position} in {origin} is not 32 bytes in base64"), NEW_KEY)
        })?;
        if *key == [0; 32] {
            return Err(OperatorError::new(format!("key {position} in {origin} is all zeros"), NEW_KEY));
        }
        if keys.contains(&key) {
            return Err(OperatorError::new(format!("key {position} in {origin} is there twice"), "name each key once"));
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(OperatorError::new(format!("{origin} holds no key"), NEW_KEY));
    }
    Ok(keys)
}

/// Both alphabets, with and without padding: whatever the operator's tool printed.
fn decode_key(word: &str) -> Option<MasterKey> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [&STANDARD, &URL_SAFE].into_iter().find_map(|alphabet| {
        let bytes = Zeroizing::new(GeneralPurpose::new(alphabet, config).decode(word).ok()?);
        let mut key = MasterKey::default();
        (bytes.len() == key.len()).then(|| key.copy_from_slice(&bytes))?;
        Some(key)
    })
}

fn read_key_file(file: &Path) -> Result<Option<Vec<MasterKey>>, OperatorError> {
    let text = match fs::read_to_string(file) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(OperatorError::new(
                format!("the key file {} cannot be read: {error}", file.display()),
                "run as the user that owns it, or correct its permissions",
            ));
        }
    };
    if fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!(file = %file.display(), "the key file can be read by others; `chmod 600` closes it");
    }
    decode_keys(&file.display().to_string(), &text).map(Some)
}

fn new_key() -> Result<MasterKey, OperatorError> {
    let mut key = MasterKey::default();
    random::fill(&mut *key)
        .map_err(|_| OperatorError::new("the system gives no random numbers", "check that /dev/urandom is there"))?;
    Ok(key)
}

fn generate_key_file(file: &Path) -> Result<Vec<MasterKey>, OperatorError> {
    let keys = vec![new_key()?];
    let written = write_beside(file, &keys).and_then(|temporary| {
        // A link, unlike a rename, never replaces the key of somebody who was faster.
        let linked = fs::hard_link(&temporary, file);
        fs::remove_file(&temporary)?;
        linked?;
        sync_parent(file)
    });
    match written {
        Ok(()) => {
            tracing::info!(file = %file.display(), "generated the master key; keep a copy apart from the database");
            Ok(keys)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read_key_file(file)?.ok_or_else(|| cannot_write(file, &error))
        }
        Err(error) => Err(cannot_write(file, &error)),
    }
}

fn replace_key_file(file: &Path, keys: &[MasterKey]) -> Result<(), OperatorError> {
    write_beside(file, keys)
        .and_then(|temporary| fs::rename(temporary, file))
        .and_then(|()| sync_parent(file))
        .map_err(|error| cannot_write(file, &error))
}

/// Writes the keys, forced to the disk, into a temporary file of the same folder.
fn write_beside(file: &Path, keys: &[MasterKey]) -> std::io::Result<PathBuf> {
    let mut tag = [0; 8];
    random::fill(&mut tag).map_err(std::io::Error::other)?;
    let temporary = file.with_extension(format!("{:016x}", u64::from_ne_bytes(tag)));
    let mut text = Zeroizing::new(String::new());
    for key in keys {
        text.push_str(&Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(**key)));
        text.push('\n');
    }
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    Ok(temporary)
}

fn sync_parent(file: &Path) -> std::io::Result<()> {
    file.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

fn cannot_write(file: &Path, error: &std::io::Error) -> OperatorError {
    OperatorError::new(
        format!("the key file {} cannot be written: {error}", file.display()),
        "make the folder writable, or set QUADRILLE_DATA_DIR to one that is",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const TWO: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    #[test]
    fn several_keys_may_be_separated_by_commas_and_white_space() {
        for text in [format!("{ONE},{TWO}"), format!(" {ONE}\n{TWO}\n"), format!("{ONE} ,\t{TWO}")] {
            let keys = decode_keys("X", &text).unwrap();
            assert_eq!(keys.iter().map(|key| key[0]).collect::<Vec<_>>(), [1, 2]);
        }
    }

    #[test]
    fn both_alphabets_are_read_with_and_without_padding() {
        let bytes = [0xfb; 32];
        let standard = base64::engine::general_purpose::STANDARD.encode(bytes);
        let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        assert_ne!(standard.trim_end_matches('='), url_safe);
        for text in [standard, url_safe] {
            assert_eq!(*decode_key(&text).unwrap(), bytes);
        }
    }

    #[test]
    fn a_bad_key_is_refused_and_not_repeated() {
        let short = "AQEBAQEBAQEB";
        let zeros = base64::engine::general_purpose::STANDARD.encode([0; 32]);
        for text in ["", " , ", short, "hunter2!", &zeros, &format!("{ONE},{ONE}"), &format!("{ONE},{short}")] {
            let refusal = decode_keys("QUADRILLE_MASTER_KEY", text).unwrap_err().to_string();
            assert!(!refusal.contains("hunter2") && !refusal.contains(short) && !refusal.contains(ONE), "{refusal}");
        }
    }
}
