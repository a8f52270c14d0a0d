//! What follows from an edit of a row: cells that its format works out from those that were set.

use std::collections::BTreeMap;

use crate::Result;
use crate::model::Value;

/// An edit of one row, as far as other cells may follow from it.
pub struct Leading<'a> {
    /// The cells that are set, by place of column; checked.
    pub set: &'a BTreeMap<usize, Value>,
    /// Whether the row is a new one.
    pub is_new: bool,
    /// Reads a cell of the row as it is without the edit; null of a new row.
    pub before: &'a dyn Fn(usize) -> Result<Value>,
}

/// What follows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Followed {
    /// Cells to be set, too, by place of column.
    pub cells: Vec<(usize, Value)>,
    /// A column whose cell would follow and stays, and why: for a person, lower case, no full stop.
    pub stays: Option<(usize, &'static str)>,
}
