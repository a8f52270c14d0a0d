//! The reader's side: no lock, no sled, nothing written.
//!
//! It reads the log once and then only what comes to its end, as far as the
//! owner's mark says that it is acknowledged. When the owner writes the log
//! anew, it starts again.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::inotify;

use super::core::{Core, Options};
use super::disk::{Disk, DiskFile};
use super::files::{Chain, Files, file_name, read_mark};
use super::format::Format;
use super::frame::{Key, Mark};
use super::index::Index;
use super::index_memory::MemoryIndex;
use super::log::MARK;
use super::scan::Scan;
use crate::store::batch;
use crate::{Error, ErrorKind, Result};

/// How often a reading of the log is begun again that met the owner's writing.
const TRIES: u32 = 5;
/// How long to wait before that.
const PAUSE: Duration = Duration::from_millis(3);
/// A change is looked for this often even if nobody tells of it, as on a network's file system.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What only a reader has.
#[derive(Debug)]
pub(super) struct Reader {
    /// Empty until there is one: the next owner makes it if it is missing.
    mark: OnceLock<Arc<dyn DiskFile>>,
    /// The first file of the log that was read.
    checkpoint: Mutex<u32>,
}

impl Reader {
    /// Reads the log.
    pub(super) fn open(disk: Arc<dyn Disk>, format: Format, options: Options) -> Result<(Core, Reader)> {
        let key = Key::of_store(&format.store);
        let mark = OnceLock::new();
        let (files, index, checkpoint) = try_again(|| {
            let vouched = look(&mark, &*disk, &key).map_or(0, |mark| mark.seq);
            let files = Arc::new(Files::default());
            let chain = Chain::find(&*disk, &files, &format.store)?;
            let index = MemoryIndex::new(Arc::clone(&files), chain.start());
            let scan = Scan { files: &files, key, vouched, whole: false, limit: u64::MAX };
            scan.run(chain.start(), &mut |group| index.apply(&group.entries()?, group.applied()))?;
            Ok((files, index, chain.start().file))
        })?;
        let core = Core::new(disk, format, options, files, Arc::new(index));
        Ok((core, Reader { mark, checkpoint: Mutex::new(checkpoint) }))
    }

    fn checkpoint(&self) -> MutexGuard<'_, u32> {
        self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what was acknowledged since; returns whether there was anything.
    pub(super) fn refresh(&self, core: &Core) -> Result<bool> {
        let mark = look(&self.mark, &*core.disk, &core.key);
        let mut checkpoint = self.checkpoint();
        let index = core.index();
        let known = index.applied();
        let vouched = mark.map_or(0, |mark| mark.seq);
        match mark {
            Some(mark) if mark.checkpoint == *checkpoint => {
                // The place behind a file's last group and the one before the next file's first are the same.
                let is_known = mark.seq == known.seq && (mark.sum == known.sum || mark.file != known.file);
                if mark.seq < known.seq || is_known {
                    return Ok(false);
                }
                if mark.seq > known.seq && read_on(core, &*index, &mark).is_ok() {
                    return Ok(true);
                }
            }
            _ => {}
        }
        // The log was written anew, or took back what we had read, or nobody says: all is read again.
        try_again(|| {
            let chain = Chain::find(&*core.disk, &core.files, &core.format.store)?;
            let scan = core.scan(vouched, false, u64::MAX);
            index.replace(&|take| {
                scan.run(chain.start(), &mut |group| take(&group.entries()?, group.applied())).map(|_| ())
            })?;
            *checkpoint = chain.start().file;
            core.files.forget_before(*checkpoint);
            Ok(())
        })?;
        Ok(index.applied() != known)
    }

    /// Waits until the last operation is later than `op`.
    pub(super) fn watch(&self, core: &Core, op: u64, timeout: Duration) -> Result<u64> {
        let deadline = batch::deadline(timeout);
        // Told of writes before the first look: so none can come in between unseen.
        let news = core.disk.real_path().and_then(|path| watch_folder(&path.join("log")).ok());
        loop {
            self.refresh(core)?;
            let last = core.index().applied().op;
            let left = deadline.saturating_duration_since(Instant::now());
            if last > op || left.is_zero() {
                return Ok(last);
            }
            match &news {
                Some(news) => wait_for(news, left.min(LOOK_EVERY))?,
                None => std::thread::sleep(left.min(PAUSE)),
            }
        }
    }
}

/// Reads the mark, if there is one.
fn look(mark: &OnceLock<Arc<dyn DiskFile>>, disk: &dyn Disk, key: &Key) -> Option<Mark> {
    if mark.get().is_none() {
        // Another thread may be first with the same file.
        let _ = mark.set(disk.open(MARK).ok()?);
    }
    read_mark(&**mark.get()?, key)
}

/// Reads on in the files that are known, and in those that came after them.
fn read_on(core: &Core, index: &dyn Index, mark: &Mark) -> Result<()> {
    let known = index.applied();
    for number in known.file + 1..=mark.file {
        if core.files.get(number).is_none() {
            let name = file_name(number);
            let file = core.disk.open(&name).map_err(|cause| Error::io(format!("open `{name}`"), cause))?;
            core.files.add(number, file);
        }
    }
    let scan = core.scan(mark.seq, false, mark.seq);
    scan.run(known, &mut |group| index.apply(&group.entries()?, group.applied()))?;
    Ok(())
}

/// Reads again what looks damaged: it may be what the owner was just writing or removing.
fn try_again<T>(mut read: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..TRIES {
        match read() {
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt { .. } | ErrorKind::Io { .. }) => {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
    read()
}

fn watch_folder(path: &std::path::Path) -> io::Result<rustix::fd::OwnedFd> {
    let news = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
    let what = inotify::WatchFlags::MODIFY | inotify::WatchFlags::CREATE | inotify::WatchFlags::MOVED_TO;
    inotify::add_watch(&news, path, what)?;
    Ok(news)
}

fn wait_for(news: &rustix::fd::OwnedFd, longest: Duration) -> Result<()> {
    let failed = |cause: rustix::io::Errno| Error::io("wait for changes of the store", cause);
    let mut wanted = [PollFd::new(news, PollFlags::IN)];
    let longest = Timespec { tv_sec: longest.as_secs() as i64, tv_nsec: i64::from(longest.subsec_nanos()) };
    match rustix::event::poll(&mut wanted, Some(&longest)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(cause) => return Err(failed(cause)),
    }
    let mut buffer = [0; 4096];
    loop {
        match rustix::io::read(news, &mut buffer) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(()),
            Err(cause) => return Err(failed(cause)),
        }
    }
}
