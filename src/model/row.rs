//! What an overlay says of the rows of one file.
//!
//! A row edit is kept as meaning (which cell, what it was, what it is) and as
//! bytes (what is replaced in the file below, and by what): so what a revision
//! shows never changes, whatever later versions of a format do.

use serde::{Deserialize, Serialize};

use super::{DataPath, Id, Value};
use crate::{Error, Result};

/// The most bytes of a row's address: keys of rows are ids, places or short names.
const ADDRESS_LEN_MAX: usize = 1024;

/// What a change of a row speaks of. Keys of the tree ([`RowAddress::to_key`]) are in the order of table and row,
/// the row itself before its cells. In a pending merge it is postcard: variants and fields are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RowAddress {
    /// A column that the file lacks.
    Column {
        /// The table's name within the file.
        table: String,
        /// The column's name.
        column: String,
    },
    /// A whole row: inserted or deleted.
    Row {
        /// The table's name within the file.
        table: String,
        /// The row's key.
        row: String,
    },
    /// Bytes that many rows share: a footer, a chunk of a column.
    Shared {
        /// Which of the file's.
        number: u32,
    },
    /// One cell.
    Cell {
        /// The table's name within the file.
        table: String,
        /// The row's key.
        row: String,
        /// The column's name.
        column: String,
    },
}

const COLUMN: u8 = b'c';
const ROW: u8 = b'r';
const SHARED: u8 = b's';
const END: u8 = 0;
const CELL: u8 = 1;

impl RowAddress {
    /// What the keys of all columns begin with, and no other.
    pub const COLUMNS_KEY: &'static [u8] = &[COLUMN];
    /// What the keys of all rows of all tables and of their cells begin with, and no other.
    pub const ALL_ROWS_KEY: &'static [u8] = &[ROW];

    /// The address as a key of the overlay's tree, ordered as addresses are within a kind.
    ///
    /// # Errors
    /// `Invalid` for a name with a NUL or a byte 1 in it, or one that is too long.
    pub fn to_key(&self) -> Result<Vec<u8>> {
        let (kind, parts, mark): (u8, Vec<&str>, u8) = match self {
            RowAddress::Shared { number } => return Ok([&[SHARED][..], &number.to_be_bytes()].concat()),
            RowAddress::Column { table, column } => (COLUMN, vec![table, column], END),
            RowAddress::Row { table, row } => (ROW, vec![table, row], END),
            RowAddress::Cell { table, row, column } => (ROW, vec![table, row, column], CELL),
        };
        let mut key = vec![kind];
        for (place, part) in parts.iter().enumerate() {
            if part.bytes().any(|byte| byte <= CELL) {
                return Err(Error::invalid("name in a table", part, "it has a byte 0 or 1"));
            }
            if place == 2 {
                key.pop();
                key.push(mark);
            }
            key.extend_from_slice(part.as_bytes());
            key.push(END);
        }
        if key.len() > ADDRESS_LEN_MAX {
            return Err(Error::invalid("key of a row", parts[1], format!("it is longer than {ADDRESS_LEN_MAX} bytes")));
        }
        Ok(key)
    }

    /// What the keys of all cells of a row begin with, and no others.
    ///
    /// # Errors
    /// As [`RowAddress::to_key`].
    pub fn cells_key(&self) -> Result<Vec<u8>> {
        let mut key = self.to_key()?;
        key.pop();
        key.push(CELL);
        Ok(key)
    }

    /// What the keys of all rows of a table and of their cells begin with, and no others.
    pub fn rows_key(table: &str) -> Vec<u8> {
        [&[ROW][..], table.as_bytes(), &[END]].concat()
    }

    /// The address that a key says; `None` for bytes that are none.
    pub fn from_key(key: &[u8]) -> Option<RowAddress> {
        let (kind, rest) = key.split_first()?;
        if *kind == SHARED {
            return rest.try_into().ok().map(|number| RowAddress::Shared { number: u32::from_be_bytes(number) });
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let rest = rest.strip_suffix(&[END])?;
        let at = rest.iter().position(|byte| *byte == END)?;
        let (table, rest) = (text(&rest[..at])?, &rest[at + 1..]);
        match (*kind, rest.iter().position(|byte| *byte == CELL)) {
            (COLUMN, None) => Some(RowAddress::Column { table, column: text(rest)? }),
            (ROW, None) => Some(RowAddress::Row { table, row: text(rest)? }),
            (ROW, Some(at)) => {
                Some(RowAddress::Cell { table, row: text(&rest[..at])?, column: text(&rest[at + 1..])? })
            }
            _ => None,
        }
    }

    /// The table's name within the file; empty for what rows share.
    pub fn table(&self) -> &str {
        match self {
            RowAddress::Column { table, .. } | RowAddress::Row { table, .. } | RowAddress::Cell { table, .. } => table,
            RowAddress::Shared { .. } => "",
        }
    }

    /// The row's key; `None` for a column and for what rows share.
    pub fn row(&self) -> Option<&str> {
        match self {
            RowAddress::Column { .. } | RowAddress::Shared { .. } => None,
            RowAddress::Row { row, .. } | RowAddress::Cell { row, .. } => Some(row),
        }
    }
}

/// What an overlay says of a row, a cell or a column.
///
/// The encoding is postcard: variants are only ever appended, and none gets another field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowChange {
    /// A column that the file lacks; its cells are kept in the overlay alone.
    Added {
        /// Its type, as Arrow writes it.
        data_type: String,
    },
    /// A cell has another value than the file below has.
    Set {
        /// The value in the base.
        before: Value,
        /// The value now.
        after: Value,
        /// The bytes that say so; `None` for an added column, and where the file below says it already.
        patch: Option<RowPatch>,
    },
    /// A row of the base is not there.
    Deleted {
        /// Its cells as the base has them: (column, value).
        before: Vec<(String, Value)>,
        /// As of a cell; `None` also where the patch of another row does it, too.
        patch: Option<RowPatch>,
        /// Whether the file below still has the row, so that it takes a patch not to show it.
        is_below: bool,
    },
    /// A row that the base lacks.
    Inserted {
        /// The key of the row of the file below that it comes after; `None` is the beginning.
        after: Option<String>,
        /// Its cells: (column, value).
        cells: Vec<(String, Value)>,
        /// As of a cell.
        patch: Option<RowPatch>,
        /// Whether the file below has the row already.
        is_below: bool,
    },
    /// Bytes that say what several rows have: no change by itself.
    Shared {
        /// The bytes.
        patch: RowPatch,
    },
    /// A sample is excluded: its files are hidden ([`super::Change::Excluded`]), and these rows of other tables deleted.
    Excluded {
        /// The rows, as they are to come back.
        rows: Vec<ExcludedRow>,
    },
    /// What is kept of the rows of the file below, to find them again in other bytes: no change, and at no address.
    Traced {
        /// Their traces.
        bytes: PatchBytes,
    },
    /// The column whose values are the keys of the rows that are spoken of: no change, and at no address.
    Keyed {
        /// Its name.
        column: String,
    },
}

/// A row that is deleted because its sample is excluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExcludedRow {
    /// The file that it is in.
    pub path: DataPath,
    /// The table's name within the file.
    pub table: String,
    /// The row's key within the file.
    pub row: String,
    /// What was said of the row (no column) and of its cells; and the cells that the row has in its file, as
    /// [`RowChange::Inserted`] that is below.
    pub was: Vec<(Option<String>, RowChange)>,
}

/// Bytes that stand where others of the file below were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowPatch {
    /// Where the replaced bytes begin in the file below.
    pub offset: u64,
    /// How many bytes of it are replaced; 0 inserts.
    pub replaced: u64,
    /// What stands there instead.
    pub bytes: PatchBytes,
}

/// The bytes of a patch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PatchBytes {
    /// Few, kept with the change.
    Inline(Vec<u8>),
    /// Many: a blob, and its length.
    Blob(Id, u64),
}

impl PatchBytes {
    /// How many there are.
    pub fn len(&self) -> u64 {
        match self {
            PatchBytes::Inline(bytes) => bytes.len() as u64,
            PatchBytes::Blob(_, len) => *len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl RowChange {
    /// Whether both mean the same, by whatever bytes.
    pub fn says_the_same(&self, other: &RowChange) -> bool {
        match (self, other) {
            (RowChange::Set { after, .. }, RowChange::Set { after: other, .. }) => after == other,
            (RowChange::Deleted { .. }, RowChange::Deleted { .. }) => true,
            (
                RowChange::Inserted { after, cells, .. },
                RowChange::Inserted { after: other, cells: other_cells, .. },
            ) => after == other && cells == other_cells,
            _ => self == other,
        }
    }

    /// The patch, where there is one.
    pub fn patch(&self) -> Option<&RowPatch> {
        match self {
            RowChange::Added { .. }
            | RowChange::Excluded { .. }
            | RowChange::Traced { .. }
            | RowChange::Keyed { .. } => None,
            RowChange::Set { patch, .. } | RowChange::Deleted { patch, .. } | RowChange::Inserted { patch, .. } => {
                patch.as_ref()
            }
            RowChange::Shared { patch } => Some(patch),
        }
    }

    /// The blobs that must be kept for this change to be readable.
    pub fn blobs(&self) -> Vec<Id> {
        if let RowChange::Excluded { rows } = self {
            return rows.iter().flat_map(|row| &row.was).flat_map(|(_, was)| was.blobs()).collect();
        }
        let traces = if let RowChange::Traced { bytes } = self { Some(bytes) } else { None };
        match self.patch().map(|patch| &patch.bytes).or(traces) {
            Some(PatchBytes::Blob(id, _)) => vec![*id],
            Some(PatchBytes::Inline(_)) | None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(table: &str, row: &str, column: &str) -> RowAddress {
        RowAddress::Cell { table: table.to_owned(), row: row.to_owned(), column: column.to_owned() }
    }

    #[test]
    fn an_address_is_read_back_from_its_key_and_a_row_comes_before_its_cells() {
        let row = RowAddress::Row { table: "t".to_owned(), row: "7".to_owned() };
        let added = RowAddress::Column { table: "t".to_owned(), column: "weight".to_owned() };
        let shared = RowAddress::Shared { number: 258 };
        let cells = [cell("t", "7", ""), cell("t", "7", "a/b c"), cell("t", "70", "a"), cell("u", "", "ä")];
        let all: Vec<_> = [added, row].into_iter().chain(cells).chain([shared]).collect();
        let keys: Vec<Vec<u8>> = all.iter().map(|address| address.to_key().expect("a key")).collect();
        assert!(keys.is_sorted());
        for (address, key) in all.iter().zip(&keys) {
            assert_eq!(RowAddress::from_key(key).as_ref(), Some(address));
        }
    }

    #[test]
    fn a_name_that_no_key_can_hold_is_refused() {
        let long = "x".repeat(ADDRESS_LEN_MAX);
        for row in ["a\0b", "a\u{1}b", &long] {
            assert!(cell("t", row, "c").to_key().is_err());
        }
        for bytes in [&b""[..], b"r", b"rt", b"rt\0", b"xt\x007\0", b"ct\0a\x01b\0", b"rt\0\xff\0"] {
            assert_eq!(RowAddress::from_key(bytes), None, "{bytes:?}");
        }
    }
}
