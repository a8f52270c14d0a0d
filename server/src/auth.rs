//! Who asks, and what they may: an extractor for each role, which every route begins with.
//!
//! Over the store's own socket the caller is whoever may open it, the owner's
//! user alone, and may do everything. Over TCP the caller shows a token, unless
//! the service was started without any, which only a loopback address allows.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::model::WriterName;
use veneer::{Error, ErrorKind};

use crate::audit::Noted;
use crate::problem::Problem;
use crate::session;
use crate::state::AppState;

/// The header in which a caller without a token says whose draft it is.
pub const AUTHOR: &str = "veneer-author";
/// Who writes when nobody says.
const NOBODY: &str = "dashboard";

/// What somebody may do; each role may also do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look at everything.
    Viewer,
    /// Change drafts, commit, record runs.
    Editor,
    /// Import, remove branches, collect garbage.
    Admin,
}

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The store's own socket.
    Socket,
    /// TCP.
    Network,
}

impl Transport {
    /// How this request came.
    pub fn of(parts: &Parts) -> Transport {
        parts.extensions.get().copied().unwrap_or(Transport::Network)
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Whose drafts they see, and who makes their revisions.
    pub writer: WriterName,
    /// What they may do.
    pub role: Role,
    /// The id of the token that they have shown.
    pub token: Option<String>,
}

/// Declares the extractor of a role.
macro_rules! role {
    ($(#[$doc:meta])* $role:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $role(pub Caller);

        impl FromRequestParts<AppState> for $role {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<$role, Problem> {
                let caller = caller(parts, app).await?.who_may(Role::$role, app)?;
                if Role::$role > Role::Viewer {
                    Noted::of(parts).by(&caller);
                }
                Ok($role(caller))
            }
        }
    };
}

role! {
    /// Somebody who may look.
    Viewer
}
role! {
    /// Somebody who may edit, in a service that may change its store.
    Editor
}
role! {
    /// Somebody who may do everything, in a service that may change its store.
    Admin
}

impl Caller {
    /// The caller, if they have the role; a route that finds out only later what it takes asks this.
    ///
    /// # Errors
    /// 403 `forbidden`; `read-only` where the service changes nothing.
    pub fn who_may(self, role: Role, app: &AppState) -> Result<Caller, Problem> {
        if self.role < role {
            let detail = format!("this takes the role {}, and the token has {}", role.word(), self.role.word());
            return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
        }
        if role > Role::Viewer && app.options().read_only {
            let why = "the service was started to read only".to_owned();
            return Err(Error::new(ErrorKind::ReadOnly { why }).into());
        }
        Ok(self)
    }
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Editor, Role::Admin];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Editor => "editor",
            Role::Admin => "admin",
        }
    }
}

#[derive(Deserialize)]
struct Named {
    author: Option<String>,
}

async fn caller(parts: &Parts, app: &AppState) -> Result<Caller, Problem> {
    let tokens = app.tokens().filter(|tokens| tokens.are_needed() && Transport::of(parts) == Transport::Network);
    let Some(tokens) = tokens else {
        return Ok(Caller { writer: said_to_be(parts)?, role: Role::Admin, token: None });
    };
    let refused = |detail: &str| Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.split_once(' '));
    // The scheme's name is the same in any case.
    let token =
        token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim().to_owned());
    let Some(token) = token else {
        let caller = session::secret(&parts.headers).and_then(|secret| app.sessions().caller(tokens, &secret));
        return caller.ok_or_else(|| refused("a token is needed: `Authorization: Bearer TOKEN`"));
    };
    owner(app, token).await
}

/// Whose token it is.
///
/// # Errors
/// 401 for one that is not known.
pub async fn owner(app: &AppState, token: String) -> Result<Caller, Problem> {
    let recalled = app.tokens().and_then(|tokens| tokens.recall(&token));
    let known = match recalled {
        Some(caller) => Some(caller),
        None => app.run(move |app| Ok::<_, Error>(app.tokens().and_then(|tokens| tokens.check(&token)))).await?,
    };
    let detail = "the token is none that this service knows";
    known.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail))
}

/// The writer's name where nobody proves it.
fn said_to_be(parts: &Parts) -> Result<WriterName, Problem> {
    let text = match parts.headers.get(AUTHOR) {
        Some(value) => Some(String::from_utf8_lossy(value.as_bytes()).into_owned()),
        None => Query::<Named>::try_from_uri(&parts.uri).ok().and_then(|query| query.0.author),
    };
    text.as_deref().unwrap_or(NOBODY).parse().map_err(Problem::from)
}
