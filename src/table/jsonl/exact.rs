//! Whole numbers beyond 64 bits: as floats they would lose their last digits, so a column that has one is the JSON's
//! own text.

use super::file::entries;
use super::shape::{Fields, Shape};
use crate::Result;
use crate::model::{Value, whole_number};
use crate::table::json::{Member, items};

/// Makes text of what was taken for a number and is too long for one, in an object that was read before.
pub(super) fn keep_text(fields: &mut Fields, object: &str) {
    for entry in entries(object).unwrap_or_default() {
        if let Some(at) = fields.place(&entry.name, usize::MAX) {
            widen(&mut fields.list[at].1, &object[entry.value]);
        }
    }
}

fn widen(shape: &mut Shape, json: &str) {
    match (&mut *shape, json.as_bytes().first()) {
        (Shape::List(item), Some(b'[')) => items(json).unwrap_or_default().iter().for_each(|value| widen(item, value)),
        (Shape::Struct(fields), Some(b'{')) => keep_text(fields, json),
        (Shape::Float, _) if whole_number::is_long(json) => *shape = Shape::Json,
        _ => {}
    }
}

/// What a list's or an object's JSON tells, with long numbers as their text.
///
/// # Errors
/// `Invalid` where it is no JSON.
pub(super) fn value(json: &str) -> Result<Value> {
    let json = json.trim();
    match json.as_bytes().first() {
        Some(b'[') => items(json).unwrap_or_default().into_iter().map(value).collect::<Result<_>>().map(Value::List),
        Some(b'{') => {
            let field = |entry: Member| Ok((entry.name, value(&json[entry.value])?));
            entries(json)?.into_iter().map(field).collect::<Result<_>>().map(Value::Struct)
        }
        _ => Ok(Value::from_json_text(json).unwrap_or(Value::Null)),
    }
}
