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
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use fuser::{BackingId, InitFlags, KernelConfig};
use rustix::fs::MemfdFlags;

use crate::inode::Number;

/// From how many bytes on a file is big: what an open costs is little beside reading it.
pub const BIG_LEN: u64 = 1 << 20;
/// The handle of whatever is not remembered.
pub const FORGOTTEN: u64 = 0;
/// Closes a backing id: `_IOW(229, 2, u32)`.
const BACKING_CLOSE: libc::Ioctl = 0x4004_e502;
/// What `statfs` says of overlayfs, on which containers stand.
const OVERLAYFS: i64 = 0x794c_7630;

/// How the kernel reads an open file.
#[derive(Debug)]
pub enum Way<B> {
    /// By itself, from the file behind the id.
    Passthrough(Arc<B>),
    /// Through the page cache of the mount.
    Cached,
    /// Through no cache: the only way that fits whatever another process opened it as.
    Direct,
}

impl<B> Clone for Way<B> {
    fn clone(&self) -> Self {
        match self {
            Way::Passthrough(id) => Way::Passthrough(Arc::clone(id)),
            Way::Cached => Way::Cached,
            Way::Direct => Way::Direct,
        }
    }
}

/// The big files that are open, and whether OPEN is answered at all.
#[derive(Debug)]
pub struct Opens<B = BackingId> {
    inodes: Mutex<HashMap<Number, Inode<B>>>,
    answered: AtomicBool,
    /// Whether a process before this one may have files open that this one knows nothing of.
    inherited: bool,
    /// The handle of what this process remembers: a process after it does not count its releases.
    handle: u64,
    /// How many file systems lie on each other below the mount.
    stack_depth: u32,
    refusal: OnceLock<String>,
}

#[derive(Debug)]
struct Inode<B> {
    way: Way<B>,
    handles: u64,
}

impl<B> Opens<B> {
    /// Answers OPEN, or lets the kernel open by itself; `below` are the folders whose files are read.
    pub fn new(answered: bool, below: &[&Path]) -> Opens<B> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let stacked = below.iter().any(|folder| rustix::fs::statfs(*folder).is_ok_and(|stat| stat.f_type == OVERLAYFS));
        Opens {
            inodes: Mutex::default(),
            answered: answered.into(),
            inherited: false,
            handle: since.as_nanos() as u64 | 1,
            // One if possible: somebody may want to lay an overlayfs over the mount.
            stack_depth: if stacked { 2 } else { 1 },
            refusal: OnceLock::new(),
        }
    }

    /// The same for a process that took over a mount: a big file may be open in a way that it was not told.
    #[must_use]
    pub fn inherited(self) -> Opens<B> {
        Opens { inherited: true, ..self }
    }

    /// Whether OPEN is answered.
    pub fn are_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Takes a handle of a big file; `choose` says how it is read if it is the only one.
    pub fn open(&self, number: Number, choose: impl FnOnce() -> Way<B>) -> (u64, Way<B>) {
        let mut inodes = self.inodes.lock().unwrap_or_else(PoisonError::into_inner);
        let first = || Inode { way: if self.inherited { Way::Direct } else { choose() }, handles: 0 };
        let inode = inodes.entry(number).or_insert_with(first);
        inode.handles += 1;
        (self.handle, inode.way.clone())
    }

    /// Gives a handle back.
    pub fn close(&self, number: Number, handle: u64) {
        if handle != self.handle {
            return;
        }
        let mut inodes = self.inodes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(inode) = inodes.get_mut(&number) else { return };
        inode.handles = inode.handles.saturating_sub(1);
        if inode.handles == 0 {
            inodes.remove(&number);
        }
    }

    /// Asks the kernel for what passthrough takes; must come from INIT.
    pub fn ask(&self, config: &mut KernelConfig) {
        // With it, what is opened past the cache can still be mapped.
        let _ = config.add_capabilities(InitFlags::FUSE_DIRECT_IO_ALLOW_MMAP);
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
            None => try_passthrough(device),
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
    // SAFETY: the call reads the id, which is ours and used by nobody.
    if unsafe { libc::ioctl(device.as_raw_fd(), BACKING_CLOSE, &raw const id) } < 0 {
        return Err(refused(io::Error::last_os_error()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_handles_of_an_inode_are_read_in_one_way_until_the_last_is_released() {
        let opens: Opens<u32> = Opens::new(true, &[]);
        let id = |way: &Way<u32>| match way {
            Way::Passthrough(id) => **id,
            other => panic!("{other:?}"),
        };
        let open = |choice| opens.open(Number(7), || Way::Passthrough(Arc::new(choice)));
        let (handle, way) = open(1);
        assert_eq!(id(&way), 1);
        assert_eq!(id(&open(2).1), 1, "a second backing id would be refused");
        opens.close(Number(7), handle);
        opens.close(Number(7), FORGOTTEN);
        opens.close(Number(8), handle);
        assert_eq!(id(&open(3).1), 1, "one handle was left");
        opens.close(Number(7), handle);
        opens.close(Number(7), handle);
        assert_eq!(id(&open(4).1), 4, "the last one was released");
    }

    #[test]
    fn who_takes_over_fits_whatever_is_open_and_counts_only_own_handles() {
        let before: Opens<u32> = Opens::new(true, &[]);
        let (old, _) = before.open(Number(7), || Way::Cached);
        std::thread::sleep(std::time::Duration::from_millis(1));
        let after: Opens<u32> = Opens::new(true, &[]).inherited();
        let (new, way) = after.open(Number(7), || Way::Cached);
        assert!(matches!(way, Way::Direct));
        after.close(Number(7), old);
        assert_eq!(after.inodes.lock().expect("sound").len(), 1, "the old process's handle is not ours");
        after.close(Number(7), new);
        assert!(after.inodes.lock().expect("sound").is_empty());
    }
}
