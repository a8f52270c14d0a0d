//! The kernel's protocol for a writable mount: decodes fuser's calls, calls [`super::Working`], replies.
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

use super::answers::WritableFuse;
use super::extra::Extra;
use super::metadata::Setting;
use super::names::{Manner, New};
use super::record::Ino;
use super::refused::Refused;
use super::wishes;
use super::words::{
    FOR_EVER, GENERATION, asked, caller, code, created, empty, entry, extended, file_attr, file_type, name_at, nothing,
    opened, when, writable, writable_name, writes,
};
use crate::handshake::KernelSaid;

/// What is in `.veneer/` is opened and closed by number alone.
const HANDLE: FileHandle = FileHandle(0);

/// Answers a request with an error if it is one that several processes may have died of.
macro_rules! refuse_deadly {
    ($self:ident, $request:ident, $reply:ident) => {
        if $self.refuse_resent && asked($request).is_again {
            return $reply.error(Errno::EIO);
        }
    };
}

impl fuser::Filesystem for WritableFuse {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let (protocol, capabilities) = (config.kernel_abi(), config.capabilities().bits());
        let _ = self.said.set(KernelSaid { protocol: (protocol.0, protocol.1), capabilities });
        wishes::ask(config)?;
        // The file system below may be stacked on another, too, but not deeper.
        if config.add_capabilities(InitFlags::FUSE_PASSTHROUGH).is_ok() && config.set_max_stack_depth(2).is_ok() {
            self.through.turn_on();
        }
        Ok(())
    }

    fn lookup(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        refuse_deadly!(self, request, reply);
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

    fn getattr(&self, request: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        refuse_deadly!(self, request, reply);
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
        refuse_deadly!(self, request, reply);
        let (accessed, modified) = (accessed.map(when), modified.map(when));
        let setting = Setting { mode, user, group, size, accessed, modified };
        match writable(ino).and_then(|ino| self.working.set(ino, setting, caller(request))) {
            Ok(told) => reply.attr(&FOR_EVER, &file_attr(&told)),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn readlink(&self, request: &Request, ino: INodeNo, reply: ReplyData) {
        refuse_deadly!(self, request, reply);
        match self.working.link_target(Ino(ino.0)) {
            Ok(target) => reply.data(&target),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn mknod(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, _: u32, reply: ReplyEntry) {
        refuse_deadly!(self, request, reply);
        match mode & libc::S_IFMT {
            libc::S_IFREG | 0 => entry(reply, self.make(request, parent, name, New::File(mode))),
            // A dataset has no devices, sockets or pipes.
            _ => reply.error(Errno::EPERM),
        }
    }

    fn mkdir(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        refuse_deadly!(self, request, reply);
        entry(reply, self.make(request, parent, name, New::Folder(mode)));
    }

    fn symlink(&self, request: &Request, parent: INodeNo, name: &OsStr, target: &Path, reply: ReplyEntry) {
        refuse_deadly!(self, request, reply);
        entry(reply, self.make(request, parent, name, New::Link(target.as_os_str().as_bytes().to_vec())));
    }

    fn link(&self, request: &Request, ino: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        refuse_deadly!(self, request, reply);
        let linked = writable(ino).and_then(|ino| {
            self.working.link(ino, writable_name(parent, name)?, asked(request))?;
            self.told(ino)
        });
        entry(reply, linked);
    }

    fn unlink(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        refuse_deadly!(self, request, reply);
        empty(reply, writable_name(parent, name).and_then(|at| self.working.unlink(at, asked(request))));
    }

    fn rmdir(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        refuse_deadly!(self, request, reply);
        empty(reply, writable_name(parent, name).and_then(|at| self.working.rmdir(at, asked(request))));
    }

    fn rename(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        refuse_deadly!(self, request, reply);
        let manner = match flags {
            RenameFlags::RENAME_NOREPLACE => Manner::KeepOther,
            RenameFlags::RENAME_EXCHANGE => Manner::Exchange,
            _ if flags.is_empty() => Manner::Replace,
            _ => return reply.error(Errno::EINVAL),
        };
        let names = writable_name(parent, name).and_then(|from| Ok((from, writable_name(new_parent, new_name)?)));
        empty(reply, names.and_then(|(from, to)| self.working.rename(from, to, manner, asked(request))));
    }

    fn create(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, _: i32, reply: ReplyCreate) {
        refuse_deadly!(self, request, reply);
        match self.make_open(request, parent, name, mode, &reply) {
            Ok((told, opening)) => created(reply, &told, opening, self.caching(told.ino)),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn open(&self, request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        refuse_deadly!(self, request, reply);
        let ino = Ino(ino.0);
        if Extra::is(ino) {
            return match writes(flags) {
                true => reply.error(Errno::EPERM),
                false => reply.opened(HANDLE, FopenFlags::FOPEN_KEEP_CACHE),
            };
        }
        match self.enter(request, ino, flags, &reply) {
            Ok(opening) => opened(reply, opening, self.caching(ino)),
            Err(refused) => reply.error(code(refused)),
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
        if self.through.leave(&self.working, handle.0) {
            self.working.close_file(Ino(ino.0));
        }
        reply.ok();
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
        refuse_deadly!(self, request, reply);
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
        request: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        write_flags: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        refuse_deadly!(self, request, reply);
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

    fn fsync(&self, request: &Request, ino: INodeNo, _: FileHandle, datasync: bool, reply: ReplyEmpty) {
        refuse_deadly!(self, request, reply);
        let working = Arc::clone(&self.working);
        self.pool.run(move || empty(reply, writable(ino).and_then(|ino| working.sync_file(ino, datasync))));
    }

    fn fsyncdir(&self, request: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        refuse_deadly!(self, request, reply);
        let working = Arc::clone(&self.working);
        self.pool.run(move || empty(reply, working.sync_journal().map_err(Refused::from)));
    }

    fn readdir(&self, request: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        refuse_deadly!(self, request, reply);
        let listed = self.list(Ino(ino.0), offset, &mut |name, cookie, told| {
            !reply.add(INodeNo(told.ino.0), cookie, file_type(told.kind), OsStr::from_bytes(name))
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn readdirplus(&self, request: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectoryPlus) {
        refuse_deadly!(self, request, reply);
        let listed = self.list(Ino(ino.0), offset, &mut |name, cookie, told| {
            !reply.add(INodeNo(told.ino.0), cookie, OsStr::from_bytes(name), &FOR_EVER, &file_attr(told), GENERATION)
        });
        match listed {
            Ok(()) => reply.ok(),
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn statfs(&self, request: &Request, _: INodeNo, reply: ReplyStatfs) {
        refuse_deadly!(self, request, reply);
        match self.working.statistics() {
            Ok(all) => {
                let len = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX);
                let (size, fragment) = (len(all.f_bsize), len(all.f_frsize));
                reply.statfs(all.f_blocks, all.f_bfree, all.f_bavail, all.f_files, all.f_ffree, size, 255, fragment);
            }
            Err(refused) => reply.error(code(refused)),
        }
    }

    fn setxattr(
        &self,
        request: &Request,
        ino: INodeNo,
        name: &OsStr,
        value: &[u8],
        flags: i32,
        _: u32,
        reply: ReplyEmpty,
    ) {
        refuse_deadly!(self, request, reply);
        empty(
            reply,
            writable(ino).and_then(|ino| self.working.set_extended(ino, name.as_bytes(), value, flags, asked(request))),
        );
    }

    fn getxattr(&self, request: &Request, ino: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        refuse_deadly!(self, request, reply);
        let value = match writable(ino) {
            Ok(ino) => self.working.extended(ino, name.as_bytes()),
            Err(_) => Err(Refused(libc::ENODATA)),
        };
        extended(reply, size, value);
    }

    fn listxattr(&self, request: &Request, ino: INodeNo, size: u32, reply: ReplyXattr) {
        refuse_deadly!(self, request, reply);
        let names = writable(ino).map_or(Ok(Vec::new()), |ino| self.working.list_extended(ino));
        extended(reply, size, names);
    }

    fn removexattr(&self, request: &Request, ino: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        refuse_deadly!(self, request, reply);
        empty(reply, writable(ino).and_then(|ino| self.working.remove_extended(ino, name.as_bytes(), asked(request))));
    }

    fn fallocate(
        &self,
        request: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        refuse_deadly!(self, request, reply);
        let mode = mode.cast_unsigned();
        empty(reply, writable(ino).and_then(|ino| self.working.allocate(ino, mode, offset, length)));
    }

    fn lseek(&self, request: &Request, ino: INodeNo, _: FileHandle, offset: i64, whence: i32, reply: ReplyLseek) {
        refuse_deadly!(self, request, reply);
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
        request: &Request,
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
        refuse_deadly!(self, request, reply);
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
