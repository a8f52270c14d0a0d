//! Making a store, and opening one: what a crash left is finished here.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::core::{Core, Options};
use super::disk::{Disk, RealDisk};
use super::files::{Chain, Files, file_name, read_mark};
use super::format::{self, Format};
use super::frame::{FILE_HEAD_LEN, Key};
use super::index::{Applied, Index};
use super::index_memory::MemoryIndex;
use super::index_sled::{self, SledIndex};
use super::lock::Lock;
use super::log::{self, Log};
use super::owner::Owner;
use super::reader::Reader;
use super::scan::{GroupReader, Scan};
use super::{Access, LocalStore, Role, objects};
use crate::{Error, ErrorKind, Result};

/// Makes a store and owns it.
pub(super) fn create(path: &Path, options: Options) -> Result<LocalStore> {
    fs::create_dir_all(path).map_err(|cause| Error::io_at("make the folder", path, cause))?;
    let disk = Arc::new(RealDisk::new(path));
    // Before the lock: nothing is written into a folder that is somebody else's.
    check_is_free(&*disk, path)?;
    let lock = Lock::take(path, options.wait)?;
    check_is_free(&*disk, path)?;
    make(&*disk, options)?;
    // The store's own name must be durable too.
    if let Some(parent) = path.canonicalize().ok().as_deref().and_then(Path::parent) {
        let synced = fs::File::open(parent).and_then(|folder| folder.sync_all());
        synced.map_err(|cause| Error::io_at("sync", parent, cause))?;
    }
    own(disk, Some(lock), options)
}

/// Refuses a folder that has a store or other files; what a crash while making a store left is neither.
fn check_is_free(disk: &dyn Disk, path: &Path) -> Result<()> {
    let listed = disk.list("").map_err(|cause| Error::io_at("list the folder", path, cause))?;
    let mut names: Vec<String> = listed.into_iter().map(|listed| listed.name).collect();
    names.sort_unstable();
    if names.iter().any(|name| name == format::FILE) {
        return Err(Error::already_exists("store", path.display()));
    }
    let ours = |name: &str| matches!(name, "LOCK" | "log" | "objects" | "FORMAT.new" | log::RESERVE);
    // A log with anything in it is that of a store that has lost its FORMAT, and not to be written over.
    let first = file_name(1);
    let has_groups = disk.open(&first).and_then(|file| file.len()).is_ok_and(|len| len > FILE_HEAD_LEN);
    match names.into_iter().find(|name| !ours(name)).or(has_groups.then_some(first)) {
        None => Ok(()),
        Some(other) => {
            let found = format!("the folder is not empty, it has `{other}`");
            Err(Error::new(ErrorKind::StoreUnknown { path: path.display().to_string(), found }))
        }
    }
}

/// Writes an empty store; FORMAT comes last, and makes it one.
pub(super) fn make(disk: &dyn Disk, options: Options) -> Result<()> {
    let format = Format::random()?;
    objects::create_folders(disk)?;
    Log::create(disk, format.store, options.reserve_len)?;
    format.write(disk)
}

/// Opens a store on a real disk.
pub(super) fn open(path: &Path, access: Access, options: Options) -> Result<LocalStore> {
    let disk = Arc::new(RealDisk::new(path));
    // Before the lock, so that no file is made in a folder that is no store.
    let format = Format::read(&*disk)?;
    match access {
        Access::Own => {
            let lock = Lock::take(path, options.wait)?;
            own(disk, Some(lock), options)
        }
        Access::Read => read(disk, format, options),
    }
}

/// Opens a store for reading.
pub(super) fn read(disk: Arc<dyn Disk>, format: Format, options: Options) -> Result<LocalStore> {
    let (core, reader) = Reader::open(disk, format, options)?;
    Ok(LocalStore { core, role: Role::Reader(reader) })
}

/// Opens a store whose lock is ours.
pub(super) fn own(disk: Arc<dyn Disk>, lock: Option<Lock>, options: Options) -> Result<LocalStore> {
    let format = Format::read(&*disk)?;
    let key = Key::of_store(&format.store);
    let files = Arc::new(Files::default());
    let chain = Chain::find(&*disk, &files, &format.store)?;
    let mark = disk.open(log::MARK).ok().and_then(|file| read_mark(&*file, &key));
    let vouched = mark.map_or(0, |mark| mark.seq);
    let scan = Scan { files: &files, key, vouched, whole: true, limit: u64::MAX };
    let (index, end) = match disk.real_path() {
        None => memory_index(&files, &chain, &scan)?,
        Some(path) => match sled_index(path, &format, &chain, &scan)? {
            Some(made) => made,
            None => memory_index(&files, &chain, &scan)?,
        },
    };
    objects::remove_temporary(&*disk)?;
    let limits = (options.rotate_at, options.reserve_len);
    let log = Log::open(Arc::clone(&disk), (key, format.store), Arc::clone(&files), &chain, end, limits)?;
    let core = Core::new(disk, format, options, files, index);
    Ok(LocalStore { core, role: Role::Owner(Box::new(Owner::new(log, lock))) })
}

type Made = (Arc<dyn Index>, Applied);

fn memory_index(files: &Arc<Files>, chain: &Chain, scan: &Scan<'_>) -> Result<Made> {
    let index = MemoryIndex::new(Arc::clone(files), chain.start());
    let end = scan.run(chain.start(), &mut |group| index.apply(&group.entries()?, group.applied()))?;
    Ok((Arc::new(index), end))
}

/// Opens sled and brings it up to the log's end; `None` when it cannot be used at all.
fn sled_index(store: &Path, format: &Format, chain: &Chain, scan: &Scan<'_>) -> Result<Option<Made>> {
    match SledIndex::open(store, &format.store, chain.start()).and_then(|index| catch_up(index, chain, scan)) {
        Ok(Some(made)) => return Ok(Some(made)),
        Ok(None) => tracing::warn!("the index disagrees with the log, and is made again from it"),
        Err(error) if !is_of_index(&error) => return Err(error),
        Err(error) => tracing::warn!("the index is made again from the log: {error}"),
    }
    let again = index_sled::remove(store)
        .and_then(|()| SledIndex::open(store, &format.store, chain.start()))
        .and_then(|index| catch_up(index, chain, scan));
    match again {
        Ok(made) => Ok(made),
        Err(error) if is_of_index(&error) => {
            tracing::warn!("there is no index on the disk, so the whole log is read: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Applies what the index does not have yet; `None` when it does not belong to this log.
fn catch_up(index: SledIndex, chain: &Chain, scan: &Scan<'_>) -> Result<Option<Made>> {
    let from = index.applied();
    if !agrees(from, chain, scan)? {
        let end = scan.run(chain.start(), &mut |_| Ok(()))?;
        if from.file >= chain.start().file && from.seq > end.seq {
            // The index is written after the log was synced: it cannot be ahead of what the disk had.
            let why = format!("it ends with group {}, but group {} was acknowledged", end.seq, from.seq);
            return Err(Error::corrupt("the log", why));
        }
        return Ok(None);
    }
    let end = scan.run(from, &mut |group| index.apply(&group.entries()?, group.applied()))?;
    Ok(Some((Arc::new(index), end)))
}

fn agrees(applied: Applied, chain: &Chain, scan: &Scan<'_>) -> Result<bool> {
    let Some(head) = chain.heads.iter().find(|head| head.number == applied.file) else {
        return Ok(false);
    };
    if applied.start == applied.end {
        return Ok(applied == Applied::before(head));
    }
    let Some(file) = scan.files.get(applied.file) else {
        return Ok(false);
    };
    let mut reader = GroupReader::new(file, applied.file, scan.key);
    let group = reader.read(applied.start, false).map_err(|cause| Error::io("read the store's log", cause))?;
    Ok(group.is_some_and(|group| group.applied() == applied))
}

/// Whether an error is the index's own, so that making it anew may help.
fn is_of_index(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Corrupt { what, .. } => what == index_sled::WHAT,
        ErrorKind::Io { action } | ErrorKind::NoSpace { what: action } => action.contains(index_sled::WHAT),
        _ => false,
    }
}
