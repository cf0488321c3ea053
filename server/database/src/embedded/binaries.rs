//! Finding an installed Postgres.

use std::{
    fs,
    path::{Path, PathBuf},
};

use foundation::error::OperatorError;
use tokio::process::Command;

use crate::settings::{EmbeddedSettings, OLDEST_MAJOR};

/// Where packages install several versions side by side: the parent folder, the prefix of each version's subfolder, and the
/// folder of the programs inside it.
const VERSIONED: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Library/PostgreSQL", "", "bin"),
];

/// An installed Postgres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The folder of `initdb` and `postgres`.
    pub dir: PathBuf,
    /// Its major version.
    pub major: u32,
}

impl Binaries {
    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    async fn at(dir: &Path) -> Option<Self> {
        if !dir.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(dir.join("postgres")).arg("--version").output().await.ok()?;
        let major = major_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { dir: dir.to_owned(), major })
    }
}

/// The installation to use: of the existing cluster's major version, or the newest where there is no cluster.
///
/// # Errors
/// Where none is installed, none fits the cluster, or the newest is too old.
pub async fn find_binaries(settings: &EmbeddedSettings) -> Result<Binaries, OperatorError> {
    let wanted = cluster_major(&settings.cluster_dir())?;
    let places = match &settings.bin_dir {
        Some(dir) => vec![dir.clone()],
        None => places(&settings.search_path).await,
    };
    let mut found = Vec::new();
    for place in &places {
        found.extend(Binaries::at(place).await);
    }
    choose(found, wanted, &settings.cluster_dir(), &places)
}

fn choose(
    mut found: Vec<Binaries>,
    wanted: Option<u32>,
    cluster: &Path,
    places: &[PathBuf],
) -> Result<Binaries, OperatorError> {
    if found.is_empty() {
        let looked = places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ");
        return Err(OperatorError::new(
            format!("there is no Postgres for the embedded database (looked in {looked})"),
            "install it (Debian, Ubuntu: `apt-get install postgresql`; Fedora: `dnf install postgresql-server`; macOS: `brew \
             install postgresql@17`), or set PG_BIN_DIR or DATABASE_URL",
        ));
    }
    found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
    if let Some(wanted) = wanted {
        let versions =
            found.iter().map(|b| format!("{} ({})", b.major, b.dir.display())).collect::<Vec<_>>().join(", ");
        return found.into_iter().find(|binaries| binaries.major == wanted).ok_or_else(|| {
            OperatorError::new(
                format!("the data in {} was made by Postgres {wanted}, but there is only {versions}", cluster.display()),
                format!(
                    "install Postgres {wanted} (Debian: `apt-get install postgresql-{wanted}`) or set PG_BIN_DIR to it; to \
                     move on, dump the data with the old version and restore it into an empty QUADRILLE_DATA_DIR"
                ),
            )
        });
    }
    let newest = found.swap_remove(0);
    if newest.major < OLDEST_MAJOR {
        return Err(OperatorError::new(
            format!("Postgres {} in {} is too old", newest.major, newest.dir.display()),
            format!("install Postgres {OLDEST_MAJOR} or newer, or set PG_BIN_DIR to it"),
        ));
    }
    Ok(newest)
}

/// The major version of the existing cluster.
fn cluster_major(cluster: &Path) -> Result<Option<u32>, OperatorError> {
    let file = cluster.join("PG_VERSION");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(OperatorError::new(
                format!("{} cannot be read: {error}", file.display()),
                "run as the user that made the data directory, or set QUADRILLE_DATA_DIR to another folder",
            ));
        }
    };
    text.trim().parse().map(Some).map_err(|_| {
        OperatorError::new(
            format!("{} does not hold the version of a Postgres cluster", file.display()),
            "restore the data directory from a backup, or set QUADRILLE_DATA_DIR to an empty one",
        )
    })
}

/// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)" is 15.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

async fn places(search_path: &[PathBuf]) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = search_path.to_vec();
    if let Some(pg_config) = search_path.iter().map(|dir| dir.join("pg_config")).find(|file| file.is_file())
        && let Ok(output) = Command::new(pg_config).arg("--bindir").output().await
    {
        places.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for (parent, prefix, programs) in VERSIONED {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        let names = entries.flatten().map(|entry| entry.file_name());
        places.extend(
            names
                .filter(|name| name.to_string_lossy().starts_with(prefix))
                .map(|name| Path::new(parent).join(name).join(programs))
                .filter(|dir| dir.join("postgres").is_file()),
        );
    }
    let mut seen = std::collections::HashSet::new();
    places.retain(|place| place.is_absolute() && seen.insert(place.clone()));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binaries(major: u32) -> Binaries {
        Binaries { dir: format!("/pg/{major}").into(), major }
    }

    #[test]
    fn the_newest_postgres_is_taken_unless_the_data_needs_another() {
        let choose = |found: &[u32], wanted| {
            let found = found.iter().copied().map(binaries).collect();
            choose(found, wanted, Path::new("/data"), &[PathBuf::from("/usr/bin")])
        };
        assert_eq!(choose(&[14, 17, 15], None).unwrap().major, 17);
        assert_eq!(choose(&[14, 17, 15], Some(15)).unwrap().major, 15);
        let refusal = choose(&[17], Some(15)).unwrap_err().to_string();
        assert!(refusal.contains("Postgres 15") && refusal.contains("17 (/pg/17)"), "{refusal}");
        assert!(choose(&[13], None).unwrap_err().problem.contains("too old"));
        assert!(choose(&[], None).unwrap_err().problem.contains("/usr/bin"));
    }

    #[test]
    fn the_version_is_read_from_what_postgres_prints() {
        for (text, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("", None),
        ] {
            assert_eq!(major_version(text), major, "{text}");
        }
    }
}
