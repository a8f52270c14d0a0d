//! Open handles, where OPEN is answered: which files the kernel reads by itself.
//!
//! The kernel refuses (EIO) an inode that is opened in two ways at once, or
//! with two backing ids. So how an inode is read is fixed by its first handle
//! and held until its last is released. Small files need no memory here: they
//! are always read through the page cache of the mount.
//!
//! Nothing here opens a file; see [`crate::filesystem::FileSystem::open`].

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use fuser::{BackingId, InitFlags, KernelConfig};
use rustix::fs::MemfdFlags;
use tracing::warn;

use crate::inode::Number;
use crate::ledger::{Ledger, Line};

/// From how many bytes on a file is big: what an open costs is little beside reading it.
pub const BIG_LEN: u64 = 1 << 20;
/// The handle of whatever is not remembered.
pub const FORGOTTEN: u64 = 0;
/// The handle of what is.
pub const REMEMBERED: u64 = 1;
/// Closes a backing id: `_IOW(229, 2, u32)`.
const BACKING_CLOSE: libc::Ioctl = 0x4004_e502;
/// What `statfs` says of overlayfs, on which containers stand.
const OVERLAYFS: i64 = 0x794c_7630;

/// How the kernel reads an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By itself, from the file behind the id, which is never 0.
    Passthrough(u32),
    /// Through the page cache of the mount.
    Cached,
}

/// The big files that are open, and whether OPEN is answered at all.
#[derive(Debug)]
pub struct Opens {
    open: Mutex<Open>,
    answered: AtomicBool,
    /// How many file systems lie on each other below the mount.
    stack_depth: u32,
    refusal: OnceLock<String>,
    /// Where backing ids are closed.
    device: OnceLock<OwnedFd>,
}

#[derive(Debug, Default)]
struct Open {
    inodes: HashMap<Number, Inode>,
    /// `None` where OPEN is not answered.
    ledger: Option<Ledger>,
}

#[derive(Debug)]
struct Inode {
    way: Way,
    handles: u32,
    line: u64,
}

impl Open {
    fn note(&mut self, number: Number) {
        let (Some(ledger), Some(inode)) = (&mut self.ledger, self.inodes.get(&number)) else { return };
        let backing = match inode.way {
            Way::Passthrough(id) => id,
            Way::Cached => 0,
        };
        if let Err(error) = ledger.write(inode.line, Line { number, backing, handles: inode.handles }) {
            warn!(%error, inode = number.0, "whoever takes over will not know that a big file is open: {error}");
        }
    }
}

impl Opens {
    /// Answers OPEN, or lets the kernel open by itself; `below` are the folders whose files are read.
    pub fn new(answered: bool, below: &[&Path]) -> Opens {
        let stacked = below.iter().any(|folder| rustix::fs::statfs(*folder).is_ok_and(|stat| stat.f_type == OVERLAYFS));
        let ledger = match answered.then(Ledger::new) {
            Some(Err(error)) => {
                warn!(%error, "whoever takes over will not know which big files are open: {error}");
                None
            }
            ledger => ledger.and_then(Result::ok),
        };
        Opens {
            open: Mutex::new(Open { ledger, ..Open::default() }),
            answered: answered.into(),
            // One if possible: somebody may want to lay an overlayfs over the mount.
            stack_depth: if stacked { 2 } else { 1 },
            refusal: OnceLock::new(),
            device: OnceLock::new(),
        }
    }

    /// Goes on where a process before this one was ended, by its ledger; without one, OPEN was not answered.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn adopt(ledger: Option<OwnedFd>) -> io::Result<Opens> {
        let opens = Opens::new(false, &[]);
        if let Some(file) = ledger {
            let (ledger, lines) = Ledger::adopt(file)?;
            let way = |backing| if backing == 0 { Way::Cached } else { Way::Passthrough(backing) };
            let inode = |(line, found): (u64, Line)| {
                (found.number, Inode { way: way(found.backing), handles: found.handles, line })
            };
            *opens.lock() = Open { inodes: lines.into_iter().map(inode).collect(), ledger: Some(ledger) };
            opens.answered.store(true, Ordering::Relaxed);
        }
        Ok(opens)
    }

    /// A copy of the ledger's descriptor; `None` where OPEN is not answered.
    pub fn ledger(&self) -> Option<OwnedFd> {
        let open = self.lock();
        let ledger = open.ledger.as_ref().filter(|_| self.are_answered())?;
        ledger.as_fd().try_clone_to_owned().ok()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether OPEN is answered.
    pub fn are_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Takes a handle of a big file; `choose` says how it is read if it is the only one.
    pub fn open(&self, number: Number, choose: impl FnOnce() -> Way) -> Way {
        let mut open = self.lock();
        let Open { inodes, ledger } = &mut *open;
        let mut line = || ledger.as_mut().map_or(0, Ledger::take);
        let inode = inodes.entry(number).or_insert_with(|| Inode { way: choose(), handles: 0, line: line() });
        inode.handles += 1;
        let way = inode.way;
        open.note(number);
        way
    }

    /// Gives a handle back, after that was answered; returns the backing id that is of no use any more.
    pub fn close(&self, number: Number, handle: u64) -> Option<u32> {
        if handle != REMEMBERED {
            return None;
        }
        let mut open = self.lock();
        let inode = open.inodes.get_mut(&number)?;
        inode.handles = inode.handles.saturating_sub(1);
        let (way, is_last) = (inode.way, inode.handles == 0);
        open.note(number);
        if !is_last {
            return None;
        }
        open.inodes.remove(&number);
        match way {
            Way::Passthrough(id) => Some(id),
            Way::Cached => None,
        }
    }

    /// Has the kernel let go of the file behind a backing id.
    pub fn close_backing(&self, id: u32) {
        let Some(device) = self.device.get() else { return };
        if let Err(error) = close_backing(device, id) {
            warn!(%error, "the kernel keeps a file open for us that nobody reads: {error}");
        }
    }

    /// Says where backing ids are closed.
    pub fn attach(&self, device: BorrowedFd<'_>) -> io::Result<()> {
        let _ = self.device.set(device.try_clone_to_owned()?);
        Ok(())
    }

    /// Asks the kernel for what passthrough takes; must come from INIT.
    pub fn ask(&self, config: &mut KernelConfig) {
        let asked = config.add_capabilities(InitFlags::FUSE_PASSTHROUGH).is_ok();
        if !asked || config.set_max_stack_depth(self.stack_depth).is_err() {
            let _ = self.refusal.set("this kernel has no passthrough (6.9 is the first)".to_owned());
        }
    }

    /// Tries passthrough before the first request is answered; without it, OPEN is not answered either.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub fn settle(&self, device: BorrowedFd<'_>) -> Result<(), String> {
        if !self.are_answered() {
            return Ok(());
        }
        let refused = match self.refusal.get() {
            Some(why) => Err(why.clone()),
            None => try_passthrough(device).and_then(|()| self.attach(device).map_err(|error| error.to_string())),
        };
        self.answered.store(refused.is_ok(), Ordering::Relaxed);
        refused
    }
}

/// Has the kernel take a file as one that it reads by itself, and let go of it again.
pub fn try_passthrough(device: BorrowedFd<'_>) -> Result<(), String> {
    let refused = |error: io::Error| match error.raw_os_error() {
        Some(libc::EPERM) => "it takes CAP_SYS_ADMIN outside of any container".to_owned(),
        _ => format!("the kernel refuses it: {error}"),
    };
    let file = rustix::fs::memfd_create("veneer-probe", MemfdFlags::CLOEXEC).map_err(|error| refused(error.into()))?;
    let id = BackingId::create_raw(device, &file).map_err(refused)?;
    close_backing(device, id).map_err(refused)
}

/// Has the kernel let go of the file behind a backing id.
pub fn close_backing(device: impl AsFd, id: u32) -> io::Result<()> {
    // SAFETY: the call only reads the id.
    if unsafe { libc::ioctl(device.as_fd().as_raw_fd(), BACKING_CLOSE, &raw const id) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEVEN: Number = Number(7);

    #[test]
    fn all_handles_of_an_inode_are_read_in_one_way_until_the_last_is_released() {
        let opens = Opens::new(true, &[]);
        let open = |choice| opens.open(SEVEN, || Way::Passthrough(choice));
        assert_eq!(open(1), Way::Passthrough(1));
        assert_eq!(open(2), Way::Passthrough(1), "a second backing id would be refused");
        for (number, handle) in [(SEVEN, REMEMBERED), (SEVEN, FORGOTTEN), (Number(8), REMEMBERED)] {
            assert_eq!(opens.close(number, handle), None);
        }
        assert_eq!(open(3), Way::Passthrough(1), "one handle was left");
        assert_eq!([opens.close(SEVEN, REMEMBERED), opens.close(SEVEN, REMEMBERED)], [None, Some(1)]);
        assert_eq!(open(4), Way::Passthrough(4), "the last one was released");
    }

    #[test]
    fn who_takes_over_goes_on_with_the_handles_of_the_process_before() {
        let before = Opens::new(true, &[]);
        before.open(SEVEN, || Way::Passthrough(3));
        before.open(Number(8), || Way::Cached);
        before.open(Number(9), || Way::Passthrough(4));
        assert_eq!(before.close(Number(9), REMEMBERED), Some(4));
        let after = Opens::adopt(before.ledger()).expect("readable");
        assert!(after.are_answered());
        assert_eq!(after.open(SEVEN, || Way::Passthrough(5)), Way::Passthrough(3));
        assert_eq!(after.open(Number(8), || Way::Passthrough(6)), Way::Cached);
        assert_eq!(after.open(Number(9), || Way::Passthrough(7)), Way::Passthrough(7));
        assert_eq!([after.close(SEVEN, REMEMBERED), after.close(SEVEN, REMEMBERED)], [None, Some(3)]);
        assert!(!Opens::adopt(None).expect("nothing to read").are_answered());
    }
}
