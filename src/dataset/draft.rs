//! A draft: one writer's uncommitted changes on a branch.
//!
//! Edits are in memory until [`Draft::save`] makes them one durable step; steps
//! are a chain that undo walks back and redo walks forth. A draft never writes
//! to the source: what changes is the overlay, see [`super::edit`] for how.

use std::collections::{BTreeMap, BTreeSet};

use super::commit::NewRevision;
use super::conflict::Outcome;
use super::merge::{Merge, Merged};
use super::pending::decided;
use super::view::View;
use super::{Dataset, diff, encode, encode_step, now_ns, samples};
use crate::model::{
    BranchName, Change, DataPath, DraftStep, Id, ObjectKind, PathChange, PendingMerge, RefName, RefValue, WriterName,
};
use crate::overlay::Overlay;
use crate::store::{Batch, RefSwap};
use crate::{Error, ErrorKind, Result};

/// One writer's uncommitted changes on a branch.
#[derive(Debug)]
pub struct Draft {
    pub(super) dataset: Dataset,
    pub(super) branch: BranchName,
    pub(super) name: RefName,
    /// The newest saved step, and the ref that names it.
    pub(super) saved: Option<(RefValue, DraftStep)>,
    /// The revision that the draft is based on.
    pub(super) revision: Id,
    pub(super) view: View,
    /// Whether content was put since the last save: a step without any is small, and may be all that a person
    /// can do on a full disk (to remove, to discard, to take back).
    pub(super) has_new_content: bool,
    /// The merge that the draft is, if it is one; see [`super::pending`].
    pub(super) merge: Option<PendingMerge>,
    /// Classes that samples may be given though there are none of them yet.
    pub(super) new_classes: BTreeSet<String>,
    /// Why cells stayed that might have followed from others that were set, and in how many rows.
    pub(super) stays: BTreeMap<&'static str, u64>,
}

impl Dataset {
    /// Opens the draft that `writer` has on `branch`, or begins one.
    ///
    /// A draft that changes nothing moves up to the branch's head: else an edit
    /// that was discarded because of a conflict could never be made anew.
    pub fn draft(&self, branch: &BranchName, writer: &WriterName) -> Result<Draft> {
        let head = self.head(branch)?;
        let name = RefName::draft(&self.name, branch, writer);
        let saved = match self.store.read_ref(&name)? {
            Some(value) => Some((value, self.step(value.id)?)),
            None => None,
        };
        let changes = match &saved {
            Some((_, step)) if step.merge.is_some() => Some(step),
            Some((_, step)) if self.revision(step.revision)?.overlay != step.overlay => Some(step),
            _ => None,
        };
        let revision = changes.map_or(head.id, |step| step.revision);
        let dataset = self.for_writing();
        let mut view = dataset.view(revision)?;
        if let Some(step) = changes {
            view.overlay = Overlay::new(dataset.nodes.clone(), step.overlay);
        }
        let merge = changes.map_or(Ok(None), |step| dataset.pending_merge(step))?;
        let (has_new_content, new_classes, stays) = (false, BTreeSet::new(), BTreeMap::new());
        let branch = branch.clone();
        Ok(Draft { dataset, branch, name, saved, revision, view, has_new_content, merge, new_classes, stays })
    }
}

impl Draft {
    /// A draft that is nobody's and is never saved: to edit a view that came of a revision.
    pub(super) fn to_edit(dataset: &Dataset, revision: Id, view: View) -> Draft {
        let (branch, writer) = (BranchName::main(), "nobody".parse().expect("a name"));
        let name = RefName::draft(&dataset.name, &branch, &writer);
        let dataset = dataset.for_writing();
        let (saved, merge, has_new_content) = (None, None, false);
        let (new_classes, stays) = (BTreeSet::new(), BTreeMap::new());
        Draft { dataset, branch, name, saved, revision, view, has_new_content, merge, new_classes, stays }
    }

    /// The draft's present state, unsaved edits included.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The branch that it is a draft on.
    pub fn branch(&self) -> &BranchName {
        &self.branch
    }

    /// The revision that it is based on.
    pub fn based_on(&self) -> Id {
        self.revision
    }

    /// Whether a step of it is in the store; if not, it has no change either, but for unsaved edits.
    pub fn is_saved(&self) -> bool {
        self.saved.is_some()
    }

    /// The newest saved step, and the ref that names it; `None` where there is none.
    pub fn saved(&self) -> Option<(RefValue, &DraftStep)> {
        self.saved.as_ref().map(|(value, step)| (*value, step))
    }

    /// What the step did that undo would take back.
    pub fn can_undo(&self) -> Option<&str> {
        self.saved.as_ref().and_then(|(_, step)| step.undo.map(|_| step.label.as_str()))
    }

    /// What the step did that redo would do again.
    pub fn can_redo(&self) -> Result<Option<String>> {
        let redo = self.saved.as_ref().and_then(|(_, step)| step.redo);
        redo.map(|id| self.dataset.step(id).map(|step| step.label)).transpose()
    }

    /// Bases a draft without a step on another revision.
    pub(super) fn begin_at(&mut self, revision: Id, view: View) {
        assert!(self.saved.is_none(), "a step says what it is based on");
        (self.revision, self.view) = (revision, view);
    }

    /// Has it show what a merge of its branch's head made, and be based on that.
    pub(super) fn show_merge(&mut self, head: Id, view: View, merge: PendingMerge) {
        (self.revision, self.view, self.merge) = (head, view, Some(merge));
    }

    /// Whether there is a change in it that a merge which stands in it did not make.
    ///
    /// Undo would take it back.
    pub fn has_work(&self) -> Result<bool> {
        if self.merge.is_none() {
            return Ok(self.view.overlay.root() != self.dataset.revision(self.revision)?.overlay);
        }
        let Some((_, step)) = &self.saved else { return Ok(false) };
        // The merge is a step; any other after it is somebody's work.
        let before = step.undo.map(|undo| self.dataset.step(undo)).transpose()?;
        let is_last = before.is_none_or(|before| before.merge.is_none());
        Ok(!is_last || self.view.overlay.root() != step.overlay)
    }

    /// Returns how the draft differs from the revision that it is based on.
    pub fn changes(&self) -> Result<Vec<PathChange>> {
        diff(&self.dataset.view(self.revision)?, &self.view)
    }

    /// Makes all edits since the last save one durable step that undo takes back; `label` says what it did.
    ///
    /// # Errors
    /// `RefMoved` when another process saved this draft in the meantime: then nothing is saved.
    pub fn save(&mut self, label: &str) -> Result<()> {
        let (before, merge_before) = match &self.saved {
            Some((_, step)) if step.revision == self.revision => (step.overlay, step.merge),
            _ => (self.dataset.revision(self.revision)?.overlay, None),
        };
        let merge = self.merge.as_ref().map(encode);
        let merge_id = merge.as_ref().map(|bytes| Id::of(bytes));
        if self.view.overlay.root() == before && merge_id == merge_before {
            return Ok(());
        }
        let mut objects = self.view.overlay.unstored()?;
        objects.extend(merge.filter(|_| merge_id != merge_before).map(|bytes| (ObjectKind::Blob, bytes)));
        let undo = match &self.saved {
            Some((value, _)) => value.id,
            None => {
                let begin = encode_step(&self.step_to(before, "", None));
                let id = Id::of(&begin);
                objects.push((ObjectKind::Draft, begin));
                id
            }
        };
        let step = DraftStep { merge: merge_id, ..self.step_to(self.view.overlay.root(), label, Some(undo)) };
        self.move_to(step, objects, !self.has_new_content)?;
        self.has_new_content = false;
        self.view.overlay.mark_stored();
        Ok(())
    }

    /// Takes the last step back; returns its label.
    pub fn undo(&mut self) -> Result<String> {
        let nothing = || Error::new(ErrorKind::Nothing { to: "undo", name: self.branch.to_string() });
        let (value, step) = self.saved.clone().ok_or_else(nothing)?;
        let mut before = self.dataset.step(step.undo.ok_or_else(nothing)?)?;
        before.redo = Some(value.id);
        self.go_to(before)?;
        Ok(step.label)
    }

    /// Does the step again that the last undo took back; returns its label.
    pub fn redo(&mut self) -> Result<String> {
        let nothing = || Error::new(ErrorKind::Nothing { to: "redo", name: self.branch.to_string() });
        let (_, step) = self.saved.clone().ok_or_else(nothing)?;
        let after = self.dataset.step(step.redo.ok_or_else(nothing)?)?;
        self.go_to(after.clone())?;
        Ok(after.label)
    }

    fn go_to(&mut self, step: DraftStep) -> Result<()> {
        let mut view = self.dataset.view(step.revision)?;
        view.overlay = Overlay::new(self.dataset.nodes.clone(), step.overlay);
        let (revision, merge) = (step.revision, self.dataset.pending_merge(&step)?);
        self.move_to(step, Vec::new(), true)?;
        (self.revision, self.view, self.merge) = (revision, view, merge);
        Ok(())
    }

    pub(super) fn step_to(&self, overlay: Option<Id>, label: &str, undo: Option<Id>) -> DraftStep {
        let (label, time_ns) = (label.to_owned(), now_ns());
        DraftStep { revision: self.revision, overlay, undo, redo: None, label, time_ns, merge: None }
    }

    pub(super) fn move_to(
        &mut self,
        step: DraftStep,
        mut objects: Vec<(ObjectKind, bytes::Bytes)>,
        frees_space: bool,
    ) -> Result<()> {
        let bytes = encode_step(&step);
        let id = Id::of(&bytes);
        objects.push((ObjectKind::Draft, bytes));
        let expected = self.saved.as_ref().map(|(value, _)| *value);
        let swaps = vec![RefSwap { name: self.name.clone(), expected, new: Some(id) }];
        let op = self.dataset.store.apply(&Batch { objects, swaps, frees_space })?;
        self.saved = Some((RefValue { id, op }, step));
        Ok(())
    }

    /// How many saved steps undo can take back.
    #[cfg(test)]
    pub(super) fn steps(&self) -> Result<usize> {
        let mut count = 0;
        let mut at = self.saved.as_ref().and_then(|(_, step)| step.undo);
        while let Some(id) = at {
            at = self.dataset.step(id)?.undo;
            count += 1;
        }
        Ok(count)
    }

    /// Puts paths back to what the draft's revision has; none means all, and drops a merge that stands in the
    /// draft. An undo takes it back.
    pub fn discard(&mut self, paths: &[DataPath]) -> Result<()> {
        let revision = self.dataset.view(self.revision)?;
        if paths.is_empty() {
            self.view.overlay = Overlay::new(self.dataset.nodes.clone(), revision.overlay.root());
            self.merge = None;
            return Ok(());
        }
        for path in paths {
            if *path == samples::path() {
                self.take_samples(None, &revision)?;
                continue;
            }
            self.include_within(path, &revision)?;
            if revision.node(path)?.is_none() && self.view.node(path)?.is_none() {
                return Err(Error::not_found("path", path));
            }
            self.restore(path, &revision)?;
        }
        Ok(())
    }

    /// Makes a revision of the draft, moves the branch to it, and ends the draft.
    ///
    /// Where the branch has moved since the draft began, the two are merged.
    ///
    /// # Errors
    /// `Nothing` when the draft has no change; `RefMoved` when somebody else committed
    /// in this very moment: trying again will merge. `Conflict` as long as something of a merge that stands in
    /// the draft is to be decided.
    pub fn commit(&mut self, message: &str, author: &str) -> Result<Outcome> {
        self.save("edit")?;
        let merged = self.merge.as_ref().map(decided).transpose()?;
        let head = self.dataset.head(&self.branch)?;
        let ours = self.dataset.view(head.id)?;
        let mut committed = self.view.clone();
        if head.id != self.revision {
            let before = self.dataset.view(self.revision)?;
            let merge = Merge { before: &before, ours: &ours, theirs: &self.view, prefer: None };
            match self.dataset.merged(&merge, head.id)? {
                Merged::Conflicts(conflicts) => return Ok(Outcome::Conflicts(conflicts)),
                Merged::Clean(view) => committed = view,
            }
        }
        committed = committed.compacted(&ours)?;
        let changes = diff(&ours, &committed)?;
        if changes.is_empty() && merged.is_none() {
            return Err(Error::new(ErrorKind::Nothing { to: "commit", name: self.branch.to_string() }));
        }
        let parents = std::iter::once(head.id).chain(merged).collect();
        let new = NewRevision { view: &committed, parents, author, message, changes: &changes };
        let id = self.dataset.move_branch(&self.branch, Some(head), &new, self.end())?;
        (self.saved, self.merge) = (None, None);
        self.revision = id;
        self.view = committed;
        Ok(Outcome::Done { revision: id, changes: changes.len() as u64 })
    }

    /// The swap that ends the draft.
    pub(super) fn end(&self) -> Option<RefSwap> {
        let (value, _) = self.saved.as_ref()?;
        Some(RefSwap { name: self.name.clone(), expected: Some(*value), new: None })
    }

    /// Makes the overlay say something else of some paths; worked out against the present view.
    ///
    /// What is said of samples that are rows of one of these files goes along with the rows.
    pub(super) fn apply(&mut self, changes: Vec<(DataPath, Option<Change>)>) -> Result<()> {
        let before = self.view.clone();
        let paths = samples::may_have_moved(&before, changes.iter().map(|(path, _)| path))?;
        self.view.overlay = before.overlay.with(changes)?;
        self.follow_rows(before, &paths)
    }
}
