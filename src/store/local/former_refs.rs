//! What refs pointed to a while ago.
//!
//! Whoever is elsewhere reads a ref, works with what it points to, and writes
//! what refers to that. When the ref has moved in between, or is gone, a sweep
//! must not have taken it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::stage::PROMISED_FOR;
use crate::model::{Id, RefName};
use crate::store::RefSwap;

/// Values that refs had in this process, the oldest first.
#[derive(Debug, Default)]
pub(super) struct FormerRefs {
    known: Mutex<VecDeque<(Instant, RefName, Id)>>,
}

impl FormerRefs {
    fn known(&self) -> MutexGuard<'_, VecDeque<(Instant, RefName, Id)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what refs were before these swaps.
    pub(super) fn note(&self, swaps: &[RefSwap]) {
        let (now, mut known) = (Instant::now(), self.known());
        while known.front().is_some_and(|(when, ..)| now - *when > PROMISED_FOR) {
            known.pop_front();
        }
        let moved = swaps.iter().filter_map(|swap| Some((now, swap.name.clone(), swap.expected?.id)));
        known.extend(moved);
    }

    /// What refs were within `time` and are perhaps no more; no longer than an hour ago.
    pub(super) fn within(&self, time: Duration) -> Vec<(RefName, Id)> {
        let known = self.known();
        let late = known.iter().filter(|(when, ..)| when.elapsed() < time);
        late.map(|(_, name, id)| (name.clone(), *id)).collect()
    }
}
