//! Which bases a dataset's revisions stand on.
//!
//! A base says which file of the source is to be read, and how it must be. Anybody who may store objects can
//! make one; only those that a revision stands on are followed into the source for another machine.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::Dataset;
use crate::Result;
use crate::model::{DatasetName, Id};

/// The bases that were seen, of all datasets of a store.
#[derive(Debug, Default)]
pub(super) struct SeenBases {
    known: Mutex<HashMap<Key, Arc<Mutex<Seen>>>>,
}

/// A dataset, by its source, too: it may be removed, and another imported by its name.
type Key = (DatasetName, PathBuf);

/// What was seen of one dataset.
#[derive(Debug, Default)]
struct Seen {
    bases: HashSet<Id>,
    revisions: HashSet<Id>,
    /// Revisions that were met and not looked at yet.
    next: VecDeque<Id>,
}

impl Dataset {
    /// Whether one of the dataset's revisions stands on this base: one that a branch or a tag reaches, or did.
    ///
    /// Each revision is looked at once, the newest first, and remembered as long as the [`super::Datasets`] is.
    pub(super) fn has_base(&self, base: Id) -> Result<bool> {
        let key = (self.name.clone(), self.source_path().to_owned());
        let seen = Arc::clone(self.bases.known.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.bases.contains(&base) {
            return Ok(true);
        }
        let refs = self.branches()?.into_iter().chain(self.tags()?);
        seen.next.extend(refs.map(|(_, value)| value.id));
        while let Some(id) = seen.next.front().copied() {
            if !seen.revisions.contains(&id) {
                let revision = self.revision(id)?;
                seen.revisions.insert(id);
                seen.bases.insert(revision.base);
                seen.next.extend(revision.parents);
            }
            seen.next.pop_front();
            if seen.bases.contains(&base) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
