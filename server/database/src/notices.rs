//! What other replicas, or this one, have changed, as Postgres tells it to those who listen.

use std::time::Duration;

use foundation::{error::Error, shutdown::Tasks};
use sqlx::{PgPool, postgres::PgListener};

const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What is heard on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// Something happened; the payload says what.
    Of(&'a str),
    /// The connection was lost or is new: something may have happened unheard.
    Missed,
}

/// Somebody who listens to a channel.
pub struct Listener {
    channel: &'static str,
    hear: Box<dyn Fn(Notice<'_>) + Send + Sync>,
}

impl Listener {
    /// Calls `hear` with every notice of the channel. It must not block.
    pub fn new(channel: &'static str, hear: impl Fn(Notice<'_>) + Send + Sync + 'static) -> Self {
        Self { channel, hear: Box::new(hear) }
    }
}

/// Listens for all of them on one connection of the pool until the server stops, through losses of the connection.
pub async fn listen_forever(pool: PgPool, listeners: Vec<Listener>, tasks: Tasks) {
    let stopping = tasks.stopping();
    let mut is_known = false;
    loop {
        let error = tokio::select! {
            () = stopping.cancelled() => return,
            error = listen(&pool, &listeners, &mut is_known) => error,
        };
        match error {
            Error::Database(sqlx::Error::PoolClosed) => return,
            // Once is enough while it stays so.
            error if !is_known => tracing::warn!(%error, "changes on other replicas cannot be heard"),
            _ => {}
        }
        is_known = true;
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(TRY_AGAIN_AFTER) => {}
        }
    }
}

/// Listens until that is no longer possible, and says why.
async fn listen(pool: &PgPool, listeners: &[Listener], is_known: &mut bool) -> Error {
    let connected = async {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen_all(listeners.iter().map(|listener| listener.channel)).await?;
        Ok::<_, sqlx::Error>(listener)
    };
    let mut connection = match connected.await {
        Ok(connection) => connection,
        Err(error) => return error.into(),
    };
    *is_known = false;
    let missed = || listeners.iter().for_each(|listener| (listener.hear)(Notice::Missed));
    missed();
    loop {
        match connection.try_recv().await {
            Ok(Some(notice)) => listeners
                .iter()
                .filter(|listener| listener.channel == notice.channel())
                .for_each(|listener| (listener.hear)(Notice::Of(notice.payload()))),
            Ok(None) => missed(),
            Err(error) => return error.into(),
        }
    }
}
