//! Refs: names of objects that move by compare-and-swap, one by one or together.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use veneer::Error;
use veneer::model::{Id, RefName, RefOf, RefValue};
use veneer::store::{Batch, RefSwap, wire};

use crate::audit::Noted;
use crate::auth::{Editor, Role, Viewer};
use crate::extract::{Body, Named, Params};
use crate::operations::LastOperation;
use crate::problem::Problem;
use crate::state::AppState;

/// Which refs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Prefix {
    /// What their names begin with.
    #[serde(default)]
    prefix: String,
}

/// A ref, and what it points to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ref {
    /// Its name: `heads/DATASET/BRANCH` and the like.
    name: String,
    /// The object.
    id: String,
    /// The number of the operation that set it; its ETag, too.
    op: u64,
}

/// Some refs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refs {
    /// In order of name.
    refs: Vec<Ref>,
}

/// What a ref is to point to.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Target {
    /// The object, which must be there.
    id: String,
}

impl Ref {
    fn of(name: &RefName, value: RefValue) -> Ref {
        Ref { name: name.to_string(), id: value.id.to_hex(), op: value.op }
    }
}

/// Lists refs.
#[utoipa::path(get, path = "/v1/refs", tag = "store", params(Prefix), security(("token" = ["viewer"])),
    responses((status = 200, body = Refs), Problem))]
pub async fn list_refs(
    _: Viewer,
    State(app): State<AppState>,
    Params(Prefix { prefix }): Params<Prefix>,
) -> Result<Json<Refs>, Problem> {
    let refs = app.run(move |app| app.store().list_refs(&prefix)).await?;
    Ok(Json(Refs { refs: refs.iter().map(|(name, value)| Ref::of(name, *value)).collect() }))
}

/// Tells what a ref points to.
#[utoipa::path(get, path = "/v1/refs/{*name}", tag = "store", params(("name" = String, Path)),
    security(("token" = ["viewer"])), responses((status = 200, body = Ref), Problem))]
pub async fn get_ref(_: Viewer, State(app): State<AppState>, Named(name): Named<String>) -> Result<Response, Problem> {
    let name = RefName::parse(&name)?;
    let asked = name.clone();
    let value = app.run(move |app| app.store().read_ref(&asked)).await?;
    let value = value.ok_or_else(|| Error::not_found("ref", &name))?;
    Ok(answer(&name, value))
}

fn answer(name: &RefName, value: RefValue) -> Response {
    let etag = HeaderValue::from_str(&format!("\"{}\"", value.op)).expect("digits in quotes");
    let headers = [(header::ETAG, etag), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, Json(Ref::of(name, value))).into_response()
}

/// Makes a ref (`If-None-Match: *`), or moves it from the state that `If-Match` names. The names in it are valid, and
/// the object is what such a ref holds: a revision of its dataset, a step of a draft, a run's record …; else 400. A draft
/// takes its own writer, or an admin.
#[utoipa::path(put, path = "/v1/refs/{*name}", tag = "store", params(("name" = String, Path)), request_body = Target,
    security(("token" = ["editor"])), responses((status = 200, body = Ref), Problem))]
pub async fn put_ref(
    caller: Editor,
    State(app): State<AppState>,
    Named(name): Named<String>,
    headers: HeaderMap,
    Body(target): Body<Target>,
) -> Result<Response, Problem> {
    let (name, id) = (RefName::parse(&name)?, Id::from_hex(&target.id)?);
    let expected = Expected::of(&headers)?;
    let op = swap(&app, caller, &name, expected, Some(id)).await?;
    Ok(answer(&name, RefValue { id, op }))
}

/// Removes a ref that is in the state that `If-Match` names; of a draft, its own writer or an admin does.
#[utoipa::path(delete, path = "/v1/refs/{*name}", tag = "store", params(("name" = String, Path)),
    security(("token" = ["editor"])), responses((status = 200, body = LastOperation), Problem))]
pub async fn delete_ref(
    caller: Editor,
    State(app): State<AppState>,
    Named(name): Named<String>,
    headers: HeaderMap,
) -> Result<Json<LastOperation>, Problem> {
    let name = RefName::parse(&name)?;
    let expected = Expected::of(&headers)?;
    Ok(Json(LastOperation { op: swap(&app, caller, &name, expected, None).await? }))
}

/// Stores objects and swaps refs: all of it or nothing, durable when it is answered.
#[utoipa::path(post, path = "/v1/apply", tag = "store", security(("token" = ["editor"])),
    request_body(content_type = "application/vnd.veneer.batch", content = Vec<u8>),
    responses((status = 200, body = LastOperation), Problem))]
pub async fn apply(
    Editor(caller): Editor,
    State(app): State<AppState>,
    noted: Noted,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Json<LastOperation>, Problem> {
    let batch = wire::decode(body?)?;
    noted.detail(batch.swaps.iter().map(|swap| swap.name.to_string()).collect::<Vec<_>>());
    for swap in &batch.swaps {
        // What is removed may be of before names were checked.
        if swap.new.is_some() {
            swap.name.of()?;
        }
        caller.clone().who_may(role_for(swap), &app)?;
    }
    Ok(Json(LastOperation { op: app.run(move |app| app.store().apply(&batch)).await? }))
}

/// Who may do this: to make or remove a dataset, and to remove a branch or a tag, takes an admin.
fn role_for(swap: &RefSwap) -> Role {
    let name = swap.name.as_str();
    let is_draft = name.starts_with(RefName::DRAFTS);
    match name.starts_with(RefName::DATASETS) || (swap.new.is_none() && !is_draft) {
        true => Role::Admin,
        false => Role::Editor,
    }
}

/// What a request expects a ref to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Absent,
    Set { op: u64 },
}

impl Expected {
    fn of(headers: &HeaderMap) -> Result<Expected, Problem> {
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
        match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
            (None, Some("*")) => Ok(Expected::Absent),
            (Some(tag), None) => {
                let op = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|op| op.parse().ok());
                op.map(|op| Expected::Set { op })
                    .ok_or_else(|| Problem::invalid("ETag", tag, "it is an `op` in quotes"))
            }
            _ => {
                let detail = "say what the ref is now: `If-Match: \"OP\"`, or `If-None-Match: *` where there is none";
                Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition-required", detail))
            }
        }
    }
}

async fn swap(
    app: &AppState,
    Editor(caller): Editor,
    name: &RefName,
    expected: Expected,
    new: Option<Id>,
) -> Result<u64, Problem> {
    if let Ok(RefOf::Draft(.., writer)) = name.of()
        && writer != caller.writer
        && caller.role < Role::Admin
    {
        let detail = format!("the draft is {writer}'s, and this takes them or an admin");
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    caller.who_may(role_for(&RefSwap { name: name.clone(), expected: None, new }), app)?;
    let name = name.clone();
    app.run(move |app| {
        if let Some(id) = new {
            app.datasets().check_ref(&name, id)?;
        }
        let expected = match expected {
            Expected::Absent => None,
            Expected::Set { op } => match app.store().read_ref(&name)? {
                Some(value) if value.op == op => Some(value),
                _ => return Err(Error::new(veneer::ErrorKind::RefMoved { name: name.to_string() })),
            },
        };
        let frees_space = new.is_none();
        app.store().apply(&Batch { swaps: vec![RefSwap { name, expected, new }], frees_space, ..Batch::default() })
    })
    .await
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use super::*;
    use crate::testing::World;
    use crate::tokens::{self, Tokens};

    const REF: &str = "/v1/refs/heads/d/other";

    async fn put(world: &World, condition: (&str, &str), id: &Id) -> crate::testing::Answer {
        let body = json!({ "id": id.to_hex() }).to_string();
        world.send(Method::PUT, REF, &[condition, ("content-type", "application/json")], body).await
    }

    #[tokio::test]
    async fn a_ref_moves_only_from_the_state_that_is_expected() {
        let world = World::new();
        let (a, b) = (world.commit("a", "1"), world.commit("a", "2"));
        let made = put(&world, ("if-none-match", "*"), &a).await;
        assert_eq!(made.status, StatusCode::OK, "{made:?}");
        let etag = made.headers[header::ETAG].to_str().expect("text").to_owned();
        assert_eq!(put(&world, ("if-none-match", "*"), &b).await.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(put(&world, ("x-nothing", "said"), &b).await.status, StatusCode::PRECONDITION_REQUIRED);
        let moved = put(&world, ("if-match", &etag), &b).await;
        assert_eq!((moved.status, moved.json()["id"].as_str()), (StatusCode::OK, Some(b.to_hex().as_str())));
        let lost = put(&world, ("if-match", &etag), &a).await;
        assert_eq!((lost.status, lost.json()["kind"].as_str()), (StatusCode::PRECONDITION_FAILED, Some("ref-moved")));
        let etag = world.get(REF).await.headers[header::ETAG].to_str().expect("text").to_owned();
        assert_eq!(world.send(Method::DELETE, REF, &[("if-match", &etag)], "").await.status, StatusCode::OK);
        assert_eq!(world.get(REF).await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_ref_to_an_object_that_is_nowhere_is_refused() {
        let world = World::new();
        let answer = put(&world, ("if-none-match", "*"), &Id::of(b"nowhere")).await;
        assert_eq!((answer.status, answer.json()["what"].as_str()), (StatusCode::NOT_FOUND, Some("object")));
    }

    #[tokio::test]
    async fn an_object_is_put_under_the_id_of_its_bytes_and_no_other() {
        let world = World::new();
        let (id, other) = (Id::of(b"bytes"), Id::of(b"others"));
        let missing = world.post("/v1/objects/missing", &json!({ "ids": [id.to_hex()] })).await;
        assert_eq!(missing.json()["missing"], json!([id.to_hex()]));
        for (id, status) in [(other, StatusCode::BAD_REQUEST), (id, StatusCode::OK)] {
            let answer = world.send(Method::PUT, &format!("/v1/objects/{id}"), &[], "bytes").await;
            assert_eq!(answer.status, status, "{answer:?}");
        }
        let object = world.get(&format!("/v1/objects/{id}")).await;
        assert_eq!((object.text(), object.headers[header::ETAG].to_str().ok()), ("bytes", Some(&*format!("\"{id}\""))));
        assert_eq!(world.get(&format!("/v1/objects/{other}")).await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_ref_has_a_name_of_its_kind_and_an_object_of_its_kind() {
        let world = World::new();
        let revision = world.commit("a", "1");
        let blob = world.store.put(veneer::model::ObjectKind::Blob, b"a blob").expect("put");
        for (name, id, status) in [
            ("heads/d/ok", revision, 200),
            ("heads/d/%2500", revision, 400),
            ("heads//t", revision, 400),
            ("heads/y", revision, 400),
            ("heads/other/main", revision, 404),
            ("runs/a%20b", revision, 400),
            ("heads/d/blob", blob, 400),
            ("tags/d/blob", blob, 400),
            ("drafts/d/ada/main", revision, 400),
            ("drafts/d/ada/main", blob, 400),
            ("runs/net", blob, 400),
            ("datasets/e", blob, 400),
            ("views/d/all", blob, 400),
        ] {
            let headers = [("if-none-match", "*"), ("content-type", "application/json")];
            let body = json!({ "id": id.to_hex() }).to_string();
            let answer = world.send(Method::PUT, &format!("/v1/refs/{name}"), &headers, body).await;
            assert_eq!(answer.status.as_u16(), status, "{name}: {answer:?}");
        }
    }

    #[tokio::test]
    async fn the_draft_of_another_takes_an_admin() {
        let made = |role, name: &str| tokens::make(role, &name.parse().expect("valid")).expect("made");
        let made = [made(Role::Editor, "eve"), made(Role::Editor, "ann"), made(Role::Admin, "root")];
        let lines: Vec<&str> = made.iter().map(|(_, line)| line.as_str()).collect();
        let tokens = Tokens::parse(&lines.join("\n")).expect("valid");
        let world = World::with(crate::state::Options::default(), Some(tokens));
        let [eve, ann, root] = made.map(|(token, _)| format!("Bearer {token}"));
        let of_ann = "/v1/refs/drafts/d/ann/main";
        for (who, status) in [(&eve, 403), (&ann, 200), (&eve, 403), (&root, 200)] {
            if status == 403 {
                let (branch, ann) = ("main".parse().expect("valid"), "ann".parse().expect("valid"));
                let mut draft = world.dataset().draft(&branch, &ann).expect("a draft");
                draft.make_folder(&"new".parse().expect("valid")).expect("made");
                draft.save("new").expect("saved");
            }
            let there = world.send(Method::GET, of_ann, &[("authorization", who)], "").await;
            let (etag, id) = (there.headers[header::ETAG].to_str().expect("text"), there.json()["id"].clone());
            let headers = [("authorization", who.as_str()), ("if-match", etag), ("content-type", "application/json")];
            if status == 403 {
                let body = json!({ "id": id }).to_string();
                assert_eq!(world.send(Method::PUT, of_ann, &headers, body).await.status.as_u16(), status);
            }
            let gone = world.send(Method::DELETE, of_ann, &headers, "").await;
            assert_eq!(gone.status.as_u16(), status, "{gone:?}");
        }
    }

    #[tokio::test]
    async fn a_name_that_is_none_hides_no_other() {
        let world = World::new();
        let id = world.commit("a", "1");
        for name in ["heads/d/%00", "datasets/a b", "runs/a b", "drafts/d/main"] {
            let swap = RefSwap { name: RefName::parse(name).expect("of a kind"), expected: None, new: Some(id) };
            world.store.apply(&Batch { swaps: vec![swap], ..Batch::default() }).expect("applied");
        }
        for path in ["/v1/datasets", "/v1/runs", "/v1/datasets/d"] {
            assert_eq!(world.get(path).await.status, StatusCode::OK, "{path}");
        }
    }

    #[test]
    fn removing_what_others_see_takes_an_admin() {
        let swap =
            |name: &str, new: Option<Id>| RefSwap { name: RefName::parse(name).expect("valid"), expected: None, new };
        let id = Some(Id::of(b"x"));
        assert_eq!(role_for(&swap("heads/d/main", id)), Role::Editor);
        assert_eq!(role_for(&swap("drafts/d/ada/main", None)), Role::Editor);
        for swap in
            [swap("heads/d/main", None), swap("tags/d/v1", None), swap("datasets/d", id), swap("datasets/d", None)]
        {
            assert_eq!(role_for(&swap), Role::Admin);
        }
    }
}
