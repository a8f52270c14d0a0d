//! What this mount keeps from being collected: the revisions that it shows and showed.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use veneer::Result;
use veneer::model::Id;
use veneer::store::Pin;

/// How many revisions are kept. An inode that is older than the last 256 revisions, and still open, and of
/// a revision that no ref reaches any more, is beyond what a file that grows for ever would be worth.
const REVISIONS_MAX: usize = 256;

/// The pinned revisions of one mount, in the order in which they were shown.
#[derive(Debug)]
pub struct Kept {
    /// The pin is gone once the mount has ended.
    pinned: Mutex<(Option<Pin>, Vec<Id>)>,
}

impl Kept {
    /// Keeps `revision` of the store in the folder `store`.
    ///
    /// Whoever found it through a ref must look at the ref again: it may have been collected meanwhile.
    pub fn new(store: &Path, revision: Id) -> Result<Kept> {
        let revisions = vec![revision];
        let pin = Pin::new(store, &revisions)?;
        Ok(Kept { pinned: Mutex::new((Some(pin), revisions)) })
    }

    /// Keeps `revision`, too.
    pub fn add(&self, revision: Id) -> Result<()> {
        let mut pinned = self.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        let (pin, revisions) = &mut *pinned;
        if revisions.last() == Some(&revision) {
            return Ok(());
        }
        revisions.retain(|known| *known != revision);
        revisions.push(revision);
        let surplus = revisions.len().saturating_sub(REVISIONS_MAX);
        revisions.drain(..surplus);
        pin.as_mut().map_or(Ok(()), |pin| pin.update(revisions))
    }

    /// Keeps nothing any more; the mount has ended.
    pub fn release(&self) {
        self.pinned.lock().unwrap_or_else(PoisonError::into_inner).0 = None;
    }
}

#[cfg(test)]
mod tests {
    use veneer::store::{LocalStore, pinned};

    use super::*;

    #[test]
    fn what_was_shown_is_pinned_until_the_mount_ends_and_not_without_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("store");
        drop(LocalStore::create(&store).expect("made"));
        let id = |number: usize| Id::of(&number.to_le_bytes());
        let kept = Kept::new(&store, id(0)).expect("pinned");
        kept.add(id(0)).expect("pinned");
        kept.add(id(1)).expect("pinned");
        let mut expected = vec![id(0), id(1)];
        expected.sort_unstable();
        assert_eq!(pinned(&store).expect("read"), expected);
        (2..REVISIONS_MAX + 2).for_each(|number| kept.add(id(number)).expect("pinned"));
        let all = pinned(&store).expect("read");
        assert_eq!((all.len(), all.contains(&id(1)), all.contains(&id(2))), (REVISIONS_MAX, false, true));
        kept.release();
        kept.add(id(0)).expect("the end is no error");
        assert_eq!(pinned(&store).expect("read"), []);
    }
}
