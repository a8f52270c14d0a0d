//! A source becomes a dataset: the walk runs on its own and tells how far it is.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use veneer::dataset::Import;
use veneer::model::{DatasetName, Id};
use veneer::source::{self, ScanOptions, Source};
use veneer::{Error, ErrorKind};

use crate::auth::{Admin, Viewer};
use crate::extract::{Body, Named};
use crate::jobs::draw_id;
use crate::problem::{Problem, ProblemDocument};
use crate::state::AppState;

/// So many imports are remembered.
const REMEMBERED: usize = 100;
/// So often the progress of a walk is told.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// How many imports may run at a time.
const AT_ONCE: usize = 4;

/// The imports that run, or ran lately.
#[derive(Debug, Default)]
pub struct Imports {
    known: Mutex<VecDeque<ImportDetail>>,
    is_over: AtomicBool,
}

/// A folder that is to become a dataset.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewDataset {
    /// The dataset's name.
    name: String,
    /// The folder, an absolute path on the machine of the service.
    source: String,
}

/// An import that was begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct Begun {
    /// Its id.
    import: String,
}

/// How far an import is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportDetail {
    /// Its id.
    id: String,
    /// The name of the dataset that it is to make.
    name: String,
    /// Entries that were seen until now.
    files: u64,
    /// Bytes in them.
    bytes: u64,
    /// Whether it has ended.
    done: bool,
    /// The dataset, once it is there.
    dataset: Option<String>,
    /// Its first revision.
    revision: Option<String>,
    /// How many parts of the source no dataset can have, such as devices.
    skipped: u64,
    /// Why there is no dataset: a problem.
    #[schema(value_type = Option<ProblemDocument>)]
    error: Option<Value>,
}

impl Imports {
    fn known(&self) -> MutexGuard<'_, VecDeque<ImportDetail>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, name: &DatasetName) -> Result<ImportDetail, Problem> {
        let mut known = self.known();
        let running: Vec<_> = known.iter().filter(|import| !import.done).collect();
        if running.iter().any(|import| import.name == name.as_str()) {
            return Err(Error::already_exists("dataset", name).into());
        }
        if running.len() >= AT_ONCE {
            let detail = format!("{} imports are running already", running.len());
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail));
        }
        let import = ImportDetail {
            id: draw_id()?,
            name: name.to_string(),
            files: 0,
            bytes: 0,
            done: false,
            dataset: None,
            revision: None,
            skipped: 0,
            error: None,
        };
        if known.len() == REMEMBERED {
            known.pop_front();
        }
        known.push_back(import.clone());
        Ok(import)
    }

    /// Remembers how far an import is, and tells it.
    fn tell(&self, app: &AppState, import: &ImportDetail) {
        if let Some(known) = self.known().iter_mut().find(|known| known.id == import.id) {
            *known = import.clone();
        }
        app.feed().tell("import", serde_json::to_value(import).expect("plain data"));
    }

    /// Ends all walks: the service ends.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Makes a dataset of a folder, without copying anything; events `import` tell how far it is.
#[utoipa::path(post, path = "/v1/datasets", tag = "datasets", request_body = NewDataset,
    security(("token" = ["admin"])), responses((status = 202, body = Begun), Problem))]
pub async fn import_dataset(
    Admin(caller): Admin,
    State(app): State<AppState>,
    Body(new): Body<NewDataset>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let name: DatasetName = new.name.parse()?;
    let (path, import) = {
        let name = name.clone();
        app.run(move |app| {
            let path = allowed(app, Path::new(&new.source))?;
            if app.datasets().names()?.contains(&name) {
                return Err(Problem::from(Error::already_exists("dataset", &name)));
            }
            // What is no folder is told at once.
            Source::open(&path)?;
            Ok((path, app.imports().begin(&name)?))
        })
        .await?
    };
    let id = import.id.clone();
    tokio::task::spawn_blocking(move || {
        let mut import = import;
        let made = make(&app, &name, &path, caller.writer.as_str(), &mut import);
        import.done = true;
        match made {
            Ok(revision) => (import.dataset, import.revision) = (Some(name.to_string()), Some(revision.to_hex())),
            Err(error) => import.error = serde_json::to_value(Problem::from(error).document()).ok(),
        }
        app.imports().tell(&app, &import);
    });
    Ok((StatusCode::ACCEPTED, Json(Begun { import: id })))
}

fn make(
    app: &AppState,
    name: &DatasetName,
    path: &Path,
    author: &str,
    import: &mut ImportDetail,
) -> veneer::Result<Id> {
    let scan = walk(app, &Source::open(path)?, import)?;
    import.skipped = scan.skipped.count;
    let base = veneer::base::store(&**app.store(), scan.tree)?;
    app.datasets().import(&Import { name, source: path, base, author })
}

/// Walks a source, and tells now and then how far it is.
fn walk(app: &AppState, source: &Source, import: &mut ImportDetail) -> veneer::Result<source::Scan> {
    let told = Mutex::new((Instant::now(), import.clone()));
    let progress = |at: source::Progress| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        (told.1.files, told.1.bytes) = (at.entries, at.bytes);
        if told.0.elapsed() >= TELL_EVERY {
            told.0 = Instant::now();
            app.imports().tell(app, &told.1);
        }
    };
    let options = ScanOptions { progress: &progress, cancel: &app.imports().is_over, ..ScanOptions::default() };
    let scan = source.scan(&options);
    let (_, at) = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    *import = at;
    scan
}

/// The path without links, if a dataset may have its source there.
fn allowed(app: &AppState, path: &Path) -> veneer::Result<PathBuf> {
    let text = path.display().to_string();
    if !path.is_absolute() {
        return Err(Error::invalid("source", &text, "its path is absolute"));
    }
    let refused = |why: &str| {
        Error::new(ErrorKind::SourceUnusable { path: text.clone(), why: why.to_owned(), parts: Vec::new() })
    };
    let real = path.canonicalize();
    if let Some(folders) = &app.options().sources {
        // Whether something is there is not told of a folder that is not allowed.
        let is_within = |folder: &PathBuf| {
            let folder = folder.canonicalize();
            matches!((&real, folder), (Ok(real), Ok(folder)) if real.starts_with(&folder))
        };
        if !folders.iter().any(is_within) {
            return Err(refused("it is in no folder that this service may import from"));
        }
    }
    let real = real.map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => Error::not_found("source folder", &text),
        _ => Error::io_at("use the source", path, cause),
    })?;
    match app.local_store() {
        Some(store) if source::holds(&real, store.path()) => {
            Err(refused(&format!("the store `{}` is inside of it", store.path().display())))
        }
        _ => Ok(real),
    }
}

/// Tells how far an import is.
#[utoipa::path(get, path = "/v1/imports/{id}", tag = "datasets", params(("id" = String, Path)),
    security(("token" = ["viewer"])), responses((status = 200, body = ImportDetail), Problem))]
pub async fn show_import(
    _: Viewer,
    State(app): State<AppState>,
    Named(id): Named<String>,
) -> Result<Json<ImportDetail>, Problem> {
    let found = app.imports().known().iter().find(|import| import.id == id).cloned();
    Ok(Json(found.ok_or_else(|| Error::not_found("import", &id))?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::state::Options;
    use crate::testing::World;

    async fn ended(world: &World, id: &str) -> Value {
        for _ in 0..500 {
            let import = world.get(&format!("/v1/imports/{id}")).await.json();
            if import["done"] == true {
                return import;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never ended");
    }

    #[tokio::test]
    async fn a_folder_becomes_a_dataset() {
        let world = World::new();
        let other = tempfile::tempdir().expect("a folder");
        fs::write(other.path().join("a.txt"), "a").expect("written");
        let new = json!({ "name": "other", "source": other.path() });
        let begun = world.post("/v1/datasets", &new).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
        let import = ended(&world, begun.json()["import"].as_str().expect("an id")).await;
        assert_eq!((&import["dataset"], &import["error"]), (&json!("other"), &Value::Null), "{import}");
        assert_eq!(world.get("/v1/datasets/other/at/main/files/a.txt").await.text(), "a");
        assert_eq!(world.post("/v1/datasets", &new).await.status, StatusCode::CONFLICT);
    }

    #[tokio::test]
    async fn only_folders_that_are_allowed_become_datasets() {
        let (inside, outside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        std::os::unix::fs::symlink(outside.path(), inside.path().join("out")).expect("a link");
        fs::create_dir(inside.path().join("in")).expect("a folder");
        let world = World::with(Options { sources: Some(vec![inside.path().to_owned()]), ..Options::default() }, None);
        let import = async |path: &Path| {
            let answer = world.post("/v1/datasets", &json!({ "name": "n", "source": path })).await;
            (answer.status.as_u16(), answer.json()["kind"].as_str().map(str::to_owned))
        };
        let refused = (422, Some("source-unusable".to_owned()));
        for path in [outside.path(), &inside.path().join("out"), &inside.path().join("../x"), Path::new("/nothing")] {
            assert_eq!(import(path).await, refused, "{}", path.display());
        }
        assert_eq!(import(Path::new("in")).await.0, 400);
        assert_eq!(import(&inside.path().join("nothing")).await, refused, "and not that nothing is there");
        assert_eq!(import(&inside.path().join("in")).await.0, 202);
    }
}
