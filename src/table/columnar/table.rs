//! The only table of a file of columns, as its Arrow schema tells it.

use arrow::datatypes::{DataType, Fields};

use crate::table::{Column, Role, TableInfo, TableSchema};

/// The table.
pub(in crate::table) fn table(fields: &Fields, is_editable: impl Fn(&DataType) -> bool, rows: u64) -> TableInfo {
    let columns = fields.iter().map(|field| Column {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        role: role(field.data_type()),
        nullable: field.is_nullable(),
        editable: is_editable(field.data_type()),
    });
    let schema = TableSchema { columns: columns.collect(), key: None };
    TableInfo { name: "rows".to_owned(), schema, rows, problem: None }
}

fn role(data_type: &DataType) -> Role {
    match data_type {
        DataType::FixedSizeList(item, _) if item.data_type().is_floating() => Role::Embedding,
        _ => Role::Plain,
    }
}
