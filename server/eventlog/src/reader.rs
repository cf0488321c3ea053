//! Reads the log in order and keeps the checkpoint.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    sync::atomic::Ordering,
};

use foundation::error::Error;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    log::EventLog,
    position::LogPosition,
    record::{self, Next},
    segment::{self, MAGIC},
};

/// Bytes of a batch at most: about two thousand events.
const READ_LIMIT: u64 = 1024 * 1024;

/// Reads a log's events from the checkpoint on. There must be only one reader for each log.
pub struct EventReader {
    log: EventLog,
    position: LogPosition,
}

/// Consecutive events of the log.
pub struct Batch<E> {
    pub events: Vec<E>,
    /// Whether another batch is ready.
    pub is_full: bool,
    after: LogPosition,
}

impl EventReader {
    /// Begins at the checkpoint.
    pub fn new(log: EventLog) -> Self {
        let position = LogPosition::load(&log.shared.settings.dir).unwrap_or(LogPosition::start_of(0));
        Self { log, position }
    }

    /// Waits until the log has grown since the last call. Cancel-safe.
    pub async fn grown(&self) {
        self.log.shared.has_grown.notified().await;
    }

    /// The next events, possibly none. The same events are returned until they are committed. Reads in a blocking task.
    ///
    /// # Errors
    /// [`Error::Io`] where the log cannot be read.
    pub async fn next<E: DeserializeOwned + Send + 'static>(&self) -> Result<Batch<E>, Error> {
        let (log, position) = (self.log.clone(), self.position);
        Ok(tokio::task::spawn_blocking(move || read(&log, position)).await??)
    }

    /// Moves the checkpoint behind a batch, of which `rejected` events were set aside, and deletes the segments before it.
    /// Blocks on the disk.
    ///
    /// # Errors
    /// [`Error::Io`] where the checkpoint cannot be stored; the batch is then returned again.
    pub fn commit<E>(&mut self, batch: &Batch<E>, rejected: u64) -> Result<(), Error> {
        if batch.after != self.position {
            self.advance(batch.after)?;
        }
        let metrics = &self.log.shared.metrics;
        metrics.rejected.inc_by(rejected);
        metrics.shipped.inc_by(batch.events.len() as u64 - rejected);
        Ok(())
    }

    /// Appends an event that the database rejects to `refused.ndjson`, where the operator can inspect it.
    ///
    /// # Errors
    /// [`Error::Io`] where that file cannot be written.
    pub fn set_aside(&self, event: &impl Serialize) -> Result<(), Error> {
        let path = self.log.shared.settings.dir.join("refused.ndjson");
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let line = serde_json::to_string(event).map_err(io::Error::from)?;
        Ok(writeln!(file, "{line}")?)
    }

    /// Stores the checkpoint and deletes the segments before it.
    fn advance(&mut self, position: LogPosition) -> Result<(), Error> {
        let dir = &self.log.shared.settings.dir;
        position.save(dir)?;
        self.position = position;
        for number in segment::list(dir)?.into_iter().filter(|number| *number < position.segment) {
            let path = segment::path(dir, number);
            let size = fs::metadata(&path)?.len();
            fs::remove_file(&path)?;
            self.log.shared.bytes.fetch_sub(size, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The events from a position up to the end of the log.
fn read<E: DeserializeOwned>(log: &EventLog, mut from: LogPosition) -> io::Result<Batch<E>> {
    let dir = &log.shared.settings.dir;
    let end = log.shared.end();
    loop {
        let path = segment::path(dir, from.segment);
        let limit = if from.segment == end.segment {
            end.offset.saturating_sub(from.offset).min(READ_LIMIT)
        } else {
            READ_LIMIT
        };
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
        // This segment is finished: continue with the next one that exists.
        let next = segment::list(dir)?.into_iter().find(|number| *number > from.segment).unwrap_or(end.segment);
        from = LogPosition::start_of(next);
    }
}

fn decode<E: DeserializeOwned>(bytes: &[u8], from: LogPosition) -> Batch<E> {
    let mut at = 0;
    let mut events = Vec::new();
    while let Next::Record(payload) = record::next(&bytes[at..]) {
        match serde_json::from_slice(payload) {
            Ok(event) => events.push(event),
            Err(error) => tracing::error!(%error, "a usage event cannot be parsed and is skipped"),
        }
        at += record::HEADER + payload.len();
    }
    let after = LogPosition { segment: from.segment, offset: from.offset.max(MAGIC.len() as u64) + at as u64 };
    Batch { events, after, is_full: bytes.len() as u64 == READ_LIMIT }
}
