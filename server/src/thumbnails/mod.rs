//! `…/thumbnails/{size}/{path}`: small pictures of images, made when somebody asks.
//!
//! They are kept on disk by the image's content ([`Cache`]), so an unchanged image
//! has its thumbnail in all revisions. How one is made is in `made`.

mod made;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use veneer::dataset::Content;
use veneer::model::{DataPath, Id};
use veneer::source::OnDrift;
use veneer::store::Cache;

use crate::address::At;
use crate::auth::Viewer;
use crate::blocking::Blocking;
use crate::bytes::{self, Wanted};
use crate::files;
use crate::problem::Problem;
use crate::state::AppState;
use made::Refusal;

/// The most bytes of thumbnails on disk.
const CACHE_LEN_MAX: u64 = 1 << 30;
/// An image's file has so many bytes at most.
const FILE_LEN_MAX: u64 = 256 << 20;
/// The longest edge that may be asked for, in pixels.
const SIZE_MAX: u32 = 1024;
/// How many are made at a time: each has a decoded image in memory.
const MADE_AT_ONCE: usize = 2;

/// The thumbnails of a service.
#[derive(Debug)]
pub struct Thumbnails {
    cache: Option<Cache>,
    turns: Blocking,
}

impl Thumbnails {
    /// Kept in a folder of the store's cache; without one they are made each time.
    pub fn new(folder: Option<&std::path::Path>) -> Thumbnails {
        let cache = folder.map(|folder| Cache::with_len_max(folder, CACHE_LEN_MAX));
        let turns = std::thread::available_parallelism().map_or(MADE_AT_ONCE, usize::from);
        Thumbnails { cache, turns: Blocking::with_turns(turns.max(MADE_AT_ONCE)) }
    }

    fn kept(&self, id: Id) -> Option<Vec<u8>> {
        self.cache.as_ref().and_then(|cache| cache.get(id))
    }
}

/// What was found of an image.
enum Found {
    Thumbnail(Vec<u8>),
    Image(Box<Content>),
}

/// Gives an image scaled down to fit a square of `size` pixels, turned upright as its Exif says; a smaller one as it is.
///
/// JPEG, or PNG where the image has transparent pixels. 415 for what is no image,
/// 422 for one that is broken or has too many pixels, with the reason.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/thumbnails/{size}/{*path}", tag = "files",
    params(("dataset" = String, Path), ("ref" = String, Path), ("size" = u32, Path), ("path" = String, Path)),
    security(("token" = ["viewer"])),
    responses((status = 200, description = "an image", content_type = "image/jpeg"),
        (status = 304, description = "it is known"), Problem))]
pub async fn get_thumbnail(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    at: At,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let (size, path) = size_and_path(&at)?;
    let name = path.to_string();
    let found = app.run(move |app| {
        let shown = at.open(app, &caller.writer)?;
        let node = shown.view.existing(&path)?;
        let id = name_of(files::identity(&shown.view, &node)?, size);
        let found = match app.thumbnails().kept(id) {
            Some(thumbnail) => Found::Thumbnail(thumbnail),
            None => Found::Image(Box::new(shown.view.open(&node, OnDrift::Error)?)),
        };
        Ok::<_, veneer::Error>((found, id, shown.headers()))
    });
    let (found, id, mut headers) = found.await?;
    let etag = format!("\"{id}\"");
    if wanted.is_known(&etag) {
        return Ok(bytes::not_modified(&etag, headers));
    }
    let thumbnail = match found {
        Found::Thumbnail(thumbnail) => thumbnail,
        Found::Image(content) => make(&app, *content, size, id, name).await?,
    };
    headers.extend(headers_of(&thumbnail, &etag));
    let body = if wanted.is_head { Body::empty() } else { Body::from(thumbnail) };
    Ok((headers, body).into_response())
}

/// The size stands before the path.
fn size_and_path(at: &At) -> Result<(u32, DataPath), Problem> {
    let path = at.path()?;
    let text = path.as_bytes();
    let cut = text.iter().position(|&byte| byte == b'/').unwrap_or(text.len());
    let size = String::from_utf8_lossy(&text[..cut]).into_owned();
    let wrong = || Problem::invalid("size", &size, format!("it is a number of pixels from 1 to {SIZE_MAX}"));
    let number = size.parse().ok().filter(|number| (1..=SIZE_MAX).contains(number)).ok_or_else(wrong)?;
    Ok((number, DataPath::parse(text.get(cut + 1..).unwrap_or_default())?))
}

/// What a thumbnail is kept as.
fn name_of(content: Id, size: u32) -> Id {
    Id::of(format!("thumbnail {} {size} {content}", made::VERSION).as_bytes())
}

async fn make(app: &AppState, content: Content, size: u32, id: Id, name: String) -> Result<Vec<u8>, Problem> {
    let thumbnails = app.clone();
    let work = move || {
        let image = read(&content, &name)?;
        let thumbnail = made::thumbnail(&image, size).map_err(|refusal| problem(&refusal, &name))?;
        if let Some(cache) = &thumbnails.thumbnails().cache {
            cache.put(id, &thumbnail);
        }
        Ok::<_, Problem>(thumbnail)
    };
    app.thumbnails().turns.run(work).await
}

fn read(content: &Content, name: &str) -> Result<Vec<u8>, Problem> {
    if content.len() > FILE_LEN_MAX {
        return Err(problem(&Refusal::TooLarge(format!("{} bytes", content.len())), name));
    }
    let mut bytes = vec![0; usize::try_from(content.len()).expect("bounded above")];
    let filled = content.read_at(&mut bytes, 0)?;
    bytes.truncate(filled);
    Ok(bytes)
}

fn problem(refusal: &Refusal, name: &str) -> Problem {
    match refusal {
        Refusal::NoImage => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "no-image",
            format!("`{name}` is no image that can be shown: JPEG, PNG, WebP, GIF, BMP or TIFF"),
        ),
        Refusal::Broken(why) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "broken-image", format!("`{name}` is broken: {why}"))
        }
        Refusal::TooLarge(how) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "image-too-large",
            format!("`{name}` is too large for a thumbnail: {how}"),
        ),
    }
}

fn headers_of(thumbnail: &[u8], etag: &str) -> HeaderMap {
    let kind = if thumbnail.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_LENGTH, HeaderValue::from(thumbnail.len())),
        (header::ETAG, HeaderValue::from_str(etag).expect("hexadecimal digits")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ])
}

#[cfg(test)]
mod tests;
