//! `…/diff`: how two revisions, or a draft and its base, differ.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use veneer::dataset::View;
use veneer::dataset::rows::short_name;
use veneer::model::DatasetName;

use crate::address::At;
use crate::auth::Viewer;
use crate::differences::{Differences, FileDifference, RowDifference, Summary};
use crate::extract::{Named, Params};
use crate::problem::Problem;
use crate::state::AppState;

/// How many differences are told unless the request says.
const LIMIT: usize = 1_000;
/// How many differences are told at most.
const LIMIT_MAX: usize = 100_000;

/// What is compared, and which part of the result is told.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DiffQuery {
    /// The earlier state: a branch, a tag, a revision or `draft:BRANCH`.
    from: String,
    /// The later state.
    to: String,
    #[serde(flatten)]
    #[param(inline)]
    part: Part,
}

/// Which part of the differences is told.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// Only rows of this table.
    table: Option<String>,
    /// How many rows are left out at the beginning.
    offset: Option<String>,
    /// How many files and how many rows at most; 1,000 if not said.
    limit: Option<String>,
}

/// How two states differ.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiffAnswer {
    /// By path, up to the limit.
    files: Vec<FileDifference>,
    /// How many files differ.
    total_files: usize,
    /// This page of the cells, rows and columns that differ.
    rows: Vec<RowDifference>,
    /// How many there are in all; of the table, where one is named.
    total_rows: usize,
    /// How much differs.
    summary: Summary,
    /// Files whose rows have the same values, by other bytes.
    reformatted: Vec<String>,
}

impl Part {
    fn number(text: Option<&str>, what: &'static str, default: usize) -> Result<usize, Problem> {
        let Some(text) = text else { return Ok(default) };
        text.parse().map_err(|_| Problem::invalid(what, text, "it is a whole number"))
    }

    /// Compares two views, and takes this part of what differs.
    ///
    /// # Errors
    /// 400 for numbers that are none; those of reading the views.
    pub fn of(&self, from: &View, to: &View) -> Result<DiffAnswer, Problem> {
        let offset = Part::number(self.offset.as_deref(), "offset", 0)?;
        let limit = Part::number(self.limit.as_deref(), "limit", LIMIT)?.min(LIMIT_MAX);
        let mut found = Differences::between(from, to)?;
        let (summary, reformatted) = (found.summary(), found.reformatted(to)?);
        if let Some(table) = &self.table {
            found.rows.retain(|row| short_name(&row.path, row.address.table()) == *table);
        }
        Ok(DiffAnswer {
            files: found.files.iter().take(limit).map(FileDifference::from).collect(),
            total_files: found.files.len(),
            rows: found.rows.iter().skip(offset).take(limit).map(RowDifference::from).collect(),
            total_rows: found.rows.len(),
            summary,
            reformatted,
        })
    }
}

/// Tells how two states of a dataset differ, by file and by row.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/diff", tag = "history",
    params(("dataset" = String, Path), DiffQuery), security(("token" = ["viewer"])),
    responses((status = 200, body = DiffAnswer), Problem))]
pub async fn compare(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    Named(dataset): Named<String>,
    Params(query): Params<DiffQuery>,
) -> Result<Json<DiffAnswer>, Problem> {
    let dataset: DatasetName = dataset.parse()?;
    let (from, to) = (At::of(dataset.clone(), &query.from)?, At::of(dataset, &query.to)?);
    let compared = app.run(move |app| {
        let (from, to) = (from.open(app, &caller.writer)?, to.open(app, &caller.writer)?);
        query.part.of(&from.view, &to.view)
    });
    compared.await.map(Json)
}
