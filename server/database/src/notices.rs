//! Notifications of changes made by any replica, through Postgres `LISTEN`.

use std::time::Duration;

use foundation::{error::Error, shutdown::Tasks};
use sqlx::{PgPool, postgres::PgListener};

/// Pause before a lost connection is opened again.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// What a listener of a channel receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// A notification with its payload.
    Of(&'a str),
    /// The connection is new or was lost: notifications may have been missed.
    Missed,
}

/// A subscription to one channel.
pub struct Listener {
    channel: &'static str,
    on_notice: Box<dyn Fn(Notice<'_>) + Send + Sync>,
}

impl Listener {
    /// Calls `on_notice` with every notice of the channel. It must not block, since all listeners share one task.
    pub fn new(channel: &'static str, on_notice: impl Fn(Notice<'_>) + Send + Sync + 'static) -> Self {
        Self { channel, on_notice: Box::new(on_notice) }
    }
}

/// Listens for all of them on one connection of the pool until the server stops, reconnecting when the connection is lost.
/// Every listener receives [`Notice::Missed`] after each connect.
pub async fn listen_forever(pool: PgPool, listeners: Vec<Listener>, tasks: Tasks) {
    let stopping = tasks.stopping();
    // Whether the present outage has been logged.
    let mut is_logged = false;
    loop {
        let error = tokio::select! {
            () = stopping.cancelled() => return,
            error = listen(&pool, &listeners, &mut is_logged) => error,
        };
        match error {
            Error::Database(sqlx::Error::PoolClosed) => return,
            error if !is_logged => tracing::warn!(%error, "changes on other replicas cannot be heard"),
            _ => {}
        }
        is_logged = true;
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(RECONNECT_DELAY) => {}
        }
    }
}

/// Listens until the connection fails, and returns why.
async fn listen(pool: &PgPool, listeners: &[Listener], is_logged: &mut bool) -> Error {
    let connected = async {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen_all(listeners.iter().map(|listener| listener.channel)).await?;
        Ok::<_, sqlx::Error>(listener)
    };
    let mut connection = match connected.await {
        Ok(connection) => connection,
        Err(error) => return error.into(),
    };
    *is_logged = false;
    let notify_missed = || listeners.iter().for_each(|listener| (listener.on_notice)(Notice::Missed));
    notify_missed();
    loop {
        match connection.try_recv().await {
            Ok(Some(notice)) => listeners
                .iter()
                .filter(|listener| listener.channel == notice.channel())
                .for_each(|listener| (listener.on_notice)(Notice::Of(notice.payload()))),
            Ok(None) => notify_missed(),
            Err(error) => return error.into(),
        }
    }
}
