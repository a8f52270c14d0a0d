//! A class map: what number stands for what name.

use super::{Column, json};
use crate::Result;
use crate::model::Value;

/// A number of a class, or another id, as text: programs that count in fractions write 1 as `1.0`.
pub(crate) fn number_text(value: &Value) -> String {
    let whole = if matches!(value, Value::Float(_)) { json::whole(value) } else { None };
    whole.map_or_else(|| value.to_string(), |number| number.to_string())
}

/// A class by its number or its name; as its number.
///
/// # Errors
/// `Invalid` where the class map has neither.
pub(crate) fn number(column: &Column, classes: &[(String, String)], value: &Value) -> Result<Value> {
    let text = value.to_string();
    let whole = json::whole(value).map(|whole| whole.to_string());
    let by_number = classes.iter().find(|(number, _)| whole.as_ref() == Some(number));
    let by_name = || classes.iter().find(|(_, name)| *name == text);
    // Numbers of classes may be text in files that are not quite what they should be.
    let by_text = || classes.iter().find(|(number, _)| *number == text);
    match by_number.or_else(by_name).or_else(by_text) {
        Some((number, _)) => Ok(number.parse().map_or_else(|_| Value::Text(number.clone()), Value::Int)),
        None => Err(json::refuse(column, value, "it is no class of the class map")),
    }
}
