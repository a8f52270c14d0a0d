//! What the refs reach: what `gc` must keep, and what a healthy store must have.

use std::collections::HashSet;
use std::time::Duration;

use super::sound::{State, unsound_rows};
use super::{Datasets, decode, decode_record, decode_step};
use crate::base::Base;
use crate::model::{DraftStep, Id, PendingMerge, RefName, Revision};
use crate::overlay::{Said, visit_node, visit_rows_node};
use crate::store::{LocalStore, Problem, Store, pinned};
use crate::{Error, Result};

/// What a collection did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GcReport {
    /// Objects removed.
    pub objects: u64,
    /// Bytes freed.
    pub bytes: u64,
    /// Objects that nothing reaches, kept because they are younger than the grace period.
    pub kept_young: u64,
}

/// Removes every object that no ref, draft or live mount reaches and that is older than `grace`.
///
/// # Errors
/// `Corrupt` when something reachable cannot be read: then nothing is removed.
pub fn gc(datasets: &Datasets, store: &LocalStore, grace: Duration, dry_run: bool) -> Result<GcReport> {
    let mut reach = Reach::new(datasets, false);
    reach.follow_refs()?;
    for pinned in pinned(store.path())? {
        reach.revision(pinned)?;
    }
    let swept = store.sweep(&|id| reach.seen.contains(&id), grace, dry_run)?;
    Ok(GcReport { objects: swept.objects, bytes: swept.bytes, kept_young: swept.kept_young })
}

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

struct Reach<'a> {
    store: &'a dyn Store,
    seen: HashSet<Id>,
    /// Whether to go on after a problem, and to look whether blobs are there.
    is_check: bool,
    problems: Vec<Problem>,
    /// All that was met on the way, for a check.
    states: Vec<State>,
}

impl<'a> Reach<'a> {
    fn new(datasets: &'a Datasets, is_check: bool) -> Reach<'a> {
        Reach { store: &*datasets.store, seen: HashSet::new(), is_check, problems: Vec::new(), states: Vec::new() }
    }

    fn follow_refs(&mut self) -> Result<()> {
        for (name, value) in self.store.list_refs("")? {
            let text = name.as_str();
            let done = if text.starts_with(RefName::DATASETS) {
                self.record(value.id)
            } else if text.starts_with(RefName::DRAFTS) {
                self.draft(value.id)
            } else if text.starts_with(RefName::RUNS) {
                self.run(value.id)
            } else if text.starts_with(RefName::VIEWS) {
                self.blob(value.id)
            } else {
                self.revision(value.id)
            };
            self.note(done, text)?;
        }
        Ok(())
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

    fn revision(&mut self, id: Id) -> Result<()> {
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
