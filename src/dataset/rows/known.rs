//! Which rows a table has, by their keys and by the paths of the files that they are about.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::{RowScan, Table};
use crate::dataset::view::View;
use crate::table::{Flow, Role};
use crate::{Error, Result};

/// The rows of a table as others name them.
#[derive(Clone, Debug, Default)]
pub struct KnownRows {
    keys: HashSet<String>,
    /// The key by path; none where several rows have it.
    paths: HashMap<String, Option<String>>,
}

impl View {
    /// The keys and paths of all rows of a table; they are all in memory.
    ///
    /// # Errors
    /// Those of the files.
    pub fn known_rows(&self, table: &Table) -> Result<KnownRows> {
        let schema = self.table_info(table)?.schema;
        let image = schema.columns.iter().find(|column| column.role == Role::Image).map(|column| column.name.clone());
        let mut known = KnownRows::default();
        self.scan_rows(table, &RowScan { columns: Some(image.into_iter().collect()) }, &mut |rows| {
            let unread = |cause| Error::invalid("column", "", "its values are no paths").caused_by(cause);
            let paths = rows.batch.columns().first().map(|paths| cast(paths, &DataType::Utf8)).transpose();
            let paths = paths.map_err(unread)?;
            for row in 0..rows.batch.num_rows() {
                let key = rows.key(row)?;
                let paths = paths.as_ref().map(|paths| paths.as_string::<i32>());
                if let Some(path) = paths.filter(|paths| paths.is_valid(row)).map(|paths| paths.value(row)) {
                    known.paths.entry(path.to_owned()).and_modify(|key| *key = None).or_insert(Some(key.clone()));
                }
                known.keys.insert(key);
            }
            Ok(Flow::More)
        })?;
        Ok(known)
    }
}

impl KnownRows {
    /// The key of the row that this names: by its key, else by its path.
    pub fn by_key(&self, name: &str) -> Option<&str> {
        self.keys.get(name).map(String::as_str).or_else(|| self.by_path(name))
    }

    /// The key of the only row with this path.
    pub fn by_path(&self, path: &str) -> Option<&str> {
        self.paths.get(path)?.as_deref()
    }
}
