//! The leaderboard from memory: loaded once for all who ask, dropped when a roll-up ends on any replica, and kept for the time
//! that the database is away or slow.

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

/// How long figures are kept.
const CACHE_TTL: Duration = Duration::from_secs(5 * 60);
/// How long a reader waits for new figures where there are older ones to give.
const STALE_WAIT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long a reader waits where there are none.
const FIRST_LOAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a load may take. Postgres ends a statement after that time too, but not one that it does not know of any more.
const LOAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long after a load that failed the next one begins.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// The leaderboard.
#[derive(Clone)]
pub struct LeaderboardService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    /// By generation, so that a load that began before figures changed is never taken for a new one.
    windows: Cache<(u64, Window), Arc<Snapshot>>,
    generation: Arc<AtomicU64>,
    last_good: Arc<Mutex<HashMap<Window, LastGood>>>,
    loads: Arc<AtomicU64>,
}

/// The figures of a window that were loaded last.
struct LastGood {
    snapshot: Arc<Snapshot>,
    /// Whether newer ones could not be had in time. Until they are there nobody waits for them.
    is_behind: bool,
}

impl LeaderboardService {
    /// The leaderboard of this database.
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

    /// Forgets what is kept: figures or the catalogue have changed.
    pub fn changed(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.windows.invalidate_all();
    }

    /// How often the database was asked so far.
    pub fn loads(&self) -> u64 {
        self.loads.load(Ordering::SeqCst)
    }

    /// The JSON of the board, and its age where the database is away.
    pub async fn board_answer(&self, query: BoardQuery) -> Result<(Arc<Answer>, Option<u64>), AppError> {
        let (snapshot, age) = self.window(query.window).await?;
        Ok((snapshot.board_answer(query.sort_by), age))
    }

    /// The JSON of one model by its public name, and its age where the database is away.
    pub async fn model_answer(&self, name: &str, window: Window) -> Result<(Arc<Answer>, Option<u64>), AppError> {
        let (snapshot, age) = self.window(window).await?;
        Ok((snapshot.model_answer(name).ok_or(AppError::NotFound(Noun::Model))?, age))
    }

    /// Every model of the catalogue, and when the board changed last, where there are figures on it.
    pub async fn listed(&self) -> Result<(Vec<Listed>, Option<DateTime<Utc>>), AppError> {
        Ok(self.window(Window::Week).await?.0.listed())
    }

    /// How every model did in the week that the board shows first, ranked or not.
    pub async fn measured(&self) -> Result<Vec<Measured>, AppError> {
        Ok(self.window(Window::Week).await?.0.measured())
    }

    /// The figures of a window, and their age where they only stand in for newer ones.
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
                let snapshot = self.stand_in(window).ok_or(error)?;
                let age = (self.clock.now() - snapshot.loaded_at).num_seconds().max(0).unsigned_abs();
                Ok((snapshot, Some(age)))
            }
        }
    }

    fn key(&self, window: Window) -> (u64, Window) {
        (self.generation.load(Ordering::SeqCst), window)
    }

    async fn load_within(&self, patience: Duration, window: Window) -> Result<Arc<Snapshot>, AppError> {
        timeout(patience, self.load_once(window)).await.unwrap_or(Err(AppError::Unavailable))
    }

    /// Loads a window, once for all who want it at a time. In a task of the server's, since whoever asked may go away, and all
    /// others still wait for it.
    async fn load_once(&self, window: Window) -> Result<Arc<Snapshot>, AppError> {
        let (this, key) = (self.clone(), self.key(window));
        let loaded = self.tasks.detached(async move {
            // Boxed when it begins: thousands who only wait for it take no room for it.
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

    /// Whether the last good figures are behind; nothing where there are none.
    fn is_behind(&self, window: Window) -> Option<bool> {
        self.last_good.lock().ok()?.get(&window).map(|good| good.is_behind)
    }

    /// The last good figures, for want of newer ones, which are seen to from now on.
    fn stand_in(&self, window: Window) -> Option<Arc<Snapshot>> {
        let mut all = self.last_good.lock().ok()?;
        let good = all.get_mut(&window)?;
        if !mem::replace(&mut good.is_behind, true) {
            tracing::warn!("the leaderboard could not be brought up to date; the last good one stands in");
            drop(self.tasks.spawn(self.clone().catch_up(window)));
        }
        Some(good.snapshot.clone())
    }

    /// Loads until there are new figures, or until the server stops.
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
