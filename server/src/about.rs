//! What this service is.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Role, Viewer};
use crate::state::AppState;

/// What this service is, and who it takes the caller for.
#[derive(Debug, Serialize, ToSchema)]
pub struct About {
    /// The version of the program.
    version: &'static str,
    /// The version of the API: the prefix of its paths.
    api: &'static str,
    /// Under which licences it may be used.
    licence: &'static str,
    /// Always false: it tells nobody anything.
    telemetry: bool,
    /// Whether every change is refused.
    read_only: bool,
    /// The store's own number, 32 hexadecimal digits; none where it has no folder on that machine.
    store: Option<String>,
    /// The store's folder on the machine of the service.
    folder: Option<String>,
    /// The name under which the caller's drafts and revisions are.
    writer: String,
    /// What the caller may do.
    role: Role,
}

/// Tells versions, licences, the store, and who the caller is.
#[utoipa::path(get, path = "/v1/about", tag = "service", security(("token" = ["viewer"])),
    responses((status = 200, body = About), crate::problem::Problem))]
pub async fn about(Viewer(caller): Viewer, State(app): State<AppState>) -> Json<About> {
    let local = app.local_store();
    Json(About {
        version: env!("CARGO_PKG_VERSION"),
        api: "v1",
        licence: "MIT OR Apache-2.0",
        telemetry: false,
        read_only: app.options().read_only,
        store: local.map(|store| store.number()),
        folder: local.map(|store| store.path().display().to_string()),
        writer: caller.writer.to_string(),
        role: caller.role,
    })
}
