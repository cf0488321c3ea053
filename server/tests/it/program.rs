//! Folders for tests, and the real program in them.

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use database::EmbeddedSettings;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A folder that is removed at the end. Its path is short enough for a socket, and other users can pass through it, since
/// Postgres does not run as root.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("quadrille-it-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, Permissions::from_mode(0o711)).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Settings of an embedded database in it that forces nothing to the disk.
    pub(crate) fn embedded(&self) -> EmbeddedSettings {
        EmbeddedSettings {
            data_dir: self.0.join("data"),
            bin_dir: None,
            run_as: None,
            search_path: Vec::new(),
            is_throwaway: true,
        }
    }

    /// The program on this folder's data, with nothing of the environment of the test, and a site that has no content.
    pub(crate) fn quadrille(&self, words: &[&str]) -> Command {
        let site = self.0.join("site");
        fs::create_dir_all(site.join("pkg")).unwrap();
        fs::write(site.join("manifest.json"), r#"{"js": "none.js", "wasm": "none.wasm", "css": "none.css"}"#).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_quadrille"));
        command.env_clear().env("PATH", "/usr/bin:/bin").args(words);
        command.env("QUADRILLE_DATA_DIR", self.0.join("data")).env("QUADRILLE_SITE_DIR", site);
        command
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The process of the embedded database, by its pid file.
pub(crate) fn postmaster(data_dir: &Path) -> Option<Pid> {
    let text = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    Some(Pid::from_raw(text.lines().next()?.parse().ok()?))
}

/// Whether the process does anything still; one that only waits to be noticed by its parent does not.
pub(crate) fn is_running(pid: Pid) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap();
    let state = String::from_utf8_lossy(&state.stdout);
    !state.trim().is_empty() && !state.starts_with('Z')
}

/// The last line that a program left on standard error.
pub(crate) fn last_line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned()
}

/// A serving program. Ended at the end.
pub(crate) struct Serving {
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Serving {
    /// Starts it and waits until it serves.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log: Arc<Mutex<String>> = Arc::default();
        let serving = Self { child, log: Arc::clone(&log) };
        let (sender, lines) = mpsc::channel();
        // Reads to the end, so that the server never waits for somebody to read its log.
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                log.lock().unwrap().push_str(&format!("{line}\n"));
                drop(sender.send(line));
            }
        });
        loop {
            let Ok(line) = lines.recv_timeout(Duration::from_secs(60)) else {
                panic!("it did not start: {}", serving.log())
            };
            if line.contains("Quadrille is ready") {
                break;
            }
        }
        serving
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    pub(crate) fn kill_hard(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and returns its exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        self.end().expect("it ends").code()
    }

    fn end(&mut self) -> Option<ExitStatus> {
        let _ = kill(self.pid(), Signal::SIGTERM);
        let deadline = Instant::now() + Duration::from_secs(40);
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Gently, since its Postgres would outlive it otherwise.
        if matches!(self.child.try_wait(), Ok(None)) && self.end().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
