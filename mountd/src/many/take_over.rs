//! Taking over a live mount of many revisions: as [`crate::take_over`], with all of its folders.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use veneer::Error;
use veneer::dataset::{Dataset, View};
use veneer::model::Id;
use veneer::source::Source;

use super::filesystem::{Many, info_of};
use super::folders::Folders;
use super::shows::ShowsMany;
use crate::attributes::Owner;
use crate::channel::Channel;
use crate::estate::{Belonging, State};
use crate::filesystem::FileSystem;
use crate::fuse::Fuse;
use crate::handshake;
use crate::journal::ToldJournal;
use crate::kept::Kept;
use crate::opens::Opens;
use crate::recall::Recall;
use crate::serve::{self, Order, VERSION};
use crate::serving::{Opened, Standing};
use crate::shown::Shown;
use crate::take_over::{CRASHES_MAX, Left, infos};
use crate::trouble::Trouble;
use crate::veneer_folder::{Info, VeneerFolder};

/// Takes over.
///
/// # Errors
/// When what is shown cannot be opened any more; the mount is left as it is.
pub fn take_over(order: &Order, opened: Opened, channel: &Arc<Channel>, left: Left) -> Result<Standing<Fuse>, Trouble> {
    let Left { state, mut belongings, held, crashes } = left;
    let bad = |what: String| Trouble::new("io", format!("cannot take over: {what}"), "");
    let mut state: State = serde_json::from_value(state).map_err(|error| bad(error.to_string()))?;
    let device = belongings.take(Belonging::Device).ok_or_else(|| bad("the device was not handed over".to_owned()))?;
    let source = belongings.take(Belonging::Source);
    if source.is_none() && order.elsewhere.is_none() {
        return Err(bad("the source was not handed over".to_owned()));
    }
    let folders = state.folders.clone().ok_or_else(|| bad("it is not known which folders there are".to_owned()))?;
    let Opened { store, dataset, .. } = opened;
    let source = source.map(|source| Source::from_fd(source, dataset.source_path())).transpose()?;
    let dataset = match source {
        Some(source) => dataset.with_source(Arc::new(source)),
        None => dataset,
    };
    let kept = Arc::new(Kept::adopt(order.folder(), belongings.take(Belonging::Pin), &pinned(&folders)?)?);
    state.add_process(std::process::id(), VERSION);
    let infos = infos(order, &state);
    let info = serve::info_of_all(infos.last().expect("this process's own"));
    let owner = Owner { user: state.owner.0, group: state.owner.1 };
    let files = FileSystem::new(bases(&dataset, &folders, &info)?, owner, order.drift);
    for info in &infos {
        VeneerFolder::of_many(&serve::info_of_all(info)).files().for_each(|(_, item)| files.recover_item(item));
    }
    let files = files.with_recall(recall(&dataset, &folders, infos)?);
    let many = Arc::new(Many::new(files, owner, dataset.clone(), Arc::clone(&kept), &info));
    many.recover(folders)?;
    let refused = |error: io::Error| bad(error.to_string());
    let opens = Opens::adopt(belongings.take(Belonging::Opens)).map_err(refused)?;
    opens.attach(device.as_fd()).map_err(refused)?;
    let fuse = Fuse::new(Arc::clone(&many), Arc::new(opens)).refusing_resent(crashes >= CRASHES_MAX);
    let pool = fuse.pool();
    let session = handshake::adopt(fuse, device, serve::session_config(), state.kernel).map_err(refused)?;
    let control = belongings.take(Belonging::Control).map(UnixListener::from);
    let mounted = state.place.mounted();
    let journal = Arc::new(ToldJournal::begin(Arc::clone(channel), state, Arc::clone(&kept), &[]));
    many.write_down(journal);
    let shows = Box::new(ShowsMany::new(many, store, dataset));
    Ok(Standing { session, pool, mounted, info, kept, control, taken_over: Some(held), shows })
}

/// What is not to be collected, and what of it for as long as the mount lives: bases, and what no ref may reach.
fn pinned(folders: &Folders) -> veneer::Result<Vec<(Id, bool)>> {
    let unlisted: Vec<u32> = folders.shown().iter().filter(|folder| !folder.listed).map(|folder| folder.slot).collect();
    Ok(folders.steps()?.into_iter().map(|(slot, id, begins)| (id, begins || unlisted.contains(&slot))).collect())
}

fn open(dataset: &Dataset, id: Id) -> veneer::Result<(View, i64)> {
    Ok((dataset.view(id)?, dataset.revision(id)?.time_ns))
}

/// All bases in the order in which they got their numbers.
pub(super) fn bases(dataset: &Dataset, folders: &Folders, info: &Info) -> veneer::Result<Shown> {
    let mut shown: Option<Shown> = None;
    for (_, id, _) in folders.steps()?.into_iter().filter(|(.., begins)| *begins) {
        let (view, time_ns) = open(dataset, id)?;
        let veneer = VeneerFolder::new(info, id, time_ns);
        shown = Some(match shown {
            None => Shown::first(view, id, veneer),
            Some(shown) => shown.after(view, id, veneer),
        });
    }
    shown.ok_or_else(|| Error::not_found("base", 0))
}

pub(super) fn recall(dataset: &Dataset, folders: &Folders, infos: Vec<Info>) -> veneer::Result<Recall> {
    let (steps, shown) = (folders.steps()?, folders.shown().to_vec());
    let slots: Vec<u32> = steps.iter().map(|(slot, ..)| *slot).collect();
    let infos = move |at: usize| match shown.iter().find(|folder| folder.slot == slots[at]) {
        Some(folder) => infos.iter().map(|info| info_of(info, &folder.name, folder.listed)).collect(),
        // It has gone; only its files are still of interest.
        None => infos.clone(),
    };
    let dataset = dataset.clone();
    let steps = steps.into_iter().map(|(_, id, begins)| (id, begins)).collect();
    Ok(Recall::of_many(Box::new(move |id| open(&dataset, id)), steps, Box::new(infos)))
}
