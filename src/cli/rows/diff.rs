//! `veneer diff --rows`, and how cells that two sides disagree on are shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use veneer::dataset::rows::{FileDiff, RowConflict, RowDiff, RowDiffs, TableDiff, short_key, short_name};
use veneer::model::{DataPath, RowAddress, Value};

use crate::cli::human;
use crate::cli::output::{self, Align, PathFields, Table, printable};
use crate::cli::report::Result;

/// The most letters of a value that are shown to a person.
const VALUE_LEN_MAX: usize = 60;

/// A difference of a cell, a row, a column, a whole table or only of bytes, as JSON has it.
#[derive(Serialize)]
struct RowLine {
    table: Option<String>,
    #[serde(flatten)]
    path: PathFields,
    key: Option<String>,
    column: Option<String>,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
    change: &'static str,
    /// Why bytes cannot be told by rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// How many rows a table has that came or went with its file, or are in another place among the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
}

impl From<&TableDiff> for RowLine {
    fn from(diff: &TableDiff) -> RowLine {
        let (path, table) = (PathFields::from(&diff.path), Some(short_name(&diff.path, &diff.table)));
        let (change, rows) = (table_word(diff), Some(diff.rows));
        RowLine { table, path, key: None, column: None, before: None, after: None, change, why: None, rows }
    }
}

impl From<&FileDiff> for RowLine {
    fn from(diff: &FileDiff) -> RowLine {
        let (path, change) = (PathFields::from(&diff.path), bytes_word(diff));
        let (why, rows) = (diff.why.clone(), (diff.moved > 0).then_some(diff.moved));
        RowLine { table: None, path, key: None, column: None, before: None, after: None, change, why, rows }
    }
}

impl From<&RowDiff> for RowLine {
    fn from(diff: &RowDiff) -> RowLine {
        let (key, column) = parts(&diff.address);
        RowLine {
            table: Some(short_name(&diff.path, diff.address.table())),
            path: PathFields::from(&diff.path),
            key: key.map(|key| short_key(&diff.path, diff.address.table(), key)),
            column: column.map(str::to_owned),
            before: diff.before.as_ref().map(Value::to_json),
            after: diff.after.as_ref().map(Value::to_json),
            change: word(diff),
            why: None,
            rows: None,
        }
    }
}

/// A cell or row on which two sides disagree, as JSON has it.
#[derive(Serialize)]
pub(in crate::cli) struct RowConflictLine {
    table: String,
    key: Option<String>,
    column: Option<String>,
    base: Option<serde_json::Value>,
    ours: Option<serde_json::Value>,
    theirs: Option<serde_json::Value>,
}

impl RowConflictLine {
    /// The conflict, of the file at `path`.
    pub(in crate::cli) fn new(path: &DataPath, conflict: &RowConflict) -> RowConflictLine {
        let (key, column) = parts(&conflict.address);
        let json = |value: &Option<Value>| value.as_ref().map(Value::to_json);
        RowConflictLine {
            table: short_name(path, conflict.address.table()),
            key: key.map(|key| short_key(path, conflict.address.table(), key)),
            column: column.map(str::to_owned),
            base: json(&conflict.base),
            ours: json(&conflict.ours),
            theirs: json(&conflict.theirs),
        }
    }
}

/// A conflict of a row for a person: where, and what each side has.
pub(in crate::cli) fn told(path: &DataPath, conflict: &RowConflict) -> (String, String) {
    let place = place(path, &conflict.address);
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), shown);
    let (base, ours, theirs) = (value(&conflict.base), value(&conflict.ours), value(&conflict.theirs));
    (place, format!("was {base}, ours {ours}, theirs {theirs}"))
}

/// Prints differences of rows, the files whose other bytes are none, and the tables that came or went.
pub(in crate::cli) fn print(differences: &RowDiffs, json: bool) -> Result<()> {
    let RowDiffs { rows, files, tables } = differences;
    if json {
        let lines = rows.iter().map(RowLine::from).chain(files.iter().map(RowLine::from));
        let lines = lines.chain(tables.iter().map(RowLine::from));
        return output::json(&lines.collect::<Vec<_>>());
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    let files_of = files_by_table(rows);
    for diff in rows {
        let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), shown);
        let change = format!("{} -> {}", value(&diff.before), value(&diff.after));
        let place = match files_of.get(&short_name(&diff.path, diff.address.table())) {
            Some(files) if files.len() > 1 => format!("{} in {}", place(&diff.path, &diff.address), diff.path),
            _ => place(&diff.path, &diff.address),
        };
        table.row([word(diff).to_owned(), place, change]);
    }
    for diff in files {
        let what = match &diff.why {
            Some(why) => printable(why.as_bytes()),
            None if diff.moved > 0 => format!("{} in another place", human::count(diff.moved, "row")),
            None => "other bytes, the same rows".to_owned(),
        };
        table.row([bytes_word(diff).to_owned(), printable(diff.path.as_bytes()), what]);
    }
    for diff in tables {
        let path = format!("{} {}", short_name(&diff.path, &diff.table), diff.path);
        let rows = human::count(diff.rows, "row");
        table.row([table_word(diff).to_owned(), printable(path.as_bytes()), rows]);
    }
    table.print()
}

/// The files whose rows differ, by what their tables are called: two may have one name. Where a key says the file, the
/// table is not there.
fn files_by_table(rows: &[RowDiff]) -> BTreeMap<String, BTreeSet<&DataPath>> {
    let mut files: BTreeMap<String, BTreeSet<&DataPath>> = BTreeMap::new();
    for diff in rows {
        let table = diff.address.table();
        if short_key(&diff.path, table, "").is_empty() {
            files.entry(short_name(&diff.path, table)).or_default().insert(&diff.path);
        }
    }
    files
}

fn table_word(diff: &TableDiff) -> &'static str {
    if diff.is_new { "added" } else { "removed" }
}

fn bytes_word(diff: &FileDiff) -> &'static str {
    match diff.why {
        Some(_) => "bytes",
        None if diff.moved > 0 => "reordered",
        None => "reformatted",
    }
}

fn parts(address: &RowAddress) -> (Option<&str>, Option<&str>) {
    match address {
        RowAddress::Column { column, .. } => (None, Some(column)),
        RowAddress::Row { row, .. } => (Some(row), None),
        RowAddress::Cell { row, column, .. } => (Some(row), Some(column)),
        RowAddress::Shared { .. } => (None, None),
    }
}

fn place(path: &DataPath, address: &RowAddress) -> String {
    let (key, column) = parts(address);
    let mut place = short_name(path, address.table());
    key.iter().for_each(|key| place.push_str(&format!(" {}", short_key(path, address.table(), key))));
    column.iter().for_each(|column| place.push_str(&format!(" {column}")));
    printable(place.as_bytes())
}

/// A value for a person: short, and without what would move the cursor.
pub(in crate::cli) fn shown(value: &Value) -> String {
    let text = match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(VALUE_LEN_MAX) {
        Some((at, _)) => printable(format!("{}…", &text[..at]).as_bytes()),
        None => printable(text.as_bytes()),
    }
}

fn word(diff: &RowDiff) -> &'static str {
    match (&diff.address, &diff.before, &diff.after) {
        (RowAddress::Cell { .. }, ..) | (_, Some(_), Some(_)) => "set",
        (_, None, Some(_)) => "insert",
        _ => "delete",
    }
}
