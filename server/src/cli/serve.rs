//! `quadrille serve`: starts the server, and stops it in order.

use std::time::Duration;

use database::{Database, Purpose};
use eventlog::EventLog;
use foundation::{
    error::{Error, OperatorError},
    shutdown::{self, Tasks},
};
use services::external::External;
use tokio::net::TcpListener;

use crate::{
    config::{MasterKey, Settings},
    jobs, listen,
    router::router,
    state::{AppState, Runtime},
    storage::{open_database, open_event_log, open_keyring},
    web::Site,
};

/// How long background tasks may take to end, after the last request has been answered.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until a signal arrives. The order of stopping: requests in flight are answered, background tasks end, the event
/// log is synced and closed, the database is closed.
pub(super) async fn serve(settings: Settings) -> Result<(), Error> {
    let tasks = Tasks::default();
    drop(tasks.spawn(drain_on_signal(tasks.clone())));
    let keys = settings.master_key.load()?;
    let site = Site::open(&settings.site_dir)?;
    let database = tokio::select! {
        opened = open_database(&settings, Purpose::Serve) => opened?,
        // A signal during the start. Dropping the other future stops an embedded database that was being started.
        () = tasks.draining().cancelled_owned() => return Ok(()),
    };
    let served = match open_event_log(&settings) {
        Ok(log) => {
            let served = serve_on(settings, site, &database, keys, &tasks, log.clone()).await;
            if !tasks.stop(STOP_TIMEOUT).await {
                tracing::warn!("some background tasks did not end in time");
            }
            log.close().await;
            served
        }
        Err(error) => Err(error),
    };
    database.close().await;
    served
}

async fn drain_on_signal(tasks: Tasks) {
    let stopping = tasks.stopping();
    tokio::select! {
        signal = shutdown::signal() => match signal {
            Ok(name) => tracing::info!(signal = name, "stopping"),
            Err(error) => tracing::error!(%error, "signals cannot be received"),
        },
        () = stopping.cancelled() => {}
    }
    tasks.drain();
}

async fn serve_on(
    mut settings: Settings,
    site: Site,
    database: &Database,
    keys: Vec<MasterKey>,
    tasks: &Tasks,
    log: EventLog,
) -> Result<(), Error> {
    let listener = bind(&mut settings).await?;
    let runtime = Runtime::new(database.pool().clone(), External::default(), tasks.clone());
    let keyring = open_keyring(&runtime.pool, keys, runtime.clock.as_ref()).await?;
    let state = AppState::new(settings, site, log, runtime, keyring)?;
    if database.is_embedded() {
        // Only this process uses the embedded database, so every run that is still open belongs to a process that died.
        state.services.playground.end_open_runs().await?;
    }
    if let Some(admin) = &state.settings.accounts.first_admin {
        state.services.accounts.ensure_admin(&admin.email, admin.password.clone()).await?;
    }
    jobs::register_upstreams(&state.settings, &state.services.catalog).await?;
    jobs::start(&state);
    tracing::info!(listen = %state.settings.listen, url = %state.settings.public_url, "Quadrille is ready");
    listen::serve(listener, router(&state), tasks, listen::Patience::default()).await;
    Ok(())
}

/// Binds the listener and records its address in the settings.
async fn bind(settings: &mut Settings) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        OperatorError::new(
            format!("cannot listen on {}: {error}", settings.listen),
            "stop what uses that address, or set QUADRILLE_LISTEN to another",
        )
    })?;
    settings.bound_to(listener.local_addr()?);
    Ok(listener)
}
