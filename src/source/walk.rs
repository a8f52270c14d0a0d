//! Walking a whole source, several folders at once.
//!
//! Threads take folders from one stack, so the walk goes down before it goes
//! sideways and few folders wait. Nothing recurses: a deep tree is a long walk,
//! not a deep call. No link is followed, so a loop of links is no loop.

use std::mem::MaybeUninit;
use std::num::NonZero;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rustix::fs::{Access, AtFlags, Stat, accessat, fstat, statat};
use rustix::io::Errno;

use super::Source;
use super::attributes::{self, Times};
use super::listing::{self, Listing, words};
use super::mounts::is_veneer_mount;
use super::scan::{Parts, Progress, Scan, ScanOptions, Tree};
use crate::model::{DataPath, Kind};
use crate::{Error, ErrorKind, Result};

/// How much of a folder is read from the kernel at once, in bytes: about 1600 short names.
const BUFFER_LEN: usize = 64 * 1024;
/// How many unreadable parts an error names.
const PARTS_SHOWN: usize = 20;
/// The name that a mount keeps for itself in its top folder.
const RESERVED_NAME: &[u8] = b".veneer";

/// One walk: what its threads share.
pub(super) struct Walk<'a> {
    pub(super) source: &'a Source,
    pub(super) threads: usize,
    /// Who walks: permissions are looked at as this user.
    user: u32,
    options: ScanOptions<'a>,
    entries: AtomicU64,
    bytes: AtomicU64,
    stop: AtomicBool,
    state: Mutex<State>,
    /// Signalled when there is a folder to take, or nothing left to do.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<Task>,
    /// How many threads have a folder in hand.
    busy: usize,
    folders: Vec<Option<super::scan::Folder>>,
    skipped: Parts,
    unreadable: Parts,
    failed: Option<Error>,
}

/// A folder to read.
struct Task {
    number: u32,
    path: DataPath,
    parent: (u32, u32),
}

/// Walks `source`; see [`Source::scan`].
pub(super) fn scan(source: &Source, options: ScanOptions<'_>) -> Result<Scan> {
    let unusable = |why: &str, parts| {
        Error::new(ErrorKind::SourceUnusable { path: source.path().display().to_string(), why: why.to_owned(), parts })
    };
    if is_veneer_mount(&source.folder)? {
        return Err(unusable("it is a Veneer mount", Vec::new()));
    }
    let root = fstat(&source.folder).map_err(|cause| Error::io_at("read", source.path(), cause))?;
    let root = attributes::entry(&root).map_err(|why| unusable(why, Vec::new()))?;

    let walk = Walk::new(source, options);
    let State { folders, mut skipped, mut unreadable, .. } = walk.run()?;
    skipped.listed.sort_unstable();
    unreadable.listed.sort_unstable();
    let entries = 1 + folders.iter().flatten().map(|folder| folder.entries.len() as u64).sum::<u64>();
    let tree = Tree { root, folders, entries };
    if unreadable.count > 0 && (!options.skip_unreadable || tree.folders[0].is_none()) {
        let why = format!("{} of its parts cannot be read", unreadable.count);
        return Err(unusable(&why, unreadable.lines(PARTS_SHOWN)));
    }
    if entries == 1 {
        let why = if skipped.count + unreadable.count == 0 { "it is empty" } else { "it has nothing that can be used" };
        return Err(unusable(why, skipped.lines(PARTS_SHOWN)));
    }
    check_unchanged(source, &tree, walk.threads)?;
    let warnings = warnings(&tree);
    Ok(Scan { tree, skipped, unreadable, warnings })
}

impl<'a> Walk<'a> {
    fn new(source: &'a Source, options: ScanOptions<'a>) -> Walk<'a> {
        let threads = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads,
        };
        let top = Task { number: 0, path: DataPath::ROOT, parent: (0, 0) };
        let state = State { waiting: vec![top], folders: vec![None], ..State::default() };
        Walk {
            source,
            threads,
            user: rustix::process::geteuid().as_raw(),
            options,
            entries: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    fn run(&self) -> Result<State> {
        std::thread::scope(|scope| {
            for _ in 1..self.threads {
                scope.spawn(|| self.work());
            }
            self.work();
        });
        let mut state = std::mem::take(&mut *self.lock());
        match state.failed.take() {
            Some(error) => Err(error),
            None => Ok(state),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads folders until there are none.
    fn work(&self) {
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER_LEN];
        while let Some(task) = self.take() {
            let read = listing::read(self, &task.path, &mut buffer);
            let mut state = self.lock();
            state.busy -= 1;
            match read.and_then(|listing| state.keep(task, listing)) {
                Ok(()) => {}
                Err(error) => {
                    self.stop.store(true, Ordering::Relaxed);
                    state.failed.get_or_insert(error);
                }
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    /// The next folder to read; `None` once all are read or the walk has failed.
    fn take(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(task) = state.waiting.pop() {
                state.busy += 1;
                return Some(task);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Counts what was seen and tells it.
    ///
    /// # Errors
    /// `Interrupted` when the walk is to end.
    pub(super) fn advance(&self, entries: u64, bytes: u64) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) || self.options.cancel.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Interrupted));
        }
        let entries = self.entries.fetch_add(entries, Ordering::Relaxed) + entries;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        (self.options.progress)(Progress { entries, bytes });
        Ok(())
    }

    /// Whether a file may be opened for reading; asks the system only where its mode leaves a doubt.
    pub(super) fn may_read(&self, folder: BorrowedFd<'_>, name: &[u8], stat: &Stat) -> bool {
        let needed = if stat.st_uid == self.user { 0o400 } else { 0o044 };
        if self.user == 0 || stat.st_mode & needed == needed {
            return true;
        }
        accessat(folder, name, Access::READ_OK, AtFlags::EACCESS) != Err(Errno::ACCESS)
    }

    /// Lists a folder that cannot be read.
    pub(super) fn leave_out(&self, path: &DataPath, cause: Errno) {
        let path = if path.is_root() { ".".to_owned() } else { path.to_string() };
        self.lock().unreadable.add(path, words(cause));
    }
}

impl State {
    /// Keeps what was read of a folder, and numbers the folders in it.
    fn keep(&mut self, task: Task, listing: Option<Listing>) -> Result<()> {
        let Some(Listing { mut folder, skipped, unreadable }) = listing else {
            return Ok(());
        };
        self.skipped.append(skipped);
        self.unreadable.append(unreadable);
        let too_many = || Error::invalid("source", &task.path.to_string(), "there are more than 4294967295 folders");
        folder.first_subfolder = u32::try_from(self.folders.len()).map_err(|_| too_many())?;
        folder.parent = task.parent;
        for (place, found) in folder.entries.iter().enumerate().filter(|(_, found)| found.kind == Kind::Folder) {
            let number = u32::try_from(self.folders.len()).map_err(|_| too_many())?;
            let path = task.path.join_checked(folder.name(found));
            self.waiting.push(Task { number, path, parent: (task.number, place as u32) });
            self.folders.push(None);
        }
        self.folders[task.number as usize] = Some(folder);
        Ok(())
    }
}

/// Compares each folder with what it was like before it was listed.
///
/// # Errors
/// `SourceChanged`, naming the first folder that differs.
fn check_unchanged(source: &Source, tree: &Tree, threads: usize) -> Result<()> {
    let check = |number: usize| -> Result<()> {
        let Some(folder) = &tree.folders[number] else {
            return Ok(());
        };
        let path = tree.path(number as u32);
        let changed = |how: &str| {
            let path = if path.is_root() { ".".to_owned() } else { path.to_string() };
            Error::new(ErrorKind::SourceChanged { path, how: how.to_owned() })
        };
        let stat = match path.is_root() {
            true => fstat(&source.folder),
            false => statat(&source.folder, path.as_bytes(), AtFlags::SYMLINK_NOFOLLOW),
        };
        match stat {
            Ok(stat) if Times::of(&stat) == folder.times => Ok(()),
            Ok(_) => Err(changed("it changed while the source was read")),
            Err(Errno::NOENT | Errno::NOTDIR) => Err(changed("it vanished while the source was read")),
            Err(cause) => Err(Error::io(format!("read `{path}` in the source again"), cause)),
        }
    };
    let share = tree.folders.len().div_ceil(threads).max(256);
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..tree.folders.len())
            .step_by(share)
            .map(|start| scope.spawn(move || (start..tree.folders.len().min(start + share)).try_for_each(check)))
            .collect();
        parts.into_iter().try_for_each(|part| part.join().expect("a check has no reason to panic"))
    })
}

fn warnings(tree: &Tree) -> Vec<String> {
    let reserved = tree.folders[0].as_ref().is_some_and(|top| top.iter().any(|entry| entry.name == RESERVED_NAME));
    let sentence = "the top folder has an entry `.veneer`, which a mount hides behind its own";
    reserved.then(|| sentence.to_owned()).into_iter().collect()
}
