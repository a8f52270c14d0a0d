//! What the next serving process must know of the folders, and the revisions that they showed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use veneer::Result;
use veneer::model::Id;

/// How many revisions that are not shown any more are remembered, so that inodes of then can be found again.
const STEPS_MAX: usize = 256;
/// How many folders there may be at a time: what is said of them must fit into one message.
pub const FOLDERS_MAX: usize = 400;

/// The folders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folders {
    /// The slot of the next one.
    next: u32,
    /// Those that are there.
    shown: Vec<Folder>,
    /// What was shown before, and the first revision of each base; oldest first.
    steps: Vec<Step>,
    /// Those that came or went, of which the kernel has not been told.
    unsettled: BTreeSet<String>,
}

/// The folder of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Which one; never used again.
    #[serde(rename = "s")]
    pub slot: u32,
    /// Where it is.
    #[serde(rename = "n")]
    pub name: String,
    /// Whether it is of a branch or a tag, and listed.
    #[serde(rename = "l")]
    pub listed: bool,
    /// What it shows.
    #[serde(rename = "r")]
    revision: String,
    /// What it showed before, while the kernel has not been told of all that differs.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    #[serde(rename = "s")]
    slot: u32,
    #[serde(rename = "r")]
    revision: String,
    /// Whether it was the first on its base: these give the bases' numbers, and are never left out.
    #[serde(rename = "b")]
    begins: bool,
}

impl Folder {
    /// What it shows.
    ///
    /// # Errors
    /// `Invalid` where it is no id.
    pub fn revision(&self) -> Result<Id> {
        Id::from_hex(&self.revision)
    }

    /// What it showed before, if the kernel has not been told of all that differs.
    ///
    /// # Errors
    /// `Invalid` where it is no id.
    pub fn before(&self) -> Result<Option<Id>> {
        self.before.as_deref().map(Id::from_hex).transpose()
    }
}

impl Folders {
    /// The slot that the next folder gets.
    pub fn next_slot(&self) -> u32 {
        self.next
    }

    /// Those that are there.
    pub fn shown(&self) -> &[Folder] {
        &self.shown
    }

    /// Those that came or went, of which the kernel has not been told.
    pub fn unsettled(&self) -> impl Iterator<Item = &str> {
        self.unsettled.iter().map(String::as_str)
    }

    /// Adds a folder that is about to be shown; `begins`: its revision is the first on its base.
    pub fn add(&mut self, name: &str, listed: bool, revision: Id, begins: bool) -> u32 {
        let slot = self.next;
        self.next += 1;
        self.shown.push(Folder { slot, name: name.to_owned(), listed, revision: revision.to_hex(), before: None });
        self.begin(slot, revision, begins);
        if listed {
            self.unsettled.insert(name.to_owned());
        }
        slot
    }

    /// Notes what a folder is about to show instead.
    pub fn change(&mut self, slot: u32, revision: Id, begins: bool) {
        let Some(folder) = self.shown.iter_mut().find(|folder| folder.slot == slot) else { return };
        let old = std::mem::replace(&mut folder.revision, revision.to_hex());
        folder.before.get_or_insert_with(|| old.clone());
        self.leave(slot, old);
        self.begin(slot, revision, begins);
    }

    /// Notes that a folder is about to go.
    pub fn remove(&mut self, slot: u32) {
        let Some(at) = self.shown.iter().position(|folder| folder.slot == slot) else { return };
        let gone = self.shown.remove(at);
        self.unsettled.insert(gone.name);
        self.leave(slot, gone.revision);
    }

    /// Notes that the kernel knows all about the folder at `name`.
    pub fn settle(&mut self, name: &str) {
        self.unsettled.remove(name);
        self.shown.iter_mut().filter(|folder| folder.name == name).for_each(|folder| folder.before = None);
    }

    fn begin(&mut self, slot: u32, revision: Id, begins: bool) {
        if begins {
            self.steps.push(Step { slot, revision: revision.to_hex(), begins });
        }
    }

    fn leave(&mut self, slot: u32, revision: String) {
        self.steps.push(Step { slot, revision, begins: false });
        if self.steps.iter().filter(|step| !step.begins).count() > STEPS_MAX
            && let Some(oldest) = self.steps.iter().position(|step| !step.begins)
        {
            self.steps.remove(oldest);
        }
    }

    /// All revisions whose inodes may be known: in which slot, and whether it was the first on its base.
    ///
    /// # Errors
    /// `Invalid` where one is no id.
    pub fn steps(&self) -> Result<Vec<(u32, Id, bool)>> {
        let steps = self.steps.iter().map(|step| (step.slot, &step.revision, step.begins));
        let shown = self.shown.iter().map(|folder| (folder.slot, &folder.revision, false));
        steps.chain(shown).map(|(slot, revision, begins)| Ok((slot, Id::from_hex(revision)?, begins))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_moves_are_forgotten_but_neither_bases_nor_what_is_shown() {
        let id = |number: usize| Id::of(&number.to_le_bytes());
        let mut folders = Folders::default();
        let main = folders.add("main", true, id(0), true);
        let other = folders.add("@0123456", false, id(1), false);
        for number in 2..2 * STEPS_MAX {
            folders.change(main, id(number), number == 7);
        }
        let steps = folders.steps().expect("ids");
        assert_eq!(steps.len(), 2 + STEPS_MAX + 2);
        for step in [(main, id(0), true), (main, id(7), true), (other, id(1), false)] {
            assert!(steps.contains(&step), "{step:?}");
        }
        assert_eq!(folders.shown()[0].before().expect("an id"), Some(id(0)));
        assert_eq!(folders.unsettled().collect::<Vec<_>>(), ["main"]);
        folders.settle("main");
        assert_eq!((folders.shown()[0].before().expect("none"), folders.unsettled().count()), (None, 0));
        folders.remove(main);
        assert_ne!(folders.add("main", true, id(0), false), main, "a slot is never used again");
    }

    #[test]
    fn as_many_as_there_may_be_fit_into_one_message() {
        let mut folders = Folders::default();
        for number in 0..FOLDERS_MAX {
            let slot = folders.add(&"n".repeat(101), true, Id::of(&[]), false);
            (0..2).for_each(|_| folders.change(slot, Id::of(&number.to_le_bytes()), false));
        }
        let text = serde_json::to_vec(&folders).expect("names and numbers");
        assert!(text.len() < 180_000, "{} bytes", text.len());
    }
}
