//! Parts of a day and a time.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::{DatePart, date_part};
use arrow::datatypes::DataType;

use super::cells::Cells;
use super::compare::lift;
use super::fault::{Result, fail};

const PARTS: [(&str, DatePart); 10] = [
    ("year", DatePart::Year),
    ("quarter", DatePart::Quarter),
    ("month", DatePart::Month),
    ("week", DatePart::Week),
    ("day", DatePart::Day),
    ("doy", DatePart::DayOfYear),
    ("dow", DatePart::DayOfWeekSunday0),
    ("hour", DatePart::Hour),
    ("minute", DatePart::Minute),
    ("second", DatePart::Second),
];

/// The part of this name, a whole number, as SQL's EXTRACT gives it.
pub(super) fn part(name: &Cells, of: &Cells, rows: usize) -> Result<Cells> {
    let name = name.single().map(|name| Cells::one(Arc::clone(name)).texts(1)).transpose()?;
    let Some(name) = name.filter(|name| name.is_valid(0)) else {
        return fail("`date_part` takes the name of one part");
    };
    let found = PARTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.value(0)));
    let Some((_, part)) = found else {
        let all: Vec<&str> = PARTS.iter().map(|(known, _)| *known).collect();
        return fail(format!("`date_part` has no part `{}`: there are {}", name.value(0), all.join(", ")));
    };
    if *of.array.data_type() == DataType::Null {
        return Ok(Cells::array(new_null_array(&DataType::Int32, rows)));
    }
    lift(of, |array| Ok(date_part(array, *part)? as ArrayRef))
}
