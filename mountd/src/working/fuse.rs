//! The kernel's protocol for a writable mount: decodes fuser's calls, calls [`Working`], replies.
//!
//! Nothing is decided here but which thread answers: what waits for a disk to
//! be durable is answered by the pool.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use fuser::{
    AccessFlags, BsdFileFlags, CopyFileRangeFlags, Errno, FileHandle, FopenFlags, INodeNo, InitFlags, KernelConfig,
    LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyDirectoryPlus,
    ReplyEmpty, ReplyEntry, ReplyIoctl, ReplyLseek, ReplyOpen, ReplyPoll, ReplyStatfs, ReplyWrite, ReplyXattr, Request,
    TimeOrNow, WriteFlags,
};

use super::Working;
use super::extra::Extra;
use super::metadata::{Setting, Told};
use super::names::{At, Manner, New};
use super::record::Ino;
use super::refused::{Answer, Refused};
use super::through::Through;
use super::wishes;
use super::words::{
    FOR_EVER, GENERATION, caller, code, empty, entry, extended, file_attr, file_type, name_at, nothing, when, writable,
    writable_name,
};
use crate::attributes::Owner;
use crate::buffers::Buffers;
use crate::pool::Pool;
use crate::veneer_folder;

/// Files are opened and closed by number alone.
const HANDLE: FileHandle = FileHandle(0);

/// A writable mount as fuser calls it.
#[derive(Debug)]
pub struct WritableFuse {
    working: Arc<Working>,
    owner: Owner,
    pool: Pool,
    buffers: Buffers,
    through: Through,
}

impl WritableFuse {
    /// Serves `working`; `.veneer/` is `owner`'s.
    pub fn new(working: Arc<Working>, owner: Owner) -> WritableFuse {
        WritableFuse { working, owner, pool: Pool::default(), buffers: Buffers::default(), through: Through::default() }
    }

    fn told(&self, ino: Ino) -> Answer<Told> {
        match Extra::is(ino) {
            true => self.working.extra().told(ino, self.owner).ok_or(Refused(libc::ESTALE)),
            false => self.working.attributes(ino),
        }
    }

    fn find(&self, at: At<'_>) -> Answer<Option<Told>> {
        let ino = match at.folder {
            Extra::FOLDER => self.working.extra().find(at.name),
            Ino::ROOT if at.name == veneer_folder::NAME => Some(Extra::FOLDER),
            _ => self.working.lookup(at)?,
        };
        ino.map(|ino| self.told(ino)).transpose()
    }

    fn make(&self, request: &Request, parent: INodeNo, name: &OsStr, new: New) -> Answer<Told> {
        let ino = self.working.make(writable_name(parent, name)?, new, caller(request))?;
        self.told(ino)
    }

    /// Pages may be kept over an opening, unless the kernel may have written past them meanwhile.
    fn caching(&self, ino: Ino) -> FopenFlags {
        match self.through.is_on() && self.working.is_scratch(ino) {
            true => FopenFlags::empty(),
            false => FopenFlags::FOPEN_KEEP_CACHE,
        }
    }

    fn list(&self, ino: Ino, after: u64, add: &mut dyn FnMut(&[u8], u64, &Told) -> bool) -> Answer<()> {
        if ino == Extra::FOLDER {
            self.working.extra().list(after, self.owner, add);
            return Ok(());
        }
        self.working.list(ino, after, add)
    }
}

impl fuser::Filesystem for WritableFuse {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        wishes::ask(config)?;
        // The file system below may be stacked on another, too, but not deeper.
        if config.add_capabilities(InitFlags::FUSE_PASSTHROUGH).is_ok() && config.set_max_stack_depth(2).is_ok() {
            self.through.turn_on();
        }
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match self.find(name_at(parent, name)) {
            Ok(Some(told)) => reply.entry(&FOR_EVER, &file_attr(&told), GENERATION),
            Ok(None) => reply.entry(&FOR_EVER, &nothing(), GENERATION),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn forget(&self, _: &Request, ino: INodeNo, _: u64) {
        if !Extra::is(Ino(ino.0)) {
            self.working.forget(Ino(ino.0));
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.told(Ino(ino.0)) {
            Ok(told) => reply.attr(&FOR_EVER, &file_attr(&told)),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn setattr(
        &self,
        request: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        user: Option<u32>,
        group: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let (accessed, modified) = (accessed.map(when), modified.map(when));
        let setting = Setting { mode, user, group, size, accessed, modified };
        match writable(ino).and_then(|ino| self.working.set(ino, setting, caller(request))) {
            Ok(told) => reply.attr(&FOR_EVER, &file_attr(&told)),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        match self.working.link_target(Ino(ino.0)) {
            Ok(target) => reply.data(&target),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn mknod(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, _: u32, reply: ReplyEntry) {
        match mode & libc::S_IFMT {
            libc::S_IFREG | 0 => entry(reply, self.make(request, parent, name, New::File(mode))),
            // A dataset has no devices, sockets or pipes.
            _ => reply.error(Errno::EPERM),
        }
    }

    fn mkdir(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        entry(reply, self.make(request, parent, name, New::Folder(mode)));
    }

    fn symlink(&self, request: &Request, parent: INodeNo, name: &OsStr, target: &Path, reply: ReplyEntry) {
        entry(reply, self.make(request, parent, name, New::Link(target.as_os_str().as_bytes().to_vec())));
    }

    fn link(&self, _: &Request, ino: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let linked = writable(ino).and_then(|ino| {
            self.working.link(ino, writable_name(parent, name)?)?;
            self.told(ino)
        });
        entry(reply, linked);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, writable_name(parent, name).and_then(|at| self.working.unlink(at)));
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, writable_name(parent, name).and_then(|at| self.working.rmdir(at)));
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let manner = match flags {
            RenameFlags::RENAME_NOREPLACE => Manner::KeepOther,
            RenameFlags::RENAME_EXCHANGE => Manner::Exchange,
            _ if flags.is_empty() => Manner::Replace,
            _ => return reply.error(Errno::EINVAL),
        };
        let names = writable_name(parent, name).and_then(|from| Ok((from, writable_name(new_parent, new_name)?)));
        empty(reply, names.and_then(|(from, to)| self.working.rename(from, to, manner)));
    }

    fn create(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, _: i32, reply: ReplyCreate) {
        let made = self.make(request, parent, name, New::File(mode)).and_then(|told| {
            self.working.open_file(told.ino)?;
            Ok(told)
        });
        match made {
            Ok(told) => {
                let attr = file_attr(&told);
                match self.through.open(&self.working, told.ino, true, |file| reply.open_backing(file)) {
                    Some(id) => {
                        reply.created_passthrough(&FOR_EVER, &attr, GENERATION, HANDLE, FopenFlags::empty(), &id);
                    }
                    None => reply.created(&FOR_EVER, &attr, GENERATION, HANDLE, self.caching(told.ino)),
                }
            }
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn open(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let ino = Ino(ino.0);
        let writes = flags.0 & libc::O_ACCMODE != libc::O_RDONLY;
        if Extra::is(ino) {
            return match writes {
                true => reply.error(Errno::EPERM),
                false => reply.opened(HANDLE, FopenFlags::FOPEN_KEEP_CACHE),
            };
        }
        if let Err(refused) = self.working.open_file(ino) {
            return reply.error(code(refused));
        }
        if flags.0 & libc::O_TRUNC != 0
            && let Err(refused) = self.working.truncate(ino, 0, caller(request))
        {
            self.working.close_file(ino);
            return reply.error(code(refused));
        }
        match self.through.open(&self.working, ino, writes, |file| reply.open_backing(file)) {
            Some(id) => reply.opened_passthrough(HANDLE, FopenFlags::empty(), &id),
            None => reply.opened(HANDLE, self.caching(ino)),
        }
    }

    fn release(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        if !Extra::is(Ino(ino.0)) {
            self.through.close(&self.working, Ino(ino.0));
            self.working.close_file(Ino(ino.0));
        }
        reply.ok();
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
        let ino = Ino(ino.0);
        if Extra::is(ino) {
            let extra = self.working.extra();
            let Some(bytes) = extra.bytes(ino) else { return reply.error(Errno::ESTALE) };
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            return reply.data(&bytes[from..bytes.len().min(from.saturating_add(size as usize))]);
        }
        let mut buffer = self.buffers.take(size as usize);
        match self.working.read(ino, offset, &mut buffer[..size as usize]) {
            Ok(len) => reply.data(&buffer[..len]),
            Err(refused) => reply.error(code(refused)),
        }
        self.buffers.give_back(buffer);
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        write_flags: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let written = writable(ino).and_then(|ino| {
            if write_flags.contains(WriteFlags::FUSE_WRITE_KILL_SUIDGID) {
                self.working.drop_privilege(ino)?;
            }
            self.working.write(ino, offset, data)
        });
        match written {
            Ok(len) => reply.written(u32::try_from(len).unwrap_or(u32::MAX)),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, datasync: bool, reply: ReplyEmpty) {
        let working = Arc::clone(&self.working);
        self.pool.run(move || empty(reply, writable(ino).and_then(|ino| working.sync_file(ino, datasync))));
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let working = Arc::clone(&self.working);
        self.pool.run(move || empty(reply, working.sync_journal().map_err(Refused::from)));
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.list(Ino(ino.0), offset, &mut |name, cookie, told| {
            !reply.add(INodeNo(told.ino.0), cookie, file_type(told.kind), OsStr::from_bytes(name))
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn readdirplus(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectoryPlus) {
        let listed = self.list(Ino(ino.0), offset, &mut |name, cookie, told| {
            !reply.add(INodeNo(told.ino.0), cookie, OsStr::from_bytes(name), &FOR_EVER, &file_attr(told), GENERATION)
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        match self.working.statistics() {
            Ok(all) => {
                let len = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX);
                let (size, fragment) = (len(all.f_bsize), len(all.f_frsize));
                reply.statfs(all.f_blocks, all.f_bfree, all.f_bavail, all.f_files, all.f_ffree, size, 255, fragment);
            }
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn setxattr(&self, _: &Request, ino: INodeNo, name: &OsStr, value: &[u8], flags: i32, _: u32, reply: ReplyEmpty) {
        empty(reply, writable(ino).and_then(|ino| self.working.set_extended(ino, name.as_bytes(), value, flags)));
    }

    fn getxattr(&self, _: &Request, ino: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        let value = match writable(ino) {
            Ok(ino) => self.working.extended(ino, name.as_bytes()),
            Err(_) => Err(Refused(libc::ENODATA)),
        };
        extended(reply, size, value);
    }

    fn listxattr(&self, _: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
        let names = writable(ino).map_or(Ok(Vec::new()), |ino| self.working.list_extended(ino));
        extended(reply, size, names);
    }

    fn removexattr(&self, _: &Request, ino: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(reply, writable(ino).and_then(|ino| self.working.remove_extended(ino, name.as_bytes())));
    }

    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let mode = mode.cast_unsigned();
        empty(reply, writable(ino).and_then(|ino| self.working.allocate(ino, mode, offset, length)));
    }

    fn lseek(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: i64, whence: i32, reply: ReplyLseek) {
        let found = writable(ino).and_then(|ino| {
            let offset = u64::try_from(offset).map_err(|_| Refused(libc::ENXIO))?;
            match whence {
                libc::SEEK_DATA => self.working.seek(ino, offset, true),
                libc::SEEK_HOLE => self.working.seek(ino, offset, false),
                _ => Err(Refused(libc::EINVAL)),
            }
        });
        match found.and_then(|offset| i64::try_from(offset).map_err(|_| Refused(libc::EOVERFLOW))) {
            Ok(offset) => reply.offset(offset),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn copy_file_range(
        &self,
        _: &Request,
        from: INodeNo,
        _: FileHandle,
        from_offset: u64,
        to: INodeNo,
        _: FileHandle,
        to_offset: u64,
        len: u64,
        _: CopyFileRangeFlags,
        reply: ReplyWrite,
    ) {
        let working = Arc::clone(&self.working);
        self.pool.run(move || {
            let copied = writable(from).and_then(|from| working.copy(from, from_offset, writable(to)?, to_offset, len));
            match copied {
                Ok(len) => reply.written(u32::try_from(len).unwrap_or(u32::MAX)),
                Err(refused) => reply.error(code(refused)),
            }
        });
    }

    // ENOSYS here means "never ask again": the kernel then does it by itself.

    fn opendir(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.error(Errno::ENOSYS);
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.error(Errno::ENOSYS);
    }

    fn access(&self, _: &Request, _: INodeNo, _: AccessFlags, reply: ReplyEmpty) {
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
}
