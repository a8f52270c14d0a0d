//! Taking over a live mount from a serving process that was killed, crashed or is to be replaced.
//!
//! The kernel notices nothing: same connection, same numbers, same revision.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use veneer::model::BranchName;
use veneer::source::Source;

use crate::attributes::Owner;
use crate::channel::Channel;
use crate::estate::{Belonging, Belongings, State};
use crate::filesystem::FileSystem;
use crate::following::Following;
use crate::fuse::Fuse;
use crate::handshake;
use crate::journal::ToldJournal;
use crate::kept::Kept;
use crate::opens::Opens;
use crate::recall::Recall;
use crate::serve::{self, Order, VERSION};
use crate::serving::{Opened, Standing};
use crate::trouble::Trouble;
use crate::veneer_folder::Info;

/// After how many crashes in a row what was unanswered then is answered with an error.
pub(crate) const CRASHES_MAX: u32 = 3;

/// What the process before left.
#[derive(Debug)]
pub struct Left {
    /// What it had said last.
    pub state: serde_json::Value,
    /// Its descriptors.
    pub belongings: Belongings,
    /// Who holds the mount.
    pub held: Vec<(u64, OwnedFd)>,
    /// How many processes have crashed in a row.
    pub crashes: u32,
}

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
    let Opened { store, dataset, .. } = opened;
    // By its path it may not be found: the mount may lie over it.
    let source = source.map(|source| Source::from_fd(source, dataset.source_path())).transpose()?;
    let dataset = match source {
        Some(source) => dataset.with_source(Arc::new(source)),
        None => dataset,
    };
    let steps = state.history.steps()?;
    let kept = Arc::new(Kept::adopt(order.folder(), belongings.take(Belonging::Pin), &steps)?);
    state.add_process(std::process::id(), VERSION);
    let infos = infos(order, &state);
    let info = infos.last().expect("this process's own").clone();
    let recall = {
        let dataset = dataset.clone();
        let open = move |id| Ok((dataset.view(id)?, dataset.revision(id)?.time_ns));
        Recall::new(Box::new(open), steps, infos)
    };
    let (shown, before) = recall.shown(state.history.settled()?)?;
    let owner = Owner { user: state.owner.0, group: state.owner.1 };
    let file_system = Arc::new(FileSystem::new(shown, owner, order.drift).with_recall(recall));
    let refused = |error: io::Error| bad(error.to_string());
    let opens = Opens::adopt(belongings.take(Belonging::Opens)).map_err(refused)?;
    opens.attach(device.as_fd()).map_err(refused)?;
    let fuse = Fuse::new(Arc::clone(&file_system), Arc::new(opens)).refusing_resent(crashes >= CRASHES_MAX);
    let pool = fuse.pool();
    let session = handshake::adopt(fuse, device, serve::session_config(), state.kernel).map_err(refused)?;
    let branch = state.branch.as_deref().map(str::parse::<BranchName>).transpose()?;
    let control = belongings.take(Belonging::Control).map(UnixListener::from);
    let mounted = state.place.mounted();
    let journal = Arc::new(ToldJournal::begin(Arc::clone(channel), state, Arc::clone(&kept), &[]));
    let shows = Following {
        info: info.clone(),
        kept: Arc::clone(&kept),
        file_system,
        journal,
        store,
        dataset,
        branch,
        before,
        follower: None,
    };
    Ok(Standing { session, pool, mounted, info, kept, control, taken_over: Some(held), shows: Box::new(shows) })
}

/// What `info.json` said, or says, of each process.
pub(crate) fn infos(order: &Order, state: &State) -> Vec<Info> {
    let said = |(pid, version): &(u32, String)| Info {
        pid: *pid,
        version: version.clone(),
        ..serve::info(order, &state.place, state.branch.is_some(), &state.choice, state.control.as_deref())
    };
    state.processes.iter().map(said).collect()
}
