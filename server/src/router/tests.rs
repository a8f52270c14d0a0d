//! The router as a whole: which routes there are, who may use them, and what goes around all of them.

use axum::http::{Method, StatusCode, header};
use serde_json::Value;
use utoipa::openapi::path::Operation;

use super::*;
use crate::auth::Role;
use crate::state::Options;
use crate::testing::World;
use crate::tokens::{self, Tokens};

/// Every route: who may use it (`anybody` needs no token), and its path.
const EVERY_ROUTE: &str = "
anybody GET /healthz
viewer GET /metrics
anybody GET /readyz
viewer GET /v1/about
editor POST /v1/apply
viewer GET /v1/compare
viewer GET /v1/datasets
admin POST /v1/datasets
viewer GET /v1/datasets/{dataset}
viewer GET /v1/datasets/{dataset}/at/{ref}
viewer GET /v1/datasets/{dataset}/at/{ref}/blame/{table}/{key}
viewer GET /v1/datasets/{dataset}/at/{ref}/files/{path}
viewer GET /v1/datasets/{dataset}/at/{ref}/tables
viewer GET /v1/datasets/{dataset}/at/{ref}/tables/{table}/columns/{column}
viewer GET /v1/datasets/{dataset}/at/{ref}/tables/{table}/confusion
viewer GET /v1/datasets/{dataset}/at/{ref}/tables/{table}/groups
viewer GET /v1/datasets/{dataset}/at/{ref}/tables/{table}/histogram
viewer POST /v1/datasets/{dataset}/at/{ref}/tables/{table}/lasso
viewer GET /v1/datasets/{dataset}/at/{ref}/tables/{table}/mask
viewer GET /v1/datasets/{dataset}/at/{ref}/tables/{table}/neighbours
viewer GET /v1/datasets/{dataset}/at/{ref}/tables/{table}/quantiles
viewer GET /v1/datasets/{dataset}/at/{ref}/tables/{table}/reduce
viewer GET /v1/datasets/{dataset}/at/{ref}/tables/{table}/rows
viewer GET /v1/datasets/{dataset}/at/{ref}/thumbnails/{size}/{path}
viewer GET /v1/datasets/{dataset}/at/{ref}/tree
viewer GET /v1/datasets/{dataset}/at/{ref}/tree/{path}
admin DELETE /v1/datasets/{dataset}/branches/{name}
editor POST /v1/datasets/{dataset}/branches/{name}
viewer GET /v1/datasets/{dataset}/diff
editor POST /v1/datasets/{dataset}/diff/revert
viewer GET /v1/datasets/{dataset}/drafts/{branch}
editor POST /v1/datasets/{dataset}/drafts/{branch}/commit
viewer GET /v1/datasets/{dataset}/drafts/{branch}/diff
editor POST /v1/datasets/{dataset}/drafts/{branch}/discard
editor POST /v1/datasets/{dataset}/drafts/{branch}/edits
viewer GET /v1/datasets/{dataset}/drafts/{branch}/merge
editor POST /v1/datasets/{dataset}/drafts/{branch}/merge
editor POST /v1/datasets/{dataset}/drafts/{branch}/merge/resolve
editor POST /v1/datasets/{dataset}/drafts/{branch}/rebase
editor POST /v1/datasets/{dataset}/drafts/{branch}/redo
editor POST /v1/datasets/{dataset}/drafts/{branch}/undo
viewer GET /v1/datasets/{dataset}/log
editor POST /v1/datasets/{dataset}/merge
editor POST /v1/datasets/{dataset}/refresh
editor POST /v1/datasets/{dataset}/revert
viewer GET /v1/datasets/{dataset}/sources/{base}/{path}
admin DELETE /v1/datasets/{dataset}/tags/{name}
editor POST /v1/datasets/{dataset}/tags/{name}
viewer GET /v1/datasets/{dataset}/views
editor DELETE /v1/datasets/{dataset}/views/{name}
editor PUT /v1/datasets/{dataset}/views/{name}
viewer GET /v1/events
admin POST /v1/fsck
admin POST /v1/gc
viewer GET /v1/imports/{id}
viewer GET /v1/jobs/{id}
viewer GET /v1/mounts
editor POST /v1/objects
viewer POST /v1/objects/missing
viewer GET /v1/objects/{id}
editor PUT /v1/objects/{id}
viewer GET /v1/ops
viewer GET /v1/refs
editor DELETE /v1/refs/{name}
viewer GET /v1/refs/{name}
editor PUT /v1/refs/{name}
viewer GET /v1/revisions
viewer GET /v1/runs
editor POST /v1/runs
editor DELETE /v1/runs/{run}
viewer GET /v1/runs/{run}
editor PATCH /v1/runs/{run}
editor PUT /v1/runs/{run}/batches/{batch}
editor POST /v1/runs/{run}/heartbeat
viewer GET /v1/runs/{run}/metrics
editor POST /v1/runs/{run}/reduce
viewer GET /v1/runs/{run}/scalars
editor PUT /v1/runs/{run}/scalars/{batch}
anybody DELETE /v1/session
viewer GET /v1/session
anybody POST /v1/session
viewer POST /v1/sql
";

/// Each route: the role that its description names, its method and its path.
fn described_routes() -> Vec<(Option<Role>, Method, String)> {
    let description = described(routes().split_for_parts().1);
    let mut routes = Vec::new();
    for (path, item) in &description.paths.paths {
        let operations: [(&Option<Operation>, Method); 5] = [
            (&item.delete, Method::DELETE),
            (&item.get, Method::GET),
            (&item.patch, Method::PATCH),
            (&item.post, Method::POST),
            (&item.put, Method::PUT),
        ];
        for (operation, method) in operations {
            if let Some(operation) = operation {
                routes.push((role(operation), method, path.clone()));
            }
        }
    }
    routes
}

fn role(operation: &Operation) -> Option<Role> {
    let security = serde_json::to_value(&operation.security).expect("plain data");
    let word = security.pointer("/0/token/0").and_then(Value::as_str)?;
    Role::ALL.into_iter().find(|role| role.word() == word)
}

#[test]
fn these_are_all_routes_and_who_may_use_them() {
    let lines = described_routes()
        .into_iter()
        .map(|(role, method, path)| format!("{} {method} {path}\n", role.map_or("anybody", Role::word)));
    assert_eq!(lines.collect::<String>(), EVERY_ROUTE.trim_start());
}

#[tokio::test]
async fn every_route_takes_the_role_that_its_description_names() {
    let made: Vec<_> = Role::ALL.iter().map(|role| tokens::make(*role, &"ada".parse().expect("valid"))).collect();
    let made: Vec<(String, String)> = made.into_iter().map(|made| made.expect("made")).collect();
    let lines: Vec<&str> = made.iter().map(|(_, line)| line.as_str()).collect();
    let world = World::with(Options::default(), Some(Tokens::parse(&lines.join("\n")).expect("valid")));
    for (needed, method, path) in described_routes() {
        let path = path.replace("{dataset}", "d").replace("{ref}", "main").replace(['{', '}'], "");
        let without = world.send(method.clone(), &path, &[], "").await;
        assert_eq!(without.status == StatusCode::UNAUTHORIZED, needed.is_some(), "{method} {path}: {without:?}");
        for (role, (token, _)) in Role::ALL.into_iter().zip(&made) {
            let answer = world.send(method.clone(), &path, &[("authorization", &format!("Bearer {token}"))], "").await;
            let is_refused = matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED);
            assert_eq!(is_refused, needed.is_some_and(|needed| role < needed), "{role:?} {method} {path}: {answer:?}");
        }
    }
    let lower =
        world.send(Method::GET, "/v1/datasets", &[("authorization", &format!("bearer {}", made[0].0))], "").await;
    assert_eq!(lower.status, StatusCode::OK, "{lower:?}");
    let answer = world.send(Method::GET, "/v1/about", &[("authorization", "Bearer veneer_1_2")], "").await;
    assert_eq!((answer.status, answer.json()["kind"].as_str()), (StatusCode::UNAUTHORIZED, Some("unauthorized")));
}

#[tokio::test]
async fn a_service_that_only_reads_refuses_every_change() {
    let world = World::with(Options { read_only: true, ..Options::default() }, None);
    for (role, method, path) in described_routes() {
        let path = path.replace("{dataset}", "d").replace("{ref}", "main").replace(['{', '}'], "");
        let answer = world.send(method.clone(), &path, &[], "").await;
        let is_refused = answer.status == StatusCode::FORBIDDEN && answer.json()["kind"] == "read-only";
        assert_eq!(is_refused, role.is_some_and(|role| role > Role::Viewer), "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_gets_nothing() {
    let world = World::new();
    let get = |headers: &'static [(&'static str, &'static str)]| world.send(Method::GET, "/v1/about", headers, "");
    assert_eq!(get(&[("host", "evil.example")]).await.status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(get(&[("origin", "http://evil.example")]).await.status, StatusCode::FORBIDDEN);
    let ours = get(&[("origin", "http://localhost:8000")]).await;
    assert_eq!(ours.status, StatusCode::OK);
    assert_eq!(ours.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "http://localhost:8000");
}

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_done_are_problems() {
    let world = World::new();
    for (method, path, status, kind) in [
        (Method::GET, "/nothing/here", 404, "not-found"),
        (Method::GET, "/v1/datasets/nothing", 404, "not-found"),
        (Method::PATCH, "/v1/about", 405, "method-not-allowed"),
        (Method::GET, "/v1/ops?after=x", 400, "invalid"),
        (Method::GET, "/v1/objects/xyz", 400, "invalid"),
        (Method::POST, "/v1/objects/missing", 415, "unsupported-media-type"),
    ] {
        let answer = world.send(method, path, &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["kind"].as_str()),
            (status, Some(kind)),
            "{path}: {answer:?}"
        );
        assert_eq!(answer.headers[header::CONTENT_TYPE], crate::problem::MEDIA_TYPE, "{path}");
    }
}

#[test]
fn who_sends_an_object_has_longer_than_who_asks() {
    for (method, path, within) in [
        (Method::PUT, "/v1/objects/3f", SENT_WITHIN),
        (Method::POST, "/v1/objects", SENT_WITHIN),
        (Method::POST, "/v1/objects/missing", ANSWER_WITHIN),
        (Method::GET, "/v1/objects/3f", ANSWER_WITHIN),
        (Method::POST, "/v1/datasets", ANSWER_WITHIN),
    ] {
        assert_eq!(time_of(&method, path), within, "{method} {path}");
    }
}

#[tokio::test]
async fn the_description_is_openapi_3_1() {
    let description = World::new().get("/v1/openapi.json").await.json();
    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{description}");
    assert!(description["components"]["schemas"]["Problem"].is_object());
}

#[tokio::test]
async fn the_description_says_where_each_parameter_stands_and_names_each_operation_once() {
    let description = World::new().get("/v1/openapi.json").await.json();
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let name = operation["operationId"].as_str().unwrap_or_default();
            assert!(names.insert(name.to_owned()), "{method} {path} has the name of another one: `{name}`");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let is_in_path = path.contains(&format!("{{{}}}", parameter["name"].as_str().expect("a name")));
                let stands = if is_in_path { "path" } else { "query" };
                assert_eq!(parameter["in"], stands, "{method} {path}: {parameter}");
                assert!(is_in_path || parameter["schema"]["type"] != "object", "{method} {path}: {parameter}");
            }
        }
    }
}

#[tokio::test]
async fn it_lives_and_is_ready() {
    let world = World::new();
    for path in ["/healthz", "/readyz"] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["version"], env!("CARGO_PKG_VERSION"));
    }
    assert_eq!(world.get("/v1/about").await.json()["role"], "admin", "nobody needs a token here");
}

/// The description as a file, from which the Dashboard's types are made. `UPDATE=1` writes it anew.
#[tokio::test]
async fn the_description_is_the_one_that_clients_are_made_from() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let told = World::new().get("/v1/openapi.json").await.json();
    let told = serde_json::to_string_pretty(&told).expect("JSON") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &told).expect("written");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = written.lines().zip(told.lines()).find(|(written, told)| written != told);
    assert!(written == told, "server/openapi.json is not what is told; `UPDATE=1` writes it anew: {differs:?}");
}

#[tokio::test]
async fn who_is_slow_is_told_whether_it_is_the_client_or_the_service() {
    let slow = async |_: axum::body::Bytes| tokio::time::sleep(Duration::from_secs(60)).await;
    let within = |request, next| answered_within(Duration::from_millis(100), request, next);
    let router: Router = Router::new().route("/", axum::routing::post(slow)).layer(middleware::from_fn(within));
    let endless = Body::from_stream(stream::pending::<Result<axum::body::Bytes, std::io::Error>>());
    for (body, status) in [(endless, 408), (Body::from("all of it"), 504), (Body::empty(), 504)] {
        let request = Request::builder().method(Method::POST).uri("/").body(body).expect("valid");
        let answer = tower::ServiceExt::oneshot(router.clone(), request).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status);
    }
}
