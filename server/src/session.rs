//! Sessions of browsers: a token is typed once, then a cookie stands for it.
//!
//! The cookie is no token: it is drawn anew for each session, is known to this
//! process alone, and is worth nothing once the token is revoked. No script can
//! read it, and no other site's page can have it sent.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::Error;
use veneer::model::Id;

use crate::auth::{self, Caller, Role, Viewer};
use crate::extract::Body;
use crate::problem::Problem;
use crate::state::AppState;
use crate::tokens::Tokens;

/// The name of the cookie.
const COOKIE: &str = "veneer_session";
/// How long a session lasts.
const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
/// No more sessions than these are known; then the oldest ends.
const SESSIONS_MAX: usize = 10_000;

/// The sessions that were begun.
#[derive(Debug, Default)]
pub struct Sessions {
    /// By the hash of the cookie: the token's id, and when it began.
    known: Mutex<HashMap<Id, (String, Instant)>>,
}

impl Sessions {
    fn known(&self) -> MutexGuard<'_, HashMap<Id, (String, Instant)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose session it is.
    pub fn caller(&self, tokens: &Tokens, secret: &str) -> Option<Caller> {
        let (token, begun) = self.known().get(&Id::of(secret.as_bytes())).cloned()?;
        if begun.elapsed() < LASTS { tokens.owner(&token) } else { None }
    }

    fn begin(&self, token: String) -> Result<String, Problem> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|cause| Error::io("draw a session", std::io::Error::other(cause.to_string())))?;
        let secret: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut known = self.known();
        known.retain(|_, (_, begun)| begun.elapsed() < LASTS);
        if known.len() >= SESSIONS_MAX
            && let Some(oldest) = known.iter().min_by_key(|(_, (_, begun))| *begun).map(|(id, _)| *id)
        {
            known.remove(&oldest);
        }
        known.insert(Id::of(secret.as_bytes()), (token, Instant::now()));
        Ok(secret)
    }

    fn end(&self, secret: &str) {
        self.known().remove(&Id::of(secret.as_bytes()));
    }
}

/// The cookie of a request.
pub fn secret(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, secret)| secret.to_owned())
}

fn cookie(app: &AppState, secret: &str, lasts: Duration) -> HeaderValue {
    let secure = if app.options().is_tls { "; Secure" } else { "" };
    let text = format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", lasts.as_secs());
    HeaderValue::from_str(&text).expect("hexadecimal digits and words")
}

/// The token to be typed once.
#[derive(Deserialize, ToSchema)]
pub struct Login {
    token: String,
}

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionDetail {
    /// The name under which drafts and revisions are.
    user: String,
    /// What they may do.
    role: Role,
}

impl From<&Caller> for SessionDetail {
    fn from(caller: &Caller) -> SessionDetail {
        SessionDetail { user: caller.writer.to_string(), role: caller.role }
    }
}

/// Begins a session: the answer sets a cookie that stands for the token.
#[utoipa::path(post, path = "/v1/session", operation_id = "begin_session", tag = "service", request_body = Login,
    responses((status = 200, body = SessionDetail), Problem))]
pub async fn begin(State(app): State<AppState>, Body(login): Body<Login>) -> Result<Response, Problem> {
    let caller = auth::owner(&app, login.token).await?;
    let secret = app.sessions().begin(caller.token.clone().unwrap_or_default())?;
    let headers = [(header::SET_COOKIE, cookie(&app, &secret, LASTS)), (header::CACHE_CONTROL, NO_STORE)];
    Ok((headers, Json(SessionDetail::from(&caller))).into_response())
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Tells who the caller is.
#[utoipa::path(get, path = "/v1/session", operation_id = "show_session", tag = "service",
    security(("token" = ["viewer"])), responses((status = 200, body = SessionDetail), Problem))]
pub async fn show(Viewer(caller): Viewer) -> Response {
    ([(header::CACHE_CONTROL, NO_STORE)], Json(SessionDetail::from(&caller))).into_response()
}

/// Ends the session, if there is one.
#[utoipa::path(delete, path = "/v1/session", operation_id = "end_session", tag = "service", responses((status = 204), Problem))]
pub async fn end(State(app): State<AppState>, headers: HeaderMap) -> Response {
    if let Some(secret) = secret(&headers) {
        app.sessions().end(&secret);
    }
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&app, "", Duration::ZERO))]).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use super::*;
    use crate::state::Options;
    use crate::testing::World;
    use crate::tokens;

    #[tokio::test]
    async fn a_token_is_typed_once_and_the_cookie_stands_for_it_until_the_session_ends() {
        let (token, line) = tokens::make(Role::Editor, &"ada".parse().expect("valid")).expect("made");
        let world = World::with(Options::default(), Some(Tokens::parse(&line).expect("valid")));
        let refused = world.post("/v1/session", &json!({ "token": "veneer_1_2" })).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let begun = world.post("/v1/session", &json!({ "token": token })).await;
        assert_eq!(begun.json(), json!({ "user": "ada", "role": "editor" }));
        let cookie = begun.headers[header::SET_COOKIE].to_str().expect("text").to_owned();
        assert!(cookie.contains("; HttpOnly; SameSite=Strict;") && !cookie.contains(&token), "{cookie}");
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        let headers = [("cookie", cookie.as_str())];
        let shown = world.send(Method::GET, "/v1/session", &headers, "").await;
        assert_eq!(shown.json()["user"], "ada", "{shown:?}");
        let ended = world.send(Method::DELETE, "/v1/session", &headers, "").await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        assert!(ended.headers[header::SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
        assert_eq!(world.send(Method::GET, "/v1/session", &headers, "").await.status, StatusCode::UNAUTHORIZED);
    }
}
