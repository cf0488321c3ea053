//! The Postgres process: starting it, waiting until it is ready, signalling it.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::Stdio,
    time::Duration,
};

use foundation::error::{Error, OperatorError};
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    process::Child,
    time::{Instant, sleep, timeout},
};

use crate::embedded::{binaries::Binaries, layout::Layout, owner::Owner};

/// Fast shutdown: open transactions are rolled back, and a checkpoint is written.
pub(super) const FAST: Signal = Signal::SIGINT;
/// Immediate shutdown: the next start recovers from the write-ahead log.
pub(super) const IMMEDIATE: Signal = Signal::SIGQUIT;
pub(super) const FAST_TIMEOUT: Duration = Duration::from_secs(30);
pub(super) const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(10);

const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Crash recovery replays the write-ahead log, which may take minutes.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(15 * 60);
const LOG_LIMIT: u64 = 10 * 1024 * 1024;

/// Postgres's settings. On the command line, so that they also apply to a cluster that an older version has created. The log
/// contains no statements, bind values or rows, which are users' content.
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
    /// Starts Postgres in a process group of its own, so that Ctrl+C in a terminal does not stop it before the server.
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

    /// Waits until connections are accepted, also through crash recovery. Fails as soon as the process ends.
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
}

/// The setting is a list; a path with a comma or a space must be quoted.
fn quoted_socket_dir(dir: &Path) -> OsString {
    let mut setting = OsString::from("unix_socket_directories=\"");
    setting.push(dir.to_string_lossy().replace('"', "\"\"").as_str());
    setting.push("\"");
    setting
}

/// Sends a signal to a child. A child that has ended already is no error.
pub(super) fn send(child: &Child, signal: Signal) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok())
        && let Err(error) = kill(Pid::from_raw(pid), signal)
        && error != Errno::ESRCH
    {
        tracing::warn!(%error, "the embedded database cannot be told to stop");
    }
}
