//! Who keeps a working state and a draft of the store in step, and what both sides knew of each other last.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use veneer::dataset::{Dataset, View};
use veneer::model::{BranchName, Change, DataPath, WriterName};
use veneer::{Error, Result};

use super::Working;
use super::emit::{Said, emit};
use super::record::{Ino, Settled};
use super::stored::Stored;
use crate::journal::ToldJournal;
use crate::kept::Kept;
use crate::veneer_folder::Info;

/// What may be told to forget; see [`crate::follow::Kernel`].
pub trait Forget: Send + Sync {
    /// What a name in a folder is.
    fn forget_name(&self, folder: Ino, name: &[u8]);
    /// The attributes, and what was read, of an inode.
    fn forget_inode(&self, ino: Ino);
}

/// Keeps a working state and a draft of the store in step.
pub struct Keeper {
    /// The state.
    pub working: Arc<Working>,
    /// The store's folder.
    pub store: PathBuf,
    /// The dataset, read beside any owner of the store.
    pub dataset: Dataset,
    /// The branch.
    pub branch: BranchName,
    /// Whose draft it is.
    pub writer: WriterName,
    /// Who is to forget.
    pub kernel: Box<dyn Forget>,
    /// What `.veneer/` says beside the revision.
    pub info: Info,
    /// What is kept from being collected.
    pub kept: Arc<Kept>,
    /// Where it is written down what `.veneer/` shows; `None` without a mount.
    pub told: Option<Arc<ToldJournal>>,
    /// What it knows by now.
    pub known: Mutex<Known>,
}

/// What both sides knew of each other last.
#[derive(Debug)]
pub struct Known {
    pub(super) settled: Settled,
    pub(super) view: View,
    pub(super) said: HashMap<DataPath, Change>,
    pub(super) stored: HashMap<u64, Stored>,
    /// What [`Working::changes`] was when all was in the store.
    pub(super) changes: Option<u64>,
}

impl Known {
    /// What is known of a state that was opened just now; `was_left` says that it was found, not made from the store.
    ///
    /// # Errors
    /// `Corrupt` for a state without a beginning; those of reading the store.
    pub fn of(working: &Working, dataset: &Dataset, was_left: bool) -> Result<Known> {
        let state = working.state();
        let settled =
            state.tree.settled().ok_or_else(|| Error::corrupt("the draft's journal", "it has no beginning"))?;
        let mut view = state.tree.view.clone();
        let mut said = HashMap::new();
        if was_left {
            // What the store was known to have; of what it has now, the difference is applied below.
            view = dataset.view_at(settled.revision, settled.overlay)?;
            said.extend(view.overlay().entries()?);
        } else {
            let changes = emit(&state.tree)?.into_iter().filter_map(|(path, said)| match said {
                Said::Change(change) => Some((path, change)),
                Said::Scratch { .. } => None,
            });
            said.extend(changes);
        }
        drop(state);
        let changes = (!was_left).then(|| working.changes());
        Ok(Known { settled, view, said, stored: HashMap::new(), changes })
    }
}

impl Keeper {
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
