//! `/metrics`: how many requests there were and how long they took, as Prometheus reads it.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::auth::Viewer;
use crate::problem::Problem;
use crate::state::AppState;

/// Upper bounds of how long a request takes, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// The media type of the text.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;

/// What is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    durations: Family<Labels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    operation: Gauge,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::with_prefix("veneer");
        let requests = Family::<Labels, Counter>::default();
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let durations = Family::new_with_constructor(histogram);
        let (in_flight, operation) = (Gauge::default(), Gauge::default());
        registry.register("http_requests", "requests that were answered", requests.clone());
        registry.register("http_request_seconds", "time until an answer began", durations.clone());
        registry.register("http_requests_in_flight", "requests that are not answered yet", in_flight.clone());
        registry.register("store_operation", "number of the store's last operation", operation.clone());
        Metrics { registry, requests, durations, in_flight, operation }
    }
}

/// Tells how many requests there were, and how long they took.
#[utoipa::path(get, path = "/metrics", operation_id = "show_service_metrics", tag = "service",
    security(("token" = ["viewer"])), responses((status = 200, content_type = "application/openmetrics-text", body = String), Problem))]
pub async fn show(_: Viewer, State(app): State<AppState>) -> Response {
    let metrics = app.metrics();
    metrics.operation.set(i64::try_from(app.feed().op()).unwrap_or(i64::MAX));
    let mut text = String::new();
    // It fails only where the text does, which grows in memory.
    let _ = encode(&mut text, &metrics.registry);
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response()
}

/// Counted down also where the request is given up.
struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts a request, by its route and not its path: paths are without number.
pub async fn count(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", |path| path.as_str()).to_owned();
    let method = match *request.method() {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE | Method::OPTIONS => {
            request.method().to_string()
        }
        _ => "other".to_owned(),
    };
    let begun = Instant::now();
    app.metrics().in_flight.inc();
    let in_flight = InFlight(app.metrics().in_flight.clone());
    let response = next.run(request).await;
    drop(in_flight);
    let metrics = app.metrics();
    let of_route = vec![("method", method), ("route", route)];
    metrics.durations.get_or_create(&of_route).observe(begun.elapsed().as_secs_f64());
    let mut labels = of_route;
    labels.push(("status", response.status().as_str().to_owned()));
    metrics.requests.get_or_create(&labels).inc();
    response
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[tokio::test]
    async fn requests_are_counted_by_route() {
        let world = World::new();
        world.get("/v1/datasets/d").await;
        world.get("/v1/datasets/nothing").await;
        let metrics = world.get("/metrics").await;
        for line in [
            r#"veneer_http_requests_total{method="GET",route="/v1/datasets/{dataset}",status="200"} 1"#,
            r#"veneer_http_requests_total{method="GET",route="/v1/datasets/{dataset}",status="404"} 1"#,
            r#"veneer_http_request_seconds_count{method="GET",route="/v1/datasets/{dataset}"} 2"#,
            "veneer_http_requests_in_flight 1",
        ] {
            assert!(metrics.text().lines().any(|found| found == line), "{line} is not in:\n{}", metrics.text());
        }
    }
}
