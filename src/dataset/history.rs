//! Which revisions came before which.

use std::collections::{BinaryHeap, HashSet};

use super::{Dataset, decode, diff};
use crate::Result;
use crate::model::{DataPath, Id, PathChange, Revision};

/// The revisions that one revision came from, itself included, newest first.
#[derive(Debug)]
pub struct Log {
    dataset: Dataset,
    /// By time, so that the branches of a merge are told interleaved as they happened.
    next: BinaryHeap<(i64, Id)>,
    seen: HashSet<Id>,
    /// The first revision, which could not be read yet when the log was made.
    start: Option<Id>,
}

impl Log {
    fn push(&mut self, id: Id) -> Result<()> {
        if self.seen.insert(id) {
            self.next.push((self.dataset.revision(id)?.time_ns, id));
        }
        Ok(())
    }

    fn step(&mut self) -> Result<Option<(Id, Revision)>> {
        if let Some(start) = self.start.take() {
            self.push(start)?;
        }
        let Some((_, id)) = self.next.pop() else { return Ok(None) };
        let revision = self.dataset.revision(id)?;
        for parent in &revision.parents {
            self.push(*parent)?;
        }
        Ok(Some((id, revision)))
    }
}

impl Iterator for Log {
    type Item = Result<(Id, Revision)>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            // What lies behind an unreadable revision cannot be told: the log ends here.
            self.next.clear();
        }
        step.transpose()
    }
}

impl Dataset {
    /// Returns `from` and all revisions that it came from.
    pub fn log(&self, from: Id) -> Log {
        Log { dataset: self.clone(), next: BinaryHeap::new(), seen: HashSet::new(), start: Some(from) }
    }

    /// Returns what a revision changed against its first parent; nothing for an import.
    pub fn changes_of(&self, revision: &Revision, id: Id) -> Result<Vec<PathChange>> {
        match (revision.delta, revision.parents.first()) {
            (Some(delta), _) => decode("list of changes", delta, &self.store.get(delta)?),
            (None, Some(parent)) => diff(&self.view(*parent)?, &self.view(id)?),
            (None, None) => Ok(Vec::new()),
        }
    }

    /// Returns how two revisions differ, as [`diff`] does.
    ///
    /// What a revision changed against its first parent is kept with it, and only read.
    pub fn diff(&self, from: Id, to: Id) -> Result<Vec<PathChange>> {
        let later = self.revision(to)?;
        match later.parents.first() {
            Some(parent) if *parent == from => self.changes_of(&later, to),
            _ => diff(&self.view(from)?, &self.view(to)?),
        }
    }

    /// Whether a revision changed `path`, a folder that it is in, or something in it.
    ///
    /// An import changes all that it brings.
    pub fn touches(&self, id: Id, revision: &Revision, path: &DataPath) -> Result<bool> {
        if revision.parents.is_empty() {
            return Ok(self.view(id)?.node(path)?.is_some());
        }
        let is_near = |changed: &DataPath| changed.is_within(path) || path.is_within(changed);
        let changes = self.changes_of(revision, id)?;
        Ok(changes.iter().any(|change| is_near(&change.path) || change.from.as_ref().is_some_and(is_near)))
    }

    /// Whether `ancestor` is `descendant` or one of the revisions that it came from.
    pub(super) fn is_ancestor(&self, ancestor: Id, descendant: Id) -> Result<bool> {
        for step in self.log(descendant) {
            if step?.0 == ancestor {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The newest revision that both came from; `None` when they have nothing in common.
    pub(super) fn merge_base(&self, ours: Id, theirs: Id) -> Result<Option<Id>> {
        let ours: HashSet<Id> = self.log(ours).map(|step| step.map(|(id, _)| id)).collect::<Result<_>>()?;
        for step in self.log(theirs) {
            let (id, _) = step?;
            if ours.contains(&id) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}
