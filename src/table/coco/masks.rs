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

/// Whether an annotation has no mask: nothing, or no polygons.
pub(super) fn is_none(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(polygons) => polygons.is_empty(),
        Value::Text(text) => matches!(parsed(text), Some(Value::List(polygons)) if polygons.is_empty()),
        _ => false,
    }
}

/// How many pixels polygons or counts take; `None` of what is neither, or compressed.
pub(super) fn area(value: &Value) -> Option<f64> {
    match value {
        Value::Text(text) => match parsed(text)? {
            Value::Text(_) => None,
            parsed => area(&parsed),
        },
        Value::List(polygons) if !polygons.is_empty() => {
            polygons.iter().map(|polygon| numbers(polygon).map(|numbers| enclosed(&numbers))).sum()
        }
        Value::Struct(fields) => {
            let (_, counts) = fields.iter().find(|(field, _)| field == "counts")?;
            // The first count is of pixels outside, the second of pixels inside, and so on.
            Some(numbers(counts)?.iter().skip(1).step_by(2).sum())
        }
        _ => None,
    }
}

/// What a polygon encloses, by the shoelace formula.
fn enclosed(numbers: &[f64]) -> f64 {
    let points: Vec<(f64, f64)> = numbers.chunks_exact(2).map(|point| (point[0], point[1])).collect();
    let next = points.iter().cycle().skip(1);
    let twice: f64 = points.iter().zip(next).map(|((x, y), (next_x, next_y))| x * next_y - next_x * y).sum();
    twice.abs() / 2.0
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
    let size = size.as_deref().filter(|size| size.iter().all(|side| *side >= 0));
    let Some(&[height, width]) = size else { return Err("the `size` of a mask is [height, width]") };
    match field("counts") {
        Some(Value::Text(_)) => Ok(()),
        Some(Value::List(counts)) => {
            let counts: Option<Vec<i64>> = counts.iter().map(json::whole).collect();
            if counts.iter().flatten().any(|count| *count < 0) {
                return Err("a mask has no negative `counts`");
            }
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
        is_mask(r#"{"counts":[10,-6,2],"size":[2,3]}"#, false);
        is_mask(r#"{"counts":[6],"size":[-2,-3]}"#, false);
        is_mask(r#"{"counts":[9223372036854775807,9223372036854775807],"size":[2,3]}"#, false);
        is_mask("x", false);
    }

    #[test]
    fn the_area_of_a_mask_is_what_its_polygons_enclose_or_its_counts_say() {
        let of = |text: &str| area(&Value::Text(text.to_owned()));
        assert_eq!(of("[[0,0,4,0,4,3,0,3]]"), Some(12.0));
        assert_eq!(of("[[0,0,0,3,4,3],[10,10,12,10,12,12,10,12]]"), Some(10.0));
        assert_eq!(of(r#"{"counts":[1,2,1,2],"size":[2,3]}"#), Some(4.0));
        assert_eq!((of("[]"), of(r#"{"counts":"abc","size":[2,3]}"#), area(&Value::Null)), (None, None, None));
    }
}
