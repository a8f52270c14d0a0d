//! The beginning of a mount of many revisions: as [`crate::serve`], with a folder for each branch and tag.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;

use fuser::{Session, SessionACL};
use tracing::info;
use veneer::dataset::Dataset;
use veneer::model::Id;

use super::filesystem::{Many, info_of};
use super::folders::FOLDERS_MAX;
use super::names;
use super::shows::ShowsMany;
use crate::channel::Channel;
use crate::elsewhere;
use crate::estate::{Belonging, History, Place, State};
use crate::filesystem::FileSystem;
use crate::fuse::Fuse;
use crate::journal::ToldJournal;
use crate::kept::Kept;
use crate::mount::{self, Wish};
use crate::opens::Opens;
use crate::profile::{self, BigShare, Profile};
use crate::serve::{self, Order, VERSION};
use crate::serving::{Opened, Standing};
use crate::shown::Shown;
use crate::trouble::Trouble;
use crate::veneer_folder::VeneerFolder;

/// Makes the mount, and hands over what is to outlive this process.
pub fn begin(order: &Order, opened: Opened, channel: &Arc<Channel>) -> Result<Standing<Fuse>, Trouble> {
    let Opened { store, dataset, mark } = opened;
    let point = mount::check_point(&order.point)?;
    let dataset = elsewhere::with_source_here(dataset);
    let source = dataset.source_here()?;
    source.as_ref().map_or(Ok(()), |source| serve::refuse_covered(source))?;
    refuse_source(order, &point, dataset.source_path())?;
    mount::check_empty(&point, dataset.source_path())?;
    let (wanted, kept) = resolve_and_keep(order, &dataset)?;
    let first = first(&dataset, &wanted)?;
    let view = dataset.view(first.1)?;
    let is_root = rustix::process::geteuid().is_root();
    let choice = profile::choose(order.profile, BigShare::of(view.base())?, is_root);
    let owner = serve::owner_of(dataset.source_path());
    let (control, control_path) = serve::listen(&point);
    let name = format!("{}@*:{mark}", order.dataset);
    let opens = Arc::new(Opens::new(choice.profile == Profile::LargeFiles, &[dataset.source_path(), &order.store]));
    let wish = Wish { point: &point, name: &name, allow_other: order.allow_other, writable: false };
    let (device, mounted) = mount::mount(&wish)?;
    let place = Place { point: point.into(), device: mounted.device(), by_helper: mounted.by_helper() };
    let mut info = serve::info_of_all(&serve::info(order, &place, true, &choice, control_path.as_deref()));
    let veneer = VeneerFolder::new(&info_of(&info, &first.0, true), first.1, dataset.revision(first.1)?.time_ns);
    let files = FileSystem::new(Shown::first(view, first.1, veneer), owner, order.drift);
    let many = Arc::new(Many::new(files, owner, dataset.clone(), Arc::clone(&kept), &info));
    // The first one again is no harm.
    for (name, id) in [(&first.0, &first.1)].into_iter().chain(&wanted) {
        many.add(name, true, *id)?;
    }
    many.settle(wanted.keys().map(String::as_str));
    let fuse = Fuse::new(Arc::clone(&many), Arc::clone(&opens));
    let (pool, said) = (fuse.pool(), fuse.kernel_said());
    let session = Session::from_fd(fuse, device, SessionACL::All, serve::session_config()).map_err(|error| {
        mounted.clear_if_dead();
        Trouble::new("mount", format!("the kernel and this program do not agree: {error}"), "")
    })?;
    let (choice, told) = serve::without_refused(&opens, &session, choice, info.clone());
    if told.profile != info.profile {
        info = told;
        many.inform(&info);
    }
    let kernel = *said.get().expect("a session begins with it");
    if !mounted.raise_read_ahead() {
        info!("the kernel's read-ahead stays as it is: raising it needs root");
    }
    let state = State {
        place,
        kernel,
        branch: None,
        choice,
        owner: (owner.user, owner.group),
        control: control_path,
        history: History::new(first.1),
        folders: Some(many.state()),
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
    many.write_down(journal);
    let shows = Box::new(ShowsMany::new(many, store, dataset));
    Ok(Standing { session, pool, mounted, info, kept, control, taken_over: None, shows })
}

/// Over the source itself one revision makes sense, and a folder of folders does not.
fn refuse_source(order: &Order, point: &Path, source: &Path) -> Result<(), Trouble> {
    if !mount::is_same(point, source) {
        return Ok(());
    }
    let message = format!(
        "`{}` is the source of `{}`: folders of revisions would lie where its files are",
        point.display(),
        order.dataset
    );
    let hint = format!("choose an empty folder, or mount one revision over it: `veneer mount {} DIR`", order.dataset);
    Err(Trouble::new("mount-point", message, hint))
}

/// The folders that there are to be; refused where one would be needed twice.
fn resolve_and_keep(order: &Order, dataset: &Dataset) -> Result<(BTreeMap<String, Id>, Arc<Kept>), Trouble> {
    let mut wanted = names::of_refs(dataset)?;
    let first = first(dataset, &wanted)?.1;
    let kept = Arc::new(Kept::new(order.folder(), first)?);
    loop {
        wanted.values().try_for_each(|id| kept.add(*id))?;
        let again = names::of_refs(dataset)?;
        if again == wanted {
            break;
        }
        wanted = again;
    }
    if let Some((one, other)) = names::twice(&wanted) {
        let message = format!("the folder `{one}` would be needed twice: for `{one}` itself, and for `{other}` in it");
        let hint = format!(
            "mount one at a time (`veneer mount {}@{} DIR`), or give one of them another name",
            order.dataset,
            other.trim_start_matches(names::AT)
        );
        return Err(Trouble::new("folder-twice", message, hint));
    }
    if wanted.len() > FOLDERS_MAX {
        let message =
            format!("`{}` has {} branches and tags, and a mount at most {FOLDERS_MAX}", order.dataset, wanted.len());
        return Err(Trouble::new(
            "too-many",
            message,
            "delete tags that nobody needs, or mount one revision at a time",
        ));
    }
    Ok((wanted, kept))
}

/// The folder from whose base the profile is chosen: `main`, else that with the most bytes.
fn first(dataset: &Dataset, wanted: &BTreeMap<String, Id>) -> Result<(String, Id), Trouble> {
    if let Some(id) = wanted.get("main") {
        return Ok(("main".to_owned(), *id));
    }
    let mut first: Option<(u64, (String, Id))> = None;
    for (name, id) in wanted {
        let bytes = dataset.view(*id)?.base().totals().bytes;
        if first.as_ref().is_none_or(|(most, _)| bytes > *most) {
            first = Some((bytes, (name.clone(), *id)));
        }
    }
    first
        .map(|(_, first)| first)
        .ok_or_else(|| Trouble::new("not-found", format!("`{}` has neither branches nor tags", dataset.name()), ""))
}
