//! One state of a file of rows: opened, hashed row by row, and single rows of it as values.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::UInt32Array;
use arrow::compute::take_record_batch;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use super::align::{Cells, Hashed};
use super::cells::{Comparing, hash};
use super::placed::Edits;
use super::scan::{RowBatch, Scanning};
use super::{Part, column};
use crate::dataset::view::{Node, View};
use crate::model::{Kind, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::source::OnDrift;
use crate::table::{Column, Flow, Format, TableFile, arrow_value};
use crate::{Error, Result};

/// A file of a view that is rows, as it was said or by its name and beginning.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) view: &'a View,
    pub(super) node: &'a Node,
    pub(super) format: Arc<dyn Format>,
}

/// A side whose rows were found.
#[derive(Clone, Copy)]
pub(super) struct Opened<'f> {
    pub(super) file: &'f dyn TableFile,
    pub(super) rows: &'f Rows,
}

type Take<'t> = dyn FnMut(&[(u32, u32)], &RowBatch, &RecordBatch) -> Result<()> + 't;

impl<'a> Side<'a> {
    /// `None` for a file that is no rows.
    ///
    /// # Errors
    /// Those of opening a file that may be rows, by what was said of it or by its name.
    pub(super) fn of(view: &'a View, node: &'a Node) -> Result<Option<Side<'a>>> {
        if node.entry.kind != Kind::File || view.promise(node)?.is_none() {
            return Ok(None);
        }
        view.open_below(node, OnDrift::Error)?;
        Ok(view.format_of(node)?.map(|found| Side { view, node, format: found.format }))
    }
}

/// Opens both sides, the later one with what is known of the columns of the earlier.
pub(super) fn with_both<T>(
    old: &Side<'_>,
    new: &Side<'_>,
    then: impl FnOnce(Opened<'_>, Opened<'_>) -> Result<T>,
) -> Result<T> {
    Part::open(old.view, old.node, &*old.format)?.with_file(|old_file, old_rows| {
        // Text stays text where all of it happens to be numbers now, and fractions stay these where none is left.
        let is_wide =
            |column: &&Column| matches!(column.data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Float64);
        let columns = old_file.tables().first().map(|info| &info.schema.columns);
        let known: Vec<Column> = columns.into_iter().flatten().filter(is_wide).cloned().collect();
        let format = new.format.knowing(&known).unwrap_or_else(|| Arc::clone(&new.format));
        Part::open(new.view, new.node, &*format)?.with_file(|new_file, new_rows| {
            then(Opened { file: old_file, rows: old_rows }, Opened { file: new_file, rows: new_rows })
        })
    })
}

/// The columns that were added to a table: name and type.
pub(super) fn added_columns(rows: &Rows, table: &str) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for (address, change) in rows.columns()? {
        if let (RowAddress::Column { table: of, column }, RowChange::Added { data_type }) = (address, change)
            && of == table
        {
            found.insert(column, data_type);
        }
    }
    Ok(found)
}

impl Opened<'_> {
    pub(super) fn place(&self, table: &str) -> Result<usize> {
        let place = self.file.tables().iter().position(|info| info.name == table);
        place.ok_or_else(|| Error::not_found("table", table))
    }

    /// The columns of the file, and those that were added.
    pub(super) fn columns(&self, at: usize) -> Result<Vec<(Column, bool)>> {
        let info = &self.file.tables()[at];
        let mut columns: Vec<(Column, bool)> =
            info.schema.columns.iter().map(|column| (column.clone(), false)).collect();
        for (name, data_type) in added_columns(self.rows, &info.name)? {
            if !columns.iter().any(|(column, _)| column.name == name) {
                columns.push((column::added(&name, &data_type)?, true));
            }
        }
        Ok(columns)
    }

    fn scan<'f>(&'f self, at: usize, names: &[String]) -> Result<Scanning<'f>> {
        Scanning::new(self.file, at, Edits::of(self.file, at, self.rows)?, Some(names))
    }

    pub(super) fn hashed(&self, at: usize, names: &[String], comparing: &Comparing, is_keyed: bool) -> Result<Hashed> {
        let mut hashed = Hashed::default();
        self.scan(at, names)?.run(&mut |rows| {
            comparing.hash_rows(rows.batch.columns(), &mut hashed.rows)?;
            if is_keyed {
                for row in 0..rows.batch.num_rows() {
                    hashed.keys.push(hash(rows.key(row)?.as_bytes()));
                }
            }
            Ok(Flow::More)
        })?;
        Ok(hashed)
    }

    /// Gives some rows, told by their places in order: place, key and cells.
    pub(super) fn picked(
        &self,
        at: usize,
        names: &[String],
        wanted: &[u32],
        each: &mut dyn FnMut(u32, String, Vec<Value>) -> Result<()>,
    ) -> Result<()> {
        self.taken(at, names, wanted, &mut |places, rows, batch| {
            let columns = batch.columns().iter().map(|column| arrow_value::values(column));
            let mut columns = columns.collect::<Result<Vec<_>>>()?;
            for (row, (place, of_batch)) in places.iter().enumerate() {
                let cells = columns.iter_mut().map(|column| std::mem::replace(&mut column[row], Value::Null));
                each(*place, rows.key(*of_batch as usize)?, cells.collect())?;
            }
            Ok(())
        })
    }

    pub(super) fn cells(&self, at: usize, names: &[String], comparing: &Comparing, wanted: Vec<u32>) -> Result<Cells> {
        let mut hashes = Vec::with_capacity(wanted.len() * names.len());
        self.taken(at, names, &wanted, &mut |_, _, batch| comparing.hash_cells(batch.columns(), &mut hashes))?;
        Ok(Cells { places: wanted, width: comparing.width(), hashes })
    }

    /// Gives the rows that are wanted, by batch: (place, row of the batch), the batch, and only the wanted rows of it.
    fn taken(&self, at: usize, names: &[String], wanted: &[u32], each: &mut Take<'_>) -> Result<()> {
        let (mut first, mut left) = (0u32, wanted);
        if left.is_empty() {
            return Ok(());
        }
        self.scan(at, names)?.run(&mut |rows| {
            let end = first + rows.batch.num_rows() as u32;
            let (now, later) = left.split_at(left.partition_point(|place| *place < end));
            if !now.is_empty() {
                let places: Vec<(u32, u32)> = now.iter().map(|place| (*place, place - first)).collect();
                if names.is_empty() {
                    // Only the keys are wanted.
                    each(&places, &rows, &rows.batch)?;
                    (first, left) = (end, later);
                    return Ok(if left.is_empty() { Flow::Stop } else { Flow::More });
                }
                let indices = UInt32Array::from_iter_values(places.iter().map(|(_, row)| *row));
                let batch = take_record_batch(&rows.batch, &indices)
                    .map_err(|cause| Error::corrupt("a batch", "it lacks a row that it has").caused_by(cause))?;
                each(&places, &rows, &batch)?;
            }
            (first, left) = (end, later);
            Ok(if left.is_empty() { Flow::Stop } else { Flow::More })
        })
    }
}
