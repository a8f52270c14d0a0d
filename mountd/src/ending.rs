//! How a serving process ends: with its mount, or alone, when another one takes over.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use tracing::{info, warn};

use crate::channel::{Channel, FromServing};
use crate::gate::Gate;
use crate::journal::say;
use crate::kept::Kept;
use crate::mount::{Ended, Mounted};
use crate::pool::Pool;

/// How long to wait for files to be closed when told to end, before the mount is taken away from under them.
const PATIENCE: Duration = Duration::from_secs(5);
/// The signal by which the supervisor says that another process takes over, and that this one is to end.
const RETIRE: i32 = SIGUSR1;

/// Ends the mount when this process is told to: gently first, then at once. Or only itself, for another one.
pub fn handle_signals(
    mounted: &Arc<Mounted>,
    kept: &Arc<Kept>,
    channel: &Arc<Channel>,
    gate: Arc<Gate>,
    pool: Pool,
) -> io::Result<()> {
    let (mounted, kept, channel) = (Arc::clone(mounted), Arc::clone(kept), Arc::clone(channel));
    at_signal(&[SIGTERM, SIGINT, RETIRE], move |signal| match signal {
        RETIRE => retire(&gate, &pool),
        signal => {
            say(&channel, &FromServing::Ending, &[]);
            end(signal, &mounted, &kept);
        }
    })
}

/// Does something, on a thread of its own, with the first of these signals that comes.
fn at_signal(signals: &[i32], act: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new(signals)?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            act(signal);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}

fn end(signal: i32, mounted: &Mounted, kept: &Kept) {
    info!(signal, "ending the mount on {}", mounted.point().display());
    match mounted.end(PATIENCE) {
        // The readers of requests see the end of the connection, and the process ends with them.
        Ok(Ended::Whole | Ended::Before) => return,
        Ok(Ended::Detached) => warn!("files were still open after {} s; their readers get errors", PATIENCE.as_secs()),
        Err(error) => warn!(%error, "cannot end the mount: {error}"),
    }
    kept.release();
    std::process::exit(0);
}

/// Ends this process and leaves the mount to the next one, once what it was asked is answered.
fn retire(gate: &Gate, pool: &Pool) {
    gate.close();
    let deadline = Instant::now() + PATIENCE;
    while !pool.is_idle() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    info!("another process takes over");
    // What is read from the kernel in this moment, the kernel says again to the other.
    std::process::exit(0);
}
