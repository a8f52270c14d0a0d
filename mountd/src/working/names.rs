//! The operations on names: make, remove, link, rename.
//!
//! Each works out its records against the state, and does them in one go.
//! What the kernel checks before it asks (permissions, loops) is checked again
//! only where a mistake would break the tree.

use super::asked::Asked;
use super::journal::Room;
use super::record::{Bytes, Ino, Inode, Record, Times, What};
use super::refused::{Answer, Refused};
use super::tree::Tree;
use super::{State, Working, now_ns};

/// The longest path, in bytes, that a dataset can have.
const PATH_LEN_MAX: usize = 4095;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
}

/// What is to be made.
#[derive(Clone, Debug)]
pub enum New {
    /// An empty file with these permission bits.
    File(u32),
    /// An empty folder with these permission bits.
    Folder(u32),
    /// A symbolic link to this.
    Link(Vec<u8>),
}

/// How a rename treats what is at the new name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It is replaced.
    Replace,
    /// There must be nothing.
    KeepOther,
    /// The two change places.
    Exchange,
}

/// A name in a folder.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The folder.
    pub folder: Ino,
    /// The name.
    pub name: &'a [u8],
}

impl Working {
    /// The inode that has a name in a folder.
    pub fn lookup(&self, at: At<'_>) -> Answer<Option<Ino>> {
        self.state().tree.child(at.folder, at.name)
    }

    /// Makes something new under a name that is free.
    pub fn make(&self, at: At<'_>, new: New, caller: Caller, asked: Asked) -> Answer<Ino> {
        let mut state = self.state();
        if let Some(made) = state.tree.done().find(asked) {
            return made.ok_or(Refused(libc::EIO));
        }
        check_new_name(&state.tree, at)?;
        if state.tree.child(at.folder, at.name)?.is_some() {
            return Err(Refused(libc::EEXIST));
        }
        let mut records = Vec::new();
        let now = now_ns();
        let folder = enter(&state.tree, at.folder, now, &mut records)?;
        let ino = state.tree.new_ino();
        let inherits = folder.mode & libc::S_ISGID != 0;
        let (mode, what) = match new {
            New::Folder(mode) => {
                let inherited = if inherits { libc::S_ISGID } else { 0 };
                (mode & 0o7777 | inherited, What::Folder { parent: at.folder, below: None })
            }
            New::Link(target) => (0o777, What::Link(target)),
            New::File(mode) => {
                let number = state.tree.new_scratch();
                self.scratch.create(number)?;
                (mode & 0o7777, What::File(Bytes::Scratch(number)))
            }
        };
        let group = if inherits { folder.group } else { caller.group };
        let times = Times { accessed: now, modified: now, changed: now };
        let inode = Inode { mode, user: caller.user, group, times, links: 1, what, extended: Default::default() };
        records.push(Record::Put(ino, inode));
        records.push(Record::Name(at.folder, at.name.to_vec(), Some(ino)));
        asked.note(&mut records, Some(ino));
        self.commit(&mut state, &records, Room::Takes)?;
        Ok(ino)
    }

    /// Gives an inode that is no folder one more name.
    pub fn link(&self, ino: Ino, at: At<'_>, asked: Asked) -> Answer<()> {
        let mut state = self.state();
        if state.tree.done().find(asked).is_some() {
            return Ok(());
        }
        check_new_name(&state.tree, at)?;
        if state.tree.child(at.folder, at.name)?.is_some() {
            return Err(Refused(libc::EEXIST));
        }
        let (mut records, now) = (Vec::new(), now_ns());
        let mut inode = state.tree.touch(ino, &mut records)?;
        match inode.what {
            What::Folder { .. } => return Err(Refused(libc::EPERM)),
            _ if inode.links == 0 => return Err(Refused(libc::ENOENT)),
            _ => {}
        }
        enter(&state.tree, at.folder, now, &mut records)?;
        inode.links += 1;
        inode.times.changed = now;
        records.push(Record::Put(ino, inode));
        records.push(Record::Name(at.folder, at.name.to_vec(), Some(ino)));
        asked.note(&mut records, None);
        self.commit(&mut state, &records, Room::Takes)
    }

    /// Takes a name from what is no folder.
    pub fn unlink(&self, at: At<'_>, asked: Asked) -> Answer<()> {
        self.remove(at, false, asked)
    }

    /// Removes an empty folder.
    pub fn rmdir(&self, at: At<'_>, asked: Asked) -> Answer<()> {
        self.remove(at, true, asked)
    }

    fn remove(&self, at: At<'_>, as_folder: bool, asked: Asked) -> Answer<()> {
        let mut state = self.state();
        if state.tree.done().find(asked).is_some() {
            return Ok(());
        }
        let ino = state.tree.child(at.folder, at.name)?.ok_or(Refused(libc::ENOENT))?;
        let (mut records, now) = (Vec::new(), now_ns());
        let mut inode = state.tree.touch(ino, &mut records)?;
        match (&inode.what, as_folder) {
            (What::Folder { .. }, false) => return Err(Refused(libc::EISDIR)),
            (What::Folder { .. }, true) if !state.tree.is_empty(ino)? => return Err(Refused(libc::ENOTEMPTY)),
            (What::File(_) | What::Link(_), true) => return Err(Refused(libc::ENOTDIR)),
            _ => {}
        }
        enter(&state.tree, at.folder, now, &mut records)?;
        inode.links = inode.links.saturating_sub(1);
        inode.times.changed = now;
        records.push(Record::Put(ino, inode));
        records.push(state.tree.without(at.folder, at.name)?);
        asked.note(&mut records, None);
        self.commit(&mut state, &records, Room::Gives)
    }

    /// Moves what has one name to another.
    pub fn rename(&self, from: At<'_>, to: At<'_>, manner: Manner, asked: Asked) -> Answer<()> {
        let mut state = self.state();
        let tree = &state.tree;
        if tree.done().find(asked).is_some() {
            return Ok(());
        }
        let moved = tree.child(from.folder, from.name)?.ok_or(Refused(libc::ENOENT))?;
        check_new_name(tree, to)?;
        let there = tree.child(to.folder, to.name)?;
        match (manner, there) {
            (Manner::KeepOther, Some(_)) => return Err(Refused(libc::EEXIST)),
            (Manner::Exchange, None) => return Err(Refused(libc::ENOENT)),
            (_, Some(there)) if there == moved => return Ok(()),
            _ => {}
        }
        let (mut records, now) = (Vec::new(), now_ns());
        // All that is only touched comes first: what is changed below must not be said again as it was.
        let mut inode = tree.touch(moved, &mut records)?;
        let mut other = match there {
            Some(there) => Some((there, tree.touch(there, &mut records)?)),
            None => None,
        };
        check_no_loop(tree, moved, &inode, to.folder)?;
        if let Some((there, other)) = &other {
            match manner {
                Manner::Exchange => check_no_loop(tree, *there, other, from.folder)?,
                _ => check_replaceable(tree, &inode, *there, other)?,
            }
        }
        enter(tree, from.folder, now, &mut records)?;
        if to.folder != from.folder {
            enter(tree, to.folder, now, &mut records)?;
        }
        arrive(&mut inode, to.folder, now);
        records.push(Record::Put(moved, inode));
        match &mut other {
            Some((there, other)) if manner == Manner::Exchange => {
                arrive(other, from.folder, now);
                records.push(Record::Name(from.folder, from.name.to_vec(), Some(*there)));
            }
            _ => records.push(tree.without(from.folder, from.name)?),
        }
        if let Some((there, mut other)) = other {
            if manner != Manner::Exchange {
                other.links = other.links.saturating_sub(1);
                other.times.changed = now;
            }
            records.push(Record::Put(there, other));
        }
        records.push(Record::Name(to.folder, to.name.to_vec(), Some(moved)));
        asked.note(&mut records, None);
        self.commit(&mut state, &records, Room::Takes)
    }

    /// What a symbolic link points to, as it was written.
    pub fn link_target(&self, ino: Ino) -> Answer<Vec<u8>> {
        match self.state().tree.inode(ino)?.what {
            What::Link(target) => Ok(target),
            _ => Err(Refused(libc::EINVAL)),
        }
    }

    /// Forgets an inode that has no name, when no program and no kernel knows it any more.
    ///
    /// One that is held goes once what was written to it is in the draft.
    pub fn drop_orphan(&self, state: &mut State, ino: Ino) {
        if state.tree.heirs.forget(ino) {
            return;
        }
        let scratch = match state.tree.spoken_inode(ino) {
            Some(Inode { links: 0, what, .. }) => match what {
                What::File(Bytes::Scratch(number)) => Some(*number),
                _ => None,
            },
            _ => return,
        };
        // On a disk too full even for this, the next mount drops it: it has no name.
        if self.commit(state, &[Record::Drop(ino)], Room::Gives).is_err() {
            state.tree.apply(&Record::Drop(ino));
        }
        if let Some(number) = scratch {
            self.remove_scratch(number);
        }
    }
}

/// Something in a folder is about to change: makes the folder spoken of, with the times of now.
fn enter(tree: &Tree, folder: Ino, now: i64, records: &mut Vec<Record>) -> Answer<Inode> {
    let mut inode = tree.touch(folder, records)?;
    match inode.what {
        What::Folder { .. } if inode.links == 0 => return Err(Refused(libc::ENOENT)),
        What::Folder { .. } => {}
        _ => return Err(Refused(libc::ENOTDIR)),
    }
    inode.times.modified = now;
    inode.times.changed = now;
    records.push(Record::Put(folder, inode.clone()));
    Ok(inode)
}

fn arrive(inode: &mut Inode, folder: Ino, now: i64) {
    inode.times.changed = now;
    if let What::Folder { parent, .. } = &mut inode.what {
        *parent = folder;
    }
}

fn check_new_name(tree: &Tree, at: At<'_>) -> Answer<()> {
    if at.name.len() > 255 || tree.path_len(at.folder)? + 1 + at.name.len() > PATH_LEN_MAX {
        return Err(Refused(libc::ENAMETOOLONG));
    }
    // An excluded image comes back there.
    match tree.hidden(at.folder, at.name) {
        Some(_) => Err(Refused(libc::EEXIST)),
        None => Ok(()),
    }
}

/// A folder cannot be moved into itself.
fn check_no_loop(tree: &Tree, ino: Ino, inode: &Inode, mut into: Ino) -> Answer<()> {
    if !matches!(inode.what, What::Folder { .. }) {
        return Ok(());
    }
    while into != Ino::ROOT {
        if into == ino {
            return Err(Refused(libc::EINVAL));
        }
        into = tree.folder(into)?.0;
    }
    if ino == Ino::ROOT { Err(Refused(libc::EBUSY)) } else { Ok(()) }
}

fn check_replaceable(tree: &Tree, moved: &Inode, there: Ino, other: &Inode) -> Answer<()> {
    let is_folder = |inode: &Inode| matches!(inode.what, What::Folder { .. });
    match (is_folder(moved), is_folder(other)) {
        (false, true) => Err(Refused(libc::EISDIR)),
        (true, false) => Err(Refused(libc::ENOTDIR)),
        (true, true) if !tree.is_empty(there)? => Err(Refused(libc::ENOTEMPTY)),
        _ => Ok(()),
    }
}
