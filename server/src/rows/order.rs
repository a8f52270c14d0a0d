//! The rows in an order: their places, sorted once and kept.
//!
//! Numbers, times and texts become whole numbers that sort as they do; these are
//! sorted together with the rows' places, on all processors. The last part of an
//! order is sorted by first, and each sort keeps what is equal as it was.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::{SortColumn, SortOptions, cast, concat, lexsort_to_indices, sort_to_indices};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, UInt64Type};
use rayon::prelude::*;
use veneer::table::expr::{Expr, Order};
use veneer::{Error, Result};

use super::columns::{TableRows, batch_of};
use super::mask::chunks;
use super::shelf::{Kept, What};
use super::texts::{Texts, is_text};

impl TableRows {
    /// The places of all rows in an order (`score DESC, label`); equal ones stay in the order of the table. `None`
    /// without an order.
    ///
    /// # Errors
    /// Those of reading, binding and evaluating the order, see [`Order`]; those of the files.
    pub fn order(&self, order: Option<&str>) -> Result<Option<Arc<[u32]>>> {
        let Some(text) = order.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
        let made = self.store.shelf.get(self.label(What::Order(text.to_owned())), || {
            let order = Order::parse(text)?;
            let parts: Vec<(&Expr, SortOptions)> = order.parts().collect();
            let mut places: Vec<u32> = (0..self.row_count()? as u32).collect();
            for (expr, options) in parts.into_iter().rev() {
                sort(&mut places, &self.computed(expr)?, options)?;
            }
            Ok(Kept::Order(places.into()))
        })?;
        match made {
            Kept::Order(places) => Ok(Some(places)),
            _ => unreachable!("an order was put there"),
        }
    }

    /// The value of an expression for each row.
    fn computed(&self, expr: &Expr) -> Result<ArrayRef> {
        let value = expr.bind_value(self.schema())?;
        let names: Vec<&str> =
            value.columns().iter().map(|place| self.schema().columns[*place].name.as_str()).collect();
        // A column alone is there already, its texts as a dictionary.
        if let [name] = names.as_slice()
            && expr.text().trim_matches('"').eq_ignore_ascii_case(name)
        {
            return self.column(name);
        }
        let (columns, rows) = (self.columns(&names)?, self.row_count()?);
        let batch = batch_of(&names, columns, rows)?;
        let parts = chunks(rows).into_par_iter().map(|(from, len)| value.evaluate(&batch.slice(from, len)));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        if is_text(value.data_type()) {
            let mut texts = Texts::new();
            parts.iter().try_for_each(|part| texts.push(part))?;
            return Ok(Arc::new(texts.finish()));
        }
        match parts.is_empty() {
            true => value.evaluate(&batch),
            false => concat(&parts.iter().map(|part| &**part).collect::<Vec<_>>()).map_err(unsorted),
        }
    }
}

/// Sorts places by the values of their rows; equal ones stay as they are.
fn sort(places: &mut Vec<u32>, values: &ArrayRef, options: SortOptions) -> Result<()> {
    let Some(ranks) = ranks(values)? else {
        *places = sorted_otherwise(places, values, options)?;
        return Ok(());
    };
    let nulls = values.logical_nulls().filter(|nulls| nulls.null_count() > 0);
    let is_null = |place: &u32| nulls.as_ref().is_some_and(|nulls| nulls.is_null(*place as usize));
    let without: Vec<u32> = if nulls.is_some() { places.iter().copied().filter(is_null).collect() } else { Vec::new() };
    // (rank, where it was, place): no two are equal, so that the faster sort that is not stable will do.
    let turned = |rank: u64| if options.descending { !rank } else { rank };
    let mut keyed: Vec<(u64, u32, u32)> = places
        .par_iter()
        .enumerate()
        .filter(|(_, place)| !is_null(place))
        .map(|(at, place)| (turned(ranks[*place as usize]), at as u32, *place))
        .collect();
    keyed.par_sort_unstable();
    places.clear();
    if options.nulls_first {
        places.extend(&without);
    }
    places.extend(keyed.iter().map(|(_, _, place)| *place));
    if !options.nulls_first {
        places.extend(&without);
    }
    Ok(())
}

/// Whole numbers that sort as the values do, whatever stands for nulls; `None` for types that have none.
fn ranks(values: &ArrayRef) -> Result<Option<Vec<u64>>> {
    Ok(Some(match values.data_type() {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let numbers = cast(values, &DataType::Float64).map_err(unsorted)?;
            numbers.as_primitive::<Float64Type>().values().par_iter().map(|number| float_rank(*number)).collect()
        }
        DataType::UInt64 => values.as_primitive::<UInt64Type>().values().to_vec(),
        of if of.is_integer() => int_ranks(values)?,
        DataType::Boolean | DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => int_ranks(values)?,
        DataType::Dictionary(key, of) if **key == DataType::Int32 && **of == DataType::Utf8 => {
            let dictionary = values.as_dictionary::<Int32Type>();
            let order = sort_to_indices(dictionary.values(), None, None).map_err(unsorted)?;
            let (texts, mut rank_of) = (dictionary.values().as_string::<i32>(), vec![0u64; order.len()]);
            let mut rank = 0;
            for (at, place) in order.values().iter().enumerate() {
                let previous = at.checked_sub(1).map(|at| texts.value(order.value(at) as usize));
                rank += u64::from(previous != Some(texts.value(*place as usize)));
                rank_of[*place as usize] = rank;
            }
            let rank = |key: &i32| rank_of.get(*key as usize).copied().unwrap_or_default();
            dictionary.keys().values().par_iter().map(rank).collect()
        }
        _ => return Ok(None),
    }))
}

fn int_ranks(values: &ArrayRef) -> Result<Vec<u64>> {
    let numbers = cast(values, &DataType::Int64).map_err(unsorted)?;
    let rank = |number: &i64| (*number as u64) ^ (1 << 63);
    Ok(numbers.as_primitive::<Int64Type>().values().par_iter().map(rank).collect())
}

/// The order of [`f64::total_cmp`]: -0.0 before 0.0, NaN last.
fn float_rank(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

/// For types that have no ranks: lists, structs, bytes, decimals.
fn sorted_otherwise(places: &[u32], values: &ArrayRef, options: SortOptions) -> Result<Vec<u32>> {
    let places = UInt32Array::from(places.to_vec());
    let values = arrow::compute::take(values, &places, None).map_err(unsorted)?;
    let at: ArrayRef = Arc::new((0..places.len() as u32).collect::<UInt32Array>());
    let columns = [SortColumn { values, options: Some(options) }, SortColumn { values: at, options: None }];
    let order = lexsort_to_indices(&columns, None).map_err(unsorted)?;
    Ok(order.values().iter().map(|at| places.value(*at as usize)).collect())
}

fn unsorted(cause: arrow::error::ArrowError) -> Error {
    Error::invalid("order", "", "its values cannot be sorted").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, Int64Array};

    use super::*;

    /// Sorts by ranks and by Arrow's own sort.
    fn check(values: ArrayRef) {
        for descending in [false, true] {
            for nulls_first in [false, true] {
                let options = SortOptions { descending, nulls_first };
                let all: Vec<u32> = (0..values.len() as u32).collect();
                let mut ours = all.clone();
                sort(&mut ours, &values, options).expect("sorted");
                let plain = match values.data_type() {
                    DataType::Dictionary(_, of) => cast(&values, of).expect("texts"),
                    _ => values.clone(),
                };
                assert_eq!(ours, sorted_otherwise(&all, &plain, options).expect("sorted"), "{values:?} {options:?}");
            }
        }
    }

    #[test]
    fn ranks_sort_as_the_values_do() {
        let nan = f64::NAN;
        let floats = vec![Some(1.5), None, Some(-0.0), Some(0.0), Some(nan), Some(f64::NEG_INFINITY), Some(1.5)];
        check(Arc::new(Float64Array::from(floats.clone())));
        check(cast(&Float64Array::from(floats), &DataType::Float32).expect("floats"));
        check(Arc::new(Int64Array::from(vec![Some(3), Some(-7), None, Some(i64::MAX), Some(3), Some(i64::MIN)])));
        let texts = arrow::array::StringArray::from(vec![Some("b"), None, Some("a"), Some(""), Some("b"), Some("é")]);
        check(cast(&texts, &super::super::texts::text_type()).expect("a dictionary"));
        check(Arc::new(arrow::array::BooleanArray::from(vec![Some(true), None, Some(false), Some(true)])));
    }
}
