//! A bound expression over the rows of a batch: whole columns at a time, by Arrow's kernels.
//!
//! What can fail (a division, a cast of text) is evaluated only for the rows that need it:
//! `area <> 0 AND 100 / area > 3` never divides by zero, in any order of the rows. That is
//! done by leaving the other rows out ([`where_needed`]).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::kernels::numeric;
use arrow::compute::kernels::zip::zip;
use arrow::compute::{CastOptions, and_kleene, cast_with_options, concat, is_null, not, or_kleene, take};
use arrow::datatypes::DataType;

use super::cells::{Cells, Rows, strictly};
use super::compare::{compare, is_text, matches};
use super::fault::{Result, fail};
use super::plan::{Kind, Plan};
use super::tree::{Function, Op};
use super::{lists, members, numbers, texts, times};

/// The value of a part without columns.
pub(super) fn constant(plan: &Plan) -> Result<ArrayRef> {
    let cells = evaluate(plan, &Rows::of_none(1))?;
    Ok(cells.all(1))
}

/// The values of a part.
pub(super) fn evaluate(plan: &Plan, rows: &Rows) -> Result<Cells> {
    let eval = |part: &Plan| evaluate(part, rows);
    let count = rows.count;
    let of_booleans = |found: BooleanArray| Ok(Cells::array(Arc::new(found)));
    match &plan.kind {
        Kind::Column(place) => rows.column(*place),
        Kind::Constant(value) => Ok(Cells::one(Arc::clone(value))),
        Kind::Compare(op, left, right) => of_booleans(compare(*op, &eval(left)?, &eval(right)?, count)?),
        Kind::Arithmetic(op, left, right) => arithmetic(*op, &eval(left)?, &eval(right)?, &plan.of, count),
        Kind::Concat(left, right) => texts::concat(&eval(left)?, &eval(right)?, count),
        Kind::And(parts) => of_booleans(chain(parts, rows, true)?),
        Kind::Or(parts) => of_booleans(chain(parts, rows, false)?),
        Kind::Not(of) => of_booleans(not(&eval(of)?.booleans(count))?),
        Kind::Negate(of) => {
            let cells = eval(of)?;
            Ok(Cells { array: numeric::neg_wrapping(&cells.array)?, one: cells.one })
        }
        Kind::IsNull(of) => of_booleans(is_null(&eval(of)?.all(count))?),
        Kind::IsBool(of, value) => of_booleans(is_bool(&eval(of)?.booleans(count), *value)),
        Kind::In(of, members, others) => {
            let others = others.iter().map(eval).collect::<Result<_>>()?;
            of_booleans(members::contains(&eval(of)?, members, others, count)?)
        }
        Kind::Between(of, low, high) => {
            let of = eval(of)?;
            let above = compare(Op::GreaterEqual, &of, &eval(low)?, count)?;
            of_booleans(and_kleene(&above, &compare(Op::LessEqual, &of, &eval(high)?, count)?)?)
        }
        Kind::Like(of, pattern, any_case) => of_booleans(matches(&eval(of)?, &eval(pattern)?, *any_case, count)?),
        Kind::Cast(of, or_null) => cast(&eval(of)?, &plan.of, *or_null),
        Kind::Case(operand, branches, otherwise) => {
            case(plan, rows, (operand.as_deref(), branches, otherwise.as_deref()))
        }
        Kind::Element(of, place) => lists::element(&eval(of)?, &eval(place)?, &plan.of, count),
        Kind::Field(of, place) => lists::field(&eval(of)?, *place, &plan.of),
        Kind::Call(function, arguments) => call(plan, *function, arguments, rows),
    }
}

fn call(plan: &Plan, function: Function, arguments: &[Plan], rows: &Rows) -> Result<Cells> {
    if function == Function::Coalesce {
        return coalesce(plan, arguments, rows);
    }
    let arguments: Vec<Cells> = arguments.iter().map(|part| evaluate(part, rows)).collect::<Result<_>>()?;
    match function {
        Function::Abs
        | Function::Round
        | Function::Floor
        | Function::Ceil
        | Function::SquareRoot
        | Function::Logarithm
        | Function::Exponential => numbers::call(function, &arguments, rows.count),
        Function::IsDistinct => {
            let [left, right] = [&arguments[0], &arguments[1]];
            let equal = is_bool(&compare(Op::Equal, left, right, rows.count)?, true);
            let are_null = and_kleene(&is_null(&left.all(rows.count))?, &is_null(&right.all(rows.count))?)?;
            Ok(Cells::array(Arc::new(not(&or_kleene(&equal, &are_null)?)?)))
        }
        Function::Greatest => extreme(plan, Op::Greater, &arguments, rows.count),
        Function::Least => extreme(plan, Op::Less, &arguments, rows.count),
        Function::DatePart => times::part(&arguments[0], &arguments[1], rows.count),
        Function::NullIf => {
            let equal = compare(Op::Equal, &arguments[0], &arguments[1], rows.count)?;
            let values = arguments[0].all(rows.count);
            Ok(Cells::array(arrow::compute::nullif(&values, &equal)?))
        }
        Function::ArrayLength | Function::Cardinality => lists::count(function, &arguments[0]),
        _ => texts::call(function, &arguments, rows.count),
    }
}

/// AND of all (or OR, with `all` false): a part that can fail is asked only where those before leave it open.
fn chain(parts: &[Plan], rows: &Rows, all: bool) -> Result<BooleanArray> {
    let mut found: Option<BooleanArray> = None;
    for part in parts {
        found = Some(match found {
            None => evaluate(part, rows)?.booleans(rows.count),
            Some(found) => {
                let decided = is_bool(&found, !all);
                let next = where_needed(part, rows, &not(&decided)?)?.booleans(rows.count);
                if all { and_kleene(&found, &next)? } else { or_kleene(&found, &next)? }
            }
        });
    }
    Ok(found.expect("a chain has parts"))
}

/// The values where the mask is true; elsewhere they are whatever costs least.
fn where_needed(part: &Plan, rows: &Rows, mask: &BooleanArray) -> Result<Cells> {
    let needed = mask.true_count();
    if needed == 0 {
        return Ok(Cells::null(&part.of));
    }
    if !part.fails || needed == rows.count {
        return evaluate(part, rows);
    }
    let values = evaluate(part, &rows.picked(mask, &part.columns())?)?;
    if values.one {
        return Ok(values);
    }
    let mut next = 0;
    let from: UInt32Array = (0..mask.len())
        .map(|row| {
            mask.value(row).then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    Ok(Cells::array(take(&values.array, &from, None)?))
}

fn is_bool(of: &BooleanArray, value: bool) -> BooleanArray {
    let values = if value { of.values().clone() } else { !of.values() };
    let valid = of.nulls().map(|nulls| &values & nulls.inner());
    BooleanArray::new(valid.unwrap_or(values), None)
}

fn arithmetic(op: Op, left: &Cells, right: &Cells, of: &DataType, rows: usize) -> Result<Cells> {
    let array = match op {
        Op::Add => numeric::add_wrapping(left, right)?,
        Op::Subtract => numeric::sub_wrapping(left, right)?,
        Op::Multiply => numeric::mul_wrapping(left, right)?,
        Op::Divide => numeric::div(left, right)?,
        Op::Remainder => numeric::rem(left, right)?,
        other => return fail(format!("`{}` does not compute", other.text())),
    };
    let one = left.one && right.one;
    debug_assert!(one || array.len() == rows, "a kernel keeps the rows");
    Cells { array, one }.cast(of)
}

fn cast(of: &Cells, to: &DataType, or_null: bool) -> Result<Cells> {
    if is_text(to) && is_text(of.array.data_type()) {
        return Ok(of.clone());
    }
    let options = if or_null { CastOptions { safe: true, ..strictly() } } else { strictly() };
    Ok(Cells { array: cast_with_options(&of.array, to, &options)?, one: of.one })
}

type Branches<'a> = (Option<&'a Plan>, &'a [(Plan, Plan)], Option<&'a Plan>);

/// The branches in order, each for the rows that none before it took.
fn case(plan: &Plan, rows: &Rows, (operand, branches, otherwise): Branches<'_>) -> Result<Cells> {
    let operand = operand.map(|operand| evaluate(operand, rows)).transpose()?;
    let mut open = BooleanArray::new(arrow::buffer::BooleanBuffer::new_set(rows.count), None);
    let mut result = Cells::null(&plan.of);
    for (when, then) in branches {
        let when = where_needed(when, rows, &open)?;
        let when = match &operand {
            Some(operand) => compare(Op::Equal, operand, &when, rows.count)?,
            None => when.booleans(rows.count),
        };
        let taken = and_kleene(&open, &is_bool(&when, true))?;
        result = merged(&taken, &where_needed(then, rows, &taken)?, &result, rows.count)?;
        open = and_kleene(&open, &not(&taken)?)?;
    }
    match otherwise {
        Some(otherwise) => merged(&open, &where_needed(otherwise, rows, &open)?, &result, rows.count),
        None => Ok(result),
    }
}

fn coalesce(plan: &Plan, arguments: &[Plan], rows: &Rows) -> Result<Cells> {
    let mut result = Cells::null(&plan.of);
    for argument in arguments {
        let open = is_null(&result.all(rows.count))?;
        if open.true_count() == 0 {
            break;
        }
        result = merged(&open, &where_needed(argument, rows, &open)?, &result, rows.count)?;
    }
    Ok(result)
}

/// Of all values of a row, but for nulls, the one that compares so with each other one.
fn extreme(plan: &Plan, op: Op, arguments: &[Cells], rows: usize) -> Result<Cells> {
    let mut result = Cells::null(&plan.of);
    for argument in arguments {
        let is_open = is_null(&result.all(rows))?;
        let is_beyond = is_bool(&compare(op, argument, &result, rows)?, true);
        result = merged(&or_kleene(&is_open, &is_beyond)?, argument, &result, rows)?;
    }
    Ok(result)
}

/// `yes` where the mask is true, else `no`.
fn merged(mask: &BooleanArray, yes: &Cells, no: &Cells, rows: usize) -> Result<Cells> {
    match mask.true_count() {
        0 => return Ok(no.clone()),
        count if count == rows => return Ok(yes.clone()),
        _ => {}
    }
    let plain = |cells: &Cells| match is_text(cells.array.data_type()) {
        true => cells.cast(&DataType::Utf8),
        false => Ok(cells.clone()),
    };
    Ok(Cells::array(zip(mask, &plain(yes)?, &plain(no)?)?))
}

/// The values of all batches, one after another.
pub(super) fn joined(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    Ok(concat(&arrays.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
}
