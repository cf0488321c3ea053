//! What a server does by itself, one file for each job. Each file states the job's interval, what is lost if it fails or the
//! process dies, and how it stops.
//!
//! Every job is a task of [`Tasks`](foundation::shutdown::Tasks) and stops on its `stopping` token, which is cancelled after
//! the last request has been answered. The server then waits for all jobs, at most 10 s.

mod demo_seeding;
mod event_shipping;
mod key_last_used;
mod model_health;
mod notifications;
mod reaper;
mod retention;
mod roll_up;
mod sign_in_sweep;
mod upstream_registration;

pub(crate) use upstream_registration::register_upstreams;

use crate::state::AppState;

/// Starts every job but [`register_upstreams`], which is part of the start and can fail it.
pub fn start(AppState { settings, log, runtime, services, .. }: &AppState) {
    reaper::start(runtime);
    sign_in_sweep::start(runtime, services.accounts.clone());
    retention::start(runtime, settings.usage_retention_days);
    event_shipping::start(runtime, log.clone());
    key_last_used::start(runtime, services.keys.clone());
    model_health::start(runtime, &services.catalog);
    notifications::start(runtime, services);
    if settings.is_demo {
        demo_seeding::start(runtime);
    }
    roll_up::start(runtime);
}
