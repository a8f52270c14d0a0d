//! A revision is made and a branch moves to it, in one durable operation.

use super::view::View;
use super::{Dataset, encode, now_ns};
use crate::model::{BranchName, Id, ObjectKind, PathChange, RefName, RefValue, Revision};
use crate::store::{Batch, RefSwap};
use crate::{Error, Result};

/// A revision about to be made.
pub(super) struct NewRevision<'a> {
    pub(super) view: &'a View,
    pub(super) parents: Vec<Id>,
    pub(super) author: &'a str,
    pub(super) message: &'a str,
    /// Against the first parent.
    pub(super) changes: &'a [PathChange],
}

impl Dataset {
    /// Stores the revision and moves the branch from `head` to it, or makes it there; swaps `also` with it.
    pub(super) fn move_branch(
        &self,
        branch: &BranchName,
        head: Option<RefValue>,
        new: &NewRevision<'_>,
        also: Option<RefSwap>,
    ) -> Result<Id> {
        if new.message.trim().is_empty() {
            return Err(Error::invalid("message", new.message, "it says why, so it is not empty"));
        }
        let delta = encode(&new.changes);
        let revision = encode(&Revision {
            dataset: self.name.as_str().to_owned(),
            base: new.view.base.id(),
            overlay: new.view.overlay.root(),
            parents: new.parents.clone(),
            author: new.author.to_owned(),
            time_ns: now_ns(),
            message: new.message.to_owned(),
            changes: new.changes.len() as u64,
            delta: Some(Id::of(&delta)),
        });
        let id = Id::of(&revision);
        let mut objects = new.view.overlay.unstored()?;
        objects.push((ObjectKind::Blob, delta));
        objects.push((ObjectKind::Revision, revision));
        let mut swaps = vec![RefSwap { name: RefName::head(&self.name, branch), expected: head, new: Some(id) }];
        swaps.extend(also);
        self.store.apply(&Batch { objects, swaps, frees_space: false })?;
        new.view.overlay.mark_stored();
        Ok(id)
    }
}
