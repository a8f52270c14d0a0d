//! One writable mount from beginning to end: takes the draft, mounts, serves, and puts all into the store.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fuser::{Config, Session, SessionACL};
use rustix::fs::FlockOperation;
use tracing::{error, info, warn};
use veneer::dataset::{Dataset, Datasets, MountedDraft};
use veneer::model::{BranchName, WriterName};
use veneer::store::{Access, LocalStore, Store};

use super::extra::Extra;
use super::fuse::WritableFuse;
use super::record::Settled;
use super::snapshot::{Forget, Keeper, Parts};
use super::{Beginning, Working, control, watch};
use crate::attributes::Owner;
use crate::daemon::{EXIT_ERROR, Ready};
use crate::ending::end_on_signals;
use crate::kept::Kept;
use crate::mount::{self, Mounted, Wish};
use crate::profile::Profile;
use crate::serve::{Order, VERSION, owner_of, refuse_covered};
use crate::trouble::Trouble;
use crate::veneer_folder::Info;

/// Threads that read requests.
const READERS: usize = 4;

/// What is found before the kernel is told.
struct Prepared {
    /// What the kernel's table calls the mount.
    name: String,
    store: Arc<dyn Store>,
    dataset: Dataset,
    branch: BranchName,
    working: Arc<Working>,
    was_left: bool,
    info: Info,
    owner: Owner,
    kept: Arc<Kept>,
    drafts: MountedDraft,
    /// Held for as long as the draft is worked on.
    lock: File,
}

/// Mounts, reports, and serves until the mount ends; then puts what was written into the store.
pub fn run(order: &Order, writer: &WriterName, ready: Ready) -> ExitCode {
    match start(order, writer) {
        Ok(started) => {
            ready.tell(Ok(&started.keeper.info));
            serve(started)
        }
        Err(trouble) => {
            error!(kind = trouble.kind, "not mounted: {}", trouble.message);
            ready.tell::<Info>(Err(&trouble));
            ExitCode::from(EXIT_ERROR)
        }
    }
}

/// Puts what a killed mount left into the store, and mounts nothing.
pub fn recover(order: &Order, writer: &WriterName) -> ExitCode {
    let done = prepare(order, writer, Path::new("")).and_then(|prepared| {
        let drafts = prepared.drafts.clone();
        let (keeper, _, lock) = prepared.keeper(order, writer, Box::new(Nobody))?;
        settle(&keeper, &drafts).map_err(Trouble::from)?;
        drop(lock);
        Ok(())
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            let _ = writeln!(std::io::stderr(), "{trouble}");
            ExitCode::from(EXIT_ERROR)
        }
    }
}

/// Who is told to forget when there is no mount.
struct Nobody;

impl Forget for Nobody {
    fn forget_name(&self, _: super::record::Ino, _: &[u8]) {}
    fn forget_inode(&self, _: super::record::Ino) {}
}

/// A mount that stands and is not served yet.
struct Started {
    session: Session<WritableFuse>,
    mounted: Mounted,
    keeper: Arc<Keeper>,
    drafts: MountedDraft,
    stop: Arc<AtomicBool>,
    lock: File,
}

fn serve(started: Started) -> ExitCode {
    let Started { session, mounted, keeper, drafts, stop, lock } = started;
    let mounted = Arc::new(mounted);
    end_on_signals(&mounted, &keeper.kept);
    let Info { path, dataset, revision, .. } = &keeper.info;
    info!(path, dataset, revision, "mounted on {path}, to be written");
    let result = session.run();
    stop.store(true, Ordering::Relaxed);
    if let Err(error) = result {
        error!(%error, "the connection to the kernel broke: {error}");
    }
    let _ = mounted.end(Duration::ZERO);
    let code = match settle(&keeper, &drafts) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // All of it is in the journal, and the next mount or command goes on from there.
            error!(%error, "what was written is not in the store yet: {error}");
            ExitCode::from(EXIT_ERROR)
        }
    };
    keeper.kept.release();
    info!(path, "the mount on {path} has ended");
    drop(lock);
    code
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

fn start(order: &Order, writer: &WriterName) -> Result<Started, Trouble> {
    let point = mount::check_point(&order.point)?;
    let prepared = prepare(order, writer, &point)?;
    mount::check_empty(&point, prepared.dataset.source()?.path())?;
    let wish = Wish { point: &point, name: &prepared.name, allow_other: order.allow_other, writable: true };
    let (device, mounted) = mount::mount(&wish)?;
    let mut config = Config::default();
    config.n_threads = Some(READERS);
    let fuse = WritableFuse::new(Arc::clone(&prepared.working), prepared.owner);
    let session = Session::from_fd(fuse, device, SessionACL::All, config)
        .map_err(|error| Trouble::new("mount", format!("the kernel and this program do not agree: {error}"), ""))?;
    if !mounted.raise_read_ahead() {
        info!("the kernel's read-ahead stays as it is: raising it needs root");
    }
    let drafts = prepared.drafts.clone();
    let (keeper, store, lock) = prepared.keeper(order, writer, Box::new(session.notifier()))?;
    let keeper = Arc::new(keeper);
    let stop = Arc::new(AtomicBool::new(false));
    let failed = |error| Trouble::new("io", format!("cannot listen to the command: {error}"), "");
    control::listen(drafts.folder(), &point, &keeper).map_err(failed)?;
    watch::start(&keeper, store, &stop).map_err(failed)?;
    Ok(Started { session, mounted, keeper, drafts, stop, lock })
}

impl Prepared {
    fn keeper(
        self,
        order: &Order,
        writer: &WriterName,
        kernel: Box<dyn Forget>,
    ) -> Result<(Keeper, Arc<dyn Store>, File), Trouble> {
        let Prepared { store, dataset, branch, working, was_left, info, kept, lock, .. } = self;
        let parts =
            Parts { working, store: order.store.clone(), dataset, branch, writer: writer.clone(), kernel, info, kept };
        Ok((Keeper::new(parts, was_left)?, store, lock))
    }
}

fn prepare(order: &Order, writer: &WriterName, point: &Path) -> Result<Prepared, Trouble> {
    let store = LocalStore::open(&order.store, Access::Read)?;
    let mark = store.mark();
    let store: Arc<dyn Store> = Arc::new(store);
    let dataset = Datasets::new(Arc::clone(&store)).open(&order.dataset)?;
    let source = dataset.source()?;
    refuse_covered(&source)?;
    let branch = branch(order, &dataset)?;
    let name = format!("{}@{branch}:{mark}", order.dataset);
    let drafts = MountedDraft::new(&order.store, &order.dataset, &branch, writer);
    let lock = take_lock(&drafts, point, &branch, writer)?;
    let (revision, overlay) = match Working::left(drafts.folder())? {
        Some(left) => (left.revision, left.overlay),
        None => {
            let draft = dataset.draft(&branch, writer)?;
            (draft.based_on(), draft.view().overlay().root())
        }
    };
    let kept = Arc::new(Kept::new(&order.store, revision)?);
    let view = dataset.view_at(revision, overlay)?;
    let settled = Settled { revision, base: view.base().id(), overlay };
    let owner = owner_of(source.path());
    let beginning = Beginning { view, settled };
    let (working, was_left) = Working::open(drafts.folder(), &beginning, owner, order.drift)?;
    if was_left {
        info!("going on with what a mount had left that was killed");
    }
    let info = Info {
        path: point.to_string_lossy().into_owned(),
        dataset: order.dataset.to_string(),
        reference: branch.to_string(),
        revision: revision.to_hex(),
        mode: "write".into(),
        profile: Profile::SmallFiles,
        profile_why: format!("a draft of {writer}"),
        pid: std::process::id(),
        supervisor: None,
        control: None,
        store: order.store.to_string_lossy().into_owned(),
        version: VERSION.to_owned(),
        log: order.log.as_ref().map(|log| log.to_string_lossy().into_owned()),
    };
    working.set_extra(Extra::new(&info, revision, dataset.revision(revision)?.time_ns, &Extra::default()));
    let working = Arc::new(working);
    Ok(Prepared { name, store, dataset, branch, working, was_left, info, owner, kept, drafts, lock })
}

/// The branch that the draft is on; nothing else can be written to.
fn branch(order: &Order, dataset: &Dataset) -> Result<BranchName, Trouble> {
    let Some(spec) = &order.reference else { return Ok(BranchName::main()) };
    let is_branch = |branch: &BranchName| spec.up == 0 && dataset.head(branch).is_ok();
    match spec.name.parse::<BranchName>().ok().filter(is_branch) {
        Some(branch) => Ok(branch),
        None => {
            let message = format!("`{}@{spec}` is no branch, and nothing else can be written to", order.dataset);
            let hint = format!("begin a branch there: `veneer branch {} NEW {spec}`", order.dataset);
            Err(Trouble::new("invalid", message, hint))
        }
    }
}

/// Takes the draft for this process; the text in the lock is for whoever comes second.
fn take_lock(drafts: &MountedDraft, point: &Path, branch: &BranchName, writer: &WriterName) -> Result<File, Trouble> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let failed = |error: std::io::Error| Trouble::new("io", format!("cannot keep a draft in the store: {error}"), "");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(drafts.folder()).map_err(failed)?;
    let path = drafts.folder().join(MountedDraft::LOCK);
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let mut lock = options.map_err(failed)?;
    if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut text = String::new();
        let _ = lock.read_to_string(&mut text);
        let message = format!("{writer} has a writable mount of `{branch}` already: {}", text.trim());
        return Err(Trouble::new("busy", message, "write there, end it, or mount for another author with --as"));
    }
    let text = format!("process {} on {}\n", std::process::id(), point.display());
    let written = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(text.as_bytes()));
    written.map_err(failed)?;
    Ok(lock)
}
