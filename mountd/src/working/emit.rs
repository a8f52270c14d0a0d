//! A state becomes what an overlay says: a walk along the names that are spoken of.
//!
//! What the base shows anyway is left out, so that the same state gives the
//! same overlay however it came about. A folder's modification time alone is
//! nothing to say: it follows from what is done in it.

use std::collections::BTreeMap;

use veneer::base::Row;
use veneer::model::{Change, Content, DataPath, FileChange, Kind};

use super::record::{Bytes, Ino, Inode, What};
use super::tree::Tree;

/// What is to be said of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// This.
    Change(Change),
    /// That it is a file with the bytes of a scratch file.
    Scratch {
        /// Which scratch file.
        number: u64,
        /// Permission bits.
        mode: u32,
        /// The base's entry under that name.
        under: Option<Row>,
    },
}

/// What a state says of paths, in their order.
pub type Sayings = BTreeMap<DataPath, Said>;

/// All that an overlay must say for a view to show the state.
///
/// # Errors
/// `Invalid` for a path that is too long for any dataset.
pub fn emit(tree: &Tree) -> veneer::Result<Sayings> {
    let mut said = Sayings::new();
    if let Some(root) = tree.spoken_inode(Ino::ROOT)
        && root.mode != tree.base().entry(veneer::base::Base::ROOT)?.mode
    {
        said.insert(DataPath::ROOT, Said::Change(folder_change(tree, root, Some(0))?));
    }
    let mut folders = vec![(Ino::ROOT, DataPath::ROOT)];
    while let Some((folder, path)) = folders.pop() {
        let Some(spoken) = tree.spoken(folder) else { continue };
        let below = match tree.spoken_inode(folder).map(|inode| &inode.what) {
            Some(What::Folder { below, .. }) => below.map(|(_, row)| row),
            _ => folder.row().map(|(_, row)| row),
        };
        for (name, ino) in spoken.iter() {
            let under = below.map(|row| tree.base().child(row, name)).transpose()?.flatten();
            let child = path.join(name)?;
            let Some(ino) = ino else {
                if under.is_some() {
                    said.insert(child, Said::Change(Change::Removed));
                }
                continue;
            };
            // A name whose inode was never touched is as the base has it, perhaps in another place.
            let implied;
            let inode = match tree.spoken_inode(ino) {
                Some(inode) => inode,
                None => {
                    implied = tree.inode(ino).map_err(|_| lost(&child))?;
                    &implied
                }
            };
            if let Some(change) = said_of(tree, inode, under)? {
                said.insert(child.clone(), change);
            }
            if matches!(inode.what, What::Folder { .. }) {
                folders.push((ino, child));
            }
        }
    }
    Ok(said)
}

fn lost(path: &DataPath) -> veneer::Error {
    veneer::Error::corrupt(format!("the draft's entry `{path}`"), "its inode is not there")
}

/// What is to be said of an inode under a name where the base has `under`; `None` for nothing.
fn said_of(tree: &Tree, inode: &Inode, under: Option<Row>) -> veneer::Result<Option<Said>> {
    let base = tree.base();
    let (mode, mtime_ns) = (inode.mode, inode.times.modified);
    let entry = under.map(|row| base.entry(row)).transpose()?;
    let content = match &inode.what {
        What::Folder { below, .. } => {
            let row = below.map(|(_, row)| row);
            let same = row.is_some() && row == under && entry.is_some_and(|entry| entry.mode == mode);
            return if same { Ok(None) } else { Ok(Some(Said::Change(folder_change(tree, inode, row)?))) };
        }
        What::Link(target) => {
            let same = match (under, entry) {
                (Some(row), Some(entry)) => {
                    entry.kind == Kind::Symlink && entry.mtime_ns == mtime_ns && base.link_target(row)? == target
                }
                _ => false,
            };
            let change = Change::Symlink { target: target.clone(), mtime_ns };
            return Ok((!same).then_some(Said::Change(change)));
        }
        What::Hidden(change) => return Ok(Some(Said::Change(change.clone()))),
        What::File(Bytes::Scratch(number)) => return Ok(Some(Said::Scratch { number: *number, mode, under })),
        What::File(Bytes::Row(row)) => {
            let recorded = base.entry(*row)?;
            if under == Some(*row) && (recorded.mode, recorded.mtime_ns) == (mode, mtime_ns) {
                return Ok(None);
            }
            (Content::Source(base.path(*row)?), recorded.size)
        }
        What::File(bytes @ (Bytes::Blob(_, size) | Bytes::Spliced(_, _, size) | Bytes::Rows(_, _, size))) => {
            (content_of(tree, bytes)?, *size)
        }
    };
    let (content, size) = content;
    Ok(Some(Said::Change(Change::File(FileChange { content, size, mtime_ns, mode }))))
}

/// What an overlay says of bytes that nobody wrote.
fn content_of(tree: &Tree, bytes: &Bytes) -> veneer::Result<Content> {
    Ok(match bytes {
        Bytes::Row(row) => Content::Source(tree.base().path(*row)?),
        Bytes::Blob(id, _) => Content::Blob(*id),
        Bytes::Spliced(row, extents, _) => Content::Extents { over: tree.base().path(*row)?, extents: extents.clone() },
        Bytes::Rows(below, rows, _) => Content::Rows { below: Box::new(content_of(tree, below)?), rows: *rows },
        Bytes::Scratch(_) => return Err(veneer::Error::not_found("file of the view", "a scratch file")),
    })
}

fn folder_change(tree: &Tree, inode: &Inode, row: Option<Row>) -> veneer::Result<Change> {
    let from = row.map(|row| tree.base().path(row)).transpose()?;
    Ok(Change::Folder { from, mtime_ns: inode.times.modified, mode: inode.mode })
}
