//! What differs between two views, told by row and cell.
//!
//! Only files whose paths differ are looked at. Where both sides edited rows over
//! the same bytes, it is the row changes that they do not share; where the bytes
//! are others, both are parsed and compared ([`super::parsed`]).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Part;
use super::parsed::{Aligned, CHANGED_MAX, TableChanges, align};
use super::placed::Edits;
use super::side::{Side, with_both};
use crate::dataset::diff::{diff, has_same_bytes};
use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, Kind, PathChange, RowAddress, RowChange, Value, What};
use crate::overlay::RowDifference;
use crate::table::TableInfo;
use crate::{Error, ErrorKind, Result};

/// One cell, row or column that two views do not agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowDiff {
    /// The file, by the path that the later view has.
    pub path: DataPath,
    /// What differs.
    pub address: RowAddress,
    /// What the earlier view has; `None` where it has no such row or column.
    pub before: Option<Value>,
    /// What the later view has; `None` where it has no such row or column.
    pub after: Option<Value>,
}

/// All that differs between two views, told by row where it can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowDiffs {
    /// The rows, cells and columns that differ, in order of path and address.
    pub rows: Vec<RowDiff>,
    /// The files whose other bytes are no row changes, or not only these, in order of path.
    pub files: Vec<FileDiff>,
    /// The tables that came or went with their files, in order of path.
    pub tables: Vec<TableDiff>,
}

/// A table of one file that only one of two views has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDiff {
    /// The file.
    pub path: DataPath,
    /// The table's name within the file.
    pub table: String,
    /// Whether it is the later view that has it.
    pub is_new: bool,
    /// How many rows it has.
    pub rows: u64,
}

/// A file that differs in its bytes, and not in its rows alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiff {
    /// The file, by the path that the later view has.
    pub path: DataPath,
    /// Why it cannot be told by rows; `None`: it can. Where no row differs then, and none was moved, it was only
    /// formatted anew.
    pub why: Option<String>,
    /// How many rows are in another place among the others, with the same cells or by their keys.
    pub moved: u64,
}

/// Returns the rows, cells and columns that differ, in order of path and address.
///
/// A file whose bytes were replaced is parsed on both sides; rows of a table without keys are told by their keys in
/// the later view, those that are gone by their keys in the earlier. A row that is only in another place is no
/// difference. Files that cannot be told by rows are
/// left out: see [`compare_rows`].
pub fn diff_rows(from: &View, to: &View) -> Result<Vec<RowDiff>> {
    Ok(by_row(from, to, &diff(from, to)?)?.rows)
}

/// Returns all that differs in files that are tables: by row in those that both views have, of others that they came or
/// went.
pub fn compare_rows(from: &View, to: &View) -> Result<RowDiffs> {
    let changes = diff(from, to)?;
    let tables = only_on_one_side(from, to, &changes)?;
    Ok(RowDiffs { tables, ..by_row(from, to, &changes)? })
}

/// What differs in the files of `changes` that both views have.
fn by_row(from: &View, to: &View, changes: &[PathChange]) -> Result<RowDiffs> {
    let mut found = RowDiffs::default();
    for change in changes {
        let old_path = change.from.as_ref().unwrap_or(&change.path);
        let (Some(before), Some(after)) = (from.node(old_path)?, to.node(&change.path)?) else { continue };
        if before.entry.kind != Kind::File || after.entry.kind != Kind::File {
            continue;
        }
        if share_below((from, &before), (to, &after))? {
            let differences = from.rows_of(&before).diff(&to.rows_of(&after))?;
            let (rows, moved) = without_moved(told_by_row(&change.path, differences));
            found.rows.extend(rows);
            if moved > 0 {
                found.files.push(FileDiff { path: change.path.clone(), why: None, moved });
            }
        } else {
            compare_bytes((from, &before), (to, &after), &mut found)?;
        }
    }
    found.rows.extend(samples::diff(from, to, changes)?);
    Ok(found)
}

/// The tables whose files came or went, with folders too.
fn only_on_one_side(from: &View, to: &View, changes: &[PathChange]) -> Result<Vec<TableDiff>> {
    let moved: BTreeSet<&DataPath> =
        changes.iter().filter(|change| change.what == What::Renamed).map(|it| &it.path).collect();
    let moved_from: BTreeSet<&DataPath> = changes.iter().filter_map(|change| change.from.as_ref()).collect();
    let mut found = BTreeMap::new();
    for change in changes {
        let (view, elsewhere, is_new) = match change.what {
            What::Added => (to, &moved, true),
            What::Removed => (from, &moved_from, false),
            What::Modified | What::Renamed => continue,
        };
        let mut waiting: Vec<Node> = view.node(&change.path)?.into_iter().collect();
        while let Some(node) = waiting.pop() {
            if elsewhere.contains(&node.path) {
                continue;
            }
            if node.is_folder() {
                waiting.extend(view.children(&node)?);
                continue;
            }
            for (table, rows) in tables_in(view, &node)? {
                let path = node.path.clone();
                found.insert((path.clone(), is_new, table.clone()), TableDiff { path, table, is_new, rows });
            }
        }
    }
    Ok(found.into_values().collect())
}

/// The tables of a file, with their numbers of rows; none of what is no table, or cannot be read.
fn tables_in(view: &View, node: &Node) -> Result<Vec<(String, u64)>> {
    let read = || {
        let Some(side) = Side::of(view, node)? else { return Ok(Vec::new()) };
        Part::open(view, node, &*side.format)?.with_file(|file, rows| {
            let table =
                |(at, info): (usize, &TableInfo)| Ok((info.name.clone(), Edits::of(file, at, rows)?.rows(info.rows)));
            file.tables().iter().enumerate().map(table).collect()
        })
    };
    match read() {
        Err(error) if is_of_content(&error) => Ok(Vec::new()),
        read => read,
    }
}

/// Tells of a file whose bytes are others what its rows are by them.
fn compare_bytes(from: (&View, &Node), to: (&View, &Node), found: &mut RowDiffs) -> Result<()> {
    let path = &to.1.path;
    let mut not_by_row = |why: String| found.files.push(FileDiff { path: path.clone(), why: Some(why), moved: 0 });
    let compared = match (Side::of(from.0, from.1), Side::of(to.0, to.1)) {
        (Ok(Some(old)), Ok(Some(new))) => tables_between(&old, &new),
        // What is no table is not spoken of; what was one, or is one now, is.
        (Ok(None), Ok(None)) => return Ok(()),
        (Err(error), Ok(None)) if is_of_content(&error) => return Ok(()),
        (Ok(None), Ok(Some(_))) => Ok(Err("the earlier file is no table".to_owned())),
        (Ok(Some(_)), Ok(None)) => Ok(Err("the later file is no table".to_owned())),
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    match compared {
        Ok(Ok((tables, moved))) => {
            let before = found.rows.len();
            found.rows.extend(tables.iter().flat_map(|table| listed(path, table)));
            found.rows[before..].sort_by_cached_key(|diff| diff.address.to_key().unwrap_or_default());
            if found.rows.len() == before || moved > 0 {
                found.files.push(FileDiff { path: path.clone(), why: None, moved });
            }
        }
        Ok(Err(why)) => not_by_row(why),
        // A file that cannot be parsed, or bytes of the source that are gone, are no reason to tell nothing.
        Err(error) if is_of_content(&error) => not_by_row(error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Whether it is the file that cannot be read as rows, and not the store or the system that failed.
pub(in crate::dataset) fn is_of_content(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Invalid { .. } | ErrorKind::SourceChanged { .. } => true,
        // An object that the store should have is none of the file's faults.
        ErrorKind::NotFound { what, .. } => !matches!(*what, "object" | "blob"),
        _ => false,
    }
}

/// What differs in the tables of a file, and how many rows were moved.
type Between = (Vec<TableChanges>, u64);

/// What differs in all tables of a file; a sentence says why that cannot be told.
fn tables_between(old: &Side<'_>, new: &Side<'_>) -> Result<std::result::Result<Between, String>> {
    with_both(old, new, |old, new| {
        let mut aligned = match align(old, new)? {
            Ok(aligned) => aligned,
            Err(why) => return Ok(Err(why)),
        };
        let moved = aligned.iter_mut().map(Aligned::pair_moved).sum();
        if aligned.iter().map(Aligned::len).sum::<usize>() > CHANGED_MAX {
            return Ok(Err(format!("more than {CHANGED_MAX} of its rows differ")));
        }
        let changes = |table: &Aligned| {
            let mut changes = table.changes(old, new)?;
            changes.sets.extend(table.cells_of_new_columns(old, new)?);
            Ok(changes)
        };
        let tables = aligned.iter().map(changes).collect::<Result<Vec<_>>>()?;
        Ok(Ok((tables, moved)))
    })
}

fn listed(path: &DataPath, changes: &TableChanges) -> Vec<RowDiff> {
    let table = || changes.table.clone();
    let mut found = Vec::with_capacity(changes.len());
    let mut add = |address, before, after| found.push(RowDiff { path: path.clone(), address, before, after });
    for (column, before, after) in &changes.columns {
        let text = |data_type: &Option<String>| data_type.clone().map(Value::Text);
        add(RowAddress::Column { table: table(), column: column.clone() }, text(before), text(after));
    }
    for set in &changes.sets {
        for (column, before, after) in &set.cells {
            let address = RowAddress::Cell { table: table(), row: set.key.clone(), column: column.clone() };
            add(address, Some(before.clone()), Some(after.clone()));
        }
    }
    for (row, cells) in &changes.deleted {
        add(RowAddress::Row { table: table(), row: row.clone() }, Some(Value::Struct(cells.clone())), None);
    }
    for row in &changes.inserted {
        let address = RowAddress::Row { table: table(), row: row.key.clone() };
        add(address, None, Some(Value::Struct(row.cells.clone())));
    }
    found
}

/// Whether the row edits of two files lie over the same bytes, and name rows in the same way.
pub(super) fn share_below(a: (&View, &Node), b: (&View, &Node)) -> Result<bool> {
    let key = |(view, node): (&View, &Node)| view.key_column(node, &view.rows_of(node));
    Ok(has_same_bytes((a.0, a.1.place.below()), (b.0, b.1.place.below()))? && key(a)? == key(b)?)
}

/// Leaves out rows of one file that went and came with the same cells, as many of them as went: they were moved, and
/// it is told how many.
fn without_moved(mut rows: Vec<RowDiff>) -> (Vec<RowDiff>, u64) {
    let side = |diff: &RowDiff| match (&diff.address, &diff.before, &diff.after) {
        (RowAddress::Row { .. }, Some(Value::Struct(cells)), None) => Some((0, said(cells))),
        (RowAddress::Row { .. }, None, Some(Value::Struct(cells))) => Some((1, said(cells))),
        _ => None,
    };
    if !rows.iter().any(|diff| diff.before.is_none()) || !rows.iter().any(|diff| diff.after.is_none()) {
        return (rows, 0);
    }
    let mut alike: HashMap<(String, String), [Vec<usize>; 2]> = HashMap::new();
    for (at, diff) in rows.iter().enumerate() {
        if let Some((side, cells)) = side(diff) {
            alike.entry((diff.address.table().to_owned(), cells)).or_default()[side].push(at);
        }
    }
    let moved = alike.into_values().filter(|[went, came]| went.len() == came.len());
    let moved: HashSet<usize> = moved.flatten().flatten().collect();
    let mut places = 0..;
    rows.retain(|_| places.next().is_none_or(|at| !moved.contains(&at)));
    (rows, moved.len() as u64 / 2)
}

/// What cells say, in whichever order; null says nothing.
fn said(cells: &[(String, Value)]) -> String {
    let cells: BTreeMap<&str, &Value> =
        cells.iter().filter(|(_, value)| *value != Value::Null).map(|(name, value)| (name.as_str(), value)).collect();
    format!("{cells:?}")
}

/// Differences as people read them. A row that came or went is one, with the values that its cells have or had by
/// edits.
fn told_by_row(path: &DataPath, differences: Vec<RowDifference>) -> Vec<RowDiff> {
    let mut found: Vec<RowDiff> = Vec::with_capacity(differences.len());
    for difference in differences {
        let of_row = found.last_mut().and_then(|row| cells_of(row, &difference));
        let Some((cells, change)) = of_row else {
            found.extend(told(path, difference));
            continue;
        };
        if let (RowAddress::Cell { column, .. }, Some(RowChange::Set { after, .. })) = (&difference.address, change) {
            match cells.iter_mut().find(|(name, _)| name == column) {
                Some((_, value)) => *value = after.clone(),
                None => cells.push((column.clone(), after.clone())),
            }
        }
    }
    found
}

/// A row's cells, and what is said of one of them.
type CellsAndChange<'r, 'd> = (&'r mut Vec<(String, Value)>, &'d Option<RowChange>);

/// The cells of a row that came or went whose cell differs, and what is said of that on the side that has the row.
fn cells_of<'r, 'd>(row: &'r mut RowDiff, difference: &'d RowDifference) -> Option<CellsAndChange<'r, 'd>> {
    let (RowAddress::Row { table, row: key }, RowAddress::Cell { table: of, row: of_row, .. }) =
        (&row.address, &difference.address)
    else {
        return None;
    };
    match (&mut row.before, &mut row.after) {
        _ if (table, key) != (of, of_row) => None,
        (Some(Value::Struct(cells)), None) => Some((cells, &difference.before)),
        (None, Some(Value::Struct(cells))) => Some((cells, &difference.after)),
        _ => None,
    }
}

/// A difference as people read it; `None` for what is none to them: the same values by other bytes.
pub(in crate::dataset) fn told(path: &DataPath, difference: RowDifference) -> Option<RowDiff> {
    let RowDifference { address, before, after } = difference;
    // Where one side says nothing, it has what the other says the base has.
    let of_base = before.as_ref().or(after.as_ref()).and_then(base_value);
    let value = |side: Option<RowChange>| side.as_ref().map_or(of_base.clone(), value_now);
    let (before, after) = (value(before), value(after));
    (before != after).then(|| RowDiff { path: path.clone(), address, before, after })
}

fn base_value(change: &RowChange) -> Option<Value> {
    match change {
        RowChange::Set { before, .. } => Some(before.clone()),
        RowChange::Deleted { before, .. } => Some(Value::Struct(before.clone())),
        RowChange::Excluded { .. } => Some(Value::Bool(false)),
        RowChange::Inserted { .. }
        | RowChange::Added { .. }
        | RowChange::Shared { .. }
        | RowChange::Traced { .. }
        | RowChange::Keyed { .. } => None,
    }
}

fn value_now(change: &RowChange) -> Option<Value> {
    match change {
        RowChange::Set { after, .. } => Some(after.clone()),
        RowChange::Inserted { cells, .. } => Some(Value::Struct(cells.clone())),
        RowChange::Added { data_type } => Some(Value::Text(data_type.clone())),
        RowChange::Excluded { .. } => Some(Value::Bool(true)),
        RowChange::Deleted { .. } | RowChange::Shared { .. } | RowChange::Traced { .. } | RowChange::Keyed { .. } => {
            None
        }
    }
}
