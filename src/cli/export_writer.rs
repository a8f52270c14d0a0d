//! Writing the entries of a view into a folder: bytes, modes and times.
//!
//! Nothing outside of the folder is touched, and nothing in it is expected to be
//! there. A hard link shares the source's file, so no mode or time is ever set on one.

use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, linkat, utimensat};
use rustix::io::Errno;
use serde::Serialize;
use veneer::Error;
use veneer::dataset::{Content, Node, Place, View};
use veneer::model::{Entry, Kind};
use veneer::source::OnDrift;

use super::interrupt;
use super::progress::Progress;
use super::report::{Failure, Result};

/// How the bytes get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Link {
    /// Share blocks, or fail
    Reflink,
    /// Hard links to unchanged source files; copies of the rest
    Hard,
    /// Share blocks where that works, else copy
    Copy,
}

/// What was written, and how.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Counts {
    pub(super) files: u64,
    folders: u64,
    symlinks: u64,
    pub(super) bytes: u64,
    copied: u64,
    reflinked: u64,
    hard_linked: u64,
}

/// Writes the entries of a view, each folder before what is in it.
pub(super) struct Writer<'a> {
    view: &'a View,
    link: Link,
    stop: &'a AtomicBool,
    pub(super) counts: Counts,
    pub(super) progress: Progress,
    can_reflink: bool,
}

impl<'a> Writer<'a> {
    /// A writer that has written nothing yet, and ends with `Interrupted` once `stop` is set.
    pub(super) fn new(view: &'a View, link: Link, stop: &'a AtomicBool) -> Writer<'a> {
        let progress = Progress::new("exporting");
        Writer { view, link, stop, counts: Counts::default(), progress, can_reflink: true }
    }

    /// Writes everything into the folder `top`, which is empty.
    pub(super) fn all(&mut self, top: &Path) -> Result<()> {
        let root = self.view.root()?;
        let mut waiting = vec![root.clone()];
        let mut folders = vec![root];
        while let Some(folder) = waiting.pop() {
            for node in self.view.children(&folder)? {
                interrupt::check(self.stop)?;
                self.entry(top, &node)?;
                if node.is_folder() {
                    waiting.push(node.clone());
                    folders.push(node);
                }
            }
        }
        // Last and from below: a file in a folder changes its time, and a mode may forbid that.
        for folder in folders.iter().rev() {
            let path = place(top, folder);
            let restored = fs::set_permissions(&path, mode(&folder.entry))
                .and_then(|()| Ok(utimensat(CWD, &path, &times(&folder.entry), AtFlags::SYMLINK_NOFOLLOW)?));
            restored.map_err(|error| Error::io_at("restore the mode of", &path, error))?;
        }
        Ok(())
    }

    fn entry(&mut self, top: &Path, node: &Node) -> Result<()> {
        let path = place(top, node);
        let written = match node.entry.kind {
            Kind::Folder => {
                self.counts.folders += 1;
                fs::create_dir(&path)
            }
            Kind::Symlink => {
                self.counts.symlinks += 1;
                self.symlink(&path, node)?
            }
            Kind::File => return self.file(&path, node),
        };
        written.map_err(|error| Error::io_at("write", &path, error).into())
    }

    fn symlink(&self, path: &Path, node: &Node) -> Result<io::Result<()>> {
        let target = self.view.link_target(node)?;
        let made = symlink(std::ffi::OsStr::from_bytes(&target), path);
        Ok(made.and_then(|()| Ok(utimensat(CWD, path, &times(&node.entry), AtFlags::SYMLINK_NOFOLLOW)?)))
    }

    fn file(&mut self, path: &Path, node: &Node) -> Result<()> {
        let content = self.view.open(node, OnDrift::Error)?;
        self.counts.files += 1;
        self.counts.bytes += content.len();
        self.progress.at(self.counts.files, self.counts.bytes);
        if self.link == Link::Hard && self.is_as_in_source(node)? {
            hard_link(&content, path)?;
            self.counts.hard_linked += 1;
            return Ok(());
        }
        let failed = |error| Error::io_at("write", path, error);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        self.fill(&content, &mut file, path)?;
        let modified = system_time(node.entry.mtime_ns);
        file.set_permissions(mode(&node.entry)).map_err(failed)?;
        file.set_times(FileTimes::new().set_accessed(modified).set_modified(modified)).map_err(failed)?;
        Ok(())
    }

    /// Whether a hard link would have the right mode and time, which it shares with the source.
    fn is_as_in_source(&self, node: &Node) -> Result<bool> {
        match node.place {
            Place::Source { row } => Ok(self.view.base().entry(row)? == node.entry),
            _ => Ok(false),
        }
    }

    fn fill(&mut self, content: &Content, file: &mut File, path: &Path) -> Result<()> {
        if self.can_reflink && !content.is_empty() {
            match content.file().map(|from| rustix::fs::ioctl_ficlone(&*file, from)) {
                Some(Ok(())) => {
                    self.counts.reflinked += 1;
                    // A read checks that the file still was what the revision recorded.
                    content.read_at(&mut [0], 0)?;
                    return Ok(());
                }
                Some(Err(error)) if self.link == Link::Reflink => {
                    return Err(Failure::error(format!("cannot share blocks with `{}`: {error}", path.display()))
                        .hint(
                            "source and folder must be on one Btrfs or XFS file system; `--link copy` works everywhere",
                        ));
                }
                // Another file may be the store's, on another file system: only the source's answer counts for the rest.
                Some(Err(Errno::XDEV | Errno::OPNOTSUPP | Errno::NOTTY)) => self.can_reflink = false,
                Some(Err(_)) | None => {}
            }
        }
        self.counts.copied += 1;
        content.copy_to(file)?;
        Ok(())
    }
}

/// Links the very file that was opened and checked, whatever has its name by now.
fn hard_link(content: &Content, path: &Path) -> Result<()> {
    let Some(file) = content.file() else {
        return Err(Failure::error(format!("cannot link `{}`: it has no file of its own", path.display())));
    };
    let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, opened, CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(|error| {
        Failure::from(Error::io_at("make the hard link", path, error))
            .hint("source and folder must be on one file system, and the files yours; `--link copy` works everywhere")
    })
}

fn place(top: &Path, node: &Node) -> PathBuf {
    if node.path.is_root() { top.to_owned() } else { top.join(node.path.as_os()) }
}

/// The recorded mode without set-user-id and set-group-id: the files have another owner now.
fn mode(entry: &Entry) -> Permissions {
    Permissions::from_mode(entry.mode & 0o1777)
}

fn times(entry: &Entry) -> Timestamps {
    let time = Timespec {
        tv_sec: entry.mtime_ns.div_euclid(1_000_000_000),
        tv_nsec: entry.mtime_ns.rem_euclid(1_000_000_000) as _,
    };
    Timestamps { last_access: time, last_modification: time }
}

fn system_time(time_ns: i64) -> SystemTime {
    let distance = Duration::from_nanos(time_ns.unsigned_abs());
    if time_ns < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}
