//! A draft that is mounted to be written: where its mount works, and how to ask that mount for it.
//!
//! Between two snapshots the mount alone knows what was written. Whoever is
//! about to look at the draft asks for a snapshot first.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use crate::model::{BranchName, DatasetName, Id, RefName, WriterName};
use crate::{Error, ErrorKind, Result};

/// How often a mount is asked that does not answer, and the pause between.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// The folder in which a writable mount of one draft works.
#[derive(Clone, Debug)]
pub struct MountedDraft {
    folder: PathBuf,
}

impl MountedDraft {
    /// The lock that a living mount holds; its text says which mount that is.
    pub const LOCK: &str = "lock";
    /// The socket on which it listens.
    pub const SOCKET: &str = "control.sock";
    /// What it wrote down, as long as that is not in the store.
    pub const JOURNAL: &str = "journal";
    /// What to send for a snapshot; the answer is `ok`, or `error` and why.
    pub const SNAPSHOT: &str = "snapshot";

    /// Of the draft that `writer` has on `branch`, in the store in the folder `store`.
    pub fn new(store: &Path, dataset: &DatasetName, branch: &BranchName, writer: &WriterName) -> MountedDraft {
        let name = Id::of(RefName::draft(dataset, branch, writer).as_str().as_bytes()).to_hex();
        MountedDraft { folder: store.join("drafts").join(&name[..32]) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a mount that is dead now left something that is not in the store.
    pub fn was_left(&self) -> bool {
        self.folder.join(Self::JOURNAL).exists() && !self.is_mounted()
    }

    /// Whether a living mount works there.
    pub fn is_mounted(&self) -> bool {
        let Ok(lock) = File::open(self.folder.join(Self::LOCK)) else { return false };
        matches!(rustix::fs::flock(&lock, FlockOperation::NonBlockingLockShared), Err(Errno::WOULDBLOCK))
    }

    /// Has the mount, if there is one, put into the store what was written up to now; returns whether there is one.
    ///
    /// The mount needs the store for that: whoever asks must not own it.
    ///
    /// # Errors
    /// `Io` with what the mount answered, when it could not.
    pub fn snapshot(&self) -> Result<bool> {
        let failed = |cause: io::Error| Error::io("ask the writable mount for its changes", cause);
        let mut tries = 0;
        let answer = loop {
            if !self.is_mounted() {
                return Ok(false);
            }
            match self.ask(Self::SNAPSHOT) {
                Ok(answer) => break answer,
                // It listens a moment after it has the lock, and has the lock a moment after it was killed.
                Err(cause) if tries == TRIES => return Err(failed(cause)),
                Err(_) => tries += 1,
            }
            std::thread::sleep(PAUSE);
        };
        match answer.split_once(' ') {
            _ if answer == "ok" => Ok(true),
            Some(("error", why)) => Err(Error::new(ErrorKind::Io {
                action: format!("put what was written through the mount into the store: {why}"),
            })),
            _ => Err(failed(io::Error::new(io::ErrorKind::InvalidData, format!("it answered {answer:?}")))),
        }
    }

    fn ask(&self, what: &str) -> io::Result<String> {
        // A socket's path may have 107 bytes, a store's path may have more.
        let folder = File::open(&self.folder)?;
        let path = format!("/proc/self/fd/{}/{}", folder.as_raw_fd(), Self::SOCKET);
        let mut stream = UnixStream::connect(path)?;
        writeln!(stream, "{what}")?;
        let mut answer = String::new();
        if BufReader::new(stream).read_line(&mut answer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(answer.trim_end().to_owned())
    }
}
