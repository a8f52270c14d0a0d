//! What a run looks at: a revision of a dataset, and the table whose rows are its samples.

use super::Dataset;
use super::rows::KnownRows;
use crate::model::{RefSpec, RunData};
use crate::run::Batch;
use crate::{Error, Result};

impl Dataset {
    /// What a run looks at that is begun on this state; without a table, the rows of the main one are its samples.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`.
    pub fn run_data(&self, reference: Option<&RefSpec>, table: Option<&str>) -> Result<RunData> {
        let revision = self.resolve(reference)?.id;
        let view = self.view(revision)?;
        let table = match table {
            Some(name) => Some(view.table(Some(name))?.name),
            None => view.tables()?.iter().find(|table| table.is_samples()).map(|table| table.name.clone()),
        };
        Ok(RunData { dataset: self.name().to_string(), revision, table })
    }
}

impl KnownRows {
    /// The batch with the keys of rows, however it names them; `before` rows come before it in its file.
    ///
    /// # Errors
    /// `Invalid` with the first sample that is of no row, and where it is.
    pub fn keyed(&self, batch: Batch, before: usize) -> Result<Batch> {
        let mut keys: Vec<&str> = Vec::with_capacity(batch.rows().num_rows());
        for (at, name) in batch.samples().iter().enumerate() {
            let name = name.unwrap_or_default();
            let key = if batch.has_paths() { self.by_path(name) } else { self.by_key(name) };
            let missing = || {
                let why = format!("row {} is about it, and no row of the table has it as key or path", before + at + 1);
                Error::invalid("sample", name, why)
            };
            keys.push(key.ok_or_else(missing)?);
        }
        let keys = keys.into();
        Ok(batch.with_samples(keys))
    }
}
