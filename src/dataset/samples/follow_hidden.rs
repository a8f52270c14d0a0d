//! Rows without keys that are hidden with their samples: where they come back in a file that is another one now.

use std::collections::{BTreeMap, BTreeSet};

use super::edit::Changes;
use super::{hidden_by_sample, said};
use crate::Result;
use crate::dataset::rows::{cells_below, hidden_keys_in};
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, ExcludedRow, RowAddress, RowChange, Value};
use crate::overlay::Rows;

/// All rows that are hidden with their samples.
pub(in crate::dataset) fn excluded_rows(view: &View) -> Result<Vec<ExcludedRow>> {
    Ok(hidden_by_sample(&view.overlay().samples()?)?.into_iter().flat_map(|(_, rows)| rows).collect())
}

/// Gives rows that are hidden in files at `paths`, and have no keys, those by which they come back in `after`, in which
/// these files are others than in `before`.
///
/// # Errors
/// Those of the store. That a file is no table any more is none: then they keep what they have.
pub(super) fn follow_hidden(before: &View, after: &mut View, paths: &[&DataPath]) -> Result<()> {
    let mut samples = said(&after.overlay().samples()?)?;
    samples.retain(|(_, change)| matches!(change, RowChange::Excluded { .. }));
    let mut hidden: Vec<&mut ExcludedRow> = Vec::new();
    for (_, change) in &mut samples {
        if let RowChange::Excluded { rows } = change {
            hidden.extend(rows);
        }
    }
    let mut by_table: BTreeMap<(DataPath, String), Vec<&mut ExcludedRow>> = BTreeMap::new();
    for row in hidden {
        if let Some(node) = before.file_with_hidden(&row.path)?
            && paths.contains(&&node.path)
        {
            by_table.entry((node.path, row.table.clone())).or_default().push(row);
        }
    }
    if by_table.is_empty() {
        return Ok(());
    }
    for ((path, table), rows) in by_table {
        if let (Some(old), Some(new)) = (before.node(&path)?, after.node(&path)?) {
            follow_table(&table, rows, [(before, &old), (after, &new)])?;
        }
    }
    let samples = after.overlay().samples()?.with(samples.into_iter().map(|(at, change)| (at, Some(change))))?;
    after.overlay = after.overlay.with_samples(&samples)?;
    Ok(())
}

fn follow_table(table: &str, mut rows: Vec<&mut ExcludedRow>, [old, new]: [(&View, &Node); 2]) -> Result<()> {
    let of_old = old.0.rows_of(old.1);
    let mut told = Vec::with_capacity(rows.len());
    for row in &rows {
        told.push(is_told(&of_old, row)?);
    }
    let mut told = told.into_iter();
    rows.retain(|_| told.next().unwrap_or_default());
    let keys: BTreeSet<String> = rows.iter().map(|row| row.row.clone()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let Some(keys) = hidden_keys_in(table, &keys, [old, new])? else { return Ok(()) };
    let mut deleted = deleted(&new.0.rows_of(new.1), table)?;
    for row in rows {
        let Some(now) = keys.get(&row.row) else { continue };
        // Where the new file has it, deleted, it is that one.
        let cells = cells_below(row);
        let again = deleted.iter().position(|(_, deleted)| cells == Some(deleted));
        give_key(row, again.map_or_else(|| now.clone(), |at| deleted.swap_remove(at).0));
        row.path = new.1.path.clone();
    }
    Ok(())
}

/// Gives a hidden row without a key of its own the one by which it comes back; one that was inserted comes after what
/// that tells.
pub(super) fn give_key(row: &mut ExcludedRow, key: String) {
    // An id stays, whatever is in it.
    if key == row.row {
        return;
    }
    let anchor = key.rsplit_once('+').map(|(anchor, _)| anchor.to_owned()).filter(|anchor| !anchor.is_empty());
    if key.contains('+') {
        for (column, was) in &mut row.was {
            if let (None, RowChange::Inserted { after, is_below: false, .. }) = (&column, was) {
                after.clone_from(&anchor);
            }
        }
    }
    row.row = key;
}

/// Whether the key of a hidden row tells where it is in a file of which `said` is said.
fn is_told(said: &Rows, row: &ExcludedRow) -> Result<bool> {
    if row.row.parse::<u64>().is_err() {
        return Ok(row.row.contains('+'));
    }
    let address = RowAddress::Row { table: row.table.clone(), row: row.row.clone() };
    Ok(match said.get(&address)? {
        Some(RowChange::Deleted { before, .. }) => cells_below(row) == Some(&before),
        _ => false,
    })
}

/// A row by its key, and its cells.
type RowCells = (String, Vec<(String, Value)>);

/// The rows that are deleted in a file.
fn deleted(said: &Rows, table: &str) -> Result<Vec<RowCells>> {
    let rows = said.of_table(table)?.into_iter().filter_map(|(address, change)| match (address, change) {
        (RowAddress::Row { row, .. }, RowChange::Deleted { before, is_below: true, .. }) => Some((row, before)),
        _ => None,
    });
    Ok(rows.collect())
}

/// Has rows that are hidden in a file be told as `revision` tells them, of samples that are excluded in both.
///
/// # Errors
/// Those of the store.
pub(super) fn as_in(view: &mut View, revision: &View, path: &DataPath) -> Result<()> {
    let (ours, theirs) = (view.overlay().samples()?, revision.overlay().samples()?);
    let mut changes = Changes::new();
    for (address, change) in said(&ours)? {
        let RowChange::Excluded { rows } = change else { continue };
        let Some(RowChange::Excluded { rows: of_theirs }) = theirs.get(&address)? else { continue };
        let is_here = |row: &&ExcludedRow| row.path == *path;
        let is_as_many = rows.iter().filter(is_here).count() == of_theirs.iter().filter(is_here).count();
        if is_as_many && rows != of_theirs {
            let mut there = of_theirs.iter().filter(is_here);
            let now = rows.iter().map(|row| if is_here(&row) { there.next().unwrap_or(row) } else { row });
            changes.insert(address, Some(RowChange::Excluded { rows: now.cloned().collect() }));
        }
    }
    if !changes.is_empty() {
        view.overlay = view.overlay.with_samples(&ours.with(changes)?)?;
    }
    Ok(())
}
