//! Runs: what trainings say of samples, taken in, told, compared; and who of them is still alive.
//!
//! What is durable is the core's ([`veneer::run`]). Here is what only a service
//! can know: heartbeats, which batches wait to be synced together, and what was
//! read lately.
//!
//! | file | knows |
//! |---|---|
//! | `detail` | a run as JSON; whether it is lost |
//! | `routes` | beginning, listing, changing, ending |
//! | `lanes` | batches of many writers with one sync |
//! | `ingest` | a batch out of a request; are its samples in the table? |
//! | `from_json` | columns of JSON as Arrow |
//! | `told` | metrics, scalars and curves out |
//! | `compare`, `compared` | runs side by side: joined and counted; as an answer |
//! | `reduce` | an embedding in two or three dimensions |
//! | `joined` | metrics as columns of rows, and as tables of queries |
//! | `inbox` | files that are put into a folder become rows |
//! | `keeper` | what happens on its own: the lost are told, parts are joined |

mod compare;
mod compared;
mod detail;
mod from_json;
mod inbox;
mod ingest;
mod joined;
mod keeper;
mod lanes;
mod reduce;
mod routes;
#[cfg(test)]
mod tests;
mod told;

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lru::LruCache;
use veneer::Result;
use veneer::dataset::Datasets;
use veneer::model::{Id, RunData, RunName, RunStatus};
use veneer::run::{Accepted, Batch, Of, Run, Runs};

pub use compared::*;
pub use detail::RunDetail;
pub(crate) use detail::word;
pub(crate) use inbox::Inbox;
pub use ingest::*;
pub(crate) use joined::StoredRuns;
pub(crate) use keeper::Keeper;
pub use reduce::*;
pub use routes::*;
pub use told::*;

use crate::feed::Feed;
use crate::rows::{ColumnStore, TableRows};
use joined::Kept;
use lanes::Lanes;

/// The tables of so many runs stay open, to look samples up.
const TABLES: NonZeroUsize = NonZeroUsize::new(32).expect("it is not 0");

/// A run that says nothing for so long is lost, unless the options say.
pub const LOST_AFTER: Duration = Duration::from_secs(60);

/// The runs of a store, as its service knows them.
#[derive(Debug)]
pub struct LiveRuns {
    runs: Runs,
    datasets: Datasets,
    columns: Arc<ColumnStore>,
    feed: Arc<Feed>,
    lanes: Lanes,
    kept: Kept,
    tables: Mutex<LruCache<(String, Id, String), TableRows>>,
    signs: Mutex<Signs>,
    /// A run from which nothing was heard for so long is lost.
    lost_after: Duration,
}

/// What was heard of runs.
#[derive(Debug, Default)]
struct Signs {
    /// When the service began: until then nobody could be heard.
    begun_ns: i64,
    /// By id: the last heartbeat.
    heard_ns: HashMap<[u8; 16], i64>,
    /// Those that were told to be lost.
    lost: HashSet<[u8; 16]>,
    /// Those that have got batches since their parts were joined.
    grown: HashSet<RunName>,
}

impl LiveRuns {
    /// Those of a store.
    pub(crate) fn new(
        runs: Runs,
        datasets: Datasets,
        columns: Arc<ColumnStore>,
        feed: Arc<Feed>,
        lost_after: Duration,
    ) -> LiveRuns {
        let signs = Signs { begun_ns: now_ns(), ..Signs::default() };
        LiveRuns {
            runs,
            datasets,
            columns,
            feed,
            lanes: Lanes::default(),
            kept: Kept::default(),
            tables: Mutex::new(LruCache::new(TABLES)),
            signs: Mutex::new(signs),
            lost_after,
        }
    }

    /// What is durable of them.
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    fn signs(&self) -> MutexGuard<'_, Signs> {
        self.signs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a run was heard of.
    pub(crate) fn hear(&self, run: &Run) {
        let was_lost = {
            let mut signs = self.signs();
            signs.heard_ns.insert(run.record.id, now_ns());
            signs.lost.remove(&run.record.id)
        };
        if was_lost {
            self.tell(run);
        }
    }

    /// When something was heard of a run last.
    fn heard_ns(&self, run: &Run) -> i64 {
        let heard = self.signs().heard_ns.get(&run.record.id).copied().unwrap_or_default();
        heard.max(run.record.changed_ns)
    }

    /// Whether a run says that it is running, and nothing was heard of it for too long.
    fn is_lost(&self, run: &Run) -> bool {
        let since = self.heard_ns(run).max(self.signs().begun_ns);
        let silence = Duration::from_nanos(u64::try_from(now_ns() - since).unwrap_or_default());
        run.record.status == RunStatus::Running && silence > self.lost_after
    }

    /// Tells those that listen how a run is.
    pub(crate) fn tell(&self, run: &Run) {
        let mut data = crate::feed::run_event(run);
        data["what"] = "heard".into();
        if self.is_lost(run) {
            (data["status"], data["what"]) = ("lost".into(), "lost".into());
        }
        self.feed.tell("run", data);
    }

    /// Takes a batch in, together with others that wait; it is durable when this returns. It blocks.
    pub(crate) fn accept(&self, run: &Run, of: Of, batch: Batch) -> Result<Accepted> {
        let accepted = self.lanes.accept(&run.name, of, batch, |batches| self.runs.accept(&run.name, of, batches))?;
        self.hear(run);
        if matches!(accepted, Accepted::New) {
            self.signs().grown.insert(run.name.clone());
        }
        Ok(accepted)
    }

    /// The table that a run's samples are rows of; `None` where any key is one. It blocks.
    pub(crate) fn table_of(&self, data: Option<&RunData>) -> Result<Option<TableRows>> {
        let Some(RunData { dataset, revision, table: Some(table) }) = data else { return Ok(None) };
        let key = (dataset.clone(), *revision, table.clone());
        let tables = || self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = tables().get(&key) {
            return Ok(Some(rows.clone()));
        }
        let name = dataset.parse()?;
        let view = self.datasets.open(&name)?.view(*revision)?;
        let rows = self.columns.rows(&name, &view, table)?;
        tables().put(key, rows.clone());
        Ok(Some(rows))
    }
}

/// The present, in nanoseconds since 1970-01-01 UTC.
fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
