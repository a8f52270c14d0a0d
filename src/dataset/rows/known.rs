//! Which rows a table has, by their keys and by the paths of the files that they are about.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::opened::place_of;
use super::{Part, RowScan, Table};
use crate::dataset::view::View;
use crate::model::{DataPath, RowAddress, RowChange};
use crate::overlay::Rows;
use crate::table::{Flow, Role, TableFile};
use crate::{Error, ErrorKind, Result};

/// The rows of a table as others name them.
#[derive(Clone, Debug, Default)]
pub struct KnownRows {
    keys: HashSet<String>,
    /// The key by path; none where several rows have it.
    paths: HashMap<String, Option<String>>,
}

impl View {
    /// Those of some keys that rows of a table have; its other rows are not looked at.
    ///
    /// # Errors
    /// Those of the files.
    pub(in crate::dataset) fn rows_among<'k>(
        &self,
        table: &Table,
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<HashSet<&'k str>> {
        let mut by_file: BTreeMap<DataPath, Vec<(&str, &str)>> = BTreeMap::new();
        for key in keys {
            match table.split_key(key) {
                Ok((path, within)) => by_file.entry(path).or_default().push((key, within)),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let mut found = HashSet::new();
        for (path, keys) in by_file {
            let part = Part::open(self, &self.existing(&path)?, &*table.format)?;
            let look = |file: &dyn TableFile, rows: &Rows| {
                let (mut open, at) = (Vec::new(), place_of(file, &table.part)?);
                for (key, within) in keys {
                    match said_of_row(rows, &table.part, within)? {
                        Some(RowChange::Deleted { .. }) => {}
                        Some(_) => drop(found.insert(key)),
                        None => open.push((key, within)),
                    }
                }
                let within: Vec<&str> = open.iter().map(|(_, within)| *within).collect();
                let places = file.find_all(at, &within)?;
                found.extend(places.into_iter().zip(open).filter_map(|(place, (key, _))| place.map(|_| key)));
                Ok(())
            };
            if !table.is_many {
                part.with_file(look)?;
            } else if let Err(problem) = part.with_readable(look)? {
                tracing::debug!(%problem, "no rows of {path} are known: {problem}");
            }
        }
        Ok(found)
    }

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

fn said_of_row(rows: &Rows, table: &str, row: &str) -> Result<Option<RowChange>> {
    rows.get(&RowAddress::Row { table: table.to_owned(), row: row.to_owned() })
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
