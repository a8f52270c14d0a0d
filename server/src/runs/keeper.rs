//! What happens to runs on their own: that one is lost is told, and many small parts become few.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tracing::warn;
use veneer::model::{RunName, RunStatus};

use super::LiveRuns;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A thread that looks after runs, until this is dropped.
#[derive(Debug)]
pub(crate) struct Keeper {
    is_over: Arc<AtomicBool>,
}

impl Keeper {
    /// Begins to look after runs; a service that `may_change` nothing only tells of those that are lost.
    pub(crate) fn of(live: Arc<LiveRuns>, may_change: bool) -> Keeper {
        let is_over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_over);
        thread::spawn(move || {
            if may_change {
                live.begin_where_another_ended();
            }
            while !stop.load(Ordering::Relaxed) {
                live.tell_of_lost();
                if may_change {
                    live.join_parts();
                }
                thread::sleep(LOOK_EVERY);
            }
        });
        Keeper { is_over }
    }

    /// Lets it end within half a second, or when what it does is done.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

impl LiveRuns {
    /// All runs may have parts that the service before this one did not come to join.
    fn begin_where_another_ended(&self) {
        match self.runs.names() {
            Ok(names) => self.signs().grown.extend(names),
            Err(error) => warn!("runs cannot be listed: {error}"),
        }
    }

    /// Tells of runs that were not lost when it looked before.
    fn tell_of_lost(&self) {
        let Ok(runs) = self.runs.all().inspect_err(|error| warn!("runs cannot be listed: {error}")) else { return };
        for run in runs {
            if run.record.status == RunStatus::Running && self.is_lost(&run) && self.signs().lost.insert(run.record.id)
            {
                self.tell(&run);
            }
        }
    }

    /// Joins the parts of runs that have got many, or that have ended.
    fn join_parts(&self) {
        let grown: Vec<RunName> = std::mem::take(&mut self.signs().grown).into_iter().collect();
        for name in grown {
            let joined = self.runs.open(&name).and_then(|run| match self.runs.is_loose(&run) {
                true => self.runs.compact(&name),
                false => Ok(false),
            });
            match joined {
                // There may be more of them than are joined at a time.
                Ok(true) => drop(self.signs().grown.insert(name)),
                Ok(false) => {}
                // A run may be deleted at any time.
                Err(error) if matches!(error.kind(), veneer::ErrorKind::NotFound { .. }) => {}
                Err(error) => warn!("the parts of the run `{name}` cannot be joined: {error}"),
            }
        }
    }
}
