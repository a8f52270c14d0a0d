//! What is to be done to the rows of one file, and the bytes that do it.
//!
//! Setting cells of a row touches its own bytes only, so it is enough to tell a
//! format of the rows that are touched now. To insert or delete a row may touch
//! what stands between rows (a comma), so of these a format is always told all.

use serde::de::IgnoredAny;

use super::json;
use crate::model::{Value, whole_number};

/// The edits of one file, against the bytes that the format was opened on.
#[derive(Clone, Debug, Default)]
pub struct FileEdits {
    /// Rows of which cells are set: all set cells of each row that is touched now, or, if
    /// [`Splice`] is not by patches, of each row that was ever touched.
    pub sets: Vec<RowSet>,
    /// The rows that are not to be there, all of them: (table, place), in order.
    pub deletes: Vec<(usize, u64)>,
    /// The rows that are to be there besides, all of them, in order of table and place.
    pub inserts: Vec<Insert>,
}

/// The JSON of a cell of which no column says the type, with this between its parts. A list or an object that is text
/// because it has a number of more digits than any other value keeps is that; a field of an object that is null is
/// left out.
pub(super) fn json_of(value: &Value, comma: &str, colon: &str) -> String {
    let joined = |parts: Vec<String>| parts.join(comma);
    match value {
        Value::Text(text)
            if text.starts_with(['{', '['])
                && whole_number::has_long(text.as_bytes())
                && serde_json::from_str::<IgnoredAny>(text).is_ok() =>
        {
            text.clone()
        }
        Value::List(items) => format!("[{}]", joined(items.iter().map(|item| json_of(item, comma, colon)).collect())),
        Value::Struct(fields) => {
            let fields = fields.iter().filter(|(_, value)| *value != Value::Null).map(|(name, value)| {
                format!("{}{colon}{}", Value::Text(name.clone()).to_json(), json_of(value, comma, colon))
            });
            format!("{{{}}}", joined(fields.collect()))
        }
        Value::Float(number) => json::number_text(*number),
        value => value.to_json().to_string(),
    }
}

/// Cells of one row, to be set.
#[derive(Clone, Debug)]
pub struct RowSet {
    /// The table's place in the file.
    pub table: usize,
    /// The row's place in the table.
    pub row: u64,
    /// (column's place in the schema, value), in order of column. Never a row that is deleted.
    pub cells: Vec<(usize, Value)>,
}

/// A row to be inserted.
#[derive(Clone, Debug, Default)]
pub struct Insert {
    /// The table's place in the file.
    pub table: usize,
    /// The place of the row that it comes after, which may be a deleted one; `None` is the beginning.
    pub after: Option<u64>,
    /// A value for each column of the schema.
    pub cells: Vec<Value>,
    /// Cells of columns that the file has not: told only to a format whose rows may have columns of their own
    /// ([`super::TableFile::takes_more`]).
    pub more: Vec<(String, Value)>,
}

/// A byte range of the file and what stands there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where the replaced bytes begin.
    pub offset: u64,
    /// How many bytes are replaced; 0 inserts.
    pub replaced: u64,
    /// What stands there instead; may be empty.
    pub bytes: Vec<u8>,
}

/// What makes the edits. All patches together, in any order, do not overlap; of those that insert at
/// one place, the order is that of the edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Splice {
    /// Text: a patch for each edit.
    Patches {
        /// For each of [`FileEdits::sets`], one for each of its cells. A cell whose new text is the old one has none.
        sets: Vec<Vec<Option<Patch>>>,
        /// For each of [`FileEdits::deletes`]; `None` where the patch of another one does it, too.
        deletes: Vec<Option<Patch>>,
        /// For each of [`FileEdits::inserts`].
        inserts: Vec<Option<Patch>>,
    },
    /// Parquet, Arrow: all edits by the same few patches, as one that appends chunks and a footer.
    Whole(Vec<Patch>),
}
