//! The leaderboard's cache: concurrent readers share one load, a roll-up on any replica invalidates it, and the last good
//! snapshot is served while the database is slow or does not respond (stale-if-error).

use std::{
    collections::HashMap,
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    error::{AppError, Noun},
    leaderboard::{Board, BoardQuery, LeaderboardPort, ModelPage, Window},
    routing::Measured,
};
use foundation::{clock::Clock, shutdown::Tasks};
use moka::future::Cache;
use sqlx::PgPool;
use tokio::time::{sleep, timeout};

use super::{
    Answer, load,
    snapshot::{Listed, Snapshot},
};

/// Time to live of a cached window.
const CACHE_TTL: Duration = Duration::from_secs(5 * 60);
/// How long a reader waits for a load before it gets the stale snapshot.
const STALE_WAIT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long a reader waits where there is no snapshot yet.
const FIRST_LOAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Limit of a load. The statement timeout of Postgres is as long, but does not help where the connection has broken unnoticed.
const LOAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Delay after a failed load.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// The leaderboard.
#[derive(Clone)]
pub struct LeaderboardService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    /// Keyed by generation too, so that a load that began before an invalidation is never served after it.
    windows: Cache<(u64, Window), Arc<Snapshot>>,
    generation: Arc<AtomicU64>,
    last_good: Arc<Mutex<HashMap<Window, LastGood>>>,
    loads: Arc<AtomicU64>,
}

/// The last snapshot of a window that was loaded.
struct LastGood {
    snapshot: Arc<Snapshot>,
    /// Whether a newer snapshot did not load in time. Until one has, readers get this one without waiting.
    is_behind: bool,
}

impl LeaderboardService {
    /// A leaderboard over this database.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks) -> Self {
        Self {
            pool,
            clock,
            tasks,
            windows: Cache::builder().max_capacity(16).time_to_live(CACHE_TTL).build(),
            generation: Arc::default(),
            last_good: Arc::default(),
            loads: Arc::default(),
        }
    }

    /// Invalidates the cache: statistics or the catalogue have changed.
    pub fn changed(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.windows.invalidate_all();
    }

    /// The number of loads from the database so far.
    pub fn loads(&self) -> u64 {
        self.loads.load(Ordering::SeqCst)
    }

    /// The JSON of the board, and its age in seconds where it is stale.
    pub async fn board_answer(&self, query: BoardQuery) -> Result<(Arc<Answer>, Option<u64>), AppError> {
        let (snapshot, age) = self.window(query.window).await?;
        Ok((snapshot.board_answer(query.sort_by), age))
    }

    /// The JSON of one model by its public name, and its age in seconds where it is stale.
    pub async fn model_answer(&self, name: &str, window: Window) -> Result<(Arc<Answer>, Option<u64>), AppError> {
        let (snapshot, age) = self.window(window).await?;
        Ok((snapshot.model_answer(name).ok_or(AppError::NotFound(Noun::Model))?, age))
    }

    /// Every model of the catalogue, and the last change of the board, if it has any statistics.
    pub async fn listed(&self) -> Result<(Vec<Listed>, Option<DateTime<Utc>>), AppError> {
        Ok(self.window(Window::Week).await?.0.listed())
    }

    /// The statistics of every model over the default window, ranked or not.
    pub async fn measured(&self) -> Result<Vec<Measured>, AppError> {
        Ok(self.window(Window::Week).await?.0.measured())
    }

    /// The snapshot of a window, and its age in seconds where it is stale.
    async fn window(&self, window: Window) -> Result<(Arc<Snapshot>, Option<u64>), AppError> {
        if let Some(snapshot) = self.windows.get(&self.key(window)).await {
            return Ok((snapshot, None));
        }
        let loaded = match self.is_behind(window) {
            Some(true) => Err(AppError::Unavailable),
            Some(false) => self.load_within(STALE_WAIT_TIMEOUT, window).await,
            None => self.load_within(FIRST_LOAD_TIMEOUT, window).await,
        };
        match loaded {
            Ok(snapshot) => Ok((snapshot, None)),
            Err(error) => {
                let snapshot = self.stale(window).ok_or(error)?;
                let age = (self.clock.now() - snapshot.loaded_at).num_seconds().max(0).unsigned_abs();
                Ok((snapshot, Some(age)))
            }
        }
    }

    fn key(&self, window: Window) -> (u64, Window) {
        (self.generation.load(Ordering::SeqCst), window)
    }

    async fn load_within(&self, limit: Duration, window: Window) -> Result<Arc<Snapshot>, AppError> {
        timeout(limit, self.load_once(window)).await.unwrap_or(Err(AppError::Unavailable))
    }

    /// Loads a window once for all concurrent readers (single flight). Detached, so that a reader that goes away does not cancel
    /// the load that others wait for.
    async fn load_once(&self, window: Window) -> Result<Arc<Snapshot>, AppError> {
        let (this, key) = (self.clone(), self.key(window));
        let loaded = self.tasks.detached(async move {
            // Boxed inside the async block: only the reader whose load runs allocates it, not the thousands that wait.
            let load = async { Box::pin(this.load(window)).await };
            this.windows.try_get_with(key, load).await.map_err(|error: Arc<AppError>| (*error).clone())
        });
        loaded.await
    }

    async fn load(&self, window: Window) -> Result<Arc<Snapshot>, AppError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let stopping = self.tasks.stopping();
        let loading = timeout(LOAD_TIMEOUT, load::load(self.pool.clone(), window, self.clock.now()));
        let loaded = tokio::select! {
            loaded = loading => loaded,
            () = stopping.cancelled() => return Err(AppError::Unavailable),
        };
        let Ok(loaded) = loaded else {
            tracing::warn!("the leaderboard could not be loaded in time");
            return Err(AppError::Unavailable);
        };
        let snapshot = Arc::new(loaded?);
        if let Ok(mut all) = self.last_good.lock() {
            all.insert(window, LastGood { snapshot: snapshot.clone(), is_behind: false });
        }
        Ok(snapshot)
    }

    /// Whether the last good snapshot is known to be stale; `None` where there is none.
    fn is_behind(&self, window: Window) -> Option<bool> {
        self.last_good.lock().ok()?.get(&window).map(|good| good.is_behind)
    }

    /// The last good snapshot. Marks it as stale and starts the task that replaces it.
    fn stale(&self, window: Window) -> Option<Arc<Snapshot>> {
        let mut all = self.last_good.lock().ok()?;
        let good = all.get_mut(&window)?;
        if !mem::replace(&mut good.is_behind, true) {
            tracing::warn!("the leaderboard could not be brought up to date; the last good one stands in");
            drop(self.tasks.spawn(self.clone().catch_up(window)));
        }
        Some(good.snapshot.clone())
    }

    /// Retries until a load succeeds or the server stops.
    async fn catch_up(self, window: Window) {
        let stopping = self.tasks.stopping();
        while self.load_once(window).await.is_err() {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = sleep(RETRY_INTERVAL) => {}
            }
        }
        if let Ok(mut all) = self.last_good.lock()
            && let Some(good) = all.get_mut(&window)
        {
            good.is_behind = false;
        }
    }
}

#[async_trait]
impl LeaderboardPort for LeaderboardService {
    async fn board(&self, window: Window) -> Result<Board, AppError> {
        let (snapshot, age) = self.window(window).await?;
        Ok(snapshot.board(age))
    }

    async fn model(&self, slug: &str, window: Window) -> Result<ModelPage, AppError> {
        let (snapshot, age) = self.window(window).await?;
        snapshot.page(slug, age).ok_or(AppError::NotFound(Noun::Model))
    }
}
