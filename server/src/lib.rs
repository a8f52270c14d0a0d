//! The Object Service as a router: what answers which path, with no socket in it.
//!
//! [`router`] is the whole of it, so a test can call it as a function. `main.rs`
//! binds it to an address and stops it on a signal. For now it only says that it
//! is alive.

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

/// What `/healthz` answers.
#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// Returns every route of the service.
pub fn router() -> Router {
    Router::new().route("/healthz", get(health))
}

async fn health() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode, header};
    use tower::ServiceExt;

    use super::*;

    async fn call(path: &str) -> (StatusCode, String, String) {
        let request = Request::get(path).body(Body::empty()).expect("a valid request");
        let response = router().oneshot(request).await.expect("a router always answers");
        let kind =
            response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (status, kind) = (response.status(), kind.to_owned());
        let body = to_bytes(response.into_body(), 1 << 16).await.expect("a short body");
        (status, kind, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn healthz_says_ok_and_the_version() {
        let (status, kind, body) = call("/healthz").await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/json"));
        assert_eq!(body, format!(r#"{{"status":"ok","version":"{}"}}"#, env!("CARGO_PKG_VERSION")));
    }

    #[tokio::test]
    async fn an_unknown_path_is_not_found() {
        assert_eq!(call("/nothing/here").await.0, StatusCode::NOT_FOUND);
    }
}
