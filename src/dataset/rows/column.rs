//! Columns that a file lacks: their cells are kept in the overlay alone.

use arrow::datatypes::DataType;

use super::file_with_rows;
use super::named::Table;
use crate::dataset::draft::Draft;
use crate::model::{Change, DataPath, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{Column, Role};
use crate::{Error, Result};

impl Draft {
    /// Adds a column that the file lacks; its cells are null.
    ///
    /// # Errors
    /// `AlreadyExists` when the table has a column of this name, in whatever case of letters; `Invalid` for `_key`, `_row`, and what is no name.
    pub fn add_column(&mut self, table: &Table, name: &str, data_type: &DataType) -> Result<()> {
        check_name(name)?;
        let known = self.view.table_info(table)?.schema;
        if let Some(alike) = known.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)) {
            return Err(Error::already_exists("column", &alike.name));
        }
        if table.is_samples() {
            return self.add_sample_column(name, data_type);
        }
        let address = RowAddress::Column { table: table.part.clone(), column: name.to_owned() };
        let added = RowChange::Added { data_type: data_type.to_string() };
        let change = |path| self.with_rows_changed(path, [(address.clone(), Some(added.clone()))]);
        let changes = table.paths.iter().map(change).collect::<Result<Vec<_>>>()?;
        self.set_all(changes)
    }

    /// Drops an added column with all its cells.
    ///
    /// # Errors
    /// `NotFound` for a column that was not added: the file's own stay.
    pub fn drop_column(&mut self, table: &Table, name: &str) -> Result<()> {
        if table.is_samples() {
            return self.drop_sample_column(name);
        }
        let mut changes = Vec::new();
        for path in table.paths.iter() {
            // A file that came later lacks it.
            changes.extend(self.without_column(path, &table.part, name)?);
        }
        if changes.is_empty() {
            return Err(Error::not_found("added column", name));
        }
        self.set_all(changes)
    }

    fn without_column(&self, path: &DataPath, part: &str, name: &str) -> Result<Option<(DataPath, Change)>> {
        let rows = self.view.rows_of(&self.view.existing(path)?);
        let address = RowAddress::Column { table: part.to_owned(), column: name.to_owned() };
        if rows.get(&address)?.is_none() {
            return Ok(None);
        }
        let mut edits = vec![(address, None)];
        for (at, change) in rows.entries()? {
            match (&at, change) {
                (RowAddress::Cell { table: of, column, .. }, _) if of == part && column == name => {
                    edits.push((at, None));
                }
                (RowAddress::Row { table: of, .. }, RowChange::Inserted { after, mut cells, patch, is_below })
                    if of == part =>
                {
                    cells.retain(|(column, _)| column != name);
                    edits.push((at, Some(RowChange::Inserted { after, cells, patch, is_below })));
                }
                _ => {}
            }
        }
        self.with_rows_changed(path, edits).map(Some)
    }

    /// The file with something else said of its rows that changes no byte of it.
    fn with_rows_changed(
        &self,
        path: &DataPath,
        edits: impl IntoIterator<Item = (RowAddress, Option<RowChange>)>,
    ) -> Result<(DataPath, Change)> {
        let node = self.view.existing(path)?;
        let rows = self.view.rows_of(&node).with(edits)?.named_by(None)?;
        Ok((path.clone(), Change::File(file_with_rows(&self.view, &node, &rows, 0)?)))
    }
}

fn check_name(name: &str) -> Result<()> {
    let why = match name {
        "" => "a name is not empty",
        // Answers have the key and the place of each row under these.
        "_key" | "_row" => "every row has that already: its key and its place",
        name if name.chars().any(char::is_control) => "a name has no control characters",
        _ => return Ok(()),
    };
    Err(Error::invalid("column name", name, why))
}

/// A column that was added, by the name of its type.
pub(in crate::dataset) fn added(name: &str, data_type: &str) -> Result<Column> {
    let role = if name == "weight" { Role::Weight } else { Role::Plain };
    Ok(Column { name: name.to_owned(), data_type: known(data_type)?, role, nullable: true, editable: true })
}

fn known(data_type: &str) -> Result<DataType> {
    data_type.parse().map_err(|_| Error::corrupt("an added column", format!("`{data_type}` is no type that is known")))
}

/// What is to be said of the cells of an added column that is now `column`: what its type cannot hold is left out,
/// and all where there is none any more.
pub(super) fn retyped(
    rows: &Rows,
    address: &RowAddress,
    column: Option<&RowChange>,
) -> Result<Vec<(RowAddress, Option<RowChange>)>> {
    let RowAddress::Column { table, column: name } = address else { return Ok(Vec::new()) };
    let data_type = match column {
        Some(RowChange::Added { data_type }) => Some(data_type.as_str()),
        _ => None,
    };
    let fitting = |value: &Value| data_type.and_then(|data_type| check(data_type, value).ok());
    let mut edits = Vec::new();
    for (at, change) in rows.entries()? {
        match (&at, change) {
            (RowAddress::Cell { table: of, column, .. }, RowChange::Set { before, after, patch })
                if of == table && column == name =>
            {
                let set = fitting(&after).map(|after| RowChange::Set { before, after, patch });
                edits.push((at, set));
            }
            (RowAddress::Row { table: of, .. }, RowChange::Inserted { after, cells, patch, is_below })
                if of == table && cells.iter().any(|(column, _)| column == name) =>
            {
                let cells = cells.into_iter().filter_map(|(column, value)| match column == *name {
                    true => fitting(&value).map(|value| (column, value)),
                    false => Some((column, value)),
                });
                let cells = cells.collect();
                edits.push((at, Some(RowChange::Inserted { after, cells, patch, is_below })));
            }
            _ => {}
        }
    }
    Ok(edits)
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
            Value::Bool(Value::truth_of(text).ok_or_else(|| refused("the column has true and false"))?)
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
