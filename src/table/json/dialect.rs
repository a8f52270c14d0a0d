//! What a kind of JSON file says of its tables: which arrays are rows, and what their members are for.

use std::fmt::Debug;

use super::index::RowsFound;
use super::shape::Shape;
use crate::Result;
use crate::model::Value;
use crate::table::{Column, Followed, Leading, Role, TableInfo};

/// One value of it is a kind of file whose rows are objects in arrays.
pub(crate) trait Dialect: Send + Sync + Debug {
    /// What people call it.
    fn name(&self) -> &'static str;

    /// Whether the array under this key has rows; `None` is an array that is the whole document.
    fn wants(&self, name: Option<&str>) -> bool;

    /// The member that is a row's key where every row has it.
    fn key(&self) -> &'static str {
        "id"
    }

    /// Whether rows have keys at all besides their places.
    fn has_keys(&self) -> bool {
        true
    }

    /// Whether two rows with one key are wrong, and not just without keys.
    fn keys_are_unique(&self) -> bool {
        false
    }

    /// Puts the tables in order and drops what is none.
    ///
    /// # Errors
    /// `Invalid` when the file is of another kind.
    fn tables(&self, found: Vec<RowsFound>) -> Result<Vec<RowsFound>>;

    /// What a column holds at least, where every reader expects that.
    fn shape(&self, _table: &str, _column: &str) -> Option<Shape> {
        None
    }

    /// The columns of a table without rows.
    fn columns_of_none(&self, _table: &str) -> &'static [&'static str] {
        &[]
    }

    /// Whether every row must have it.
    fn is_required(&self, _table: &str, _column: &str) -> bool {
        false
    }

    /// The table that has the classes, its column of numbers and its column of names.
    fn classes(&self) -> Option<[&'static str; 3]> {
        None
    }

    /// What a column is for.
    fn role(&self, _table: &str, _column: &str, _shape: Shape, _classes: &[(String, String)]) -> Role {
        Role::Plain
    }

    /// What else is to be set in a row when these cells are.
    ///
    /// # Errors
    /// Those of reading the row.
    fn follow(&self, _info: &TableInfo, _edit: &Leading<'_>) -> Result<Followed> {
        Ok(Followed::default())
    }

    /// Checks what is beyond the type of a value: a box has four numbers.
    ///
    /// # Errors
    /// `Invalid`, with the reason.
    fn check(&self, _column: &Column, value: Value) -> Result<Value> {
        Ok(value)
    }
}

/// Any JSON: an array of objects, or an object with such arrays in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    /// Whether the rows' ids are their keys.
    pub(super) has_keys: bool,
}

impl Dialect for Plain {
    fn name(&self) -> &'static str {
        "json"
    }

    fn has_keys(&self) -> bool {
        self.has_keys
    }

    fn wants(&self, _name: Option<&str>) -> bool {
        true
    }

    fn tables(&self, mut found: Vec<RowsFound>) -> Result<Vec<RowsFound>> {
        // An array whose first item is no object is a value like any other.
        found.retain(|rows| rows.count > 0 || !rows.broken);
        if found.is_empty() {
            return Err(crate::Error::invalid("JSON table", "the file", "there is no array of objects in it"));
        }
        Ok(found)
    }
}
