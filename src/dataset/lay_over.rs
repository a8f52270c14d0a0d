//! An overlay is laid over another base than the one it was made on.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::conflict::Conflict;
use super::diff::changed_paths;
use super::view::{Place, View};
use crate::Result;
use crate::base::Base;
use crate::model::{Change, Content, DataPath, FileChange, Kind};

const REMOVED: &str = "removed, and changed in the source";
const EDITED: &str = "edited, and changed in the source";
const GONE: &str = "moved or edited, and gone from the source";
const SPLICED: &str = "edited, and changed in the source: the edit does not fit any more";
const FOLDER_GONE: &str = "holds edits, and is gone from the source";

/// Lays a view's overlay over another base; returns that view, and the edits that the new base is at odds with.
///
/// A moved file or folder whose source is gone goes with it. A moved file whose
/// content changed shows the new content. A spliced file whose source changed
/// cannot keep its edit, for the ranges mean nothing in other bytes. A folder
/// that is gone stays where an edit of ours is in it.
pub(super) fn lay_over(view: &View, base: &Arc<Base>) -> Result<(View, Vec<Conflict>)> {
    let laying = Laying { view, base, changed: changed_paths(&view.base, base)?, moved: moved(view)? };
    let (mut edits, mut conflicts) = (Vec::new(), Vec::new());
    for (path, change) in view.overlay.entries()? {
        let (new, why) = laying.lay(&path, &change)?;
        if let Some(why) = why {
            conflicts.push(Conflict {
                path: path.clone(),
                ours: Some(change.clone()),
                theirs: None,
                why,
                rows: Vec::new(),
            });
        }
        if new.as_ref() != Some(&change) {
            edits.push((path, new));
        }
    }
    let overlay = view.overlay.with(edits)?;
    let mut laid = View { base: base.clone(), overlay, ..view.clone() };
    for folder in laying.hold_up(&mut laid)? {
        // What was said of an edit in it is said of the folder, with all that is in it.
        conflicts.retain(|conflict| !conflict.path.is_within(&folder));
        let ours = laid.overlay.get(&folder)?;
        conflicts.push(Conflict { path: folder, ours, theirs: None, why: FOLDER_GONE, rows: Vec::new() });
    }
    conflicts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((laid, conflicts))
}

/// The files of the base that show under a path that the overlay gives them.
fn moved(view: &View) -> Result<BTreeSet<DataPath>> {
    fn below((_, change): (DataPath, Change)) -> Option<DataPath> {
        match change {
            Change::File(file) => file.content.source().cloned(),
            Change::Excluded { was: Some(was) } => below((DataPath::ROOT, *was)),
            _ => None,
        }
    }
    Ok(view.overlay.entries()?.into_iter().filter_map(below).collect())
}

/// What becomes of an entry of the overlay: itself, another or none, and what is at odds.
type Laid = (Option<Change>, Option<&'static str>);

struct Laying<'a> {
    view: &'a View,
    base: &'a Base,
    /// In order.
    changed: Vec<DataPath>,
    moved: BTreeSet<DataPath>,
}

impl Laying<'_> {
    fn lay(&self, path: &DataPath, change: &Change) -> Result<Laid> {
        // In a moved folder, the base has another path for what an edit hides.
        let hidden = self.hidden(path)?;
        let is_odd = hidden.as_ref().is_some_and(|hidden| self.is_changed(hidden));
        Ok(match change {
            Change::Removed => match &hidden {
                Some(hidden) if self.base.find(hidden)?.is_none() => (None, None),
                // It was not removed but moved: the change shows where it is now.
                Some(hidden) if self.moved.contains(hidden) => (Some(change.clone()), None),
                _ => (Some(change.clone()), is_odd.then_some(REMOVED)),
            },
            // What is hidden stays so, and shows what the source has now once it is taken back.
            Change::Excluded { was: None } => match &hidden {
                Some(hidden) if self.base.find(hidden)?.is_none() => (None, None),
                _ => (Some(change.clone()), None),
            },
            Change::Excluded { was: Some(was) } => match self.lay(path, was)? {
                (Some(was), why) => (Some(Change::Excluded { was: Some(Box::new(was)) }), why),
                gone => gone,
            },
            Change::File(file) => match self.lay_file(file)? {
                Some((file, why)) => {
                    let edited = file.content.source().is_none() && is_odd;
                    (Some(Change::File(file)), why.or(edited.then_some(EDITED)))
                }
                None => (None, Some(GONE)),
            },
            Change::Folder { from: Some(from), mtime_ns, mode } if !self.has_folder(from)? => {
                (Some(Change::Folder { from: None, mtime_ns: *mtime_ns, mode: *mode }), Some(GONE))
            }
            Change::Folder { from: Some(_), .. } => (Some(change.clone()), None),
            Change::Folder { from: None, .. } | Change::Symlink { .. } => {
                (Some(change.clone()), is_odd.then_some(EDITED))
            }
        })
    }

    /// A file of the overlay as it is over the new base; `None` when there is nothing left to show.
    fn lay_file(&self, file: &FileChange) -> Result<Option<(FileChange, Option<&'static str>)>> {
        let Some(below) = file.content.source() else { return Ok(Some((file.clone(), None))) };
        let is_spliced = !matches!(file.content, Content::Source(_));
        let Some(row) = self.base.find(below)? else { return Ok(None) };
        if !self.is_changed(below) {
            return Ok(Some((file.clone(), None)));
        }
        let entry = self.base.entry(row)?;
        if entry.kind != Kind::File {
            return Ok(None);
        }
        let content = Content::Source(below.clone());
        let now = FileChange { content, size: entry.size, mtime_ns: entry.mtime_ns, mode: file.mode };
        Ok(Some((now, is_spliced.then_some(SPLICED))))
    }

    /// Makes the folders that edits are in and that are gone; returns the topmost of them.
    fn hold_up(&self, laid: &mut View) -> Result<Vec<DataPath>> {
        let mut topmost: Vec<DataPath> = Vec::new();
        let mut held: BTreeSet<DataPath> = BTreeSet::new();
        for (path, change) in laid.overlay.entries()? {
            let is_nothing = matches!(change, Change::Removed | Change::Excluded { .. });
            let Some(parent) = path.parent().filter(|_| !is_nothing) else { continue };
            for folder in folders_down_to(&parent) {
                if !held.insert(folder.clone()) || laid.node(&folder)?.is_some_and(|node| node.is_folder()) {
                    continue;
                }
                let entry = self.view.existing(&folder)?.entry;
                let made = Change::Folder { from: None, mtime_ns: entry.mtime_ns, mode: entry.mode };
                laid.overlay = laid.overlay.with([(folder.clone(), Some(made))])?;
                if !topmost.iter().any(|top| folder.is_within(top)) {
                    topmost.push(folder);
                }
            }
        }
        Ok(topmost)
    }

    /// The path in a base of what shows at `path` where the overlay says nothing of it.
    fn hidden(&self, path: &DataPath) -> Result<Option<DataPath>> {
        let Some(parent) = path.parent() else { return Ok(Some(DataPath::ROOT)) };
        Ok(match self.view.node(&parent)?.map(|node| node.place) {
            Some(Place::Folder { base: Some(row) }) => Some(self.view.base.path(row)?.join(path.name())?),
            _ => None,
        })
    }

    fn is_changed(&self, path: &DataPath) -> bool {
        self.changed.binary_search(path).is_ok()
    }

    fn has_folder(&self, path: &DataPath) -> Result<bool> {
        let row = self.base.find(path)?;
        Ok(row.map(|row| self.base.entry(row)).transpose()?.is_some_and(|entry| entry.kind == Kind::Folder))
    }
}

/// A folder and those above it, the topmost first, without the top folder of all.
fn folders_down_to(folder: &DataPath) -> Vec<DataPath> {
    let above = std::iter::successors(Some(folder.clone()), DataPath::parent);
    let mut folders: Vec<_> = above.filter(|folder| !folder.is_root()).collect();
    folders.reverse();
    folders
}
