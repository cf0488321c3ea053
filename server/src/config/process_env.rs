//! Facts about the process and its environment that decide defaults.

use std::{env, path::PathBuf};

/// What defaults are derived from.
#[derive(Clone, Debug, Default)]
pub struct ProcessEnv {
    /// Whether the process runs as root.
    pub is_root: bool,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// `XDG_DATA_HOME`, where it is set to an absolute path.
    pub data_home: Option<PathBuf>,
    /// The folder of the running program.
    pub program_dir: Option<PathBuf>,
    /// The folders of `PATH`.
    pub search_path: Vec<PathBuf>,
}

impl ProcessEnv {
    /// Reads them from the running process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> Self {
        let program = env::current_exe().and_then(|path| path.canonicalize());
        Self {
            is_root: nix::unistd::geteuid().is_root(),
            home: env::home_dir().filter(|path| path.is_absolute()),
            data_home: env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute()),
            program_dir: program.ok().and_then(|path| path.parent().map(PathBuf::from)),
            search_path: env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default(),
        }
    }

    /// The platform's folder for application data. Root is an exception: Postgres then runs as another user, who cannot
    /// enter root's home.
    pub(super) fn data_dir(&self) -> Option<PathBuf> {
        if self.is_root {
            return Some(PathBuf::from("/var/lib/quadrille"));
        }
        if let Some(dir) = &self.data_home {
            return Some(dir.join("quadrille"));
        }
        let home = self.home.as_ref()?;
        Some(match env::consts::OS {
            "macos" => home.join("Library/Application Support/quadrille"),
            _ => home.join(".local/share/quadrille"),
        })
    }

    /// The folder of the site's files: beside the program in a distribution, one level up in cargo's target directory.
    pub(super) fn site_dir(&self) -> PathBuf {
        let beside = self.program_dir.iter().flat_map(|dir| [dir.join("site"), dir.join("../site")]);
        beside.into_iter().find(|dir| dir.is_dir()).unwrap_or_else(|| PathBuf::from("target/site"))
    }
}
