//! Runs: what a training said of each sample, kept beside the datasets and never in them.
//!
//! A run is a ref `runs/NAME` to an immutable record, which lists the blobs that
//! hold its rows. Each batch becomes a blob and a new record, in one operation of
//! the store: so a batch is acknowledged when it is durable, and all the rules of
//! objects and refs hold for runs, too. In the background many small blobs become
//! one Parquet file. Whether a sample exists is not known here.
//!
//! | file | knows |
//! |---|---|
//! | `batch` | rows as somebody hands them in, checked |
//! | `types` | the types that columns have |
//! | `accept` | how a batch becomes a part of a run |
//! | `part` | rows at rest |
//! | `lay` | rows laid together: what counts |
//! | `read` | rows of a run: by epoch, the latest, of a sample |
//! | `compact` | many small parts into a few large ones |

mod accept;
mod batch;
mod compact;
mod lay;
mod part;
mod read;
#[cfg(test)]
mod tests;
mod types;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

pub use accept::Accepted;
pub use batch::{Batch, COLUMNS_MAX, EPOCH, PATH, ROWS_MAX, SAMPLE, VALUE, WHAT, batch_id};

use crate::model::{BatchId, Id, ObjectKind, RefName, RefValue, RunData, RunKind, RunName, RunRecord, RunStatus};
use crate::store::{Batch as Swaps, RefSwap, Store, Verified};
use crate::{Error, ErrorKind, Result};

/// So many names are tried for a run.
const NAMES_MAX: u32 = 100_000;
/// Parameters have so many bytes at most.
const PARAMETERS_LEN_MAX: usize = 64 * 1024;

/// All runs of a store. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Runs {
    store: Arc<dyn Store>,
    known: Arc<Mutex<Known>>,
    /// Held while a run is begun: of two that are begun with one id, one is.
    beginning: Arc<Mutex<()>>,
}

/// What was read of runs, by the value that their refs had then.
#[derive(Debug, Default)]
struct Known {
    records: HashMap<RunName, (RefValue, Arc<RunRecord>)>,
    /// The batches that each of a run's two series has.
    batches: HashMap<RunName, (RefValue, [HashSet<BatchId>; 2])>,
}

/// Which rows of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Of {
    /// Those by sample and epoch.
    Metrics,
    /// Numbers of the run as a whole, by name and step.
    Scalars,
}

/// A run as it is at a moment.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name.
    pub name: RunName,
    /// What its ref says.
    pub value: RefValue,
    /// What is recorded.
    pub record: Arc<RunRecord>,
}

/// A run that is to begin.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The name that it is to have, or to have a number behind.
    pub name: RunName,
    /// Tells it from all others.
    pub id: [u8; 16],
    /// What it looks at.
    pub data: Option<RunData>,
    /// What it does.
    pub kind: RunKind,
    /// The machine that it runs on.
    pub host: Option<String>,
    /// A JSON object.
    pub parameters: String,
    /// When it began; now, if not said.
    pub started_ns: Option<i64>,
}

impl Run {
    /// Its id, as text.
    pub fn id(&self) -> String {
        self.record.id.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The columns of its metrics: `sample`, `epoch`, and the others.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn schema(&self, of: Of) -> Result<arrow::datatypes::SchemaRef> {
        part::schema_of(of.series(&self.record))
    }
}

impl Of {
    /// The rows that are meant.
    pub fn series(self, record: &RunRecord) -> &crate::model::Series {
        match self {
            Of::Metrics => &record.metrics,
            Of::Scalars => &record.scalars,
        }
    }

    fn series_mut(self, record: &mut RunRecord) -> &mut crate::model::Series {
        match self {
            Of::Metrics => &mut record.metrics,
            Of::Scalars => &mut record.scalars,
        }
    }
}

impl Runs {
    /// Looks into `store`, and verifies all that it gives.
    pub fn new(store: Arc<dyn Store>) -> Runs {
        Runs { store: Arc::new(Verified::new(store)), known: Arc::default(), beginning: Arc::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names of all runs, in order.
    ///
    /// # Errors
    /// Those of the store.
    pub fn names(&self) -> Result<Vec<RunName>> {
        let refs = self.store.list_refs(RefName::RUNS)?;
        Ok(refs.iter().filter_map(|(name, _)| name.as_str()[RefName::RUNS.len()..].parse().ok()).collect())
    }

    /// All runs, in order of name.
    ///
    /// # Errors
    /// Those of the store.
    pub fn all(&self) -> Result<Vec<Run>> {
        let refs = self.store.list_refs(RefName::RUNS)?;
        let named =
            |(name, value): (RefName, RefValue)| Some((name.as_str()[RefName::RUNS.len()..].parse().ok()?, value));
        refs.into_iter().filter_map(named).map(|(name, value)| self.of(name, value)).collect()
    }

    /// The run of this name, or with this id.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn find(&self, text: &str) -> Result<Run> {
        let missing = || Error::not_found("run", text);
        match self.open(&text.parse().map_err(|_| missing())?) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { what: "run", .. }) => {
                let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                let found = if is_id { self.all()?.into_iter().find(|run| run.id() == text) } else { None };
                found.ok_or_else(missing)
            }
            found => found,
        }
    }

    /// The run of this name.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn open(&self, name: &RunName) -> Result<Run> {
        let value = self.store.read_ref(&RefName::run(name))?.ok_or_else(|| Error::not_found("run", name))?;
        self.of(name.clone(), value)
    }

    /// The run of this name as it was when its ref had this value.
    ///
    /// # Errors
    /// `NotFound` where that is not there any more.
    pub fn at(&self, name: RunName, value: RefValue) -> Result<Run> {
        if let Some((of, record)) = self.known().records.get(&name)
            && *of == value
        {
            return Ok(Run { name, value, record: record.clone() });
        }
        let record = Arc::new(decode(value.id, &self.store.get(value.id)?)?);
        Ok(Run { name, value, record })
    }

    fn of(&self, name: RunName, value: RefValue) -> Result<Run> {
        let run = self.at(name, value)?;
        self.known().records.insert(run.name.clone(), (value, run.record.clone()));
        Ok(run)
    }

    /// Begins a run; returns it, and whether it is new: one with this id may have begun already.
    ///
    /// Where the name is taken, it gets the first of `NAME-2`, `NAME-3` … that is free.
    ///
    /// # Errors
    /// `Invalid` for parameters that are no JSON object, or a long one; `AlreadyExists` where the one with this id is
    /// called otherwise, or looks at something else.
    pub fn create(&self, new: NewRun) -> Result<(Run, bool)> {
        check_parameters(&new.parameters)?;
        let _one_at_a_time = self.beginning.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = self.all()?.into_iter().find(|run| run.record.id == new.id) {
            let number = run.name.as_str().strip_prefix(new.name.as_str()).map(|rest| rest.strip_prefix('-'));
            let is_called_so = match number {
                None => false,
                Some(None) => run.name == new.name,
                Some(Some(number)) => number.parse::<u32>().is_ok(),
            };
            return match is_called_so && run.record.kind == new.kind && is_of_one(&run.record.data, &new.data) {
                true => Ok((run, false)),
                false => Err(Error::already_exists("run", run.id())),
            };
        }
        let now = now_ns();
        let record = RunRecord {
            id: new.id,
            data: new.data,
            kind: new.kind,
            host: new.host,
            parameters: new.parameters,
            started_ns: new.started_ns.unwrap_or(now),
            status: RunStatus::Running,
            error: None,
            finished_ns: None,
            changed_ns: now,
            metrics: Default::default(),
            scalars: Default::default(),
            latest: Vec::new(),
        };
        for number in 1..NAMES_MAX {
            let name: RunName = match number {
                1 => new.name.clone(),
                number => format!("{}-{number}", new.name).parse()?,
            };
            if self.store.read_ref(&RefName::run(&name))?.is_some() {
                continue;
            }
            match self.swap(&name, None, record.clone()) {
                // Somebody was faster.
                Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) => {}
                swapped => return Ok((swapped?, true)),
            }
        }
        Err(Error::already_exists("run", &new.name))
    }

    /// Changes what is recorded of a run; `change` may be called several times.
    ///
    /// # Errors
    /// `NotFound`, and those of `change`.
    pub fn change(&self, name: &RunName, change: impl Fn(&mut RunRecord) -> Result<()>) -> Result<Run> {
        loop {
            let run = self.open(name)?;
            let mut record = (*run.record).clone();
            change(&mut record)?;
            check_parameters(&record.parameters)?;
            if record == *run.record {
                return Ok(run);
            }
            record.changed_ns = now_ns();
            match self.swap(name, Some(run.value), record) {
                Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) => {}
                swapped => return swapped,
            }
        }
    }

    /// Removes a run; what it recorded stays until `gc`.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn delete(&self, name: &RunName) -> Result<()> {
        loop {
            let run = self.open(name)?;
            let swaps = vec![RefSwap { name: RefName::run(name), expected: Some(run.value), new: None }];
            match self.store.apply(&Swaps { swaps, frees_space: true, ..Swaps::default() }) {
                Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) => {}
                done => {
                    let mut known = self.known();
                    known.records.remove(name);
                    known.batches.remove(name);
                    return done.map(drop);
                }
            }
        }
    }

    /// Makes `record` that of the run, and with it all objects that were put.
    fn swap(&self, name: &RunName, expected: Option<RefValue>, record: RunRecord) -> Result<Run> {
        let bytes = encode(&record);
        let id = Id::of(&bytes);
        let swaps = vec![RefSwap { name: RefName::run(name), expected, new: Some(id) }];
        let objects = vec![(ObjectKind::Run, bytes)];
        let op = self.store.apply(&Swaps { objects, swaps, frees_space: false })?;
        let (value, record) = (RefValue { id, op }, Arc::new(record));
        self.known().records.insert(name.clone(), (value, record.clone()));
        Ok(Run { name: name.clone(), value, record })
    }
}

/// Whether two look at one table of one dataset. Its head may have moved between two tries to begin a run.
fn is_of_one(a: &Option<RunData>, b: &Option<RunData>) -> bool {
    let of = |data: &Option<RunData>| data.as_ref().map(|data| (data.dataset.clone(), data.table.clone()));
    of(a) == of(b)
}

/// What a run's record needs: the revision that it looks at, and blobs.
pub(crate) fn reached(id: Id, bytes: &[u8]) -> Result<(Option<Id>, Vec<Id>)> {
    let record = decode(id, bytes)?;
    let blobs = record.metrics.blobs().chain(record.scalars.blobs()).collect();
    Ok((record.data.map(|data| data.revision), blobs))
}

fn encode(record: &RunRecord) -> Bytes {
    postcard::to_stdvec(record).expect("the model's values are plain data").into()
}

fn decode(id: Id, bytes: &[u8]) -> Result<RunRecord> {
    postcard::from_bytes(bytes).map_err(|cause| {
        Error::corrupt(format!("run record {}", id.short()), "it is not the encoding of a run record").caused_by(cause)
    })
}

fn check_parameters(text: &str) -> Result<()> {
    let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok();
    let why = match text.len() {
        _ if !is_object => "they are a JSON object",
        ..=PARAMETERS_LEN_MAX => return Ok(()),
        _ => "they have at most 64 KiB",
    };
    Err(Error::invalid("parameters", text.get(..64).unwrap_or(text), why))
}

/// The present, in nanoseconds since 1970-01-01 UTC.
fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
