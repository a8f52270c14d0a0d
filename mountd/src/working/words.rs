//! Between the kernel's words and ours: callers, names, times, attributes and how an answer is sent.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    Errno, FileAttr, FileHandle, FileType, FopenFlags, Generation, INodeNo, Notifier, OpenFlags, ReplyCreate,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyXattr, Request, TimeOrNow,
};
use tracing::debug;
use veneer::model::Kind;

use super::asked::Asked;
use super::extra::Extra;
use super::keeper::Forget;
use super::metadata::{Told, When};
use super::names::{At, Caller};
use super::record::{Ino, Times};
use super::refused::{Answer, Refused};
use super::through::Opening;
use crate::veneer_folder;

/// How long the kernel may keep what it was told: all changes come through it, or it is told of them.
pub(super) const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Numbers are never used again, so there are no generations of them.
pub(super) const GENERATION: Generation = Generation(0);

impl Forget for Notifier {
    fn forget_name(&self, folder: Ino, name: &[u8]) {
        report(self.inval_entry(INodeNo(folder.0), OsStr::from_bytes(name)));
    }

    fn forget_inode(&self, ino: Ino) {
        report(self.inval_inode(INodeNo(ino.0), 0, 0));
    }
}

/// That the kernel does not know an inode is as good as having it forgotten.
pub(super) fn report(result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != io::ErrorKind::NotFound
    {
        debug!(%error, "the kernel did not forget: {error}");
    }
}

pub(super) fn caller(request: &Request) -> Caller {
    Caller { user: request.uid(), group: request.gid() }
}

/// Which request it is, and whether it comes again.
pub(super) fn asked(request: &Request) -> Asked {
    Asked::new(request.unique().0)
}

/// Whether a file is opened to be written.
pub(super) fn writes(flags: OpenFlags) -> bool {
    flags.0 & libc::O_ACCMODE != libc::O_RDONLY
}

/// Answers OPEN; `flags` are for a file that the kernel does not read by itself.
pub(super) fn opened(reply: ReplyOpen, opening: Opening, flags: FopenFlags) {
    let handle = FileHandle(opening.handle);
    let Some(id) = opening.backing else { return reply.opened(handle, flags) };
    // SAFETY: the id is held open, by this process or the one that it took over from, as long as the handle is.
    let backing = unsafe { reply.wrap_backing(id) };
    // Not with KEEP_CACHE, which the kernel answers with EIO.
    reply.opened_passthrough(handle, FopenFlags::empty(), &backing);
    let _ = backing.into_raw();
}

/// Answers CREATE, as [`opened`].
pub(super) fn created(reply: ReplyCreate, told: &Told, opening: Opening, flags: FopenFlags) {
    let (handle, attr) = (FileHandle(opening.handle), file_attr(told));
    let Some(id) = opening.backing else { return reply.created(&FOR_EVER, &attr, GENERATION, handle, flags) };
    // SAFETY: as above.
    let backing = unsafe { reply.wrap_backing(id) };
    reply.created_passthrough(&FOR_EVER, &attr, GENERATION, handle, FopenFlags::empty(), &backing);
    let _ = backing.into_raw();
}

pub(super) fn name_at(parent: INodeNo, name: &OsStr) -> At<'_> {
    At { folder: Ino(parent.0), name: name.as_bytes() }
}

/// A name that may be made, removed or moved: all but those in `.veneer/`, and itself.
pub(super) fn writable_name(parent: INodeNo, name: &OsStr) -> Answer<At<'_>> {
    let at = name_at(parent, name);
    let is_extra = Extra::is(at.folder) || (at.folder == Ino::ROOT && at.name == veneer_folder::NAME);
    if is_extra { Err(Refused(libc::EPERM)) } else { Ok(at) }
}

pub(super) fn writable(ino: INodeNo) -> Answer<Ino> {
    if Extra::is(Ino(ino.0)) { Err(Refused(libc::EPERM)) } else { Ok(Ino(ino.0)) }
}

pub(super) fn code(refused: Refused) -> Errno {
    Errno::from_i32(refused.0)
}

pub(super) fn time(ns: i64) -> SystemTime {
    let distance = Duration::from_nanos(ns.unsigned_abs());
    if ns < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}

pub(super) fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        // fuser 0.18 takes the nanoseconds of a time before 1970 from it, to which the kernel adds them.
        Err(before) => {
            let distance = before.duration();
            let seconds = i64::try_from(distance.as_secs()).unwrap_or(i64::MAX);
            seconds.saturating_neg().saturating_mul(1_000_000_000).saturating_add(i64::from(distance.subsec_nanos()))
        }
    }
}

pub(super) fn when(time: TimeOrNow) -> When {
    match time {
        TimeOrNow::Now => When::Now,
        TimeOrNow::SpecificTime(time) => When::At(nanoseconds(time)),
    }
}

pub(super) fn file_type(kind: Kind) -> FileType {
    match kind {
        Kind::File => FileType::RegularFile,
        Kind::Folder => FileType::Directory,
        Kind::Symlink => FileType::Symlink,
    }
}

pub(super) fn file_attr(told: &Told) -> FileAttr {
    FileAttr {
        ino: INodeNo(told.ino.0),
        size: told.size,
        blocks: told.blocks,
        atime: time(told.times.accessed),
        mtime: time(told.times.modified),
        ctime: time(told.times.changed),
        crtime: time(told.times.changed),
        kind: file_type(told.kind),
        perm: u16::try_from(told.mode & 0o7777).expect("twelve bits"),
        nlink: told.links,
        uid: told.user,
        gid: told.group,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

/// What the kernel takes for "there is none, and you need not ask again".
pub(super) fn nothing() -> FileAttr {
    let times = Times::default();
    file_attr(&Told { ino: Ino(0), kind: Kind::File, size: 0, blocks: 0, mode: 0, user: 0, group: 0, times, links: 0 })
}

pub(super) fn entry(reply: ReplyEntry, answer: Answer<Told>) {
    match answer {
        Ok(told) => reply.entry(&FOR_EVER, &file_attr(&told), GENERATION),
        Err(refused) => reply.error(code(refused)),
    }
}

pub(super) fn empty(reply: ReplyEmpty, answer: Answer<()>) {
    match answer {
        Ok(()) => reply.ok(),
        Err(refused) => reply.error(code(refused)),
    }
}

pub(super) fn extended(reply: ReplyXattr, size: u32, answer: Answer<Vec<u8>>) {
    match answer {
        Ok(value) if size == 0 => reply.size(u32::try_from(value.len()).unwrap_or(u32::MAX)),
        Ok(value) if value.len() > size as usize => reply.error(Errno::ERANGE),
        Ok(value) => reply.data(&value),
        Err(refused) => reply.error(code(refused)),
    }
}
