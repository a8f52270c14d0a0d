//! An overlay becomes a state: at the mount all of it, later what was changed behind the mount's back.

use std::collections::BTreeMap;

use veneer::dataset::{Node, Place, Target, View};
use veneer::model::{Change, DataPath};

use super::record::{Bytes, Ino, Inode, Record, Times, What};
use super::refused::{Answer, Refused};
use super::tree::Tree;
use crate::attributes::Owner;

/// What the kernel must be told to forget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Names in folders.
    pub names: Vec<(Ino, Vec<u8>)>,
    /// Attributes.
    pub inodes: Vec<Ino>,
}

/// What loading has done.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The records, which are done already.
    pub records: Vec<Record>,
    /// What the kernel must not go on believing.
    pub forgotten: Forgotten,
}

/// Makes an untouched state what its view shows.
pub fn load_all(tree: &mut Tree) -> veneer::Result<()> {
    let view = tree.view.clone();
    let mut loaded = Loaded::default();
    for (path, _) in view.overlay().entries()? {
        load(tree, &view, &path, &mut loaded).map_err(|refused| failed(&path, refused))?;
    }
    Ok(())
}

fn failed(path: &DataPath, refused: Refused) -> veneer::Error {
    let cause = std::io::Error::from_raw_os_error(refused.0);
    veneer::Error::io(format!("show the draft's `{path}`"), cause)
}

/// Makes a path what `view` shows there, and all below it if it is another folder now.
pub fn load_tree(tree: &mut Tree, view: &View, path: &DataPath, loaded: &mut Loaded) -> veneer::Result<()> {
    if load(tree, view, path, loaded).map_err(|refused| failed(path, refused))? {
        for (below, _) in view.overlay().within(path)?.into_iter().filter(|(below, _)| below != path) {
            load(tree, view, &below, loaded).map_err(|refused| failed(&below, refused))?;
        }
    }
    Ok(())
}

/// Makes a path what `view` shows there; returns whether it is a folder that was not there before.
fn load(tree: &mut Tree, view: &View, path: &DataPath, loaded: &mut Loaded) -> Answer<bool> {
    let Some(parent) = path.parent() else {
        let root = view.root()?;
        set_mode(tree, Ino::ROOT, &root, loaded)?;
        return Ok(false);
    };
    // The folder above was loaded before; if it is none, what is below does not show either.
    let Some(folder) = tree.find(&parent)? else { return Ok(false) };
    if tree.folder(folder).is_err() {
        return Ok(false);
    }
    let name = path.name();
    let old = tree.child(folder, name)?.or_else(|| tree.hidden(folder, name));
    let node = view.node(path)?;
    if let (Some(old), Some(node)) = (old, &node)
        && let (Ok((_, below)), Place::Folder { base }) = (tree.folder(old), &node.place)
        && below.map(|(_, row)| row) == *base
    {
        set_mode(tree, old, node, loaded)?;
        return Ok(false);
    }
    if let Some(old) = old {
        detach(tree, old, loaded)?;
    }
    let mut records = Vec::new();
    tree.touch(folder, &mut records)?;
    do_all(tree, records, loaded);
    let is_folder = node.as_ref().is_some_and(Node::is_folder);
    let record = match node {
        None => match view.overlay().get(path)? {
            Some(change @ Change::Excluded { .. }) => {
                let ino = tree.new_ino();
                do_all(tree, vec![Record::Put(ino, hidden(tree.owner(), change))], loaded);
                Record::Name(folder, name.to_vec(), Some(ino))
            }
            _ => tree.without(folder, name)?,
        },
        Some(node) => {
            let (ino, inode) = make(tree, view, folder, &node)?;
            do_all(tree, vec![Record::Put(ino, inode)], loaded);
            Record::Name(folder, name.to_vec(), Some(ino))
        }
    };
    do_all(tree, vec![record], loaded);
    loaded.forgotten.names.push((folder, name.to_vec()));
    loaded.forgotten.inodes.push(folder);
    Ok(is_folder)
}

fn do_all(tree: &mut Tree, records: Vec<Record>, loaded: &mut Loaded) {
    records.iter().for_each(|record| tree.apply(record));
    loaded.records.extend(records);
}

fn set_mode(tree: &mut Tree, ino: Ino, node: &Node, loaded: &mut Loaded) -> Answer<()> {
    let mut records = Vec::new();
    let mut inode = tree.touch(ino, &mut records)?;
    inode.mode = node.entry.mode;
    records.push(Record::Put(ino, inode));
    do_all(tree, records, loaded);
    loaded.forgotten.inodes.push(ino);
    Ok(())
}

/// An inode for what a view shows. It is always a new one: whoever has the old one open keeps it.
fn make(tree: &mut Tree, view: &View, parent: Ino, node: &Node) -> Answer<(Ino, Inode)> {
    let Owner { user, group } = tree.owner();
    let mtime_ns = node.entry.mtime_ns;
    let times = Times { accessed: mtime_ns, modified: mtime_ns, changed: mtime_ns };
    let made = |what| Inode { mode: node.entry.mode, user, group, times, links: 1, what, extended: BTreeMap::new() };
    let what = match &node.place {
        Place::Folder { base: None } => What::Folder { parent, below: None },
        Place::Folder { base: Some(row) } => {
            let showing = tree.new_showing();
            return Ok((Ino::of_row(showing, *row), made(What::Folder { parent, below: Some((showing, *row)) })));
        }
        Place::Source { .. } | Place::Blob(_) | Place::Extents { .. } | Place::Rows { .. } => {
            What::File(bytes_of(&node.place, node.entry.size)?)
        }
        Place::Symlink(Target::Overlay(target)) => What::Link(target.to_vec()),
        Place::Symlink(Target::Base(_)) => What::Link(view.link_target(node)?),
    };
    Ok((tree.new_ino(), made(what)))
}

/// An inode for an image that is excluded.
fn hidden(Owner { user, group }: Owner, change: Change) -> Inode {
    let what = What::Hidden(change);
    Inode { mode: 0, user, group, times: Times::default(), links: 1, what, extended: BTreeMap::new() }
}

/// The bytes of a file that nobody wrote; `size` is how many, of what lies below row edits it does not matter.
fn bytes_of(place: &Place, size: u64) -> Answer<Bytes> {
    Ok(match place {
        Place::Source { row } => Bytes::Row(*row),
        Place::Blob(id) => Bytes::Blob(*id, size),
        Place::Extents { row, extents } => Bytes::Spliced(*row, extents.to_vec(), size),
        Place::Rows { below, rows } => Bytes::Rows(Box::new(bytes_of(below, 0)?), *rows, size),
        Place::Folder { .. } | Place::Symlink(_) => return Err(veneer::Error::not_found("file", "bytes").into()),
    })
}

/// Takes a name from an inode, and all names below from theirs.
fn detach(tree: &mut Tree, ino: Ino, loaded: &mut Loaded) -> Answer<()> {
    let mut next = vec![ino];
    while let Some(ino) = next.pop() {
        let mut records = Vec::new();
        let mut inode = tree.touch(ino, &mut records)?;
        inode.links = inode.links.saturating_sub(1);
        if matches!(inode.what, What::Folder { .. })
            && let Some(spoken) = tree.spoken(ino)
        {
            next.extend(spoken.iter().filter_map(|(_, child)| child));
        }
        records.push(Record::Put(ino, inode));
        do_all(tree, records, loaded);
        loaded.forgotten.inodes.push(ino);
    }
    Ok(())
}
