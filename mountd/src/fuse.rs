//! The kernel's protocol: decodes fuser's calls, calls the file system, replies.
//!
//! Nothing is decided here, but for which thread answers: what is cached is
//! answered by the thread that was asked, what may wait for a disk by the pool.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    Errno, FileAttr, FileHandle, FileType, FopenFlags, Generation, INodeNo, InitFlags, KernelConfig, LockOwner,
    Notifier, OpenFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEmpty, ReplyEntry,
    ReplyIoctl, ReplyLseek, ReplyOpen, ReplyPoll, ReplyStatfs, ReplyXattr, Request,
};
use tracing::{debug, warn};
use veneer::Error;
use veneer::model::Kind;

use crate::attributes::{Attributes, Listed, Owner, Room};
use crate::buffers::Buffers;
use crate::errno::errno;
use crate::filesystem::{Detail, FileSystem, Opened, Wait};
use crate::follow::Kernel;
use crate::inode::Number;
use crate::opens::{FORGOTTEN, Opens, Way};
use crate::pool::Pool;

/// How long the kernel may keep what it was told: for ever. An inode never changes, and when a
/// name comes to mean another, the kernel is told.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Numbers are never used again, so there are no generations of them.
const GENERATION: Generation = Generation(0);
/// Bytes of the largest READ: 256 pages.
const READ_LEN_MAX: u32 = 1 << 20;
/// Requests, as those of read-ahead, that the kernel lets wait for us.
const BACKGROUND_MAX: u16 = 64;
/// Bytes of a block, as `df` and `du` count.
const BLOCK_LEN: u32 = 4096;

/// What the kernel is asked for, as far as it has it.
const WISHES: [InitFlags; 7] = [
    // Without AUTO, which would fall back to names and then one LOOKUP each.
    InitFlags::FUSE_DO_READDIRPLUS,
    InitFlags::FUSE_PARALLEL_DIROPS,
    InitFlags::FUSE_CACHE_SYMLINKS,
    // Pages go when we say so, and never because of an attribute.
    InitFlags::FUSE_EXPLICIT_INVAL_DATA,
    // A number that the kernel has forgotten is not looked up again through a handle.
    InitFlags::FUSE_NO_EXPORT_SUPPORT,
    InitFlags::FUSE_ASYNC_DIO,
    InitFlags::FUSE_MAX_PAGES,
];

/// The file system as fuser calls it.
#[derive(Debug)]
pub struct Fuse {
    file_system: Arc<FileSystem>,
    pool: Pool,
    buffers: Arc<Buffers>,
    opens: Arc<Opens>,
}

impl Fuse {
    /// Serves `file_system`; `opens` says whether OPEN is answered.
    pub fn new(file_system: Arc<FileSystem>, opens: Arc<Opens>) -> Fuse {
        Fuse { file_system, pool: Pool::default(), buffers: Arc::default(), opens }
    }
}

/// Answers OPEN for a file that was opened: the kernel reads a big one by itself, of the rest it keeps the pages.
fn reply_opened(opens: &Opens, number: Number, opened: &Opened, reply: ReplyOpen) {
    let (handle, way) = match opened {
        Opened::Small => (FORGOTTEN, Way::Cached),
        Opened::Big(file) => opens.open(number, || match file.backing() {
            Ok(Some(backing)) => match reply.open_backing(backing) {
                Ok(id) => Way::Passthrough(Arc::new(id)),
                Err(error) => {
                    warn!(%error, inode = number.0, "a big file is read the slow way: {error}");
                    Way::Cached
                }
            },
            _ => Way::Cached,
        }),
    };
    let handle = FileHandle(handle);
    match way {
        // Not with KEEP_CACHE, which the kernel answers with EIO.
        Way::Passthrough(id) => reply.opened_passthrough(handle, FopenFlags::empty(), &id),
        Way::Cached => reply.opened(handle, FopenFlags::FOPEN_KEEP_CACHE),
        Way::Direct => reply.opened(handle, FopenFlags::FOPEN_DIRECT_IO),
    }
}

impl Kernel for Notifier {
    fn forget_entry(&self, folder: Number, name: &[u8]) {
        report("entry", self.inval_entry(INodeNo(folder.0), OsStr::from_bytes(name)));
    }

    fn forget_folder(&self, folder: Number) {
        report("folder", self.inval_inode(INodeNo(folder.0), 0, 0));
    }
}

/// That the kernel does not know an inode is as good as having it forgotten.
fn report(what: &str, result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != io::ErrorKind::NotFound
    {
        debug!(%error, "the kernel did not forget a {what}: {error}");
    }
}

fn code(error: &Error) -> Errno {
    Errno::from_i32(errno(error))
}

fn time(ns: i64) -> SystemTime {
    let distance = Duration::from_nanos(ns.unsigned_abs());
    if ns < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}

fn file_type(kind: Kind) -> FileType {
    match kind {
        Kind::File => FileType::RegularFile,
        Kind::Folder => FileType::Directory,
        Kind::Symlink => FileType::Symlink,
    }
}

fn file_attr(attributes: &Attributes) -> FileAttr {
    let Attributes { number, kind, size, mtime_ns, mode, owner } = *attributes;
    let time = time(mtime_ns);
    FileAttr {
        ino: INodeNo(number.0),
        size,
        blocks: size.div_ceil(512),
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind: file_type(kind),
        perm: u16::try_from(mode & 0o7777).expect("twelve bits"),
        nlink: Attributes::LINKS,
        uid: owner.user,
        gid: owner.group,
        rdev: 0,
        blksize: BLOCK_LEN,
        flags: 0,
    }
}

/// What the kernel takes for "there is none, and you need not ask again".
fn nothing() -> FileAttr {
    let owner = Owner { user: 0, group: 0 };
    file_attr(&Attributes { number: Number(0), kind: Kind::File, size: 0, mtime_ns: 0, mode: 0, owner })
}

impl fuser::Filesystem for Fuse {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        for wish in WISHES {
            if let Err(missing) = config.add_capabilities(wish) {
                debug!(?missing, "this kernel has not all that makes a mount fast");
            }
        }
        if self.opens.are_answered() {
            self.opens.ask(config);
        }
        let too_much = |_| io::Error::from(io::ErrorKind::InvalidInput);
        config.set_max_write(READ_LEN_MAX).map_err(too_much)?;
        config.set_max_background(BACKGROUND_MAX).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match self.file_system.lookup(Number(parent.0), name.as_bytes()) {
            Ok(Some(found)) => reply.entry(&FOR_EVER, &file_attr(&found), GENERATION),
            Ok(None) => reply.entry(&FOR_EVER, &nothing(), GENERATION),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn forget(&self, _: &Request, ino: INodeNo, nlookup: u64) {
        self.file_system.forget(Number(ino.0), nlookup);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.file_system.attributes(Number(ino.0)) {
            Ok(attributes) => reply.attr(&FOR_EVER, &file_attr(&attributes)),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        match self.file_system.link_target(Number(ino.0)) {
            Ok(target) => reply.data(&target),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let number = Number(ino.0);
        let mut buffer = self.buffers.take(size as usize);
        match self.file_system.read(number, offset, &mut buffer[..size as usize], Wait::No) {
            Ok(Some(len)) => reply.data(&buffer[..len]),
            Err(error) => reply.error(code(&error)),
            Ok(None) => {
                let (file_system, buffers) = (Arc::clone(&self.file_system), Arc::clone(&self.buffers));
                return self.pool.run(move || {
                    match file_system.read(number, offset, &mut buffer[..size as usize], Wait::Yes) {
                        Ok(len) => reply.data(&buffer[..len.unwrap_or(0)]),
                        Err(error) => reply.error(code(&error)),
                    }
                    buffers.give_back(buffer);
                });
            }
        }
        self.buffers.give_back(buffer);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.file_system.list(Number(ino.0), offset, Detail::Names, &mut |entry: Listed<'_>| {
            let Attributes { number, kind, .. } = entry.attributes;
            room(reply.add(INodeNo(number.0), entry.cookie, file_type(kind), OsStr::from_bytes(entry.name)))
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn readdirplus(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectoryPlus) {
        let listed = self.file_system.list(Number(ino.0), offset, Detail::Attributes, &mut |entry: Listed<'_>| {
            let attr = file_attr(&entry.attributes);
            room(reply.add(attr.ino, entry.cookie, OsStr::from_bytes(entry.name), &FOR_EVER, &attr, GENERATION))
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        match self.file_system.statistics() {
            Ok(all) => {
                let blocks = all.bytes.div_ceil(u64::from(BLOCK_LEN));
                reply.statfs(blocks, 0, 0, all.entries, 0, BLOCK_LEN, 255, BLOCK_LEN);
            }
            Err(error) => reply.error(code(&error)),
        }
    }

    // ENOSYS here means "never ask again": the kernel then opens, closes and seeks by itself.

    fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        if !self.opens.are_answered() {
            return reply.error(Errno::ENOSYS);
        }
        let number = Number(ino.0);
        match self.file_system.open(number, Wait::No) {
            Ok(Some(opened)) => reply_opened(&self.opens, number, &opened, reply),
            Err(error) => reply.error(code(&error)),
            Ok(None) => {
                let (file_system, opens) = (Arc::clone(&self.file_system), Arc::clone(&self.opens));
                self.pool.run(move || match file_system.open(number, Wait::Yes) {
                    Ok(Some(opened)) => reply_opened(&opens, number, &opened, reply),
                    Ok(None) => reply.error(Errno::EIO),
                    Err(error) => reply.error(code(&error)),
                });
            }
        }
    }

    fn release(
        &self,
        _: &Request,
        ino: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.opens.close(Number(ino.0), handle.0);
        reply.ok();
    }

    fn opendir(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn getxattr(&self, _: &Request, _: INodeNo, _: &OsStr, _: u32, reply: ReplyXattr) {
        reply.error(Errno::ENOSYS);
    }

    fn listxattr(&self, _: &Request, _: INodeNo, _: u32, reply: ReplyXattr) {
        reply.error(Errno::ENOSYS);
    }

    fn access(&self, _: &Request, _: INodeNo, _: fuser::AccessFlags, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn lseek(&self, _: &Request, _: INodeNo, _: FileHandle, _: i64, _: i32, reply: ReplyLseek) {
        reply.error(Errno::ENOSYS);
    }

    fn poll(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: fuser::PollNotifier,
        _: fuser::PollEvents,
        _: fuser::PollFlags,
        reply: ReplyPoll,
    ) {
        reply.error(Errno::ENOSYS);
    }

    fn ioctl(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: fuser::IoctlFlags,
        _: u32,
        _: &[u8],
        _: u32,
        reply: ReplyIoctl,
    ) {
        // Python asks of every file whether it is a terminal.
        reply.error(Errno::ENOTTY);
    }

    // The mount is read-only, so the kernel refuses these by itself; should it ask, so do we.

    fn mkdir(&self, _: &Request, _: INodeNo, _: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        reply.error(Errno::EROFS);
    }

    fn mknod(&self, _: &Request, _: INodeNo, _: &OsStr, _: u32, _: u32, _: u32, reply: ReplyEntry) {
        reply.error(Errno::EROFS);
    }

    fn symlink(&self, _: &Request, _: INodeNo, _: &OsStr, _: &Path, reply: ReplyEntry) {
        reply.error(Errno::EROFS);
    }

    fn link(&self, _: &Request, _: INodeNo, _: INodeNo, _: &OsStr, reply: ReplyEntry) {
        reply.error(Errno::EROFS);
    }

    fn unlink(&self, _: &Request, _: INodeNo, _: &OsStr, reply: ReplyEmpty) {
        reply.error(Errno::EROFS);
    }

    fn rmdir(&self, _: &Request, _: INodeNo, _: &OsStr, reply: ReplyEmpty) {
        reply.error(Errno::EROFS);
    }

    fn create(&self, _: &Request, _: INodeNo, _: &OsStr, _: u32, _: u32, _: i32, reply: ReplyCreate) {
        reply.error(Errno::EROFS);
    }

    fn setxattr(&self, _: &Request, _: INodeNo, _: &OsStr, _: &[u8], _: i32, _: u32, reply: ReplyEmpty) {
        reply.error(Errno::EROFS);
    }

    fn removexattr(&self, _: &Request, _: INodeNo, _: &OsStr, reply: ReplyEmpty) {
        reply.error(Errno::EROFS);
    }

    fn rename(
        &self,
        _: &Request,
        _: INodeNo,
        _: &OsStr,
        _: INodeNo,
        _: &OsStr,
        _: fuser::RenameFlags,
        reply: ReplyEmpty,
    ) {
        reply.error(Errno::EROFS);
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: u64,
        _: &[u8],
        _: fuser::WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: fuser::ReplyWrite,
    ) {
        reply.error(Errno::EROFS);
    }

    fn setattr(
        &self,
        _: &Request,
        _: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u64>,
        _: Option<fuser::TimeOrNow>,
        _: Option<fuser::TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        reply.error(Errno::EROFS);
    }
}

fn room(full: bool) -> Room {
    if full { Room::Full } else { Room::Taken }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_times_are_the_recorded_one() {
        let owner = Owner { user: 1, group: 2 };
        for (mtime_ns, expected) in [
            (1_500_000_000, UNIX_EPOCH + Duration::from_millis(1500)),
            (-1_500_000_000, UNIX_EPOCH - Duration::from_millis(1500)),
        ] {
            let attributes =
                Attributes { number: Number(7), kind: Kind::File, size: 513, mtime_ns, mode: 0o640, owner };
            let attr = file_attr(&attributes);
            assert_eq!([attr.mtime, attr.atime, attr.ctime], [expected; 3]);
            assert_eq!((attr.ino.0, attr.blocks, attr.perm, attr.nlink), (7, 2, 0o640, 1));
        }
    }
}
