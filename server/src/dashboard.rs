//! The Dashboard Service: the web application, and beside it every route of the Object Service.
//!
//! One port is then all that a browser needs. The pages are those that
//! `npm run build` made in `server/dashboard`, embedded in the program; one built
//! without `--release` reads them from that folder. The application finds its own
//! way from the address, so a path without a file is answered with its page.

use axum::Router;
use axum::extract::Request;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::Problem;
use crate::state::AppState;

/// The application's page.
const PAGE: &str = "index.html";
/// The folder of the files whose names tell their content.
const NAMED_BY_CONTENT: &str = "assets/";
/// What the pages may load: nothing of any other host.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
                      worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";
/// The page of a program that was built without the Dashboard.
const MISSING: &str = "<!doctype html><title>Veneer</title><p>This program was built without the Dashboard. \
                       In its sources, <code>npm ci &amp;&amp; npm run build</code> in \
                       <code>server/dashboard</code>, and build it again.";

#[derive(RustEmbed)]
#[folder = "dashboard/dist/"]
struct Pages;

/// Returns the pages, and every route of [`crate::router()`], with the same layers around them.
pub fn router(app: AppState) -> Router {
    crate::router::with_fallback(app, show)
}

/// Answers with a file of the application, else with its page.
async fn show(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("v1/") || path.starts_with(NAMED_BY_CONTENT) && Pages::get(path).is_none() {
        let detail = format!("there is nothing at `/{path}`");
        return Problem::new(StatusCode::NOT_FOUND, "not-found", detail).into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let detail = "a page can only be read";
        return Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail).into_response();
    }
    match Pages::get(path).map(|file| (path, file)).or_else(|| Pages::get(PAGE).map(|page| (PAGE, page))) {
        Some((path, file)) => answer(path, file, request.headers()),
        None => (StatusCode::NOT_FOUND, policy(), Html(MISSING)).into_response(),
    }
}

fn answer(path: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let hash: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = HeaderValue::from_str(&format!("\"{hash}\"")).expect("hexadecimal digits");
    let caching = match path.starts_with(NAMED_BY_CONTENT) {
        true => HeaderValue::from_static("public, max-age=31536000, immutable"),
        false => HeaderValue::from_static("no-cache"),
    };
    let is_known = asked.get_all(header::IF_NONE_MATCH).iter().any(|known| known == tag);
    let headers = [(header::ETAG, tag), (header::CACHE_CONTROL, caching)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_str(file.metadata.mimetype()).expect("a media type"))];
    (headers, kind, policy(), file.data).into_response()
}

fn policy() -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Options;
    use crate::testing::World;

    /// The world's service, with the Dashboard's port asked.
    fn world() -> World {
        let mut world = World::new();
        world.router = router(AppState::new(world.store.clone(), Options::default(), None));
        world
    }

    #[tokio::test]
    async fn routes_of_the_service_are_answered_on_the_dashboard_s_port() {
        let world = world();
        assert_eq!(world.get("/v1/datasets").await.status, StatusCode::OK);
        let missing = world.get("/v1/no-such-thing").await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert_eq!(missing.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(world.send(Method::POST, "/", &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn an_address_of_the_application_is_its_page_and_a_file_that_is_gone_is_not() {
        let world = world();
        assert_eq!(world.get("/assets/gone-1234.js").await.status, StatusCode::NOT_FOUND);
        for path in ["/", "/datasets/d/at/main", "/index.html"] {
            let answer = world.get(path).await;
            assert_eq!(answer.headers[header::CONTENT_SECURITY_POLICY], POLICY, "{path}");
            assert!(answer.headers[header::CONTENT_TYPE].to_str().expect("text").starts_with("text/html"), "{path}");
            // Before the pages are built, the answer says how to.
            let is_built = Pages::get(PAGE).is_some();
            let (status, part) =
                if is_built { (StatusCode::OK, "<div id=\"root\">") } else { (StatusCode::NOT_FOUND, "npm ci") };
            assert_eq!(answer.status, status, "{path}");
            assert!(String::from_utf8_lossy(&answer.body).contains(part), "{path}");
        }
    }

    #[tokio::test]
    async fn what_a_browser_has_is_not_sent_again() {
        let world = world();
        let Some(asset) = Pages::iter().find(|name| name.starts_with(NAMED_BY_CONTENT)) else {
            let line = b"skipped: what_a_browser_has_is_not_sent_again: the pages are not built\n";
            let _ = std::io::Write::write_all(&mut std::io::stderr(), line);
            return;
        };
        for (path, caching) in [(format!("/{asset}"), "public, max-age=31536000, immutable"), ("/".into(), "no-cache")]
        {
            let first = world.get(&path).await;
            assert_eq!(
                (first.status, &first.headers[header::CACHE_CONTROL]),
                (StatusCode::OK, &HeaderValue::from_static(caching))
            );
            let tag = first.headers[header::ETAG].to_str().expect("text").to_owned();
            let second = world.send(Method::GET, &path, &[("if-none-match", &tag)], "").await;
            assert_eq!((second.status, second.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        }
    }
}
