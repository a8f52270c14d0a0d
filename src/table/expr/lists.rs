//! Elements and lengths of lists, fields of structs.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int64Type};

use super::cells::Cells;
use super::coerce::element_type;
use super::fault::{Result, fail};
use super::tree::Function;

/// The element at a place, counted from 1, or from -1 at the end; null where there is none.
pub(super) fn element(of: &Cells, place: &Cells, to: &DataType, rows: usize) -> Result<Cells> {
    let lists = of.all(rows);
    let place = place.cast(&DataType::Int64)?;
    let places = place.array.as_primitive::<Int64Type>();
    let (values, spans) = spans(&lists)?;
    let from: UInt64Array = (0..rows)
        .map(|row| {
            let at = if place.one { 0 } else { row };
            let (start, end) = lists.is_valid(row).then(|| spans(row))?;
            let place = places.is_valid(at).then(|| places.value(at))?;
            let found = match place {
                1.. => (start as i64).checked_add(place - 1)?,
                0 => return None,
                _ => (end as i64).checked_add(place)?,
            };
            (start as i64..end as i64).contains(&found).then_some(found as u64)
        })
        .collect();
    Cells::array(take(&values, &from, None)?).cast_unless_text(to)
}

/// The values of all lists, and where those of a row begin and end.
type Spans<'a> = Box<dyn Fn(usize) -> (usize, usize) + 'a>;

fn spans(lists: &ArrayRef) -> Result<(ArrayRef, Spans<'_>)> {
    Ok(match lists.data_type() {
        DataType::List(_) => {
            let list = lists.as_list::<i32>();
            let offsets = list.value_offsets();
            (Arc::clone(list.values()), Box::new(|row| (offsets[row] as usize, offsets[row + 1] as usize)))
        }
        DataType::LargeList(_) => {
            let list = lists.as_list::<i64>();
            let offsets = list.value_offsets();
            (Arc::clone(list.values()), Box::new(|row| (offsets[row] as usize, offsets[row + 1] as usize)))
        }
        DataType::FixedSizeList(_, size) => {
            let list = lists.as_fixed_size_list();
            let size = *size as usize;
            (Arc::clone(list.values()), Box::new(move |row| (row * size, (row + 1) * size)))
        }
        other => return fail(format!("{other} is not a list")),
    })
}

/// How many elements each list has; `cardinality` counts those of inner lists.
pub(super) fn count(function: Function, of: &Cells) -> Result<Cells> {
    let deep = function == Function::Cardinality;
    let (values, spans) = spans(&of.array)?;
    let mut counted = Vec::with_capacity(of.array.len());
    for row in 0..of.array.len() {
        counted.push(match of.array.is_valid(row) {
            true => {
                let (start, end) = spans(row);
                Some(if deep { leaves(&values.slice(start, end - start))? } else { (end - start) as u64 })
            }
            false => None,
        });
    }
    Ok(Cells { array: Arc::new(UInt64Array::from(counted)), one: of.one })
}

fn leaves(values: &ArrayRef) -> Result<u64> {
    if element_type(values.data_type()).is_none() {
        return Ok(values.len() as u64);
    }
    let (inner, spans) = spans(values)?;
    (0..values.len()).filter(|row| values.is_valid(*row)).try_fold(0, |sum, row| {
        let (start, end) = spans(row);
        Ok(sum + leaves(&inner.slice(start, end - start))?)
    })
}

/// A field of structs; null where the struct is.
pub(super) fn field(of: &Cells, place: usize, to: &DataType) -> Result<Cells> {
    let structs = of.array.as_struct();
    let Some(values) = structs.columns().get(place) else {
        return fail("a struct lacks the field");
    };
    let nulls = arrow::compute::is_null(structs)?;
    let array = arrow::compute::nullif(values, &nulls)?;
    Cells { array, one: of.one }.cast_unless_text(to)
}

impl Cells {
    /// The values in the logical type; texts stay in the form they have.
    fn cast_unless_text(&self, to: &DataType) -> Result<Cells> {
        match super::compare::is_text(self.array.data_type()) {
            true => Ok(self.clone()),
            false => self.cast(to),
        }
    }
}
