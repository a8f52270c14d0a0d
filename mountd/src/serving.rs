//! The process that serves: it makes a mount or takes one over, and answers the kernel until the mount ends.
//!
//! It may be killed at any moment. Whatever must outlive it, the supervisor has.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fuser::{Notifier, Session};
use serde_json::json;
use tracing::{error, info, warn};
use veneer::dataset::{Dataset, Datasets};
use veneer::model::BranchName;
use veneer::store::{Access, LocalStore, Store};

use crate::channel::{Channel, FromServing, FromSupervisor};
use crate::control::Control;
use crate::daemon::{EXIT_ERROR, Ready};
use crate::ending::handle_signals;
use crate::estate::Belongings;
use crate::filesystem::FileSystem;
use crate::follow::{self, Follow, Follower};
use crate::fuse::Fuse;
use crate::gate::Gate;
use crate::handshake;
use crate::journal::{Journal, ToldJournal, say};
use crate::kept::Kept;
use crate::many;
use crate::many::filesystem::Many;
use crate::many::follow::ManyFollower;
use crate::mount::Mounted;
use crate::pool::Pool;
use crate::serve::{self, Order};
use crate::shown::Shown;
use crate::take_over::{self, Left};
use crate::trouble::Trouble;
use crate::veneer_folder::Info;

/// What can be opened before it is known whether there is a mount.
#[derive(Debug)]
pub struct Opened {
    /// The store, to be read.
    pub store: Arc<dyn Store>,
    /// The dataset.
    pub dataset: Dataset,
    /// What the mount table calls the store.
    pub mark: String,
}

impl Opened {
    fn new(order: &Order) -> Result<Opened, Trouble> {
        let store = LocalStore::open(&order.store, Access::Read)?;
        let mark = store.mark();
        let store: Arc<dyn Store> = Arc::new(store);
        let dataset = Datasets::new(Arc::clone(&store)).open(&order.dataset)?;
        Ok(Opened { store, dataset, mark })
    }
}

/// A mount that stands and is not served by this process yet.
#[derive(Debug)]
pub struct Standing {
    /// The connection to the kernel.
    pub session: Session<Fuse>,
    /// The threads that answer what may wait.
    pub pool: Pool,
    /// The mount, to be ended.
    pub mounted: Mounted,
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
    /// Where clients come in.
    pub control: Option<UnixListener>,
    /// What was taken over, if anything was.
    pub taken_over: Option<TakenOver>,
    /// What is shown instead, where it is many revisions.
    pub many: Option<Arc<Many>>,
}

/// What a process before this one left half done.
#[derive(Debug, Default)]
pub struct TakenOver {
    /// The clients that hold the mount.
    pub held: Vec<(u64, OwnedFd)>,
    /// What was shown before the last move, if the kernel was not told of all that differs.
    pub before: Option<Shown>,
}

/// Does what the supervisor at the other end of `channel` says, and serves until the mount ends.
pub fn run(order: &Order, ready: Ready, channel: OwnedFd) -> ExitCode {
    let channel = Arc::new(Channel::from(channel));
    let standing = Opened::new(order).and_then(|opened| {
        say(&channel, &FromServing::Prepared, &[]);
        stand(order, opened, &channel)
    });
    match standing {
        Ok(standing) => standing.serve(ready, &channel),
        Err(trouble) => {
            error!(kind = trouble.kind, "not mounted: {}", trouble.message);
            ready.tell::<Info>(Err(&trouble));
            ExitCode::from(EXIT_ERROR)
        }
    }
}

fn stand(order: &Order, opened: Opened, channel: &Arc<Channel>) -> Result<Standing, Trouble> {
    let lost = |why: String| Trouble::new("io", format!("the supervisor does not say what to do: {why}"), "");
    let mut held = Vec::new();
    loop {
        let message = channel.receive::<FromSupervisor>().map_err(|error| lost(error.to_string()))?;
        let (message, mut descriptors) = message.ok_or_else(|| lost("it has ended".to_owned()))?;
        match message {
            FromSupervisor::Begin if order.all => return many::begin::begin(order, opened, channel),
            FromSupervisor::Begin => return serve::begin(order, opened, channel),
            FromSupervisor::Hold(number) => held.extend(descriptors.pop().map(|socket| (number, socket))),
            FromSupervisor::TakeOver { state, belongings, crashes } => {
                let belongings = Belongings::new(belongings, descriptors);
                let left = Left { state, belongings, held, crashes };
                if order.all {
                    return many::take_over::take_over(order, opened, channel, left);
                }
                return take_over::take_over(order, opened, channel, left);
            }
            FromSupervisor::Resend => {}
        }
    }
}

impl Standing {
    fn serve(mut self, ready: Ready, channel: &Arc<Channel>) -> ExitCode {
        let taken_over = self.taken_over.take();
        let stop = Arc::new(AtomicBool::new(false));
        let Running { mounted, session, kept, info } = match self.start(channel, taken_over, &stop) {
            Ok(running) => running,
            Err(error) => {
                error!(%error, "cannot start a thread: {error}");
                // Without putting anything away: the supervisor decides what becomes of the mount.
                std::process::exit(i32::from(EXIT_ERROR));
            }
        };
        // In this order: who is told that the mount stands may count on its being taken over.
        say(channel, &FromServing::Serving, &[]);
        ready.tell(Ok(&info));
        let result = session.run();
        stop.store(true, Ordering::Relaxed);
        say(channel, &FromServing::Ending, &[]);
        match result {
            Ok(()) => mounted.clear_if_dead(),
            Err(error) => {
                error!(%error, "the connection to the kernel broke: {error}");
                let _ = mounted.end(Duration::ZERO);
            }
        }
        // Until here old inodes may have been read.
        kept.release();
        info!(path = info.path, "the mount on {} has ended", info.path);
        ExitCode::SUCCESS
    }

    /// Starts everything but the threads that read requests.
    fn start(
        self,
        channel: &Arc<Channel>,
        taken_over: Option<TakenOver>,
        stop: &Arc<AtomicBool>,
    ) -> std::io::Result<Running> {
        let gate = Arc::new(Gate::default());
        let notifier = self.session.notifier();
        let follower = self.follower(&gate);
        let source = self.dataset.source().map_err(std::io::Error::other)?;
        let Standing { session, pool, mounted, info, kept, file_system, journal, control, many, .. } = self;
        let mounted = Arc::new(mounted);
        handle_signals(&mounted, &kept, channel, Arc::clone(&gate), pool)?;
        let device = Arc::new(session.as_fd().try_clone_to_owned()?);
        listen_to_supervisor(channel, device)?;
        let revision = file_system.shown().revision().to_hex();
        let held = match taken_over {
            None => {
                info!(path = info.path, dataset = info.dataset, revision, "mounted on {}", info.path);
                Vec::new()
            }
            Some(TakenOver { held, before }) => {
                held.iter().for_each(|_| gate.hold());
                match many.clone() {
                    None => settle(notifier, &gate, before, file_system.shown(), journal)?,
                    Some(many) => finish(&gate, move || many::follow::settle(&many, &notifier))?,
                }
                if let Err(error) = handshake::resend(&session) {
                    warn!(%error, "what was asked of the process before stays unanswered: {error}");
                }
                let holders = held.len();
                info!(path = info.path, revision, holders, "took over the mount on {}", info.path);
                held
            }
        };
        if let Some(listener) = control {
            let said = (info.path.clone(), info.dataset.clone(), info.reference.clone());
            let answer = move || {
                if let Some(many) = &many {
                    return many.answer();
                }
                let revision = file_system.shown().revision().to_hex();
                json!({ "path": said.0, "dataset": said.1, "ref": said.2, "revision": revision }).to_string()
            };
            let (released, channel) = (release(follower.clone()), Arc::clone(channel));
            let control = Control { listener, channel, gate, answer: Box::new(answer), source, released };
            start("control", move || control.run(held))?;
        }
        if let Some(follower) = follower {
            let stop = Arc::clone(stop);
            start("follow", move || follower.run(&stop))?;
        }
        Ok(Running { mounted, session, kept, info })
    }

    fn follower(&self, gate: &Arc<Gate>) -> Option<Arc<dyn Follow>> {
        if let Some(many) = &self.many {
            let kernel = Box::new(self.session.notifier());
            return Some(Arc::new(ManyFollower::new(many, &self.store, kernel, gate)));
        }
        let branch = self.branch.clone()?;
        let kept = Arc::clone(&self.kept);
        Some(Arc::new(Follower {
            dataset: self.dataset.clone(),
            store: Arc::clone(&self.store),
            branch,
            file_system: Arc::clone(&self.file_system),
            info: self.info.clone(),
            kernel: Box::new(self.session.notifier()),
            keep: Box::new(move |id| kept.add(id)),
            gate: Arc::clone(gate),
            journal: Arc::clone(&self.journal) as Arc<dyn Journal>,
        }))
    }
}

/// A mount that only waits for its requests to be read.
struct Running {
    mounted: Arc<Mounted>,
    session: Session<Fuse>,
    kept: Arc<Kept>,
    info: Info,
}

fn start(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

/// What is done when the last holder has let go: the mount moves on at once.
fn release(follower: Option<Arc<dyn Follow>>) -> Box<dyn Fn() + Send> {
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
fn finish(gate: &Arc<Gate>, rest: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
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

/// Does what the supervisor says from time to time, and notices its end.
fn listen_to_supervisor(channel: &Arc<Channel>, device: Arc<OwnedFd>) -> std::io::Result<()> {
    let channel = Arc::clone(channel);
    start("supervisor", move || {
        while let Ok(Some((message, _))) = channel.receive::<FromSupervisor>() {
            if message == FromSupervisor::Resend
                && let Err(error) = handshake::resend(&*device)
            {
                warn!(%error, "the kernel does not say again what is unanswered: {error}");
            }
        }
        warn!("the supervisor has ended; if this process dies now, so does the mount");
    })
}
