//! The kernel's protocol: decodes fuser's calls, calls the file system, replies.
//!
//! Nothing is decided here, but for which thread answers: what is cached is
//! answered by the thread that was asked, what may wait for a disk as the pool says.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use fuser::{
    Errno, FileHandle, Generation, INodeNo, InitFlags, KernelConfig, LockOwner, OpenFlags, ReplyAttr, ReplyCreate,
    ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyIoctl, ReplyLseek, ReplyOpen,
    ReplyPoll, ReplyStatfs, ReplyXattr, Request,
};
use tracing::debug;

use crate::answers::Answers;
use crate::attributes::{Attributes, Listed};
use crate::buffers::Buffers;
use crate::filesystem::{Detail, Wait};
use crate::handshake::KernelSaid;
use crate::inode::Number;
use crate::opens::Opens;
use crate::pool::Pool;
use crate::samples_file;
use crate::words::{BLOCK_LEN, code, file_attr, file_type, nothing, reply_opened, room};

/// How long the kernel may keep what it was told: for ever. An inode never changes, and when a
/// name comes to mean another, the kernel is told.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Numbers are never used again, so there are no generations of them.
const GENERATION: Generation = Generation(0);
/// Bytes of the largest READ: 256 pages.
const READ_LEN_MAX: u32 = 1 << 20;
/// Requests, as those of read-ahead, that the kernel lets wait for us.
const BACKGROUND_MAX: u16 = 64;
/// The bit of a request's number that says that the kernel sends it again.
const RESENT: u64 = 1 << 63;

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
    file_system: Arc<dyn Answers>,
    pool: Pool,
    buffers: Arc<Buffers>,
    opens: Arc<Opens>,
    said: Arc<OnceLock<KernelSaid>>,
    refuse_resent: bool,
}

impl Fuse {
    /// Serves `file_system`; `opens` says whether OPEN is answered.
    pub fn new(file_system: Arc<impl Answers + 'static>, opens: Arc<Opens>) -> Fuse {
        let (said, refuse_resent) = (Arc::default(), false);
        Fuse { file_system, pool: Pool::default(), buffers: Arc::default(), opens, said, refuse_resent }
    }

    /// Answers what processes before this one left unanswered with an error, when several have died of it.
    #[must_use]
    pub fn refusing_resent(self, refuse_resent: bool) -> Fuse {
        Fuse { refuse_resent, ..self }
    }

    /// The threads that answer what may wait.
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }

    /// Where it is noted what the kernel says of itself when the session begins.
    pub fn kernel_said(&self) -> Arc<OnceLock<KernelSaid>> {
        Arc::clone(&self.said)
    }

    /// Whether the request is one that several processes may have died of.
    fn is_refused(&self, request: &Request) -> bool {
        self.refuse_resent && request.unique().0 & RESENT != 0
    }
}

impl fuser::Filesystem for Fuse {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let (protocol, capabilities) = (config.kernel_abi(), config.capabilities().bits());
        let _ = self.said.set(KernelSaid { protocol: (protocol.0, protocol.1), capabilities });
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

    fn lookup(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if self.is_refused(request) {
            return reply.error(Errno::EIO);
        }
        if name.as_bytes() == samples_file::NAME {
            // It may have to be made first, of all annotations.
            let (file_system, name) = (Arc::clone(&self.file_system), name.to_owned());
            return self.pool.run(move || look_up(&*file_system, parent, &name, reply));
        }
        look_up(&*self.file_system, parent, name, reply);
    }

    fn forget(&self, _: &Request, ino: INodeNo, nlookup: u64) {
        self.file_system.forget(Number(ino.0), nlookup);
    }

    fn getattr(&self, request: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        if self.is_refused(request) {
            return reply.error(Errno::EIO);
        }
        match self.file_system.attributes(Number(ino.0)) {
            Ok(attributes) => reply.attr(&FOR_EVER, &file_attr(&attributes)),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn readlink(&self, request: &Request, ino: INodeNo, reply: ReplyData) {
        if self.is_refused(request) {
            return reply.error(Errno::EIO);
        }
        match self.file_system.link_target(Number(ino.0)) {
            Ok(target) => reply.data(&target),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn read(
        &self,
        request: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        if self.is_refused(request) {
            return reply.error(Errno::EIO);
        }
        let number = Number(ino.0);
        let mut buffer = self.buffers.take(size as usize);
        match self.file_system.read(number, offset, &mut buffer[..size as usize], Wait::No) {
            Ok(Some(len)) => reply.data(&buffer[..len]),
            Err(error) => reply.error(code(&error)),
            Ok(None) => {
                let (file_system, buffers) = (Arc::clone(&self.file_system), Arc::clone(&self.buffers));
                return self.pool.run_by_reader(move || {
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

    fn readdir(&self, request: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        if self.is_refused(request) {
            return reply.error(Errno::EIO);
        }
        let listed = self.file_system.list(Number(ino.0), offset, Detail::Names, &mut |entry: Listed<'_>| {
            let Attributes { number, kind, .. } = entry.attributes;
            room(reply.add(INodeNo(number.0), entry.cookie, file_type(kind), OsStr::from_bytes(entry.name)))
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn readdirplus(&self, request: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectoryPlus) {
        if self.is_refused(request) {
            return reply.error(Errno::EIO);
        }
        let listed = self.file_system.list(Number(ino.0), offset, Detail::Attributes, &mut |entry: Listed<'_>| {
            let attr = file_attr(&entry.attributes);
            room(reply.add(attr.ino, entry.cookie, OsStr::from_bytes(entry.name), &FOR_EVER, &attr, GENERATION))
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(code(&error)),
        }
    }

    fn statfs(&self, request: &Request, _: INodeNo, reply: ReplyStatfs) {
        if self.is_refused(request) {
            return reply.error(Errno::EIO);
        }
        match self.file_system.statistics() {
            Ok(all) => {
                let blocks = all.bytes.div_ceil(u64::from(BLOCK_LEN));
                reply.statfs(blocks, 0, 0, all.entries, 0, BLOCK_LEN, 255, BLOCK_LEN);
            }
            Err(error) => reply.error(code(&error)),
        }
    }

    // ENOSYS here means "never ask again": the kernel then opens, closes and seeks by itself.

    fn open(&self, request: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        if !self.opens.are_answered() {
            return reply.error(Errno::ENOSYS);
        }
        if self.is_refused(request) {
            return reply.error(Errno::EIO);
        }
        let number = Number(ino.0);
        match self.file_system.open(number, Wait::No) {
            Ok(Some(opened)) => reply_opened(&self.opens, number, &opened, reply),
            Err(error) => reply.error(code(&error)),
            Ok(None) => {
                let (file_system, opens) = (Arc::clone(&self.file_system), Arc::clone(&self.opens));
                self.pool.run_by_reader(move || match file_system.open(number, Wait::Yes) {
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
        // First, or a process that is killed in between would have the next one count it once more.
        reply.ok();
        if let Some(backing) = self.opens.close(Number(ino.0), handle.0) {
            self.opens.close_backing(backing);
        }
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

fn look_up(file_system: &dyn Answers, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
    match file_system.lookup(Number(parent.0), name.as_bytes()) {
        Ok(Some(found)) => reply.entry(&FOR_EVER, &file_attr(&found), GENERATION),
        Ok(None) => reply.entry(&FOR_EVER, &nothing(), GENERATION),
        Err(error) => reply.error(code(&error)),
    }
}
