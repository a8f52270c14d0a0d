//! Where a file is now that a command, or another mount, moved while a program may write to it.
//!
//! The store says of a path what is there, not whence it came: a file that is
//! gone was moved if one came, and one only, that was made of the same.

use std::collections::{HashMap, HashSet};

use veneer::Result;
use veneer::base::Base;
use veneer::dataset::{Place, View};
use veneer::model::{Change, Content, DataPath, Id};

use super::keeper::Known;
use super::record::{Bytes, Ino, What};
use super::tree::Tree;

/// What a file or a folder was made of; edits of rows and of ranges leave it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Origin {
    Source(DataPath),
    Blob(Id),
    Folder(DataPath),
}

impl Origin {
    fn of(view: &View, path: &DataPath) -> Result<Option<Origin>> {
        if let Some(change) = view.overlay().get(path)? {
            return Ok(Origin::said(&change));
        }
        let base = view.base();
        Ok(match view.node(path)?.map(|node| node.place) {
            Some(Place::Source { row }) => Some(Origin::Source(base.path(row)?)),
            Some(Place::Folder { base: Some(row) }) => Some(Origin::Folder(base.path(row)?)),
            _ => None,
        })
    }

    fn said(change: &Change) -> Option<Origin> {
        match change {
            Change::File(file) => Some(Origin::bytes(&file.content)),
            Change::Folder { from: Some(from), .. } => Some(Origin::Folder(from.clone())),
            _ => None,
        }
    }

    fn bytes(content: &Content) -> Origin {
        match content {
            Content::Source(path) | Content::Extents { over: path, .. } => Origin::Source(path.clone()),
            Content::Blob(id) => Origin::Blob(*id),
            Content::Rows { below, .. } => Origin::bytes(below),
        }
    }
}

/// What came to where it was not, when the store went from one state to another.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Where it came, by what it is made of; `None` where it came to several places.
    came: HashMap<Origin, Option<DataPath>>,
    /// How many files were made of the same blob.
    alike: HashMap<Id, usize>,
}

impl Arrivals {
    /// What came at some of `paths`, which are those that `view` shows otherwise.
    pub(super) fn among(known: &Known, view: &View, paths: &[DataPath]) -> Result<Arrivals> {
        let mut arrivals = Arrivals::default();
        for path in paths {
            let Some(origin) = Origin::of(view, path)? else { continue };
            if Origin::of(&known.view, path)?.as_ref() != Some(&origin) {
                let came = Some(path.clone());
                arrivals.came.entry(origin).and_modify(|came| *came = None).or_insert(came);
            }
        }
        for change in known.said.values() {
            if let Some(Origin::Blob(id)) = Origin::said(change) {
                *arrivals.alike.entry(id).or_default() += 1;
            }
        }
        Ok(arrivals)
    }

    /// Where the file is that was at `path`, by itself or with a folder above it; `None` where that cannot be told.
    pub(super) fn moved(&self, known: &Known, path: &DataPath) -> Result<Option<DataPath>> {
        if self.came.is_empty() {
            return Ok(None);
        }
        let mut at = Some(path.clone());
        while let Some(from) = at.filter(|from| !from.is_root()) {
            let origin = Origin::of(&known.view, &from)?;
            // What came may be a copy of another file of the same bytes.
            let is_known = |origin: &Origin| !matches!(origin, Origin::Blob(id) if self.alike.get(id) > Some(&1));
            if let Some(to) = origin.filter(is_known).and_then(|origin| self.came.get(&origin)?.as_ref()) {
                return Ok(path.moved(&from, to));
            }
            at = from.parent();
        }
        Ok(None)
    }
}

/// Whether a program may write to a file: it has it open, or has written to it and may have mapped it.
pub(super) fn may_be_written(tree: &Tree, ino: Ino, open: &HashSet<Ino>) -> bool {
    open.contains(&ino)
        || matches!(tree.spoken_inode(ino).map(|inode| &inode.what), Some(What::File(Bytes::Scratch(_))))
}

/// The files at or below a path that may lose their names with it: itself, or those that programs may write to.
pub(super) fn files_at(tree: &Tree, path: &DataPath, open: &HashSet<Ino>) -> Result<Vec<(DataPath, Ino)>> {
    let Some(top) = tree.find(path)? else { return Ok(Vec::new()) };
    match tree.inode(top)?.what {
        What::File(_) => return Ok(vec![(path.clone(), top)]),
        What::Folder { .. } => {}
        What::Link(_) | What::Hidden(_) => return Ok(Vec::new()),
    }
    let (mut files, mut folders, mut next) = (Vec::new(), HashMap::new(), vec![(top, path.clone())]);
    while let Some((folder, path)) = next.pop() {
        for (name, ino) in tree.spoken(folder).into_iter().flat_map(|spoken| spoken.iter()) {
            let Some(ino) = ino else { continue };
            match tree.spoken_inode(ino).map(|inode| &inode.what) {
                Some(What::Folder { .. }) => next.push((ino, path.join(name)?)),
                Some(What::File(_)) if may_be_written(tree, ino, open) => files.push((path.join(name)?, ino)),
                _ => {}
            }
        }
        folders.insert(folder, path);
    }
    for ino in open.iter().filter(|ino| tree.spoken_inode(**ino).is_none()) {
        if let Some(path) = path_below(tree, *ino, &folders)? {
            files.push((path, *ino));
        }
    }
    Ok(files)
}

/// The path of an inode that nothing is said of, if it is below one of `folders`.
fn path_below(tree: &Tree, ino: Ino, folders: &HashMap<Ino, DataPath>) -> Result<Option<DataPath>> {
    let (base, mut names) = (tree.base(), Vec::new());
    let Some((showing, mut row)) = ino.row() else { return Ok(None) };
    while row != Base::ROOT {
        names.push(base.name(row)?);
        row = base.parent(row)?;
        let folder = Ino::of_row(showing, row);
        if let Some(path) = folders.get(&folder) {
            let below = names.iter().rev().try_fold(path.clone(), |path, name| path.join(name))?;
            return Ok(Some(below));
        }
        // Above a folder that is spoken of it goes on by its name there, which may be another one.
        if tree.spoken_inode(folder).is_some() {
            return Ok(None);
        }
    }
    Ok(None)
}
