//! Receives Postgres notifications about changes made by any replica, and invalidates the caches that they concern.
//!
//! - Interval: none; notifications are pushed. A lost connection is opened again after 1 s.
//! - May lose notifications while the connection is down. Every new connection therefore begins with `Notice::Missed`, on
//!   which a cache drops all it holds.
//! - Stops on the `stopping` token, at any point.

use database::{Listener, listen_forever};
use services::{keys, leaderboard, routing};

use crate::state::{Runtime, Services};

pub(super) fn start(runtime: &Runtime, services: &Services) {
    let Runtime { pool, tasks, .. } = runtime.clone();
    drop(runtime.tasks.spawn(listen_forever(pool, listeners(services), tasks)));
}

/// One listener for each channel.
fn listeners(services: &Services) -> Vec<Listener> {
    let (keys, routing, gateway) = (services.keys.clone(), services.routing.clone(), services.gateway.clone());
    let (statistics, catalog) = (services.leaderboard.clone(), services.leaderboard.clone());
    vec![
        Listener::new(keys::CHANNEL, move |notice| keys.on_notify(notice)),
        Listener::new(routing::CHANNEL, move |notice| routing.on_notify(notice)),
        Listener::new(leaderboard::CHANNEL, move |_| statistics.changed()),
        Listener::new(leaderboard::CATALOG_CHANNEL, move |notice| {
            catalog.changed();
            gateway.on_notify(notice);
        }),
    ]
}
