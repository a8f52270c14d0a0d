//! Samples as others name them: by the key of their row, or by the path of their file.
//!
//! A moved image keeps its key, which is then no longer its path. Whoever trains
//! in a mount knows paths alone.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, LargeStringArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use veneer::table::Role;
use veneer::{Error, Result};

use super::columns::TableRows;
use super::keys::RowKeys;
use super::shelf::{Kept, What};

/// How somebody names samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// By key; what is the key of no row may be a path.
    Key,
    /// By path, whatever keys there are.
    Path,
}

/// Samples that were looked up.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// The keys of their rows.
    Found(StringArray),
    /// There is no row for the one in this place, the first such.
    Unknown(usize),
}

impl TableRows {
    /// The keys of the rows that these names mean.
    ///
    /// # Errors
    /// Those of the files.
    pub fn samples(&self, names: &StringArray, by: NamedBy) -> Result<Samples> {
        let keys = self.keys()?;
        let is_key = |name: Option<&str>| name.is_some_and(|name| keys.find(name).is_some());
        if by == NamedBy::Key && names.iter().all(is_key) {
            return Ok(Samples::Found(names.clone()));
        }
        let paths = self.paths()?;
        let mut found: Vec<String> = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let name = name.unwrap_or_default();
            let key = if by == NamedBy::Key { keys.find(name) } else { None };
            match key.or_else(|| paths.as_ref()?.find(name).filter(|_| !name.is_empty())) {
                Some(row) => found.push(keys.key(row)),
                None => return Ok(Samples::Unknown(at)),
            }
        }
        Ok(Samples::Found(StringArray::from(found)))
    }

    /// The rows that have these keys.
    ///
    /// # Errors
    /// Those of the files.
    pub fn rows_of<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Result<Vec<Option<usize>>> {
        let known = self.keys()?;
        Ok(keys.map(|key| known.find(key)).collect())
    }

    /// A column's values as texts.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for values that are no single texts, numbers or the like.
    pub fn column_as_text(&self, name: &str) -> Result<StringArray> {
        let texts = cast(&self.column(name)?, &DataType::Utf8)
            .map_err(|cause| Error::invalid("column", name, "its values are no texts").caused_by(cause))?;
        Ok(texts.as_string().clone())
    }

    /// The path of each row's file, empty where it is not the only row with that; `None` for a table without such.
    fn paths(&self) -> Result<Option<Arc<RowKeys>>> {
        let column = self.schema().columns.iter().find(|column| column.role == Role::Image);
        let Some(name) = column.map(|column| column.name.clone()) else { return Ok(None) };
        let made = self.store.shelf.get(self.label(What::Paths), || {
            Ok(Kept::Keys(Arc::new(RowKeys::listed(single(&self.column_as_text(&name)?)))))
        })?;
        match made {
            Kept::Keys(paths) => Ok(Some(paths)),
            _ => unreachable!("paths were put there"),
        }
    }
}

/// The texts, those that are there more than once left out.
fn single(texts: &StringArray) -> LargeStringArray {
    let mut counts: HashMap<&str, u32> = HashMap::with_capacity(texts.len());
    texts.iter().flatten().for_each(|text| *counts.entry(text).or_default() += 1);
    LargeStringArray::from_iter_values(texts.iter().map(|text| text.filter(|text| counts[text] == 1).unwrap_or("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_several_rows_is_the_name_of_none() {
        let paths = StringArray::from(vec![Some("a.png"), Some("b.png"), None, Some("a.png")]);
        assert_eq!(single(&paths), LargeStringArray::from(vec!["", "b.png", "", ""]));
    }
}
