//! Files of a view: their bytes, as any program would read them.
//!
//! The ETag names the content, not the revision: an unchanged file has the same
//! in all revisions over one state of its source, so a client keeps it.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{self, HeaderMap};
use axum::response::Response;
use veneer::Error;
use veneer::dataset::{Node, Place, View};
use veneer::model::{DataPath, Id};
use veneer::source::OnDrift;

use crate::address::At;
use crate::auth::Viewer;
use crate::bytes::{self, Prepared, Wanted};
use crate::problem::Problem;
use crate::state::AppState;

/// Whatever a dataset's file says, a browser runs nothing of it as a page of this service.
const SANDBOX: HeaderValue =
    HeaderValue::from_static("sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'");

/// Gives a file's bytes, or a range of them.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/files/{*path}", tag = "files",
    params(("dataset" = String, Path), ("ref" = String, Path), ("path" = String, Path)),
    security(("token" = ["viewer"])),
    responses((status = 200, description = "all bytes"), (status = 206, description = "a range"),
        (status = 304, description = "it is known"), Problem))]
pub async fn get_file(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    at: At,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let path = at.path()?;
    if let Some(prepared) = at_once(&app, &at, &path, &wanted) {
        return Ok(prepared.answer(&app));
    }
    // In one turn: each costs as much as reading a small file.
    let prepared = app.run(move |app| {
        let shown = at.open(app, &caller.writer)?;
        let node = shown.view.existing(&path)?;
        let etag = etag(&shown.view, &node)?;
        let mut headers = shown.headers();
        headers.extend(headers_of(&node));
        // Opened even for a client that knows it: a source that has changed is told.
        let content = shown.view.open(&node, OnDrift::Error)?;
        bytes::prepare(&wanted, content, &etag, headers)
    });
    Ok(prepared.await?.answer(&app))
}

/// The answer where nothing of it waits for a disk: a small file of the source in a view that is open still, whose bytes
/// the kernel has in memory. Another thread would cost as much again as all of it.
///
/// `None` for everything else, and for what fails: who may wait finds out why.
fn at_once(app: &AppState, at: &At, path: &DataPath, wanted: &Wanted) -> Option<Prepared<::bytes::Bytes>> {
    let shown = at.known(app)?;
    let node = shown.view.existing(path).ok()?;
    let etag = etag(&shown.view, &node).ok()?;
    if node.entry.size > bytes::PIECE || wanted.is_head || wanted.is_known(&etag) {
        return None;
    }
    let content = shown.view.try_open(&node, OnDrift::Error).ok()??;
    let mut buffer = vec![0; usize::try_from(content.len()).ok()?];
    if content.try_read_at(&mut buffer, 0).ok()?? != buffer.len() {
        return None;
    }
    let mut headers = shown.headers();
    headers.extend(headers_of(&node));
    bytes::prepare(wanted, buffer.into(), &etag, headers).ok()
}

fn headers_of(node: &Node) -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type(node.name()))),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
    ])
}

/// What a file's name says of it; anything that is not known is bytes.
fn media_type(name: &[u8]) -> &'static str {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let (_, kind) = name.rsplit_once('.').unwrap_or_default();
    match kind {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "bmp" => "image/bmp",
        "tif" | "tiff" => "image/tiff",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "jsonl" | "ndjson" => "application/x-ndjson",
        "csv" => "text/csv; charset=utf-8",
        "tsv" => "text/tab-separated-values; charset=utf-8",
        "txt" | "md" | "yaml" | "yml" | "toml" | "py" | "log" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "html" | "htm" => "text/html",
        "pdf" => "application/pdf",
        "parquet" => "application/vnd.apache.parquet",
        "arrow" | "feather" => "application/vnd.apache.arrow.file",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "flac" => "audio/flac",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        _ => "application/octet-stream",
    }
}

/// The ETag of a file's content: what its bytes are made of, hashed, in quotes.
///
/// # Errors
/// Those of reading what the base recorded.
pub fn etag(view: &View, node: &Node) -> veneer::Result<String> {
    Ok(format!("\"{}\"", identity(view, node)?))
}

/// A name for a file's content: equal for two files only if both have the same bytes.
///
/// # Errors
/// Those of reading what the base recorded.
pub fn identity(view: &View, node: &Node) -> veneer::Result<Id> {
    match &node.place {
        Place::Blob(id) => Ok(*id),
        place => Ok(Id::of(made_of(view, place)?.as_bytes())),
    }
}

fn made_of(view: &View, place: &Place) -> veneer::Result<String> {
    let source = |row| {
        let recorded = view.base().entry(row)?;
        let path = Id::of(view.base().path(row)?.as_bytes());
        Ok::<_, Error>(format!("source {path} {} {}", recorded.size, recorded.mtime_ns))
    };
    Ok(match place {
        Place::Folder { base } => format!("folder {base:?}"),
        Place::Symlink(target) => format!("link {target:?}"),
        Place::Source { row } => source(*row)?,
        Place::Blob(id) => format!("blob {id}"),
        Place::Extents { row, extents } => {
            let mut text = source(*row)?;
            for extent in extents.iter() {
                text.push_str(&format!(" {} {} {} {}", extent.offset, extent.replaced, extent.len, extent.blob));
            }
            text
        }
        Place::Rows { below, rows } => format!("rows {rows} over {}", made_of(view, below)?),
    })
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode, header};

    use crate::testing::{LABELS, World};

    const FILE: &str = "/v1/datasets/d/at/main/files/labels.csv";

    #[tokio::test]
    async fn a_file_is_its_bytes_and_a_range_is_some_of_them() {
        let world = World::new();
        let whole = world.get(FILE).await;
        assert_eq!((whole.status, whole.text()), (StatusCode::OK, LABELS));
        assert_eq!(whole.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
        assert_eq!(whole.headers[header::CACHE_CONTROL], "no-cache");
        assert_eq!(whole.headers["veneer-revision"].len(), 64);
        let part = world.send(Method::GET, FILE, &[("range", "bytes=6-10")], "").await;
        assert_eq!((part.status, part.text()), (StatusCode::PARTIAL_CONTENT, "label"));
        assert_eq!(part.headers[header::CONTENT_RANGE], format!("bytes 6-10/{}", LABELS.len()));
        let beyond = world.send(Method::GET, FILE, &[("range", "bytes=999-")], "").await;
        assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
        let head = world.send(Method::HEAD, FILE, &[], "").await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.headers[header::CONTENT_LENGTH], LABELS.len().to_string());
    }

    #[tokio::test]
    async fn the_etag_stays_until_the_content_changes() {
        let world = World::new();
        let etag = world.get(FILE).await.headers[header::ETAG].clone();
        let etag = etag.to_str().expect("text");
        world.commit("new.txt", "new");
        let known = world.send(Method::GET, FILE, &[("if-none-match", etag)], "").await;
        assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0), "another revision, the same file");
        world.commit("labels.csv", "other");
        let changed = world.send(Method::GET, FILE, &[("if-none-match", etag)], "").await;
        assert_eq!((changed.status, changed.text()), (StatusCode::OK, "other"));
    }

    #[tokio::test]
    async fn a_file_of_a_revision_is_kept_for_ever() {
        let world = World::new();
        let revision = world.commit("labels.csv", "now");
        let answer = world.get(&format!("/v1/datasets/d/at/{revision}/files/labels.csv")).await;
        assert!(answer.headers[header::CACHE_CONTROL].to_str().expect("text").ends_with("immutable"));
        let before = world.get(&format!("/v1/datasets/d/at/{}~1/files/labels.csv", &revision.to_hex()[..9])).await;
        assert_eq!(
            (before.text(), &before.headers[header::CACHE_CONTROL]),
            (LABELS, &"no-cache".parse().expect("valid"))
        );
    }

    #[tokio::test]
    async fn a_source_that_has_changed_is_a_conflict_and_never_wrong_bytes() {
        let world = World::new();
        std::fs::write(world.folder.path().join("labels.csv"), "something else altogether").expect("written");
        let answer = world.get(FILE).await;
        assert_eq!((answer.status, answer.json()["kind"].as_str()), (StatusCode::CONFLICT, Some("source-changed")));
        assert_eq!(answer.json()["path"], "labels.csv");
    }

    #[tokio::test]
    async fn what_leads_out_of_the_dataset_is_refused() {
        let world = World::new();
        for path in ["..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "images/%2E%2E/%2E%2E/x", "a%00b"] {
            let answer = world.get(&format!("/v1/datasets/d/at/main/files/{path}")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {answer:?}");
        }
        let folder = world.get("/v1/datasets/d/at/main/files/images").await;
        assert_eq!((folder.status, folder.json()["kind"].as_str()), (StatusCode::CONFLICT, Some("is-a-folder")));
        assert_eq!(world.get("/v1/datasets/d/at/main/files/nothing").await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_large_file_comes_in_pieces_and_is_whole() {
        let world = World::new();
        let text: String = (0..400_000).map(|number| format!("{number:>7}\n")).collect();
        world.commit("large.txt", &text);
        let answer = world.get("/v1/datasets/d/at/main/files/large.txt").await;
        assert!(answer.text() == text, "{} of {} bytes", answer.body.len(), text.len());
        let range = [("range", "bytes=1000000-2999999")];
        let part = world.send(Method::GET, "/v1/datasets/d/at/main/files/large.txt", &range, "").await;
        assert!(part.text() == &text[1_000_000..3_000_000], "{} bytes", part.body.len());
    }
}
