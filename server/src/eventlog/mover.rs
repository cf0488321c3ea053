//! Carries events from the log to Postgres, in batches, in order, as often as it takes. An event may be carried twice (after a
//! crash, say); its id sees to it that it is there once.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    sync::atomic::Ordering,
    time::Duration,
};

use sqlx::PgPool;

use super::{
    log::EventLog,
    place::Place,
    record::{self, Next},
    segment::{self, MAGIC},
};
use crate::{
    error::Error,
    shutdown::Tasks,
    usage::{self, UsageEvent},
};

/// How long events come together before they are carried: five batches a second when there is little to do.
const GATHER: Duration = Duration::from_millis(200);
/// Bytes read at a time, and so the largest batch: some two thousand events.
const READ: u64 = 1024 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Moves the log's events. There is one for each log.
pub struct Mover {
    log: EventLog,
    pool: PgPool,
    place: Place,
}

/// Events that stand together in the log, and where the next one begins.
struct Batch {
    events: Vec<UsageEvent>,
    after: Place,
    /// Whether more is there already.
    is_full: bool,
}

impl Mover {
    /// Begins where moving stopped last time.
    pub fn new(log: EventLog, pool: PgPool) -> Self {
        let place = Place::load(&log.shared.settings.dir).unwrap_or(Place::start_of(0));
        Self { log, pool, place }
    }

    /// Moves events until the server stops. What is in the log by then is moved, unless the database is away.
    pub async fn run(mut self, tasks: Tasks) {
        let stopping = tasks.stopping();
        let mut pause = FIRST_PAUSE;
        loop {
            let is_last = stopping.is_cancelled();
            let has_failed = match self.step().await {
                Ok(true) => continue,
                Ok(false) => {
                    if pause > FIRST_PAUSE {
                        tracing::info!("usage events reach the database again");
                    }
                    pause = FIRST_PAUSE;
                    false
                }
                Err(error) => {
                    if pause == FIRST_PAUSE {
                        tracing::warn!(%error, "usage events cannot be moved to the database; they are kept and moved later");
                    }
                    true
                }
            };
            if is_last {
                return;
            }
            // What failed is tried again whether or not more comes.
            let due = async {
                if has_failed {
                    tokio::time::sleep(pause).await;
                } else {
                    self.log.shared.has_grown.notified().await;
                    tokio::time::sleep(GATHER).await;
                }
            };
            tokio::select! {
                () = stopping.cancelled() => {}
                () = due => {}
            }
            if has_failed {
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// Moves one batch. Whether there is more to move at once.
    async fn step(&mut self) -> Result<bool, Error> {
        let (log, place) = (self.log.clone(), self.place);
        let batch = tokio::task::spawn_blocking(move || read(&log, place)).await??;
        let refused = if batch.events.is_empty() { 0 } else { self.insert(&batch.events).await? };
        if batch.after != self.place {
            self.advance(batch.after)?;
        }
        let figures = &self.log.shared.figures;
        figures.refused.fetch_add(refused, Ordering::Relaxed);
        figures.moved.fetch_add(batch.events.len() as u64 - refused, Ordering::Relaxed);
        Ok(batch.is_full)
    }

    /// Returns how many the database refused.
    async fn insert(&self, events: &[UsageEvent]) -> Result<u64, Error> {
        match usage::insert(&self.pool, events).await {
            Ok(_) => return Ok(0),
            Err(error) if !is_about_the_events(&error) => return Err(error),
            Err(_) => {}
        }
        // One of them is at fault. The others must not wait for it.
        let mut refused = 0;
        for event in events {
            match usage::insert(&self.pool, std::slice::from_ref(event)).await {
                Err(error) if is_about_the_events(&error) => {
                    self.set_aside(event, &error)?;
                    refused += 1;
                }
                done => {
                    done?;
                }
            }
        }
        Ok(refused)
    }

    /// Keeps an event that the database refuses, for whoever finds out why.
    fn set_aside(&self, event: &UsageEvent, error: &Error) -> Result<(), Error> {
        tracing::error!(event.id = %event.id, %error, "the database refuses a usage event; it is in refused.ndjson");
        let path = self.log.shared.settings.dir.join("refused.ndjson");
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let line = serde_json::to_string(event).map_err(io::Error::from)?;
        Ok(writeln!(file, "{line}")?)
    }

    /// Remembers how far it is, and gives back the space of segments that are moved.
    fn advance(&mut self, place: Place) -> Result<(), Error> {
        let dir = &self.log.shared.settings.dir;
        place.save(dir)?;
        self.place = place;
        for number in segment::list(dir)?.into_iter().filter(|number| *number < place.segment) {
            let path = segment::path(dir, number);
            let size = fs::metadata(&path)?.len();
            fs::remove_file(&path)?;
            self.log.shared.bytes.fetch_sub(size, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Whether the database took offence at what an event says, so that trying again would not help: a value out of range, or a
/// broken rule of the table.
fn is_about_the_events(error: &Error) -> bool {
    match error {
        Error::Database(sqlx::Error::Database(error)) => {
            error.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
        }
        Error::Database(sqlx::Error::Encode(_)) => true,
        _ => false,
    }
}

/// The events from a place on, as far as the log is written.
fn read(log: &EventLog, mut from: Place) -> Result<Batch, Error> {
    let dir = &log.shared.settings.dir;
    let end = log.shared.end();
    loop {
        let path = segment::path(dir, from.segment);
        let limit = if from.segment == end.segment { end.offset.saturating_sub(from.offset).min(READ) } else { READ };
        let bytes = match segment::read_from(&path, from.offset, limit) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes?,
        };
        let batch = decode(&bytes, from);
        if from.segment >= end.segment {
            return Ok(batch);
        }
        if !batch.events.is_empty() {
            return Ok(Batch { is_full: true, ..batch });
        }
        if !bytes.is_empty() {
            tracing::error!(segment = %path.display(), offset = from.offset, "the event log is damaged from here on");
            fs::copy(&path, path.with_extension("damaged"))?;
        }
        // Through with this one: on to the next one that is there.
        let next = segment::list(dir)?.into_iter().find(|number| *number > from.segment).unwrap_or(end.segment);
        from = Place::start_of(next);
    }
}

fn decode(bytes: &[u8], from: Place) -> Batch {
    let mut at = 0;
    let mut events = Vec::new();
    while let Next::Record(payload) = record::next(&bytes[at..]) {
        match serde_json::from_slice(payload) {
            Ok(event) => events.push(event),
            Err(error) => tracing::error!(%error, "a usage event cannot be read and is left out"),
        }
        at += record::HEADER + payload.len();
    }
    let after = Place { segment: from.segment, offset: from.offset.max(MAGIC.len() as u64) + at as u64 };
    Batch { events, after, is_full: bytes.len() as u64 == READ }
}
