//! What moves a read-only mount: its branch, and the end of the last hold.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fuser::Notifier;
use tracing::{info, warn};
use veneer::dataset::Dataset;
use veneer::model::BranchName;
use veneer::source::Source;
use veneer::store::Store;

use crate::channel::Channel;
use crate::filesystem::FileSystem;
use crate::follow::{self, Follow, Follower};
use crate::gate::Gate;
use crate::journal::{Journal, ToldJournal};
use crate::kept::Kept;
use crate::serving::{Beginning, Shows, start};
use crate::shown::Shown;
use crate::veneer_folder::Info;

/// A revision that is shown, and the branch that it follows.
pub struct Following {
    /// What `.veneer/` says beside the revision.
    pub info: Info,
    /// What is not to be collected.
    pub kept: Arc<Kept>,
    /// What is shown.
    pub file_system: Arc<FileSystem>,
    /// Where it is written down what is shown.
    pub journal: Arc<ToldJournal>,
    /// The store whose refs are watched.
    pub store: Arc<dyn Store>,
    /// The dataset.
    pub dataset: Dataset,
    /// The branch that is followed, if any is.
    pub branch: Option<BranchName>,
    /// What was shown before the last move, if the kernel was not told of all that differs.
    pub before: Option<Shown>,
    /// What moves it, once that has begun.
    pub follower: Option<Arc<Follower>>,
}

impl Following {
    fn follower(&self, kernel: Notifier, gate: &Arc<Gate>) -> Option<Arc<Follower>> {
        let branch = self.branch.clone()?;
        let kept = Arc::clone(&self.kept);
        Some(Arc::new(Follower {
            dataset: self.dataset.clone(),
            store: Arc::clone(&self.store),
            branch,
            file_system: Arc::clone(&self.file_system),
            info: self.info.clone(),
            kernel: Box::new(kernel),
            keep: Box::new(move |id| kept.add(id)),
            gate: Arc::clone(gate),
            journal: Arc::clone(&self.journal) as Arc<dyn Journal>,
        }))
    }
}

impl Shows for Following {
    fn begin(&mut self, beginning: &Beginning<'_>) -> std::io::Result<()> {
        if beginning.takes_over {
            let (before, shown) = (self.before.take(), self.file_system.shown());
            settle((beginning.kernel)(), beginning.gate, before, shown, Arc::clone(&self.journal))?;
        }
        self.follower = self.follower((beginning.kernel)(), beginning.gate);
        Ok(())
    }

    fn follow(&self, stop: &Arc<AtomicBool>) -> std::io::Result<()> {
        let Some(follower) = self.follower.clone() else { return Ok(()) };
        let stop = Arc::clone(stop);
        start("follow", move || follower.run(&stop))
    }

    fn revision(&self) -> Box<dyn Fn() -> String + Send> {
        let file_system = Arc::clone(&self.file_system);
        Box::new(move || file_system.shown().revision().to_hex())
    }

    fn source(&self) -> veneer::Result<Option<Arc<Source>>> {
        self.dataset.source_here()
    }

    fn released(&self) -> Box<dyn Fn() + Send> {
        release(self.follower.clone().map(|follower| follower as Arc<dyn Follow>))
    }

    fn may_be_asked_twice(&self) -> bool {
        true
    }

    fn put_away(&self, _: &Channel) -> ExitCode {
        ExitCode::SUCCESS
    }
}

/// What is done when the last holder has let go: the mount moves on at once.
pub(crate) fn release(follower: Option<Arc<dyn Follow>>) -> Box<dyn Fn() + Send> {
    Box::new(move || {
        let Some(follower) = follower.clone() else { return };
        // Whoever listens to clients must not wait for the kernel.
        let moved = start("release", move || {
            if let Err(error) = follower.catch_up() {
                warn!(%error, "cannot move on yet: {error}");
            }
        });
        if let Err(error) = moved {
            warn!(%error, "the mount moves on with the next commit only: {error}");
        }
    })
}

/// Has the kernel forget what the process before did not come to have forgotten, and what it said of itself.
fn settle(
    notifier: Notifier,
    gate: &Arc<Gate>,
    before: Option<Shown>,
    shown: Arc<Shown>,
    journal: Arc<ToldJournal>,
) -> std::io::Result<()> {
    finish(gate, move || {
        match before {
            None => follow::forget_own_folder(&notifier),
            Some(before) => {
                let forgotten = follow::forget(&notifier, &before, &shown);
                info!(forgotten, "finished the move to {}", shown.revision().short());
            }
        }
        journal.settled();
    })
}

/// Does what is left of a move; when this returns, it has begun.
pub(crate) fn finish(gate: &Arc<Gate>, rest: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let gate = Arc::clone(gate);
    let (begun, has_begun) = std::sync::mpsc::channel();
    start("settle", move || {
        let _moving = gate.finish_move();
        let _ = begun.send(());
        rest();
    })?;
    // Before that, nobody may move it on, nor be told that it is held where it is.
    let _ = has_begun.recv();
    Ok(())
}
