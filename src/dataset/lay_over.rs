//! An overlay is laid over another base than the one it was made on.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::conflict::Conflict;
use super::diff::changed_paths;
use super::view::View;
use crate::Result;
use crate::base::Base;
use crate::model::{Change, Content, DataPath, Entry, FileChange, Kind};

/// Lays a view's overlay over another base; returns that view, and the edits that the new base is at odds with.
///
/// What we put into a folder stays when the folder is gone from the source, and the folder with it. A moved file or folder whose source is gone goes with it. A moved file whose
/// content changed shows the new content. A spliced file whose source changed
/// cannot keep its edit, for the ranges mean nothing in other bytes.
pub(super) fn lay_over(view: &View, base: &Arc<Base>) -> Result<(View, Vec<Conflict>)> {
    if view.base.id() == base.id() {
        return Ok((view.clone(), Vec::new()));
    }
    let changed = changed_paths(&view.base, base)?;
    let is_changed = |path: &DataPath| changed.binary_search(path).is_ok();
    let entries = view.overlay.entries()?;
    // What was removed here and is shown there was moved: it goes on showing what the source has.
    let shown: HashSet<&DataPath> = entries.iter().filter_map(|(_, change)| shown_of_base(change)).collect();
    let (mut edits, mut conflicts) = (Vec::new(), Vec::new());
    for (path, change) in &entries {
        let (new, why) = match change {
            Change::Removed => match base.find(path)? {
                // Of a moved folder's children the base knows nothing under this path.
                None if view.base.find(path)?.is_some() => (None, None),
                _ => {
                    let is_at_odds = is_changed(path) && !shown.contains(path);
                    (Some(change.clone()), is_at_odds.then_some("removed by us, changed in the source"))
                }
            },
            Change::File(file) => match file_over(file, base, &is_changed)? {
                Some((file, why)) => {
                    let edited = matches!(file.content, Content::Blob(_)) && is_changed(path);
                    (Some(Change::File(file)), why.or(edited.then_some("edited by us, changed in the source")))
                }
                None => (None, Some("moved or edited by us, gone from the source")),
            },
            Change::Folder { from: Some(from), mtime_ns, mode } if base.find(from)?.is_none() => (
                Some(Change::Folder { from: None, mtime_ns: *mtime_ns, mode: *mode }),
                Some("moved or edited by us, gone from the source"),
            ),
            Change::Folder { .. } | Change::Symlink { .. } => (Some(change.clone()), None),
        };
        if let Some(why) = why {
            conflicts.push(Conflict { path: path.clone(), ours: Some(change.clone()), theirs: None, why });
        }
        if new.as_ref() != Some(change) {
            edits.push((path.clone(), new));
        }
    }
    let mut laid = View { base: base.clone(), overlay: view.overlay.with(edits)?, ..view.clone() };
    let kept = folders_to_keep(view, &laid)?;
    for (path, change) in kept.iter().filter(|(path, _)| path.parent().is_none_or(|above| !kept.contains_key(&above))) {
        let why = "something of ours is in this folder, which is gone from the source";
        conflicts.push(Conflict { path: path.clone(), ours: Some(change.clone()), theirs: None, why });
    }
    laid.overlay = laid.overlay.with(kept.into_iter().map(|(path, change)| (path, Some(change))))?;
    Ok((laid, conflicts))
}

/// The folders that the overlay puts something into and that are no folders of the new base any more.
///
/// Without them, what is in them would still be in the overlay and be shown nowhere.
fn folders_to_keep(before: &View, after: &View) -> Result<BTreeMap<DataPath, Change>> {
    let mut kept = BTreeMap::new();
    let mut there = DataPath::ROOT;
    for (path, change) in after.overlay.entries()? {
        let mut next = if change == Change::Removed { None } else { path.parent() };
        while let Some(folder) = next.take_if(|folder| *folder != there && !kept.contains_key(folder)) {
            if after.node(&folder)?.is_some_and(|node| node.is_folder()) {
                there = folder;
                break;
            }
            let Some(Entry { mtime_ns, mode, .. }) = before.node(&folder)?.map(|node| node.entry) else { break };
            next = folder.parent();
            kept.insert(folder, Change::Folder { from: None, mtime_ns, mode });
        }
    }
    Ok(kept)
}

/// The entry of the base that a change shows, or shows the children of.
fn shown_of_base(change: &Change) -> Option<&DataPath> {
    match change {
        Change::File(FileChange { content: Content::Source(of) | Content::Extents { over: of, .. }, .. }) => Some(of),
        Change::Folder { from, .. } => from.as_ref(),
        Change::File(_) | Change::Removed | Change::Symlink { .. } => None,
    }
}

/// A file of the overlay as it is over another base; `None` when there is nothing left to show.
fn file_over(
    file: &FileChange,
    base: &Base,
    is_changed: &impl Fn(&DataPath) -> bool,
) -> Result<Option<(FileChange, Option<&'static str>)>> {
    let (below, is_spliced) = match &file.content {
        Content::Blob(_) => return Ok(Some((file.clone(), None))),
        Content::Source(below) => (below, false),
        Content::Extents { over, .. } => (over, true),
    };
    let Some(row) = base.find(below)? else { return Ok(None) };
    if !is_changed(below) {
        return Ok(Some((file.clone(), None)));
    }
    let entry = base.entry(row)?;
    if entry.kind != Kind::File {
        return Ok(None);
    }
    let content = Content::Source(below.clone());
    let now = FileChange { content, size: entry.size, mtime_ns: entry.mtime_ns, mode: file.mode };
    Ok(Some((now, is_spliced.then_some("edited by us, changed in the source: the edit does not fit any more"))))
}
