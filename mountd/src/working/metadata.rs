//! What is told and set of an inode beside its bytes: attributes, times, extended attributes.

use rustix::fs::StatVfs;
use veneer::model::Kind;

use super::asked::Asked;
use super::journal::Room;
use super::names::Caller;
use super::record::{Bytes, Ino, Inode, Record, Times, What};
use super::refused::{Answer, Refused};
use super::scratch::{Stamp, nanoseconds, set_times};
use super::tree::Tree;
use super::{Working, now_ns};

/// What `stat` tells of an inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The inode.
    pub ino: Ino,
    /// File, folder or symbolic link.
    pub kind: Kind,
    /// Bytes of content, or of a link's target.
    pub size: u64,
    /// Blocks of 512 bytes that it takes.
    pub blocks: u64,
    /// Permission bits.
    pub mode: u32,
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
    /// Its times.
    pub times: Times,
    /// How many names it has.
    pub links: u32,
}

/// A time to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The present.
    Now,
    /// Nanoseconds since 1970-01-01 UTC.
    At(i64),
}

/// What is to be set of an inode; `None` leaves it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// Permission bits.
    pub mode: Option<u32>,
    /// User id.
    pub user: Option<u32>,
    /// Group id.
    pub group: Option<u32>,
    /// Bytes of content.
    pub size: Option<u64>,
    /// Last read.
    pub accessed: Option<When>,
    /// Last modification.
    pub modified: Option<When>,
}

/// The most bytes of extended attributes that one inode has, names and values.
const EXTENDED_LEN_MAX: usize = 64 << 10;

impl Working {
    /// What `stat` tells of an inode.
    pub fn attributes(&self, ino: Ino) -> Answer<Told> {
        let state = self.state();
        let inode = state.tree.inode(ino)?;
        self.told(&state.tree, ino, &inode)
    }

    /// As [`Working::attributes`], of an inode that is at hand.
    pub fn told(&self, tree: &Tree, ino: Ino, inode: &Inode) -> Answer<Told> {
        let (mut times, mut blocks) = (inode.times, None);
        let (kind, size) = match &inode.what {
            What::Folder { .. } => (Kind::Folder, 0),
            What::Hidden(_) => (Kind::File, 0),
            What::Link(target) => (Kind::Symlink, target.len() as u64),
            What::File(Bytes::Row(row)) => (Kind::File, tree.base().entry(*row)?.size),
            What::File(Bytes::Blob(_, size) | Bytes::Spliced(_, _, size) | Bytes::Rows(_, _, size)) => {
                (Kind::File, *size)
            }
            What::File(Bytes::Scratch(number)) => {
                let stat = self.scratch.stat(*number)?;
                times.modified = nanoseconds(stat.st_mtime, stat.st_mtime_nsec as i64);
                times.changed = times.changed.max(Stamp::of(&stat).changed_ns());
                blocks = Some(u64::try_from(stat.st_blocks).unwrap_or(0));
                (Kind::File, u64::try_from(stat.st_size).unwrap_or(0))
            }
        };
        let Inode { mode, user, group, links, .. } = *inode;
        let blocks = blocks.unwrap_or_else(|| size.div_ceil(512));
        Ok(Told { ino, kind, size, blocks, mode, user, group, times, links })
    }

    /// Sets attributes; the size first, since that may fail for want of space.
    pub fn set(&self, ino: Ino, setting: Setting, caller: Caller) -> Answer<Told> {
        if let Some(size) = setting.size {
            self.truncate(ino, size, caller)?;
        }
        let mut state = self.state();
        let mut records = Vec::new();
        let mut inode = state.tree.touch(ino, &mut records)?;
        let before = inode.clone();
        let now = now_ns();
        if let Some(mode) = setting.mode {
            inode.mode = mode & 0o7777;
        }
        set_owner(&mut inode, setting, caller)?;
        if setting.user.or(setting.group).is_some() && matches!(inode.what, What::File(_)) {
            inode.mode = unprivileged(inode.mode);
        }
        let resolve = |when| match when {
            When::Now => now,
            When::At(ns) => ns,
        };
        let (accessed, modified) = (setting.accessed.map(resolve), setting.modified.map(resolve));
        if accessed.is_some() || modified.is_some() {
            inode.times.accessed = accessed.unwrap_or(inode.times.accessed);
            inode.times.modified = modified.unwrap_or(inode.times.modified);
        }
        if let (Some(modified), What::File(Bytes::Scratch(number))) = (modified, &inode.what) {
            set_times(self.scratch.open_file(*number)?, inode.times.accessed, modified)?;
            self.note_written(*number);
        }
        let says = setting.mode.or(setting.user).or(setting.group).is_some() || accessed.or(modified).is_some();
        if says || inode != before {
            inode.times.changed = now;
            records.push(Record::Put(ino, inode.clone()));
            self.commit(&mut state, &records, Room::Takes)?;
        }
        self.told(&state.tree, ino, &inode)
    }

    /// Takes away what lets a file run as somebody else: its content is not what that somebody knew.
    pub fn drop_privilege(&self, ino: Ino) -> Answer<()> {
        let mut state = self.state();
        let mut records = Vec::new();
        let mut inode = state.tree.touch(ino, &mut records)?;
        if unprivileged(inode.mode) == inode.mode {
            return Ok(());
        }
        inode.mode = unprivileged(inode.mode);
        inode.times.changed = now_ns();
        records.push(Record::Put(ino, inode));
        self.commit(&mut state, &records, Room::Takes)
    }

    /// The value of an extended attribute.
    pub fn extended(&self, ino: Ino, name: &[u8]) -> Answer<Vec<u8>> {
        check_space(name)?;
        self.state().tree.inode(ino)?.extended.remove(name).ok_or(Refused(libc::ENODATA))
    }

    /// The names of all extended attributes, each with a NUL after it.
    pub fn list_extended(&self, ino: Ino) -> Answer<Vec<u8>> {
        let inode = self.state().tree.inode(ino)?;
        Ok(inode.extended.keys().flat_map(|name| name.iter().copied().chain([0])).collect())
    }

    /// Sets an extended attribute; `flags` are those of `setxattr`.
    pub fn set_extended(&self, ino: Ino, name: &[u8], value: &[u8], flags: i32, asked: Asked) -> Answer<()> {
        check_space(name)?;
        self.change_extended(ino, Room::Takes, asked, |inode| {
            let is_there = inode.extended.contains_key(name);
            if is_there && flags & libc::XATTR_CREATE != 0 {
                return Err(Refused(libc::EEXIST));
            }
            if !is_there && flags & libc::XATTR_REPLACE != 0 {
                return Err(Refused(libc::ENODATA));
            }
            inode.extended.insert(name.to_vec(), value.to_vec());
            let len: usize = inode.extended.iter().map(|(name, value)| name.len() + value.len()).sum();
            if len > EXTENDED_LEN_MAX { Err(Refused(libc::ENOSPC)) } else { Ok(()) }
        })
    }

    /// Removes an extended attribute.
    pub fn remove_extended(&self, ino: Ino, name: &[u8], asked: Asked) -> Answer<()> {
        check_space(name)?;
        self.change_extended(ino, Room::Gives, asked, |inode| {
            inode.extended.remove(name).map(|_| ()).ok_or(Refused(libc::ENODATA))
        })
    }

    fn change_extended(
        &self,
        ino: Ino,
        room: Room,
        asked: Asked,
        change: impl FnOnce(&mut Inode) -> Answer<()>,
    ) -> Answer<()> {
        let mut state = self.state();
        if state.tree.done().find(asked).is_some() {
            return Ok(());
        }
        let mut records = Vec::new();
        let mut inode = state.tree.touch(ino, &mut records)?;
        change(&mut inode)?;
        inode.times.changed = now_ns();
        records.push(Record::Put(ino, inode));
        asked.note(&mut records, None);
        self.commit(&mut state, &records, room)
    }

    /// What `df` tells: the file system that the draft is on.
    pub fn statistics(&self) -> Answer<StatVfs> {
        Ok(rustix::fs::fstatvfs(self.scratch.folder())?)
    }
}

/// Permission bits without those that let the file run as somebody else.
fn unprivileged(mode: u32) -> u32 {
    let group = if mode & libc::S_IXGRP != 0 { libc::S_ISGID } else { 0 };
    mode & !(libc::S_ISUID | group)
}

/// Root may give files away; anybody else may say what is so already.
fn set_owner(inode: &mut Inode, setting: Setting, caller: Caller) -> Answer<()> {
    let (user, group) = (setting.user.unwrap_or(inode.user), setting.group.unwrap_or(inode.group));
    if (user, group) == (inode.user, inode.group) {
        return Ok(());
    }
    if caller.user != 0 {
        return Err(Refused(libc::EPERM));
    }
    (inode.user, inode.group) = (user, group);
    Ok(())
}

/// Only what users may set freely is kept: the rest has a meaning to the system that we could not keep.
fn check_space(name: &[u8]) -> Answer<()> {
    if name.starts_with(b"user.") { Ok(()) } else { Err(Refused(libc::EOPNOTSUPP)) }
}
