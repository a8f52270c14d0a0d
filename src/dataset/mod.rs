//! The door: a name becomes a [`Dataset`], and that a [`View`] (to look) or a [`Draft`] (to change).
//!
//! Everything above comes in here, and nothing above touches objects or refs by
//! itself. The flows: [`View`] resolves paths, [`Draft`] edits and commits,
//! [`diff()`] compares, [`MergeRequest`] joins branches.

mod bases;
pub mod blocks;
mod bulk;
mod collect;
mod commit;
mod conflict;
mod content;
mod diff;
mod draft;
mod edit;
mod history;
mod import;
mod lay_over;
mod merge;
mod metrics_file;
mod mounted;
pub mod mountinfo;
mod move_on;
mod pending;
mod reach;
mod refresh;
mod refs;
mod restore;
pub mod rows;
mod run_data;
mod samples;
mod saved_views;
mod sound;
mod totals;
mod unchanged;
mod view;
mod within;
mod written;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub use collect::gc;
pub use conflict::{Conflict, Outcome, Prefer};
pub use content::Content;
pub use diff::diff;
pub use draft::Draft;
pub use edit::NewFile;
pub use history::Log;
pub use import::Import;
pub use merge::MergeRequest;
pub use metrics_file::batches_of_file;
pub use mounted::MountedDraft;
pub use pending::Resolution;
pub use reach::check;
pub use refresh::Refreshed;
pub use refs::{Resolved, ResolvedBy};
pub use saved_views::{SavedView, ViewThere};
pub use view::{Node, Place, Target, View};
pub use written::{LaidOver, Manner, Written};

use bases::SeenBases;
use blocks::Blocks;
use unchanged::Unchanged;

use crate::base::Base;
use crate::model::{DataPath, DatasetName, DatasetRecord, DraftStep, Entry, Id, Kind, RefName, Revision};
use crate::overlay::{Nodes, Overlay};
use crate::source::{OnDrift, Source};
use crate::store::{Cache, Store, Verified};
use crate::{Error, ErrorKind, Result};

/// All datasets of a store. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Datasets {
    store: Arc<dyn Store>,
    cache: Option<Arc<Cache>>,
    bases: Arc<SeenBases>,
}

/// One dataset: its source, its refs, its revisions. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Dataset {
    store: Arc<dyn Store>,
    nodes: Arc<Nodes>,
    name: DatasetName,
    record: Arc<DatasetRecord>,
    source: Arc<Unchanged>,
    cache: Option<Arc<Cache>>,
    bases: Arc<SeenBases>,
}

impl Datasets {
    /// Looks into `store`, and verifies all that it gives.
    pub fn new(store: Arc<dyn Store>) -> Datasets {
        Datasets { store: Arc::new(Verified::new(store)), cache: None, bases: Arc::default() }
    }

    /// The same, keeping in `cache` what it takes long to find out: where the rows of a table are.
    #[must_use]
    pub fn with_cache(self, cache: Cache) -> Datasets {
        Datasets { cache: Some(Arc::new(cache)), ..self }
    }

    /// The names of all datasets, in order.
    pub fn names(&self) -> Result<Vec<DatasetName>> {
        let refs = self.store.list_refs(RefName::DATASETS)?;
        Ok(refs.iter().filter_map(|(name, _)| name.as_str()[RefName::DATASETS.len()..].parse().ok()).collect())
    }

    /// Opens a dataset by name; its source is not touched.
    pub fn open(&self, name: &DatasetName) -> Result<Dataset> {
        let value = self.store.read_ref(&RefName::dataset(name))?.ok_or_else(|| Error::not_found("dataset", name))?;
        self.open_recorded(name, value.id)
    }

    /// As [`Datasets::open`], by the id of the dataset's record: for whoever cannot ask for refs at the moment.
    pub fn open_recorded(&self, name: &DatasetName, record: Id) -> Result<Dataset> {
        Ok(self.recorded_as(name, decode_record(record, &self.store.get(record)?)?))
    }

    fn recorded_as(&self, name: &DatasetName, record: DatasetRecord) -> Dataset {
        let source = Arc::new(Unchanged::at(record.source.clone()));
        let nodes = Arc::new(Nodes::new(self.store.clone()));
        let (store, cache, bases) = (self.store.clone(), self.cache.clone(), self.bases.clone());
        Dataset { store, nodes, name: name.clone(), record: Arc::new(record), source, cache, bases }
    }
}

impl Dataset {
    /// Its name.
    pub fn name(&self) -> &DatasetName {
        &self.name
    }

    /// The absolute path of its source.
    pub fn source_path(&self) -> &Path {
        self.source.path()
    }

    /// Its source; opened at the first call, then kept.
    pub fn source(&self) -> Result<Arc<Source>> {
        self.source.get()
    }

    /// The dataset with a source that is open already: one that is beneath a mount, say.
    #[must_use]
    pub fn with_source(mut self, source: Arc<Source>) -> Dataset {
        self.source = Arc::new(self.source.with_source(source));
        self
    }

    /// The dataset whose source is on another machine, and its files' bytes come as these blocks.
    ///
    /// Files of a [source](Dataset::with_source) that is given afterwards go before, where they are the same.
    #[must_use]
    pub fn with_far(mut self, blocks: Arc<Blocks>) -> Dataset {
        self.source = Arc::new(self.source.with_far(blocks));
        self
    }

    /// Whether its source is on another machine.
    pub fn is_far(&self) -> bool {
        self.source.is_far()
    }

    /// Its source as far as it is on this machine; `None` where it is only on another.
    pub fn source_here(&self) -> Result<Option<Arc<Source>>> {
        self.source.here()
    }

    /// Opens a file of the source that `base` names, for another machine; returns what was recorded of it, too.
    ///
    /// # Errors
    /// `SourceChanged`; `NotFound` for a base of no revision, and what the base does not name; `IsAFolder`.
    pub fn source_file(&self, base: Id, path: &DataPath) -> Result<(Content, Entry)> {
        if !self.has_base(base)? {
            return Err(Error::not_found("base of a revision", base.short()));
        }
        let base = Base::open(&*self.store, base)?;
        let row = base.find(path)?.ok_or_else(|| Error::not_found("path", path))?;
        let entry = base.entry(row)?;
        match entry.kind {
            Kind::File => Ok((self.source.open(&base, row, OnDrift::Error)?, entry)),
            Kind::Folder => Err(Error::new(ErrorKind::IsAFolder { path: path.to_string() })),
            Kind::Symlink => Err(Error::invalid("file", &path.to_string(), "it is a symbolic link")),
        }
    }

    /// Returns the revision with this id.
    ///
    /// # Errors
    /// `NotFound` also for a revision of another dataset.
    pub fn revision(&self, id: Id) -> Result<Revision> {
        let revision: Revision = decode("revision", id, &self.store.get(id)?)?;
        if revision.dataset != self.name.as_str() {
            return Err(Error::not_found("revision", id.short()));
        }
        Ok(revision)
    }

    /// Returns the revision as a reader sees it.
    pub fn view(&self, id: Id) -> Result<View> {
        let revision = self.revision(id)?;
        let view = self.view_of(revision.base, Overlay::new(self.nodes.clone(), revision.overlay))?;
        if self.is_far() {
            view.fetch()?;
        }
        Ok(view)
    }

    /// The dataset for one writer: the nodes that it makes are staged where no other one holds them.
    fn for_writing(&self) -> Dataset {
        Dataset { nodes: Arc::new(Nodes::new(self.store.clone())), ..self.clone() }
    }

    /// The source as it was at one moment, without a change.
    fn view_of_base(&self, base: Id) -> Result<View> {
        self.view_of(base, Overlay::new(self.nodes.clone(), None))
    }

    fn view_of(&self, base: Id, overlay: Overlay) -> Result<View> {
        let base = Arc::new(Base::open(&*self.store, base)?);
        let (store, cache) = (self.store.clone(), self.cache.clone());
        let formats = Arc::new(rows::Formats::new(&self.record));
        let known = Arc::default();
        Ok(View { store, base, overlay, source: self.source.clone(), cache, formats, known })
    }
}

fn encode(value: &impl serde::Serialize) -> bytes::Bytes {
    postcard::to_stdvec(value).expect("the model's values are plain data").into()
}

fn decode<T: serde::de::DeserializeOwned>(what: &'static str, id: Id, bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|cause| {
        Error::corrupt(format!("{what} {}", id.short()), format!("it is not the encoding of a {what}")).caused_by(cause)
    })
}

/// As [`encode`], of a value that has grown since: `more` stands behind it, where there is any.
fn encode_grown(value: &impl serde::Serialize, more: Option<&impl serde::Serialize>) -> bytes::Bytes {
    match more {
        Some(more) => [encode(value), encode(more)].concat().into(),
        None => encode(value),
    }
}

/// Reads back what [`encode_grown`] made, and what earlier programs did.
fn decode_grown<T, M>(what: &'static str, id: Id, bytes: &[u8]) -> Result<(T, Option<M>)>
where
    T: serde::de::DeserializeOwned,
    M: serde::de::DeserializeOwned,
{
    let (value, rest) = decode_begin(what, id, bytes)?;
    let more = if rest.is_empty() { None } else { Some(decode(what, id, rest)?) };
    Ok((value, more))
}

/// As [`decode`], of what other values stand behind; returns these, too.
fn decode_begin<'b, T: serde::de::Deserialize<'b>>(
    what: &'static str,
    id: Id,
    bytes: &'b [u8],
) -> Result<(T, &'b [u8])> {
    postcard::take_from_bytes(bytes).map_err(|cause| {
        Error::corrupt(format!("{what} {}", id.short()), format!("it is not the encoding of a {what}")).caused_by(cause)
    })
}

fn encode_record(record: &DatasetRecord) -> bytes::Bytes {
    if record.keys.is_empty() {
        return encode_grown(record, (!record.formats.is_empty()).then_some(&record.formats));
    }
    encode_grown(record, Some(&(&record.formats, &record.keys)))
}

fn decode_record(id: Id, bytes: &[u8]) -> Result<DatasetRecord> {
    const WHAT: &str = "dataset record";
    let (record, rest) = decode_begin::<DatasetRecord>(WHAT, id, bytes)?;
    let (formats, rest) = if rest.is_empty() { (Vec::new(), rest) } else { decode_begin(WHAT, id, rest)? };
    let keys = if rest.is_empty() { Vec::new() } else { decode(WHAT, id, rest)? };
    Ok(DatasetRecord { formats, keys, ..record })
}

fn encode_step(step: &DraftStep) -> bytes::Bytes {
    encode_grown(step, step.merge.as_ref())
}

fn decode_step(id: Id, bytes: &[u8]) -> Result<DraftStep> {
    let (step, merge) = decode_grown("draft step", id, bytes)?;
    Ok(DraftStep { merge, ..step })
}

/// The present, in nanoseconds since 1970-01-01 UTC.
fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
