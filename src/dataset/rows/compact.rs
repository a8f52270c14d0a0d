//! A blob most of whose bytes are patches by now becomes another blob when it is committed.
//!
//! Then a reader no longer puts it together from very many pieces. What it
//! means stays: rows keep their keys, columns that the file lacks stay beside it,
//! and what was changed is told by comparing the file with what it was.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use super::Part;
use crate::dataset::content::Content as Opened;
use crate::dataset::view::View;
use crate::model::{Change, Content, DataPath, FileChange, ObjectKind, RowAddress, RowChange, Value};
use crate::source::OnDrift;
use crate::{Error, Result};

/// A shorter file is read fast from any number of pieces, in bytes.
const LEN_MIN: u64 = 64 << 10;

type Entries = Vec<(RowAddress, RowChange)>;

impl View {
    /// The view with those files as blobs that differ from `before` and are mostly patches.
    ///
    /// # Errors
    /// Those of reading the files.
    pub(in crate::dataset) fn compacted(&self, before: &View) -> Result<View> {
        let mut edits = Vec::new();
        for difference in before.overlay.diff(&self.overlay)? {
            let Some(Change::File(file)) = &difference.after else { continue };
            if let Some(file) = self.as_blob(&difference.path, file)? {
                edits.push((difference.path, Some(Change::File(file))));
            }
        }
        Ok(View { overlay: self.overlay.with(edits)?, ..self.clone() })
    }

    /// The file as a blob; `None` where it stays as it is.
    fn as_blob(&self, path: &DataPath, file: &FileChange) -> Result<Option<FileChange>> {
        let Content::Rows { rows, below } = &file.content else { return Ok(None) };
        // Of a file of the source it stays known where it is from: a refresh makes the edits again over what it became.
        if !matches!(**below, Content::Blob(_)) || file.size < LEN_MIN {
            return Ok(None);
        }
        let said = self.overlay.rows(Some(*rows));
        let entries = said.entries()?;
        let ours: u64 = entries.iter().filter_map(|(_, change)| change.patch()).map(|patch| patch.bytes.len()).sum();
        if ours <= file.size / 2 {
            return Ok(None);
        }
        let Some(node) = self.node(path)? else { return Ok(None) };
        if !self.keeps_keys(&node, &entries)? {
            return Ok(None);
        }
        let mut bytes = Bytes { content: self.open(&node, OnDrift::Error)?, offset: 0, failed: None };
        let stored = self.store.put_stream(ObjectKind::Blob, &mut bytes);
        let (blob, _) = match bytes.failed {
            Some(error) => return Err(error),
            None => stored?,
        };
        let beside = self.overlay.rows(None).with(beside(entries))?.named_by(said.key()?.as_deref())?;
        let content = super::with_rows(Content::Blob(blob), beside.root());
        Ok(Some(FileChange { content, ..file.clone() }))
    }

    /// Whether rows have the same keys in the bytes as they have now: where these are places, none comes or goes.
    fn keeps_keys(&self, node: &crate::dataset::Node, entries: &Entries) -> Result<bool> {
        let moved: BTreeSet<&str> = entries
            .iter()
            .filter(|(address, _)| matches!(address, RowAddress::Row { .. }))
            .map(|(address, _)| address.table())
            .collect();
        if moved.is_empty() {
            return Ok(true);
        }
        let Some(found) = self.format_of(node)? else { return Ok(false) };
        Part::open(self, node, &*found.format)?.with_file(|file, _| {
            let has_keys =
                |table: &&str| file.tables().iter().any(|info| info.name == **table && info.schema.key.is_some());
            Ok(moved.iter().all(has_keys))
        })
    }
}

/// What is said of columns that the file lacks.
fn beside(entries: Entries) -> BTreeMap<RowAddress, Option<RowChange>> {
    let added: BTreeSet<(String, String)> = entries
        .iter()
        .filter_map(|(address, _)| match address {
            RowAddress::Column { table, column } => Some((table.clone(), column.clone())),
            _ => None,
        })
        .collect();
    let is_added = |table: &str, column: &str| added.contains(&(table.to_owned(), column.to_owned()));
    let mut kept = BTreeMap::new();
    for (address, change) in entries {
        match (&address, &change) {
            (RowAddress::Column { .. }, _) => drop(kept.insert(address, Some(change))),
            (RowAddress::Cell { table, column, .. }, _) if is_added(table, column) => {
                kept.insert(address, Some(change));
            }
            (RowAddress::Row { table, row }, RowChange::Inserted { cells, .. }) => {
                for (column, after) in cells.iter().filter(|(column, _)| is_added(table, column)) {
                    let (table, row, column) = (table.clone(), row.clone(), column.clone());
                    let set = RowChange::Set { before: Value::Null, after: after.clone(), patch: None };
                    let set = (*after != Value::Null).then_some(set);
                    kept.insert(RowAddress::Cell { table, row, column }, set);
                }
            }
            _ => {}
        }
    }
    kept
}

/// The bytes of an open file, one after the other.
struct Bytes {
    content: Opened,
    offset: u64,
    /// Why no more could be read.
    failed: Option<Error>,
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.content.read_at(buffer, self.offset) {
            Ok(read) => {
                self.offset += read as u64;
                Ok(read)
            }
            Err(error) => {
                self.failed = Some(error);
                Err(io::Error::other("the file below cannot be read"))
            }
        }
    }
}
