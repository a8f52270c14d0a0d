//! The beginning of a mount: what is asked for is opened, checked, pinned and mounted.

use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fuser::{Config, Session, SessionACL};
use tracing::{info, warn};
use veneer::dataset::{Dataset, Resolved, ResolvedBy, View};
use veneer::model::{DatasetName, RefSpec, WriterName};
use veneer::source::{OnDrift, Source, is_veneer_mount};
use veneer::store::Store;

use crate::attributes::Owner;
use crate::channel::Channel;
use crate::elsewhere::{self, Elsewhere};
use crate::estate::{Belonging, History, Place, State};
use crate::filesystem::FileSystem;
use crate::following::Following;
use crate::fuse::Fuse;
use crate::journal::ToldJournal;
use crate::kept::Kept;
use crate::mount::{self, Wish};
use crate::opens::Opens;
use crate::pool::READERS;
use crate::profile::{self, BigShare, Choice, Profile};
use crate::runtime_folder;
use crate::serving::{Opened, Standing};
use crate::shown::Shown;
use crate::trouble::Trouble;
use crate::veneer_folder::{Info, VeneerFolder};

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What to mount, and how.
#[derive(Clone, Debug)]
pub struct Order {
    /// The store's folder; of a store elsewhere, that of what is kept of it.
    pub store: PathBuf,
    /// Where the store is, if it is on another machine.
    pub elsewhere: Option<Elsewhere>,
    /// The dataset.
    pub dataset: DatasetName,
    /// Which revision of it; `None` for the branch `main`.
    pub reference: Option<RefSpec>,
    /// Whether to show all branches, tags and revisions, each in a folder.
    pub all: bool,
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
    /// Whose draft is to be written to; `None` for a mount that is read.
    pub writer: Option<WriterName>,
    /// The mount point.
    pub point: PathBuf,
}

impl Order {
    /// The folder of the store, in which revisions can be kept from being collected; `None` for a store elsewhere.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.elsewhere.is_none().then_some(&*self.store)
    }

    /// What the store is called: its folder or its URL.
    pub(crate) fn store_name(&self) -> String {
        let folder = || self.store.to_string_lossy().into_owned();
        self.elsewhere.as_ref().map_or_else(folder, |elsewhere| elsewhere.url.clone())
    }

    /// The branch, tag or revision that was asked for; `*` for all of them.
    pub(crate) fn reference(&self) -> String {
        if self.all {
            return "*".to_owned();
        }
        self.reference.as_ref().map_or_else(|| "main".to_owned(), ToString::to_string)
    }
}

/// Makes the mount, and hands over what is to outlive this process.
pub fn begin(order: &Order, opened: Opened, channel: &Arc<Channel>) -> Result<Standing<Fuse>, Trouble> {
    let mark = opened.mark.clone();
    let Prepared { point, store, dataset, resolved: Resolved { id, by }, kept, view } = prepare(order, opened)?;
    let is_root = rustix::process::geteuid().is_root();
    let choice = profile::choose(order.profile, BigShare::of(view.base())?, is_root);
    let branch = match by {
        ResolvedBy::Branch(branch) if !order.pin => Some(branch),
        _ => None,
    };
    // Now: from the moment of the mount until it is served, its own source may be beneath it.
    let source = dataset.source_here()?;
    let owner = owner_of(dataset.source_path());
    let (control, control_path) = listen(&point);
    let name = format!("{}@{}:{mark}", order.dataset, order.reference());
    let opens = Arc::new(Opens::new(choice.profile == Profile::LargeFiles, &[dataset.source_path(), &order.store]));
    let wish = Wish { point: &point, name: &name, allow_other: order.allow_other, writable: false };
    let (device, mounted) = mount::mount(&wish)?;
    let place = Place { point: point.into(), device: mounted.device(), by_helper: mounted.by_helper() };
    let info = info(order, &place, branch.is_some(), &choice, control_path.as_deref());
    let info = Info { revision: id.to_hex(), ..info };
    let shown = Shown::first(view, id, VeneerFolder::new(&info, id, dataset.revision(id)?.time_ns));
    let file_system = Arc::new(FileSystem::new(shown, owner, order.drift));
    let fuse = Fuse::new(Arc::clone(&file_system), Arc::clone(&opens));
    let (pool, said) = (fuse.pool(), fuse.kernel_said());
    // Who may come in is the kernel's business: it was told at the mount.
    let session = Session::from_fd(fuse, device, SessionACL::All, session_config()).map_err(|error| {
        mounted.clear_if_dead();
        Trouble::new("mount", format!("the kernel and this program do not agree: {error}"), "")
    })?;
    let (choice, info) = settle(&opens, &session, &file_system, choice, info);
    let kernel = *said.get().expect("a session begins with it");
    if !mounted.raise_read_ahead() {
        info!("the kernel's read-ahead stays as it is: raising it needs root");
    }
    let state = State {
        place,
        kernel,
        branch: branch.as_ref().map(ToString::to_string),
        choice,
        owner: (owner.user, owner.group),
        control: control_path,
        history: History::new(id),
        folders: None,
        extra: None,
        processes: vec![(std::process::id(), VERSION.to_owned())],
    };
    let pin = kept.descriptor();
    let mut belongings = vec![(Belonging::Device, session.as_fd())];
    belongings.extend(source.as_ref().map(|source| (Belonging::Source, source.folder())));
    belongings.extend(pin.as_ref().map(|pin| (Belonging::Pin, pin.as_fd())));
    let ledger = opens.ledger();
    belongings.extend(ledger.as_ref().map(|ledger| (Belonging::Opens, ledger.as_fd())));
    belongings.extend(control.as_ref().map(|listener| (Belonging::Control, listener.as_fd())));
    let journal = Arc::new(ToldJournal::begin(Arc::clone(channel), state, Arc::clone(&kept), &belongings));
    let shows = Following {
        info: info.clone(),
        kept: Arc::clone(&kept),
        file_system,
        journal,
        store,
        dataset,
        branch,
        before: None,
        follower: None,
    };
    Ok(Standing { session, pool, mounted, info, kept, control, taken_over: None, shows: Box::new(shows) })
}

/// Tries what the profile takes; where the kernel refuses, the mount goes on with the other one, and says why.
fn settle(
    opens: &Opens,
    session: &Session<Fuse>,
    file_system: &FileSystem,
    choice: Choice,
    info: Info,
) -> (Choice, Info) {
    let before = choice.profile;
    let (choice, info) = without_refused(opens, session, choice, info);
    if choice.profile != before {
        file_system.show(Arc::new(file_system.shown().with_info(&info)));
    }
    (choice, info)
}

/// The profile that the kernel allows, and what `info.json` says of it.
pub(crate) fn without_refused(opens: &Opens, session: &Session<Fuse>, choice: Choice, info: Info) -> (Choice, Info) {
    let Err(refusal) = opens.settle(session.as_fd()) else { return (choice, info) };
    let choice = choice.without_passthrough(&refusal);
    warn!("big files are read the slow way: {}", choice.why);
    let info = Info { profile: choice.profile, profile_why: choice.why.clone(), ..info };
    (choice, info)
}

/// How a session is to read requests.
pub fn session_config() -> Config {
    let mut config = Config::default();
    config.n_threads = Some(READERS);
    config
}

/// What `info.json` says beside the revision.
pub fn info(order: &Order, place: &Place, follows: bool, choice: &Choice, control: Option<&OsStr>) -> Info {
    Info {
        path: place.point.to_string_lossy().into_owned(),
        dataset: order.dataset.to_string(),
        reference: order.reference(),
        // Whoever shows it puts the revision in.
        revision: String::new(),
        mode: if follows { "follow" } else { "pin" }.into(),
        profile: choice.profile,
        profile_why: choice.why.clone(),
        pid: std::process::id(),
        supervisor: rustix::process::getppid().map(|parent| parent.as_raw_nonzero().get().unsigned_abs()),
        control: control.map(|path| path.to_string_lossy().into_owned()),
        store: order.store_name(),
        version: VERSION.to_owned(),
        log: order.log.as_ref().map(|log| log.to_string_lossy().into_owned()),
    }
}

/// What `info.json` says at the top of a mount of many revisions.
pub(crate) fn info_of_all(info: &Info) -> Info {
    Info { mode: "all".into(), ..info.clone() }
}

/// The socket for clients, and where it is; without one the mount cannot be held, and that is all.
pub(crate) fn listen(point: &Path) -> (Option<UnixListener>, Option<OsString>) {
    match runtime_folder::listen(point) {
        Ok((listener, path)) => (Some(listener), Some(path.into())),
        Err(error) => {
            warn!(%error, "the mount cannot be held: no place for its socket: {error}");
            (None, None)
        }
    }
}

/// All that is needed before the kernel is told.
struct Prepared {
    point: PathBuf,
    store: Arc<dyn Store>,
    dataset: Dataset,
    resolved: Resolved,
    kept: Arc<Kept>,
    view: View,
}

fn prepare(order: &Order, opened: Opened) -> Result<Prepared, Trouble> {
    let Opened { store, dataset, .. } = opened;
    let point = mount::check_point(&order.point)?;
    // Opened now and held: the mount must neither begin without its source nor lose it to a later mount.
    let dataset = elsewhere::with_source_here(dataset);
    if let Some(source) = dataset.source_here()? {
        refuse_covered(&source)?;
    }
    mount::check_empty(&point, dataset.source_path())?;
    let (resolved, kept) = resolve_and_keep(order, &dataset)?;
    let view = dataset.view(resolved.id)?;
    Ok(Prepared { point, store, dataset, resolved, kept, view })
}

/// Refuses a source that a mount of ours covers, where what is beneath could not be had from it.
pub(crate) fn refuse_covered(source: &Source) -> Result<(), Trouble> {
    if !is_veneer_mount(source.folder())? {
        return Ok(());
    }
    Err(Trouble::new(
        "source-covered",
        format!("the source `{}` lies beneath a mount of Veneer, which does not hand it over", source.path().display()),
        "end that mount first (`veneer mounts` lists it), or be its user",
    ))
}

/// Resolves what was asked for, and pins it; again where the ref moved in between.
fn resolve_and_keep(order: &Order, dataset: &Dataset) -> Result<(Resolved, Arc<Kept>), Trouble> {
    let mut found = dataset.resolve(order.reference.as_ref())?;
    let kept = Arc::new(Kept::new(order.folder(), found.id)?);
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
