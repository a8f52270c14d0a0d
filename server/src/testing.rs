//! A small world for the tests of routes: a source, a store in memory, and a router to call.

use std::fs;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use veneer::dataset::{Dataset, Datasets, Import, NewFile, Outcome};
use veneer::model::Id;
use veneer::source::{ScanOptions, Source};
use veneer::store::{MemoryStore, Store};

use crate::router;
use crate::state::{AppState, Options};
use crate::tokens::Tokens;

/// The rows of `labels.csv`.
pub(crate) const LABELS: &str = "image,label\na.png,cat\nb.png,dog\n";

/// A service over a dataset `d`, whose source holds `labels.csv`, `images/a.png` and `images/b.png`.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) router: Router,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl World {
    pub(crate) fn new() -> World {
        World::with(Options::default(), None)
    }

    pub(crate) fn with(options: Options, tokens: Option<Tokens>) -> World {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("images")).expect("a folder");
        for (path, text) in [("labels.csv", LABELS), ("images/a.png", "pixels of a"), ("images/b.png", "pixels of b")] {
            fs::write(folder.path().join(path), text).expect("written");
        }
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let scan = Source::open(folder.path()).expect("a source").scan(&ScanOptions::default()).expect("scanned");
        let base = veneer::base::store(&*store, scan.tree).expect("stored");
        let name = "d".parse().expect("a name");
        let import = Import { name: &name, source: folder.path(), base, author: "ann" };
        Datasets::new(Arc::clone(&store)).import(&import).expect("imported");
        let router = router(AppState::new(Arc::clone(&store), options, tokens));
        World { folder, store, router }
    }

    /// The dataset, without the service.
    pub(crate) fn dataset(&self) -> Dataset {
        Datasets::new(Arc::clone(&self.store)).open(&"d".parse().expect("a name")).expect("it was imported")
    }

    /// Commits a file to `main`, and returns the revision.
    pub(crate) fn commit(&self, path: &str, text: &str) -> Id {
        let dataset = self.dataset();
        let mut draft = dataset.draft(&"main".parse().expect("a name"), &"ann".parse().expect("a name")).expect("one");
        let file = NewFile { content: &mut text.as_bytes(), mode: None, mtime_ns: None };
        draft.put(&path.parse_path(), file).expect("put");
        match draft.commit(&format!("change {path}"), "ann").expect("committed") {
            Outcome::Done { revision, .. } => revision,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, json: &Value) -> Answer {
        self.send(Method::POST, path, &[("content-type", "application/json")], json.to_string()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "localhost:5015");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a valid request");
        let response = self.router.clone().oneshot(request).await.expect("a router always answers");
        let (parts, body) = response.into_parts();
        // Events have no end.
        let has_end = parts.headers.get("content-type").is_none_or(|kind| kind != "text/event-stream");
        let body = if has_end { to_bytes(body, 64 << 20).await.expect("a body that is whole") } else { Bytes::new() };
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|cause| panic!("{self:?}: {cause}"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

/// Paths in tests are literals.
trait ParsePath {
    fn parse_path(&self) -> veneer::model::DataPath;
}

impl ParsePath for str {
    fn parse_path(&self) -> veneer::model::DataPath {
        self.parse().expect("a valid path")
    }
}
