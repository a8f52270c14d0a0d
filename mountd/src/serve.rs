//! One mount from beginning to end: opens, mounts, serves, and leaves nothing behind.

use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fuser::{Config, Session, SessionACL};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tracing::{error, info, warn};
use veneer::dataset::{Dataset, Datasets, Resolved, ResolvedBy};
use veneer::model::{DatasetName, RefSpec};
use veneer::source::{OnDrift, is_veneer_mount};
use veneer::store::{Access, LocalStore, Store};

use crate::attributes::Owner;
use crate::daemon::{EXIT_ERROR, Ready};
use crate::filesystem::FileSystem;
use crate::follow::Follower;
use crate::fuse::Fuse;
use crate::kept::Kept;
use crate::mount::{self, Ended, Mounted, Wish};
use crate::opens::Opens;
use crate::profile::{self, BigShare, Choice, Profile};
use crate::shown::Shown;
use crate::trouble::Trouble;
use crate::veneer_folder::{Info, VeneerFolder};

/// Threads that read requests; what may block goes to a pool.
const READERS: usize = 2;
/// How long to wait for files to be closed when told to end, before the mount is taken away from under them.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to mount, and how.
#[derive(Clone, Debug)]
pub struct Order {
    /// The store's folder.
    pub store: PathBuf,
    /// The dataset.
    pub dataset: DatasetName,
    /// Which revision of it; `None` for the branch `main`.
    pub reference: Option<RefSpec>,
    /// Whether to stay at the revision that a branch has now.
    pub pin: bool,
    /// Whether other users may look into it.
    pub allow_other: bool,
    /// What to do with a source file that is not what was recorded.
    pub drift: OnDrift,
    /// Which profile was asked for.
    pub profile: profile::Asked,
    /// Where the log goes, to be told to others.
    pub log: Option<PathBuf>,
    /// The mount point.
    pub point: PathBuf,
}

/// All that is needed before the kernel is told.
struct Prepared {
    point: PathBuf,
    name: String,
    store: Arc<dyn Store>,
    dataset: Dataset,
    by: ResolvedBy,
    shown: Shown,
    info: Info,
    owner: Owner,
    kept: Arc<Kept>,
    opens: Arc<Opens>,
}

/// Mounts, reports, and serves until the mount ends.
pub fn run(order: &Order, ready: Ready) -> ExitCode {
    match start(order) {
        Ok(Started { session, mounted, info, kept, stop }) => {
            ready.tell(Ok(&info));
            let mounted = Arc::new(mounted);
            end_on_signals(&mounted, &kept);
            info!(path = info.path, dataset = info.dataset, revision = info.revision, "mounted on {}", info.path);
            let result = session.run();
            stop.store(true, Ordering::Relaxed);
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
        Err(trouble) => {
            error!(kind = trouble.kind, "not mounted: {}", trouble.message);
            ready.tell::<Info>(Err(&trouble));
            ExitCode::from(EXIT_ERROR)
        }
    }
}

/// A mount that stands and is not served yet.
struct Started {
    session: Session<Fuse>,
    mounted: Mounted,
    info: Info,
    kept: Arc<Kept>,
    stop: Arc<AtomicBool>,
}

fn start(order: &Order) -> Result<Started, Trouble> {
    let Prepared { point, name, store, dataset, by, shown, info, owner, kept, opens } = prepare(order)?;
    let wish = Wish { point: &point, name: &name, allow_other: order.allow_other, writable: false };
    let (device, mounted) = mount::mount(&wish)?;
    let file_system = Arc::new(FileSystem::new(shown, owner, order.drift));
    let mut config = Config::default();
    config.n_threads = Some(READERS);
    // Who may come in is the kernel's business: it was told at the mount.
    let session =
        Session::from_fd(Fuse::new(Arc::clone(&file_system), Arc::clone(&opens)), device, SessionACL::All, config);
    let session = session.map_err(|error| {
        mounted.clear_if_dead();
        Trouble::new("mount", format!("the kernel and this program do not agree: {error}"), "")
    })?;
    let info = settle(&opens, &session, &file_system, info);
    if !mounted.raise_read_ahead() {
        info!("the kernel's read-ahead stays as it is: raising it needs root");
    }
    let stop = Arc::new(AtomicBool::new(false));
    if let (ResolvedBy::Branch(branch), false) = (by, order.pin) {
        let kernel = Box::new(session.notifier());
        let keep = {
            let kept = Arc::clone(&kept);
            Box::new(move |id| kept.add(id))
        };
        let follower = Follower { dataset, store, branch, file_system, info: info.clone(), kernel, keep };
        let stop = Arc::clone(&stop);
        thread::Builder::new().name("follow".to_owned()).spawn(move || follower.run(&stop)).map_err(|error| {
            let _ = mounted.end(Duration::ZERO);
            Trouble::new("io", format!("cannot start a thread: {error}"), "")
        })?;
    }
    Ok(Started { session, mounted, info, kept, stop })
}

/// Tries what the profile takes; where the kernel refuses, the mount goes on with the other one, and says why.
fn settle(opens: &Opens, session: &Session<Fuse>, file_system: &FileSystem, info: Info) -> Info {
    let Err(refusal) = opens.settle(session.as_fd()) else { return info };
    let choice = Choice { profile: info.profile, why: info.profile_why.clone() }.without_passthrough(&refusal);
    warn!("big files are read the slow way: {}", choice.why);
    let info = Info { profile: choice.profile, profile_why: choice.why, ..info };
    let shown = file_system.shown();
    file_system.show(Arc::new(shown.with_info(&info)));
    info
}

fn prepare(order: &Order) -> Result<Prepared, Trouble> {
    let point = mount::check_point(&order.point)?;
    let store = LocalStore::open(&order.store, Access::Read)?;
    let mark = store.mark();
    let store: Arc<dyn Store> = Arc::new(store);
    let dataset = Datasets::new(Arc::clone(&store)).open(&order.dataset)?;
    // Opened now and held: the mount must neither begin without its source nor lose it to a later mount.
    let source = dataset.source()?;
    refuse_covered(source.path())?;
    mount::check_empty(&point, source.path())?;
    let (Resolved { id, by }, kept) = resolve_and_keep(order, &dataset)?;
    let (view, time_ns) = (dataset.view(id)?, dataset.revision(id)?.time_ns);
    let is_root = rustix::process::geteuid().is_root();
    let choice = profile::choose(order.profile, BigShare::of(view.base())?, is_root);
    let opens = Arc::new(Opens::new(choice.profile == Profile::LargeFiles, &[source.path(), &order.store]));
    let reference = order.reference.as_ref().map_or_else(|| "main".to_owned(), ToString::to_string);
    let follows = matches!(by, ResolvedBy::Branch(_)) && !order.pin;
    let info = Info {
        path: point.to_string_lossy().into_owned(),
        dataset: order.dataset.to_string(),
        reference: reference.clone(),
        revision: id.to_hex(),
        mode: if follows { "follow" } else { "pin" },
        profile: choice.profile,
        profile_why: choice.why,
        pid: std::process::id(),
        store: order.store.to_string_lossy().into_owned(),
        version: env!("CARGO_PKG_VERSION"),
        log: order.log.as_ref().map(|log| log.to_string_lossy().into_owned()),
    };
    let shown = Shown::first(view, id, VeneerFolder::new(&info, id, time_ns));
    let owner = owner_of(source.path());
    let name = format!("{}@{reference}:{}", order.dataset, mark);
    Ok(Prepared { point, name, store, dataset, by, shown, info, owner, kept, opens })
}

/// Refuses a source that a mount of ours covers: what is beneath cannot be reached from here.
pub(crate) fn refuse_covered(source: &Path) -> Result<(), Trouble> {
    match std::fs::File::open(source) {
        Ok(folder) if is_veneer_mount(&folder)? => Err(Trouble::new(
            "source-covered",
            format!("the source `{}` lies beneath a mount of Veneer", source.display()),
            "end that mount first (`veneer mounts` lists it)",
        )),
        _ => Ok(()),
    }
}

/// Resolves what was asked for, and pins it; again where the ref moved in between.
fn resolve_and_keep(order: &Order, dataset: &Dataset) -> Result<(Resolved, Arc<Kept>), Trouble> {
    let mut found = dataset.resolve(order.reference.as_ref())?;
    let kept = Arc::new(Kept::new(&order.store, found.id)?);
    loop {
        let again = dataset.resolve(order.reference.as_ref())?;
        if again.id == found.id {
            return Ok((again, kept));
        }
        kept.add(again.id)?;
        found = again;
    }
}

/// Whom the files are shown to belong to: of root's mounts whoever owns the source folder, else who mounts.
///
/// A user who mounts can read whatever the daemon can, so the files are shown as that user's own.
pub(crate) fn owner_of(source: &Path) -> Owner {
    let own = Owner { user: rustix::process::geteuid().as_raw(), group: rustix::process::getegid().as_raw() };
    match std::fs::metadata(source) {
        Ok(metadata) if own.user == 0 => Owner { user: metadata.uid(), group: metadata.gid() },
        _ => own,
    }
}

/// Ends the mount when this process is told to end: gently first, then at once.
pub(crate) fn end_on_signals(mounted: &Arc<Mounted>, kept: &Arc<Kept>) {
    let (mounted, kept) = (Arc::clone(mounted), Arc::clone(kept));
    let watch = move |mut signals: Signals| {
        if let Some(signal) = signals.forever().next() {
            info!(signal, "ending the mount on {}", mounted.point().display());
            match mounted.end(PATIENCE) {
                // The readers of requests see the end of the connection, and the process ends with them.
                Ok(Ended::Whole | Ended::Before) => return,
                Ok(Ended::Detached) => {
                    warn!("files were still open after {} s; their readers get errors", PATIENCE.as_secs())
                }
                Err(error) => warn!(%error, "cannot end the mount: {error}"),
            }
            kept.release();
            std::process::exit(0);
        }
    };
    let started = Signals::new([SIGTERM, SIGINT])
        .and_then(|signals| thread::Builder::new().name("signals".to_owned()).spawn(move || watch(signals)));
    if let Err(error) = started {
        warn!(%error, "signals end this process at once: {error}");
    }
}
