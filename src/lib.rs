//! Veneer lays thin, sparse revisions over data that it never touches.
//!
//! # The tour
//! A *source* is a folder that somebody else owns ([`source`]). Importing it makes
//! a *base*, an immutable index ([`base`]); no content is copied. Changes are kept
//! in an *overlay*, an ordered map from path to change ([`overlay`]). A *revision*
//! names a base, an overlay and its parents; branches and tags name revisions. All
//! of that are objects and refs of a *store* ([`store`]), which is a log that is
//! synced once per commit, with sled as the index that serves it.
//!
//! What a training says of samples is kept by [`run`].
//!
//! [`dataset`] is the door: [`dataset::Datasets`] opens a [`dataset::Dataset`] by
//! name, that gives a [`dataset::View`] to look or a [`dataset::Draft`] to change.
//!
//! ```
//! use std::sync::Arc;
//! use veneer::dataset::{Datasets, Import, NewFile, Outcome};
//! use veneer::source::{ScanOptions, Source};
//! use veneer::store::{MemoryStore, Store};
//!
//! # fn main() -> veneer::Result<()> {
//! # let folder = tempfile::tempdir().expect("a temporary folder");
//! # std::fs::write(folder.path().join("labels.csv"), "1,cat\n").expect("a file");
//! let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
//! let scan = Source::open(folder.path())?.scan(&ScanOptions::default())?;
//! let base = veneer::base::store(&*store, scan.tree)?;
//!
//! let (datasets, name) = (Datasets::new(store), "traffic".parse()?);
//! datasets.import(&Import { name: &name, source: folder.path(), base, author: "ann" })?;
//! let traffic = datasets.open(&name)?;
//!
//! let mut draft = traffic.draft(&"main".parse()?, &"ann".parse()?)?;
//! let labels = NewFile { content: &mut "1,dog\n".as_bytes(), mode: None, mtime_ns: None };
//! draft.put(&"labels.csv".parse()?, labels)?;
//! let Outcome::Done { revision, .. } = draft.commit("a dog, not a cat", "ann")? else { unreachable!() };
//! assert_eq!(traffic.view(revision)?.totals()?.files, 1);
//! # Ok(())
//! # }
//! ```
//!
//! What it refuses to be: a copy of the data, a format that scripts must learn, a
//! server that reads depend on. The rooms and what may name what are in
//! `docs/ARCHITECTURE.md`, the bytes in `docs/FORMAT.md`.

pub mod base;
pub mod dataset;
mod error;
mod facts;
pub mod model;
pub mod overlay;
pub mod panics;
pub mod run;
pub mod source;
pub mod store;
pub mod table;

pub use error::{Error, ErrorKind, Result};
