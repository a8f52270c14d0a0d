//! The journal: what a mount shows, written down before it is shown.
//!
//! A process that takes over answers for inodes of what was shown before, and
//! so must know it. It is told to the supervisor, which is not asked for an
//! answer: what was said stays said.

use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;
use veneer::model::Id;

use crate::channel::{Channel, FromServing};
use crate::estate::{Belonging, State};
use crate::kept::Kept;
use crate::many::folders::Folders;
use crate::working::extra::Extra;

/// Where it is written down what is shown.
pub trait Journal: Send + Sync {
    /// `revision` is about to be shown; `begins`: it is the first on its base.
    fn shows(&self, revision: Id, begins: bool);
    /// The kernel was told of all that differs in it.
    fn settled(&self);
}

/// The journal of a mount whose supervisor keeps it.
#[derive(Debug)]
pub struct ToldJournal {
    channel: Arc<Channel>,
    state: Mutex<State>,
    kept: Arc<Kept>,
}

impl ToldJournal {
    /// Hands everything over for the first time.
    pub fn begin(
        channel: Arc<Channel>,
        state: State,
        kept: Arc<Kept>,
        belongings: &[(Belonging, BorrowedFd<'_>)],
    ) -> ToldJournal {
        let told = ToldJournal { channel, state: Mutex::new(state), kept };
        told.tell(&told.state.lock().unwrap_or_else(PoisonError::into_inner), belongings);
        told
    }

    fn tell(&self, state: &State, belongings: &[(Belonging, BorrowedFd<'_>)]) {
        let (names, descriptors): (Vec<_>, Vec<_>) = belongings.iter().copied().unzip();
        let value = serde_json::to_value(state).expect("names and numbers");
        say(&self.channel, &FromServing::Keep { state: value, belongings: names }, &descriptors);
    }

    /// `.veneer/` of a writable mount is about to show this, of `revision`.
    pub fn shows_extra(&self, revision: Id, extra: &Extra) {
        self.change(|state| {
            state.history.add(revision, false);
            state.extra = Some(extra.clone());
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        self.tell(&state, &[]);
    }
}

impl ToldJournal {
    /// These are the folders of a mount of many revisions from now on.
    pub fn folders(&self, folders: &Folders) {
        self.change(|state| state.folders = Some(folders.clone()));
    }
}

impl Journal for ToldJournal {
    fn shows(&self, revision: Id, begins: bool) {
        if begins && let Err(error) = self.kept.add_for_ever(revision) {
            warn!(%revision, %error, "a base may be collected while its inodes are known: {error}");
        }
        self.change(|state| state.history.add(revision, begins));
    }

    fn settled(&self) {
        self.change(|state| state.history.settle());
    }
}

/// Says something to the supervisor, whose end is noticed, and told, elsewhere.
pub fn say(channel: &Channel, message: &FromServing, descriptors: &[BorrowedFd<'_>]) {
    if let Err(error) = channel.send(message, descriptors)
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        warn!(%error, "the supervisor could not be told what a successor must know: {error}");
    }
}
