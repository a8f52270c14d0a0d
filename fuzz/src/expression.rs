//! Expressions: any text, bound to a table that has a bit of everything, and computed.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, StringArray};
use arrow::datatypes::Float64Type;
use arrow::record_batch::RecordBatch;
use veneer::table::expr::{Expr, Order, find_columns};
use veneer::table::{Column, Role, TableSchema};

fn batch() -> RecordBatch {
    let boxes = vec![Some(vec![Some(1.0), None, Some(3.0)]), None, Some(vec![])];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(Int64Array::from(vec![Some(0), None, Some(i64::MIN)]))),
        ("f", Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(-0.0), None]))),
        ("Label", Arc::new(StringArray::from(vec![Some("car"), None, Some("\u{df}%_\\")]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("box", Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(boxes))),
    ];
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of three rows")
}

fn schema(batch: &RecordBatch) -> TableSchema {
    let column = |field: &Arc<arrow::datatypes::Field>| Column {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        role: Role::Plain,
        nullable: true,
        editable: true,
    };
    TableSchema { columns: batch.schema_ref().fields().iter().map(column).collect(), key: None }
}

/// Parses, binds and computes; returns whether the bytes are an expression.
pub(crate) fn exercise(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let batch = batch();
    let schema = schema(&batch);
    let _ = find_columns(&text, &schema);
    if let Ok(order) = Order::parse(&text)
        && let Ok(mut sorter) = order.bind(&schema, Some(2))
        && sorter.push(batch.clone()).is_ok()
    {
        let _ = sorter.finish();
    }
    let Ok(expression) = Expr::parse(&text) else { return false };
    if let Ok(filter) = expression.bind(&schema)
        && let Ok(holds) = filter.evaluate(&batch)
    {
        assert_eq!(holds.len(), batch.num_rows(), "an answer for each row");
    }
    if let Ok(computed) = expression.bind_value(&schema)
        && let Ok(values) = computed.evaluate(&batch)
    {
        assert_eq!(values.len(), batch.num_rows(), "a value for each row");
    }
    true
}
