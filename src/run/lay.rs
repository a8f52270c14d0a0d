//! Rows laid together: what was accepted later covers what was there, value by value, null by none.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Int64Type, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::batch::{EPOCH, SAMPLE, as_type, invalid};
use crate::Result;

/// Which rows are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Those of a sample in an epoch.
    SampleAndEpoch,
    /// Those of a sample: of each column the value with the greatest epoch counts.
    Sample,
}

/// Lays rows together; `batches` are in the order in which they were accepted, `schema` says which columns there are.
///
/// The result has a row for each sample (and epoch), sorted by epoch, then by when it was seen first.
pub(super) fn lay(batches: &[RecordBatch], schema: &SchemaRef, by: By) -> Result<RecordBatch> {
    let slots = Slots::of(batches, by);
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let column = match field.name().as_str() {
            EPOCH => Arc::new(Int64Array::from(slots.epochs.clone())) as ArrayRef,
            name => slots.column(batches, name, field.data_type(), by)?,
        };
        columns.push(column);
    }
    let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(slots.epochs.len()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .map_err(|cause| invalid("", "its rows cannot be laid together").caused_by(cause))
}

/// Which row of the result each row belongs to.
struct Slots {
    /// By batch and row.
    of_rows: Vec<Vec<u32>>,
    /// Of each row of the result; the greatest, where it has several.
    epochs: Vec<i64>,
}

impl Slots {
    fn of(batches: &[RecordBatch], by: By) -> Slots {
        let (mut places, mut epochs) = (HashMap::<(&str, i64), u32>::new(), Vec::new());
        let mut of_rows = Vec::with_capacity(batches.len());
        for batch in batches {
            let (samples, of_batch) = (batch.column(0).as_string::<i32>(), epochs_of(batch));
            let slots = samples.iter().zip(of_batch.values()).map(|(sample, epoch)| {
                let key = (sample.unwrap_or_default(), if by == By::Sample { 0 } else { *epoch });
                let slot = *places.entry(key).or_insert_with(|| {
                    epochs.push(*epoch);
                    epochs.len() as u32 - 1
                });
                epochs[slot as usize] = epochs[slot as usize].max(*epoch);
                slot
            });
            of_rows.push(slots.collect::<Vec<_>>());
        }
        let mut slots = Slots { of_rows, epochs };
        slots.sort();
        slots
    }

    /// Brings the rows of the result into the order of their epochs.
    fn sort(&mut self) {
        if self.epochs.is_sorted() {
            return;
        }
        let mut order: Vec<u32> = (0..self.epochs.len() as u32).collect();
        order.sort_by_key(|slot| self.epochs[*slot as usize]);
        let mut moved = vec![0; order.len()];
        order.iter().enumerate().for_each(|(to, from)| moved[*from as usize] = to as u32);
        self.epochs.sort();
        self.of_rows.iter_mut().flatten().for_each(|slot| *slot = moved[*slot as usize]);
    }

    fn column(&self, batches: &[RecordBatch], name: &str, of: &DataType, by: By) -> Result<ArrayRef> {
        // The last array is a single null.
        let mut arrays: Vec<ArrayRef> = Vec::new();
        let mut from: Vec<(usize, usize)> = vec![(usize::MAX, 0); self.epochs.len()];
        let mut since = vec![i64::MIN; if by == By::Sample { self.epochs.len() } else { 0 }];
        for (batch, slots) in batches.iter().zip(&self.of_rows) {
            let Some(column) = batch.column_by_name(name) else { continue };
            let epochs = epochs_of(batch).values();
            let place = arrays.len();
            arrays.push(as_type(name, column, of)?);
            let valid = column.logical_nulls();
            for (row, slot) in slots.iter().enumerate() {
                let slot = *slot as usize;
                if valid.as_ref().is_some_and(|valid| valid.is_null(row)) {
                    continue;
                }
                if by == By::Sample {
                    if epochs[row] < since[slot] {
                        continue;
                    }
                    since[slot] = epochs[row];
                }
                from[slot] = (place, row);
            }
        }
        if let [only] = arrays.as_slice()
            && only.len() == from.len()
            && from.iter().enumerate().all(|(at, place)| *place == (0, at))
        {
            return Ok(only.clone());
        }
        let none = arrays.len();
        arrays.push(new_null_array(of, 1));
        from.iter_mut().filter(|(array, _)| *array == usize::MAX).for_each(|place| *place = (none, 0));
        let arrays: Vec<&dyn Array> = arrays.iter().map(|array| &**array).collect();
        interleave(&arrays, &from).map_err(|cause| invalid(name, "its values cannot be laid together").caused_by(cause))
    }
}

fn epochs_of(batch: &RecordBatch) -> &Int64Array {
    debug_assert_eq!(batch.schema().field(0).name(), SAMPLE);
    batch.column(1).as_primitive::<Int64Type>()
}
