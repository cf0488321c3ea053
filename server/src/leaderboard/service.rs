//! The leaderboard from memory: loaded once for all who ask, dropped when a roll-up ends on any replica, and kept for the time
//! that the database is away.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use app::{
    error::{AppError, Noun},
    leaderboard::{Board, BoardQuery, LeaderboardPort, ModelPage, Window},
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use moka::{Expiry, future::Cache};
use sqlx::PgPool;

use super::{
    Answer, load,
    snapshot::{Listed, Snapshot},
};
use crate::{clock::Clock, shutdown::Tasks};

/// How long figures are kept.
const KEPT: Duration = Duration::from_secs(5 * 60);
/// How long the last good answer stands in before the database is asked again.
const STAND_IN: Duration = Duration::from_secs(2);

/// The leaderboard.
#[derive(Clone)]
pub struct LeaderboardService {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    /// By generation, so that a load that began before figures changed is never taken for a new one.
    windows: Cache<(u64, Window), Held>,
    generation: Arc<AtomicU64>,
    last_good: Arc<Mutex<HashMap<Window, Arc<Snapshot>>>>,
    loads: Arc<AtomicU64>,
}

/// Figures, and whether they are only standing in for newer ones.
#[derive(Clone)]
struct Held {
    snapshot: Arc<Snapshot>,
    is_stand_in: bool,
}

struct Kept;

impl Expiry<(u64, Window), Held> for Kept {
    fn expire_after_create(&self, _: &(u64, Window), held: &Held, _: Instant) -> Option<Duration> {
        Some(if held.is_stand_in { STAND_IN } else { KEPT })
    }
}

impl LeaderboardService {
    /// The leaderboard of this database.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, tasks: Tasks) -> Self {
        Self {
            pool,
            clock,
            tasks,
            windows: Cache::builder().max_capacity(16).expire_after(Kept).build(),
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

    /// Every model of the catalogue, and when the figures were rolled up last.
    pub async fn listed(&self) -> Result<(Vec<Listed>, DateTime<Utc>), AppError> {
        Ok(self.window(Window::Week).await?.0.listed())
    }

    async fn window(&self, window: Window) -> Result<(Arc<Snapshot>, Option<u64>), AppError> {
        let key = (self.generation.load(Ordering::SeqCst), window);
        let held = match self.windows.get(&key).await {
            Some(held) => held,
            None => {
                let load = self.load(window);
                self.windows.try_get_with(key, load).await.map_err(|error: Arc<AppError>| (*error).clone())?
            }
        };
        let age =
            held.is_stand_in.then(|| (self.clock.now() - held.snapshot.loaded_at).num_seconds().max(0).unsigned_abs());
        Ok((held.snapshot, age))
    }

    async fn load(&self, window: Window) -> Result<Held, AppError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let (pool, now) = (self.pool.clone(), self.clock.now());
        // Whoever asked may go away; all others still wait for it.
        let loaded = self.tasks.detached(async move { load::load(pool, window, now).await });
        match loaded.await {
            Ok(snapshot) => {
                let snapshot = Arc::new(snapshot);
                if let Ok(mut last_good) = self.last_good.lock() {
                    last_good.insert(window, snapshot.clone());
                }
                Ok(Held { snapshot, is_stand_in: false })
            }
            Err(error) => match self.last_good(window) {
                Some(snapshot) => {
                    tracing::warn!(%error, "the leaderboard could not be loaded; the last good one stands in");
                    Ok(Held { snapshot, is_stand_in: true })
                }
                None => Err(AppError::from(error)),
            },
        }
    }

    fn last_good(&self, window: Window) -> Option<Arc<Snapshot>> {
        self.last_good.lock().ok()?.get(&window).cloned()
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
