//! Reading columns of a table from its files, each as one array.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, LargeStringArray, LargeStringBuilder, new_empty_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use veneer::dataset::rows::RowScan;
use veneer::table::Flow;
use veneer::{Error, Result};

use super::keys::RowKeys;
use super::tables::OpenTable;
use super::texts::{Texts, is_text};

/// A column as it is being read.
enum Building {
    Texts(Texts),
    /// Of the type that its values have in the end.
    Others(DataType, Vec<ArrayRef>),
}

impl Building {
    fn new(of: &DataType) -> Building {
        match of {
            of if is_text(of) => Building::Texts(Texts::new()),
            DataType::Dictionary(_, values) => Building::Others((**values).clone(), Vec::new()),
            of => Building::Others(of.clone(), Vec::new()),
        }
    }

    fn push(&mut self, array: &ArrayRef) -> Result<()> {
        match self {
            Building::Texts(texts) => texts.push(array),
            Building::Others(of, pieces) => {
                pieces.push(if array.data_type() == of { array.clone() } else { cast(array, of).map_err(unread)? });
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<ArrayRef> {
        match self {
            Building::Texts(texts) => Ok(Arc::new(texts.finish())),
            Building::Others(of, pieces) if pieces.is_empty() => Ok(new_empty_array(&of)),
            Building::Others(_, pieces) => {
                concat(&pieces.iter().map(|piece| &**piece).collect::<Vec<_>>()).map_err(unread)
            }
        }
    }
}

/// Reads columns by their names, in one pass over the files, and stops after `rows_max` rows.
///
/// # Errors
/// `NotFound` for a column; those of the files.
pub(super) fn columns(table: &OpenTable, names: &[&str], rows_max: Option<usize>) -> Result<Vec<ArrayRef>> {
    let schema = table.schema();
    let mut building = Vec::with_capacity(names.len());
    for name in names {
        let column = schema.columns.iter().find(|column| column.name == *name);
        building.push(Building::new(&column.ok_or_else(|| Error::not_found("column", name))?.data_type));
    }
    let scan = RowScan { columns: Some(names.iter().map(|name| (*name).to_owned()).collect()) };
    let mut rows_left = rows_max.unwrap_or(usize::MAX);
    table.view.scan_rows(&table.table, &scan, &mut |rows| {
        let len = rows.batch.num_rows().min(rows_left);
        for (building, column) in building.iter_mut().zip(rows.batch.columns()) {
            building.push(&column.slice(0, len))?;
        }
        rows_left -= len;
        Ok(if rows_left == 0 { Flow::Stop } else { Flow::More })
    })?;
    building.into_iter().map(Building::finish).collect()
}

/// Reads the keys of the rows, and stops after `rows_max` rows.
///
/// # Errors
/// Those of the files.
pub(super) fn keys(table: &OpenTable, rows_max: Option<usize>) -> Result<RowKeys> {
    let (mut count, mut listed) = (0usize, None::<LargeStringBuilder>);
    let mut rows_left = rows_max.unwrap_or(usize::MAX);
    table.view.scan_rows(&table.table, &RowScan { columns: Some(Vec::new()) }, &mut |rows| {
        let len = rows.batch.num_rows().min(rows_left);
        let is_next = rows.first_place() == Some(count as u64) && listed.is_none();
        if !is_next {
            let listed = listed.get_or_insert_with(|| {
                let mut places = LargeStringBuilder::new();
                (0..count).for_each(|place| places.append_value(place.to_string()));
                places
            });
            for row in 0..len {
                listed.append_value(rows.key(row)?);
            }
        }
        count += len;
        rows_left -= len;
        Ok(if rows_left == 0 { Flow::Stop } else { Flow::More })
    })?;
    Ok(match listed {
        None => RowKeys::Places(count),
        Some(mut listed) => {
            let keys: LargeStringArray = listed.finish();
            RowKeys::listed(keys)
        }
    })
}

fn unread(cause: arrow::error::ArrowError) -> Error {
    Error::invalid("column", "", "its values cannot be read as one column").caused_by(cause)
}
