//! Columns of JSON as Arrow: their types are found out from their values.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, NullArray};
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;
use veneer::model::Value;
use veneer::run::{EPOCH, WHAT};
use veneer::table::arrow_value;
use veneer::{Error, Result};

/// Rows by columns.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct JsonBatch {
    /// By name: a list with a value for each row; `epoch` may be one number for all.
    #[schema(value_type = Object)]
    columns: Map<String, Json>,
}

/// The rows that these columns have.
///
/// # Errors
/// `Invalid` for columns of different lengths, and values of different kinds in one.
pub(super) fn rows_of(JsonBatch { columns }: JsonBatch) -> Result<Vec<RecordBatch>> {
    let lists = || columns.iter().filter_map(|(name, values)| Some((name, values.as_array()?)));
    let count = lists().map(|(_, values)| values.len()).max().unwrap_or_default();
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for (name, values) in &columns {
        let array = match values {
            Json::Array(values) if values.len() == count => array_of(name, values)?,
            Json::Array(values) => {
                return Err(Error::invalid(WHAT, name, format!("it has {} values, others have {count}", values.len())));
            }
            Json::Number(number) if name == EPOCH => {
                let epoch = number.as_i64().ok_or_else(|| Error::invalid(WHAT, name, "it is a whole number"))?;
                Arc::new(Int64Array::from_value(epoch, count))
            }
            _ => return Err(Error::invalid(WHAT, name, "a column is a list")),
        };
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    let rows = RecordBatch::try_new_with_options(schema, arrays, &options);
    rows.map(|rows| vec![rows]).map_err(|cause| Error::invalid(WHAT, "", "its columns do not fit").caused_by(cause))
}

fn array_of(name: &str, values: &[Json]) -> Result<ArrayRef> {
    let values: Vec<Value> = values.iter().map(Value::from_json).collect();
    let of = values.iter().try_fold(DataType::Null, |of, value| joined(of, type_of(value)?));
    match of {
        Some(DataType::Null) => Ok(Arc::new(NullArray::new(values.len()))),
        Some(of) => arrow_value::array(&of, &values)
            .map_err(|cause| Error::invalid(WHAT, name, "its values are of different kinds").caused_by(cause)),
        None => Err(Error::invalid(WHAT, name, "its values are of different kinds")),
    }
}

fn type_of(value: &Value) -> Option<DataType> {
    let item = |of: DataType| Arc::new(Field::new("item", of, true));
    Some(match value {
        Value::Null => DataType::Null,
        Value::Bool(_) => DataType::Boolean,
        Value::Int(_) => DataType::Int64,
        Value::Float(_) => DataType::Float64,
        Value::Text(_) => DataType::Utf8,
        Value::Binary(_) => return None,
        Value::List(values) => {
            let of = values.iter().try_fold(DataType::Null, |of, value| joined(of, type_of(value)?))?;
            DataType::List(item(of))
        }
        Value::Struct(fields) => {
            let field = |(name, value): &(String, Value)| Some(Field::new(name, type_of(value)?, true));
            DataType::Struct(fields.iter().map(field).collect::<Option<_>>()?)
        }
    })
}

/// The type of both; `None` where there is none.
fn joined(a: DataType, b: DataType) -> Option<DataType> {
    Some(match (a, b) {
        (a, b) if a == b => a,
        (DataType::Null, of) | (of, DataType::Null) => of,
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => DataType::Float64,
        (DataType::List(a), DataType::List(b)) => {
            let of = joined(a.data_type().clone(), b.data_type().clone())?;
            DataType::List(Arc::new(Field::new("item", of, true)))
        }
        (DataType::Struct(a), DataType::Struct(b)) => {
            let mut fields: Vec<Field> = a.iter().map(|field| Field::clone(field)).collect();
            for field in b.iter() {
                match fields.iter_mut().find(|known| known.name() == field.name()) {
                    Some(known) => {
                        let of = joined(known.data_type().clone(), field.data_type().clone())?;
                        *known = Field::new(field.name(), of, true);
                    }
                    None => fields.push(Field::clone(field)),
                }
            }
            DataType::Struct(fields.into())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn types(columns: Json) -> Vec<String> {
        let batch = rows_of(serde_json::from_value(json!({ "columns": columns })).expect("columns")).expect("rows");
        batch[0].schema().fields().iter().map(|field| field.data_type().to_string()).collect()
    }

    #[test]
    fn types_are_found_out_from_all_values() {
        assert_eq!(types(json!({"a": [1, null], "b": [1, 0.5], "c": [null, "x"]})), ["Int64", "Float64", "Utf8"]);
        assert_eq!(types(json!({"a": [null, null], "epoch": 3})), ["Null", "Int64"]);
        let boxes = types(json!({"boxes": [[], [{"x": 1, "label": "a"}, {"x": 0.5}]]}));
        assert!(boxes[0].contains("Float64") && boxes[0].contains("Utf8"), "{boxes:?}");
        for wrong in [json!({"a": [1, "x"]}), json!({"a": [1], "b": [1, 2]}), json!({"a": 1}), json!({"epoch": 0.5})] {
            assert!(rows_of(JsonBatch { columns: wrong.as_object().expect("columns").clone() }).is_err(), "{wrong}");
        }
    }
}
