//! What happens in the store, told to all that listen, and kept for a while for those that were cut off.
//!
//! Refs are compared with what they were after each operation, so it does not
//! matter who changed them. What is not in the store (an import's progress) is
//! told by whoever knows of it, under the number of the last operation.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::broadcast;
use tracing::warn;
use veneer::dataset::Datasets;
use veneer::model::{DatasetName, RefName, RefValue, RunRecord};
use veneer::run::{Run, Runs};
use veneer::store::Store;

use crate::drafts::etag;

/// So many events are kept for those that come back.
const KEPT: usize = 4096;
/// So many events may wait for a slow listener; then it is told to begin anew.
const WAITING_MAX: usize = 1024;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The operation that it was, or the last one before it.
    pub op: u64,
    /// `ref`, `draft`, `run`, `import`, `job` …
    pub kind: &'static str,
    /// What it says.
    pub data: Value,
}

/// All that happened lately.
#[derive(Debug)]
pub struct Feed {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    refs: BTreeMap<RefName, RefValue>,
    /// The last operation that was looked at.
    op: u64,
    /// All that happened after this operation is kept.
    kept_since: u64,
    kept: VecDeque<Arc<Event>>,
    /// `None` once the service ends.
    tell: Option<broadcast::Sender<Arc<Event>>>,
}

/// What a listener gets: what it missed, and what comes.
#[derive(Debug)]
pub struct Listening {
    /// The last operation, at this moment.
    pub op: u64,
    /// What happened since the operation that it named; `None` where that is not known any more.
    pub missed: Option<Vec<Arc<Event>>>,
    /// What happens from now on; it ends with the service.
    pub coming: broadcast::Receiver<Arc<Event>>,
}

impl Feed {
    /// Begins with the refs as they are after the operation `op`.
    pub fn of(store: &dyn Store, op: u64) -> Feed {
        let refs = store.list_refs("").unwrap_or_default().into_iter().collect();
        let tell = Some(broadcast::Sender::new(WAITING_MAX));
        Feed { inner: Mutex::new(Inner { refs, op, kept_since: op, kept: VecDeque::new(), tell }) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for what the operations up to `op` changed, and tells it.
    pub fn look(&self, store: &dyn Store, datasets: &Datasets, runs: &Runs, op: u64) {
        let now: BTreeMap<RefName, RefValue> = match store.list_refs("") {
            Ok(refs) => refs.into_iter().collect(),
            Err(error) => return warn!("what changed in the store cannot be told: {error}"),
        };
        let before = self.inner().refs.clone();
        let is_new = |name: &RefName, value: &RefValue| before.get(name).is_none_or(|known| known.op != value.op);
        let new = now.iter().filter(|(name, value)| is_new(name, value));
        let tell = |name: &RefName, value, op| match name.as_str().strip_prefix(RefName::RUNS) {
            Some(run) => of_run(runs, run, value, before.get(name), op),
            None => Some(event(datasets, name, value, op)),
        };
        let mut events: Vec<Event> = new.filter_map(|(name, value)| tell(name, Some(*value), value.op)).collect();
        let gone = before.keys().filter(|name| !now.contains_key(*name));
        events.extend(gone.filter_map(|name| tell(name, None, op)));
        events.sort_by_key(|event| event.op);
        let mut inner = self.inner();
        (inner.refs, inner.op) = (now, op.max(inner.op));
        events.into_iter().for_each(|event| inner.tell(event));
    }

    /// Tells something that is not in the store.
    pub fn tell(&self, kind: &'static str, data: Value) {
        let mut inner = self.inner();
        let op = inner.op;
        inner.tell(Event { op, kind, data });
    }

    /// Begins to listen; `after` is the last operation of which the listener was told.
    pub fn listen(&self, after: Option<u64>) -> Listening {
        let inner = self.inner();
        let missed = match after {
            None => Some(Vec::new()),
            Some(after) if after < inner.kept_since || after > inner.op => None,
            Some(after) => Some(inner.kept.iter().filter(|event| event.op > after).cloned().collect()),
        };
        let coming = inner.tell.as_ref().map_or_else(|| broadcast::channel(1).1, broadcast::Sender::subscribe);
        Listening { op: inner.op, missed, coming }
    }

    /// The last operation that was told.
    pub fn op(&self) -> u64 {
        self.inner().op
    }

    /// Lets all listeners go: the service ends.
    pub fn end(&self) {
        self.inner().tell = None;
    }
}

impl Inner {
    fn tell(&mut self, event: Event) {
        let event = Arc::new(event);
        if self.kept.len() == KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.kept_since = self.kept_since.max(oldest.op);
        }
        self.kept.push_back(Arc::clone(&event));
        if let Some(tell) = &self.tell {
            // It fails where nobody listens.
            let _ = tell.send(event);
        }
    }
}

/// What is told of a run, beside what has happened to it.
pub fn run_event(run: &Run) -> Value {
    json!({
        "name": run.name.as_str(),
        "id": run.id(),
        "status": crate::runs::word(run.record.status),
        "rows": run.record.metrics.rows,
        "dataset": run.record.data.as_ref().map(|data| &data.dataset),
    })
}

/// A run that has changed, or that is gone; what was recorded of that is there until `gc`. `None` where nothing that
/// anybody sees has changed: its parts were joined.
fn of_run(runs: &Runs, name: &str, value: Option<RefValue>, before: Option<&RefValue>, op: u64) -> Option<Event> {
    let at = |value: RefValue| runs.at(name.parse().ok()?, value).ok();
    let (now, was) = (value.and_then(at), before.copied().and_then(at));
    let what = match (&now, &was) {
        (None, _) => "deleted",
        (Some(_), None) if before.is_none() => "created",
        (Some(now), Some(was)) => changed(&now.record, &was.record)?,
        // What it was before is not there any more.
        (Some(_), None) => "changed",
    };
    let mut data = now.or(was).map_or_else(|| json!({ "name": name }), |run| run_event(&run));
    data["what"] = what.into();
    if value.is_none() {
        data["status"] = "deleted".into();
    }
    Some(Event { op, kind: "run", data })
}

/// What is otherwise in a run's record.
fn changed(now: &RunRecord, was: &RunRecord) -> Option<&'static str> {
    let (has_ended, has_rows) =
        (now.finished_ns.is_some(), |record: &RunRecord| (record.metrics.batches, record.scalars.batches));
    if now.status != was.status {
        return Some(if has_ended { "finished" } else { "changed" });
    }
    if has_rows(now) != has_rows(was) {
        return Some("rows");
    }
    let seen = |record: &RunRecord| (record.parameters.clone(), record.error.clone(), record.started_ns);
    (seen(now) != seen(was)).then_some("changed")
}

/// A ref that was set, or that is gone.
fn event(datasets: &Datasets, name: &RefName, value: Option<RefValue>, op: u64) -> Event {
    let draft = name.as_str().strip_prefix(RefName::DRAFTS).and_then(|rest| {
        let dataset: DatasetName = rest.split('/').next()?.parse().ok()?;
        let (branch, writer) = name.draft_parts(&dataset).ok()?;
        let of = || datasets.open(&dataset)?.draft(&branch, &writer);
        let etag = value.and_then(|_| of().ok()).map(|draft| etag(&draft));
        Some(json!({ "dataset": dataset.as_str(), "branch": branch.as_str(), "writer": writer.as_str(), "etag": etag }))
    });
    match draft {
        Some(data) => Event { op, kind: "draft", data },
        None => {
            let revision = value.map(|value| value.id.to_hex());
            Event { op, kind: "ref", data: json!({ "name": name.as_str(), "revision": revision }) }
        }
    }
}

#[cfg(test)]
mod tests {
    use veneer::dataset::NewFile;

    use super::*;
    use crate::testing::World;

    fn kinds(events: &[Arc<Event>]) -> Vec<&'static str> {
        events.iter().map(|event| event.kind).collect()
    }

    #[test]
    fn of_a_run_it_is_told_what_has_happened_to_it() {
        let world = World::new();
        let datasets = Datasets::new(Arc::clone(&world.store));
        let runs = Runs::new(Arc::clone(&world.store));
        let last = || world.store.watch_refs(0, std::time::Duration::ZERO).expect("a number");
        let feed = Feed::of(&*world.store, last());
        let what = || {
            let since = feed.op();
            feed.look(&*world.store, &datasets, &runs, last());
            let heard = feed.listen(Some(since)).missed.expect("known");
            heard.iter().map(|event| (event.kind, event.data["what"].clone())).collect::<Vec<_>>()
        };
        let new = veneer::run::NewRun {
            name: "net".parse().expect("valid"),
            id: [1; 16],
            data: None,
            kind: Default::default(),
            host: None,
            parameters: "{}".to_owned(),
            started_ns: None,
        };
        let name = runs.create(new).expect("created").0.name;
        assert_eq!(what(), [("run", json!("created"))]);
        for batch in ["1", "2"] {
            let scalars = [("acc".to_owned(), 0, 0.5)];
            let batch = veneer::run::Batch::of_scalars(batch, &scalars).expect("a batch");
            runs.accept(&name, veneer::run::Of::Scalars, &[batch]).expect("accepted");
        }
        assert_eq!(what(), [("run", json!("rows"))], "both at once");
        assert!(runs.compact(&name).expect("joined"));
        assert!(what().is_empty(), "the rows are the same");
        let end = |record: &mut RunRecord| {
            (record.status, record.finished_ns) = (veneer::model::RunStatus::Finished, Some(1));
            Ok(())
        };
        runs.change(&name, end).expect("changed");
        assert_eq!(what(), [("run", json!("finished"))]);
        runs.delete(&name).expect("deleted");
        assert_eq!(what(), [("run", json!("deleted"))]);
    }

    #[test]
    fn who_comes_back_is_told_what_it_missed_or_that_this_is_not_known() {
        let world = World::new();
        let datasets = Datasets::new(Arc::clone(&world.store));
        let runs = Runs::new(Arc::clone(&world.store));
        let last = || world.store.watch_refs(0, std::time::Duration::ZERO).expect("a number");
        let begun = last();
        let feed = Feed::of(&*world.store, begun);
        let mut draft =
            world.dataset().draft(&"main".parse().expect("valid"), &"ann".parse().expect("valid")).expect("one");
        let file = NewFile { content: &mut &b"new"[..], mode: None, mtime_ns: None };
        draft.put(&"new.txt".parse().expect("valid"), file).expect("put");
        draft.save("put").expect("saved");
        feed.look(&*world.store, &datasets, &runs, last());
        let saved = feed.op();
        let heard = feed.listen(Some(begun)).missed.expect("known");
        assert_eq!(kinds(&heard), ["draft"]);
        assert_eq!(heard[0].data["etag"], etag(&draft));
        draft.commit("new", "ann").expect("committed");
        feed.look(&*world.store, &datasets, &runs, last());
        assert_eq!(kinds(&feed.listen(Some(saved)).missed.expect("known")), ["ref", "draft"]);
        assert_eq!(kinds(&feed.listen(Some(begun)).missed.expect("known")), ["draft", "ref", "draft"]);
        assert_eq!(feed.listen(Some(begun - 1)).missed, None);
        assert_eq!(feed.listen(Some(feed.op() + 1)).missed, None, "of another store, perhaps");
        (0..=KEPT).for_each(|number| feed.tell("import", json!({ "files": number })));
        assert_eq!(feed.listen(Some(begun)).missed, None, "it was too long ago");
    }
}
