//! Open handles, and passthrough: the kernel reads and writes scratch files by itself, at the speed of the
//! file system below.
//!
//! Passthrough takes root, and a kernel that has it. All who have an inode open
//! at one time must have it the same way, so the first to open it decides; where
//! passthrough cannot be had, reads and writes come through here.
//!
//! A handle has the number of the request that opened it, and a line of a
//! [`ledger`], which outlives the process: so an opening that is
//! asked for again is not counted twice, nor a closing.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::{info, warn};

use super::Working;
use super::asked::Asked;
use super::record::Ino;
use crate::ledger::{self, Ledger};
use crate::opens::close_backing;

/// How the open files are read and written.
#[derive(Debug, Default)]
pub struct Through {
    is_on: AtomicBool,
    /// Whether it was had once: then a refusal is of one file, not of all.
    was_had: AtomicBool,
    open: Mutex<Open>,
    /// Where backing ids are closed.
    device: OnceLock<OwnedFd>,
}

#[derive(Debug, Default)]
struct Open {
    handles: HashMap<u64, Handle>,
    ways: HashMap<Ino, Way>,
    /// `None` where there is no memory for one.
    ledger: Option<Ledger<Line>>,
}

#[derive(Clone, Copy, Debug)]
struct Handle {
    ino: Ino,
    line: u64,
}

/// How one inode is read and written by all who have it open.
#[derive(Debug)]
struct Way {
    count: u32,
    backing: Option<Backing>,
}

#[derive(Clone, Copy, Debug)]
struct Backing {
    /// The kernel's number of the file, which is never 0.
    id: u32,
    /// The scratch file, whose bytes change behind our back.
    number: u64,
}

/// A file that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// What the kernel calls it.
    pub handle: u64,
    /// The file that the kernel reads and writes by itself; `None` where it asks here.
    pub backing: Option<u32>,
}

/// A handle as the ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    ino: Ino,
    handle: u64,
    backing: u32,
}

impl Line {
    const FREE: Line = Line { ino: Ino(0), handle: 0, backing: 0 };
}

impl ledger::Record for Line {
    const LEN: usize = 32;

    fn encode(&self, line: &mut [u8]) {
        line[..8].copy_from_slice(&self.ino.0.to_le_bytes());
        line[8..16].copy_from_slice(&self.handle.to_le_bytes());
        line[16..20].copy_from_slice(&self.backing.to_le_bytes());
    }

    fn decode(line: &[u8]) -> Line {
        let [ino, handle] = [&line[..8], &line[8..16]].map(ledger::long);
        Line { ino: Ino(ino), handle, backing: ledger::short(&line[16..20]) }
    }

    fn is_free(&self) -> bool {
        *self == Line::FREE
    }
}

impl Open {
    fn write(&mut self, at: u64, line: Line) {
        if let Some(ledger) = &mut self.ledger
            && let Err(error) = ledger.write(at, line)
        {
            warn!(%error, inode = line.ino.0, "whoever takes over will not know that a file is open: {error}");
        }
    }

    fn opening(&self, handle: u64, ino: Ino) -> Opening {
        let backing = self.ways.get(&ino).and_then(|way| way.backing);
        Opening { handle, backing: backing.map(|backing| backing.id) }
    }
}

impl Through {
    /// Nothing is open yet.
    pub fn new() -> Through {
        let ledger = Ledger::new();
        if let Err(error) = &ledger {
            warn!(%error, "whoever takes over will not know which files are open: {error}");
        }
        Through { open: Mutex::new(Open { ledger: ledger.ok(), ..Open::default() }), ..Through::default() }
    }

    /// Goes on where a process before this one was ended: what was open in `working` is.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn adopt(ledger: Option<OwnedFd>, working: &Working) -> io::Result<Through> {
        let Some(file) = ledger else { return Ok(Through::default()) };
        let (ledger, lines) = Ledger::adopt(file)?;
        let mut open = Open { ledger: Some(ledger), ..Open::default() };
        for (line, Line { ino, handle, backing }) in lines {
            if working.open_file(ino).is_err() {
                open.write(line, Line::FREE);
                continue;
            }
            open.handles.insert(handle, Handle { ino, line });
            let way = open.ways.entry(ino).or_insert_with(|| Way { count: 0, backing: None });
            way.count += 1;
            if let Some(number) = working.scratch_of(ino).filter(|_| backing != 0) {
                working.begin_live(number);
                way.backing = Some(Backing { id: backing, number });
            }
        }
        let was_had = open.ways.values().any(|way| way.backing.is_some());
        Ok(Through { was_had: was_had.into(), open: Mutex::new(open), ..Through::default() })
    }

    /// A copy of the ledger's descriptor.
    pub fn ledger(&self) -> Option<OwnedFd> {
        self.open().ledger.as_ref()?.as_fd().try_clone_to_owned().ok()
    }

    /// Says where backing ids are closed.
    pub fn attach(&self, device: BorrowedFd<'_>) -> io::Result<()> {
        let _ = self.device.set(device.try_clone_to_owned()?);
        Ok(())
    }

    /// Uses passthrough where it can be had.
    pub fn turn_on(&self) {
        self.is_on.store(true, Ordering::Relaxed);
    }

    /// Whether passthrough is used at all.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was opened by this very request, before a process was killed that did not come to say so.
    pub fn again(&self, asked: Asked) -> Option<Opening> {
        let open = self.open();
        let handle = asked.is_again.then(|| open.handles.get(&asked.number)).flatten()?;
        Some(open.opening(asked.number, handle.ino))
    }

    /// Somebody has opened a file; `register` makes a file known to the kernel.
    pub fn enter(
        &self,
        working: &Working,
        ino: Ino,
        writes: bool,
        asked: Asked,
        register: impl FnOnce(&File) -> io::Result<u32>,
    ) -> Opening {
        let is_open = self.open().ways.contains_key(&ino);
        // Without the lock: this may copy a whole file.
        let backing = (!is_open && self.is_on()).then(|| self.register(working, ino, writes, register)).flatten();
        let mut open = self.open();
        let is_first = !open.ways.contains_key(&ino);
        if let Some(backing) = backing {
            match is_first {
                true => working.begin_live(backing.number),
                // Somebody else was quicker, and has decided.
                false => self.close_backing(backing.id),
            }
        }
        let way = open.ways.entry(ino).or_insert(Way { count: 0, backing });
        way.count += 1;
        let handle = asked.number;
        let opening = open.opening(handle, ino);
        let line = open.ledger.as_mut().map_or(0, Ledger::take);
        open.write(line, Line { ino, handle, backing: opening.backing.unwrap_or(0) });
        open.handles.insert(handle, Handle { ino, line });
        opening
    }

    fn register(
        &self,
        working: &Working,
        ino: Ino,
        writes: bool,
        register: impl FnOnce(&File) -> io::Result<u32>,
    ) -> Option<Backing> {
        let scratch = working.direct(ino, writes)?;
        match register(scratch.file()) {
            Ok(id) => {
                self.was_had.store(true, Ordering::Relaxed);
                Some(Backing { id, number: scratch.number() })
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

    /// Somebody has closed a file; returns whether it was open.
    pub fn leave(&self, working: &Working, handle: u64) -> bool {
        let mut open = self.open();
        let Some(Handle { ino, line }) = open.handles.remove(&handle) else { return false };
        open.write(line, Line::FREE);
        let Some(way) = open.ways.get_mut(&ino) else { return true };
        way.count -= 1;
        if way.count > 0 {
            return true;
        }
        let closed = open.ways.remove(&ino);
        drop(open);
        if let Some(backing) = closed.and_then(|way| way.backing) {
            working.end_live();
            self.close_backing(backing.id);
        }
        true
    }

    fn close_backing(&self, id: u32) {
        let Some(device) = self.device.get() else { return };
        if let Err(error) = close_backing(device, id) {
            warn!(%error, "the kernel keeps a file open for us that nobody uses: {error}");
        }
    }
}
