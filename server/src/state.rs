//! What every handler shares: the store, its datasets, and the views that are open.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use veneer::dataset::{Dataset, Datasets, MountedDraft, View};
use veneer::model::{BranchName, DatasetName, Id, WriterName};
use veneer::run::Runs;
use veneer::store::{Cache, LocalStore, Store, Verified};

use crate::audit::Audit;
use crate::blocking::Blocking;
use crate::feed::Feed;
use crate::imports::Imports;
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::operations::Operations;
use crate::origin::Hosts;
use crate::problem::Problem;
use crate::rows::{ColumnStore, RunMetrics};
use crate::runs::{Inbox, Keeper, LOST_AFTER, LiveRuns};
use crate::session::Sessions;
use crate::sql::{SqlEngine, SqlLimits};
use crate::thumbnails::Thumbnails;
use crate::tokens::Tokens;

/// How many views stay open: each has its base mapped, and remembers nodes of its overlay.
const VIEWS: NonZeroUsize = NonZeroUsize::new(64).expect("it is not 0");

/// How many uploads are taken at a time: each keeps a thread as long as its client sends.
const UPLOADS: usize = 16;

/// How many bytes of columns stay in memory unless the options say.
pub const COLUMNS_LEN_MAX: usize = 512 << 20;

/// How a service behaves.
#[derive(Debug)]
pub struct Options {
    /// Whether every change is refused.
    pub read_only: bool,
    /// The names that it may be called by.
    pub hosts: Hosts,
    /// The port on which the Dashboard is served; its pages may call this service.
    pub dashboard_port: u16,
    /// Whether it is reached by TLS alone.
    pub is_tls: bool,
    /// Folders in which an import may have its source; `None` allows every folder.
    pub sources: Option<Vec<PathBuf>>,
    /// How many bytes of columns stay in memory.
    pub columns_len_max: usize,
    /// What a query may take.
    pub sql: SqlLimits,
    /// A run that says nothing for so long is lost.
    pub runs_lost_after: Duration,
}

impl Default for Options {
    /// Those of a service that only this machine reaches.
    fn default() -> Options {
        Options {
            read_only: false,
            hosts: Hosts::Loopback,
            dashboard_port: 8000,
            is_tls: false,
            sources: None,
            columns_len_max: COLUMNS_LEN_MAX,
            sql: SqlLimits::default(),
            runs_lost_after: LOST_AFTER,
        }
    }
}

/// What every handler shares. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn Store>,
    local: Option<Arc<LocalStore>>,
    datasets: Datasets,
    options: Options,
    tokens: Option<Tokens>,
    blocking: Blocking,
    uploads: Blocking,
    operations: Operations,
    feed: Arc<Feed>,
    imports: Imports,
    jobs: Jobs,
    sessions: Sessions,
    audit: Audit,
    metrics: Metrics,
    views: Mutex<LruCache<(PathBuf, Id), View>>,
    columns: Arc<ColumnStore>,
    runs: Arc<LiveRuns>,
    keeper: Keeper,
    inbox: Option<Inbox>,
    sql: SqlEngine,
    thumbnails: Thumbnails,
}

impl AppState {
    /// The state of a service over any store.
    pub fn new(store: Arc<dyn Store>, options: Options, tokens: Option<Tokens>) -> AppState {
        let datasets = Datasets::new(Arc::clone(&store));
        AppState::with(store, datasets, None, options, tokens)
    }

    /// The state of a service over a store on this machine.
    pub fn local(store: Arc<LocalStore>, options: Options, tokens: Option<Tokens>) -> AppState {
        let cache = Cache::new(&store.path().join("cache"));
        let datasets = Datasets::new(Arc::clone(&store) as _).with_cache(cache);
        AppState::with(Arc::clone(&store) as _, datasets, Some(store), options, tokens)
    }

    fn with(
        store: Arc<dyn Store>,
        datasets: Datasets,
        local: Option<Arc<LocalStore>>,
        options: Options,
        tokens: Option<Tokens>,
    ) -> AppState {
        let present = store.watch_refs(0, Duration::ZERO).unwrap_or_default();
        let feed = Arc::new(Feed::of(&*store, present));
        let runs = Runs::new(Arc::clone(&store));
        let look = {
            let (store, datasets, feed) = (Arc::clone(&store), datasets.clone(), Arc::clone(&feed));
            let runs = runs.clone();
            move |op| feed.look(&*store, &datasets, &runs, op)
        };
        let operations = Operations::of(Arc::clone(&store), present, look);
        let store = Arc::new(Verified::new(store));
        let (blocking, uploads) = (Blocking::default(), Blocking::with_turns(UPLOADS));
        let views = Mutex::new(LruCache::new(VIEWS));
        let columns = Arc::new(ColumnStore::new(options.columns_len_max));
        let runs = LiveRuns::new(runs, datasets.clone(), columns.clone(), feed.clone(), options.runs_lost_after);
        let runs = Arc::new(runs);
        let keeper = Keeper::of(runs.clone(), !options.read_only);
        let store_folder = local.as_ref().filter(|_| !options.read_only).map(|store| store.path());
        let inbox = store_folder.map(|folder| Inbox::of(runs.clone(), folder));
        let sql = SqlEngine::new(Arc::new(datasets.clone()), columns.clone(), runs.clone(), options.sql);
        let (imports, jobs) = (Imports::default(), Jobs::default());
        let (sessions, metrics) = (Sessions::default(), Metrics::default());
        let audit = local.as_ref().map(|store| Audit::within(store.path())).unwrap_or_default();
        let folder = local.as_ref().map(|store| store.path().join("cache/thumbnails"));
        let thumbnails = Thumbnails::new(folder.as_deref());
        AppState(Arc::new(Inner {
            store,
            local,
            datasets,
            options,
            tokens,
            blocking,
            uploads,
            operations,
            feed,
            imports,
            jobs,
            sessions,
            audit,
            metrics,
            views,
            columns,
            runs,
            keeper,
            inbox,
            sql,
            thumbnails,
        }))
    }

    /// The objects and refs; what is read is verified.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// The store on this machine, where it is one.
    pub fn local_store(&self) -> Option<&Arc<LocalStore>> {
        self.0.local.as_ref()
    }

    /// The datasets.
    pub fn datasets(&self) -> &Datasets {
        &self.0.datasets
    }

    /// The columns of tables, in memory.
    pub fn columns(&self) -> &Arc<ColumnStore> {
        &self.0.columns
    }

    /// The metrics of runs.
    pub fn runs(&self) -> &dyn RunMetrics {
        &*self.0.runs
    }

    /// The runs.
    pub fn live_runs(&self) -> &Arc<LiveRuns> {
        &self.0.runs
    }

    /// What answers queries.
    pub fn sql(&self) -> &SqlEngine {
        &self.0.sql
    }

    /// How the service behaves.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// The tokens that it knows; `None` where none is needed.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.0.tokens.as_ref()
    }

    /// The store's last operation, to wait for the next.
    pub fn operations(&self) -> &Operations {
        &self.0.operations
    }

    /// What happens, for those who listen.
    pub fn feed(&self) -> &Feed {
        &self.0.feed
    }

    /// The imports that run, or ran lately.
    pub fn imports(&self) -> &Imports {
        &self.0.imports
    }

    /// The jobs that run, or ran lately.
    pub fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// The sessions of browsers.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// The log of who changed what.
    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Lets all that wait or listen go, and ends what runs on its own: the service ends.
    pub fn end(&self) {
        self.operations().end();
        self.feed().end();
        self.imports().end();
        self.jobs().end();
        self.0.keeper.end();
        self.0.inbox.iter().for_each(Inbox::end);
    }

    /// The turns of calls that block, for whoever needs more than [`AppState::run`].
    pub fn blocking(&self) -> &Blocking {
        &self.0.blocking
    }

    /// The turns of uploads, which may take as long as their clients do.
    pub fn uploads(&self) -> &Blocking {
        &self.0.uploads
    }

    /// Asks the core, on a thread that may block.
    ///
    /// # Errors
    /// Those of `work` as problems.
    pub async fn run<T, E>(&self, work: impl FnOnce(&AppState) -> Result<T, E> + Send + 'static) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let app = self.clone();
        self.0.blocking.run(move || work(&app)).await
    }

    /// Has the writable mount of a draft, if there is one, put into the store what was written through it. It blocks.
    ///
    /// # Errors
    /// As [`MountedDraft::snapshot`].
    pub fn gather_writes(&self, dataset: &DatasetName, branch: &BranchName, writer: &WriterName) -> veneer::Result<()> {
        match self.local_store() {
            // Such a mount asks this service to take what it has.
            Some(store) if !self.options().read_only => {
                MountedDraft::new(store.path(), dataset, branch, writer).snapshot().map(drop)
            }
            _ => Ok(()),
        }
    }

    /// The thumbnails that were made.
    pub fn thumbnails(&self) -> &Thumbnails {
        &self.0.thumbnails
    }

    /// The view of a revision; one that was asked for lately is open still. It blocks.
    ///
    /// # Errors
    /// As [`Dataset::view`].
    pub fn view(&self, dataset: &Dataset, revision: Id) -> veneer::Result<View> {
        if let Some(view) = self.known_view(dataset, revision) {
            return Ok(view);
        }
        let view = dataset.view(revision)?;
        let mut views = self.0.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.put((dataset.source_path().to_owned(), revision), view.clone());
        Ok(view)
    }

    /// The view of a revision that was asked for lately.
    pub fn known_view(&self, dataset: &Dataset, revision: Id) -> Option<View> {
        // By source, too: a dataset may be removed, and another imported by its name.
        let key = (dataset.source_path().to_owned(), revision);
        let known = self.0.views.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        // What files are read as may have been said since.
        known.filter(|view| dataset.reads_as(view))
    }
}
