//! A draft goes elsewhere: on to the head of its branch, or into a branch of its own.

use super::commit::NewRevision;
use super::conflict::{Conflict, Outcome};
use super::diff;
use super::draft::Draft;
use super::merge::{Merge, Merged};
use crate::model::{BranchName, RefName};
use crate::{Error, ErrorKind, Result};

impl Draft {
    /// Whether its branch has moved on since the draft began.
    pub fn is_behind(&self) -> Result<bool> {
        Ok(self.dataset.head(&self.branch)?.id != self.revision)
    }

    /// Bases the draft on the head of its branch, by a merge; that is one step, which undo takes back.
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
        let merged = match merge.run()? {
            Merged::Conflicts(conflicts) => return Ok(conflicts),
            Merged::Clean(view) => view,
        };
        let undo = self.saved.as_ref().map(|(value, _)| value.id);
        let mut step = self.step_to(merged.overlay.root(), "move on to the branch's head", undo, None);
        step.revision = head;
        self.move_to(step, merged.overlay.unstored()?, false)?;
        merged.overlay.mark_stored();
        (self.revision, self.view) = (head, merged);
        Ok(Vec::new())
    }

    /// Makes a revision of the draft on a new branch, which begins where the draft did, and ends the draft.
    ///
    /// # Errors
    /// `AlreadyExists` for a name that a branch or a tag has; `Nothing` when the draft has no change.
    pub fn commit_to(&mut self, branch: &BranchName, message: &str, author: &str) -> Result<Outcome> {
        self.save("edit")?;
        let dataset = &self.dataset;
        // One name for two revisions would leave a reader guessing.
        for (what, taken) in
            [("branch", RefName::head(&dataset.name, branch)), ("tag", RefName::tag(&dataset.name, branch))]
        {
            if dataset.store.read_ref(&taken)?.is_some() {
                return Err(Error::already_exists(what, branch));
            }
        }
        let changes = diff(&dataset.view(self.revision)?, &self.view)?;
        if changes.is_empty() {
            return Err(Error::new(ErrorKind::Nothing { to: "commit", name: self.branch.to_string() }));
        }
        let new = NewRevision { view: &self.view, parents: vec![self.revision], author, message, changes: &changes };
        let revision = dataset.move_branch(branch, None, &new, self.end())?;
        self.saved = None;
        self.revision = revision;
        Ok(Outcome::Done { revision, changes: changes.len() as u64 })
    }
}
