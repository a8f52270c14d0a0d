//! Polygons and run-length encoded masks: whether a value is one.

use crate::model::Value;
use crate::table::json;

/// The finite numbers of a list, which may be written as JSON.
pub(super) fn numbers(value: &Value) -> Option<Vec<f64>> {
    match value {
        Value::List(items) => items.iter().map(|item| json::number(item).filter(|number| number.is_finite())).collect(),
        Value::Text(text) => match parsed(text)? {
            list @ Value::List(_) => numbers(&list),
            _ => None,
        },
        _ => None,
    }
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().map(|json| Value::from_json(&json))
}

/// Whether a value is polygons or a mask; says why not.
pub(super) fn check(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::Text(text) => match parsed(text) {
            Some(Value::Text(_)) | None => Err("a mask is polygons, or `counts` and `size`"),
            Some(parsed) => check(&parsed),
        },
        Value::List(polygons) => polygons.iter().try_for_each(|polygon| match numbers(polygon) {
            Some(numbers) if numbers.len() >= 6 && numbers.len() % 2 == 0 => Ok(()),
            Some(_) => Err("a polygon is at least three points: x1, y1, x2, y2, x3, y3"),
            None => Err("a polygon is a list of numbers"),
        }),
        Value::Struct(fields) => mask(fields),
        _ => Err("a mask is polygons, or `counts` and `size`"),
    }
}

fn mask(fields: &[(String, Value)]) -> Result<(), &'static str> {
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value);
    let size: Option<Vec<i64>> = match field("size") {
        Some(Value::List(size)) => size.iter().map(json::whole).collect(),
        _ => None,
    };
    let Some(&[height, width]) = size.as_deref() else { return Err("the `size` of a mask is [height, width]") };
    match field("counts") {
        Some(Value::Text(_)) => Ok(()),
        Some(Value::List(counts)) => {
            let counts: Option<Vec<i64>> = counts.iter().map(json::whole).collect();
            let pixels = counts.and_then(|counts| counts.iter().try_fold(0_i64, |sum, count| sum.checked_add(*count)));
            match pixels {
                Some(pixels) if Some(pixels) == height.checked_mul(width) => Ok(()),
                _ => Err("the `counts` of a mask are as many pixels as its `size`"),
            }
        }
        _ => Err("the `counts` of a mask are text or a list of numbers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_mask(text: &str, expected: bool) {
        assert_eq!(check(&Value::Text(text.to_owned())).is_ok(), expected, "{text}");
    }

    #[test]
    fn a_mask_is_polygons_or_counts_of_pixels() {
        is_mask("[[1,2,3,4,5,6]]", true);
        is_mask("[]", true);
        is_mask(r#"{"counts":[1,2,3],"size":[2,3]}"#, true);
        is_mask(r#"{"counts":"abc","size":[2,3]}"#, true);
        is_mask("[[1,2,3,4]]", false);
        is_mask("[[1,2,3,4,5,6,7]]", false);
        is_mask("[1,2,3,4,5,6]", false);
        is_mask(r#"{"counts":[1,2],"size":[2,3]}"#, false);
        is_mask(r#"{"counts":[1,2,3]}"#, false);
        is_mask("x", false);
    }
}
