//! Deletes expired sign-ins.
//!
//! - Interval: one hour, on every replica.
//! - Loses nothing: an expired sign-in is refused whether or not its row has been deleted.
//! - Stops between two sweeps, on the `stopping` token.

use std::{sync::Arc, time::Duration};

use services::accounts::AccountService;
use tokio::time::sleep;

use crate::state::Runtime;

const INTERVAL: Duration = Duration::from_secs(60 * 60);

pub(super) fn start(runtime: &Runtime, accounts: Arc<AccountService>) {
    let stopping = runtime.tasks.stopping();
    drop(runtime.tasks.spawn(async move {
        loop {
            if let Err(error) = accounts.sweep().await {
                tracing::warn!(%error, "old sign-ins were not cleared away");
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = sleep(INTERVAL) => {}
            }
        }
    }));
}
