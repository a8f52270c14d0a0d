//! Revisions by the beginning of their ids, over the whole store.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Viewer;
use crate::extract::Params;
use crate::problem::Problem;
use crate::state::AppState;

/// Which revisions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Prefix {
    /// What their ids begin with, in hexadecimal digits.
    #[serde(default)]
    prefix: String,
}

/// Some revisions.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionIds {
    /// Their ids.
    revisions: Vec<String>,
}

/// Finds revisions by the beginning of their ids, of whatever dataset.
#[utoipa::path(get, path = "/v1/revisions", tag = "store", params(Prefix), security(("token" = ["viewer"])),
    responses((status = 200, body = RevisionIds), Problem))]
pub async fn find_revisions(
    _: Viewer,
    State(app): State<AppState>,
    Params(Prefix { prefix }): Params<Prefix>,
) -> Result<Json<RevisionIds>, Problem> {
    let ids = app.run(move |app| app.store().revisions_with_prefix(&prefix)).await?;
    Ok(Json(RevisionIds { revisions: ids.into_iter().map(|id| id.to_hex()).collect() }))
}
