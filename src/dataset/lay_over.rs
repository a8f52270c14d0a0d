//! An overlay is laid over another base than the one it was made on.

use std::sync::Arc;

use super::conflict::Conflict;
use super::diff::changed_paths;
use super::view::View;
use crate::Result;
use crate::base::Base;
use crate::model::{Change, Content, DataPath, FileChange, Kind};

/// Lays a view's overlay over another base; returns that view, and the edits that the new base is at odds with.
///
/// A moved file or folder whose source is gone goes with it. A moved file whose
/// content changed shows the new content. A spliced file whose source changed
/// cannot keep its edit, for the ranges mean nothing in other bytes.
pub(super) fn lay_over(view: &View, base: &Arc<Base>) -> Result<(View, Vec<Conflict>)> {
    let changed = changed_paths(&view.base, base)?;
    let is_changed = |path: &DataPath| changed.binary_search(path).is_ok();
    let (mut edits, mut conflicts) = (Vec::new(), Vec::new());
    for (path, change) in view.overlay.entries()? {
        let (new, why) = match &change {
            Change::Removed => match base.find(&path)? {
                // Of a moved folder's children the base knows nothing under this path.
                None if view.base.find(&path)?.is_some() => (None, None),
                _ => (Some(change.clone()), is_changed(&path).then_some("removed by us, changed in the source")),
            },
            Change::File(file) => match file_over(file, base, &is_changed)? {
                Some((file, why)) => {
                    let edited = matches!(file.content, Content::Blob(_)) && is_changed(&path);
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
        if new.as_ref() != Some(&change) {
            edits.push((path, new));
        }
    }
    let overlay = view.overlay.with(edits)?;
    Ok((View { base: base.clone(), overlay, ..view.clone() }, conflicts))
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
