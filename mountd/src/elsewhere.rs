//! A store on another machine: what a mount of it takes, and how long it waits.
//!
//! Objects are kept in `objects/` of the cache's folder, blocks of the source's
//! files in `blocks/`. The token comes by the environment alone: a command line
//! is everybody's to read.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing::info;
use veneer::dataset::blocks::{Blocks, Fetch};
use veneer::dataset::{Dataset, Datasets};
use veneer::model::{DatasetName, Id, RefName};
use veneer::source::{Source, is_veneer_mount};
use veneer::store::{Cache, Credentials, Nearby, RemoteStore, Store};
use veneer::{Error, Result};

use crate::serve::Order;
use crate::serving::Opened;
use crate::trouble::Trouble;

/// The environment variable with the token.
const TOKEN: &str = "VENEER_TOKEN";
/// A part of the cache is for objects, the rest for blocks.
const OBJECTS_SHARE: u64 = 4;

/// A store elsewhere.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The URL of the service that has it.
    pub url: String,
    /// Certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The folder in which is kept what was read.
    pub cache: PathBuf,
    /// The most bytes that are kept.
    pub cache_len: u64,
    /// How long a read waits for a service that is away.
    pub patience: Duration,
}

impl Elsewhere {
    /// Opens the store and the dataset.
    pub fn open(&self, order: &Order) -> std::result::Result<Opened, Trouble> {
        self.make_folder()?;
        let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
        let url = self.url.trim_end_matches('/').to_owned();
        let credentials = Credentials { token, ca_file: self.ca_file.clone() };
        let far = RemoteStore::at(&url, credentials, &self.cache.join("scratch"))?.patient(self.patience);
        let far = Arc::new(far);
        let objects_len = self.cache_len / OBJECTS_SHARE;
        let kept = Cache::with_len_max(&self.cache.join("objects"), objects_len);
        let store: Arc<dyn Store> = Arc::new(Nearby::new(Arc::clone(&far) as _, kept));
        let tables = Cache::new(&self.cache.join("tables"));
        let datasets = Datasets::new(Arc::clone(&store)).with_cache(tables.clone());
        let dataset = self.dataset(&datasets, &*store, &order.dataset, &tables)?;
        let name = dataset.name().clone();
        let fetch: Box<Fetch> = Box::new(move |file, range| far.source_bytes(&name, file.base, &file.path, range));
        // Two datasets may have a file of the same path, size and time.
        let source = [url.as_bytes(), b"\0", dataset.source_path().as_os_str().as_encoded_bytes()].concat();
        let blocks = Cache::with_len_max(&self.cache.join("blocks"), self.cache_len - objects_len);
        let dataset = dataset.with_far(Arc::new(Blocks::new(fetch, &source, blocks)));
        Ok(Opened { store, dataset, mark: RemoteStore::mark(&url) })
    }
}

impl Elsewhere {
    /// Opens the dataset; as it was last, where the service is away: whoever takes over cannot wait for it.
    fn dataset(&self, datasets: &Datasets, store: &dyn Store, name: &DatasetName, known: &Cache) -> Result<Dataset> {
        let key = Id::of(format!("dataset {name} at {}", self.url).as_bytes());
        let record = match store.read_ref(&RefName::dataset(name)) {
            Ok(value) => {
                let record = value.ok_or_else(|| Error::not_found("dataset", name))?.id;
                known.put(key, record.as_bytes());
                record
            }
            Err(error) => match known.get(key).and_then(|bytes| bytes.try_into().ok()) {
                Some(bytes) => Id::from_bytes(bytes),
                None => return Err(error),
            },
        };
        datasets.open_recorded(name, record)
    }

    /// The folder of what is kept: of the source's bytes nobody else is to see any.
    fn make_folder(&self) -> Result<()> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.cache);
        made.map_err(|cause| Error::io_at("make", &self.cache, cause))
    }
}

/// The dataset with the folder of its source on this machine, where a store elsewhere meets the same path here.
///
/// To be asked before the mount is made: that may lie over this very path.
pub fn with_source_here(dataset: Dataset) -> Dataset {
    if !dataset.is_far() {
        return dataset;
    }
    match Source::open(dataset.source_path()) {
        Ok(source) if is_veneer_mount(source.folder()).is_ok_and(|is_mount| !is_mount) => {
            info!("files of `{}` are read from this machine where they are the same", source.path().display());
            dataset.with_source(Arc::new(source))
        }
        _ => dataset,
    }
}
