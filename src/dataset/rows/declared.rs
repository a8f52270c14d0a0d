//! Key columns that somebody declared: which one is in force for a file, and what must hold before one is recorded.
//!
//! The record says it of a file, for all revisions. But row edits name rows, and what they name them by stands beside
//! them ([`crate::overlay::Rows::key`]): so edits that were made by place, or by another column, mean for ever what
//! they meant.

use super::opened::place_of;
use super::{Formats, Part, rows_of_file};
use crate::dataset::Dataset;
use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, DatasetRecord, KeyChoice};
use crate::overlay::{Overlay, Rows};
use crate::table::keyed::Keyed;
use crate::{Error, Result};

/// That a column has the keys of a table's rows, as people say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableKey {
    /// The table, by any name that it may be asked for.
    pub table: String,
    /// The column; `None` takes back what was declared.
    pub column: Option<String>,
}

impl View {
    /// The column by whose values `rows`, the row changes of the file at `node`, name its rows; where they name none
    /// yet, the one that was declared.
    ///
    /// # Errors
    /// Those of the store.
    pub fn key_column(&self, node: &Node, rows: &Rows) -> Result<Option<String>> {
        if rows.root().is_some() {
            match rows.key()? {
                Some(column) => return Ok(Some(column)),
                None if rows.names_rows()? => return Ok(None),
                None => {}
            }
        }
        Ok(self.said_key(node)?.map(str::to_owned))
    }

    /// Whether both views read files in the same way.
    pub fn reads_as(&self, other: &View) -> bool {
        self.formats == other.formats
    }

    /// What is to be recorded so that a column has the keys of a table's rows, and of which file: as the source has it.
    ///
    /// # Errors
    /// `NotFound` for the table or column; `Invalid` for a table whose rows have other keys anyway, and for a column
    /// that does not tell all rows apart, with the first two that it does not.
    pub(in crate::dataset) fn key_choice(&self, said: &TableKey) -> Result<(DataPath, Option<KeyChoice>)> {
        let table = self.table(Some(&said.table))?;
        let refuse = |why: &str| Error::invalid("table with a key column", &table.name, why);
        let path = match table.paths.first() {
            Some(path) if !table.is_many => path,
            Some(_) => return Err(refuse("a row of it is told by its file, and its place there")),
            None => return Err(refuse("it is joined of other tables")),
        };
        // It is recorded of the source's file, which may be moved on.
        let source = self.existing(path)?.place.source_row().map(|row| self.base.path(row)).transpose()?;
        let home = source.unwrap_or_else(|| path.clone());
        let Some(column) = &said.column else { return Ok((home, None)) };
        if Keyed::over(&*table.format, column).is_none() {
            return Err(refuse("its format gives its rows their keys"));
        }
        let node = self.existing(path)?;
        let column = Part::open_by(self, &node, &*table.format, None)?.with_file(|file, _| {
            let schema = &file.tables()[place_of(file, &table.part)?].schema;
            let at = schema.find(column).ok_or_else(|| Error::not_found("key column", column))?;
            Ok(schema.columns[at].name.clone())
        })?;
        let flaw = Part::open_by(self, &node, &*table.format, Some(&column))?
            .with_file(|file, _| Ok(file.key_flaw().map(str::to_owned)))?;
        match flaw {
            Some(why) => Err(Error::invalid("key column", &column, why)),
            None => Ok((home.clone(), Some(KeyChoice { path: home, column }))),
        }
    }
}

/// Adds what is to be recorded of the file at `path` to what is.
pub(in crate::dataset) fn with_choice(keys: &mut Vec<KeyChoice>, path: &DataPath, choice: Option<KeyChoice>) {
    keys.retain(|known| known.path != *path);
    keys.extend(choice);
    keys.sort_by(|a, b| a.path.cmp(&b.path));
}

impl Dataset {
    /// Which columns were declared to have the keys of rows, in order of file.
    pub fn keys(&self) -> &[KeyChoice] {
        &self.record.keys
    }

    /// Whether a view of it reads files as is recorded now.
    pub fn reads_as(&self, view: &View) -> bool {
        *view.formats == Formats::new(&self.record)
    }

    /// Records which columns have the keys of tables' rows, for all revisions, beside what was declared before; `view`
    /// is where the tables are looked for.
    ///
    /// # Errors
    /// `NotFound` for a table or column. `Invalid` for a column that does not tell all rows apart, and where rows of
    /// the table were edited already that are named otherwise; `RefMoved` when somebody else changed the dataset's
    /// record meanwhile.
    pub fn declare_keys(&self, view: &View, said: &[TableKey]) -> Result<()> {
        let mut keys = self.record.keys.clone();
        for of_table in said {
            let (path, choice) = view.key_choice(of_table)?;
            let column = choice.as_ref().map(|choice| choice.column.as_str());
            let node = view.file_with_hidden(&path)?.ok_or_else(|| Error::not_found("path", &path))?;
            let known = view.key_column(&node, &view.overlay.rows(None))?;
            if known.as_deref() != column {
                self.refuse_edited(&path, &of_table.table, known.as_deref(), column)?;
            }
            with_choice(&mut keys, &node.path, None);
            with_choice(&mut keys, &path, choice);
        }
        self.set_record(&DatasetRecord { keys, ..(*self.record).clone() })
    }

    /// Refuses where rows of a file are named by anything but `column` on any branch or in any draft; `known` is what
    /// samples that are its rows are named by.
    fn refuse_edited(&self, path: &DataPath, table: &str, known: Option<&str>, column: Option<&str>) -> Result<()> {
        for (place, view) in self.places()? {
            let Some(at) = view.file_with_hidden(path)?.map(|node| node.path) else { continue };
            let by = match edits_of(&view.overlay, &at)? {
                Some(rows) if rows.key()?.as_deref() != column => rows.key()?,
                _ if samples::names_any(&view)? && samples::main_file(&view)? == Some(at) => known.map(str::to_owned),
                _ => continue,
            };
            let by = by.map_or_else(|| "place".to_owned(), |column| format!("`{column}`"));
            let why = format!("{place} has edits of its rows, which are named by {by}");
            return Err(Error::invalid("table to declare a key of", table, why));
        }
        Ok(())
    }

    /// All branches and drafts, each with what it is called.
    fn places(&self) -> Result<Vec<(String, View)>> {
        let mut places = Vec::new();
        for (branch, head) in self.branches()? {
            places.push((format!("the branch `{branch}`"), self.view(head.id)?));
        }
        for (branch, writer, step) in self.drafts()? {
            let step = self.step(step.id)?;
            let overlay = Overlay::new(self.nodes.clone(), step.overlay);
            let view = self.view_of(self.revision(step.revision)?.base, overlay)?;
            places.push((format!("the draft of {writer} on `{branch}`"), view));
        }
        Ok(places)
    }
}

/// What an overlay says of the rows of a file, if it names any.
fn edits_of(overlay: &Overlay, path: &DataPath) -> Result<Option<Rows>> {
    let change = overlay.get(path)?;
    let Some(rows) = change.and_then(|change| rows_of_file(overlay, &change)) else { return Ok(None) };
    Ok(rows.names_rows()?.then_some(rows))
}
