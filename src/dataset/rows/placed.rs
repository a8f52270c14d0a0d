//! The edits of one table of one file, by place in the file: as a scan needs them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::column;
use super::inserted::{in_order, inserted, place_behind};
use crate::model::{RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{Column, TableFile};
use crate::{Error, Result};

/// The edits of one table, by place in the file.
#[derive(Default)]
pub(super) struct Edits {
    /// The columns that were added.
    pub(super) added: Vec<Column>,
    /// By row and column; the columns that were added come after those of the file.
    pub(super) set: BTreeMap<u64, BTreeMap<usize, Value>>,
    /// The rows that are not to show.
    pub(super) deleted: BTreeSet<u64>,
    /// By the place that they come after, `None` is the beginning: key, and a value for each column.
    pub(super) inserted: BTreeMap<Option<u64>, Vec<(String, Vec<Value>)>>,
}

impl Edits {
    /// What `rows` says of the table at `at`.
    pub(super) fn of(file: &dyn TableFile, at: usize, rows: &Rows) -> Result<Edits> {
        let mut edits = Edits::default();
        let info = &file.tables()[at];
        let entries = rows.entries()?;
        for (address, change) in &entries {
            if let (RowAddress::Column { table, column }, RowChange::Added { data_type }) = (address, change)
                && *table == info.name
            {
                edits.added.push(column::added(column, data_type)?);
            }
        }
        let mut names: HashMap<&str, usize> = HashMap::new();
        for (place, column) in info.schema.columns.iter().chain(&edits.added).enumerate() {
            names.entry(column.name.as_str()).or_insert(place);
        }
        // Two columns may have one name: the first is meant.
        let count = info.schema.columns.len() + edits.added.len();
        let missing = |row: &str| Error::corrupt("a row edit", format!("its row `{row}` is not in the file"));
        let places = places(file, at, &entries)?;
        let place = |row: &str| places.get(row).copied().ok_or_else(|| missing(row));
        let (mut set, mut deleted, mut cells_of) = (BTreeMap::new(), BTreeSet::new(), HashMap::new());
        for (address, change) in &entries {
            match (address, change) {
                _ if address.table() != info.name => {}
                (RowAddress::Cell { row, column, .. }, RowChange::Set { after, .. }) => {
                    if let Some(column) = names.get(column.as_str()) {
                        let cells: &mut BTreeMap<usize, Value> = set.entry(place(row)?).or_default();
                        cells.insert(*column, after.clone());
                    }
                }
                (RowAddress::Row { row, .. }, RowChange::Deleted { is_below: true, .. }) => {
                    deleted.insert(place(row)?);
                }
                (RowAddress::Row { row, .. }, RowChange::Inserted { cells, is_below: false, .. }) => {
                    cells_of.insert(row.as_str(), cells);
                }
                _ => {}
            }
        }
        let of_table = inserted(entries.iter().map(|(address, change)| (address, change))).remove(info.name.as_str());
        for (row, anchor) in of_table.map(|rows| in_order(&rows)).unwrap_or_default() {
            let mut values = vec![Value::Null; count];
            for (name, value) in cells_of[row] {
                if let Some(column) = names.get(name.as_str()) {
                    values[*column] = value.clone();
                }
            }
            let after = place_behind(file, at, anchor)?;
            edits.inserted.entry(after).or_default().push((row.to_owned(), values));
        }
        (edits.set, edits.deleted) = (set, deleted);
        Ok(edits)
    }

    /// How many rows a table of so many has with the edits.
    pub(super) fn rows(&self, of_file: u64) -> u64 {
        let inserted: usize = self.inserted.values().map(Vec::len).sum();
        (of_file + inserted as u64).saturating_sub(self.deleted.len() as u64)
    }

    /// The places among the `len` rows from `first` that have edited cells or rows inserted behind them; the first
    /// of the table also for those before it.
    pub(super) fn within(&self, first: u64, len: u64) -> BTreeSet<u64> {
        let range = first..first + len;
        let set = self.set.range(range.clone()).map(|(place, _)| *place);
        let behind = self.inserted.range(Some(range.start)..Some(range.end)).filter_map(|(place, _)| *place);
        let beginning = self.inserted.contains_key(&None) && range.contains(&0);
        set.chain(behind).chain(beginning.then_some(0)).collect()
    }

    /// Whether anything is edited among the `len` rows from `first`, or comes right after them.
    pub(super) fn touches(&self, first: u64, len: u64) -> bool {
        let range = first..first + len;
        self.set.range(range.clone()).next().is_some()
            || self.deleted.range(range.clone()).next().is_some()
            || self.inserted.range(Some(range.start)..Some(range.end)).next().is_some()
            || (first == 0 && self.inserted.contains_key(&None))
    }
}

/// Where the rows of the table at `at` lie of which cells are set, or that are deleted.
fn places<'e>(
    file: &dyn TableFile,
    at: usize,
    entries: &'e [(RowAddress, RowChange)],
) -> Result<HashMap<&'e str, u64>> {
    let name = &file.tables()[at].name;
    let is_of_row = |change: &RowChange| matches!(change, RowChange::Set { .. } | RowChange::Deleted { .. });
    let of_table = entries.iter().filter(|(address, change)| address.table() == name && is_of_row(change));
    let rows: BTreeSet<&str> = of_table.filter_map(|(address, _)| address.row()).collect();
    let rows: Vec<&str> = rows.into_iter().collect();
    let found = file.find_all(at, &rows)?;
    Ok(rows.into_iter().zip(found).filter_map(|(row, place)| Some((row, place?))).collect())
}
