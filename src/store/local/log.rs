//! The owner's end of the log: appending groups, making them durable, saying so.
//!
//! A group that could not be written whole is cut off again; after a failed
//! sync the log takes nothing more, for nobody can say what the disk has. Who
//! may append, and what the groups mean, is the owner's business.

use std::io;
use std::sync::Arc;

use super::disk::{Disk, DiskFile};
use super::files::{Chain, Files, file_name};
use super::frame::{FILE_HEAD_LEN, FileHead, Key, Mark};
use super::group::{GroupBuilder, GroupHead};
use super::index::{Applied, Place};
use crate::{Error, ErrorKind, Result};

/// The file that says what was acknowledged.
pub(super) const MARK: &str = "log/mark";
/// The file whose space is given up so that a full disk can be cleaned.
pub(super) const RESERVE: &str = "reserve";

/// The end of the log.
#[derive(Debug)]
pub(super) struct Log {
    disk: Arc<dyn Disk>,
    key: Key,
    store: [u8; 16],
    files: Arc<Files>,
    /// The first file that counts.
    checkpoint: u32,
    file: Arc<dyn DiskFile>,
    /// The place behind the last group.
    end: Applied,
    /// The place behind the last durable group.
    durable: Applied,
    mark: Option<Arc<dyn DiskFile>>,
    rotate_at: u64,
    reserve_len: u64,
    failed: Option<String>,
}

/// Where a group was appended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Appended {
    file: u32,
    start: u64,
    payload_start: u64,
}

impl Appended {
    /// Turns a place in the group, its record counted from the group's beginning and its payload from
    /// the first one's, into the place in the log.
    pub(super) fn absolute(&self, place: Place) -> Place {
        let payload = place.payload.map(|payload| self.start + self.payload_start + payload);
        Place { file: self.file, record: self.start + place.record, payload }
    }
}

impl Log {
    /// Writes the first file and the mark of a new log, and the reserve.
    pub(super) fn create(disk: &dyn Disk, store: [u8; 16], reserve_len: u64) -> Result<()> {
        let write = || {
            disk.create_folder("log")?;
            let head = FileHead { store, number: 1, checkpoint: true, first_seq: 1, op: 1 };
            write_file(disk, &file_name(1), &head.encode())?;
            let mark = Mark { seq: 0, op: 1, file: 1, checkpoint: 1, end: FILE_HEAD_LEN, sum: [0; 16] };
            write_file(disk, MARK, &mark.encode(&Key::of_store(&store)))?;
            disk.sync_folder("log")
        };
        write().map_err(|cause| Error::io("make the store's log", cause))?;
        make_reserve(disk, reserve_len).map_err(|cause| Error::io("set the store's reserve aside", cause))
    }

    /// Takes over the end of a log that was read up to `end`: cuts what is torn, and finishes what a crash left.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        (key, store): (Key, [u8; 16]),
        files: Arc<Files>,
        chain: &Chain,
        end: Applied,
        limits: (u64, u64),
    ) -> Result<Log> {
        let name = file_name(end.file);
        let failed = |cause| Error::io(format!("open `{name}`"), cause);
        if !chain.replaced.is_empty() {
            // Who wrote the log anew may have died before the new name was durable: until then the old files count.
            disk.sync_folder("log").map_err(failed)?;
        }
        for number in chain.replaced.iter().copied().chain(chain.stub) {
            disk.remove(&file_name(number)).map_err(|cause| Error::io("remove an unused log file", cause))?;
        }
        let file = disk.open_to_write(&name).map_err(failed)?;
        let len = file.len().map_err(failed)?;
        if len > end.end {
            tracing::info!(bytes = len - end.end, "cut off an unfinished write at the end of the log");
            file.set_len(end.end).map_err(failed)?;
        }
        // Whatever was read counts as durable from now on, also what its writer died before syncing.
        file.sync().map_err(failed)?;
        disk.sync_folder("log").map_err(failed)?;
        let mark = match disk.open_to_write(MARK) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => disk.create(MARK),
            opened => opened,
        };
        let (rotate_at, reserve_len) = limits;
        let checkpoint = chain.start().file;
        let mark = Some(mark.map_err(failed)?);
        let mut log = Log {
            disk,
            key,
            store,
            files,
            checkpoint,
            file,
            end,
            durable: end,
            mark,
            rotate_at,
            reserve_len,
            failed: None,
        };
        log.acknowledge();
        log.restore_reserve();
        Ok(log)
    }

    /// The place behind the last group.
    pub(super) fn end(&self) -> Applied {
        self.end
    }

    /// The place behind the last durable group.
    pub(super) fn durable(&self) -> Applied {
        self.durable
    }

    /// Whether groups were appended and not yet synced.
    pub(super) fn is_dirty(&self) -> bool {
        self.end.seq != self.durable.seq
    }

    /// Says no once a write or sync has failed in a way that leaves the disk unknown.
    pub(super) fn check_usable(&self) -> Result<()> {
        match &self.failed {
            None => Ok(()),
            Some(why) => Err(Error::new(ErrorKind::ReadOnly { why: why.clone() })),
        }
    }

    /// Takes nothing more.
    pub(super) fn fail(&mut self, why: impl Into<String>) {
        let why = why.into();
        tracing::error!("the store takes no more changes: {why}");
        self.failed.get_or_insert(why);
    }

    /// Appends a group, not yet durable. Where the disk is full, `may_use_reserve` gives up the reserve.
    ///
    /// # Errors
    /// `NoSpace` with the log as it was before; after any other error the log takes nothing more.
    pub(super) fn append(
        &mut self,
        group: &GroupBuilder,
        time_s: u64,
        op: u64,
        may_use_reserve: bool,
    ) -> Result<Appended> {
        self.check_usable()?;
        match self.try_append(group, time_s, op) {
            Err(cause) if is_full(&cause) && may_use_reserve && self.give_up_reserve() => {
                self.try_append(group, time_s, op).map_err(|cause| self.append_failed(cause))
            }
            Err(cause) => Err(self.append_failed(cause)),
            Ok(appended) => Ok(appended),
        }
    }

    fn append_failed(&mut self, cause: io::Error) -> Error {
        if !is_full(&cause) {
            self.fail(format!("the log could not be written ({cause})"));
        }
        Error::io("write to the store's log", cause)
    }

    fn try_append(&mut self, group: &GroupBuilder, time_s: u64, op: u64) -> io::Result<Appended> {
        if self.end.end >= self.rotate_at {
            self.rotate()?;
        }
        let (file, start, seq) = (self.end.file, self.end.end, self.end.seq + 1);
        let bytes = group.encode(&self.key, (file, start), seq, time_s, self.durable.seq, op);
        if let Err(cause) = self.file.write_at(&bytes, start) {
            if let Err(cut) = self.file.set_len(start) {
                self.fail(format!("a failed write to the log could not be taken back ({cut})"));
            }
            return Err(cause);
        }
        let head = GroupHead::decode(&bytes).expect("just encoded");
        let end = start + bytes.len() as u64;
        self.end = Applied { seq, op, file, start, end, sum: head.sum() };
        Ok(Appended { file, start, payload_start: head.payload_start() })
    }

    /// Begins a new file; all of the old one is durable before.
    fn rotate(&mut self) -> io::Result<()> {
        if let Err(cause) = self.sync_file() {
            return Err(io::Error::other(cause));
        }
        let number = self.end.file + 1;
        let head =
            FileHead { store: self.store, number, checkpoint: false, first_seq: self.end.seq + 1, op: self.end.op };
        let name = file_name(number);
        let file = write_file(&*self.disk, &name, &head.encode()).and_then(|file| {
            self.disk.sync_folder("log")?;
            Ok(file)
        });
        let file = file.inspect_err(|_| {
            let _ = self.disk.remove(&name);
        })?;
        self.files.add(number, Arc::clone(&file));
        self.file = file;
        self.end = Applied { op: self.end.op, ..Applied::before(&head) };
        self.durable = self.end;
        Ok(())
    }

    /// Makes all that was appended durable.
    ///
    /// # Errors
    /// Any: then the log is cut back to what was durable before, and takes nothing more.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.check_usable()?;
        self.sync_file().map_err(|cause| Error::io("make the store's log durable", cause))
    }

    fn sync_file(&mut self) -> io::Result<()> {
        if let Err(cause) = self.file.sync() {
            // What was not durable is cut off, lest it be found later though it was reported as failed.
            let _ = self.file.set_len(self.durable.end);
            self.end = self.durable;
            self.fail(format!("the log could not be synced ({cause})"));
            return Err(cause);
        }
        self.durable = self.end;
        Ok(())
    }

    /// Writes down that all durable groups are acknowledged. It is a help, not a promise: it is never synced.
    pub(super) fn acknowledge(&mut self) {
        let Applied { seq, op, file, end, sum, .. } = self.durable;
        let mark = Mark { seq, op, file, checkpoint: self.checkpoint, end, sum };
        let Some(file) = &self.mark else { return };
        if let Err(cause) = file.write_at(&mark.encode(&self.key), 0) {
            tracing::warn!("readers may learn late of changes: cannot write `{MARK}`: {cause}");
        }
    }

    /// Goes on behind a log that was written anew.
    pub(super) fn move_to(&mut self, head: &FileHead, file: Arc<dyn DiskFile>, end: Applied) {
        self.checkpoint = head.number;
        self.file = file;
        self.end = end;
        self.durable = end;
        self.acknowledge();
    }

    fn give_up_reserve(&mut self) -> bool {
        let removed = self.disk.remove(RESERVE).is_ok();
        if removed {
            tracing::warn!("the disk is full: the store's reserve was given up to free space");
        }
        removed
    }

    /// Sets the reserve aside again, if there is room.
    pub(super) fn restore_reserve(&mut self) {
        if self.disk.open(RESERVE).is_ok() {
            return;
        }
        if let Err(cause) = make_reserve(&*self.disk, self.reserve_len) {
            tracing::warn!("there is no room for the store's reserve: {cause}");
        }
    }
}

fn make_reserve(disk: &dyn Disk, len: u64) -> io::Result<()> {
    let file = match disk.create(RESERVE) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        created => created?,
    };
    file.allocate(len).inspect_err(|_| {
        let _ = disk.remove(RESERVE);
    })
}

/// Makes a file with this content, durable but for its name; one that a crash left is replaced.
pub(super) fn write_file(disk: &dyn Disk, path: &str, bytes: &[u8]) -> io::Result<Arc<dyn DiskFile>> {
    match disk.remove(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let file = disk.create(path)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    Ok(file)
}

/// Whether the disk is full, or the user's share of it.
pub(super) fn is_full(cause: &io::Error) -> bool {
    matches!(cause.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT))
}
