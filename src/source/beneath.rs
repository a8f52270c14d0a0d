//! Opening what lies beneath a folder, with no link followed and no way out of it.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::{Errno, Result};

use crate::model::DataPath;

/// Whether this kernel, or its sandbox, was found to have no `openat2`.
static NO_OPENAT2: AtomicBool = AtomicBool::new(false);

/// Opens `path` beneath `root`. With `PATH` in `flags`, a link at the end is opened itself; else it is `ELOOP`.
pub(super) fn open(root: BorrowedFd<'_>, path: &DataPath, flags: OFlags) -> Result<OwnedFd> {
    if !NO_OPENAT2.load(Ordering::Relaxed) {
        match openat2(root, name_of(path), always(flags), Mode::empty(), resolve()) {
            Err(Errno::NOSYS) => NO_OPENAT2.store(true, Ordering::Relaxed),
            result => return result,
        }
    }
    open_stepwise(root, path, flags)
}

/// As [`open`], but only if the kernel has all of the path in memory; `AGAIN` if it has not, or cannot tell.
pub(super) fn open_cached(root: BorrowedFd<'_>, path: &DataPath, flags: OFlags) -> Result<OwnedFd> {
    match openat2(root, name_of(path), always(flags), Mode::empty(), resolve() | ResolveFlags::CACHED) {
        // An older kernel does not know the flag (INVAL) or the call.
        Err(Errno::NOSYS | Errno::INVAL) => Err(Errno::AGAIN),
        result => result,
    }
}

/// Opens one folder after the other: what `openat2` does in one call.
fn open_stepwise(root: BorrowedFd<'_>, path: &DataPath, flags: OFlags) -> Result<OwnedFd> {
    let mut names = path.components().peekable();
    let mut folder: Option<OwnedFd> = None;
    while let Some(name) = names.next() {
        let at = folder.as_ref().map_or(root, std::os::fd::AsFd::as_fd);
        if names.peek().is_none() {
            return openat(at, name, always(flags), Mode::empty());
        }
        folder = Some(openat(at, name, always(OFlags::PATH | OFlags::DIRECTORY), Mode::empty())?);
    }
    openat(root, c".", always(flags), Mode::empty())
}

/// The path as the system takes it: an empty one would be no path at all.
fn name_of(path: &DataPath) -> &[u8] {
    if path.is_root() { b"." } else { path.as_bytes() }
}

fn always(flags: OFlags) -> OFlags {
    flags | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn resolve() -> ResolveFlags {
    ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;

    /// The result of both ways to open `path` for reading, which must be the same.
    fn both(root: &File, path: &str) -> std::result::Result<(), Errno> {
        let path: DataPath = path.parse().expect("a path");
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let (at_once, stepwise) = (open(root.as_fd(), &path, flags), open_stepwise(root.as_fd(), &path, flags));
        assert_eq!(at_once.as_ref().map(drop).map_err(|e| *e), stepwise.map(drop), "{path}");
        at_once.map(drop)
    }

    #[test]
    fn files_beneath_are_opened_and_links_are_not_followed() {
        let top = tempfile::tempdir().expect("a folder");
        let at = |name: &str| top.path().join(name);
        std::fs::create_dir_all(at("a/b")).expect("folders");
        std::fs::write(at("a/b/file"), "x").expect("a file");
        std::os::unix::fs::symlink("b", at("a/inside")).expect("a link");
        std::os::unix::fs::symlink("/etc", at("outside")).expect("a link");
        std::os::unix::fs::symlink("a/b/file", at("link")).expect("a link");
        let root = File::open(top.path()).expect("the folder");

        for path in ["", "a", "a/b/file"] {
            assert_eq!(both(&root, path), Ok(()), "{path}");
        }
        assert_eq!(both(&root, "link"), Err(Errno::LOOP));
        for path in ["a/inside/file", "outside/passwd"] {
            let path: DataPath = path.parse().expect("a path");
            assert_eq!(open(root.as_fd(), &path, OFlags::RDONLY).map(drop), Err(Errno::LOOP));
            assert_eq!(open_stepwise(root.as_fd(), &path, OFlags::RDONLY).map(drop), Err(Errno::NOTDIR));
        }
        assert_eq!(both(&root, "a/missing"), Err(Errno::NOENT));
        assert_eq!(both(&root, "a/b/file/x"), Err(Errno::NOTDIR));
    }
}
