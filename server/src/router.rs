//! Every route on one page, and the layers around them all.
//!
//! The path, the parameters and the answers of a route stand at its handler, in
//! the attribute from which OpenAPI is made too; the test below prints them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Extensions, HeaderMap, Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use futures::{StreamExt, stream};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::problem::{Problem, ProblemDocument};
use crate::rows::routes::{self as rows, ROW_COUNT, TOTAL_ROWS};
use crate::sql::route as sql;
use crate::state::AppState;
use crate::{
    about, address, audit, auth, blame, comparison, datasets, drafts, entries, events, files, health, imports, jobs,
    log, merge, metrics, mounts, objects, operations, origin, refresh, refs, revisions, runs, saved_views, session,
    sources, tables, thumbnails, upkeep,
};

/// A batch has so many bytes at most: of a store, what is larger is sent object by object before.
const BATCH_LEN_MAX: usize = 64 << 20;
/// Edits have so many bytes at most, files that they put included; larger files are stored as objects before.
const EDITS_LEN_MAX: usize = 64 << 20;
/// An answer begins within this time; what may last longer is a [job](crate::jobs).
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// An object may be sent for so long, if that never stops: it is what a sweep waits for.
const SENT_WITHIN: Duration = Duration::from_secs(60 * 60);
/// A client that sends nothing of a body for this long is let go.
const BODY_SILENCE_MAX: Duration = Duration::from_secs(30);
/// Fewer bytes than these are not worth to be compressed.
const COMPRESS_FROM: u64 = 1024;

#[derive(OpenApi)]
#[openapi(
    info(title = "Veneer Object Service", description = "Stores, datasets, files, rows, drafts and runs over HTTP."),
    components(schemas(ProblemDocument))
)]
struct Description;

/// Every route.
fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Description::openapi())
        // The service.
        .routes(routes!(health::is_alive))
        .routes(routes!(health::is_ready))
        .routes(routes!(about::about))
        .routes(routes!(session::show, session::begin, session::end))
        .routes(routes!(metrics::show))
        .routes(routes!(events::listen))
        .routes(routes!(mounts::list_mounts))
        .routes(routes!(jobs::show_job))
        // The store: objects and refs.
        .routes(routes!(objects::get_object, objects::put_object).layer(DefaultBodyLimit::disable()))
        .routes(routes!(objects::post_object).layer(DefaultBodyLimit::disable()))
        .routes(routes!(objects::find_missing))
        .routes(routes!(refs::list_refs))
        .routes(routes!(refs::get_ref, refs::put_ref, refs::delete_ref))
        .routes(routes!(refs::apply).layer(DefaultBodyLimit::max(BATCH_LEN_MAX)))
        .routes(routes!(operations::wait_for_operation))
        .routes(routes!(revisions::find_revisions))
        .routes(routes!(upkeep::collect))
        .routes(routes!(upkeep::check_store))
        // Datasets.
        .routes(routes!(datasets::list_datasets, imports::import_dataset))
        .routes(routes!(imports::show_import))
        .routes(routes!(refresh::refresh))
        .routes(routes!(datasets::show_dataset))
        .routes(routes!(datasets::create_branch, datasets::delete_branch))
        .routes(routes!(datasets::create_tag, datasets::delete_tag))
        .routes(routes!(log::log))
        .routes(routes!(comparison::compare))
        .routes(routes!(merge::merge))
        .routes(routes!(merge::revert))
        .routes(routes!(blame::blame))
        .routes(routes!(datasets::show_view))
        .routes(routes!(saved_views::list_views))
        .routes(routes!(saved_views::put_view, saved_views::delete_view))
        // Files.
        .routes(routes!(files::get_file))
        .routes(routes!(sources::get_source_file))
        .routes(routes!(thumbnails::get_thumbnail))
        .routes(routes!(entries::list_top))
        .routes(routes!(entries::list_folder))
        // Rows.
        .routes(routes!(tables::list_tables))
        .routes(routes!(rows::page))
        .routes(routes!(rows::column))
        .routes(routes!(rows::mask))
        .routes(routes!(rows::histogram))
        .routes(routes!(rows::groups))
        .routes(routes!(rows::quantiles))
        .routes(routes!(rows::confusion))
        .routes(routes!(rows::lasso))
        .routes(routes!(rows::neighbours))
        .routes(routes!(rows::reduce))
        .routes(routes!(sql::query))
        // Runs.
        .routes(routes!(runs::list_runs, runs::begin_run))
        .routes(routes!(runs::show_run, runs::change_run, runs::delete_run))
        .routes(routes!(runs::hear_of_run))
        .routes(routes!(runs::put_batch).layer(DefaultBodyLimit::max(BATCH_LEN_MAX)))
        .routes(routes!(runs::put_scalars).layer(DefaultBodyLimit::max(BATCH_LEN_MAX)))
        .routes(routes!(runs::show_metrics))
        .routes(routes!(runs::show_scalars))
        .routes(routes!(runs::reduce_run))
        .routes(routes!(runs::compare_runs))
        // Drafts.
        .routes(routes!(drafts::show_draft))
        .routes(routes!(drafts::edit_draft).layer(DefaultBodyLimit::max(EDITS_LEN_MAX)))
        .routes(routes!(drafts::undo))
        .routes(routes!(drafts::redo))
        .routes(routes!(drafts::discard))
        .routes(routes!(drafts::compare_draft))
        .routes(routes!(drafts::commit_draft))
        .routes(routes!(drafts::rebase))
        .routes(routes!(drafts::show_merge, drafts::begin_merge))
        .routes(routes!(drafts::resolve))
        .routes(routes!(drafts::put_back))
}

/// Returns every route with the layers around it, and the description of them all at `/v1/openapi.json`.
pub fn router(app: AppState) -> Router {
    with_fallback(app, async |request: Request| {
        let detail = format!("there is nothing at `{}`", request.uri().path());
        Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
    })
}

/// As [`router()`], with an answer for all other paths.
pub(crate) fn with_fallback<H, T>(app: AppState, fallback: H) -> Router
where
    H: Handler<T, AppState>,
    T: 'static,
{
    let (router, description) = routes().split_for_parts();
    let description = Json(described(description));
    let dashboard_port = app.options().dashboard_port;
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, parts| origin::is_ours(origin, parts, dashboard_port)))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::RANGE,
            HeaderName::from_static(auth::AUTHOR),
        ])
        .expose_headers([
            header::ETAG,
            header::CONTENT_RANGE,
            header::LOCATION,
            address::REVISION,
            ROW_COUNT,
            TOTAL_ROWS,
        ])
        .allow_credentials(true);
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    let compression = compression.compress_when(SizeAbove::new(COMPRESS_FROM).and(is_worth));
    router
        .route("/v1/openapi.json", get(async || description))
        .fallback(fallback)
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this cannot be done with what is there")
        })
        .layer(compression)
        .layer(middleware::from_fn(from_this_machine))
        .layer(RequestBodyTimeoutLayer::new(BODY_SILENCE_MAX))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(app.clone(), audit::record))
        .layer(middleware::from_fn_with_state(app.clone(), metrics::count))
        .layer(middleware::from_fn_with_state(app.clone(), origin::check))
        .layer(cors)
        .layer(CatchPanicLayer::custom(|_| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "the service made a mistake").into_response()
        }))
        .layer(TraceLayer::new_for_http())
        .with_state(app)
}

/// Gives up a request that is not answered in time.
async fn in_time(request: Request, next: Next) -> Response {
    let within = time_of(request.method(), request.uri().path());
    answered_within(within, request, next).await
}

/// As [`in_time`]: 408 where the client's body was waited for, else 504.
async fn answered_within(within: Duration, request: Request, next: Next) -> Response {
    let is_awaited = Arc::new(AtomicBool::new(false));
    let request = match request.body().is_end_stream() {
        true => request,
        false => request.map(|body| {
            let (mut body, is_awaited) = (body.into_data_stream(), Arc::clone(&is_awaited));
            Body::from_stream(stream::poll_fn(move |context| {
                let polled = body.poll_next_unpin(context);
                is_awaited.store(polled.is_pending(), Ordering::Relaxed);
                polled
            }))
        }),
    };
    tokio::time::timeout(within, next.run(request)).await.unwrap_or_else(|_| {
        let (status, what) = match is_awaited.load(Ordering::Relaxed) {
            true => (StatusCode::REQUEST_TIMEOUT, "the request has not come whole"),
            false => (StatusCode::GATEWAY_TIMEOUT, "no answer has begun"),
        };
        let detail = format!("{what} within {} seconds", within.as_secs());
        Problem::new(status, "timeout", detail).into_response()
    })
}

/// How long a request may take: an object's bytes come as slowly as its sender's network is.
fn time_of(method: &Method, path: &str) -> Duration {
    match path {
        "/v1/objects/missing" => ANSWER_WITHIN,
        path if path.starts_with("/v1/objects") && matches!(*method, Method::PUT | Method::POST) => SENT_WITHIN,
        _ => ANSWER_WITHIN,
    }
}

/// Takes what an answer may be compressed by from requests of this machine: copying is quicker than any of it.
async fn from_this_machine(mut request: Request, next: Next) -> Response {
    let from = request.extensions().get::<audit::From>().map(|audit::From(from)| from.as_str());
    let is_near = from.is_some_and(|from| from.parse().is_ok_and(|peer: SocketAddr| peer.ip().is_loopback()));
    if is_near || request.extensions().get() == Some(&auth::Transport::Socket) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}

/// Whether compressing such an answer pays: text and columns do, images and objects do not.
fn is_worth(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    // An event must not wait until a block of them is full.
    if kind == b"text/event-stream" {
        return false;
    }
    [&b"application/json"[..], b"application/problem+json", b"text/", crate::accept::ARROW.as_bytes()]
        .iter()
        .any(|worth| kind.starts_with(worth))
}

/// The description, with paths as OpenAPI writes them and the way to show a token.
fn described(mut description: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let paths = std::mem::take(&mut description.paths.paths);
    description.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    description.components.get_or_insert_default().add_security_scheme("token", token);
    description
}

#[cfg(test)]
mod tests;
