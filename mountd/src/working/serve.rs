//! One writable mount from beginning to end: takes the draft, mounts, and puts all into the store at the end.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use fuser::{Config, Session, SessionACL};
use tracing::{error, info, warn};
use veneer::dataset::MountedDraft;
use veneer::model::WriterName;
use veneer::source::Source;
use veneer::store::Store;

use super::answers::WritableFuse;
use super::extra::Extra;
use super::keeper::{Forget, Keeper};
use super::prepare::{Prepared, choice, prepare};
use super::record::Ino;
use super::through::Through;
use super::to_kernel::ToKernel;
use super::{control, watch, wishes};
use crate::channel::{Channel, FromServing};
use crate::daemon::EXIT_ERROR;
use crate::estate::{Belonging, History, Place, State};
use crate::gate::Gate;
use crate::journal::{ToldJournal, say};
use crate::malloc;
use crate::mount::{self, Wish};
use crate::serve::{self, Order, VERSION};
use crate::serving::{self, Opened, Shows, Standing};
use crate::trouble::Trouble;
use crate::veneer_folder::Info;

/// Makes the mount, and hands over what is to outlive this process.
pub fn begin(
    order: &Order,
    writer: &WriterName,
    opened: Opened,
    channel: &Arc<Channel>,
) -> Result<Standing<WritableFuse>, Trouble> {
    let failed = |error: io::Error| Trouble::new("io", format!("cannot begin: {error}"), "");
    let point = mount::check_point(&order.point)?;
    let prepared = prepare(order, writer, opened, &point)?;
    let source = prepared.dataset.source()?;
    mount::check_empty(&point, source.path())?;
    let draft_socket = control::bind(prepared.drafts.folder()).map_err(failed)?;
    let (control, control_path) = serve::listen(&point);
    let wish = Wish { point: &point, name: &prepared.name, allow_other: order.allow_other, writable: true };
    let (device, mounted) = mount::mount(&wish)?;
    let place = Place { point: point.clone().into(), device: mounted.device(), by_helper: mounted.by_helper() };
    let through = Arc::new(Through::new());
    let fuse = WritableFuse::new(Arc::clone(&prepared.working), Arc::clone(&through), prepared.owner);
    let (pool, said) = (fuse.pool(), fuse.kernel_said());
    let session = Session::from_fd(fuse, device, SessionACL::All, session_config()).map_err(|error| {
        mounted.clear_if_dead();
        Trouble::new("mount", format!("the kernel and this program do not agree: {error}"), "")
    })?;
    through.attach(session.as_fd()).map_err(failed)?;
    if !mounted.raise_read_ahead() {
        info!("the kernel's read-ahead stays as it is: raising it needs root");
    }
    let state = State {
        place,
        kernel: *said.get().expect("a session begins with it"),
        branch: Some(prepared.branch.to_string()),
        choice: choice(writer),
        owner: (prepared.owner.user, prepared.owner.group),
        control: control_path,
        history: History::new(prepared.revision),
        folders: None,
        extra: None,
        processes: vec![(std::process::id(), VERSION.to_owned())],
    };
    let info = info(order, &state, prepared.revision.to_hex());
    let (pin, ledger) = (prepared.kept.descriptor(), through.ledger());
    let mut belongings = vec![
        (Belonging::Device, session.as_fd()),
        (Belonging::Source, source.folder()),
        (Belonging::Draft, draft_socket.as_fd()),
        (Belonging::DraftLock, prepared.lock.as_fd()),
    ];
    belongings.extend(pin.as_ref().map(|pin| (Belonging::Pin, pin.as_fd())));
    belongings.extend(ledger.as_ref().map(|ledger| (Belonging::Opens, ledger.as_fd())));
    belongings.extend(control.as_ref().map(|listener| (Belonging::Control, listener.as_fd())));
    let kept = Arc::clone(&prepared.kept);
    let told = Arc::new(ToldJournal::begin(Arc::clone(channel), state, Arc::clone(&kept), &belongings));
    prepared.show(&info, &Extra::default(), &told)?;
    let shows = Draft::new(order, prepared, info.clone(), &session, told, draft_socket)?;
    Ok(Standing { session, pool, mounted, info, kept, control, taken_over: None, shows: Box::new(shows) })
}

/// How a session is to read requests: of this many bytes at the most.
pub fn session_config() -> Config {
    malloc::expect_writes(wishes::LEN_MAX as usize);
    serve::session_config()
}

/// What `info.json` says.
pub fn info(order: &Order, state: &State, revision: String) -> Info {
    let info = serve::info(order, &state.place, false, &state.choice, state.control.as_deref());
    Info { revision, mode: "write".into(), ..info }
}

/// Puts what a killed mount left into the store, and mounts nothing.
pub fn recover(order: &Order, writer: &WriterName) -> ExitCode {
    let done = Opened::new(order).and_then(|opened| {
        let prepared = prepare(order, writer, opened, Path::new(""))?;
        let place = Place { point: "".into(), device: (0, 0), by_helper: false };
        let info = serve::info(order, &place, false, &choice(writer), None);
        let keeper = prepared.keeper(order, info, Box::new(Nobody), None)?;
        settle(&keeper, &prepared.drafts).map_err(Trouble::from)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            let _ = writeln!(io::stderr(), "{trouble}");
            ExitCode::from(EXIT_ERROR)
        }
    }
}

/// Who is told to forget when there is no mount.
struct Nobody;

impl Forget for Nobody {
    fn forget_name(&self, _: Ino, _: &[u8]) {}
    fn forget_inode(&self, _: Ino) {}
}

/// A draft that is shown, to be written.
pub struct Draft {
    keeper: Arc<Keeper>,
    store: Arc<dyn Store>,
    drafts: MountedDraft,
    point: PathBuf,
    /// Where the command comes in, until it is listened to.
    socket: Mutex<Option<UnixListener>>,
    gate: Arc<Gate>,
    /// Held for as long as the draft is worked on.
    _lock: File,
}

impl Draft {
    /// Nothing is started yet.
    pub fn new(
        order: &Order,
        prepared: Prepared,
        info: Info,
        session: &Session<WritableFuse>,
        told: Arc<ToldJournal>,
        socket: UnixListener,
    ) -> Result<Draft, Trouble> {
        let failed = |error: io::Error| Trouble::new("io", format!("cannot start a thread: {error}"), "");
        let kernel = ToKernel::start(session.notifier()).map_err(failed)?;
        let point = PathBuf::from(&info.path);
        let keeper = prepared.keeper(order, info, Box::new(kernel), Some(told))?;
        let Prepared { store, drafts, lock, .. } = prepared;
        let socket = Mutex::new(Some(socket));
        Ok(Draft { keeper, store, drafts, point, socket, gate: Arc::default(), _lock: lock })
    }
}

impl Shows for Draft {
    fn begin(&mut self, beginning: &serving::Beginning<'_>) -> io::Result<()> {
        self.gate = Arc::clone(beginning.gate);
        if !beginning.takes_over {
            return Ok(());
        }
        // The kernel may only forget once it is answered, so nobody waits for that.
        let keeper = Arc::clone(&self.keeper);
        serving::start("settle", move || {
            if let Err(error) = keeper.have_forgotten() {
                warn!(%error, "cannot write down that the kernel was told: {error}");
            }
        })
    }

    fn follow(&self, stop: &Arc<AtomicBool>) -> io::Result<()> {
        let socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(socket) = socket {
            control::listen(socket, &self.point, &self.keeper)?;
        }
        watch::start(&self.keeper, Arc::clone(&self.store), &self.gate, stop)
    }

    fn revision(&self) -> Box<dyn Fn() -> String + Send> {
        let working = Arc::clone(&self.keeper.working);
        Box::new(move || working.extra().revision())
    }

    fn source(&self) -> veneer::Result<Option<Arc<Source>>> {
        self.keeper.dataset.source_here()
    }

    fn released(&self) -> Box<dyn Fn() + Send> {
        let keeper = Arc::clone(&self.keeper);
        Box::new(move || {
            let keeper = Arc::clone(&keeper);
            // Whoever listens to clients must not wait for the kernel.
            let moved = serving::start("release", move || {
                if let Err(error) = keeper.catch_up() {
                    warn!(%error, "cannot move on yet: {error}");
                }
            });
            if let Err(error) = moved {
                warn!(%error, "the mount moves on with the next commit only: {error}");
            }
        })
    }

    fn may_be_asked_twice(&self) -> bool {
        // What this process has in its hands would be written again, over what was written since.
        false
    }

    fn put_away(&self, channel: &Channel) -> ExitCode {
        say(channel, &FromServing::PuttingAway, &[]);
        match settle(&self.keeper, &self.drafts) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                // All of it is in the journal, and the next mount or command goes on from there.
                error!(%error, "what was written is not in the store yet: {error}");
                ExitCode::from(EXIT_ERROR)
            }
        }
    }
}

/// Puts all into the store; then nothing is left to be kept here.
fn settle(keeper: &Keeper, drafts: &MountedDraft) -> veneer::Result<()> {
    keeper.snapshot()?;
    for name in [MountedDraft::JOURNAL, MountedDraft::SOCKET] {
        let _ = fs::remove_file(drafts.folder().join(name));
    }
    if let Err(error) = fs::remove_dir_all(drafts.folder().join("files")) {
        warn!(%error, "scratch files are left: {error}");
    }
    Ok(())
}
