//! Conditions on numbers over a column of JSON's own text: one that has a whole number beyond 64 bits, or several kinds
//! of values.
//!
//! A text of 64 bits is compared as the whole number that it is, any other number as a fraction; what is no number is
//! null. So one long number does not take the others from a condition, and keeps its digits in the file. SQL, which
//! DataFusion answers, has this column as text.

use arrow::datatypes::DataType;

use super::fault::Result;
use super::plan::{Kind, Plan};
use super::tree::Op;
use crate::table::TableSchema;

/// A list with more members is looked up as texts are.
const MEMBERS_MAX: usize = 64;

/// Whether it is such a column; its type is that of JSON's text alone.
fn is_json(plan: &Plan, schema: &TableSchema) -> bool {
    matches!(plan.kind, Kind::Column(place) if schema.columns[place].data_type == DataType::LargeUtf8)
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
    let read = |of: &DataType| Plan::new(Kind::Cast(Box::new(text.clone()), true), of.clone());
    let compared = |of: &DataType| -> Result<Plan> {
        let (text, number) = (Box::new(read(of)), Box::new(number.clone().to(of)?));
        let kind = if is_left { Kind::Compare(op, text, number) } else { Kind::Compare(op, number, text) };
        Ok(Plan::new(kind, DataType::Boolean))
    };
    let fraction = compared(&DataType::Float64)?;
    if !number.of.is_integer() {
        return Ok(Some(fraction));
    }
    let whole = if number.of == DataType::UInt64 { DataType::UInt64 } else { DataType::Int64 };
    let is_whole = Plan::new(
        Kind::Not(Box::new(Plan::new(Kind::IsNull(Box::new(read(&whole))), DataType::Boolean))),
        DataType::Boolean,
    );
    let branches = vec![(is_whole, compared(&whole)?)];
    Ok(Some(Plan::new(Kind::Case(None, branches, Some(Box::new(fraction))), DataType::Boolean)))
}

/// `of BETWEEN low AND high`, of such a column and numbers.
pub(super) fn between(of: &Plan, low: &Plan, high: &Plan, schema: &TableSchema) -> Result<Option<Plan>> {
    let above = compare(Op::GreaterEqual, of, low, schema)?;
    let below = compare(Op::LessEqual, of, high, schema)?;
    let both = above.zip(below).filter(|_| is_json(of, schema));
    Ok(both.map(|(above, below)| Plan::new(Kind::And(vec![above, below]), DataType::Boolean)))
}

/// `of IN (list)`, of such a column and numbers.
pub(super) fn is_in(of: &Plan, list: &[Plan], schema: &TableSchema) -> Result<Option<Plan>> {
    if list.len() > MEMBERS_MAX || !is_json(of, schema) {
        return Ok(None);
    }
    let equal = list.iter().map(|item| compare(Op::Equal, of, item, schema)).collect::<Result<Option<Vec<_>>>>()?;
    Ok(equal.map(|parts| Plan::new(Kind::Or(parts), DataType::Boolean)))
}
