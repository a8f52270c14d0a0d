//! How two views differ, as JSON: files, rows and cells, and how many of each kind.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;
use veneer::dataset::rows::{RowDiff, diff_rows, short_key, short_name};
use veneer::dataset::{View, diff};
use veneer::model::{PathChange, RowAddress, Value, What};

/// A column of which more different changes than these were made is no column of classes.
const KINDS_MAX: usize = 200;
/// A longer text is no class.
const CLASS_LEN_MAX: usize = 80;

/// A file that differs.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileDifference {
    /// Its path, in the later state where it has one.
    path: String,
    /// Where it was, of a renamed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// `added`, `modified`, `removed` or `renamed`.
    what: &'static str,
    /// Bytes before; null where there was none.
    size_before: Option<u64>,
    /// Bytes after; null where there is none.
    size_after: Option<u64>,
}

/// A cell, row or column that differs.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowDifference {
    /// The table.
    table: String,
    /// The file.
    path: String,
    /// The row; none for a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The column; none for a whole row.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// `set`, `inserted`, `deleted`, `column-added` or `column-dropped`.
    change: &'static str,
    /// What it was; null where it was not there.
    before: serde_json::Value,
    /// What it is; null where it is not there any more.
    after: serde_json::Value,
}

/// How many files differ.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct FileCounts {
    /// Files, links and folders that are new.
    pub added: u64,
    /// Those with other content.
    pub modified: u64,
    /// Those that are gone.
    pub removed: u64,
    /// Those that are elsewhere.
    pub renamed: u64,
}

/// How many rows differ.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RowCounts {
    /// Rows of which cells were set.
    pub set: u64,
    /// New rows.
    pub inserted: u64,
    /// Rows that are gone.
    pub deleted: u64,
}

/// How often a value of a column became another one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClassCount {
    /// The column.
    column: String,
    /// What it was.
    before: serde_json::Value,
    /// What it is.
    after: serde_json::Value,
    /// In how many cells.
    count: u64,
}

/// How much differs.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Summary {
    /// Files.
    pub files: FileCounts,
    /// Rows.
    pub rows: RowCounts,
    /// Columns that were added or dropped.
    pub columns: u64,
    /// Of columns with few different changes, how often which value became which; the most frequent first.
    pub per_class: Vec<ClassCount>,
}

/// All that differs between two views.
#[derive(Debug)]
pub struct Differences {
    /// By path.
    pub files: Vec<PathChange>,
    /// By path, row and column.
    pub rows: Vec<RowDiff>,
}

impl Differences {
    /// Compares two views.
    ///
    /// # Errors
    /// Those of reading them.
    pub fn between(from: &View, to: &View) -> veneer::Result<Differences> {
        Ok(Differences { files: diff(from, to)?, rows: diff_rows(from, to)? })
    }

    /// How much differs.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for change in &self.files {
            *match change.what {
                What::Added => &mut summary.files.added,
                What::Modified => &mut summary.files.modified,
                What::Removed => &mut summary.files.removed,
                What::Renamed => &mut summary.files.renamed,
            } += 1;
        }
        let mut set = BTreeSet::new();
        for row in &self.rows {
            match (word(row), &row.address) {
                ("inserted", _) => summary.rows.inserted += 1,
                ("deleted", _) => summary.rows.deleted += 1,
                (_, RowAddress::Column { .. }) => summary.columns += 1,
                (_, address) => {
                    set.insert((&row.path, address.table(), address.row()));
                }
            }
        }
        summary.rows.set = set.len() as u64;
        summary.per_class = self.per_class();
        summary
    }

    /// How many files differ by more than their rows.
    pub fn other_files(&self) -> u64 {
        let with_rows: BTreeSet<_> = self.rows.iter().map(|row| &row.path).collect();
        let is_other = |change: &&PathChange| change.what != What::Modified || !with_rows.contains(&change.path);
        self.files.iter().filter(is_other).count() as u64
    }

    /// Modified files with row edits of which no row differs: the same values, other bytes.
    pub fn reformatted(&self, to: &View) -> veneer::Result<Vec<String>> {
        let with_rows: BTreeSet<_> = self.rows.iter().map(|row| &row.path).collect();
        let mut found = Vec::new();
        for change in &self.files {
            if change.what == What::Modified
                && !with_rows.contains(&change.path)
                && to.node(&change.path)?.is_some_and(|node| to.rows_of(&node).root().is_some())
            {
                found.push(change.path.to_string());
            }
        }
        Ok(found)
    }

    fn per_class(&self) -> Vec<ClassCount> {
        let mut columns: BTreeMap<&str, BTreeMap<(String, String), u64>> = BTreeMap::new();
        for row in &self.rows {
            let RowAddress::Cell { column, .. } = &row.address else { continue };
            let kinds = columns.entry(column).or_default();
            if let (Some(before), Some(after)) = (class(&row.before), class(&row.after))
                && kinds.len() <= KINDS_MAX
            {
                *kinds.entry((before, after)).or_default() += 1;
            }
        }
        let mut found = Vec::new();
        for (column, kinds) in columns.into_iter().filter(|(_, kinds)| kinds.len() <= KINDS_MAX) {
            let json = |text: String| serde_json::from_str(&text).expect("written below");
            found.extend(kinds.into_iter().map(|((before, after), count)| ClassCount {
                column: column.to_owned(),
                before: json(before),
                after: json(after),
                count,
            }));
        }
        found.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        found
    }
}

/// The value as JSON text, where it may be a class.
fn class(value: &Option<Value>) -> Option<String> {
    match value {
        None | Some(Value::Null) => Some("null".to_owned()),
        Some(value @ (Value::Bool(_) | Value::Int(_))) => Some(value.to_json().to_string()),
        Some(value @ Value::Text(text)) if text.len() <= CLASS_LEN_MAX => Some(value.to_json().to_string()),
        _ => None,
    }
}

impl From<&PathChange> for FileDifference {
    fn from(change: &PathChange) -> FileDifference {
        FileDifference {
            path: change.path.to_string(),
            from: change.from.as_ref().map(ToString::to_string),
            what: match change.what {
                What::Added => "added",
                What::Modified => "modified",
                What::Removed => "removed",
                What::Renamed => "renamed",
            },
            size_before: change.size_before,
            size_after: change.size_after,
        }
    }
}

impl From<&RowDiff> for RowDifference {
    fn from(row: &RowDiff) -> RowDifference {
        let column = match &row.address {
            RowAddress::Cell { column, .. } | RowAddress::Column { column, .. } => Some(column.clone()),
            RowAddress::Row { .. } | RowAddress::Shared { .. } => None,
        };
        let json = |value: &Option<Value>| value.as_ref().map_or(serde_json::Value::Null, Value::to_json);
        RowDifference {
            table: short_name(&row.path, row.address.table()),
            path: row.path.to_string(),
            key: row.address.row().map(|key| short_key(&row.path, row.address.table(), key)),
            column,
            change: word(row),
            before: json(&row.before),
            after: json(&row.after),
        }
    }
}

fn word(row: &RowDiff) -> &'static str {
    match (&row.address, &row.before, &row.after) {
        (RowAddress::Column { .. }, None, _) => "column-added",
        (RowAddress::Column { .. }, Some(_), None) => "column-dropped",
        (RowAddress::Row { .. }, None, Some(_)) => "inserted",
        (RowAddress::Row { .. }, Some(_), None) => "deleted",
        _ => "set",
    }
}
