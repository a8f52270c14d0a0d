//! JSON: rows that are objects in arrays, found by byte ranges and spliced in place.
//!
//! The file is never read into memory: a window moves over it, as wide as the
//! row that is read. One pass finds every n-th row, the columns and what they
//! hold; a row is then read by going on from the noted one before it. COCO is a
//! dialect of this room.
//!
//! | file | knows |
//! |---|---|
//! | `text` | where a value begins and ends, and whether it is one |
//! | `shape` | what kind of values a column holds |
//! | `cell`, `cells` | what a text means: as a value, as a column of Arrow |
//! | `lone` | a value's text by itself, as a line of JSON Lines has it |
//! | `window`, `skip` | a file of any size, as slices; values of any length, stepped over |
//! | `index`, `ids`, `find`, `locate`, `stretch` | finding rows, by place and by key |
//! | `style`, `object`, `splice` | new text in the file's own way, and the patches for it |

mod cell;
mod cells;
mod check;
mod dialect;
mod file;
mod find;
mod ids;
mod index;
mod locate;
mod lone;
mod object;
mod shape;
mod skip;
mod splice;
mod stretch;
mod style;
#[cfg(test)]
mod tests;
mod text;
mod window;

pub(crate) use cells::Cells;
pub(crate) use check::{BEYOND, hold, is_beyond, number, refuse, whole};
pub(crate) use dialect::Dialect;
pub(crate) use file::JsonFile;
pub(crate) use index::RowsFound;
pub(crate) use lone::{
    Member, canonical, canonical_of, flaw, items, members, number as number_text, ordered, string, written,
};
pub(crate) use shape::{Kind, Shape};

use std::sync::Arc;

use crate::Result;
use crate::table::{Format, ReadAt, TableFile};

/// Any JSON file that is an array of objects, or an object with arrays of objects in it.
///
/// A row's key is its `id` where every row has one and no two the same, else its place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Ok(Box::new(JsonFile::open(file, &dialect::Plain { has_keys: true }, index)?))
    }

    fn without_keys(&self) -> Option<Arc<dyn Format>> {
        Some(Arc::new(JsonByPlace))
    }
}

/// As [`Json`]; a row's key is its place, whatever ids there are.
#[derive(Clone, Copy, Debug, Default)]
struct JsonByPlace;

impl Format for JsonByPlace {
    fn name(&self) -> &'static str {
        Json.name()
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Ok(Box::new(JsonFile::open(file, &dialect::Plain { has_keys: false }, index)?))
    }
}
