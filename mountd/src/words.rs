//! Our values in the kernel's words, and what the kernel is told without having asked.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{Errno, FileAttr, FileHandle, FileType, FopenFlags, INodeNo, Notifier, ReplyOpen};
use tracing::{debug, warn};
use veneer::Error;
use veneer::model::Kind;

use crate::attributes::{Attributes, Owner, Room};
use crate::errno::errno;
use crate::filesystem::Opened;
use crate::follow::Kernel;
use crate::inode::Number;
use crate::open_files::OpenFile;
use crate::opens::{FORGOTTEN, Opens, REMEMBERED, Way};

/// Bytes of a block, as `df` and `du` count.
pub const BLOCK_LEN: u32 = 4096;

/// Answers OPEN for a file that was opened: the kernel reads a big one by itself, of the rest it keeps the pages.
pub fn reply_opened(opens: &Opens, number: Number, opened: &Opened, reply: ReplyOpen) {
    let (handle, way) = match opened {
        Opened::Small => (FORGOTTEN, Way::Cached),
        Opened::Big(file) => (REMEMBERED, opens.open(number, || choose(number, file, &reply))),
    };
    let handle = FileHandle(handle);
    match way {
        Way::Passthrough(id) => {
            // SAFETY: `opens` holds the id open, of this session or the one that it took over, and closes it itself.
            let backing = unsafe { reply.wrap_backing(id) };
            // Not with KEEP_CACHE, which the kernel answers with EIO.
            reply.opened_passthrough(handle, FopenFlags::empty(), &backing);
            let _ = backing.into_raw();
        }
        Way::Cached => reply.opened(handle, FopenFlags::FOPEN_KEEP_CACHE),
    }
}

fn choose(number: Number, file: &OpenFile, reply: &ReplyOpen) -> Way {
    match file.backing() {
        Ok(Some(backing)) => match reply.open_backing(backing) {
            Ok(id) => Way::Passthrough(id.into_raw()),
            Err(error) => {
                warn!(%error, inode = number.0, "a big file is read the slow way: {error}");
                Way::Cached
            }
        },
        _ => Way::Cached,
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

/// The error as the kernel knows it.
pub fn code(error: &Error) -> Errno {
    Errno::from_i32(errno(error))
}

fn time(ns: i64) -> SystemTime {
    let distance = Duration::from_nanos(ns.unsigned_abs());
    if ns < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}

/// The kind as the kernel knows it.
pub fn file_type(kind: Kind) -> FileType {
    match kind {
        Kind::File => FileType::RegularFile,
        Kind::Folder => FileType::Directory,
        Kind::Symlink => FileType::Symlink,
    }
}

/// The attributes as the kernel knows them.
pub fn file_attr(attributes: &Attributes) -> FileAttr {
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
pub fn nothing() -> FileAttr {
    let owner = Owner { user: 0, group: 0 };
    file_attr(&Attributes { number: Number(0), kind: Kind::File, size: 0, mtime_ns: 0, mode: 0, owner })
}

/// Whether a listing has room for more.
pub fn room(full: bool) -> Room {
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
