//! Threads beside the requests: one notices what was done to the draft in the store, one makes names durable, one puts
//! into the draft what was written to files that others edited meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use tracing::warn;
use veneer::store::Store;

use super::keeper::Keeper;
use crate::gate::Gate;

/// How long to wait for a change before looking whether to stop.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a name may be on its way to the disk without anybody asking.
const SYNC_EVERY: Duration = Duration::from_secs(2);

/// Starts the threads; they end with `stop`.
pub fn start(
    keeper: &Arc<Keeper>,
    store: Arc<dyn Store>,
    gate: &Arc<Gate>,
    stop: &Arc<AtomicBool>,
) -> std::io::Result<()> {
    let (sender, closed) = sync_channel(1);
    keeper.working.tell_when_closed(sender);
    let (settled, held, stop_settling) = (Arc::clone(keeper), Arc::clone(gate), Arc::clone(stop));
    thread::Builder::new().name("settle".to_owned()).spawn(move || settle(&settled, &closed, &held, &stop_settling))?;
    let (watched, gate, stop_watching) = (Arc::clone(keeper), Arc::clone(gate), Arc::clone(stop));
    thread::Builder::new().name("watch".to_owned()).spawn(move || watch(&watched, &*store, &gate, &stop_watching))?;
    let (synced, stop_syncing) = (Arc::clone(keeper), Arc::clone(stop));
    thread::Builder::new().name("sync".to_owned()).spawn(move || {
        while !stop_syncing.load(Ordering::Relaxed) {
            thread::sleep(SYNC_EVERY);
            if let Err(error) = synced.working.sync_all() {
                warn!(%error, "what was written is not durable: {error}");
            }
            // Whoever takes over reads all of it, and programs wait for that.
            if let Err(error) = synced.working.trim(&mut synced.working.state()) {
                warn!(%error, "the journal stays longer than it need be: {error}");
            }
        }
    })?;
    Ok(())
}

/// Has what was written to files that were edited meanwhile shown by their names as soon as they are closed.
fn settle(keeper: &Keeper, closed: &Receiver<()>, gate: &Gate, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match closed.recv_timeout(PATIENCE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // While it is held it stays: the next snapshot has it.
        if let Some(_moving) = gate.begin_move()
            && let Err(error) = keeper.snapshot()
        {
            warn!(%error, "what was written shows with the next snapshot only: {error}");
        }
    }
}

fn watch(keeper: &Keeper, store: &dyn Store, gate: &Gate, stop: &AtomicBool) {
    let (mut operation, mut troubled) = (0, false);
    while !stop.load(Ordering::Relaxed) {
        let step = store.watch_refs(operation, PATIENCE).and_then(|last| {
            // While it is held it stays; what was missed is caught up with when the last holder lets go.
            if last != operation
                && let Some(_moving) = gate.begin_move()
            {
                keeper.catch_up()?;
            }
            Ok(last)
        });
        match step {
            Ok(last) => (operation, troubled) = (last, false),
            Err(error) => {
                if !troubled {
                    warn!(%error, "the mount stays as it is: {error}");
                }
                troubled = true;
                thread::sleep(PATIENCE);
            }
        }
    }
}
