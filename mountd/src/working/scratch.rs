//! The scratch files: the bytes of every file that was written, one real file each.
//!
//! They are ordinary files, so whatever the file system below can do, holes,
//! preallocation, shared extents, the mount can do too.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Stat, Timespec, Timestamps};
use veneer::dataset::Content;

/// Bytes that are copied at a time.
const COPY_LEN: usize = 1 << 30;

/// What `statfs` says of a file system in memory.
const TMPFS: i64 = 0x0102_1994;

/// The folder of scratch files.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    folder: File,
    tells_of_stores: bool,
}

/// What tells one content of a scratch file from another, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    size: i64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// The stamp of a scratch file that looks like this.
    pub fn of(stat: &Stat) -> Stamp {
        Stamp {
            size: stat.st_size,
            modified: (stat.st_mtime, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime, stat.st_ctime_nsec as i64),
        }
    }

    /// When its content was modified last, in nanoseconds since 1970-01-01 UTC.
    pub fn modified_ns(&self) -> i64 {
        nanoseconds(self.modified.0, self.modified.1)
    }

    /// When it was changed last, in nanoseconds since 1970-01-01 UTC.
    pub fn changed_ns(&self) -> i64 {
        nanoseconds(self.changed.0, self.changed.1)
    }
}

/// A time as one number.
pub fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

/// A time as the system has it.
pub fn timespec(ns: i64) -> Timespec {
    Timespec { tv_sec: ns.div_euclid(1_000_000_000), tv_nsec: ns.rem_euclid(1_000_000_000) as _ }
}

impl Scratch {
    /// Opens the folder, which is made if it is not there.
    pub fn open(path: &Path) -> io::Result<Scratch> {
        fs::create_dir_all(path)?;
        let folder = File::open(path)?;
        // The type's width and sign differ between architectures.
        #[allow(clippy::unnecessary_cast)]
        let tells_of_stores = rustix::fs::fstatfs(&folder)?.f_type as i64 != TMPFS;
        Ok(Scratch { path: path.to_owned(), folder, tells_of_stores })
    }

    fn file(&self, number: u64) -> PathBuf {
        self.path.join(number.to_string())
    }

    /// Makes a new, empty file.
    pub fn create(&self, number: u64) -> io::Result<File> {
        // A file that a killed daemon made and never spoke of may be there.
        OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(self.file(number))
    }

    /// Opens a file.
    pub fn open_file(&self, number: u64) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.file(number))
    }

    /// What the system tells of a file.
    pub fn stat(&self, number: u64) -> io::Result<Stat> {
        Ok(rustix::fs::statat(&self.folder, number.to_string(), AtFlags::empty())?)
    }

    /// Writes back what is dirty of a file, so that the next store to a mapped page is seen as a modification.
    pub fn write_back(&self, number: u64) -> io::Result<()> {
        let file = self.open_file(number)?;
        let flags = libc::SYNC_FILE_RANGE_WAIT_BEFORE | libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
        // SAFETY: the call reads its numbers only; the descriptor is open.
        if unsafe { libc::sync_file_range(file.as_raw_fd(), 0, 0, flags) } < 0 {
            let error = io::Error::last_os_error();
            // Where there is nothing to write back to, there is nothing that tells of stores either.
            return if error.raw_os_error() == Some(libc::ESPIPE) { Ok(()) } else { Err(error) };
        }
        Ok(())
    }

    /// Whether a store to a mapped page that was written back moves the file's times: not on a tmpfs, which has no
    /// writing back.
    pub fn tells_of_stores(&self) -> bool {
        self.tells_of_stores
    }

    /// Removes a file.
    pub fn remove(&self, number: u64) {
        // One that stays is removed when the draft is opened again.
        let _ = rustix::fs::unlinkat(&self.folder, number.to_string(), AtFlags::empty());
    }

    /// Removes all files but those that `keep` wants.
    pub fn sweep(&self, keep: impl Fn(u64) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.parse().ok());
            if number.is_none_or(|number| !keep(number)) {
                fs::remove_file(self.path.join(name))?;
            }
        }
        Ok(())
    }

    /// The file that stands for the folder, for what is asked of the whole file system.
    pub fn folder(&self) -> &File {
        &self.folder
    }
}

/// Copies the whole content to a new file: shared extents if the file system can, else by the kernel, else by hand.
///
/// `is_source`: its bytes are those of a file of the source. A blob's are copied by hand, which checks them.
pub fn materialize(content: &Content, to: &File, is_source: bool) -> veneer::Result<()> {
    if let Some(from) = content.file().filter(|_| is_source) {
        if rustix::fs::ioctl_ficlone(to, from).is_ok() {
            return check_whole(content, to);
        }
        if copy_by_kernel(from, to, content.len()) {
            return check_whole(content, to);
        }
    }
    copy_by_hand(content, to)
}

fn copy_by_hand(content: &Content, to: &File) -> veneer::Result<()> {
    to.set_len(0).map_err(failed)?;
    content.copy_to(&mut &*to).map(|_| ())
}

fn failed(cause: io::Error) -> veneer::Error {
    veneer::Error::io("copy a file that is about to be written", cause)
}

/// What was copied behind the content's back must still be what was recorded.
fn check_whole(content: &Content, to: &File) -> veneer::Result<()> {
    // One byte read through the content has it checked against the record, after the copy.
    let mut byte = [0];
    content.read_at(&mut byte, 0)?;
    if to.metadata().map_err(failed)?.len() == content.len() {
        return Ok(());
    }
    copy_by_hand(content, to)
}

fn copy_by_kernel(from: &File, to: &File, len: u64) -> bool {
    let (mut at, mut out) = (0, 0);
    while at < len {
        let wanted = usize::try_from(len - at).unwrap_or(COPY_LEN).min(COPY_LEN);
        match rustix::fs::copy_file_range(from, Some(&mut at), to, Some(&mut out), wanted) {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    true
}

/// Sets the times of a scratch file.
pub fn set_times(file: impl AsFd, accessed: i64, modified: i64) -> io::Result<()> {
    let times = Timestamps { last_access: timespec(accessed), last_modification: timespec(modified) };
    Ok(rustix::fs::futimens(file, &times)?)
}
