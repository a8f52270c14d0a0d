//! What was worked out of tables, kept while there is room for it.
//!
//! One bound in bytes for all of it: columns, keys, masks, orders. What was asked
//! for longest ago goes first. Whoever asks for what another is making waits for
//! that instead of making it again; where the making fails, each gets its own error.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, ArrayRef};
use veneer::Result;
use veneer::model::Id;

use super::keys::RowKeys;
use super::mask::Mask;

/// A part of what is known of a table's rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    /// All values of a column, by its name.
    Column(String),
    /// The rows' keys.
    Keys,
    /// The paths of the files that the rows are about.
    Paths,
    /// The rows for which a condition is true, by its text.
    Mask(String),
    /// The rows' places in an order, by its text.
    Order(String),
}

/// Which rows, and what of them.
pub(crate) type Label = (Id, What);

/// Something that is kept. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    Column(ArrayRef),
    Keys(Arc<RowKeys>),
    Mask(Arc<Mask>),
    Order(Arc<[u32]>),
}

impl Kept {
    fn bytes(&self) -> usize {
        match self {
            Kept::Column(array) => array.get_array_memory_size(),
            Kept::Keys(keys) => keys.bytes(),
            Kept::Mask(mask) => mask.bits().inner().len(),
            Kept::Order(places) => places.len() * size_of::<u32>(),
        }
    }
}

/// The things kept, and those that are being made.
#[derive(Debug)]
pub(crate) struct Shelf {
    held: Mutex<Held>,
    changed: Condvar,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Held {
    slots: HashMap<Label, Slot>,
    bytes: usize,
    /// Counts the times that anything was asked for.
    clock: u64,
}

#[derive(Debug)]
enum Slot {
    Made {
        kept: Kept,
        bytes: usize,
        used: u64,
    },
    /// Somebody is making it.
    Claimed,
}

impl Shelf {
    /// Keeps `bytes_max` bytes at most.
    pub(crate) fn new(bytes_max: usize) -> Shelf {
        Shelf { held: Mutex::default(), changed: Condvar::new(), bytes_max }
    }

    /// The most bytes that are kept.
    pub(crate) fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// How many bytes are kept.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.held().bytes
    }

    /// What is kept under this label, without making it.
    pub(crate) fn peek(&self, label: &Label) -> Option<Kept> {
        self.held().get(label)
    }

    /// As [`Shelf::get_all`], for one thing.
    pub(crate) fn get(&self, label: Label, make: impl FnOnce() -> Result<Kept>) -> Result<Kept> {
        let mut make = Some(make);
        let made = self
            .get_all(&[label], |_| make.take().map_or_else(|| Ok(Vec::new()), |make| make().map(|kept| vec![kept])))?;
        Ok(made.into_iter().next().expect("one was asked for"))
    }

    /// What has these labels, in their order. `make` is given the places of those that nobody has or makes, and
    /// returns them in that order; it may be called again where another has failed to make one.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) fn get_all(
        &self,
        labels: &[Label],
        mut make: impl FnMut(&[usize]) -> Result<Vec<Kept>>,
    ) -> Result<Vec<Kept>> {
        let mut found: Vec<Option<Kept>> = vec![None; labels.len()];
        let mut held = self.held();
        loop {
            let (mut claimed, mut is_waiting) = (Vec::new(), false);
            for (at, label) in labels.iter().enumerate().filter(|(at, _)| found[*at].is_none()).collect::<Vec<_>>() {
                match held.slots.get(label) {
                    Some(Slot::Made { .. }) => found[at] = held.get(label),
                    Some(Slot::Claimed) if claimed.iter().any(|at: &usize| labels[*at] == *label) => {}
                    Some(Slot::Claimed) => is_waiting = true,
                    None => {
                        held.slots.insert(label.clone(), Slot::Claimed);
                        claimed.push(at);
                    }
                }
            }
            if !claimed.is_empty() {
                drop(held);
                let claim = Claim { shelf: self, labels: claimed.iter().map(|at| labels[*at].clone()).collect() };
                let made = make(&claimed)?;
                assert_eq!(made.len(), claimed.len(), "all that was asked for is made");
                claim.keep(&made);
                for (at, kept) in claimed.into_iter().zip(made) {
                    // The same label may be asked for twice.
                    for (other, label) in labels.iter().enumerate() {
                        if *label == labels[at] {
                            found[other] = Some(kept.clone());
                        }
                    }
                }
                held = self.held();
            } else if is_waiting {
                held = self.changed.wait(held).unwrap_or_else(PoisonError::into_inner);
            } else {
                return Ok(found.into_iter().map(|kept| kept.expect("found above")).collect());
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn get(&mut self, label: &Label) -> Option<Kept> {
        self.clock += 1;
        match self.slots.get_mut(label)? {
            Slot::Made { kept, used, .. } => {
                *used = self.clock;
                Some(kept.clone())
            }
            Slot::Claimed => None,
        }
    }

    fn put(&mut self, label: Label, kept: Kept, bytes_max: usize) {
        let bytes = kept.bytes();
        if bytes > bytes_max {
            self.slots.remove(&label);
            return;
        }
        self.clock += 1;
        self.bytes += bytes;
        self.slots.insert(label, Slot::Made { kept, bytes, used: self.clock });
        while self.bytes > bytes_max {
            let oldest = self.slots.iter().filter_map(|(label, slot)| match slot {
                Slot::Made { used, .. } => Some((*used, label)),
                Slot::Claimed => None,
            });
            let Some((_, label)) = oldest.min_by_key(|(used, _)| *used) else { break };
            let label = label.clone();
            if let Some(Slot::Made { bytes, .. }) = self.slots.remove(&label) {
                self.bytes -= bytes;
            }
        }
    }
}

/// The right to make some things: given back when it is dropped, also by a panic, so that nobody waits for ever.
struct Claim<'a> {
    shelf: &'a Shelf,
    labels: Vec<Label>,
}

impl Claim<'_> {
    fn keep(mut self, made: &[Kept]) {
        let mut held = self.shelf.held();
        for (label, kept) in std::mem::take(&mut self.labels).into_iter().zip(made) {
            held.put(label, kept.clone(), self.shelf.bytes_max);
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut held = self.shelf.held();
        for label in &self.labels {
            held.slots.remove(label);
        }
        drop(held);
        self.shelf.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow::array::Int64Array;
    use veneer::Error;

    use super::*;

    fn label(name: &str) -> Label {
        (Id::of(b"a table"), What::Column(name.to_owned()))
    }

    fn column(len: usize) -> Kept {
        Kept::Column(Arc::new(Int64Array::from(vec![0; len])))
    }

    #[test]
    fn what_was_asked_for_longest_ago_goes_first() {
        let shelf = Shelf::new(3 * column(100).bytes());
        let make = |name: &str| shelf.get(label(name), || Ok(column(100))).map(drop);
        ["a", "b", "c", "a", "d"].into_iter().try_for_each(make).expect("made");
        let kept = ["a", "b", "c", "d"].map(|name| shelf.peek(&label(name)).is_some());
        assert_eq!(kept, [true, false, true, true]);
        assert!(shelf.bytes() <= shelf.bytes_max());
    }

    #[test]
    fn what_is_larger_than_the_shelf_is_given_and_not_kept() {
        let shelf = Shelf::new(64);
        assert!(shelf.get(label("a"), || Ok(column(100))).is_ok());
        assert!(shelf.peek(&label("a")).is_none());
        assert_eq!(shelf.bytes(), 0);
    }

    #[test]
    fn of_many_that_ask_at_once_only_one_makes_it() {
        let (shelf, made) = (Shelf::new(1 << 20), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let labels = [label("a"), label("b"), label("a")];
                    let found = shelf.get_all(&labels, |missing| {
                        made.fetch_add(missing.len(), Ordering::Relaxed);
                        std::thread::sleep(std::time::Duration::from_millis(20));
                        Ok(missing.iter().map(|_| column(10)).collect())
                    });
                    assert_eq!(found.expect("made").len(), 3);
                });
            }
        });
        assert_eq!(made.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn who_waits_for_what_fails_makes_it_anew() {
        let (shelf, calls) = (Shelf::new(1 << 20), AtomicUsize::new(0));
        let results: Vec<bool> = std::thread::scope(|scope| {
            let ask = || {
                scope.spawn(|| {
                    let result = shelf.get(label("a"), || {
                        std::thread::sleep(std::time::Duration::from_millis(20));
                        match calls.fetch_add(1, Ordering::Relaxed) {
                            0 => Err(Error::invalid("column", "a", "the first call fails")),
                            _ => Ok(column(1)),
                        }
                    });
                    result.is_ok()
                })
            };
            let threads = [ask(), ask(), ask()];
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(results.iter().filter(|is_ok| !**is_ok).count(), 1);
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
