//! Files that lost their names behind the back of those who may write to them, and who has the names now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::record::{Held, Ino};

/// Files that lost their names to others, see `held`.
///
/// They are found by who has the name now, too, so that an edit of one file costs nothing for those of all others.
#[derive(Debug, Default)]
pub struct Heirs {
    held: BTreeMap<Ino, Held>,
    replaced: HashMap<Ino, Held>,
    of: HashMap<Ino, BTreeSet<Ino>>,
}

impl Heirs {
    /// The files that somebody may be writing to.
    pub fn held(&self) -> impl Iterator<Item = (Ino, &Held)> {
        self.held.iter().map(|(ino, held)| (*ino, held))
    }

    /// One of them.
    pub fn get(&self, ino: Ino) -> Option<&Held> {
        self.held.get(&ino)
    }

    /// A file that nobody had open: whoever still opens it, by its number, makes it held.
    pub fn replaced(&self, ino: Ino) -> Option<&Held> {
        self.replaced.get(&ino)
    }

    /// All, held or not, whose name an inode has.
    pub fn of(&self, heir: Ino) -> Vec<Ino> {
        self.of.get(&heir).into_iter().flatten().copied().collect()
    }

    /// From now on somebody may write to it.
    pub fn hold(&mut self, ino: Ino, held: Held) {
        self.remove(ino);
        self.of.entry(held.heir).or_default().insert(ino);
        self.held.insert(ino, held);
    }

    /// Nobody has it open, but somebody may yet ask for it by its number.
    pub fn put_by(&mut self, ino: Ino, held: Held) {
        self.remove(ino);
        self.of.entry(held.heir).or_default().insert(ino);
        self.replaced.insert(ino, held);
    }

    /// Nobody writes to it any more.
    pub fn let_go(&mut self, ino: Ino) {
        if self.held.contains_key(&ino) {
            self.remove(ino);
        }
    }

    /// Nobody can ask for it any more.
    pub fn remove(&mut self, ino: Ino) {
        let Some(held) = self.held.remove(&ino).or_else(|| self.replaced.remove(&ino)) else { return };
        if let Some(all) = self.of.get_mut(&held.heir) {
            all.remove(&ino);
            if all.is_empty() {
                self.of.remove(&held.heir);
            }
        }
    }

    /// Notes that the kernel does not know a held file any more; returns whether it is one.
    pub fn forget(&mut self, ino: Ino) -> bool {
        let Some(held) = self.held.get_mut(&ino) else { return false };
        held.forgotten = true;
        true
    }
}
