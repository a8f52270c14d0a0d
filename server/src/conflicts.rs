//! Conflicts as JSON: what two sides have no common result for. They are values, told in a 409.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use veneer::dataset::rows::{short_key, short_name};
use veneer::dataset::{Conflict, Prefer};
use veneer::model::{Change, OpenConflict, RowAddress, Value};
use veneer::{Error, ErrorKind};

use crate::problem::Problem;

/// One place for which the two sides have no common result.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictDetail {
    /// The path; for a folder, everything below it is meant.
    path: String,
    /// The table, where it is about a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    /// The row.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The cell's column, or the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// What it was; null where there was nothing, and for files.
    base: serde_json::Value,
    /// What we made of it: of a file, `removed`, `excluded`, `file`, `folder` or `symlink`.
    ours: serde_json::Value,
    /// What they made of it.
    theirs: serde_json::Value,
    /// What happened, for a person.
    why: String,
}

/// Whose change is taken where both changed the same.
#[derive(Clone, Copy, Debug, serde::Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// That of the branch that is changed.
    Ours,
    /// That of what is merged.
    Theirs,
}

impl From<Side> for Prefer {
    fn from(side: Side) -> Prefer {
        match side {
            Side::Ours => Prefer::Ours,
            Side::Theirs => Prefer::Theirs,
        }
    }
}

/// Conflicts, one for each cell or row where files could be looked into.
pub fn details(conflicts: &[Conflict]) -> Vec<ConflictDetail> {
    conflicts.iter().flat_map(of).collect()
}

/// The answer that nothing was done, because of these.
pub fn problem(conflicts: &[Conflict]) -> Problem {
    let paths = conflicts.iter().map(|conflict| conflict.path.to_string()).collect();
    let problem = Problem::from(Error::new(ErrorKind::Conflict { paths }));
    debug_assert_eq!(problem.status(), StatusCode::CONFLICT);
    problem.with("conflicts", serde_json::to_value(details(conflicts)).expect("plain data"))
}

fn of(conflict: &Conflict) -> Vec<ConflictDetail> {
    let path = conflict.path.to_string();
    let word = |change: &Option<Change>| change.as_ref().map(Change::kind_word).into();
    if conflict.rows.is_empty() {
        return vec![ConflictDetail {
            path,
            table: None,
            key: None,
            column: None,
            base: serde_json::Value::Null,
            ours: word(&conflict.ours),
            theirs: word(&conflict.theirs),
            why: conflict.why.to_owned(),
        }];
    }
    let of_row = |row: &veneer::dataset::rows::RowConflict| {
        let open = OpenConflict {
            path: conflict.path.clone(),
            row: Some(row.address.clone()),
            base: row.base.clone(),
            ours: row.ours.clone(),
            theirs: row.theirs.clone(),
            why: conflict.why.to_owned(),
        };
        ConflictDetail::from(&open)
    };
    conflict.rows.iter().map(of_row).collect()
}

impl From<&OpenConflict> for ConflictDetail {
    fn from(conflict: &OpenConflict) -> ConflictDetail {
        let json = |value: &Option<Value>| value.as_ref().map_or(serde_json::Value::Null, Value::to_json);
        let row = conflict.row.as_ref();
        ConflictDetail {
            path: conflict.path.to_string(),
            table: row.map(|row| short_name(&conflict.path, row.table())),
            key: row.and_then(|row| Some(short_key(&conflict.path, row.table(), row.row()?))),
            column: row.and_then(|row| match row {
                RowAddress::Cell { column, .. } | RowAddress::Column { column, .. } => Some(column.clone()),
                RowAddress::Row { .. } | RowAddress::Shared { .. } => None,
            }),
            base: json(&conflict.base),
            ours: json(&conflict.ours),
            theirs: json(&conflict.theirs),
            why: conflict.why.clone(),
        }
    }
}
