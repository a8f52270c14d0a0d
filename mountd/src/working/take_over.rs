//! Taking over a live writable mount: the journal is read again, and what is open stays so.
//!
//! The kernel notices nothing: same connection, same inodes, same bytes.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

use tracing::warn;
use veneer::dataset::MountedDraft;
use veneer::model::WriterName;
use veneer::source::Source;

use super::answers::WritableFuse;
use super::prepare::{Prepared, branch, open, sign};
use super::serve::{Draft, info, session_config};
use super::through::Through;
use super::{Left as LeftState, Working, fence};
use crate::attributes::Owner;
use crate::channel::Channel;
use crate::estate::{Belonging, State};
use crate::handshake;
use crate::journal::ToldJournal;
use crate::kept::Kept;
use crate::serve::{Order, VERSION};
use crate::serving::{Opened, Standing};
use crate::take_over::{CRASHES_MAX, Left};
use crate::trouble::Trouble;

/// Takes over.
///
/// # Errors
/// When what was left cannot be read; the mount is left as it is.
pub fn take_over(
    order: &Order,
    writer: &WriterName,
    opened: Opened,
    channel: &Arc<Channel>,
    left: Left,
) -> Result<Standing<WritableFuse>, Trouble> {
    let Left { state, mut belongings, held, crashes } = left;
    let bad = |what: &str| Trouble::new("io", format!("cannot take over: {what}"), "");
    let refused = |error: io::Error| bad(&error.to_string());
    let mut state: State = serde_json::from_value(state).map_err(|error| bad(&error.to_string()))?;
    let mut take =
        |which, what: &str| belongings.take(which).ok_or_else(|| bad(&format!("{what} was not handed over")));
    let device = take(Belonging::Device, "the device")?;
    let source = take(Belonging::Source, "the source")?;
    let lock = File::from(take(Belonging::DraftLock, "the draft")?);
    let socket = UnixListener::from(take(Belonging::Draft, "the draft's socket")?);
    state.add_process(std::process::id(), VERSION);
    let kept = Arc::new(Kept::adopt(order.folder(), belongings.take(Belonging::Pin), &state.history.steps()?)?);
    // From here on, who takes over from this process waits for it, too.
    let told = Arc::new(ToldJournal::begin(Arc::clone(channel), state.clone(), Arc::clone(&kept), &[]));
    if let Some(parent) = rustix::process::getppid() {
        let parent = parent.as_raw_nonzero().get().unsigned_abs();
        fence::wait(state.processes.iter().map(|(process, _)| *process), parent);
    }
    if let Err(error) = sign(&lock, Path::new(&state.place.point)) {
        warn!(%error, "the draft's lock does not name this process: {error}");
    }
    let Opened { store, dataset, .. } = opened;
    // By its path it may not be found: the mount may lie over it.
    let source = Source::from_fd(source, dataset.source_path())?;
    let dataset = dataset.with_source(Arc::new(source));
    let branch = branch(order, &dataset)?;
    let drafts = MountedDraft::new(&order.store, &order.dataset, &branch, writer);
    let left = Working::left(drafts.folder())?.map(LeftState::going_on).ok_or_else(|| bad("there is no journal"))?;
    let settled = left.settled().ok_or_else(|| bad("the journal has no beginning"))?;
    let owner = Owner { user: state.owner.0, group: state.owner.1 };
    let at = (settled.revision, settled.overlay);
    let working = Arc::new(open(&dataset, &drafts, Some(left), at, owner, order)?);
    let (name, writer, revision) = (String::new(), writer.clone(), settled.revision);
    let was_left = true;
    let prepared =
        Prepared { name, store, dataset, branch, writer, drafts, lock, kept, owner, working, revision, was_left };
    let through = Through::adopt(belongings.take(Belonging::Opens), &prepared.working).map_err(refused)?;
    through.attach(device.as_fd()).map_err(refused)?;
    let fuse = WritableFuse::new(Arc::clone(&prepared.working), Arc::new(through), owner);
    let fuse = fuse.refusing_resent(crashes >= CRASHES_MAX);
    let pool = fuse.pool();
    let session = handshake::adopt(fuse, device, session_config(), state.kernel).map_err(refused)?;
    let info = info(order, &state, revision.to_hex());
    prepared.show(&info, state.extra.as_ref().unwrap_or(&Default::default()), &told)?;
    let control = belongings.take(Belonging::Control).map(UnixListener::from);
    let (mounted, kept) = (state.place.mounted(), Arc::clone(&prepared.kept));
    let shows = Draft::new(order, prepared, info.clone(), &session, told, socket)?;
    Ok(Standing { session, pool, mounted, info, kept, control, taken_over: Some(held), shows: Box::new(shows) })
}
