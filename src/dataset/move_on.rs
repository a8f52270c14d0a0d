//! A draft goes elsewhere: on to the head of its branch, or into a branch of its own.

use super::commit::NewRevision;
use super::conflict::{Conflict, Outcome};
use super::diff;
use super::draft::Draft;
use super::merge::{Merge, Merged};
use super::pending::decided;
use crate::model::{BranchName, DraftStep, RefName};
use crate::{Error, ErrorKind, Result};

impl Draft {
    /// Whether its branch has moved on since the draft began.
    pub fn is_behind(&self) -> Result<bool> {
        Ok(self.dataset.head(&self.branch)?.id != self.revision)
    }

    /// Bases the draft on the head of its branch, by a merge; that is one step, which undo takes back.
    /// A merge that stands in the draft still does.
    ///
    /// Returns the conflicts because of which nothing was changed: without any, it is done.
    ///
    /// # Errors
    /// `RefMoved` when another process saved this draft in the meantime.
    pub fn rebase(&mut self) -> Result<Vec<Conflict>> {
        self.save("edit")?;
        let head = self.dataset.head(&self.branch)?.id;
        if head == self.revision {
            return Ok(Vec::new());
        }
        let (before, ours) = (self.dataset.view(self.revision)?, self.dataset.view(head)?);
        let merge = Merge { before: &before, ours: &ours, theirs: &self.view, prefer: None };
        let merged = match self.dataset.merged(&merge, head)? {
            Merged::Conflicts(conflicts) => return Ok(conflicts),
            Merged::Clean(view) => view,
        };
        let undo = self.saved.as_ref().map(|(value, _)| value.id);
        let merge = self.saved.as_ref().and_then(|(_, step)| step.merge);
        let step = self.step_to(merged.overlay.root(), "move on to the branch's head", undo);
        let step = DraftStep { revision: head, merge, ..step };
        self.move_to(step, merged.overlay.unstored()?, false)?;
        merged.overlay.mark_stored();
        (self.revision, self.view) = (head, merged);
        Ok(Vec::new())
    }

    /// Makes a revision of the draft on a new branch, which begins where the draft did, and ends the draft.
    ///
    /// # Errors
    /// `AlreadyExists` for a name that a branch or a tag has; `Nothing` when the draft has no change;
    /// `Conflict` as long as something of a merge that stands in the draft is to be decided.
    pub fn commit_to(&mut self, branch: &BranchName, message: &str, author: &str) -> Result<Outcome> {
        self.save("edit")?;
        let merged = self.merge.as_ref().map(decided).transpose()?;
        let dataset = &self.dataset;
        // One name for two revisions would leave a reader guessing.
        for (what, taken) in
            [("branch", RefName::head(&dataset.name, branch)), ("tag", RefName::tag(&dataset.name, branch))]
        {
            if dataset.store.read_ref(&taken)?.is_some() {
                return Err(Error::already_exists(what, branch));
            }
        }
        let before = dataset.view(self.revision)?;
        let committed = self.view.compacted(&before)?;
        let changes = diff(&before, &committed)?;
        if changes.is_empty() && merged.is_none() {
            return Err(Error::new(ErrorKind::Nothing { to: "commit", name: self.branch.to_string() }));
        }
        let parents = std::iter::once(self.revision).chain(merged).collect();
        let new = NewRevision { view: &committed, parents, author, message, changes: &changes };
        let revision = dataset.move_branch(branch, None, &new, self.end())?;
        (self.saved, self.merge) = (None, None);
        (self.revision, self.view) = (revision, committed);
        Ok(Outcome::Done { revision, changes: changes.len() as u64 })
    }
}
