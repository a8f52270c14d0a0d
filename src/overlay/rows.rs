//! The row changes of one file: an ordered map from address to change, as a tree of nodes.
//!
//! It is a tree of its own, named by the file's change in the overlay. So row
//! edits go where the file goes (renamed, restored, merged), the same edits
//! have the same root, and two revisions are compared by what differs.

use std::sync::Arc;

use bytes::Bytes;

use super::{Nodes, Overlay, tree};
use crate::model::{Id, PatchBytes, RowAddress, RowChange};
use crate::{Error, Result};

/// Where the traces of the file's rows are: no address begins so.
const TRACES: &[u8] = b"t";
/// Where the name of the column is that has the rows' keys, where one was declared: no address is this.
const KEY: &[u8] = b"k";

/// An immutable map from address to row change; beside it stand the traces of the rows that it is of, and the column
/// by which it names them.
///
/// These are no change: where nothing else is said, there are none.
#[derive(Clone, Debug)]
pub struct Rows {
    nodes: Arc<Nodes>,
    root: Option<Id>,
}

/// One address on which two maps do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowDifference {
    /// The address.
    pub address: RowAddress,
    /// What the first says.
    pub before: Option<RowChange>,
    /// What the second says.
    pub after: Option<RowChange>,
}

impl Overlay {
    /// The row changes with this root, kept in the same nodes; `None` is no change.
    pub fn rows(&self, root: Option<Id>) -> Rows {
        Rows { nodes: self.nodes.clone(), root }
    }
}

impl Rows {
    /// The root node: equal for maps that say the same, and only for these.
    pub fn root(&self) -> Option<Id> {
        self.root
    }

    /// What it says of exactly this address.
    pub fn get(&self, address: &RowAddress) -> Result<Option<RowChange>> {
        tree::get(&self.nodes, self.root, &address.to_key()?)?.map(|bytes| decode(&bytes)).transpose()
    }

    /// All that it says, in order of address.
    pub fn entries(&self) -> Result<Vec<(RowAddress, RowChange)>> {
        self.range(b"")
    }

    /// The columns that were added, in order.
    pub fn columns(&self) -> Result<Vec<(RowAddress, RowChange)>> {
        self.range(RowAddress::COLUMNS_KEY)
    }

    /// What it says of one row and its cells.
    pub fn of_row(&self, table: &str, row: &str) -> Result<Vec<(RowAddress, RowChange)>> {
        let address = RowAddress::Row { table: table.to_owned(), row: row.to_owned() };
        let mut found: Vec<_> = self.get(&address)?.map(|change| (address.clone(), change)).into_iter().collect();
        found.extend(self.range(&address.cells_key()?)?);
        Ok(found)
    }

    /// What it says of the rows of one table and their cells, in order of address.
    pub fn of_table(&self, table: &str) -> Result<Vec<(RowAddress, RowChange)>> {
        self.range(&RowAddress::rows_key(table))
    }

    /// What it says of some rows of a table and their cells; where the rows are in order, each part of the map is
    /// read once.
    pub fn of_rows<'r>(
        &self,
        table: &str,
        rows: impl IntoIterator<Item = &'r str>,
    ) -> Result<Vec<(RowAddress, RowChange)>> {
        let mut cursor = tree::Cursor::new(&self.nodes, self.root);
        let mut found = Vec::new();
        for row in rows {
            let address = RowAddress::Row { table: table.to_owned(), row: row.to_owned() };
            let (of_row, of_cells) = (address.to_key()?, address.cells_key()?);
            cursor.seek(&of_row)?;
            while let Some((key, value)) = cursor.next()? {
                if key != of_row && !key.starts_with(&of_cells) {
                    break;
                }
                found.push((address_of(&key)?, decode(&value)?));
            }
        }
        Ok(found)
    }

    /// The map with some addresses changed; `None` makes it say nothing of the address.
    pub fn with(&self, edits: impl IntoIterator<Item = (RowAddress, Option<RowChange>)>) -> Result<Rows> {
        let edit =
            |(address, change): (RowAddress, Option<RowChange>)| Ok((address.to_key()?, change.as_ref().map(encode)));
        let edits = edits.into_iter().map(edit).collect::<Result<_>>()?;
        let rows = Rows { nodes: self.nodes.clone(), root: tree::edit(&self.nodes, self.root, edits)? };
        let says_nothing = rows.root.is_some() && rows.first()?.is_none();
        Ok(if says_nothing { Rows { root: None, ..rows } } else { rows })
    }

    /// What is kept of the rows of the file below, to find them again in other bytes.
    pub fn traces(&self) -> Result<Option<PatchBytes>> {
        match tree::get(&self.nodes, self.root, TRACES)?.map(|bytes| decode(&bytes)).transpose()? {
            Some(RowChange::Traced { bytes }) => Ok(Some(bytes)),
            Some(_) => Err(Error::corrupt("traces of rows", "they are something else")),
            None => Ok(None),
        }
    }

    /// The map with these traces; one that says nothing has none.
    pub fn with_traces(&self, traces: Option<PatchBytes>) -> Result<Rows> {
        if self.root.is_none() {
            return Ok(self.clone());
        }
        let traces = traces.map(|bytes| encode(&RowChange::Traced { bytes }));
        let edits = [(TRACES.to_vec(), traces)].into_iter().collect();
        Ok(Rows { nodes: self.nodes.clone(), root: tree::edit(&self.nodes, self.root, edits)? })
    }

    /// The column by whose values rows are named; `None` where the format gives them their keys.
    pub fn key(&self) -> Result<Option<String>> {
        match tree::get(&self.nodes, self.root, KEY)?.map(|bytes| decode(&bytes)).transpose()? {
            Some(RowChange::Keyed { column }) => Ok(Some(column)),
            Some(_) => Err(Error::corrupt("the key column of rows", "it is something else")),
            None => Ok(None),
        }
    }

    /// The map whose rows are named by the values of this column, unless they are by another; one that speaks of no
    /// row has no such column.
    pub fn named_by(&self, column: Option<&str>) -> Result<Rows> {
        let known = self.key()?;
        let wanted = if self.names_rows()? { known.as_deref().or(column) } else { None };
        if wanted == known.as_deref() {
            return Ok(self.clone());
        }
        let key = wanted.map(|column| encode(&RowChange::Keyed { column: column.to_owned() }));
        let edits = [(KEY.to_vec(), key)].into_iter().collect();
        Ok(Rows { nodes: self.nodes.clone(), root: tree::edit(&self.nodes, self.root, edits)? })
    }

    /// Whether it speaks of any row, and not of columns alone.
    pub fn names_rows(&self) -> Result<bool> {
        let mut cursor = tree::Cursor::new(&self.nodes, self.root);
        cursor.seek(RowAddress::ALL_ROWS_KEY)?;
        Ok(cursor.next()?.is_some_and(|(key, _)| key.starts_with(RowAddress::ALL_ROWS_KEY)))
    }

    /// The map with what stands beside another of the same file, as far as it has none of it itself.
    pub fn beside_as(&self, other: &Rows) -> Result<Rows> {
        let rows = match self.traces()? {
            Some(_) => self.clone(),
            None => self.with_traces(other.traces()?)?,
        };
        rows.named_by(other.key()?.as_deref())
    }

    /// The addresses on which this map and `later` do not agree, in order; costs by what they do not share.
    pub fn diff(&self, later: &Rows) -> Result<Vec<RowDifference>> {
        let side = |side: Option<Bytes>| side.map(|bytes| decode(&bytes)).transpose();
        let difference = |(key, before, after): tree::Difference| {
            Ok(RowDifference { address: address_of(&key)?, before: side(before)?, after: side(after)? })
        };
        let found = tree::diff((&self.nodes, self.root), (&later.nodes, later.root))?;
        found.into_iter().filter(|(key, ..)| !is_beside(key)).map(difference).collect()
    }

    fn first(&self) -> Result<Option<Vec<u8>>> {
        let mut cursor = tree::Cursor::new(&self.nodes, self.root);
        cursor.seek(b"")?;
        while let Some((key, _)) = cursor.next()? {
            if !is_beside(&key) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn range(&self, from: &[u8]) -> Result<Vec<(RowAddress, RowChange)>> {
        let mut cursor = tree::Cursor::new(&self.nodes, self.root);
        cursor.seek(from)?;
        let mut found = Vec::new();
        while let Some((key, value)) = cursor.next()? {
            if !key.starts_with(from) {
                break;
            }
            if !is_beside(&key) {
                found.push((address_of(&key)?, decode(&value)?));
            }
        }
        Ok(found)
    }
}

pub(super) fn encode(change: &RowChange) -> Bytes {
    postcard::to_stdvec(change).expect("a row change is plain data").into()
}

pub(super) fn decode(bytes: &[u8]) -> Result<RowChange> {
    postcard::from_bytes(bytes)
        .map_err(|cause| Error::corrupt("a row edit", "it is not the encoding of a change").caused_by(cause))
}

/// Whether this is the key of what stands beside the changes.
fn is_beside(key: &[u8]) -> bool {
    key == TRACES || key == KEY
}

fn address_of(key: &[u8]) -> Result<RowAddress> {
    RowAddress::from_key(key).ok_or_else(|| Error::corrupt("a row edit", "its key is no address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::store::{MemoryStore, Store};

    fn cell(row: u64, column: &str) -> RowAddress {
        RowAddress::Cell { table: "rows".to_owned(), row: row.to_string(), column: column.to_owned() }
    }

    fn set(value: i64) -> RowChange {
        RowChange::Set { before: Value::Null, after: Value::Int(value), patch: None }
    }

    fn empty() -> Rows {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        Overlay::new(Arc::new(Nodes::new(store)), None).rows(None)
    }

    #[test]
    fn the_same_edits_have_the_same_root_however_they_came_about() {
        let all: Vec<_> = (0..500).map(|row| (cell(row, "a"), Some(set(row as i64)))).collect();
        let at_once = empty().with(all.clone()).expect("edited");
        let mut one_by_one = empty().with([(cell(7, "gone"), Some(set(0)))]).expect("edited");
        for edit in all.into_iter().rev() {
            one_by_one = one_by_one.with([edit]).expect("edited");
        }
        let one_by_one = one_by_one.with([(cell(7, "gone"), None)]).expect("edited");
        assert_eq!(at_once.root(), one_by_one.root());
        assert_eq!(at_once.entries().expect("read").len(), 500);
        assert_eq!(at_once.get(&cell(77, "a")).expect("read"), Some(set(77)));
    }

    #[test]
    fn what_is_said_of_a_row_is_found_beside_rows_with_longer_keys() {
        let edits = [(cell(7, "a"), Some(set(1))), (cell(7, "b"), Some(set(2))), (cell(70, "a"), Some(set(3)))];
        let rows = empty().with(edits).expect("edited");
        assert_eq!(rows.of_row("rows", "7").expect("read"), [(cell(7, "a"), set(1)), (cell(7, "b"), set(2))]);
    }

    #[test]
    fn traces_stand_beside_what_is_said_and_go_with_it() {
        let traces = PatchBytes::Inline(vec![1, 2, 3]);
        assert_eq!(empty().with_traces(Some(traces.clone())).expect("edited").root(), None);
        let plain = empty().with([(cell(1, "a"), Some(set(1)))]).expect("edited");
        let traced = plain.with_traces(Some(traces.clone())).expect("edited");
        let more = traced.with([(cell(2, "a"), Some(set(2)))]).expect("edited");
        assert_eq!((plain.traces().expect("read"), more.traces().expect("read")), (None, Some(traces)));
        assert_eq!(traced.entries().expect("read"), plain.entries().expect("read"));
        assert_eq!(plain.diff(&traced).expect("compared"), []);
        assert_eq!(plain.beside_as(&more).expect("edited").root(), traced.root());
        let less = more.with([(cell(1, "a"), None), (cell(2, "a"), None)]).expect("edited");
        assert_eq!(less.root(), None);
    }

    #[test]
    fn the_column_that_names_rows_stands_beside_them_as_long_as_there_are_any() {
        let added = RowAddress::Column { table: "rows".to_owned(), column: "weight".to_owned() };
        let added = (added, Some(RowChange::Added { data_type: "Float64".to_owned() }));
        let column = empty().with([added]).expect("edited");
        assert_eq!(column.named_by(Some("id")).expect("edited").root(), column.root());
        let plain = column.with([(cell(1, "a"), Some(set(1)))]).expect("edited");
        let named = plain.named_by(Some("id")).expect("edited");
        assert_eq!((plain.key().expect("read"), named.key().expect("read")), (None, Some("id".to_owned())));
        assert_eq!(named.named_by(Some("other")).expect("edited").root(), named.root());
        assert_eq!((named.entries().expect("read").len(), plain.diff(&named).expect("compared")), (2, Vec::new()));
        assert_eq!(plain.beside_as(&named).expect("edited").root(), named.root());
        let less = named.with([(cell(1, "a"), None)]).expect("edited").named_by(None).expect("edited");
        assert_eq!(less.root(), column.root());
        assert!(named.names_rows().expect("read") && !less.names_rows().expect("read"));
    }

    #[test]
    fn what_is_said_of_many_rows_is_what_is_said_of_each() {
        let edits = (0..3000).filter(|row| row % 3 > 0).flat_map(|row| {
            let at = RowAddress::Row { table: "rows".to_owned(), row: u64::to_string(&row) };
            let said = if row % 3 == 1 { [cell(row, "a"), cell(row, "b")] } else { [at, cell(row, "c")] };
            said.map(|address| (address, Some(set(row as i64))))
        });
        let rows = empty().with(edits).expect("edited");
        let mut keys: Vec<String> = (0..3000).step_by(2).map(|row: u64| row.to_string()).collect();
        keys.sort();
        let each: Vec<_> = keys.iter().flat_map(|key| rows.of_row("rows", key).expect("read")).collect();
        assert_eq!(rows.of_rows("rows", keys.iter().map(String::as_str)).expect("read"), each);
        let other = rows.with([(RowAddress::Row { table: "row".to_owned(), row: "1".to_owned() }, Some(set(1)))]);
        assert_eq!(other.expect("edited").of_table("rows").expect("read"), rows.entries().expect("read"));
    }

    #[test]
    fn a_difference_is_told_with_both_sides() {
        let one = empty().with([(cell(1, "a"), Some(set(1))), (cell(2, "a"), Some(set(2)))]).expect("edited");
        let two = one.with([(cell(2, "a"), Some(set(3))), (cell(1, "a"), None)]).expect("edited");
        let difference = |row, before, after| RowDifference { address: cell(row, "a"), before, after };
        let expected = [difference(1, Some(set(1)), None), difference(2, Some(set(2)), Some(set(3)))];
        assert_eq!(one.diff(&two).expect("compared"), expected);
    }
}
