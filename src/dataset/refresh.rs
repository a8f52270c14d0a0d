//! The source has changed: its new index becomes a new base, and the overlay is laid over that.

use std::sync::Arc;

use super::Dataset;
use super::commit::NewRevision;
use super::conflict::Conflict;
use super::diff::diff;
use super::draft::Draft;
use super::view::View;
use crate::Result;
use crate::base::Base;
use crate::model::{BranchName, Id, What};
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
        let before = self.for_writing().view(head.id)?;
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
        let (after, conflicts) = self.laid_over(&before, &base, head.id)?;
        refreshed.conflicts = conflicts;
        let mut draft = Draft::to_edit(self, head.id, after);
        draft.hide_all()?;
        let after = draft.view;
        let changes = diff(&before, &after)?;
        let message = format!(
            "refresh: {} added, {} modified, {} removed in the source",
            refreshed.added, refreshed.modified, refreshed.removed
        );
        let new = NewRevision { view: &after, parents: vec![head.id], author, message: &message, changes: &changes };
        refreshed.revision = Some(self.move_branch(branch, Some(head), &new, None)?);
        Ok(refreshed)
    }
}
