//! The running Postgres: its command line, its pid file, waiting for it, stopping it.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::Path,
    process::Stdio,
    time::Duration,
};

use foundation::error::{Error, OperatorError};
use memchr::memmem;
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::embedded::{binaries::Binaries, layout::Layout, owner::Owner};

/// Fast shutdown: open transactions are rolled back, everything is written.
pub(super) const FAST: Signal = Signal::SIGINT;
/// Immediate shutdown: the next start recovers from the write-ahead log.
pub(super) const IMMEDIATE: Signal = Signal::SIGQUIT;
pub(super) const FAST_TIMEOUT: Duration = Duration::from_secs(30);
pub(super) const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(10);

const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Replaying the write-ahead log after a crash takes as long as it takes.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(15 * 60);
const LOG_LIMIT: u64 = 10 * 1024 * 1024;

/// What Postgres runs with. On the command line, since it must hold for a cluster that an older version has made. The log
/// names no statement, no bind value and no row: they are what people wrote.
const CONFIGURATION: [&str; 25] = [
    "listen_addresses=",
    "port=5432",
    "max_connections=50",
    "shared_buffers=64MB",
    "work_mem=8MB",
    "maintenance_work_mem=64MB",
    "max_wal_size=512MB",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "password_encryption=scram-sha-256",
    "cluster_name=quadrille",
    "logging_collector=off",
    "log_destination=stderr",
    "log_line_prefix=%m [%p] ",
    "log_checkpoints=off",
    "log_connections=off",
    "log_disconnections=off",
    "log_statement=none",
    "log_duration=off",
    "log_min_error_statement=panic",
    "log_min_duration_statement=-1",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_error_verbosity=terse",
];
const DURABLE: [&str; 3] = ["fsync=on", "full_page_writes=on", "synchronous_commit=on"];
const THROWAWAY: [&str; 3] = ["fsync=off", "full_page_writes=off", "synchronous_commit=off"];

/// Everything needed to start Postgres, and to start it again.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub(super) layout: Layout,
    pub(super) binaries: Binaries,
    pub(super) owner: Owner,
    pub(super) is_throwaway: bool,
}

impl Launch {
    /// Starts Postgres. It gets a process group of its own: Ctrl+C in a terminal is meant for us, who still need it.
    pub(super) fn spawn(&self) -> Result<Child, Error> {
        self.layout.prepare_socket_dir(&self.owner)?;
        let log = self.open_log()?;
        let program = self.binaries.postgres();
        let mut command = self.owner.command(&program);
        command.arg("-D").arg(&self.layout.cluster);
        let durability = if self.is_throwaway { THROWAWAY } else { DURABLE };
        for setting in CONFIGURATION.iter().chain(&durability) {
            command.arg("-c").arg(setting);
        }
        command.arg("-c").arg(quoted_socket_dir(&self.layout.socket_dir));
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command.spawn().map_err(|error| self.owner.cannot_start(&program, &error))?)
    }

    /// Waits until connections are taken. Recovery after a crash is waited for; the end of the process is not.
    pub(super) async fn wait_until_ready(&self, child: &mut Child, options: &PgConnectOptions) -> Result<(), Error> {
        let started = Instant::now();
        let mut limit = START_TIMEOUT;
        loop {
            if child.try_wait()?.is_some() {
                return Err(self.did_not_start("ended at its start").into());
            }
            match timeout(Duration::from_secs(5), PgConnection::connect_with(options)).await {
                Ok(Ok(connection)) => {
                    connection.close().await?;
                    return Ok(());
                }
                Ok(Err(sqlx::Error::Database(error))) if error.code().as_deref() == Some("57P03") => {
                    limit = RECOVERY_TIMEOUT;
                }
                Ok(Err(sqlx::Error::Database(error))) => {
                    return Err(self.did_not_start(&format!("turns us away: {}", error.message())).into());
                }
                _ => {}
            }
            if started.elapsed() > limit {
                return Err(self.did_not_start("does not take connections").into());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn did_not_start(&self, what: &str) -> OperatorError {
        let last = fs::read(&self.layout.log).unwrap_or_default();
        let last = String::from_utf8_lossy(&last);
        let fatal = last.lines().rev().take(20).find(|line| line.contains("FATAL") || line.contains("PANIC"));
        let reason =
            fatal.and_then(|line| line.split_once("] ")).map(|(_, text)| format!(" ({text})")).unwrap_or_default();
        OperatorError::new(
            format!("the embedded Postgres {what}{reason}"),
            format!("see the end of {}", self.layout.log.display()),
        )
    }

    fn open_log(&self) -> io::Result<File> {
        let log = &self.layout.log;
        if fs::metadata(log).is_ok_and(|found| found.len() > LOG_LIMIT) {
            fs::rename(log, log.with_extension("log.old"))?;
        }
        OpenOptions::new().append(true).create(true).mode(0o600).open(log)
    }

    /// Clears the way for a new Postgres: stops one that a killed owner has left behind, and removes a pid file that now
    /// names a stranger, which Postgres itself would take for a running server. Call it with the lock in hand.
    pub(super) async fn end_orphan(&self) -> Result<(), Error> {
        let file = self.layout.pid_file();
        let Some(pid) = recorded_pid(&file) else { return Ok(()) };
        if kill(pid, None) == Err(Errno::ESRCH) {
            return Ok(());
        }
        if !self.is_our_postgres(pid).await {
            tracing::warn!(%pid, "the embedded database's pid file was left by a crash and names another process now");
            fs::remove_file(&file)?;
            return Ok(());
        }
        tracing::info!(%pid, "stopping the embedded database that a killed server has left running");
        for (signal, limit) in [(FAST, FAST_TIMEOUT), (IMMEDIATE, IMMEDIATE_TIMEOUT)] {
            if let Err(error) = kill(pid, signal)
                && error != Errno::ESRCH
            {
                break;
            }
            let deadline = Instant::now() + limit;
            while Instant::now() < deadline {
                if !self.is_our_postgres(pid).await {
                    return Ok(());
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
        Err(OperatorError::new(
            format!("the embedded database that a killed server has left running (process {pid}) does not stop"),
            format!("end it by hand: `kill -QUIT {pid}`"),
        )
        .into())
    }

    /// Whether this process is a Postgres on our cluster, by its command line, which everybody may read.
    async fn is_our_postgres(&self, pid: Pid) -> bool {
        let cluster = self.layout.cluster.as_os_str().as_bytes();
        if Path::new("/proc/self/cmdline").exists() {
            let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) else { return false };
            let mut words = line.split(|byte| *byte == 0);
            words.next().is_some_and(|program| program.ends_with(b"postgres")) && words.any(|word| word == cluster)
        } else {
            // Not cut to the width of a terminal, which no path has to fit into.
            let shown = Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output().await;
            shown.is_ok_and(|output| shows_postgres_on(cluster, &output.stdout))
        }
    }
}

/// Whether `ps` shows a Postgres on this cluster. It puts spaces between arguments and quotes none, so the path, which may
/// hold spaces itself, has to stand whole between `-D` and the next option or the end.
fn shows_postgres_on(cluster: &[u8], shown: &[u8]) -> bool {
    let line = shown.trim_ascii_end();
    let argument = [b" -D ".as_slice(), cluster].concat();
    let is_postgres = memmem::find(line, b" -").is_some_and(|at| line[..at].ends_with(b"postgres"));
    is_postgres
        && memmem::find_iter(line, &argument).any(|at| {
            let rest = &line[at + argument.len()..];
            rest.is_empty() || rest.starts_with(b" -")
        })
}

fn recorded_pid(file: &Path) -> Option<Pid> {
    let text = fs::read_to_string(file).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    (pid > 1).then(|| Pid::from_raw(pid))
}

/// The setting is a list, in which a path with a comma or a space needs quotes.
fn quoted_socket_dir(dir: &Path) -> OsString {
    let mut setting = OsString::from("unix_socket_directories=\"");
    setting.push(dir.to_string_lossy().replace('"', "\"\"").as_str());
    setting.push("\"");
    setting
}

/// Sends a signal to a Postgres of ours; one that has ended already is as good.
pub(super) fn send(child: &Child, signal: Signal) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok())
        && let Err(error) = kill(Pid::from_raw(pid), signal)
        && error != Errno::ESRCH
    {
        tracing::warn!(%error, "the embedded database cannot be told to stop");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ps_shows_is_ours_only_with_the_whole_path_of_our_cluster() {
        let mac = "/Users/ada/Library/Application Support/quadrille/postgres";
        for (cluster, shown, is_ours) in [
            (
                mac,
                format!("/opt/homebrew/opt/postgresql@17/bin/postgres -D {mac} -c listen_addresses= -c jit=off\n"),
                true,
            ),
            (mac, format!("/Applications/My Tools/bin/postgres -D {mac} -c port=5432\n"), true),
            (mac, format!("/usr/local/bin/postgres -D {mac}\n"), true),
            (mac, format!("/usr/local/bin/postgres -p 5433 -D {mac}\n"), true),
            ("/data/postgres", "/usr/bin/postgres -D /data/postgres -c port=5432\n".to_owned(), true),
            ("/data/postgres", "/usr/bin/postgres -D /data/postgres2 -c port=5432\n".to_owned(), false),
            ("/data/postgres", "/usr/bin/postgres -D /data/postgres2\n".to_owned(), false),
            ("/data/postgres", "/usr/bin/postgres -D /data/postgres old/postgres -c port=5432\n".to_owned(), false),
            ("/data/postgres", "/usr/bin/postgres -D /other/data/postgres -c port=5432\n".to_owned(), false),
            ("/data/postgres", "/usr/bin/tail -D /data/postgres\n".to_owned(), false),
            ("/data/postgres", "postgres: quadrille: checkpointer\n".to_owned(), false),
            (mac, format!("ls -l {mac}\n"), false),
            (mac, String::new(), false),
        ] {
            assert_eq!(shows_postgres_on(cluster.as_bytes(), shown.as_bytes()), is_ours, "{cluster}: {shown}");
        }
    }
}
