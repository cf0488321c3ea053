//! Putting the server together, and the commands that need parts of it.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use crypto::{self, Keyring, MasterKeys};
use database::{Database, Listener, Purpose, create_data_dir, listen_forever};
use eventlog::{EventLog, LogSettings};
use foundation::{
    clock::{Clock, SystemClock},
    error::{Error, OperatorError},
    shutdown::{self, Tasks},
};
use secrecy::{ExposeSecret, SecretString};
use services::{
    accounts::Outcome,
    catalog::{UpstreamEntry, connect, connect_demo},
    demo,
    external::External,
    keys::{self, write_last_used_forever},
    leaderboard::{self, RollUp, due, roll_up_forever},
    playground::reap_forever,
    routing,
    usage::{EventShipper, keep_days_forever},
};
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::{
    config::{MasterKey, MasterKeySource, Settings, add_generated_key, keep_primary_key, load_master_keys},
    listen,
    router::router,
    state::AppState,
    web::Site,
};

/// How long everything else may take when the server stops, after the requests in hand.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The open, migrated database and the master keys, which are loaded first: a key is generated only as long as there is no
/// embedded database that may hold something encrypted under an older one.
pub async fn open_database(settings: &Settings, purpose: Purpose) -> Result<(Database, Vec<MasterKey>), Error> {
    let keys = load_master_keys(settings)?;
    Ok((open_migrated(settings, purpose).await?, keys))
}

/// `quadrille migrate`
pub async fn migrate(settings: &Settings) -> Result<(), Error> {
    on_database(settings, async |_| Ok(())).await
}

async fn open_migrated(settings: &Settings, purpose: Purpose) -> Result<Database, Error> {
    let database = Database::open(&settings.database, purpose).await?;
    match database.migrate().await {
        Ok(()) => Ok(database),
        Err(error) => {
            database.close().await;
            Err(error)
        }
    }
}

/// `quadrille serve`
pub async fn serve(settings: Settings) -> Result<(), Error> {
    let tasks = Tasks::default();
    drop(tasks.spawn(drain_on_signal(tasks.clone())));
    let keys = load_master_keys(&settings)?;
    let site = Site::open(&settings.site_dir)?;
    let database = tokio::select! {
        opened = open_migrated(&settings, Purpose::Serve) => opened?,
        // Whoever stops us now stops a start; the embedded database that was about to run is told so when this is dropped.
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

fn open_event_log(settings: &Settings) -> Result<EventLog, Error> {
    create_data_dir(&settings.data_dir)?;
    EventLog::open(LogSettings::new(settings.data_dir.join("event-log")))
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
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        OperatorError::new(
            format!("cannot listen on {}: {error}", settings.listen),
            "stop what uses that address, or set QUADRILLE_LISTEN to another",
        )
    })?;
    settings.bound_to(listener.local_addr()?);
    let external = External::default();
    let keyring = open_keyring(database.pool(), keys, external.clock.as_ref()).await?;
    let state = AppState::new(settings, site, database.pool().clone(), external, tasks.clone(), keyring, log)?;
    if database.is_embedded() {
        // This database is ours alone, so whatever is still open belongs to a process that died.
        state.playground.end_open_runs().await?;
    }
    if let Some(admin) = &state.settings.accounts.first_admin {
        state.accounts.ensure_admin(&admin.email, admin.password.clone()).await?;
    }
    connect_upstreams(&state).await?;
    background(&state);
    tracing::info!(listen = %state.settings.listen, url = %state.settings.public_url, "Quadrille is ready");
    listen::serve(listener, router(&state), tasks, listen::Patience::default()).await;
    Ok(())
}

/// Proves the configured master keys against the database.
pub async fn open_keyring(pool: &PgPool, keys: Vec<MasterKey>, clock: &dyn Clock) -> Result<Arc<Keyring>, Error> {
    Ok(Arc::new(Keyring::load(pool, MasterKeys::new(keys)?, clock.now()).await?))
}

/// Starts what a server does by itself.
pub fn background(state: &AppState) {
    drop(state.tasks.spawn(reap_forever(state.pool.clone(), state.clock.clone(), state.tasks.clone())));
    drop(state.tasks.spawn(sweep_forever(state.clone())));
    let (pool, clock, tasks) = (state.pool.clone(), state.clock.clone(), state.tasks.clone());
    drop(state.tasks.spawn(keep_days_forever(pool, clock, tasks, state.settings.usage_retention_days)));
    drop(state.tasks.spawn(EventShipper::new(state.log.clone(), state.pool.clone()).run(state.tasks.clone())));
    drop(state.tasks.spawn(write_last_used_forever(state.keys.clone(), state.tasks.clone())));
    drop(state.tasks.spawn(listen_forever(state.pool.clone(), listeners(state), state.tasks.clone())));
    let roll_up = RollUp::new(state.pool.clone(), state.clock.clone(), state.tasks.clone());
    if state.settings.is_demo {
        let (pool, clock, tasks) = (state.pool.clone(), state.clock.clone(), state.tasks.clone());
        drop(state.tasks.spawn(demo::seed_forever(pool, clock, tasks, roll_up.clone())));
    }
    drop(state.tasks.spawn(roll_up_forever(roll_up, state.clock.clone(), state.tasks.clone())));
}

/// Who wants to on_notify of changes that any replica makes: one line a channel.
fn listeners(state: &AppState) -> Vec<Listener> {
    let (keys, routing) = (state.keys.clone(), state.routing.clone());
    let (stats, catalog, gateway) = (state.leaderboard.clone(), state.leaderboard.clone(), state.gateway.clone());
    vec![
        Listener::new(keys::CHANNEL, move |notice| keys.on_notify(notice)),
        Listener::new(routing::CHANNEL, move |notice| routing.on_notify(notice)),
        Listener::new(leaderboard::CHANNEL, move |_| stats.changed()),
        Listener::new(leaderboard::CATALOG_CHANNEL, move |notice| {
            catalog.changed();
            gateway.on_notify(notice);
        }),
    ]
}

/// Clears away what has run out: sign-ins, once an hour.
async fn sweep_forever(state: AppState) {
    let stopping = state.tasks.stopping();
    loop {
        if let Err(error) = state.accounts.sweep().await {
            tracing::warn!(%error, "old sign-ins were not cleared away");
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(60 * 60)) => {}
        }
    }
}

/// Registers the upstreams that the configuration names: the simulated one in demo mode, and the operator's own.
async fn connect_upstreams(state: &AppState) -> Result<(), Error> {
    match state.settings.is_demo {
        true => connect_demo(&state.catalog).await?,
        false => state.catalog.disable_simulated().await?,
    }
    let Some(upstream) = &state.settings.upstream else { return Ok(()) };
    let entry = UpstreamEntry {
        name: upstream.name.clone(),
        base_url: upstream.url.to_string(),
        api_key: upstream.key.clone(),
        // The operator set it, so it may be wherever the operator says.
        allow_private: true,
        is_simulated: false,
    };
    connect(&state.catalog, entry).await
}

/// `quadrille admin create`; without a password one is made up.
pub async fn create_admin(settings: &Settings, email: &str, password: Option<SecretString>) -> Result<(), Error> {
    let (database, keys) = open_database(settings, Purpose::Command).await?;
    let made = async {
        let external = External::default();
        let keyring = open_keyring(database.pool(), keys, external.clock.as_ref()).await?;
        let tasks = Tasks::default();
        let (pool, log) = (database.pool().clone(), EventLog::none());
        let state = AppState::new(settings.clone(), Site::none(), pool, external, tasks, keyring, log)?;
        state.accounts.create_admin(email, password).await
    };
    let made = made.await;
    database.close().await;
    let admin = made?;
    let mut out = io::stdout();
    match admin.outcome {
        Outcome::Created => writeln!(out, "{email} is an administrator now.")?,
        Outcome::Updated => {
            writeln!(out, "{email} had an account; it is an administrator now, with the new password.")?
        }
    }
    if let Some(password) = admin.generated_password {
        writeln!(out, "Password (shown this once): {}", password.expose_secret())?;
    }
    Ok(())
}

/// `quadrille rollup`
pub async fn roll_up(settings: &Settings, since: Option<DateTime<Utc>>) -> Result<(), Error> {
    let hours = on_database(settings, async |pool| {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        // Everything that is over, also what the server would do in a few minutes.
        let until = due(clock.now() + TimeDelta::minutes(5));
        let roll_up = RollUp::new(pool, clock, Tasks::default());
        match since {
            Some(since) => roll_up.redo(since, until).await,
            None => roll_up.run(until).await,
        }
    });
    writeln!(io::stdout(), "{} hours are rolled up anew.", hours.await?)?;
    Ok(())
}

/// `quadrille demo seed`
pub async fn seed_demo(settings: &Settings) -> Result<(), Error> {
    let events = on_database(settings, async |pool| {
        let (clock, tasks): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), Tasks::default());
        let roll_up = RollUp::new(pool.clone(), clock.clone(), tasks.clone());
        demo::seed(&pool, clock.as_ref(), &tasks, &roll_up).await
    });
    writeln!(io::stdout(), "{} simulated requests are new.", events.await?)?;
    Ok(())
}

/// Runs a command that needs the database alone.
async fn on_database<T>(settings: &Settings, work: impl AsyncFnOnce(PgPool) -> Result<T, Error>) -> Result<T, Error> {
    // Making the embedded database without its key would look like a lost key at the next start. Somebody else's database
    // has its tables made by a job that need not know the key.
    if !matches!(settings.master_key, MasterKeySource::Missing) {
        load_master_keys(settings)?;
    }
    let database = open_migrated(settings, Purpose::Command).await?;
    let done = work(database.pool().clone()).await;
    database.close().await;
    done
}

/// `quadrille keys rotate`
pub async fn rotate_keys(settings: &Settings) -> Result<(), Error> {
    let (database, keys) = open_database(settings, Purpose::Command).await?;
    let rotated = rotate_on(settings, &database, keys).await;
    database.close().await;
    writeln!(io::stdout(), "{} keys are wrapped with the newest master key; older ones can go.", rotated?)?;
    Ok(())
}

/// Returns how many keys were wrapped anew.
async fn rotate_on(settings: &Settings, database: &Database, configured: Vec<MasterKey>) -> Result<u64, Error> {
    let is_generated = matches!(settings.master_key, MasterKeySource::Generated { .. });
    if is_generated && database.belongs_to_a_server() {
        // It has read the key file already and could not open what is wrapped under a newer key.
        return Err(OperatorError::new(
            "the server is running, and it does not know the key that would be generated now",
            "stop it for the moment of the rotation, or give it keys of your own in QUADRILLE_MASTER_KEY",
        )
        .into());
    }
    let keys = add_generated_key(settings)?.unwrap_or(configured);
    let keyring = open_keyring(database.pool(), keys, &SystemClock).await?;
    let rotation = crypto::rotate(database.pool(), &keyring).await?;
    if rotation.remaining > 0 {
        return Err(OperatorError::new(
            format!("{} keys were wrapped anew, {} could not be", rotation.rewrapped, rotation.remaining),
            "configure the older master key that they are wrapped with, then run this again",
        )
        .into());
    }
    if is_generated {
        keep_primary_key(settings)?;
    }
    Ok(rotation.rewrapped)
}
