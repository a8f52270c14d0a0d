//! Files of a source as a base recorded them, for mounts on machines that do not have the source.
//!
//! A view's own bytes are [`crate::files`]'s; these are what lies below its edits.

use axum::extract::{FromRequestParts, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use veneer::model::{DataPath, DatasetName, Id};

use crate::auth::Viewer;
use crate::bytes::{self, Wanted};
use crate::problem::Problem;
use crate::state::AppState;

/// What stands before the address.
const PREFIX: &str = "/v1/datasets/";
/// A file of the source may change, and that must be noticed: it is asked for again.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// A file of a source, as a request names it: its path may be any bytes, so it is read as it came.
#[derive(Debug)]
pub struct SourceFile {
    dataset: DatasetName,
    base: Id,
    path: DataPath,
}

impl<S: Sync> FromRequestParts<S> for SourceFile {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<SourceFile, Problem> {
        SourceFile::parse(parts.uri.path())
    }
}

impl SourceFile {
    fn parse(path: &str) -> Result<SourceFile, Problem> {
        let wrong = || Problem::invalid("address", path, "it is `datasets/DATASET/sources/BASE/PATH`");
        let mut words = path.strip_prefix(PREFIX).ok_or_else(wrong)?.splitn(4, '/');
        let (dataset, sources, base, path) = (words.next(), words.next(), words.next(), words.next());
        let (Some(dataset), Some("sources"), Some(base), Some(path)) = (dataset, sources, base, path) else {
            return Err(wrong());
        };
        let dataset = percent_decode_str(dataset).decode_utf8().map_err(|_| wrong())?.parse()?;
        let path = DataPath::parse(&percent_decode_str(path).collect::<Vec<u8>>())?;
        Ok(SourceFile { dataset, base: Id::from_hex(base)?, path })
    }
}

/// Gives the bytes of a file of the source, or a range of them, as a base recorded it.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/sources/{base}/{*path}", tag = "files",
    params(("dataset" = String, Path), ("base" = String, Path), ("path" = String, Path)),
    security(("token" = ["viewer"])),
    responses((status = 200, description = "all bytes", content_type = "application/octet-stream"),
        (status = 206, description = "a range"), (status = 304, description = "it is known"), Problem))]
pub async fn get_source_file(
    _: Viewer,
    State(app): State<AppState>,
    SourceFile { dataset, base, path }: SourceFile,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let named = Id::of(path.as_bytes());
    let prepared = app.run(move |app| {
        let (content, recorded) = app.datasets().open(&dataset)?.source_file(base, &path)?;
        let etag = format!("\"{named}-{}-{}\"", recorded.size, recorded.mtime_ns);
        let headers = HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::CACHE_CONTROL, ASK_AGAIN),
        ]);
        bytes::prepare(&wanted, content, &etag, headers)
    });
    Ok(prepared.await?.answer(&app))
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode, header};
    use veneer::source::{ScanOptions, Source};

    use crate::testing::{LABELS, World};

    fn at(world: &World, path: &str) -> String {
        let dataset = world.dataset();
        let head = dataset.resolve(None).expect("main").id;
        format!("/v1/datasets/d/sources/{}/{path}", dataset.view(head).expect("whole").base().id())
    }

    #[tokio::test]
    async fn a_source_file_is_what_lies_below_all_edits() {
        let world = World::new();
        world.commit("labels.csv", "edited");
        let whole = world.get(&at(&world, "labels.csv")).await;
        assert_eq!((whole.status, whole.text()), (StatusCode::OK, LABELS));
        assert_eq!(whole.headers[header::CONTENT_TYPE], "application/octet-stream");
        let part = world.send(Method::GET, &at(&world, "labels.csv"), &[("range", "bytes=6-10")], "").await;
        assert_eq!((part.status, part.text()), (StatusCode::PARTIAL_CONTENT, "label"));
    }

    #[tokio::test]
    async fn only_what_the_base_names_is_given_and_only_as_it_was() {
        let world = World::new();
        world.commit("new.txt", "new");
        let first = at(&world, "labels.csv");
        std::fs::write(world.folder.path().join("later.txt"), "later").expect("written");
        for path in ["new.txt", "later.txt", "nothing"] {
            assert_eq!(world.get(&at(&world, path)).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "images/%2E%2E/x", "a%00b"] {
            assert_eq!(world.get(&at(&world, path)).await.status, StatusCode::BAD_REQUEST, "{path}");
        }
        assert_eq!(world.get(&at(&world, "images")).await.json()["kind"], "is-a-folder");
        let strange = format!("/v1/datasets/d/sources/{}/labels.csv", "0".repeat(64));
        assert_eq!(world.get(&strange).await.status, StatusCode::NOT_FOUND);
        // A base that somebody has put there, for a file that no revision has.
        let scan = Source::open(world.folder.path()).expect("a source").scan(&ScanOptions::default());
        let made = veneer::base::store(&*world.store, scan.expect("scanned").tree).expect("stored");
        let later = format!("/v1/datasets/d/sources/{made}/later.txt");
        assert_eq!(world.get(&later).await.status, StatusCode::NOT_FOUND);
        world.dataset().refresh(&"main".parse().expect("valid"), made, "ann").expect("it has changed");
        assert_eq!(world.get(&later).await.text(), "later");
        assert_eq!(world.get(&first).await.text(), LABELS, "that of an older revision");
        std::fs::write(world.folder.path().join("labels.csv"), "something else altogether").expect("written");
        let changed = world.get(&at(&world, "labels.csv")).await;
        assert_eq!((changed.status, changed.json()["kind"].as_str()), (StatusCode::CONFLICT, Some("source-changed")));
    }
}
