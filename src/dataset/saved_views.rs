//! Saved views: what somebody wants to see of a dataset again, under a name. What is in it is theirs to know.

use serde::{Deserialize, Serialize};

use super::{Dataset, decode, encode, now_ns};
use crate::model::{Id, ObjectKind, RefName, ViewName};
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
    /// The number of the operation that saved it: another one, another state.
    pub op: u64,
}

/// What whoever changes a saved view expects to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewThere {
    /// Whatever is: the last one counts.
    Any,
    /// None of this name.
    Absent,
    /// The one that this operation saved.
    Saved(u64),
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    state: String,
    saved_ns: i64,
}

/// Whether these are the bytes of a saved view.
pub(super) fn check(id: Id, bytes: &[u8]) -> Result<()> {
    decode::<Stored>("saved view", id, bytes).map(drop)
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
            Ok(SavedView { name: name.view_part(&self.name)?, state, saved_ns, op: value.op })
        };
        refs.into_iter().map(view).collect()
    }

    /// Saves a view; one of the same name is replaced.
    ///
    /// # Errors
    /// `Invalid` for one that is too long; `RefMoved` where something else is there than is expected.
    pub fn save_view(&self, name: &ViewName, state: &str, there: ViewThere) -> Result<SavedView> {
        if state.len() > STATE_LEN_MAX {
            return Err(Error::invalid("saved view", name.as_str(), "it has at most 32 KiB"));
        }
        let stored = Stored { state: state.to_owned(), saved_ns: now_ns() };
        let op = self.swap_view(name, Some(encode(&stored)), there)?;
        Ok(SavedView { name: name.clone(), state: stored.state, saved_ns: stored.saved_ns, op })
    }

    /// Removes a saved view.
    ///
    /// # Errors
    /// `NotFound`; `RefMoved` where something else is there than is expected.
    pub fn delete_view(&self, name: &ViewName, there: ViewThere) -> Result<()> {
        self.swap_view(name, None, there).map(drop)
    }

    fn swap_view(&self, name: &ViewName, bytes: Option<bytes::Bytes>, there: ViewThere) -> Result<u64> {
        let of = RefName::view(&self.name, name);
        loop {
            let expected = self.store.read_ref(&of)?;
            let is_expected = match there {
                ViewThere::Any => true,
                ViewThere::Absent => expected.is_none(),
                ViewThere::Saved(op) => expected.is_some_and(|value| value.op == op),
            };
            if !is_expected {
                return Err(Error::new(ErrorKind::RefMoved { name: of.to_string() }));
            }
            if expected.is_none() && bytes.is_none() {
                return Err(Error::not_found("saved view", name));
            }
            let new = bytes.as_ref().map(|bytes| crate::model::Id::of(bytes));
            let objects = bytes.iter().map(|bytes| (ObjectKind::Blob, bytes.clone())).collect();
            let swaps = vec![RefSwap { name: of.clone(), expected, new }];
            match self.store.apply(&Batch { objects, swaps, frees_space: bytes.is_none() }) {
                // Somebody else saved one of this name meanwhile.
                Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) => {}
                done => return done,
            }
        }
    }
}
