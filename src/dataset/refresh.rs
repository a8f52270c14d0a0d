//! The source has changed: its new index becomes a new base, and the overlay is laid over that.

use std::sync::Arc;

use super::draft::NewRevision;
use super::merge::Conflict;
use super::view::View;
use super::diff::{changed_paths, diff};
use super::Dataset;
use crate::Result;
use crate::base::Base;
use crate::model::{BranchName, Change, Content, DataPath, FileChange, Id, What};
use crate::store::Store;

/// What a refresh found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// The new revision; `None` when the source is as it was.
    pub revision: Option<Id>,
    /// Paths that are new in the source.
    pub added: u64,
    /// Paths whose content, kind or mode is another.
    pub modified: u64,
    /// Paths that are gone.
    pub removed: u64,
    /// Edited paths whose file in the source was changed too; the edit stays, unless there is nothing to edit.
    pub conflicts: Vec<Conflict>,
}

impl Dataset {
    /// Makes a revision of the branch over a new base of its source, keeping what is edited.
    pub fn refresh(&self, branch: &BranchName, base: Id, author: &str) -> Result<Refreshed> {
        let head = self.head(branch)?;
        let before = self.view(head.id)?;
        if before.base.id() == base {
            return Ok(Refreshed::default());
        }
        let base = Arc::new(Base::open(&*self.store as &dyn Store, base)?);
        let plain = |base: &Arc<Base>| View {
            base: base.clone(),
            overlay: crate::overlay::Overlay::new(self.nodes.clone(), None),
            ..before.clone()
        };
        let mut refreshed = Refreshed::default();
        for change in diff(&plain(&before.base), &plain(&base))? {
            match change.what {
                What::Added => refreshed.added += 1,
                What::Modified => refreshed.modified += 1,
                What::Removed => refreshed.removed += 1,
                What::Renamed => {
                    refreshed.added += 1;
                    refreshed.removed += 1;
                }
            }
        }
        let (after, conflicts) = lay_over(&before, &base)?;
        refreshed.conflicts = conflicts;
        let changes = diff(&before, &after)?;
        let message = format!(
            "refresh: {} added, {} modified, {} removed in the source",
            refreshed.added, refreshed.modified, refreshed.removed
        );
        let new = NewRevision { view: &after, parents: vec![head.id], author, message: &message, changes: &changes };
        refreshed.revision = Some(self.move_branch(branch, head, &new, None)?);
        Ok(refreshed)
    }
}

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
    if entry.kind != crate::model::Kind::File {
        return Ok(None);
    }
    let content = Content::Source(below.clone());
    let now = FileChange { content, size: entry.size, mtime_ns: entry.mtime_ns, mode: file.mode };
    Ok(Some((now, is_spliced.then_some("edited by us, changed in the source: the edit does not fit any more"))))
}
