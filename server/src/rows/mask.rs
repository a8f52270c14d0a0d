//! The rows for which a condition is true, a bit each.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::concat;
use arrow::datatypes::Int32Type;
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;
use veneer::table::expr::{Expr, Filter};
use veneer::{Error, Result};

use super::columns::{TableRows, batch_of};
use super::shelf::{Kept, What};

/// How many rows a processor takes at a time: their columns stay in its cache. A multiple of 8.
pub(super) const CHUNK: usize = 32 * 1024;

/// A bit for each row, and how many are set. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Mask {
    bits: BooleanBuffer,
    count: usize,
}

impl Mask {
    /// The rows whose bits are set.
    pub fn new(bits: BooleanBuffer) -> Mask {
        Mask { count: bits.count_set_bits(), bits }
    }

    /// A bit for each row.
    pub fn bits(&self) -> &BooleanBuffer {
        &self.bits
    }

    /// How many are set.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The bits as bytes, the first row's the lowest bit of the first; those beyond the last row are 0.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.bits.sliced().to_vec();
        bytes.truncate(self.bits.len().div_ceil(8));
        if let Some(last) = bytes.last_mut().filter(|_| !self.bits.len().is_multiple_of(8)) {
            *last &= (1u8 << (self.bits.len() % 8)) - 1;
        }
        bytes
    }

    /// The bits of a chunk, from a multiple of 8.
    pub(super) fn chunk(&self, from: usize, len: usize) -> BooleanBuffer {
        self.bits.slice(from, len)
    }
}

/// The places of chunks: from, and how many rows.
pub(super) fn chunks(rows: usize) -> Vec<(usize, usize)> {
    (0..rows).step_by(CHUNK).map(|from| (from, CHUNK.min(rows - from))).collect()
}

/// One mask of the masks of all chunks, in order.
pub(super) fn joined(parts: Vec<BooleanBuffer>) -> Mask {
    let mut bits = arrow::array::BooleanBufferBuilder::new(parts.iter().map(BooleanBuffer::len).sum());
    parts.iter().for_each(|part| bits.append_buffer(part));
    Mask::new(bits.finish())
}

impl TableRows {
    /// The rows for which the condition is true; `None` without a condition: all of them.
    ///
    /// # Errors
    /// Those of reading, binding and evaluating the condition, see [`Expr`]; those of the files.
    pub fn mask(&self, condition: Option<&str>) -> Result<Option<Arc<Mask>>> {
        let Some(text) = condition.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
        let made = self.store.shelf.get(self.label(What::Mask(text.to_owned())), || {
            let filter = Expr::parse(text)?.bind(self.schema())?;
            let names: Vec<&str> =
                filter.columns().iter().map(|place| self.schema().columns[*place].name.as_str()).collect();
            let batch = self.batch(&names)?;
            Ok(Kept::Mask(Arc::new(by_text(&filter, &batch).map_or_else(|| by_row(&filter, &batch), Ok)?)))
        })?;
        match made {
            Kept::Mask(mask) => Ok(Some(mask)),
            _ => unreachable!("a mask was put there"),
        }
    }

    /// How many rows a mask has, all without one.
    ///
    /// # Errors
    /// As [`TableRows::len`].
    pub(super) fn count(&self, mask: Option<&Mask>) -> Result<usize> {
        mask.map_or_else(|| self.row_count(), |mask| Ok(mask.count()))
    }
}

/// Evaluates the condition for each row, on all processors.
fn by_row(filter: &Filter, batch: &RecordBatch) -> Result<Mask> {
    let chunks = chunks(batch.num_rows());
    let parts = chunks.par_iter().map(|(from, len)| Ok(truths(&filter.evaluate(&batch.slice(*from, *len))?)));
    Ok(joined(parts.collect::<Result<Vec<_>>>()?))
}

/// Where the condition is on one column of texts that has far fewer texts than rows: evaluates it for each text.
///
/// `None` where it is not, and where that fails: perhaps by a text that no row has.
fn by_text(filter: &Filter, batch: &RecordBatch) -> Option<Mask> {
    let [column] = batch.columns() else { return None };
    let column = column.as_dictionary_opt::<Int32Type>()?;
    let values = column.values();
    if values.len() + 1 > column.len() / 4 {
        return None;
    }
    // The last one is what is true of null.
    let values: ArrayRef = concat(&[&**values, &StringArray::from(vec![None::<&str>])]).ok()?;
    let (name, rows) = (batch.schema().field(0).name().clone(), values.len());
    let truths = truths(&filter.evaluate(&batch_of(&[&name], vec![values], rows).ok()?).ok()?);
    let (keys, nulls) = (column.keys().values(), column.keys().nulls());
    let of_null = truths.value(rows - 1);
    let parts: Vec<BooleanBuffer> = chunks(column.len())
        .into_par_iter()
        .map(|(from, len)| match nulls {
            None => BooleanBuffer::collect_bool(len, |row| truths.value(keys[from + row] as usize)),
            Some(nulls) => BooleanBuffer::collect_bool(len, |row| match nulls.is_valid(from + row) {
                true => truths.value(keys[from + row] as usize),
                false => of_null,
            }),
        })
        .collect();
    Some(joined(parts))
}

/// True where the condition is true; false where it is false or null.
fn truths(holds: &BooleanArray) -> BooleanBuffer {
    match holds.nulls() {
        Some(nulls) => holds.values() & nulls.inner(),
        None => holds.values().clone(),
    }
}

/// The error for a condition, a column or a list that cannot be used so.
pub(super) fn unfit(what: &'static str, value: &str, why: impl Into<String>) -> Error {
    Error::invalid(what, value, why)
}
