//! A Postgres that a killed owner has left running: identified by its pid file and command line, and stopped.

use std::{fs, os::unix::ffi::OsStrExt, path::Path, time::Duration};

use foundation::error::{Error, OperatorError};
use memchr::memmem;
use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

use crate::embedded::postmaster::{FAST, FAST_TIMEOUT, IMMEDIATE, IMMEDIATE_TIMEOUT, Launch};

impl Launch {
    /// Stops a Postgres that a killed owner has left running. Removes a pid file whose id now belongs to an unrelated process,
    /// which Postgres would take for a running server. Call it with the directory's lock held.
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

    /// Whether this process is a Postgres on this cluster, by its command line, which every user may read.
    async fn is_our_postgres(&self, pid: Pid) -> bool {
        let cluster = self.layout.cluster.as_os_str().as_bytes();
        if Path::new("/proc/self/cmdline").exists() {
            let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) else { return false };
            let mut words = line.split(|byte| *byte == 0);
            words.next().is_some_and(|program| program.ends_with(b"postgres")) && words.any(|word| word == cluster)
        } else {
            // `-ww`: not truncated to the terminal's width.
            let shown = Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output().await;
            shown.is_ok_and(|output| shows_postgres_on(cluster, &output.stdout))
        }
    }
}

/// Whether a line of `ps` shows a Postgres on this cluster. `ps` separates arguments by spaces without quoting them, so the
/// path, which may contain spaces, must match in full between `-D` and the next option or the end.
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
