//! Rows that are deleted for as long as their sample is excluded: what is kept of each, and how it comes back.
//!
//! Most often the file still says that the row is deleted, and then that is said
//! no more. But a file may get other bytes meanwhile, in which the row has
//! another place, or is there again, or is gone: what is kept of a row that is
//! gone makes it anew, as the last of its table.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use arrow::datatypes::DataType;
use serde::de::IgnoredAny;

use super::cells::{as_text, with_cells};
use super::diff::is_of_content;
use super::named::Table;
use super::opened::place_of;
use super::part::Part;
use super::work::{Besides, Work};
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, ExcludedRow, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{Flow, Role, Scan, TableFile, arrow_value};
use crate::{ErrorKind, Result};

/// What is to be said of rows; `None` is nothing.
type Changes = BTreeMap<RowAddress, Option<RowChange>>;
/// The cells of a row, by column.
type Cells = Vec<(String, Value)>;

impl View {
    /// A row with what is said of it, which is to be deleted for a while; `None` where its file is not there.
    pub(in crate::dataset) fn row_to_hide(&self, table: &Table, key: &str) -> Result<Option<ExcludedRow>> {
        let (path, row) = table.split_key(key)?;
        let Some(node) = self.node(&path)? else { return Ok(None) };
        let said = self.rows_of(&node).of_row(&table.part, row)?;
        let was = said.into_iter().map(|(address, change)| match address {
            RowAddress::Cell { column, .. } => (Some(column), change),
            _ => (None, change),
        });
        Ok(Some(ExcludedRow { path, table: table.part.clone(), row: row.to_owned(), was: was.collect() }))
    }

    /// Of rows of a table, by their keys, those that are in their files one of the hidden rows told with each: by the
    /// cells, as another row may be at the place of one now.
    pub(in crate::dataset) fn hidden_among(
        &self,
        table: &Table,
        rows: &[(&str, &[ExcludedRow])],
    ) -> Result<HashSet<String>> {
        let mut by_file: BTreeMap<DataPath, Vec<&(&str, &[ExcludedRow])>> = BTreeMap::new();
        for row in rows {
            by_file.entry(table.split_key(row.0)?.0).or_default().push(row);
        }
        let mut found = HashSet::new();
        for (path, rows) in by_file {
            let Some(node) = self.node(&path)? else { continue };
            Part::open(self, &node, &*table.format)?.with_file(|file, _| {
                let at = place_of(file, &table.part)?;
                let columns = &file.tables()[at].schema.columns;
                for (key, hidden) in rows {
                    let of_file = |hidden: &&ExcludedRow| (&hidden.path, &hidden.table) == (&path, &table.part);
                    let cells: Vec<&Cells> = hidden.iter().filter(of_file).filter_map(cells_below).collect();
                    let place = file.find(at, table.split_key(key)?.1)?.filter(|_| !cells.is_empty());
                    let Some(place) = place else { continue };
                    let now = file.row(at, place)?;
                    let is_there = |(name, value): &(String, Value)| {
                        columns.iter().zip(&now).any(|(column, now)| column.name == *name && now == value)
                    };
                    if cells.iter().any(|cells| cells.len() == columns.len() && cells.iter().all(is_there)) {
                        found.insert((*key).to_owned());
                    }
                }
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// Keeps of rows that are deleted by now the cells that they have in their files, and which of these are JSON's own
    /// text.
    pub(in crate::dataset) fn keep_cells<'r>(&self, hidden: impl Iterator<Item = &'r mut ExcludedRow>) -> Result<()> {
        let mut files: HashMap<DataPath, Option<Rows>> = HashMap::new();
        let mut types: HashMap<(DataPath, String), Vec<(String, String)>> = HashMap::new();
        for row in hidden {
            if !files.contains_key(&row.path) {
                let node = self.node(&row.path)?;
                files.insert(row.path.clone(), node.map(|node| self.rows_of(&node)));
            }
            let said =
                files[&row.path].as_ref().map(|rows| rows.get(&row_address(&row.table, &row.row))).transpose()?;
            if let Some(Some(RowChange::Deleted { before, .. })) = said {
                row.was.retain(|(_, was)| !matches!(was, RowChange::Inserted { is_below: true, .. }));
                row.was.push((None, RowChange::Inserted { after: None, cells: before, patch: None, is_below: true }));
            }
            row.was.retain(|(_, was)| !matches!(was, RowChange::Added { .. }));
            let cells = own(row).map(|(_, cells)| cells).or_else(|| cells_below(row));
            if cells.is_some_and(|cells| cells.iter().any(|(_, value)| may_have_json(value))) {
                let at = (row.path.clone(), row.table.clone());
                let types = match types.entry(at) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(self.json_types(&row.path, &row.table)?),
                };
                let told = |(column, data_type): &(String, String)| {
                    (Some(column.clone()), RowChange::Added { data_type: data_type.clone() })
                };
                row.was.extend(types.iter().map(told));
            }
        }
        Ok(())
    }

    /// The types of columns that have JSON's own text, or may in parts, of a file whose rows may have columns of their
    /// own: one that comes back is to have the same JSON in a file without these columns.
    fn json_types(&self, path: &DataPath, table: &str) -> Result<Vec<(String, String)>> {
        let mut types = Vec::new();
        let Some(node) = self.node(path)? else { return Ok(types) };
        let Some(found) = self.format_of(&node)? else { return Ok(types) };
        let looked = Part::open(self, &node, &*found.format)?.with_readable(|file, _| {
            let table = file.tables().iter().find(|of| of.name == table && file.takes_more());
            for column in table.into_iter().flat_map(|table| &table.schema.columns) {
                let data_type = if column.role == Role::Json { &DataType::LargeUtf8 } else { &column.data_type };
                if column.role == Role::Json || data_type.is_nested() {
                    types.push((column.name.clone(), data_type.to_string()));
                }
            }
            Ok(())
        })?;
        // What is no table any more says nothing of its columns.
        Ok(looked.map_or(Vec::new(), |()| types))
    }

    /// What is to be said of the rows of the file at `node` for these to show again, by table.
    ///
    /// # Errors
    /// Those of the file, where it must be looked into. That it is no table any more is none: then no row comes back.
    pub(in crate::dataset) fn rows_back(
        &self,
        node: &Node,
        hidden: &[ExcludedRow],
    ) -> Result<BTreeMap<String, Changes>> {
        let mut back = Back { said: self.rows_of(node), by_table: BTreeMap::new(), shown: HashSet::new() };
        let mut open: BTreeMap<&str, Vec<&ExcludedRow>> = BTreeMap::new();
        for row in hidden {
            if !back.as_it_is(row)? {
                open.entry(&row.table).or_default().push(row);
            }
        }
        if open.is_empty() {
            return Ok(back.by_table);
        }
        let Some(found) = self.format_of(node)? else { return Ok(back.by_table) };
        let part = Part::open(self, node, &*found.format)?;
        let looked = part.with_readable(|file, _| {
            for (table, rows) in &open {
                if file.tables().iter().any(|info| info.name == *table) {
                    back.in_other_bytes(file, table, rows)?;
                }
            }
            Ok(())
        })?;
        if let Err(problem) = looked {
            tracing::debug!(%problem, "no rows of {} come back: {problem}", node.path);
        }
        Ok(back.by_table)
    }
}

/// Rows of one file that come back.
struct Back {
    said: Rows,
    by_table: BTreeMap<String, Changes>,
    /// The deleted rows that are shown again.
    shown: HashSet<RowAddress>,
}

impl Back {
    /// Shows a row where it was, if it is certain that this is the one.
    fn as_it_is(&mut self, row: &ExcludedRow) -> Result<bool> {
        let address = row_address(&row.table, &row.row);
        match self.said.get(&address)? {
            Some(RowChange::Deleted { before, is_below: true, .. })
                if own(row).is_none() && cells_below(row).is_none_or(|cells| *cells == before) =>
            {
                let changes = shown(row, &row.row, &before);
                self.by_table.entry(row.table.clone()).or_default().extend(changes);
                self.shown.insert(address);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Finds rows again in a file that is not as it was, or makes them anew.
    fn in_other_bytes(&mut self, file: &dyn TableFile, table: &str, rows: &[&ExcludedRow]) -> Result<()> {
        let mut deleted = Deleted::default();
        for (address, change) in self.said.entries()? {
            if let (RowAddress::Row { table: of, row }, RowChange::Deleted { before, is_below: true, .. }) =
                (&address, change)
                && of == table
                && !self.shown.contains(&address)
            {
                deleted.push(row.clone(), before);
            }
        }
        let changes = self.by_table.entry(table.to_owned()).or_default();
        let mut work = Work::new(file, &self.said, table, Besides::NOTHING)?;
        work.say(std::mem::take(changes));
        // What has the same cells is the row, whatever key it has now; else what has its key.
        let mut open: Vec<&ExcludedRow> = rows.to_vec();
        let is_keyed = work.schema().key.is_some();
        open.retain(|row| {
            let found = cells_below(row).and_then(|cells| deleted.take_alike(cells));
            found.is_none_or(|(key, before)| {
                work.say(shown(row, &key, &before));
                false
            })
        });
        open.retain(|row| {
            // A place in other bytes may be any row's.
            let tells = own(row).is_none() && (is_keyed || cells_below(row).is_none());
            let found = if tells { deleted.take_key(&row.row) } else { None };
            found.is_none_or(|(key, before)| {
                work.say(shown(row, &key, &before));
                false
            })
        });
        if !is_keyed {
            not_there(file, work.at, &mut open)?;
        }
        // Of a partial table nobody knows what it has.
        if file.tables()[work.at].problem.is_none() {
            open.into_iter().try_for_each(|row| made_anew(&mut work, row))?;
        }
        *changes = work.into_changes();
        Ok(())
    }
}

/// Leaves those rows that the file has not, as they are in it by themselves.
fn not_there(file: &dyn TableFile, at: usize, open: &mut Vec<&ExcludedRow>) -> Result<()> {
    // By what they have, so that each row of the file is looked up once.
    let mut wanted: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, row) in open.iter().enumerate() {
        if let Some(cells) = cells_below(row) {
            wanted.entry(hash_of(cells.iter().map(|(_, value)| value))).or_default().push(at);
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let mut is_there = vec![false; open.len()];
    let columns: Vec<&str> = file.tables()[at].schema.columns.iter().map(|column| column.name.as_str()).collect();
    file.scan(at, &Scan::default(), &mut |batch| {
        let values = batch.columns().iter().map(|column| arrow_value::values(column)).collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            let hash = hash_of(values.iter().map(|values| &values[row]));
            let Some(alike) = wanted.get_mut(&hash) else { continue };
            let is_it = |kept: &Cells| {
                kept.len() == columns.len()
                    && kept
                        .iter()
                        .zip(columns.iter().zip(&values))
                        .all(|((name, cell), (column, values))| name == column && values[row] == *cell)
            };
            alike.retain(|at| {
                is_there[*at] = cells_below(open[*at]).is_some_and(is_it);
                !is_there[*at]
            });
            if alike.is_empty() {
                wanted.remove(&hash);
            }
        }
        Ok(if wanted.is_empty() { Flow::Stop } else { Flow::More })
    })?;
    let mut is_there = is_there.into_iter();
    open.retain(|_| !is_there.next().unwrap_or_default());
    Ok(())
}

/// Rows that are deleted in a file, to be found by what they have and by their keys.
#[derive(Default)]
struct Deleted {
    /// `None` once it was taken.
    rows: Vec<Option<(String, Cells)>>,
    by_cells: HashMap<u64, Vec<usize>>,
    by_key: HashMap<String, usize>,
}

impl Deleted {
    fn push(&mut self, key: String, cells: Cells) {
        let at = self.rows.len();
        self.by_cells.entry(hash_of(cells.iter().map(|(_, value)| value))).or_default().push(at);
        self.by_key.insert(key.clone(), at);
        self.rows.push(Some((key, cells)));
    }

    /// Takes a row that has these cells.
    fn take_alike(&mut self, cells: &Cells) -> Option<(String, Cells)> {
        let alike = self.by_cells.get_mut(&hash_of(cells.iter().map(|(_, value)| value)))?;
        // What was taken is left out for good: of very many rows alike, each is looked at once.
        while alike.last().is_some_and(|at| self.rows[*at].is_none()) {
            alike.pop();
        }
        let is_it = |at: &usize| self.rows[*at].as_ref().is_some_and(|(_, known)| known == cells);
        let at = alike.iter().rposition(is_it)?;
        let at = alike.remove(at);
        self.rows[at].take()
    }

    /// Takes the row that has this key.
    fn take_key(&mut self, key: &str) -> Option<(String, Cells)> {
        self.rows[*self.by_key.get(key)?].take()
    }
}

/// A hash of cells: the same for equal ones.
pub(super) fn hash_of<'v>(cells: impl Iterator<Item = &'v Value>) -> u64 {
    let mut hasher = DefaultHasher::new();
    cells.for_each(|cell| as_text(cell).hash(&mut hasher));
    hasher.finish()
}

/// Makes a row anew that its file has not; one that is there again stays as it is there.
fn made_anew(work: &mut Work<'_>, row: &ExcludedRow) -> Result<()> {
    let made = match (own(row), cells_below(row)) {
        (Some((after, cells)), _) => {
            let is_known = |column: &str| work.schema().columns.iter().any(|of| of.name == column);
            let cell = |cell: (String, Value)| if is_known(&cell.0) { cell } else { alone(row, cell) };
            let cells = cells.iter().cloned().map(cell).collect();
            work.put_back(&row.row, after.clone(), cells)
        }
        (None, Some(had)) => {
            let cells = with_edits(row, had);
            let had: Cells = cells.iter().filter(|(name, _)| had.iter().any(|(of, _)| of == name)).cloned().collect();
            let had = had.into_iter().map(|cell| alone(row, cell)).collect::<Cells>();
            work.append(&row.row, cells, &had)
        }
        (None, None) => Ok(()),
    };
    match made {
        Err(error) if is_of_content(&error) || matches!(error.kind(), ErrorKind::AlreadyExists { .. }) => Ok(()),
        made => made,
    }
}

/// The cells that a hidden row shows, which `had` these in its file.
pub(in crate::dataset) fn with_edits(row: &ExcludedRow, had: &Cells) -> Cells {
    with_cells(
        had,
        row.was.iter().filter_map(|(column, was)| match was {
            RowChange::Set { after, .. } => Some((column.as_ref()?, after)),
            _ => None,
        }),
    )
}

/// A cell of a row as it is told in a file that has no such column.
fn alone(row: &ExcludedRow, (column, value): (String, Value)) -> (String, Value) {
    let data_type = row.was.iter().find_map(|(of, was)| match was {
        RowChange::Added { data_type } if of.as_ref() == Some(&column) => data_type.parse().ok(),
        _ => None,
    });
    let value = data_type.map_or(value.clone(), |of| out_of_json(value, &of));
    (column, value)
}

/// Whether a cell has text in it that may be JSON's own.
fn may_have_json(value: &Value) -> bool {
    match value {
        Value::Text(text) => serde_json::from_str::<IgnoredAny>(text).is_ok(),
        Value::List(items) => items.iter().any(may_have_json),
        Value::Struct(fields) => fields.iter().any(|(_, value)| may_have_json(value)),
        _ => false,
    }
}

/// A value of which no part is JSON as text: what that says is there instead.
fn out_of_json(value: Value, of: &DataType) -> Value {
    match (value, of) {
        (Value::Text(text), DataType::LargeUtf8) => Value::from_json_text(&text).unwrap_or(Value::Text(text)),
        (Value::List(items), DataType::List(item)) => {
            Value::List(items.into_iter().map(|value| out_of_json(value, item.data_type())).collect())
        }
        (Value::Struct(fields), DataType::Struct(types)) => {
            let field = |(name, value): (String, Value)| {
                let of = types.find(&name).map(|(_, of)| of.data_type());
                let value = of.map_or(value.clone(), |of| out_of_json(value, of));
                (name, value)
            };
            Value::Struct(fields.into_iter().map(field).collect())
        }
        (value, _) => value,
    }
}

/// What is to be said for a row to show that is deleted, `before` being its cells in the file.
pub(in crate::dataset) fn shown(row: &ExcludedRow, key: &str, before: &Cells) -> Changes {
    let mut changes = Changes::from([(row_address(&row.table, key), None)]);
    for (column, was) in &row.was {
        let (Some(column), RowChange::Set { after, .. }) = (column, was) else { continue };
        let before = before.iter().find(|(name, _)| name == column).map_or(Value::Null, |(_, value)| value.clone());
        let address = RowAddress::Cell { table: row.table.clone(), row: key.to_owned(), column: column.clone() };
        let set = RowChange::Set { before: before.clone(), after: after.clone(), patch: None };
        changes.insert(address, (*after != before).then_some(set));
    }
    changes
}

fn row_address(table: &str, row: &str) -> RowAddress {
    RowAddress::Row { table: table.to_owned(), row: row.to_owned() }
}

/// The cells of a row of the file, where they are kept.
pub(in crate::dataset) fn cells_below(row: &ExcludedRow) -> Option<&Cells> {
    row.was.iter().find_map(|(column, was)| match was {
        RowChange::Inserted { cells, is_below: true, .. } if column.is_none() => Some(cells),
        _ => None,
    })
}

/// Of a row that was inserted: what it came after, and its cells.
pub(in crate::dataset) fn own(row: &ExcludedRow) -> Option<(&Option<String>, &Cells)> {
    row.was.iter().find_map(|(column, was)| match was {
        RowChange::Inserted { after, cells, is_below: false, .. } if column.is_none() => Some((after, cells)),
        _ => None,
    })
}
