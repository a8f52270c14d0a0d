//! Which values a column has, and how many rows have each.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, UInt64Type};
use arrow::row::{OwnedRow, RowConverter, SortField};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use veneer::model::Value;
use veneer::table::arrow_value;
use veneer::{Error, Result};

use super::columns::TableRows;
use super::mask::{CHUNK, Mask, chunks};
use super::numbers::both;

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct GroupsQuery {
    /// The column.
    pub column: String,
    /// Only rows for which this is true.
    pub condition: Option<String>,
    /// How many values at most: those that most rows have.
    pub limit: usize,
    /// Only values whose text has this in it, in letters of any case.
    pub search: Option<String>,
}

/// A value, and how many rows have it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Group {
    /// The value.
    pub value: Json,
    /// How many rows have it.
    pub count: u64,
}

/// The values that most rows have.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Groups {
    /// The values, the most frequent first; those of as many rows in their own order.
    pub values: Vec<Group>,
    /// How many different values there are that were searched for, beside null.
    pub distinct: u64,
    /// How many rows have one of these that is not listed.
    pub other: u64,
    /// How many rows have null.
    pub nulls: u64,
    /// How many rows the condition is true for.
    pub total: u64,
}

/// The values of a column as numbers: those of its rows that are the same have the same.
pub(super) struct Coded {
    /// A number for each row; anything where it is null.
    pub(super) codes: ScalarBuffer<i32>,
    pub(super) there: Option<BooleanBuffer>,
    /// What each number means.
    values: ArrayRef,
}

impl Coded {
    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// What a number means.
    ///
    /// # Errors
    /// `Invalid` for a value that has no text.
    pub(super) fn value(&self, code: usize) -> Result<Value> {
        arrow_value::value(&self.values, code)
    }

    /// How many of the rows that are wanted have each number, and how many have null.
    pub(super) fn counts(&self, rows: usize, mask: Option<&Mask>) -> (Vec<u64>, u64) {
        let of = |(from, len): (usize, usize), counts: &mut Vec<u64>| {
            let there = self.there.as_ref().map(|there| there.slice(from, len));
            let wanted = mask.map(|mask| mask.chunk(from, len));
            let count = wanted.as_ref().map_or(len, BooleanBuffer::count_set_bits);
            match both(there.as_ref(), wanted.as_ref()) {
                None => {
                    (from..from + len).for_each(|row| counts[self.codes[row] as usize] += 1);
                    0
                }
                Some(wanted) => {
                    wanted.set_indices().for_each(|row| counts[self.codes[from + row] as usize] += 1);
                    (count - wanted.count_set_bits()) as u64
                }
            }
        };
        // Where there are more values than rows in a chunk, counts for each chunk would cost more than they save.
        if self.len() > CHUNK {
            let mut counts = vec![0; self.len()];
            let nulls = chunks(rows).into_iter().map(|chunk| of(chunk, &mut counts)).sum();
            return (counts, nulls);
        }
        let none = || (vec![0; self.len()], 0);
        chunks(rows)
            .into_par_iter()
            .fold(none, |(mut counts, nulls), chunk| {
                let more = of(chunk, &mut counts);
                (counts, nulls + more)
            })
            .reduce(none, |(mut a, nulls), (b, more)| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                (a, nulls + more)
            })
    }
}

impl TableRows {
    /// A column as numbers for its different values. 0.0 and -0.0 are the same, and so is every NaN.
    ///
    /// # Errors
    /// `NotFound`; those of the files.
    pub(super) fn coded(&self, name: &str) -> Result<Coded> {
        let name = self.find(name)?.name.clone();
        let column = self.column(&name)?;
        let there = column.logical_nulls().filter(|nulls| nulls.null_count() > 0).map(|nulls| nulls.inner().clone());
        if let DataType::Dictionary(..) = column.data_type() {
            let dictionary = column.as_dictionary::<Int32Type>();
            return Ok(Coded { codes: dictionary.keys().values().clone(), there, values: dictionary.values().clone() });
        }
        let (codes, values) = match whole_numbers(&column) {
            Some(numbers) => given(&column, numbers.into_iter())?,
            None => {
                let unfit = |cause| Error::invalid("column", &name, "its values cannot be grouped").caused_by(cause);
                let field = SortField::new(column.data_type().clone());
                let converter = RowConverter::new(vec![field]).map_err(unfit)?;
                let rows = converter.convert_columns(std::slice::from_ref(&column)).map_err(unfit)?;
                given(&column, rows.iter().map(|row| row.owned()).collect::<Vec<OwnedRow>>().into_iter())?
            }
        };
        Ok(Coded { codes: codes.into(), there, values })
    }

    /// The values that most rows have.
    ///
    /// # Errors
    /// `NotFound`; those of the condition and of the files.
    pub fn groups(&self, query: &GroupsQuery) -> Result<Groups> {
        let coded = self.coded(&query.column)?;
        let mask = self.mask(query.condition.as_deref())?;
        let (rows, mask) = (self.row_count()?, mask.as_deref());
        let (counts, nulls) = coded.counts(rows, mask);
        let search = query.search.as_deref().filter(|text| !text.is_empty()).map(str::to_lowercase);
        let mut found: Vec<(u64, usize)> = Vec::new();
        for (code, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            let is_found = match &search {
                Some(text) => coded.value(code)?.to_string().to_lowercase().contains(text),
                None => true,
            };
            if is_found {
                found.push((count, code));
            }
        }
        let (distinct, all) = (found.len() as u64, found.iter().map(|(count, _)| count).sum::<u64>());
        // Of as many rows, values go by their own order: so those beside the last one count as well.
        found.par_sort_unstable_by_key(|(count, code)| (std::cmp::Reverse(*count), *code));
        let last = found.get(query.limit.saturating_sub(1)).map_or(0, |(count, _)| *count);
        let few = found.partition_point(|(count, _)| *count >= last);
        let mut listed = Vec::with_capacity(few);
        for (count, code) in &found[..few] {
            listed.push((*count, coded.value(*code)?));
        }
        listed.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| in_order(x, y)));
        listed.truncate(query.limit);
        let other = all - listed.iter().map(|(count, _)| count).sum::<u64>();
        let values = listed.into_iter().map(|(count, value)| Group { value: value.to_json(), count }).collect();
        Ok(Groups { values, distinct, other, nulls, total: self.count(mask)? as u64 })
    }
}

/// Numbers of 64 bits that are the same for the same values; `None` for types that have more.
fn whole_numbers(column: &ArrayRef) -> Option<Vec<u64>> {
    match column.data_type() {
        of if of.is_floating() => {
            let numbers = cast(column, &DataType::Float64).ok()?;
            // Adding 0.0 makes -0.0 to 0.0.
            let code = |number: &f64| if number.is_nan() { f64::NAN.to_bits() } else { (number + 0.0).to_bits() };
            Some(numbers.as_primitive::<Float64Type>().values().iter().map(code).collect())
        }
        DataType::UInt64 => Some(column.as_primitive::<UInt64Type>().values().to_vec()),
        of if of.is_integer() || of.is_temporal() || *of == DataType::Boolean => {
            let numbers = cast(column, &DataType::Int64).ok()?;
            Some(numbers.as_primitive::<Int64Type>().values().iter().map(|number| *number as u64).collect())
        }
        _ => None,
    }
}

/// Gives each different value a number; returns these and the values that they mean.
fn given<K: std::hash::Hash + Eq>(column: &ArrayRef, values: impl Iterator<Item = K>) -> Result<(Vec<i32>, ArrayRef)> {
    let mut known: hashbrown::HashMap<K, i32> = hashbrown::HashMap::new();
    let (mut codes, mut firsts) = (Vec::with_capacity(column.len()), Vec::new());
    for (row, value) in values.enumerate() {
        if column.is_null(row) {
            codes.push(0);
            continue;
        }
        let code = *known.entry(value).or_insert_with(|| {
            firsts.push(row as u32);
            firsts.len() as i32 - 1
        });
        codes.push(code);
    }
    let firsts = UInt32Array::from(firsts);
    let values = take(column, &firsts, None)
        .map_err(|cause| Error::invalid("column", "", "its values cannot be grouped").caused_by(cause))?;
    Ok((codes, values))
}

/// The order in which people expect values: numbers as numbers, all else as text.
pub(super) fn in_order(a: &Value, b: &Value) -> std::cmp::Ordering {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        _ => None,
    };
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        _ => a.to_string().cmp(&b.to_string()),
    }
}

/// The codes of values in the order in which a class map lists them, then in their own.
pub(super) fn sorted_codes(
    coded: &Coded,
    classes: &[(String, String)],
    counted: &[bool],
) -> Result<Vec<(usize, Value)>> {
    let place: HashMap<&str, usize> = classes.iter().enumerate().map(|(at, (value, _))| (value.as_str(), at)).collect();
    let mut values = Vec::new();
    for (code, _) in counted.iter().enumerate().filter(|(_, is_counted)| **is_counted) {
        values.push((code, coded.value(code)?));
    }
    let place = |value: &Value| place.get(value.to_string().as_str()).copied().unwrap_or(usize::MAX);
    values.sort_by(|(_, a), (_, b)| place(a).cmp(&place(b)).then_with(|| in_order(a, b)));
    Ok(values)
}
