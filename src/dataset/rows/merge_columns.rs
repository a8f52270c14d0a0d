//! Columns in a merge of one file by rows, where a side has other bytes: of one name, two are one; one that has another
//! name on the side whose bytes stay is edited under that.

use std::collections::BTreeMap;

use super::parsed::{Aligned, Set, TableChanges};
use super::side::{Opened, added_columns};
use crate::Result;

/// The columns of one table on one side of a merge, against what was before.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// All that it has; of those that its file lacks, with their types.
    there: BTreeMap<String, Option<String>>,
    /// Those that were not there before.
    new: Vec<String>,
    /// Those that were there.
    gone: Vec<String>,
    /// Those that have another name now.
    renamed: BTreeMap<String, String>,
}

impl Columns {
    pub(super) fn of(table: &Aligned, old: Opened<'_>, new: Opened<'_>) -> Result<Columns> {
        let added = added_columns(new.rows, &table.table)?;
        let there = new.columns(table.places().1)?.into_iter();
        let there = there.map(|(column, is_added)| {
            let data_type = if is_added { added.get(&column.name).cloned() } else { None };
            (column.name, data_type)
        });
        let alone = |is_new: bool| {
            let found = table.columns.iter().filter(move |(_, before, _)| before.is_none() == is_new);
            found.map(|(name, ..)| name.clone()).collect()
        };
        Ok(Columns { there: there.collect(), new: alone(true), gone: alone(false), renamed: table.renamed(old, new)? })
    }

    /// Has what comes speak of the columns as they are on this side, whose bytes stay. Returns those that are to be
    /// added here, with their types; `None` where the two have no columns in common.
    pub(super) fn taking(&self, from: &Columns, coming: &mut TableChanges) -> Option<Vec<(String, String)>> {
        let mut added = Vec::new();
        for name in &from.new {
            match (self.there.get(name), from.there.get(name)?) {
                (Some(Some(ours)), Some(theirs)) if ours != theirs => return None,
                (Some(_), _) => {}
                (None, Some(data_type)) => added.push((name.clone(), data_type.clone())),
                // Bytes get no column.
                (None, None) => return None,
            }
        }
        if from.gone.iter().any(|name| self.there.contains_key(name)) {
            return None;
        }
        for (before, now) in &self.renamed {
            rename(coming, before, now);
        }
        Some(added)
    }

    /// Of rows that the other side deleted, says nothing of cells that are in new columns alone: to fill a column is no
    /// edit of each row.
    pub(super) fn let_go(&self, changes: &mut TableChanges, is_gone: impl Fn(&str) -> bool) {
        let is_new = |column: &String| self.new.contains(column) && !self.renamed.values().any(|now| now == column);
        changes.sets.retain(|set| !is_gone(&set.row) || !set.cells.iter().all(|(column, ..)| is_new(column)));
    }
}

/// Has changes speak of a column by another name.
fn rename(changes: &mut TableChanges, before: &str, now: &str) {
    let of_sets = changes.sets.iter_mut().flat_map(|set| &mut set.cells).map(|(name, ..)| name);
    let of_rows = changes.deleted.iter_mut().map(|(_, cells)| cells);
    let of_rows = of_rows.chain(changes.inserted.iter_mut().map(|row| &mut row.cells)).flatten().map(|(name, _)| name);
    of_sets.chain(of_rows).filter(|name| *name == before).for_each(|name| now.clone_into(name));
}

/// What differs in a table, in the cells of columns that only the later state has, too; `None` where these are too many.
pub(super) fn changes_with_columns(table: &Aligned, old: Opened<'_>, new: Opened<'_>) -> Result<Option<TableChanges>> {
    if table.has_too_many_new_cells() {
        return Ok(None);
    }
    let mut changes = table.changes(old, new)?;
    add_sets(&mut changes.sets, table.cells_of_new_columns(old, new)?);
    Ok(Some(changes))
}

/// Adds cells to rows of which others are known.
fn add_sets(sets: &mut Vec<Set>, more: Vec<Set>) {
    let known: BTreeMap<String, usize> = sets.iter().enumerate().map(|(at, set)| (set.row.clone(), at)).collect();
    for set in more {
        match known.get(&set.row) {
            Some(at) => sets[*at].cells.extend(set.cells),
            None => sets.push(set),
        }
    }
}
