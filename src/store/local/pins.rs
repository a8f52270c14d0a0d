//! Pins: what processes that only read want to be kept.
//!
//! A mount shows revisions that no ref may name any more. It pins them: a file
//! in the store's folder `pins` lists them, and the kernel's lock on that file
//! says that its process lives. Nobody needs to own the store for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as Io, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::format;
use crate::model::Id;
use crate::{Error, Result};

/// What a file under a name that does not count yet is called.
const NEW: &str = ".new";
/// The last line of a pin that is written whole.
const END: &str = "end ";
/// How often a pin is read that is being written at that moment.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(2);

/// Objects that a sweep keeps as long as this lives; the process's end, however it comes, ends it.
#[derive(Debug)]
pub struct Pin {
    /// `None` where this process cannot write into the store.
    file: Option<(PathBuf, File)>,
}

impl Pin {
    /// Pins `ids` in the store in the folder `store`; where this process cannot write, it only warns.
    ///
    /// A read-only store can be read all the same, and mostly nobody sweeps it. But another user, or another
    /// machine, may: then a view of a revision that no ref names can lose its objects.
    ///
    /// Whoever pins a revision that a ref names looks at the ref again afterwards: a sweep may have come
    /// between.
    ///
    /// # Errors
    /// `Io` when the pin cannot be written, `NoSpace` when the disk is full.
    pub fn new(store: &Path, ids: &[Id]) -> Result<Pin> {
        let folder = store.join("pins");
        match create(&folder, ids) {
            Ok(made) => Ok(Pin { file: Some(made) }),
            Err(cause) if matches!(cause.kind(), Io::ReadOnlyFilesystem | Io::PermissionDenied) => {
                tracing::warn!("nothing is pinned in `{}`, which cannot be written: {cause}", store.display());
                Ok(Pin { file: None })
            }
            Err(cause) => Err(Error::io_at("write a pin in", &folder, cause)),
        }
    }

    /// A copy of the descriptor that holds the lock: as long as one is open, in whatever process, the pin counts.
    ///
    /// `None` where the store cannot be written, or no descriptor is left.
    pub fn descriptor(&self) -> Option<OwnedFd> {
        let (_, file) = self.file.as_ref()?;
        file.as_fd().try_clone_to_owned().ok()
    }

    /// Goes on with the pin of a process that has ended, by what [`Pin::descriptor`] gave there.
    ///
    /// What it pins is not known before it is [updated](Pin::update).
    ///
    /// # Errors
    /// `Io` where `/proc` does not tell which file that is.
    pub fn adopt(descriptor: OwnedFd) -> Result<Pin> {
        let link = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
        let path = fs::read_link(&link).map_err(|cause| Error::io_at("read", Path::new(&link), cause))?;
        Ok(Pin { file: Some((path, File::from(descriptor))) })
    }

    /// Pins `ids` in place of what was pinned before.
    ///
    /// # Errors
    /// As for [`Pin::new`]; then what is pinned is not known, and a sweep refuses to begin.
    pub fn update(&mut self, ids: &[Id]) -> Result<()> {
        match &mut self.file {
            None => Ok(()),
            Some((path, file)) => write(file, ids).map_err(|cause| Error::io_at("write", path, cause)),
        }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.file {
            // If it stays, the next sweep removes it.
            let _ = fs::remove_file(path);
        }
    }
}

/// All that living processes have pinned; pins of dead ones are removed.
///
/// # Errors
/// `Corrupt` when a living process's pin cannot be understood.
pub fn pinned(store: &Path) -> Result<Vec<Id>> {
    let folder = store.join("pins");
    let failed = |cause| Error::io_at("read the pins in", &folder, cause);
    let listed = match fs::read_dir(&folder) {
        Err(cause) if cause.kind() == Io::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(failed)?,
    };
    let mut all = Vec::new();
    for entry in listed {
        let path = entry.map_err(failed)?.path();
        match File::open(&path) {
            Ok(file) => all.extend(living(&path, file)?),
            Err(cause) if cause.kind() == Io::NotFound => {}
            Err(cause) => return Err(failed(cause)),
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Reads a pin if its process lives, and removes it if not.
fn living(path: &Path, mut file: File) -> Result<Vec<Id>> {
    let is_new = path.extension().is_some_and(|extension| extension == &NEW[1..]);
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
        // A new one is locked only after it was made; it does not count before it has its name.
        Ok(()) if !is_new || is_old(&file) => {
            let _ = fs::remove_file(path);
            return Ok(Vec::new());
        }
        Ok(()) => return Ok(Vec::new()),
        Err(Errno::WOULDBLOCK) if is_new => return Ok(Vec::new()),
        Err(Errno::WOULDBLOCK) => {}
        Err(cause) => return Err(Error::io_at("lock", path, io::Error::from(cause))),
    }
    for _ in 0..TRIES {
        let mut text = String::new();
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text));
        if let Some(ids) = read.ok().and_then(|_| decode(&text)) {
            return Ok(ids);
        }
        std::thread::sleep(PAUSE);
    }
    Err(Error::corrupt(format_args!("`{}`", path.display()), "a living process wrote what is no pin"))
}

fn is_old(file: &File) -> bool {
    let age = file.metadata().and_then(|found| found.modified()).ok().and_then(|when| when.elapsed().ok());
    age.is_some_and(|age| age > Duration::from_secs(60))
}

fn create(folder: &Path, ids: &[Id]) -> io::Result<(PathBuf, File)> {
    match fs::create_dir(folder) {
        Err(cause) if cause.kind() != Io::AlreadyExists => return Err(cause),
        _ => {}
    }
    // Not the process's number: in containers that share a store, two may have the same.
    let name = format::hex(&format::random()?);
    let (path, new) = (folder.join(&name), folder.join(name + NEW));
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&new)?;
    let made = rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(io::Error::from)
        .and_then(|()| write(&mut file, ids))
        .and_then(|()| fs::rename(&new, &path));
    if made.is_err() {
        let _ = fs::remove_file(&new);
    }
    made.map(|()| (path, file))
}

fn write(file: &mut File, ids: &[Id]) -> io::Result<()> {
    let mut text: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let sum = Id::of(text.as_bytes());
    text.push_str(&format!("{END}{sum}\n"));
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

fn decode(text: &str) -> Option<Vec<Id>> {
    let (body, sum) = text.split_at(text.rfind(END)?);
    let is_whole = sum.strip_prefix(END)?.strip_suffix('\n')? == Id::of(body.as_bytes()).to_hex();
    is_whole.then(|| body.lines().map(|line| Id::from_hex(line).ok()).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_holds_until_it_is_dropped_or_its_process_ends() {
        let store = tempfile::tempdir().expect("a folder");
        let ids: Vec<Id> = (0..3u8).map(|n| Id::of(&[n])).collect();
        assert_eq!(pinned(store.path()).expect("none"), []);
        let mut pin = Pin::new(store.path(), &ids[..1]).expect("pinned");
        let other = Pin::new(store.path(), &ids[1..2]).expect("pinned");
        let sorted = |mut ids: Vec<Id>| {
            ids.sort_unstable();
            ids
        };
        assert_eq!(pinned(store.path()).expect("two"), sorted(ids[..2].to_vec()));
        pin.update(&ids[1..]).expect("updated");
        pin.update(&ids[2..]).expect("updated");
        drop(other);
        assert_eq!(pinned(store.path()).expect("one"), ids[2..]);
        // What a killed process leaves is the file without its lock.
        let left = store.path().join("pins/4-4");
        fs::copy(&pin.file.as_ref().expect("written").0, &left).expect("copied");
        assert_eq!(pinned(store.path()).expect("one"), ids[2..]);
        assert!(!left.exists(), "it was removed");
        drop(pin);
        assert_eq!(pinned(store.path()).expect("none"), []);
    }
}
