//! Columns of tables in memory: each as one Arrow array, read once, shared by all who ask.
//!
//! [`ColumnStore`] is for all tables of the service; [`TableRows`] is one table of
//! one view in it, perhaps with the columns of runs joined on. A column that is
//! not there is made of the same column of another state of the table where the
//! two differ by a few edits, and else read from the files.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use tracing::debug;
use veneer::dataset::View;
use veneer::dataset::rows::Table;
use veneer::model::{DatasetName, Id};
use veneer::table::{Column, TableSchema};
use veneer::{Error, Result};

use super::changes;
use super::decode;
use super::keys::RowKeys;
use super::runs::RunColumns;
use super::shelf::{Kept, Label, Shelf, What};
use super::tables::{OpenTable, Tables};
use super::texts::{is_text, text_type};

/// Edits of more than one in so many rows are not laid over columns in memory: reading anew is no slower.
const ROWS_PER_EDIT_MIN: usize = 8;

/// The columns of all tables, as far as memory goes.
#[derive(Debug)]
pub struct ColumnStore {
    pub(super) shelf: Shelf,
    tables: Tables,
}

/// The rows of one table of one view. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct TableRows {
    pub(super) store: Arc<ColumnStore>,
    table: Arc<OpenTable>,
    schema: Arc<TableSchema>,
    runs: Arc<[RunColumns]>,
    id: Id,
}

impl ColumnStore {
    /// Keeps what takes `bytes_max` bytes at most.
    pub fn new(bytes_max: usize) -> ColumnStore {
        ColumnStore { shelf: Shelf::new(bytes_max), tables: Tables::default() }
    }

    /// The rows of the table that people mean by `name` in this view; no row is read yet.
    ///
    /// # Errors
    /// As [`View::table`] and [`View::table_info`].
    pub fn rows(self: &Arc<Self>, dataset: &DatasetName, view: &View, name: &str) -> Result<TableRows> {
        let table = self.tables.open(dataset, view, name)?;
        let (schema, id) = (Arc::new(table.schema().clone()), table.id);
        Ok(TableRows { store: self.clone(), table, schema, runs: Arc::from([]), id })
    }

    /// The tables of this view.
    ///
    /// # Errors
    /// As [`View::tables`].
    pub fn tables(&self, dataset: &DatasetName, view: &View) -> Result<Vec<Table>> {
        self.tables.all(dataset, view)
    }
}

impl TableRows {
    /// The same with the columns of runs, `NAME.loss` for `loss`, of the rows whose key is the run's sample.
    #[must_use]
    pub fn with_runs(self, runs: Vec<RunColumns>) -> TableRows {
        let mut id = self.id.as_bytes().to_vec();
        let mut schema = TableSchema::clone(&self.schema);
        for run in &runs {
            id.extend_from_slice(run.id().as_bytes());
            schema.columns.extend(run.columns());
        }
        TableRows { schema: Arc::new(schema), runs: runs.into(), id: Id::of(&id), ..self }
    }

    /// What the rows are made of: equal for the same rows with the same columns, and only for these.
    pub fn id(&self) -> Id {
        self.id
    }

    /// What people call the table.
    pub fn name(&self) -> &str {
        &self.table.table.name
    }

    /// The columns that there are.
    pub fn schema(&self) -> &TableSchema {
        &self.schema
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// `Invalid` for more than 2^32.
    pub fn row_count(&self) -> Result<usize> {
        self.table.rows()
    }

    /// The column that a name means: see [`TableSchema::find`].
    ///
    /// # Errors
    /// `NotFound`.
    pub fn find(&self, name: &str) -> Result<&Column> {
        let at = self.schema.find(name).ok_or_else(|| Error::not_found("column", name))?;
        Ok(&self.schema.columns[at])
    }

    /// All values of a column: texts as a dictionary, all else as its type says.
    ///
    /// # Errors
    /// As [`TableRows::columns`].
    pub fn column(&self, name: &str) -> Result<ArrayRef> {
        Ok(self.columns(&[name])?.remove(0))
    }

    /// All values of some columns, by their exact names.
    ///
    /// # Errors
    /// `NotFound`; those of the files.
    pub fn columns(&self, names: &[&str]) -> Result<Vec<ArrayRef>> {
        let labels: Vec<Label> = names.iter().map(|name| self.label(What::Column((*name).to_owned()))).collect();
        let made = self.store.shelf.get_all(&labels, |missing| {
            let names: Vec<&str> = missing.iter().map(|at| names[*at]).collect();
            Ok(self.made(&names)?.into_iter().map(Kept::Column).collect())
        })?;
        made.into_iter()
            .map(|kept| match kept {
                Kept::Column(array) => Ok(array),
                _ => unreachable!("a column was put there"),
            })
            .collect()
    }

    /// As [`TableRows::columns`], as a batch.
    ///
    /// # Errors
    /// As [`TableRows::columns`].
    pub fn batch(&self, names: &[&str]) -> Result<RecordBatch> {
        batch_of(names, self.columns(names)?, self.row_count()?)
    }

    /// The columns where all of them are in memory already.
    pub(crate) fn known(&self, names: &[&str]) -> Option<Vec<ArrayRef>> {
        names
            .iter()
            .map(|name| match self.store.shelf.peek(&self.label(What::Column((*name).to_owned())))? {
                Kept::Column(array) => Some(array),
                _ => None,
            })
            .collect()
    }

    /// The keys of all rows.
    ///
    /// # Errors
    /// Those of the files.
    pub(super) fn keys(&self) -> Result<Arc<RowKeys>> {
        self.keys_of(&self.table)
    }

    /// The keys where they are in memory already.
    pub(super) fn known_keys(&self) -> Option<Arc<RowKeys>> {
        match self.store.shelf.peek(&(self.table.id, What::Keys))? {
            Kept::Keys(keys) => Some(keys),
            _ => None,
        }
    }

    /// The first rows, with their keys, read from the files as they are; nothing of it is kept.
    pub(super) fn first_rows(&self, names: &[&str], rows: usize) -> Result<(Vec<ArrayRef>, RowKeys)> {
        Ok((decode::columns(&self.table, names, Some(rows))?, decode::keys(&self.table, Some(rows))?))
    }

    /// Whether the column is of the table itself, not of a run.
    pub(super) fn is_of_table(&self, name: &str) -> bool {
        !self.runs.iter().any(|run| run.has(name))
    }

    /// How something of these rows is called on the shelf.
    pub(super) fn label(&self, what: What) -> Label {
        let is_of_table = match &what {
            What::Column(name) => self.is_of_table(name),
            What::Keys | What::Paths => true,
            What::Mask(_) | What::Order(_) => self.runs.is_empty(),
        };
        (if is_of_table { self.table.id } else { self.id }, what)
    }

    fn made(&self, names: &[&str]) -> Result<Vec<ArrayRef>> {
        let mut made: Vec<Option<ArrayRef>> = Vec::with_capacity(names.len());
        for name in names {
            made.push(match self.runs.iter().find(|run| run.has(name)) {
                Some(run) => Some(run.joined(name, &*self.keys()?)?),
                None => self.laid_over(name)?,
            });
        }
        let missing: Vec<&str> =
            names.iter().zip(&made).filter(|(_, made)| made.is_none()).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            let mut read = decode::columns(&self.table, &missing, None)?.into_iter();
            let rows = self.row_count()?;
            for made in made.iter_mut().filter(|made| made.is_none()) {
                let array = read.next().expect("one for each that is missing");
                if array.len() != rows {
                    let why = format!("{} rows were found and {rows} were read before", array.len());
                    return Err(Error::corrupt(format!("the index of table `{}`", self.name()), why));
                }
                *made = Some(array);
            }
        }
        Ok(made.into_iter().map(|made| made.expect("read above")).collect())
    }

    /// The column made of that of another state of the table; `None` where there is none near enough.
    pub(super) fn laid_over(&self, name: &str) -> Result<Option<ArrayRef>> {
        let Some(column) = self.table.schema().columns.iter().find(|column| column.name == name) else {
            return Err(Error::not_found("column", name));
        };
        if !changes::is_kept_whole(&column.data_type) {
            return Ok(None);
        }
        for other in self.store.tables.alike(&self.table) {
            let known = match self.store.shelf.peek(&(other.id, What::Column(name.to_owned()))) {
                Some(Kept::Column(array)) => array,
                _ if other.schema().columns.iter().any(|column| column.name == name) => continue,
                // A column that was added since: it has nothing but what was set.
                _ => {
                    let of = if is_text(&column.data_type) { text_type() } else { column.data_type.clone() };
                    new_null_array(&of, other.rows()?)
                }
            };
            let Some(changes) = self.table.changes_from(&other)? else { continue };
            if changes.len().saturating_mul(ROWS_PER_EDIT_MIN) > known.len().max(ROWS_PER_EDIT_MIN * 64) {
                continue;
            }
            match changes.column(name, &known, &*self.keys_of(&other)?) {
                Ok(Some(array)) if array.len() as u64 == self.table.info.rows => return Ok(Some(array)),
                Ok(_) => {}
                Err(error) => debug!(%error, column = name, "a column is read anew: {error}"),
            }
        }
        Ok(None)
    }

    fn keys_of(&self, table: &Arc<OpenTable>) -> Result<Arc<RowKeys>> {
        let made = self.store.shelf.get((table.id, What::Keys), || {
            if table.has_places_for_keys()? {
                return Ok(Kept::Keys(Arc::new(RowKeys::Places(table.rows()?))));
            }
            for other in self.store.tables.alike(table) {
                let Some(Kept::Keys(known)) = self.store.shelf.peek(&(other.id, What::Keys)) else { continue };
                let Some(changes) = table.changes_from(&other)? else { continue };
                if changes.dropped.is_empty() {
                    return Ok(Kept::Keys(known));
                }
                if let Some(keys) = changes.keys(&known) {
                    return Ok(Kept::Keys(Arc::new(keys)));
                }
            }
            Ok(Kept::Keys(Arc::new(decode::keys(table, None)?)))
        })?;
        match made {
            Kept::Keys(keys) => Ok(keys),
            _ => unreachable!("keys were put there"),
        }
    }
}

/// A batch of columns, perhaps of none.
pub(super) fn batch_of(names: &[&str], columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let field =
        |(name, column): (&&str, &ArrayRef)| arrow::datatypes::Field::new(*name, column.data_type().clone(), true);
    let fields: Vec<_> = names.iter().zip(&columns).map(field).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    RecordBatch::try_new_with_options(schema, columns, &options)
        .map_err(|cause| Error::invalid("rows", "a batch", "its columns do not fit together").caused_by(cause))
}
