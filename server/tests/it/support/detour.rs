//! The way to the database, which a test can block: connections over it are cut and new ones refused, as if Postgres had stopped.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use sqlx::{ConnectOptions, PgPool, postgres::PgConnectOptions};
use tokio::{
    io::copy_bidirectional,
    net::{TcpStream, UnixListener, UnixStream},
    sync::watch,
    task::JoinHandle,
};

use crate::program::TempDir;

/// Connections to the database of a test, by way of a socket in a folder of its own.
pub(crate) struct Detour {
    dir: TempDir,
    target: Arc<PgConnectOptions>,
    is_open: watch::Sender<bool>,
    refused: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Detour {
    pub(crate) fn to(pool: &PgPool) -> Self {
        let (dir, target) = (TempDir::new(), pool.connect_options());
        let (is_open, watching) = watch::channel(true);
        let listener = UnixListener::bind(dir.path().join(format!(".s.PGSQL.{}", target.get_port()))).unwrap();
        let refused = Arc::<AtomicUsize>::default();
        let accepting = tokio::spawn(accept(listener, target.clone(), watching, Arc::clone(&refused)));
        Self { dir, target, is_open, refused, accepting }
    }

    pub(crate) fn options(&self) -> PgConnectOptions {
        (*self.target).clone().socket(self.dir.path()).disable_statement_logging()
    }

    pub(crate) fn url(&self) -> String {
        self.options().to_url_lossy().to_string()
    }

    /// Cuts every connection and refuses new ones.
    pub(crate) fn block(&self) {
        self.is_open.send_replace(false);
    }

    /// Connections refused so far.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    pub(crate) fn open(&self) {
        self.is_open.send_replace(true);
    }
}

impl Drop for Detour {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: UnixListener,
    target: Arc<PgConnectOptions>,
    watching: watch::Receiver<bool>,
    refused: Arc<AtomicUsize>,
) {
    while let Ok((mut socket, _)) = listener.accept().await {
        let (target, mut watching) = (target.clone(), watching.clone());
        if !*watching.borrow_and_update() {
            refused.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        tokio::spawn(async move {
            let forward = async {
                match target.get_socket() {
                    Some(dir) => {
                        let path: PathBuf = dir.join(format!(".s.PGSQL.{}", target.get_port()));
                        drop(copy_bidirectional(&mut socket, &mut UnixStream::connect(path).await.unwrap()).await);
                    }
                    None => {
                        let address = (target.get_host(), target.get_port());
                        drop(copy_bidirectional(&mut socket, &mut TcpStream::connect(address).await.unwrap()).await);
                    }
                }
            };
            tokio::select! {
                () = forward => {}
                _ = watching.changed() => {}
            }
        });
    }
}
