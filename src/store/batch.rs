//! What every store checks of a batch before it does any of it.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Batch;
use crate::model::{Id, RefName, RefValue};
use crate::{Error, ErrorKind, Result};

/// No wait is longer than this: a later deadline might not be representable.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Batch {
    /// Checks that the batch may be applied to a store with these refs and objects.
    ///
    /// # Errors
    /// `RefMoved` when a ref is not what the batch expects, `NotFound` when a ref would point to an
    /// object that is nowhere, `Invalid` when one ref is swapped twice.
    pub(crate) fn check(
        &self,
        read_ref: &dyn Fn(&RefName) -> Result<Option<RefValue>>,
        has: &dyn Fn(Id) -> Result<bool>,
    ) -> Result<()> {
        let mut names = HashSet::new();
        for swap in &self.swaps {
            if !names.insert(&swap.name) {
                return Err(Error::invalid("batch", swap.name.as_str(), "it swaps one ref twice"));
            }
            if read_ref(&swap.name)? != swap.expected {
                return Err(Error::new(ErrorKind::RefMoved { name: swap.name.to_string() }));
            }
        }
        let mut own: Option<HashSet<Id>> = None;
        for id in self.swaps.iter().filter_map(|swap| swap.new) {
            let own = own.get_or_insert_with(|| self.objects.iter().map(|(_, bytes)| Id::of(bytes)).collect());
            if !own.contains(&id) && !has(id)? {
                return Err(Error::not_found("object", id));
            }
        }
        Ok(())
    }
}

/// The moment at which a wait that begins now is over.
pub(crate) fn deadline(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(LONGEST_WAIT)
}
