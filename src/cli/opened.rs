//! An open store: the one in a folder, the one that a service owns there, or one elsewhere.
//!
//! A command that only reads opens the folder beside whoever owns it. One that
//! changes owns it for a moment, or, while a service does, asks that.

use std::path::Path;
use std::sync::Arc;

use veneer::ErrorKind;
use veneer::dataset::Datasets;
use veneer::model::WriterName;
use veneer::store::{Access, Cache, LocalStore, RemoteStore, Store, service};

use super::report::{Failure, Result};

/// An open store.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    /// The store itself.
    pub(super) store: Arc<dyn Store>,
    /// What is in it.
    pub(super) datasets: Datasets,
    /// The store in its folder, where this process reads or owns it.
    local: Option<Arc<LocalStore>>,
}

impl Opened {
    /// Opens the store in `path`; to change it, through the service that owns it, if one does.
    pub(super) fn at(path: &Path, access: Access, writer: &WriterName) -> Result<Opened> {
        if access == Access::Own
            && let Some(opened) = Opened::served(path, writer)?
        {
            return Ok(opened);
        }
        match LocalStore::open(path, access) {
            // A service may have begun while we waited.
            Err(error) if matches!(error.kind(), ErrorKind::StoreBusy { .. }) => {
                Opened::served(path, writer)?.ok_or_else(|| error.into())
            }
            opened => Ok(Opened::of(opened?)),
        }
    }

    /// Opens the store in `path` to change it by this process itself: what a service cannot be asked for.
    pub(super) fn owned(path: &Path) -> Result<Opened> {
        Ok(Opened::of(LocalStore::open(path, Access::Own)?))
    }

    /// Looks into a store that is open.
    pub(super) fn of(store: LocalStore) -> Opened {
        let store = Arc::new(store);
        let cache = Cache::new(&store.path().join("cache"));
        let datasets = Datasets::new(Arc::clone(&store) as _).with_cache(cache);
        Opened { datasets, store: Arc::clone(&store) as _, local: Some(store) }
    }

    /// The store of a service elsewhere; what is worth to be kept of it is kept in `cache`.
    pub(super) fn elsewhere(service: RemoteStore, cache: &Path) -> Opened {
        let store: Arc<dyn Store> = Arc::new(service);
        let datasets = Datasets::new(Arc::clone(&store)).with_cache(Cache::new(&cache.join("tables")));
        Opened { store, datasets, local: None }
    }

    /// The store in `path` through the service that owns it; `None` where none does.
    fn served(path: &Path, writer: &WriterName) -> Result<Option<Opened>> {
        let Some(store) = service::served(path, writer)? else { return Ok(None) };
        let store: Arc<dyn Store> = Arc::new(store);
        let datasets = Datasets::new(Arc::clone(&store)).with_cache(Cache::new(&path.join("cache")));
        Ok(Some(Opened { store, datasets, local: None }))
    }

    /// The store in its folder.
    ///
    /// # Errors
    /// For a store elsewhere, and one that a service changes.
    pub(super) fn local(&self) -> Result<&Arc<LocalStore>> {
        self.local.as_ref().ok_or_else(|| {
            Failure::error("the store is not on this machine").hint("run the command where its folder is")
        })
    }
}
