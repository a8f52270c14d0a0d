//! What the refs reach: what a [collection](super::collect) must keep, and what a healthy store must have.

use std::collections::HashSet;

use super::sound::{State, unsound_rows};
use super::{Datasets, decode, decode_record, decode_step};
use crate::base::Base;
use crate::model::{DraftStep, Id, PendingMerge, RefName, Revision};
use crate::overlay::{Said, visit_node, visit_rows_node};
use crate::store::{Problem, Store};
use crate::{Error, Result};

/// Returns what is wrong on the way from the refs to the last blob; bytes of blobs are not read.
pub fn check(datasets: &Datasets) -> Result<Vec<Problem>> {
    let mut reach = Reach::new(datasets, true);
    reach.follow_refs()?;
    // What cannot be read is among the problems already, and would be told once more.
    match unsound_rows(datasets, &reach.states) {
        Ok(problems) => reach.problems.extend(problems),
        Err(error) if reach.problems.is_empty() => return Err(error),
        Err(_) => {}
    }
    Ok(reach.problems)
}

/// What was reached until now; what was followed before is not followed again.
pub(super) struct Reach<'a> {
    store: &'a dyn Store,
    seen: HashSet<Id>,
    /// Whether to go on after a problem, and to look whether blobs are there.
    is_check: bool,
    problems: Vec<Problem>,
    /// All that was met on the way, for a check.
    states: Vec<State>,
}

impl<'a> Reach<'a> {
    /// Reaches nothing yet, for a collection.
    pub(super) fn of(datasets: &'a Datasets) -> Reach<'a> {
        Reach::new(datasets, false)
    }

    fn new(datasets: &'a Datasets, is_check: bool) -> Reach<'a> {
        Reach { store: &*datasets.store, seen: HashSet::new(), is_check, problems: Vec::new(), states: Vec::new() }
    }

    /// Whether it was reached.
    pub(super) fn has(&self, id: Id) -> bool {
        self.seen.contains(&id)
    }

    /// Follows all refs.
    pub(super) fn follow_refs(&mut self) -> Result<()> {
        for (name, value) in self.store.list_refs("")? {
            let done = self.follow(&name, value.id);
            self.note(done, name.as_str())?;
        }
        Ok(())
    }

    /// Follows what a ref of this name points to, or did.
    pub(super) fn follow(&mut self, name: &RefName, id: Id) -> Result<()> {
        let text = name.as_str();
        if text.starts_with(RefName::DATASETS) {
            self.record(id)
        } else if text.starts_with(RefName::DRAFTS) {
            self.draft(id)
        } else if text.starts_with(RefName::RUNS) {
            self.run(id)
        } else if text.starts_with(RefName::VIEWS) {
            self.blob(id)
        } else {
            self.revision(id)
        }
    }

    /// A problem ends a collection, and is one of the findings of a check.
    fn note(&mut self, done: Result<()>, where_from: &str) -> Result<()> {
        match done {
            Err(error) if self.is_check => {
                self.problems.push(Problem {
                    what: format!("what `{where_from}` leads to"),
                    why: error.to_string(),
                    can_be_rebuilt: false,
                });
                Ok(())
            }
            done => done,
        }
    }

    fn record(&mut self, id: Id) -> Result<()> {
        if self.seen.insert(id) {
            decode_record(id, &self.store.get(id)?)?;
        }
        Ok(())
    }

    /// A run keeps the revision that it looked at.
    fn run(&mut self, id: Id) -> Result<()> {
        if !self.seen.insert(id) {
            return Ok(());
        }
        let (revision, blobs) = crate::run::reached(id, &self.store.get(id)?)?;
        for blob in blobs {
            self.blob(blob)?;
        }
        revision.map_or(Ok(()), |revision| self.revision(revision))
    }

    fn draft(&mut self, id: Id) -> Result<()> {
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            if !self.seen.insert(id) {
                continue;
            }
            let step = decode_step(id, &self.store.get(id)?)?;
            next.extend(step.undo.into_iter().chain(step.redo));
            let done = self.revision(step.revision).and_then(|()| self.overlay(step.overlay));
            let done = done.and_then(|()| self.met(format!("the draft step {}", id.short()), &step));
            let done = done.and_then(|()| step.merge.map_or(Ok(()), |merge| self.merge(merge)));
            self.note(done, &id.short())?;
        }
        Ok(())
    }

    /// A merge that stands in a draft.
    fn merge(&mut self, id: Id) -> Result<()> {
        if !self.seen.insert(id) {
            return Ok(());
        }
        let merge: PendingMerge = decode("pending merge", id, &self.store.get(id)?)?;
        self.revision(merge.theirs)
    }

    pub(super) fn revision(&mut self, id: Id) -> Result<()> {
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            if !self.seen.insert(id) {
                continue;
            }
            let revision: Revision = decode("revision", id, &self.store.get(id)?)?;
            next.extend(&revision.parents);
            let done = self.content(&revision);
            if self.is_check {
                let (name, base) = (format!("revision {}", id.short()), revision.base);
                let before = revision.parents.first().and_then(|parent| self.overlay_of(*parent));
                self.states.push(State { name, base, overlay: revision.overlay, before });
            }
            self.note(done, &id.short())?;
        }
        Ok(())
    }

    /// Notes a step of a draft, to be checked against the revision that it is based on.
    fn met(&mut self, name: String, step: &DraftStep) -> Result<()> {
        if self.is_check {
            let based_on: Revision = decode("revision", step.revision, &self.store.get(step.revision)?)?;
            let (base, before) = (based_on.base, based_on.overlay);
            self.states.push(State { name, base, overlay: step.overlay, before });
        }
        Ok(())
    }

    /// The overlay of a revision; that of one that cannot be read is told of where it is followed.
    fn overlay_of(&self, id: Id) -> Option<Id> {
        let bytes = self.store.get(id).ok()?;
        decode::<Revision>("revision", id, &bytes).ok()?.overlay
    }

    fn content(&mut self, revision: &Revision) -> Result<()> {
        if self.seen.insert(revision.base) && self.is_check {
            Base::open(self.store, revision.base)?;
        }
        if let Some(delta) = revision.delta {
            self.blob(delta)?;
        }
        self.overlay(revision.overlay)
    }

    fn overlay(&mut self, root: Option<Id>) -> Result<()> {
        let mut next: Vec<Id> = root.into_iter().collect();
        while let Some(id) = next.pop() {
            if !self.seen.insert(id) {
                continue;
            }
            let (mut blobs, mut rows) = (Vec::new(), Vec::new());
            visit_node(id, self.store.get(id)?, &mut |child| next.push(child), &mut |said| match said {
                Said::Of(change) => {
                    blobs.extend(change.blobs());
                    rows.extend(change.rows());
                }
                Said::Samples(root) => rows.push(root),
            })?;
            for blob in blobs {
                self.blob(blob)?;
            }
            for root in rows {
                self.rows(root)?;
            }
        }
        Ok(())
    }

    /// The row changes of one file.
    fn rows(&mut self, root: Id) -> Result<()> {
        let mut next = vec![root];
        while let Some(id) = next.pop() {
            if !self.seen.insert(id) {
                continue;
            }
            let mut blobs = Vec::new();
            visit_rows_node(id, self.store.get(id)?, &mut |child| next.push(child), &mut |change| {
                blobs.extend(change.blobs());
            })?;
            for blob in blobs {
                self.blob(blob)?;
            }
        }
        Ok(())
    }

    fn blob(&mut self, id: Id) -> Result<()> {
        if self.seen.insert(id) && self.is_check && !self.store.has(id)? {
            return Err(Error::not_found("blob", id));
        }
        Ok(())
    }
}
