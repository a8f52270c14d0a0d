//! The process that serves: it makes a mount or takes one over, and answers the kernel until the mount ends.
//!
//! It may be killed at any moment. Whatever must outlive it, the supervisor has.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fuser::{Filesystem, Notifier, Session};
use serde_json::json;
use tracing::{error, info, warn};
use veneer::dataset::{Dataset, Datasets};
use veneer::source::Source;
use veneer::store::{Access, LocalStore, Store};

use crate::channel::{Channel, FromServing, FromSupervisor};
use crate::control::Control;
use crate::daemon::{EXIT_ERROR, Ready};
use crate::ending::handle_signals;
use crate::estate::Belongings;
use crate::gate::Gate;
use crate::handshake;
use crate::journal::say;
use crate::kept::Kept;
use crate::many;
use crate::mount::Mounted;
use crate::pool::Pool;
use crate::serve::{self, Order};
use crate::take_over::{self, Left};
use crate::trouble::Trouble;
use crate::veneer_folder::Info;
use crate::working;

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
    /// Opens the store and the dataset.
    pub fn new(order: &Order) -> Result<Opened, Trouble> {
        if let Some(elsewhere) = &order.elsewhere {
            return elsewhere.open(order);
        }
        let store = LocalStore::open(&order.store, Access::Read)?;
        let mark = store.mark();
        let store: Arc<dyn Store> = Arc::new(store);
        let dataset = Datasets::new(Arc::clone(&store)).open(&order.dataset)?;
        Ok(Opened { store, dataset, mark })
    }
}

/// A mount that stands and is not served by this process yet.
pub struct Standing<F: Filesystem> {
    /// The connection to the kernel.
    pub session: Session<F>,
    /// The threads that answer what may wait.
    pub pool: Pool,
    /// The mount, to be ended.
    pub mounted: Mounted,
    /// What `.veneer/` says beside the revision.
    pub info: Info,
    /// What is not to be collected.
    pub kept: Arc<Kept>,
    /// Where clients come in.
    pub control: Option<UnixListener>,
    /// The clients that hold a mount that was taken over; `None` of one that was made.
    pub taken_over: Option<Vec<(u64, OwnedFd)>>,
    /// What is shown.
    pub shows: Box<dyn Shows>,
}

/// What is shown, beside what the kernel asks of it: how it moves, and what becomes of it at the end.
pub trait Shows {
    /// Before any request is read: finishes what a process before this one left half done.
    fn begin(&mut self, beginning: &Beginning<'_>) -> io::Result<()>;

    /// Starts what moves it, until `stop`.
    fn follow(&self, stop: &Arc<AtomicBool>) -> io::Result<()>;

    /// What tells the revision that is shown.
    fn revision(&self) -> Box<dyn Fn() -> String + Send>;

    /// What tells a client, as one line of JSON, what it holds.
    fn answer(&self, info: &Info) -> Box<dyn Fn() -> String + Send> {
        let (said, revision) = ((info.path.clone(), info.dataset.clone(), info.reference.clone()), self.revision());
        Box::new(move || {
            json!({ "path": said.0, "dataset": said.1, "ref": said.2, "revision": revision() }).to_string()
        })
    }

    /// The unchanged data, which the mount may cover; `None` where it is not on this machine.
    fn source(&self) -> veneer::Result<Option<Arc<Source>>>;

    /// What is done when the last holder has let go.
    fn released(&self) -> Box<dyn Fn() + Send>;

    /// Whether the kernel may be asked to send again what this process has in its hands.
    fn may_be_asked_twice(&self) -> bool;

    /// The mount has ended; returns the exit code.
    fn put_away(&self, channel: &Channel) -> ExitCode;
}

/// How a process begins to serve.
pub struct Beginning<'a> {
    /// Makes a line on which the kernel is told to forget.
    pub kernel: &'a dyn Fn() -> Notifier,
    /// What holds the mount where it is.
    pub gate: &'a Arc<Gate>,
    /// Whether a process served before this one.
    pub takes_over: bool,
}

/// What the supervisor has said is to be done.
#[derive(Debug)]
enum Task {
    Begin,
    TakeOver(Left),
}

/// Does what the supervisor at the other end of `channel` says, and serves until the mount ends.
pub fn run(order: &Order, ready: Ready, channel: OwnedFd) -> ExitCode {
    let channel = Arc::new(Channel::from(channel));
    let begun = Opened::new(order).and_then(|opened| {
        say(&channel, &FromServing::Prepared, &[]);
        Ok((opened, task(&channel)?))
    });
    let (opened, task) = match begun {
        Ok(begun) => begun,
        Err(trouble) => return refuse(ready, &trouble),
    };
    match (&order.writer, task) {
        (None, Task::Begin) if order.all => serve(many::begin::begin(order, opened, &channel), ready, &channel),
        (None, Task::TakeOver(left)) if order.all => {
            serve(many::take_over::take_over(order, opened, &channel, left), ready, &channel)
        }
        (None, Task::Begin) => serve(serve::begin(order, opened, &channel), ready, &channel),
        (None, Task::TakeOver(left)) => serve(take_over::take_over(order, opened, &channel, left), ready, &channel),
        (Some(writer), Task::Begin) => serve(working::serve::begin(order, writer, opened, &channel), ready, &channel),
        (Some(writer), Task::TakeOver(left)) => {
            serve(working::take_over::take_over(order, writer, opened, &channel, left), ready, &channel)
        }
    }
}

fn refuse(ready: Ready, trouble: &Trouble) -> ExitCode {
    error!(kind = trouble.kind, "not mounted: {}", trouble.message);
    ready.tell::<Info>(Err(trouble));
    ExitCode::from(EXIT_ERROR)
}

fn task(channel: &Channel) -> Result<Task, Trouble> {
    let lost = |why: String| Trouble::new("io", format!("the supervisor does not say what to do: {why}"), "");
    let mut held = Vec::new();
    loop {
        let message = channel.receive::<FromSupervisor>().map_err(|error| lost(error.to_string()))?;
        let (message, mut descriptors) = message.ok_or_else(|| lost("it has ended".to_owned()))?;
        match message {
            FromSupervisor::Begin => return Ok(Task::Begin),
            FromSupervisor::Hold(number) => held.extend(descriptors.pop().map(|socket| (number, socket))),
            FromSupervisor::TakeOver { state, belongings, crashes } => {
                let belongings = Belongings::new(belongings, descriptors);
                return Ok(Task::TakeOver(Left { state, belongings, held, crashes }));
            }
            FromSupervisor::Resend => {}
        }
    }
}

fn serve<F: Filesystem>(standing: Result<Standing<F>, Trouble>, ready: Ready, channel: &Arc<Channel>) -> ExitCode {
    match standing {
        Ok(standing) => standing.serve(ready, channel),
        Err(trouble) => refuse(ready, &trouble),
    }
}

impl<F: Filesystem> Standing<F> {
    fn serve(self, ready: Ready, channel: &Arc<Channel>) -> ExitCode {
        let stop = Arc::new(AtomicBool::new(false));
        let Running { mounted, session, kept, info, shows } = match self.start(channel, &stop) {
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
        let code = shows.put_away(channel);
        // Until here old inodes may have been read.
        kept.release();
        info!(path = info.path, "the mount on {} has ended", info.path);
        code
    }

    /// Starts everything but the threads that read requests.
    fn start(self, channel: &Arc<Channel>, stop: &Arc<AtomicBool>) -> io::Result<Running<F>> {
        let gate = Arc::new(Gate::default());
        let Standing { session, pool, mounted, info, kept, control, taken_over, mut shows } = self;
        let mounted = Arc::new(mounted);
        handle_signals(&mounted, &kept, channel, Arc::clone(&gate), pool)?;
        let device = Arc::new(session.as_fd().try_clone_to_owned()?);
        let takes_over = taken_over.is_some();
        let held = taken_over.unwrap_or_default();
        held.iter().for_each(|_| gate.hold());
        shows.begin(&Beginning { kernel: &|| session.notifier(), gate: &gate, takes_over })?;
        listen_to_supervisor(channel, device, shows.may_be_asked_twice())?;
        let revision = shows.revision();
        if takes_over {
            if let Err(error) = handshake::resend(&session) {
                warn!(%error, "what was asked of the process before stays unanswered: {error}");
            }
            let holders = held.len();
            info!(path = info.path, revision = revision(), holders, "took over the mount on {}", info.path);
        } else {
            info!(path = info.path, dataset = info.dataset, revision = revision(), "mounted on {}", info.path);
        }
        if let Some(listener) = control {
            let (answer, released, channel) = (shows.answer(&info), shows.released(), Arc::clone(channel));
            let source = shows.source().map_err(io::Error::other)?;
            let control = Control { listener, channel, gate, answer, source, released };
            start("control", move || control.run(held))?;
        }
        shows.follow(stop)?;
        Ok(Running { mounted, session, kept, info, shows })
    }
}

/// A mount that only waits for its requests to be read.
struct Running<F: Filesystem> {
    mounted: Arc<Mounted>,
    session: Session<F>,
    kept: Arc<Kept>,
    info: Info,
    shows: Box<dyn Shows>,
}

/// Starts a thread.
pub fn start(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

/// Does what the supervisor says from time to time, and notices its end.
fn listen_to_supervisor(channel: &Arc<Channel>, device: Arc<OwnedFd>, may_resend: bool) -> io::Result<()> {
    let channel = Arc::clone(channel);
    start("supervisor", move || {
        while let Ok(Some((message, _))) = channel.receive::<FromSupervisor>() {
            if message == FromSupervisor::Resend
                && may_resend
                && let Err(error) = handshake::resend(&*device)
            {
                warn!(%error, "the kernel does not say again what is unanswered: {error}");
            }
        }
        warn!("the supervisor has ended; if this process dies now, so does the mount");
    })
}
