//! Rows of a file as another view has them: how a conflict of a merge is decided for their side.

use std::collections::BTreeMap;

use super::column::retyped;
use super::diff::share_below;
use super::splice::Splicing;
use super::{Part, RowEdit, Table};
use crate::dataset::draft::Draft;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, OpenConflict, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::{Error, Result};

impl Draft {
    /// Makes rows and cells of the file at `path` what `theirs` has.
    pub(in crate::dataset) fn take_their_rows(
        &mut self,
        path: &DataPath,
        conflicts: &[&OpenConflict],
        theirs: &View,
    ) -> Result<()> {
        let (node, their_node) = (self.view.existing(path)?, theirs.existing(path)?);
        if !share_below((&self.view, &node), (theirs, &their_node))? {
            return self.take_their_values(path, conflicts);
        }
        let (ours, their_rows) = (self.view.rows_of(&node), theirs.rows_of(&their_node));
        // The cells of a row that was inserted are said with it.
        let (mut of_inserted, mut others) = (Vec::new(), Vec::new());
        for conflict in conflicts {
            let is_inserted = match &conflict.row {
                Some(RowAddress::Cell { table, row, .. }) => {
                    let row = RowAddress::Row { table: table.clone(), row: row.clone() };
                    matches!(ours.get(&row)?, Some(RowChange::Inserted { .. }))
                }
                _ => false,
            };
            if is_inserted { of_inserted.push(*conflict) } else { others.push(*conflict) }
        }
        let conflicts = &others;
        let mut edits: BTreeMap<RowAddress, Option<RowChange>> = BTreeMap::new();
        for conflict in conflicts {
            let Some(address) = &conflict.row else { continue };
            let said = |rows: &Rows| match address {
                RowAddress::Row { table, row } => Ok::<_, Error>(!rows.of_row(table, row)?.is_empty()),
                address => Ok(rows.get(address)?.is_some()),
            };
            if !said(&ours)? && !said(&their_rows)? {
                refuse_what_cannot_be_had(conflict, address)?;
            }
            match address {
                RowAddress::Row { table, row } => {
                    edits.extend(ours.of_row(table, row)?.into_iter().map(|(at, _)| (at, None)));
                    edits.extend(their_rows.of_row(table, row)?.into_iter().map(|(at, change)| (at, Some(change))));
                }
                RowAddress::Column { table, column } => {
                    let theirs = their_rows.get(address)?;
                    edits.extend(retyped(&ours, address, theirs.as_ref())?);
                    let is_of_column = |at: &RowAddress| {
                        matches!(at, RowAddress::Cell { table: of, column: name, .. }
                            if of == table && name == column)
                    };
                    // What our type could not hold was left out of the merge.
                    for (at, change) in their_rows.entries()?.into_iter().filter(|(at, _)| is_of_column(at)) {
                        if ours.get(&at)?.is_none() {
                            edits.insert(at, Some(change));
                        }
                    }
                    edits.insert(address.clone(), theirs);
                }
                address => {
                    edits.insert(address.clone(), their_rows.get(address)?);
                }
            }
        }
        self.splice_rows(&node, edits)?;
        self.take_their_values(path, &of_inserted)
    }

    /// Says of rows what `edits` say, with the bytes that the file's format has for that.
    fn splice_rows(&mut self, node: &Node, edits: BTreeMap<RowAddress, Option<RowChange>>) -> Result<()> {
        let found = self.view.format_of(node)?.ok_or_else(|| Error::not_found("table", &node.path))?;
        let part = Part::open(&self.view, node, &*found.format)?;
        let splicing = part.with_file(|file, rows| Splicing::of(file, 0, rows, edits))?;
        let change = self.respliced(node, splicing)?;
        self.set_all(change.map(|change| (node.path.clone(), change)))
    }

    /// As [`Draft::take_their_rows`], where the two files are other bytes: by the values that were told.
    fn take_their_values(&mut self, path: &DataPath, conflicts: &[&OpenConflict]) -> Result<()> {
        let mut by_table: BTreeMap<&str, Vec<(&OpenConflict, &RowAddress)>> = BTreeMap::new();
        for conflict in conflicts {
            if let Some(address) = &conflict.row {
                by_table.entry(address.table()).or_default().push((conflict, address));
            }
        }
        for (part, conflicts) in by_table {
            let table = self.table_of(path, part)?;
            let mut edits = Vec::with_capacity(conflicts.len());
            for (conflict, address) in conflicts {
                match edit_to_theirs(&table, path, conflict, address) {
                    Some(edit) => edits.push(edit),
                    None => refuse_what_cannot_be_had(conflict, address)?,
                }
            }
            self.keep_editable(&table, &mut edits)?;
            self.edit_table_exactly(&table, edits)?;
        }
        Ok(())
    }

    /// Edits the table `part` of one file, as the dataset's tables have it.
    pub(in crate::dataset) fn edit_file(
        &mut self,
        path: &DataPath,
        part: &str,
        edits: impl FnOnce(&Table) -> Vec<RowEdit>,
    ) -> Result<()> {
        let table = self.table_of(path, part)?;
        let edits = edits(&table);
        self.edit_table_exactly(&table, edits).map(|_| ())
    }

    fn table_of(&self, path: &DataPath, part: &str) -> Result<Table> {
        let tables = self.view.tables()?;
        let found = tables.into_iter().find(|table| table.part == part && table.paths.contains(path));
        found.ok_or_else(|| Error::not_found("table", path))
    }

    /// Of whole rows, leaves out cells whose values follow from others, and those of columns that there are not.
    fn keep_editable(&self, table: &Table, edits: &mut [RowEdit]) -> Result<()> {
        let schema = self.view.table_info(table)?.schema;
        let key = schema.key.map(|at| schema.columns[at].name.clone());
        for edit in edits {
            let (cells, is_new) = match edit {
                RowEdit::Set { cells, .. } if cells.len() > 1 => (cells, false),
                RowEdit::Insert { cells, .. } => (cells, true),
                _ => continue,
            };
            cells.retain(|(name, _)| {
                (is_new && (key.as_ref() == Some(name) || name == super::FILE_COLUMN))
                    || schema.columns.iter().any(|column| column.name == *name && column.editable)
            });
        }
        Ok(())
    }
}

/// What makes a row what they have there; `None` where no edit of rows does.
fn edit_to_theirs(table: &Table, path: &DataPath, conflict: &OpenConflict, address: &RowAddress) -> Option<RowEdit> {
    Some(match (address, &conflict.theirs) {
        (RowAddress::Cell { row, column, .. }, value) => {
            let value = value.clone().unwrap_or(Value::Null);
            RowEdit::Set { row: table.key(path, row), cells: vec![(column.clone(), value)] }
        }
        (RowAddress::Row { row, .. }, None) => RowEdit::Delete { row: table.key(path, row) },
        (RowAddress::Row { .. }, Some(Value::Struct(cells))) if conflict.ours.is_none() => {
            RowEdit::Insert { after: None, cells: in_file(table, path, cells) }
        }
        (RowAddress::Row { row, .. }, Some(Value::Struct(cells))) => {
            RowEdit::Set { row: table.key(path, row), cells: cells.clone() }
        }
        _ => return None,
    })
}

/// Refuses their side of a conflict where their file, as far as it can be laid over ours, has nothing of it.
fn refuse_what_cannot_be_had(conflict: &OpenConflict, address: &RowAddress) -> Result<()> {
    if conflict.theirs == conflict.ours {
        return Ok(());
    }
    let column = match address {
        RowAddress::Cell { column, .. } | RowAddress::Column { column, .. } => Some(column.as_str()),
        RowAddress::Row { .. } | RowAddress::Shared { .. } => None,
    };
    let place: Vec<&str> = address.row().into_iter().chain(column).collect();
    let name = format!("{} {}", super::short_name(&conflict.path, address.table()), place.join(" "));
    Err(Error::invalid("choice of their side", name.trim_end(), "what they edited there is not in the file any more"))
}

/// The cells of a new row, with its file where the table has many.
fn in_file(table: &Table, path: &DataPath, cells: &[(String, Value)]) -> Vec<(String, Value)> {
    let file = table.is_many.then(|| (super::FILE_COLUMN.to_owned(), Value::Text(path.to_string())));
    file.into_iter().chain(cells.iter().cloned()).collect()
}
