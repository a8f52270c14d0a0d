//! A view as if nothing were excluded: so that what is excluded can be looked at, and taken back.
//!
//! Its rows are right, its bytes are not: files whose rows are hidden keep the size that they have without them.

use std::collections::BTreeMap;

use crate::Result;
use crate::dataset::rows::file_with_rows;
use crate::dataset::view::{Node, View};
use crate::model::{Change, DataPath, ExcludedRow, RowChange};

/// What is at a path once it shows, if it is excluded.
pub(in crate::dataset) fn was_shown((path, change): (DataPath, Change)) -> Option<(DataPath, Option<Change>)> {
    match change {
        Change::Excluded { was } => Some((path, was.map(|was| *was))),
        _ => None,
    }
}

/// The view with all that is excluded.
pub(in crate::dataset) fn with_all(view: &View) -> Result<View> {
    let samples = view.overlay().samples()?;
    if samples.root().is_none() {
        return Ok(view.clone());
    }
    let mut by_file: BTreeMap<DataPath, Vec<ExcludedRow>> = BTreeMap::new();
    let mut hides = false;
    for (_, change) in super::said(&samples)? {
        if let RowChange::Excluded { rows } = change {
            hides = true;
            for row in rows {
                by_file.entry(row.path.clone()).or_default().push(row);
            }
        }
    }
    if !hides {
        return Ok(view.clone());
    }
    let shown = view.overlay().entries()?.into_iter().filter_map(was_shown);
    let mut all = View { overlay: view.overlay().with(shown)?, ..view.clone() };
    // A file may have been moved between one exclusion and the next.
    let mut by_node: BTreeMap<DataPath, (Node, Vec<ExcludedRow>)> = BTreeMap::new();
    for (path, hidden) in by_file {
        if let Some(node) = all.file_with_hidden(&path)? {
            by_node.entry(node.path.clone()).or_insert_with(|| (node, Vec::new())).1.extend(hidden);
        }
    }
    let mut edits = Vec::new();
    for (node, hidden) in by_node.into_values() {
        let said = all.rows_of(&node);
        let rows = said.with(all.rows_back(&node, &hidden)?.into_values().flatten())?;
        let rows = rows.named_by(all.key_column(&node, &said)?.as_deref())?;
        let file = file_with_rows(&all, &node, &rows, 0)?;
        edits.push((node.path, Some(Change::File(file))));
    }
    all.overlay = all.overlay.with(edits)?;
    Ok(all)
}
