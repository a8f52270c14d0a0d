//! Saved views: what somebody wants to see of a dataset again, under a name. What is in it is theirs to know.

use serde::{Deserialize, Serialize};

use super::{Dataset, decode, encode, now_ns};
use crate::model::{ObjectKind, RefName, ViewName};
use crate::store::{Batch, RefSwap};
use crate::{Error, ErrorKind, Result};

/// A saved view has so many bytes at most.
const STATE_LEN_MAX: usize = 32 * 1024;

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Its name.
    pub name: ViewName,
    /// What it shows, as whoever saved it writes it.
    pub state: String,
    /// When it was saved, in nanoseconds since 1970-01-01 UTC.
    pub saved_ns: i64,
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    state: String,
    saved_ns: i64,
}

impl Dataset {
    /// Its saved views, in order of name.
    ///
    /// # Errors
    /// Those of the store.
    pub fn saved_views(&self) -> Result<Vec<SavedView>> {
        let refs = self.store.list_refs(&RefName::views(&self.name))?;
        let view = |(name, value): (RefName, crate::model::RefValue)| {
            let Stored { state, saved_ns } = decode("saved view", value.id, &self.store.get(value.id)?)?;
            Ok(SavedView { name: name.view_part(&self.name)?, state, saved_ns })
        };
        refs.into_iter().map(view).collect()
    }

    /// Saves a view; one of the same name is replaced.
    ///
    /// # Errors
    /// `Invalid` for one that is too long.
    pub fn save_view(&self, name: &ViewName, state: &str) -> Result<()> {
        if state.len() > STATE_LEN_MAX {
            return Err(Error::invalid("saved view", name.as_str(), "it has at most 32 KiB"));
        }
        let bytes = encode(&Stored { state: state.to_owned(), saved_ns: now_ns() });
        self.swap_view(name, Some(bytes))
    }

    /// Removes a saved view.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn delete_view(&self, name: &ViewName) -> Result<()> {
        self.swap_view(name, None)
    }

    fn swap_view(&self, name: &ViewName, bytes: Option<bytes::Bytes>) -> Result<()> {
        let of = RefName::view(&self.name, name);
        loop {
            let expected = self.store.read_ref(&of)?;
            if expected.is_none() && bytes.is_none() {
                return Err(Error::not_found("saved view", name));
            }
            let new = bytes.as_ref().map(|bytes| crate::model::Id::of(bytes));
            let objects = bytes.iter().map(|bytes| (ObjectKind::Blob, bytes.clone())).collect();
            let swaps = vec![RefSwap { name: of.clone(), expected, new }];
            match self.store.apply(&Batch { objects, swaps, frees_space: bytes.is_none() }) {
                // Somebody else saved one of this name meanwhile: the last one counts.
                Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) => {}
                done => return done.map(drop),
            }
        }
    }
}
