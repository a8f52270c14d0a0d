//! The file LOCK: who owns the store.
//!
//! The kernel's lock on it is the only truth, and ends with its process,
//! however that ends. The text in it is for people.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use crate::{Error, ErrorKind, Result};

/// How long to sleep between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// The lock of a store, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of the store, waiting for at most `wait`.
    ///
    /// # Errors
    /// `StoreBusy`, with what the owner wrote into the file, when somebody else keeps it.
    pub(super) fn take(store: &Path, wait: Duration) -> Result<Lock> {
        let path = store.join("LOCK");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|cause| Error::io_at("open", &path, cause))?;
        let deadline = Instant::now() + wait;
        loop {
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) if Instant::now() >= deadline => return Err(busy(store, &path)),
                Err(Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
                Err(cause) => return Err(Error::io_at("lock", &path, io::Error::from(cause))),
            }
        }
        let text = format!("process {}{}\n", std::process::id(), own_name());
        // A full disk is no reason to refuse: the text is for people only.
        let _ = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
        Ok(Lock { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

fn own_name() -> String {
    fs::read_to_string("/proc/self/comm").map(|name| format!(" ({})", name.trim_end())).unwrap_or_default()
}

fn busy(store: &Path, lock: &Path) -> Error {
    let owner = match fs::read_to_string(lock) {
        Ok(text) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "another process".to_owned(),
    };
    Error::new(ErrorKind::StoreBusy { path: store.display().to_string(), owner })
}
