//! Objects: immutable bytes by their hash.

use std::io::{self, Read};

use axum::Json;
use axum::body::{Body as RawBody, Bytes};
use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, Receiver};
use tokio_stream::StreamExt;
use utoipa::{IntoParams, ToSchema};
use veneer::model::{Id, ObjectKind};

use crate::auth::{Editor, Viewer};
use crate::bytes::{self, Wanted};
use crate::extract::{Body, Named, Params};
use crate::problem::Problem;
use crate::state::AppState;

/// An object never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// So many pieces of an upload wait for the disk.
const PIECES_AHEAD: usize = 4;
/// How many ids may be asked about at once.
const IDS_MAX: usize = 100_000;

/// What an object is stored as.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Kind {
    /// `blob`, `base`, `node`, `revision`, `draft` or `dataset`.
    #[serde(default = "blob")]
    #[param(value_type = String, example = "blob")]
    kind: ObjectKind,
}

fn blob() -> ObjectKind {
    ObjectKind::Blob
}

/// An object that is stored; it is durable once a later batch was applied.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stored {
    /// Its id, the BLAKE3 hash of its bytes.
    id: String,
    /// How many bytes it has.
    len: u64,
}

/// Objects that are asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Ids {
    /// Their ids.
    ids: Vec<String>,
}

/// Objects that are not there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Missing {
    /// Their ids, in the order in which they were asked for.
    missing: Vec<String>,
}

/// Gives an object's bytes, or a range of them.
#[utoipa::path(get, path = "/v1/objects/{id}", tag = "store", params(("id" = String, Path)),
    security(("token" = ["viewer"])),
    responses((status = 200, description = "all bytes", content_type = "application/octet-stream"),
        (status = 206, description = "a range"), (status = 304, description = "it is known"), Problem))]
pub async fn get_object(
    _: Viewer,
    State(app): State<AppState>,
    Named(id): Named<String>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let id = Id::from_hex(&id)?;
    let headers = HeaderMap::from_iter([
        (header::CACHE_CONTROL, FOR_EVER),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
    ]);
    let etag = format!("\"{id}\"");
    let prepared = app.run(move |app| bytes::prepare(&wanted, app.store().open(id)?, &etag, headers));
    Ok(prepared.await?.answer(&app))
}

/// Stores an object under the id that its bytes have.
#[utoipa::path(put, path = "/v1/objects/{id}", tag = "store", params(("id" = String, Path), Kind),
    security(("token" = ["editor"])),
    request_body(content_type = "application/octet-stream", content = Vec<u8>),
    responses((status = 200, body = Stored), Problem))]
pub async fn put_object(
    _: Editor,
    State(app): State<AppState>,
    Named(id): Named<String>,
    Params(Kind { kind }): Params<Kind>,
    body: RawBody,
) -> Result<Json<Stored>, Problem> {
    let id = Id::from_hex(&id)?;
    let stored = store(&app, kind, body).await?;
    match stored.id == id.to_hex() {
        true => Ok(Json(stored)),
        false => Err(Problem::invalid("object id", &id.to_hex(), format!("the bytes have the id {}", stored.id))),
    }
}

/// Stores an object, and tells its id.
#[utoipa::path(post, path = "/v1/objects", tag = "store", params(Kind), security(("token" = ["editor"])),
    request_body(content_type = "application/octet-stream", content = Vec<u8>),
    responses((status = 200, body = Stored), Problem))]
pub async fn post_object(
    _: Editor,
    State(app): State<AppState>,
    Params(Kind { kind }): Params<Kind>,
    body: RawBody,
) -> Result<Json<Stored>, Problem> {
    store(&app, kind, body).await.map(Json)
}

/// Tells which of these objects are not there, so that only they need be sent.
#[utoipa::path(post, path = "/v1/objects/missing", tag = "store", security(("token" = ["viewer"])),
    request_body = Ids, responses((status = 200, body = Missing), Problem))]
pub async fn find_missing(
    _: Viewer,
    State(app): State<AppState>,
    Body(Ids { ids }): Body<Ids>,
) -> Result<Json<Missing>, Problem> {
    if ids.len() > IDS_MAX {
        let detail = format!("{} ids are asked about, and at most {IDS_MAX} may be", ids.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
    }
    let find = move |app: &AppState| {
        let mut missing = Vec::new();
        for id in ids {
            let known = Id::from_hex(&id)?;
            // Whoever hears that it is there does not send it: it must not go before it is referred to.
            let is_there = app.local_store().map_or_else(|| app.store().has(known), |store| store.keep(known));
            if !is_there? {
                missing.push(id);
            }
        }
        Ok::<_, veneer::Error>(missing)
    };
    Ok(Json(Missing { missing: app.run(find).await? }))
}

/// Stores a body as it comes, without holding all of it.
async fn store(app: &AppState, kind: ObjectKind, body: RawBody) -> Result<Stored, Problem> {
    let (send, receive) = mpsc::channel::<io::Result<Bytes>>(PIECES_AHEAD);
    let store = app.store().clone();
    let stored = app.uploads().run(move || {
        let mut upload = Upload { pieces: receive, piece: Bytes::new() };
        store.put_stream(kind, &mut upload)
    });
    let sent = async move {
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            if send.send(piece.map_err(io::Error::other)).await.is_err() {
                break;
            }
        }
    };
    let (stored, ()) = tokio::join!(stored, sent);
    let (id, len) = stored?;
    Ok(Stored { id: id.to_hex(), len })
}

/// A body, read on a thread that may block.
struct Upload {
    pieces: Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Upload {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let len = buffer.len().min(self.piece.len());
        buffer[..len].copy_from_slice(&self.piece.split_to(len));
        Ok(len)
    }
}
