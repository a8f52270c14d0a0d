//! A column of vectors: where the numbers of each row are.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use veneer::Result;

use super::mask::unfit;

/// The vectors of all rows, one after the other.
pub(super) struct Vectors {
    lists: ArrayRef,
    pub(super) numbers: Numbers,
}

/// Their numbers, as the column has them.
pub(super) enum Numbers {
    Single(ScalarBuffer<f32>),
    Double(ScalarBuffer<f64>),
}

impl Vectors {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.lists.len()
    }

    /// Those of a column; nulls within one are NaN.
    ///
    /// # Errors
    /// `Invalid` for a column of anything but lists of numbers.
    pub(super) fn of(name: &str, column: &ArrayRef) -> Result<Vectors> {
        let items = match column.data_type() {
            DataType::FixedSizeList(..) => column.as_fixed_size_list().values(),
            DataType::List(_) => column.as_list::<i32>().values(),
            DataType::LargeList(_) => column.as_list::<i64>().values(),
            of => return Err(unfit("column of vectors", name, format!("its type is {of}"))),
        };
        if !items.data_type().is_numeric() {
            return Err(unfit("column of vectors", name, format!("its items are of type {}", items.data_type())));
        }
        let unread = |cause| unfit("column of vectors", name, "a value is no number").caused_by(cause);
        let numbers = match items.data_type() {
            DataType::Float16 | DataType::Float32 => {
                let items = cast(items, &DataType::Float32).map_err(unread)?;
                Numbers::Single(without_nulls(items.as_primitive::<Float32Type>(), f32::NAN))
            }
            _ => {
                let items = cast(items, &DataType::Float64).map_err(unread)?;
                Numbers::Double(without_nulls(items.as_primitive::<Float64Type>(), f64::NAN))
            }
        };
        Ok(Vectors { lists: column.clone(), numbers })
    }

    /// Where the numbers of a row are; `None` where it has no vector.
    pub(super) fn range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        if self.lists.is_null(row) {
            return None;
        }
        Some(match self.lists.data_type() {
            DataType::FixedSizeList(_, len) => {
                // A slice of such an array has its values cut to fit.
                let len = *len as usize;
                row * len..(row + 1) * len
            }
            DataType::List(_) => {
                let ends = self.lists.as_list::<i32>().value_offsets();
                ends[row] as usize..ends[row + 1] as usize
            }
            _ => {
                let ends = self.lists.as_list::<i64>().value_offsets();
                ends[row] as usize..ends[row + 1] as usize
            }
        })
    }

    /// The numbers of a row.
    pub(super) fn at(&self, row: usize) -> Option<Vec<f64>> {
        let range = self.range(row).filter(|range| !range.is_empty())?;
        Some(match &self.numbers {
            Numbers::Single(numbers) => numbers[range].iter().map(|number| f64::from(*number)).collect(),
            Numbers::Double(numbers) => numbers[range].to_vec(),
        })
    }
}

/// The numbers, with this one for nulls.
fn without_nulls<T: ArrowPrimitiveType>(items: &PrimitiveArray<T>, none: T::Native) -> ScalarBuffer<T::Native> {
    match items.null_count() {
        0 => items.values().clone(),
        _ => items.iter().map(|number| number.unwrap_or(none)).collect(),
    }
}
