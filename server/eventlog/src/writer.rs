//! The two threads of the log. One appends everything that was queued since its last write (group commit), the other syncs the
//! files: a slow sync delays neither requests nor appends.

use std::{
    cmp::Ordering::{Equal, Greater, Less},
    fs::{self, File},
    io::{self, Write},
    mem,
    os::unix::fs::FileExt,
    path::Path,
    sync::{Arc, PoisonError, atomic::Ordering},
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    position::LogPosition,
    record::MAX_PAYLOAD,
    segment::{self, MAGIC, Scan},
    state::{Queue, Shared},
};

/// From the first unsynced write to the next sync. Together with the sync itself it is meant to stay below 100 ms.
const SYNC_DELAY: Duration = Duration::from_millis(50);
/// How often allocating the reserve segment is retried.
const RESERVE_RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Appends to the current segment.
pub(super) struct Writer {
    shared: Arc<Shared>,
    file: Arc<File>,
    position: LogPosition,
    /// The next segment, whose space is already allocated.
    reserve: Option<File>,
}

impl Writer {
    /// Begins a new segment with this number.
    pub(super) fn begin(shared: Arc<Shared>, number: u64) -> io::Result<Self> {
        let dir = &shared.settings.dir;
        let file = segment::make_reserve(dir, shared.settings.segment_bytes)?;
        segment::use_reserve(dir, number)?;
        let position = LogPosition::start_of(number);
        shared.queue().end = Some(position);
        let mut writer = Self { shared, file: Arc::new(file), position, reserve: None };
        writer.ensure_reserve();
        Ok(writer)
    }

    /// Writes until the log is closed.
    pub(super) fn run(mut self) {
        let (mut bytes, mut waiting) = (Vec::new(), Vec::new());
        loop {
            let (events, is_closed) = self.take(&mut bytes, &mut waiting);
            if !bytes.is_empty() {
                let is_written = self.append(&bytes, events);
                for waiting in waiting.drain(..) {
                    // The receiver may have been dropped.
                    let _ = waiting.send(is_written);
                }
                bytes.clear();
            }
            if self.reserve.is_none() {
                self.ensure_reserve();
            }
            if is_closed && events == 0 {
                break;
            }
        }
        let mut dirty = self.shared.dirty();
        dirty.files.push(self.file.clone());
        dirty.is_closed = true;
        self.shared.has_dirty.notify_all();
    }

    /// Waits until something is queued or the log is closed, and takes everything. Returns the number of events and whether the
    /// log is closed.
    fn take(&self, bytes: &mut Vec<u8>, waiting: &mut Vec<oneshot::Sender<bool>>) -> (u64, bool) {
        let nothing = |queue: &mut Queue| queue.bytes.is_empty() && !queue.is_closed;
        let queue = self.shared.queue();
        let waited = self.shared.has_work.wait_timeout_while(queue, RESERVE_RETRY_INTERVAL, nothing);
        let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut queue.bytes, bytes);
        mem::swap(&mut queue.waiting, waiting);
        (mem::take(&mut queue.events), queue.is_closed)
    }

    fn append(&mut self, bytes: &[u8], events: u64) -> bool {
        let mut written = self.write(bytes);
        if let Err(error) = &written {
            tracing::error!(%error, "the event log cannot be written to; switching to the reserve segment");
            written = self.rotate().and_then(|()| self.write(bytes));
        }
        let metrics = &self.shared.metrics;
        if let Err(error) = written {
            metrics.lost.inc_by(events);
            tracing::error!(%error, events, "usage events were lost");
            return false;
        }
        metrics.appended.inc_by(events);
        self.shared.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.shared.queue().end = Some(self.position);
        self.shared.has_grown.notify_one();
        self.mark_dirty();
        if self.position.offset >= self.shared.settings.segment_bytes
            && self.reserve.is_some()
            && let Err(error) = self.rotate()
        {
            tracing::error!(%error, "no new segment of the event log could be begun");
        }
        true
    }

    /// Writes all bytes or, as seen by readers, none: the end of the log only moves after a complete write.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.file.write_all_at(bytes, self.position.offset) {
            Ok(()) => {
                self.position.offset += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                // A partial write is beyond the end of the log. Truncating it here spares the next start from recovering it.
                let _ = self.file.set_len(self.position.offset);
                Err(error)
            }
        }
    }

    fn rotate(&mut self) -> io::Result<()> {
        let reserve = self.reserve.take().ok_or_else(|| io::Error::from(io::ErrorKind::StorageFull))?;
        let number = self.position.segment + 1;
        segment::use_reserve(&self.shared.settings.dir, number)?;
        self.file = Arc::new(reserve);
        self.position = LogPosition::start_of(number);
        self.shared.queue().end = Some(self.position);
        self.shared.bytes.fetch_add(MAGIC.len() as u64, Ordering::Relaxed);
        self.ensure_reserve();
        Ok(())
    }

    /// Allocates the reserve segment. While that fails, no permits are granted.
    fn ensure_reserve(&mut self) {
        let settings = &self.shared.settings;
        let made = if self.shared.bytes.load(Ordering::Relaxed) > settings.max_bytes {
            Err(io::Error::other("the event log has reached its largest size"))
        } else {
            segment::make_reserve(&settings.dir, settings.segment_bytes)
        };
        let was_available = self.shared.has_room.swap(made.is_ok(), Ordering::Relaxed);
        match made {
            Ok(file) => {
                self.reserve = Some(file);
                if !was_available {
                    tracing::info!("the event log accepts events again");
                }
            }
            Err(error) if was_available => {
                tracing::error!(%error, "no space for the event log: new requests are rejected until there is");
            }
            Err(_) => {}
        }
    }

    fn mark_dirty(&self) {
        let mut dirty = self.shared.dirty();
        if !dirty.files.last().is_some_and(|last| Arc::ptr_eq(last, &self.file)) {
            dirty.files.push(self.file.clone());
            self.shared.has_dirty.notify_one();
        }
    }
}

/// Syncs written files until the log is closed.
pub(super) fn sync_forever(shared: &Shared) {
    loop {
        let waited = shared.has_dirty.wait_while(shared.dirty(), |dirty| dirty.files.is_empty() && !dirty.is_closed);
        let is_closed = waited.unwrap_or_else(PoisonError::into_inner).is_closed;
        if !is_closed {
            thread::sleep(SYNC_DELAY);
        }
        let (files, is_closed) = {
            let mut dirty = shared.dirty();
            (mem::take(&mut dirty.files), dirty.is_closed)
        };
        for file in files {
            if let Err(error) = file.sync_data() {
                tracing::error!(%error, "the event log could not be synced to the disk");
            }
        }
        if is_closed {
            return;
        }
    }
}

/// Recovers the segments of an earlier process: truncates torn ends, deletes segments that are shipped, and counts the other
/// events. Returns the highest segment number that was used.
///
/// # Errors
///
/// A file cannot be read or changed.
pub(super) fn recover(shared: &Shared) -> io::Result<u64> {
    let dir = &shared.settings.dir;
    let checkpoint = LogPosition::load(dir).unwrap_or(LogPosition::start_of(0));
    let mut last = checkpoint.segment;
    for number in segment::list(dir)? {
        last = last.max(number);
        let path = segment::path(dir, number);
        let from = match number.cmp(&checkpoint.segment) {
            Less => u64::MAX,
            Equal => checkpoint.offset,
            Greater => 0,
        };
        let scan = segment::scan(&path, from)?;
        if scan.valid < scan.size {
            truncate(&path, &scan)?;
        }
        if scan.events == 0 {
            fs::remove_file(&path)?;
        } else {
            shared.bytes.fetch_add(scan.valid, Ordering::Relaxed);
            shared.metrics.recovered.inc_by(scan.events);
        }
    }
    Ok(last)
}

/// Truncates a torn end. A crash during a write tears at most the last batch; if more than one record is damaged, the segment
/// is copied for inspection first.
fn truncate(path: &Path, scan: &Scan) -> io::Result<()> {
    let dropped = scan.size - scan.valid;
    tracing::warn!(segment = %path.display(), dropped, "the end of the event log is torn; the torn bytes are dropped");
    if dropped > MAX_PAYLOAD as u64 {
        fs::copy(path, path.with_extension("damaged"))?;
    }
    let file = File::options().write(true).open(path)?;
    file.set_len(scan.valid)?;
    file.sync_all()
}

/// Locks the folder against other processes as long as the returned file is open. `None`: another process has locked it.
pub(super) fn lock(dir: &Path) -> io::Result<Option<File>> {
    let mut file = File::options().write(true).create(true).truncate(false).open(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(None),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(Some(file))
}
