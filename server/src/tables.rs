//! Tables: which a view has, and what their columns are for.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use veneer::ErrorKind;
use veneer::dataset::View;
use veneer::dataset::rows::{FileProblem, Table, TableOutline};
use veneer::table::{Column, Role};

use crate::address::At;
use crate::auth::Viewer;
use crate::problem::Problem;
use crate::state::AppState;

/// The tables of a view.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableList {
    /// In order of name.
    tables: Vec<TableDetail>,
}

/// A table.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableDetail {
    /// Its name.
    name: String,
    /// How its files are read: `csv`, `coco` …
    format: &'static str,
    /// Why they are taken for that.
    why: String,
    /// How many rows it has.
    rows: u64,
    /// Whether its rows are the samples.
    is_main: bool,
    /// How many files it is in.
    files: usize,
    /// The column whose value is the row's key; none where the key is the row's place.
    key: Option<String>,
    /// Why that column does not tell all rows apart.
    key_problem: Option<String>,
    /// The first thing that cannot be read; the table lacks what comes after it in that file.
    problem: Option<TableProblem>,
    /// In how many files something cannot be read.
    broken_files: u64,
    /// In the order of the file.
    columns: Vec<ColumnDetail>,
}

/// Why a table is partial.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableProblem {
    /// The file.
    path: String,
    /// Counted from 1.
    line: u64,
    /// In bytes, counted from 1.
    column: u64,
    /// What is wrong.
    why: String,
}

/// A column.
#[derive(Debug, Serialize, ToSchema)]
pub struct ColumnDetail {
    /// Its name, as the file has it.
    name: String,
    /// The type of its values, as Arrow writes it.
    r#type: String,
    /// What it is for.
    role: RoleDetail,
    /// Whether a cell may be null.
    nullable: bool,
    /// Whether it can be edited.
    editable: bool,
}

/// What a column is for.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleDetail {
    /// `label`, `box-xywh`, `image`, `plain` …
    kind: &'static str,
    /// Of a label: the values in the cells, and their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<(String, String)>>,
    /// Of a reference: the table that it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
}

/// Lists the tables of a view, with their columns.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path)), security(("token" = ["viewer"])),
    responses((status = 200, body = TableList), Problem))]
pub async fn list_tables(Viewer(caller): Viewer, State(app): State<AppState>, at: At) -> Result<Response, Problem> {
    let list = move |app: &AppState| {
        let shown = at.open(app, &caller.writer)?;
        let mut tables = Vec::new();
        for table in shown.view.tables()? {
            tables.extend(info(&shown.view, &table)?.map(|info| detail(&table, info)));
        }
        Ok::<_, veneer::Error>((shown.headers(), Json(TableList { tables })))
    };
    app.run(list).await.map(IntoResponse::into_response)
}

/// What the table is; `None` where the file turns out to be none of this format, or has no such table.
fn info(view: &View, table: &Table) -> veneer::Result<Option<TableOutline>> {
    match view.table_info(table) {
        Ok(info) => Ok(Some(info)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. } | ErrorKind::Invalid { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn detail(table: &Table, info: TableOutline) -> TableDetail {
    let key = info.schema.key.and_then(|key| info.schema.columns.get(key)).map(|column| column.name.clone());
    TableDetail {
        name: table.name.clone(),
        format: table.format.name(),
        why: table.why.clone(),
        rows: info.rows,
        is_main: table.is_samples(),
        files: table.paths.len(),
        key,
        key_problem: info.key_flaw,
        problem: info.problem.map(TableProblem::of),
        broken_files: info.broken_files,
        columns: info.schema.columns.iter().map(ColumnDetail::of).collect(),
    }
}

impl TableProblem {
    fn of(of: FileProblem) -> TableProblem {
        let FileProblem { path, problem } = of;
        TableProblem { path: path.to_string(), line: problem.line, column: problem.column, why: problem.why }
    }
}

impl ColumnDetail {
    fn of(column: &Column) -> ColumnDetail {
        ColumnDetail {
            name: column.name.clone(),
            r#type: column.data_type.to_string(),
            role: RoleDetail::of(&column.role),
            nullable: column.nullable,
            editable: column.editable,
        }
    }
}

impl RoleDetail {
    fn of(role: &Role) -> RoleDetail {
        let (classes, table) = match role {
            Role::Label { classes } => (Some(classes.clone()), None),
            Role::Reference { table } => (None, Some(table.clone())),
            _ => (None, None),
        };
        let kind = match role {
            Role::Plain | Role::Json => "plain",
            Role::Key => "key",
            Role::Label { .. } => "label",
            Role::BoxXywh => "box-xywh",
            Role::BoxCxcywhn => "box-cxcywhn",
            Role::BoxXyxy => "box-xyxy",
            Role::BoxOriented => "box-oriented",
            Role::Mask => "mask",
            Role::Keypoints => "keypoints",
            Role::Image => "image",
            Role::Reference { .. } => "reference",
            Role::Split => "split",
            Role::Embedding => "embedding",
            Role::Weight => "weight",
        };
        RoleDetail { kind, classes, table }
    }
}
