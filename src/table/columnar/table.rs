//! The only table of a file of columns, as its Arrow schema tells it.

use arrow::datatypes::{DataType, Fields};

use crate::table::{Column, Role, TableInfo, TableSchema};
use crate::{Error, Result};

/// The table; `key` is the column whose values are the keys of rows.
///
/// # Errors
/// `NotFound` for that column.
pub(in crate::table) fn table(
    fields: &Fields,
    is_editable: impl Fn(&DataType) -> bool,
    key: Option<&str>,
    rows: u64,
) -> Result<TableInfo> {
    let place = |name: &str| fields.iter().position(|field| field.name() == name);
    let key = key.map(|name| place(name).ok_or_else(|| Error::not_found("column", name))).transpose()?;
    let columns = fields.iter().enumerate().map(|(at, field)| Column {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        role: if key == Some(at) { Role::Key } else { role(field.data_type()) },
        nullable: field.is_nullable(),
        editable: is_editable(field.data_type()),
    });
    let schema = TableSchema { columns: columns.collect(), key };
    Ok(TableInfo { name: "rows".to_owned(), schema, rows, problem: None })
}

fn role(data_type: &DataType) -> Role {
    match data_type {
        DataType::FixedSizeList(item, _) if item.data_type().is_floating() => Role::Embedding,
        _ => Role::Plain,
    }
}
