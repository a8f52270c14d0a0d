//! `…/diff/revert`: what differs between two states is put back, all or some of it, in the caller's draft.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use axum::extract::State;
use axum::http::header::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;
use veneer::dataset::rows::{FILE_COLUMN, RowDiff, RowEdit, short_key, short_name};
use veneer::dataset::{Dataset, Draft, View};
use veneer::model::{RowAddress, Value, What};

use super::{DraftDetail, Place};
use crate::address::At;
use crate::auth::Editor;
use crate::differences::Differences;
use crate::extract::{Body, Named};
use crate::problem::Problem;
use crate::state::AppState;

/// What is put back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reverse {
    /// The state that is wanted back: a branch, a tag, a revision or `draft:BRANCH`.
    from: String,
    /// The state that has what is not wanted.
    to: String,
    /// The branch on which the caller's draft is changed.
    branch: String,
    /// These rows and cells …
    #[serde(default)]
    keys: Vec<RowOrCell>,
    /// … or everything that differs, files too.
    #[serde(default)]
    all: bool,
}

/// A row, or one cell of it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowOrCell {
    /// The table.
    table: String,
    /// The row.
    key: String,
    /// The column; the whole row if not said.
    column: Option<String>,
}

/// Puts back, in the caller's draft, what differs between two states: all of it, or some rows and cells.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/diff/revert", tag = "drafts",
    params(("dataset" = String, Path)), request_body = Reverse, security(("token" = ["editor"])),
    responses((status = 200, body = DraftDetail), Problem))]
pub async fn put_back(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(dataset): Named<String>,
    headers: HeaderMap,
    Body(wanted): Body<Reverse>,
) -> Result<DraftDetail, Problem> {
    if wanted.all != wanted.keys.is_empty() {
        return Err(Problem::invalid("body", "what is put back", "it is told by `keys` or by `all`, one of the two"));
    }
    let writer = caller.writer.clone();
    let place = Place::of((dataset, wanted.branch.clone()), caller.writer, &headers)?;
    let at = |reference: &str| At::of(place.dataset.clone(), reference);
    let (from, to) = (at(&wanted.from)?, at(&wanted.to)?);
    let work = move |app: &AppState, draft: &mut Draft| {
        let (from, to) = (from.open(app, &writer)?.view, to.open(app, &writer)?.view);
        let found = Differences::between(&from, &to)?;
        if wanted.all {
            restore_files(draft, &from, &found)?;
            // Rows that come and go with a file are back with it.
            let left = Differences::between(&from, draft.view())?;
            let left: HashSet<_> = left.rows.iter().map(|row| (&row.path, &row.address)).collect();
            let rows = found.rows.iter().filter(|row| left.contains(&(&row.path, &row.address)));
            restore_rows(draft, &rows.collect::<Vec<_>>())?;
        } else {
            restore_rows(draft, &meant(&found, &wanted.keys)?)?;
        }
        Ok(draft.save("put back what differs")?)
    };
    place.change(&app, work).await.map(|((), draft)| draft)
}

/// Puts rows and cells of a draft back to what it is based on.
///
/// # Errors
/// `NotFound` for one that the draft does not change.
pub(super) fn discard_rows(dataset: &Dataset, draft: &mut Draft, rows: &[RowOrCell]) -> veneer::Result<()> {
    let found = Differences::between(&dataset.view(draft.based_on())?, draft.view())?;
    restore_rows(draft, &meant(&found, rows)?)
}

/// What is meant of one row.
#[derive(Default)]
struct Wanted<'a> {
    /// The columns; `None` is the whole row.
    columns: Vec<Option<&'a str>>,
    is_found: bool,
}

/// The differences that are meant.
fn meant<'a>(found: &'a Differences, rows: &[RowOrCell]) -> veneer::Result<Vec<&'a RowDiff>> {
    let mut wanted: HashMap<(String, String), Wanted<'_>> = HashMap::new();
    for row in rows {
        wanted.entry((row.table.clone(), row.key.clone())).or_default().columns.push(row.column.as_deref());
    }
    let mut meant = Vec::new();
    for row in &found.rows {
        let Some(key) = row.address.row() else { continue };
        let place = (short_name(&row.path, row.address.table()), short_key(&row.path, row.address.table(), key));
        let column = match &row.address {
            RowAddress::Cell { column, .. } => Some(column.as_str()),
            _ => None,
        };
        if let Some(wanted) = wanted.get_mut(&place)
            && wanted.columns.iter().any(|wanted| wanted.is_none() || *wanted == column)
        {
            wanted.is_found = true;
            meant.push(row);
        }
    }
    match wanted.into_iter().find(|(_, wanted)| !wanted.is_found) {
        Some(((table, key), _)) => Err(veneer::Error::not_found("difference", format!("{table} {key}"))),
        None => Ok(meant),
    }
}

/// Puts back files that differ by more than their rows.
fn restore_files(draft: &mut Draft, from: &View, found: &Differences) -> veneer::Result<()> {
    let with_rows: BTreeSet<_> = found.rows.iter().map(|row| &row.path).collect();
    for change in &found.files {
        match change.what {
            What::Modified if with_rows.contains(&change.path) => {}
            What::Added if draft.view().node(&change.path)?.is_none() => {}
            What::Renamed => {
                if draft.view().node(&change.path)?.is_some() {
                    draft.restore(&change.path, from)?;
                }
                change.from.iter().try_for_each(|path| draft.restore(path, from))?;
            }
            _ => draft.restore(&change.path, from)?,
        }
    }
    Ok(())
}

/// Puts back cells, rows and columns.
fn restore_rows(draft: &mut Draft, rows: &[&RowDiff]) -> veneer::Result<()> {
    let mut by_table: BTreeMap<String, Vec<RowEdit>> = BTreeMap::new();
    let mut columns = BTreeSet::new();
    for row in rows {
        let table = short_name(&row.path, row.address.table());
        match (&row.address, &row.before) {
            (RowAddress::Column { column, .. }, None) => {
                columns.insert((table, column.clone()));
            }
            (RowAddress::Column { .. } | RowAddress::Shared { .. }, _) => {}
            (RowAddress::Cell { row: key, column, .. }, before) => {
                let cells = vec![(column.clone(), before.clone().unwrap_or(Value::Null))];
                by_table
                    .entry(table)
                    .or_default()
                    .push(RowEdit::Set { row: short_key(&row.path, row.address.table(), key), cells });
            }
            (RowAddress::Row { row: key, .. }, None) => {
                by_table
                    .entry(table)
                    .or_default()
                    .push(RowEdit::Delete { row: short_key(&row.path, row.address.table(), key) });
            }
            (RowAddress::Row { row: key, .. }, Some(before)) => {
                let mut cells = match before {
                    Value::Struct(cells) => cells.clone(),
                    _ => Vec::new(),
                };
                let edit = match row.after {
                    Some(_) => RowEdit::Set { row: short_key(&row.path, row.address.table(), key), cells },
                    None => {
                        // A table of many files asks where the row goes.
                        if short_key(&row.path, row.address.table(), key) != *key {
                            cells.push((FILE_COLUMN.to_owned(), Value::Text(row.path.to_string())));
                        }
                        RowEdit::Insert { after: None, cells }
                    }
                };
                by_table.entry(table).or_default().push(edit);
            }
        }
    }
    for (name, edits) in by_table {
        let table = draft.view().table(Some(&name))?;
        draft.edit_table_exactly(&table, edits)?;
    }
    for (name, column) in columns {
        let table = draft.view().table(Some(&name))?;
        draft.drop_column(&table, &column)?;
    }
    Ok(())
}
