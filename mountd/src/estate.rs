//! What a serving process leaves to the next one: descriptors, and what it has shown.
//!
//! The supervisor keeps both and understands next to nothing of them, so that
//! it need not be replaced when the program is.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use veneer::Result;
use veneer::model::Id;

use crate::handshake::KernelSaid;
use crate::many::folders::Folders;
use crate::mount::Mounted;
use crate::profile::Choice;
use crate::working::extra::Extra;

/// How many moves are remembered, so that inodes of then can be found again; as many as are kept from collection.
const STEPS_MAX: usize = 256;
/// How many serving processes are remembered, whose `info.json` somebody may still have open.
const PROCESSES_MAX: usize = 64;

/// What a descriptor that is handed over is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Belonging {
    /// The kernel's end of the mount, `/dev/fuse`.
    Device,
    /// The source's folder, which the mount may cover.
    Source,
    /// The pin of the revisions shown: its lock lasts as long as somebody has it.
    Pin,
    /// The socket at which clients of the mount come in.
    Control,
    /// The ledger of open files.
    Opens,
    /// The socket at which the command asks for what was written.
    Draft,
    /// The lock of a draft that is written to.
    DraftLock,
}

/// The descriptors that outlive a serving process.
#[derive(Debug, Default)]
pub struct Belongings {
    all: Vec<(Belonging, OwnedFd)>,
}

impl Belongings {
    /// Puts names to descriptors that came with a message.
    pub fn new(names: Vec<Belonging>, descriptors: Vec<OwnedFd>) -> Belongings {
        Belongings { all: names.into_iter().zip(descriptors).collect() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes one out.
    pub fn take(&mut self, which: Belonging) -> Option<OwnedFd> {
        let at = self.all.iter().position(|(name, _)| *name == which)?;
        Some(self.all.swap_remove(at).1)
    }

    /// Their names and descriptors, for a message.
    pub fn parts(&self) -> (Vec<Belonging>, Vec<BorrowedFd<'_>>) {
        self.all.iter().map(|(name, descriptor)| (*name, descriptor.as_fd())).unzip()
    }
}

/// What the next serving process must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where it is mounted, and how.
    pub place: Place,
    /// What the kernel said at the beginning.
    pub kernel: KernelSaid,
    /// The branch that is followed, if any is.
    pub branch: Option<String>,
    /// How files are served.
    pub choice: Choice,
    /// User and group whose the files are shown to be.
    pub owner: (u32, u32),
    /// Where clients come in.
    pub control: Option<OsString>,
    /// What was shown.
    pub history: History,
    /// The folders of a mount of many revisions, whose history is of no account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folders: Option<Folders>,
    /// What `.veneer/` of a writable mount shows.
    #[serde(default)]
    pub extra: Option<Extra>,
    /// The serving processes up to now, the last one last: number and version.
    pub processes: Vec<(u32, String)>,
}

/// Where a mount is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The mount point.
    pub point: OsString,
    /// The device's number.
    pub device: (u32, u32),
    /// Whether the set-uid helper mounted.
    pub by_helper: bool,
}

impl Place {
    /// The mount, to be ended by whoever has it.
    pub fn mounted(&self) -> Mounted {
        Mounted::adopt(PathBuf::from(&self.point), self.device, self.by_helper)
    }
}

impl State {
    /// Adds a process that serves.
    pub fn add_process(&mut self, number: u32, version: &str) {
        self.processes.push((number, version.to_owned()));
        let surplus = self.processes.len().saturating_sub(PROCESSES_MAX);
        self.processes.drain(..surplus);
    }
}

/// The revisions that were shown, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    steps: Vec<Step>,
    /// The last one of which the kernel has been told to forget what differs in it.
    settled: String,
}

/// One move of the mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    revision: String,
    /// Whether it was the first on its base: these give the bases' numbers, and are never left out.
    begins: bool,
}

impl History {
    /// Begins with the first revision.
    pub fn new(first: Id) -> History {
        let first = first.to_hex();
        History { steps: vec![Step { revision: first.clone(), begins: true }], settled: first }
    }

    /// Adds what is about to be shown; `begins`: it is the first on its base.
    pub fn add(&mut self, revision: Id, begins: bool) {
        self.steps.push(Step { revision: revision.to_hex(), begins });
        let plain = self.steps.iter().filter(|step| !step.begins).count();
        if plain > STEPS_MAX
            && let Some(oldest) = self.steps.iter().position(|step| !step.begins)
        {
            self.steps.remove(oldest);
        }
    }

    /// Notes that the kernel knows all about the last step.
    pub fn settle(&mut self) {
        if let Some(last) = self.steps.last() {
            self.settled.clone_from(&last.revision);
        }
    }

    /// What was shown, in order, and whether it was the first on its base; the last is shown now.
    ///
    /// # Errors
    /// `Invalid` where it is no id.
    pub fn steps(&self) -> Result<Vec<(Id, bool)>> {
        self.steps.iter().map(|step| Ok((Id::from_hex(&step.revision)?, step.begins))).collect()
    }

    /// The last revision of which the kernel knows all.
    ///
    /// # Errors
    /// `Invalid` where it is no id.
    pub fn settled(&self) -> Result<Id> {
        Id::from_hex(&self.settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> Id {
        Id::of(&number.to_le_bytes())
    }

    #[test]
    fn a_history_forgets_old_moves_but_never_a_base() {
        let mut history = History::new(id(0));
        for number in 1..=2 * STEPS_MAX {
            history.add(id(number), number % 100 == 0);
        }
        let steps = history.steps().expect("ids");
        let begun: Vec<Id> = steps.iter().filter(|(_, begins)| *begins).map(|(id, _)| *id).collect();
        assert_eq!(begun, (0..=5).map(|number| id(number * 100)).collect::<Vec<_>>());
        assert_eq!(steps.len(), STEPS_MAX + begun.len());
        assert_eq!(steps.last(), Some(&(id(2 * STEPS_MAX), false)));
        assert_eq!(history.settled().expect("an id"), id(0));
        history.settle();
        assert_eq!(history.settled().expect("an id"), id(2 * STEPS_MAX));
    }

    #[test]
    fn a_belonging_is_taken_once() {
        let file = || tempfile::tempfile().expect("a file").into();
        let mut all = Belongings::new(vec![Belonging::Device, Belonging::Pin], vec![file(), file()]);
        assert_eq!(all.parts().0, [Belonging::Device, Belonging::Pin]);
        assert!(all.take(Belonging::Pin).is_some() && all.take(Belonging::Pin).is_none());
        assert!(!all.is_empty() && all.take(Belonging::Device).is_some() && all.is_empty());
    }
}
