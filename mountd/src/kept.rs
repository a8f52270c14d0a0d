//! What this mount keeps from being collected: the revisions that it shows and showed.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use veneer::Result;
use veneer::model::Id;
use veneer::store::Pin;

/// How many revisions are kept. An inode that is older than the last 256 revisions, and still open, and of
/// a revision that no ref reaches any more, is beyond what a file that grows for ever would be worth.
const REVISIONS_MAX: usize = 256;

/// The pinned revisions of one mount, in the order in which they were shown.
#[derive(Debug)]
pub struct Kept {
    pinned: Mutex<Pinned>,
}

#[derive(Debug)]
struct Pinned {
    /// Gone once the mount has ended; never there for a store elsewhere.
    pin: Option<Pin>,
    /// The first revision of each base: its rows' inodes can be asked for as long as the mount lives.
    for_ever: Vec<Id>,
    recent: Vec<Id>,
}

impl Pinned {
    fn write(&mut self) -> Result<()> {
        let all = [self.for_ever.as_slice(), &self.recent].concat();
        self.pin.as_mut().map_or(Ok(()), |pin| pin.update(&all))
    }
}

impl Kept {
    /// Keeps `revision` of the store in the folder `store`; `None`: of a store elsewhere, where that cannot be done.
    ///
    /// Whoever found it through a ref must look at the ref again: it may have been collected meanwhile.
    pub fn new(store: Option<&Path>, revision: Id) -> Result<Kept> {
        let for_ever = vec![revision];
        let pin = store.map(|store| Pin::new(store, &for_ever)).transpose()?;
        Ok(Kept { pinned: Mutex::new(Pinned { pin, for_ever, recent: Vec::new() }) })
    }

    /// Goes on keeping what another process kept: the steps that it showed, and whether each began a base.
    ///
    /// `pin` is the descriptor of that process's pin, where it had one.
    pub fn adopt(store: Option<&Path>, pin: Option<OwnedFd>, steps: &[(Id, bool)]) -> Result<Kept> {
        let (for_ever, recent): (Vec<_>, Vec<_>) = steps.iter().partition(|(_, begins)| *begins);
        let ids = |steps: Vec<(Id, bool)>| steps.into_iter().map(|(id, _)| id).collect::<Vec<Id>>();
        let pin = match (pin, store) {
            (Some(descriptor), _) => Some(Pin::adopt(descriptor)?),
            (None, Some(store)) => Some(Pin::new(store, &[])?),
            (None, None) => None,
        };
        let mut pinned = Pinned { pin, for_ever: ids(for_ever), recent: ids(recent) };
        pinned.write()?;
        Ok(Kept { pinned: Mutex::new(pinned) })
    }

    /// A copy of the pin's descriptor, whose lock then outlives this process; `None` in a store that is read-only.
    pub fn descriptor(&self) -> Option<OwnedFd> {
        self.lock().pin.as_ref().and_then(Pin::descriptor)
    }

    fn lock(&self) -> MutexGuard<'_, Pinned> {
        self.pinned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps `revision`, too.
    pub fn add(&self, revision: Id) -> Result<()> {
        let mut pinned = self.lock();
        if pinned.recent.last() == Some(&revision) {
            return Ok(());
        }
        pinned.recent.retain(|known| *known != revision);
        pinned.recent.push(revision);
        let surplus = pinned.recent.len().saturating_sub(REVISIONS_MAX);
        pinned.recent.drain(..surplus);
        pinned.write()
    }

    /// Keeps `revision`, which is kept already, for as long as the mount lives.
    pub fn add_for_ever(&self, revision: Id) -> Result<()> {
        let mut pinned = self.lock();
        pinned.for_ever.push(revision);
        pinned.write()
    }

    /// Keeps nothing any more; the mount has ended.
    pub fn release(&self) {
        self.lock().pin = None;
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
        let kept = Kept::new(Some(&store), id(0)).expect("pinned");
        kept.add(id(0)).expect("pinned");
        kept.add(id(1)).expect("pinned");
        let mut expected = vec![id(0), id(1)];
        expected.sort_unstable();
        assert_eq!(pinned(&store).expect("read"), expected);
        (2..REVISIONS_MAX + 2).for_each(|number| kept.add(id(number)).expect("pinned"));
        let all = pinned(&store).expect("read");
        // The first gives the numbers of the base: it stays.
        assert_eq!((all.len(), all.contains(&id(0))), (REVISIONS_MAX + 1, true));
        assert_eq!((all.contains(&id(1)), all.contains(&id(2))), (false, true));
        kept.release();
        kept.add(id(0)).expect("the end is no error");
        assert_eq!(pinned(&store).expect("read"), []);
    }

    #[test]
    fn what_a_killed_process_kept_is_never_free_before_the_next_keeps_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("store");
        drop(LocalStore::create(&store).expect("made"));
        let ids = [0_u8, 1].map(|number| Id::of(&[number]));
        let kept = Kept::new(Some(&store), ids[0]).expect("pinned");
        kept.add(ids[1]).expect("pinned");
        let descriptor = kept.descriptor().expect("written");
        // Killed, it would not have put its pin away.
        std::mem::forget(kept);
        let mut expected = ids.to_vec();
        expected.sort_unstable();
        assert_eq!(pinned(&store).expect("read"), expected);
        let next = Kept::adopt(Some(&store), Some(descriptor), &[(ids[0], true), (ids[1], false)]).expect("adopted");
        assert_eq!(pinned(&store).expect("read"), expected);
        next.release();
    }
}
