//! The unchanged data: a folder that is read and never written.
//!
//! A [`Source`] holds its folder by a descriptor and opens what is beneath it
//! without following a link, so nothing outside of the folder can be reached
//! through it. It has no method that writes, and it leaves access times alone
//! where the system lets it. What a source *was* is recorded by a
//! [`base`](crate::base); what it *is* is asked here, and a file that is no
//! longer what was recorded is refused rather than served.

mod attributes;
mod beneath;
mod covered;
mod listing;
mod mounts;
mod scan;
mod walk;

#[cfg(test)]
pub(crate) mod planted;
#[cfg(test)]
mod source_tests;
#[cfg(test)]
mod walk_tests;

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat, readlinkat};
use rustix::io::Errno;

pub use covered::ASK as ASK_FOR_SOURCE;
pub use mounts::is_veneer_mount;
pub use scan::{Part, Parts, Progress, Scan, ScanOptions, Tree};

use crate::model::{DataPath, Entry};
use crate::{Error, ErrorKind, Result};

/// What to do with a source file that is not what the base recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnDrift {
    /// Refuse it with `SourceChanged`.
    #[default]
    Error,
    /// Serve what is there now.
    Serve,
}

/// Whether `folder`, an absolute path that need not exist yet, is `source` or lies in it; `source` has no links.
///
/// A store within its own source would be a part of the data, and change it.
pub fn holds(source: &Path, folder: &Path) -> bool {
    // What counts is where it would be.
    let nearest = folder.ancestors().find_map(|path| path.canonicalize().ok().map(|real| (path, real)));
    nearest.is_some_and(|(path, real)| {
        let rest = folder.strip_prefix(path).unwrap_or(Path::new(""));
        real.join(rest).starts_with(source)
    })
}

/// A folder, held by a descriptor: it stays reachable when something is mounted over its path.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    folder: File,
    /// Whether the system still lets us leave access times alone; only an owner of the files may.
    noatime: AtomicBool,
}

impl Source {
    /// Opens the folder at the absolute path `path`; beneath a mount over its own source, the source.
    ///
    /// # Errors
    /// `Invalid` for a relative path, `NotFound` or `NotAFolder` for what is no folder, `SourceUnusable` for one in
    /// a mount of Veneer whose source beneath cannot be had.
    pub fn open(path: &Path) -> Result<Source> {
        if !path.is_absolute() {
            return Err(Error::invalid("source", &path.display().to_string(), "a source has an absolute path"));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(CWD, path, flags, Mode::empty()) {
            Ok(folder) => {
                if let Some(beneath) = covered::folder_beneath(path, &folder) {
                    return Ok(Source::held(path, beneath));
                }
                if is_veneer_mount(&folder)? {
                    // What is seen here is a revision's: to read it as the source would give wrong bytes.
                    let why = "it lies in a mount of Veneer, whose daemon does not hand it over".to_owned();
                    let path = path.display().to_string();
                    return Err(Error::new(ErrorKind::SourceUnusable { path, why, parts: Vec::new() }));
                }
                Ok(Source::held(path, folder))
            }
            Err(Errno::NOENT) => Err(Error::not_found("source folder", path.display())),
            Err(Errno::NOTDIR) => Err(Error::new(ErrorKind::NotAFolder { path: path.display().to_string() })),
            Err(cause) => Err(Error::io_at("open", path, cause)),
        }
    }

    /// Takes a folder that is open already, with `O_PATH` or for reading; `path` is what it is called.
    ///
    /// For a mount over the source's own path, which holds the folder from before.
    pub fn from_fd(folder: OwnedFd, path: &Path) -> Result<Source> {
        let stat = fstat(&folder).map_err(|cause| Error::io_at("read", path, cause))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Ok(Source::held(path, folder)),
            _ => Err(Error::new(ErrorKind::NotAFolder { path: path.display().to_string() })),
        }
    }

    fn held(path: &Path, folder: OwnedFd) -> Source {
        Source { path: path.to_owned(), folder: File::from(folder), noatime: AtomicBool::new(true) }
    }

    /// The folder itself, to be handed on to another process.
    pub fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    /// Its path, as it was imported.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file for reading, without following any link, and never outside of the folder.
    ///
    /// # Errors
    /// `SourceChanged` when it vanished or is no regular file, whatever `drift` says; and when its
    /// size or mtime are not those of `recorded` and `drift` is `Error`.
    pub fn open_file(&self, path: &DataPath, recorded: &Entry, drift: OnDrift) -> Result<File> {
        // Without NONBLOCK, a pipe that has taken the file's place would hold us for ever.
        match self.open_beneath(path, OFlags::RDONLY | OFlags::NONBLOCK) {
            Ok(file) => self.checked(file, path, recorded, drift),
            Err(cause) => Err(self.open_failed(path, cause)),
        }
    }

    /// As [`Source::open_file`], but without waiting for a disk: `None` where that takes [`Source::open_file`].
    pub fn try_open_cached(&self, path: &DataPath, recorded: &Entry, drift: OnDrift) -> Result<Option<File>> {
        let flags = self.quietly(OFlags::RDONLY | OFlags::NONBLOCK);
        match beneath::open_cached(self.folder.as_fd(), path, flags) {
            Ok(file) => self.checked(file, path, recorded, drift).map(Some),
            Err(Errno::AGAIN | Errno::PERM) => Ok(None),
            Err(cause) => Err(self.open_failed(path, cause)),
        }
    }

    /// What an entry is now; `None` where there is none, or none that a dataset can have.
    pub fn stat(&self, path: &DataPath) -> Result<Option<Entry>> {
        match beneath::open(self.folder.as_fd(), path, OFlags::PATH).and_then(|entry| fstat(&entry)) {
            Ok(stat) => Ok(attributes::entry(&stat).ok()),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(cause) => Err(self.failed(path, cause)),
        }
    }

    /// What a symbolic link points to, as written.
    ///
    /// # Errors
    /// `SourceChanged` when there is no link.
    pub fn link_target(&self, path: &DataPath) -> Result<Vec<u8>> {
        let link = beneath::open(self.folder.as_fd(), path, OFlags::PATH);
        match link.and_then(|link| readlinkat(&link, c"", Vec::new())) {
            Ok(target) => Ok(target.into_bytes()),
            // What readlink says of an open file that is no link is either of these.
            Err(Errno::INVAL | Errno::NOENT) if self.stat(path)?.is_some() => Err(changed(path, "it is no link now")),
            Err(cause) => Err(self.open_failed(path, cause)),
        }
    }

    /// Walks the whole source, with several threads, and returns what is in it.
    ///
    /// Links are recorded, never followed; what is mounted below is walked too.
    ///
    /// # Errors
    /// `SourceUnusable` when it is empty, a Veneer mount, or unreadable in parts that are not to be
    /// skipped; `SourceChanged` when it changes meanwhile; `Interrupted` when cancelled.
    pub fn scan(&self, options: &ScanOptions<'_>) -> Result<Scan> {
        walk::scan(self, *options)
    }

    /// Opens an entry of the source, leaving its access time alone if that is allowed.
    fn open_beneath(&self, path: &DataPath, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let quietly = self.quietly(flags);
        match beneath::open(self.folder.as_fd(), path, quietly) {
            Err(Errno::PERM) if quietly.contains(OFlags::NOATIME) => {
                self.noatime.store(false, Ordering::Relaxed);
                beneath::open(self.folder.as_fd(), path, flags)
            }
            result => result,
        }
    }

    fn quietly(&self, flags: OFlags) -> OFlags {
        if self.noatime.load(Ordering::Relaxed) { flags | OFlags::NOATIME } else { flags }
    }

    fn checked(&self, file: OwnedFd, path: &DataPath, recorded: &Entry, drift: OnDrift) -> Result<File> {
        let stat = fstat(&file).map_err(|cause| self.failed(path, cause))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(changed(path, "it is no regular file now"));
        }
        if drift == OnDrift::Serve {
            return Ok(File::from(file));
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        if size != recorded.size {
            return Err(changed(path, format!("it has {size} bytes, {} were recorded", recorded.size)));
        }
        if attributes::mtime_ns(&stat) != recorded.mtime_ns {
            return Err(changed(path, "it was modified after it was recorded, or its time was set"));
        }
        Ok(File::from(file))
    }

    fn open_failed(&self, path: &DataPath, cause: Errno) -> Error {
        match cause {
            Errno::NOENT | Errno::NOTDIR => changed(path, "it is gone"),
            Errno::LOOP => changed(path, "a link is there now"),
            // What opening a socket, or a pipe or device that nobody serves, says.
            Errno::NXIO | Errno::NODEV => changed(path, "it is no regular file now"),
            cause => self.failed(path, cause),
        }
    }

    fn failed(&self, path: &DataPath, cause: Errno) -> Error {
        Error::io_at("read", &self.path.join(path.as_os()), cause)
    }
}

fn changed(path: &DataPath, how: impl Into<String>) -> Error {
    Error::new(ErrorKind::SourceChanged { path: path.to_string(), how: how.into() })
}
