//! Comparisons and LIKE over whole columns, whatever form their texts have.
//!
//! A dictionary is compared by its distinct values: `label = 'car'` over 10,000,000 rows of
//! twenty labels compares twenty texts, and looks the answers up.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::kernels::cmp;
use arrow::compute::{ilike, like, take};
use arrow::datatypes::{DataType, Float32Type, Float64Type};

use super::cells::Cells;
use super::fault::{Result, fail};
use super::tree::Op;

/// Applies a function of single values to the values of a dictionary where those are fewer, else to all.
pub(super) fn lift(cells: &Cells, of: impl Fn(&ArrayRef) -> Result<ArrayRef>) -> Result<Cells> {
    let Some(dictionary) = cells.array.as_any_dictionary_opt() else {
        return Ok(Cells { array: of(&cells.array)?, one: cells.one });
    };
    let values = dictionary.values();
    if values.len() > cells.array.len() {
        let plain = cells.cast(values.data_type())?;
        return Ok(Cells { array: of(&plain.array)?, one: cells.one });
    }
    Ok(Cells { array: take(&of(values)?, dictionary.keys(), None)?, one: cells.one })
}

/// Compares values of one type.
pub(super) fn compare(op: Op, left: &Cells, right: &Cells, rows: usize) -> Result<BooleanArray> {
    if let (None, Some(_)) = (left.single(), right.single()) {
        let right = right.clone();
        let found =
            lift(left, |array| Ok(Arc::new(kernel(op, &Cells::array(Arc::clone(array)), &right)?) as ArrayRef))?;
        return Ok(found.booleans(rows));
    }
    if left.one && !right.one {
        return compare(op.swapped(), right, left, rows);
    }
    let found = kernel(op, &plain(left)?, &plain(right)?)?;
    let one = left.one && right.one;
    Ok(Cells { array: Arc::new(found), one }.booleans(rows))
}

/// The values without a dictionary.
fn plain(cells: &Cells) -> Result<Cells> {
    match cells.array.as_any_dictionary_opt() {
        Some(dictionary) => cells.cast(dictionary.values().data_type()),
        None => Ok(cells.clone()),
    }
}

fn kernel(op: Op, left: &Cells, right: &Cells) -> Result<BooleanArray> {
    let (left, right) = &with_one_zero(left, &right.cast(left.array.data_type())?);
    let nested = left.array.data_type().is_nested();
    Ok(match op {
        _ if nested => return nested_kernel(op, left, right),
        Op::Equal => cmp::eq(left, right)?,
        Op::NotEqual => cmp::neq(left, right)?,
        Op::Less => cmp::lt(left, right)?,
        Op::LessEqual => cmp::lt_eq(left, right)?,
        Op::Greater => cmp::gt(left, right)?,
        Op::GreaterEqual => cmp::gt_eq(left, right)?,
        other => return fail(format!("`{}` does not compare", other.text())),
    })
}

/// The operands with -0.0 as 0.0, where that can make a difference: the kernels tell them apart, SQL does not.
fn with_one_zero(left: &Cells, right: &Cells) -> (Cells, Cells) {
    let differs = |cells: &Cells| match (cells.one && cells.array.is_valid(0), cells.array.data_type()) {
        (true, DataType::Float64) => cells.array.as_primitive::<Float64Type>().value(0) == 0.0,
        (true, DataType::Float32) => cells.array.as_primitive::<Float32Type>().value(0) == 0.0,
        _ => !cells.one,
    };
    let changes = left.array.data_type().is_floating() && differs(left) && differs(right);
    let positive = |cells: &Cells| Cells { array: one_zero(&cells.array), one: cells.one };
    if changes { (positive(left), positive(right)) } else { (left.clone(), right.clone()) }
}

/// Floats with -0.0 as 0.0; all else as it is.
pub(super) fn one_zero(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Float64 => Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(|value| value + 0.0)),
        DataType::Float32 => Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(|value| value + 0.0)),
        _ => Arc::clone(array),
    }
}

/// Lists and structs, value by value: there is no kernel for whole columns of them.
fn nested_kernel(op: Op, left: &Cells, right: &Cells) -> Result<BooleanArray> {
    let compare = arrow::array::make_comparator(&left.array, &right.array, Default::default())?;
    let at = |cells: &Cells, row: usize| if cells.one { 0 } else { row };
    let rows = if left.one { right.array.len() } else { left.array.len() };
    let holds = |order: std::cmp::Ordering| match op {
        Op::Equal => order.is_eq(),
        Op::NotEqual => order.is_ne(),
        Op::Less => order.is_lt(),
        Op::LessEqual => order.is_le(),
        Op::Greater => order.is_gt(),
        _ => order.is_ge(),
    };
    let found = (0..rows).map(|row| {
        let (l, r) = (at(left, row), at(right, row));
        (left.array.is_valid(l) && right.array.is_valid(r)).then(|| holds(compare(l, r)))
    });
    Ok(found.collect())
}

/// Whether texts match patterns, in any case of letters if so said.
pub(super) fn matches(of: &Cells, pattern: &Cells, any_case: bool, rows: usize) -> Result<BooleanArray> {
    let kernel = |of: &Cells, pattern: &Cells| -> Result<BooleanArray> {
        let pattern = plain(pattern)?.cast(of.array.data_type())?;
        Ok(if any_case { ilike(of, &pattern)? } else { like(of, &pattern)? })
    };
    if pattern.one {
        let found = lift(of, |array| {
            let of = Cells { array: Arc::clone(array), one: false };
            Ok(Arc::new(kernel(&of, pattern)?) as ArrayRef)
        })?;
        return Ok(found.booleans(rows));
    }
    let of = Cells::array(plain(of)?.all(rows));
    kernel(&of, pattern)
}

/// Whether a type is text, in any form.
pub(super) fn is_text(of: &DataType) -> bool {
    super::coerce::logical(of) == DataType::Utf8
}
