//! One test binary for everything that needs a real Postgres, a real socket or the real program; one file for each room.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "tests play the clients, the files and the processes around the server")]

mod account;
mod admin_addresses;
mod admin_catalog;
mod admin_forms;
mod admin_upstreams;
mod analytics;
mod catalog_file;
mod certificates;
mod config;
mod contract;
mod crypto;
mod demo;
mod direct_test;
mod embedded;
mod endless;
mod eventlog;
mod export;
mod gateway;
mod ingest;
mod keys;
mod leaderboard;
mod listen;
mod lists;
mod logs;
mod model_health;
mod negotiation;
mod outages;
mod own_account;
mod playground;
mod playground_streams;
mod program;
mod retry;
mod rollup;
mod routes;
mod routing;
mod seo;
mod share;
mod support;
mod upstream;
mod upstream_guard;
mod usage;
mod users;
