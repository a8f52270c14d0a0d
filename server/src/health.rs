//! Whether the service lives, and whether it can work.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use veneer::model::RefName;

use crate::problem::Problem;
use crate::state::AppState;

/// That it is well.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
    /// The version of the program.
    version: &'static str,
}

const OK: Health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };

/// Tells that the process lives; it looks at nothing.
#[utoipa::path(get, path = "/healthz", tag = "service", responses((status = 200, body = Health)))]
pub async fn is_alive() -> Json<Health> {
    Json(OK)
}

/// Tells that the store can be read.
#[utoipa::path(get, path = "/readyz", tag = "service", responses((status = 200, body = Health), Problem))]
pub async fn is_ready(State(app): State<AppState>) -> Result<Json<Health>, Problem> {
    app.run(|app| app.store().list_refs(RefName::DATASETS)).await?;
    Ok(Json(OK))
}
