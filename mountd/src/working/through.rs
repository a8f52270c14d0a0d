//! Passthrough: the kernel reads and writes scratch files by itself, at the speed of the file system below.
//!
//! It takes root, and a kernel that has it. All who have an inode open at one
//! time must have it the same way, so the first to open it decides; where
//! passthrough cannot be had, reads and writes come through here.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fuser::BackingId;
use tracing::info;

use super::Working;
use super::record::Ino;

/// How the open files are read and written.
#[derive(Debug, Default)]
pub struct Through {
    is_on: AtomicBool,
    /// Whether it was had once: then a refusal is of one file, not of all.
    was_had: AtomicBool,
    ways: Mutex<HashMap<Ino, Way>>,
}

/// How one inode is read and written by all who have it open.
#[derive(Debug)]
struct Way {
    count: u32,
    backing: Option<Backing>,
}

#[derive(Clone, Debug)]
struct Backing {
    id: Arc<BackingId>,
    /// The scratch file, whose bytes change behind our back.
    number: u64,
}

impl Through {
    /// Uses passthrough where it can be had.
    pub fn turn_on(&self) {
        self.is_on.store(true, Ordering::Relaxed);
    }

    /// Whether passthrough is used at all.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    fn ways(&self) -> MutexGuard<'_, HashMap<Ino, Way>> {
        self.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody has opened a file; returns what to tell the kernel, or nothing for reads and writes through here.
    pub fn open(
        &self,
        working: &Working,
        ino: Ino,
        writes: bool,
        register: impl FnOnce(&File) -> io::Result<BackingId>,
    ) -> Option<Arc<BackingId>> {
        if let Some(way) = self.ways().get_mut(&ino) {
            way.count += 1;
            return way.backing.as_ref().map(|backing| Arc::clone(&backing.id));
        }
        // Without the lock: this may copy a whole file.
        let backing = self.is_on().then(|| self.register(working, ino, writes, register)).flatten();
        let mut ways = self.ways();
        let way = ways.entry(ino).or_insert_with(|| {
            if let Some(backing) = &backing {
                working.begin_live(backing.number);
            }
            Way { count: 0, backing }
        });
        way.count += 1;
        way.backing.as_ref().map(|backing| Arc::clone(&backing.id))
    }

    fn register(
        &self,
        working: &Working,
        ino: Ino,
        writes: bool,
        register: impl FnOnce(&File) -> io::Result<BackingId>,
    ) -> Option<Backing> {
        let scratch = working.direct(ino, writes)?;
        match register(scratch.file()) {
            Ok(id) => {
                self.was_had.store(true, Ordering::Relaxed);
                Some(Backing { id: Arc::new(id), number: scratch.number() })
            }
            Err(error) => {
                if !self.was_had.load(Ordering::Relaxed) {
                    info!(%error, "there is no passthrough here: {error}");
                    self.is_on.store(false, Ordering::Relaxed);
                }
                None
            }
        }
    }

    /// Somebody has closed a file.
    pub fn close(&self, working: &Working, ino: Ino) {
        let mut ways = self.ways();
        let Some(way) = ways.get_mut(&ino) else { return };
        way.count -= 1;
        if way.count > 0 {
            return;
        }
        let closed = ways.remove(&ino);
        drop(ways);
        if let Some(backing) = closed.and_then(|way| way.backing) {
            working.end_live(backing.number);
        }
    }
}
