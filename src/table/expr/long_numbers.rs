//! Conditions on numbers over a column of JSON's own text: one that has a whole number beyond 64 bits, or several kinds
//! of values.
//!
//! A text of 64 bits is compared as the whole number that it is, any other number as a fraction; what is no number is
//! null. So one long number does not take the others from a condition, and keeps its digits in the file. SQL, which
//! DataFusion answers, has this column as text.

use arrow::datatypes::DataType;

use super::fault::Result;
use super::members;
use super::plan::{Kind, Plan};
use super::tree::Op;
use crate::table::{Role, TableSchema};

/// Whether it is such a column.
fn is_json(plan: &Plan, schema: &TableSchema) -> bool {
    matches!(plan.kind, Kind::Column(place) if schema.columns[place].role == Role::Json)
}

/// The comparison of such a column with a number; `None` where it is another one.
pub(super) fn compare(op: Op, left: &Plan, right: &Plan, schema: &TableSchema) -> Result<Option<Plan>> {
    if !op.compares() {
        return Ok(None);
    }
    let is_left = is_json(left, schema) && right.of.is_numeric();
    let is_right = is_json(right, schema) && left.of.is_numeric();
    if !is_left && !is_right {
        return Ok(None);
    }
    let (text, number) = if is_left { (left, right) } else { (right, left) };
    let compared = |text: Plan| -> Result<Plan> {
        let (of, text) = (text.of.clone(), Box::new(text));
        let number = Box::new(number.clone().to(&of)?);
        let kind = if is_left { Kind::Compare(op, text, number) } else { Kind::Compare(op, number, text) };
        Ok(Plan::new(kind, DataType::Boolean))
    };
    as_number(text, whole(&number.of), &compared).map(Some)
}

/// The type of 64 bits of a whole number's; `None` for a fraction's.
fn whole(of: &DataType) -> Option<DataType> {
    match of {
        DataType::UInt64 => Some(DataType::UInt64),
        of => of.is_integer().then_some(DataType::Int64),
    }
}

/// What is asked of a text as a whole number of this type where it is one, else as a fraction.
fn as_number(text: &Plan, whole: Option<DataType>, ask: &dyn Fn(Plan) -> Result<Plan>) -> Result<Plan> {
    let read = |of: DataType| Plan::new(Kind::Cast(Box::new(text.clone()), true), of);
    let fraction = ask(read(DataType::Float64))?;
    let Some(whole) = whole else { return Ok(fraction) };
    let is_other = Plan::new(Kind::IsNull(Box::new(read(whole.clone()))), DataType::Boolean);
    let is_whole = Plan::new(Kind::Not(Box::new(is_other)), DataType::Boolean);
    let branches = vec![(is_whole, ask(read(whole))?)];
    Ok(Plan::new(Kind::Case(None, branches, Some(Box::new(fraction))), DataType::Boolean))
}

/// `of BETWEEN low AND high`, of such a column and numbers.
pub(super) fn between(of: &Plan, low: &Plan, high: &Plan, schema: &TableSchema) -> Result<Option<Plan>> {
    let above = compare(Op::GreaterEqual, of, low, schema)?;
    let below = compare(Op::LessEqual, of, high, schema)?;
    let both = above.zip(below).filter(|_| is_json(of, schema));
    Ok(both.map(|(above, below)| Plan::new(Kind::And(vec![above, below]), DataType::Boolean)))
}

/// `of IN (list)`, of such a column and numbers, with nulls or without.
pub(super) fn is_in(of: &Plan, list: &[Plan], schema: &TableSchema) -> Result<Option<Plan>> {
    let (nulls, numbers): (Vec<&Plan>, Vec<&Plan>) = list.iter().partition(|item| item.of == DataType::Null);
    if numbers.is_empty() || !numbers.iter().all(|item| item.of.is_numeric()) || !is_json(of, schema) {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for kind in [Some(DataType::Int64), Some(DataType::UInt64), None] {
        let of_kind = numbers.iter().filter(|item| whole(&item.of) == kind);
        let of_kind: Vec<Plan> = of_kind.chain(&nulls).map(|item| (*item).clone()).collect();
        if of_kind.len() > nulls.len() {
            parts.push(as_number(of, kind, &|text| members::bind(text, of_kind.clone()))?);
        }
    }
    Ok(Some(Plan::new(Kind::Or(parts), DataType::Boolean)))
}
