//! What makes the rows of a table out of those of another one over the same files.
//!
//! Where a draft differs from what is in memory by cells that were set and rows that
//! were deleted, its columns are those in memory with these cells replaced and these
//! rows left out. Rows that were inserted, or came back, are no such simple thing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, StringArray};
use arrow::compute::{concat, filter, interleave};
use arrow::datatypes::{DataType, Int32Type};
use arrow::error::ArrowError;
use veneer::model::{RowAddress, RowChange, Value};
use veneer::table::arrow_value;
use veneer::{Error, Result};

use super::keys::RowKeys;
use super::tables::OpenTable;
use super::texts::{is_text, text_type};

/// Replacing more cells one by one takes longer than merging all.
const PIECES_MAX: usize = 1_000;

/// Cells that were set and rows that are no longer there.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// By column: (key of the row, value).
    cells: HashMap<String, Vec<(String, Value)>>,
    /// The keys of rows that are gone.
    pub(super) dropped: Vec<String>,
    /// Whether the columns are certainly the same.
    pub(super) keeps_columns: bool,
}

impl Changes {
    /// What makes the rows of `to` of those of `from`; `None` where that is not simple.
    pub(super) fn between(from: &OpenTable, to: &OpenTable) -> Result<Option<Changes>> {
        let mut changes = Changes { keeps_columns: true, ..Changes::default() };
        for (place, (before, after)) in from.edits.iter().zip(&to.edits).enumerate() {
            if before == after {
                continue;
            }
            let path = &to.table.paths[place];
            let (before, after) = (from.view.overlay().rows(*before), to.view.overlay().rows(*after));
            for difference in before.diff(&after)? {
                let (address, sides) = (difference.address, (difference.before, difference.after));
                if address.table() != to.table.part {
                    // What one table of a file says may be what another one is read by.
                    changes.keeps_columns &= matches!(address, RowAddress::Shared { .. });
                    continue;
                }
                let key = |row: &str| to.table.key(path, row);
                if !changes.take(&address, sides, &key) {
                    return Ok(None);
                }
            }
        }
        Ok(Some(changes))
    }

    /// Takes one difference; false where it is not simple.
    fn take(
        &mut self,
        address: &RowAddress,
        sides: (Option<RowChange>, Option<RowChange>),
        key: &dyn Fn(&str) -> String,
    ) -> bool {
        match (address, sides) {
            (RowAddress::Shared { .. }, _) => {}
            (RowAddress::Column { .. }, _) => self.keeps_columns = false,
            (RowAddress::Cell { row, column, .. }, (_, Some(RowChange::Set { after, .. }))) => {
                self.cells.entry(column.clone()).or_default().push((key(row), after));
            }
            (RowAddress::Cell { row, column, .. }, (Some(RowChange::Set { before, .. }), None)) => {
                self.cells.entry(column.clone()).or_default().push((key(row), before));
            }
            (
                RowAddress::Row { row, .. },
                (None, Some(RowChange::Deleted { .. })) | (Some(RowChange::Inserted { .. }), None),
            ) => self.dropped.push(key(row)),
            (RowAddress::Row { .. }, (Some(RowChange::Deleted { .. }), Some(RowChange::Deleted { .. }))) => {}
            (
                RowAddress::Row { row, .. },
                (
                    Some(RowChange::Inserted { after: there, cells: before, .. }),
                    Some(RowChange::Inserted { after: here, cells, .. }),
                ),
            ) if there == here => {
                let now: HashMap<&str, &Value> = cells.iter().map(|(name, value)| (name.as_str(), value)).collect();
                let names: HashSet<&str> = before.iter().chain(&cells).map(|(name, _)| name.as_str()).collect();
                for name in names {
                    let value = now.get(name).map_or(Value::Null, |value| (*value).clone());
                    self.cells.entry(name.to_owned()).or_default().push((key(row), value));
                }
            }
            _ => return false,
        }
        true
    }

    /// How many cells and rows they are.
    pub(super) fn len(&self) -> usize {
        self.dropped.len() + self.cells.values().map(Vec::len).sum::<usize>()
    }

    /// The places of the rows that are gone, in order; `None` where one is not found.
    fn dropped_places(&self, keys: &RowKeys) -> Option<Vec<usize>> {
        let mut places = self.dropped.iter().map(|key| keys.find(key)).collect::<Option<Vec<usize>>>()?;
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    /// The keys of the rows that are left; `None` where they are the same, or a row is not found.
    pub(super) fn keys(&self, keys: &RowKeys) -> Option<RowKeys> {
        self.dropped_places(keys).map(|places| keys.without(&places))
    }

    /// The values of a column; `None` where a row is not found.
    ///
    /// # Errors
    /// `Invalid` for a value that the column's type cannot hold.
    pub(super) fn column(&self, name: &str, values: &ArrayRef, keys: &RowKeys) -> Result<Option<ArrayRef>> {
        let mut cells: BTreeMap<usize, &Value> = BTreeMap::new();
        for (key, value) in self.cells.get(name).into_iter().flatten() {
            match keys.find(key) {
                Some(row) => drop(cells.insert(row, value)),
                // The cell of a row that is gone as well.
                None if self.dropped.contains(key) => {}
                None => return Ok(None),
            }
        }
        let values = if cells.is_empty() { values.clone() } else { replaced(values, &cells)? };
        let Some(dropped) = self.dropped_places(keys) else { return Ok(None) };
        if dropped.is_empty() {
            return Ok(Some(values));
        }
        let mut kept = vec![true; values.len()];
        dropped.into_iter().for_each(|row| kept[row] = false);
        filter(&values, &BooleanArray::from(kept)).map(Some).map_err(misfit)
    }
}

/// The array with other values at some rows.
fn replaced(array: &ArrayRef, cells: &BTreeMap<usize, &Value>) -> Result<ArrayRef> {
    let given: Vec<Value> = cells.values().map(|value| (*value).clone()).collect();
    if *array.data_type() == text_type() && is_text(array.data_type()) {
        return texts_replaced(array.as_dictionary::<Int32Type>(), cells);
    }
    let given = arrow_value::array(array.data_type(), &given)?;
    if cells.len() > PIECES_MAX {
        let mut picks: Vec<(usize, usize)> = (0..array.len()).map(|row| (0, row)).collect();
        cells.keys().enumerate().for_each(|(at, row)| picks[*row] = (1, at));
        return interleave(&[&**array, &*given], &picks).map_err(misfit);
    }
    let (mut pieces, mut from) = (Vec::with_capacity(cells.len() * 2 + 1), 0);
    for (at, row) in cells.keys().enumerate() {
        pieces.push(array.slice(from, row - from));
        pieces.push(given.slice(at, 1));
        from = row + 1;
    }
    pieces.push(array.slice(from, array.len() - from));
    concat(&pieces.iter().map(|piece| &**piece).collect::<Vec<_>>()).map_err(misfit)
}

/// As [`replaced`], of texts: the numbers are replaced, and what is new comes after the texts that are known.
fn texts_replaced(array: &DictionaryArray<Int32Type>, cells: &BTreeMap<usize, &Value>) -> Result<ArrayRef> {
    let values = array.values().as_string::<i32>();
    let mut numbers: HashMap<&str, Option<i32>> = HashMap::new();
    for value in cells.values() {
        match value {
            Value::Null => {}
            Value::Text(text) => drop(numbers.insert(text, None)),
            other => return Err(Error::invalid("cell", &other.to_string(), "it is no text")),
        }
    }
    let lengths: HashSet<usize> = numbers.keys().map(|text| text.len()).collect();
    for (number, text) in values.iter().enumerate() {
        if let Some(text) = text.filter(|text| lengths.contains(&text.len()))
            && let Some(known) = numbers.get_mut(text)
        {
            known.get_or_insert(number as i32);
        }
    }
    let mut new = Vec::new();
    for (text, number) in &mut numbers {
        number.get_or_insert_with(|| {
            new.push(*text);
            (values.len() + new.len() - 1) as i32
        });
    }
    let values: ArrayRef = match new.is_empty() {
        true => array.values().clone(),
        false => concat(&[array.values(), &StringArray::from(new)]).map_err(misfit)?,
    };
    let of = |value: &Value| match value {
        Value::Text(text) => numbers.get(text.as_str()).copied().flatten(),
        _ => None,
    };
    let given = cells.values().map(|value| of(value)).collect::<Int32Array>();
    let rows: BTreeMap<usize, Option<i32>> =
        cells.keys().zip(given.iter()).map(|(row, number)| (*row, number)).collect();
    let mut keys = array.keys().values().to_vec();
    let mut nulls = array.keys().nulls().map(|nulls| nulls.iter().collect::<Vec<bool>>());
    for (row, number) in rows {
        keys[row] = number.unwrap_or_default();
        if nulls.is_some() || number.is_none() {
            nulls.get_or_insert_with(|| vec![true; array.len()])[row] = number.is_some();
        }
    }
    let keys = Int32Array::new(keys.into(), nulls.map(Into::into));
    DictionaryArray::try_new(keys, values).map(|array| Arc::new(array) as ArrayRef).map_err(misfit)
}

fn misfit(cause: ArrowError) -> Error {
    Error::invalid("column", "", "its edited cells do not fit").caused_by(cause)
}

/// Whether a value of this type is the same after it was kept as an edit.
pub(super) fn is_kept_whole(of: &DataType) -> bool {
    // A whole number beyond 63 bits becomes a float.
    !matches!(of, DataType::UInt64)
}
