//! Columns that a file lacks: their cells are kept in the overlay alone.

use arrow::datatypes::DataType;

use crate::model::Value;
use crate::table::{Column, Role};
use crate::{Error, Result};

/// A column that was added, by the name of its type.
pub(in crate::dataset) fn added(name: &str, data_type: &str) -> Result<Column> {
    let role = if name == "weight" { Role::Weight } else { Role::Plain };
    Ok(Column { name: name.to_owned(), data_type: known(data_type)?, role, nullable: true, editable: true })
}

fn known(data_type: &str) -> Result<DataType> {
    data_type.parse().map_err(|_| Error::corrupt("an added column", format!("`{data_type}` is no type that is known")))
}

/// The value as a column of this type takes it.
///
/// # Errors
/// `Invalid` for a value of another type.
pub(in crate::dataset) fn check(data_type: &str, value: &Value) -> Result<Value> {
    let known = known(data_type)?;
    let refused = |why: &str| Error::invalid("value", &value.to_string(), why);
    Ok(match (&known, value) {
        (_, Value::Null) => Value::Null,
        (DataType::Boolean, Value::Bool(_))
        | (DataType::Int64, Value::Int(_))
        | (DataType::Float64, Value::Float(_)) => value.clone(),
        (DataType::Float64, Value::Int(number)) => Value::Float(*number as f64),
        (DataType::Boolean, Value::Text(text)) => {
            Value::Bool(text.parse().map_err(|_| refused("the column has true and false"))?)
        }
        (DataType::Int64, Value::Text(text)) => {
            Value::Int(text.parse().map_err(|_| refused("the column has whole numbers"))?)
        }
        (DataType::Float64, Value::Text(text)) => {
            Value::Float(text.parse().map_err(|_| refused("the column has numbers"))?)
        }
        (DataType::Utf8, value) => Value::Text(value.to_string()),
        _ => return Err(refused(&format!("the column has values of type {known}"))),
    })
}
