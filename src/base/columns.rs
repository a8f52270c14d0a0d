//! Writing a base: rows in, the bytes of an Arrow file out.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Int64Array, LargeBinaryArray, RecordBatch, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use arrow::ipc::MetadataVersion;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};

use super::layout::{BYTES_KEY, COLUMNS, FILES_KEY, FOLDERS_KEY, SYMLINKS_KEY, VERSION, VERSION_KEY};
use super::{Row, Totals};
use crate::model::{Entry, Kind};
use crate::{Error, ErrorKind, Result};

/// Each column and each message begins at a multiple of this many bytes.
const ALIGNMENT: usize = 64;
/// More than the schema, the headers and the footer take, in bytes.
const AROUND_LEN: usize = 16 * 1024;

/// The columns of a base in the making. The caller answers for the order of the rows.
#[derive(Debug)]
pub(super) struct Columns {
    parent: Vec<u32>,
    name: Vec<u8>,
    name_ends: Vec<i64>,
    kind: Vec<u8>,
    size: Vec<u64>,
    mtime_ns: Vec<i64>,
    mode: Vec<u16>,
    first_child: Vec<u32>,
    child_count: Vec<u32>,
    target: Vec<u8>,
    target_ends: Vec<i32>,
    totals: Totals,
}

/// The number that stands for a kind.
pub(super) const fn code_of(kind: Kind) -> u8 {
    match kind {
        Kind::File => 0,
        Kind::Folder => 1,
        Kind::Symlink => 2,
    }
}

/// The kind of a number.
pub(super) const fn kind_of(code: u8) -> Option<Kind> {
    match code {
        0 => Some(Kind::File),
        1 => Some(Kind::Folder),
        2 => Some(Kind::Symlink),
        _ => None,
    }
}

impl Columns {
    /// Columns with the root in them, and room for `rows` rows.
    pub(super) fn new(root: Entry, rows: usize) -> Columns {
        let with_zero = |mut ends: Vec<i64>| {
            ends.push(0);
            ends
        };
        let mut columns = Columns {
            parent: Vec::with_capacity(rows),
            name: Vec::new(),
            name_ends: with_zero(Vec::with_capacity(rows + 1)),
            kind: Vec::with_capacity(rows),
            size: Vec::with_capacity(rows),
            mtime_ns: Vec::with_capacity(rows),
            mode: Vec::with_capacity(rows),
            first_child: Vec::with_capacity(rows),
            child_count: Vec::with_capacity(rows),
            target: Vec::new(),
            target_ends: Vec::with_capacity(rows + 1),
            totals: Totals::default(),
        };
        columns.target_ends.push(0);
        columns.append(0, b"", root, 0);
        columns
    }

    pub(super) fn len(&self) -> usize {
        self.parent.len()
    }

    /// Appends an entry and returns its row.
    ///
    /// # Errors
    /// `Invalid` when the base has no room for another row, or another link's target.
    pub(super) fn push(&mut self, parent: Row, name: &[u8], entry: Entry, target: &[u8]) -> Result<Row> {
        let full = |why| Error::invalid("source", &String::from_utf8_lossy(name), why);
        let row = Row::try_from(self.len()).ok().filter(|&row| row < Row::MAX - 1);
        let row = row.ok_or_else(|| full("it is beyond the 4294967294 entries that a base can have"))?;
        self.target.extend_from_slice(target);
        let target_end = i32::try_from(self.target.len());
        let target_end = target_end.map_err(|_| full("the targets of links before it fill 2 GiB"))?;
        self.append(parent, name, entry, target_end);
        match entry.kind {
            Kind::File => self.totals.files += 1,
            Kind::Folder => self.totals.folders += 1,
            Kind::Symlink => self.totals.symlinks += 1,
        }
        if entry.kind == Kind::File {
            self.totals.bytes = self.totals.bytes.saturating_add(entry.size);
        }
        Ok(row)
    }

    fn append(&mut self, parent: Row, name: &[u8], entry: Entry, target_end: i32) {
        self.parent.push(parent);
        self.name.extend_from_slice(name);
        self.name_ends.push(self.name.len() as i64);
        self.kind.push(code_of(entry.kind));
        self.size.push(entry.size);
        self.mtime_ns.push(entry.mtime_ns);
        self.mode.push((entry.mode & 0o7777) as u16);
        self.first_child.push(0);
        self.child_count.push(0);
        self.target_ends.push(target_end);
    }

    /// Says which rows are a folder's children; a folder without any keeps two zeros.
    pub(super) fn set_children(&mut self, folder: Row, first: Row, count: Row) {
        if count > 0 {
            self.first_child[folder as usize] = first;
            self.child_count[folder as usize] = count;
        }
    }

    /// The bytes of the base.
    pub(super) fn into_bytes(self) -> Result<Vec<u8>> {
        let failed = |cause: ArrowError| {
            Error::new(ErrorKind::Io { action: "put the index together".to_owned() }).caused_by(cause)
        };
        let metadata = metadata(self.totals);
        let fields: Vec<_> = COLUMNS.into_iter().map(|(name, of)| Field::new(name, of, false)).collect();
        let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
        let batch = RecordBatch::try_new(Arc::clone(&schema), self.into_arrays()).map_err(failed)?;
        let options = IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5).map_err(failed)?;
        let bytes = Vec::with_capacity(batch.get_array_memory_size() + AROUND_LEN);
        let mut writer = FileWriter::try_new_with_options(bytes, &schema, options).map_err(failed)?;
        writer.write(&batch).map_err(failed)?;
        writer.into_inner().map_err(failed)
    }

    /// The columns as Arrow has them: their memory is taken over, not copied.
    fn into_arrays(self) -> Vec<ArrayRef> {
        let name_ends = OffsetBuffer::new(ScalarBuffer::from(self.name_ends));
        let target_ends = OffsetBuffer::new(ScalarBuffer::from(self.target_ends));
        vec![
            Arc::new(UInt32Array::from(self.parent)),
            Arc::new(LargeBinaryArray::new(name_ends, Buffer::from_vec(self.name), None)),
            Arc::new(UInt8Array::from(self.kind)),
            Arc::new(UInt64Array::from(self.size)),
            Arc::new(Int64Array::from(self.mtime_ns)),
            Arc::new(UInt16Array::from(self.mode)),
            Arc::new(UInt32Array::from(self.first_child)),
            Arc::new(UInt32Array::from(self.child_count)),
            Arc::new(BinaryArray::new(target_ends, Buffer::from_vec(self.target), None)),
        ]
    }
}

fn metadata(totals: Totals) -> HashMap<String, String> {
    let Totals { files, folders, symlinks, bytes } = totals;
    [(FILES_KEY, files), (FOLDERS_KEY, folders), (SYMLINKS_KEY, symlinks), (BYTES_KEY, bytes)]
        .into_iter()
        .map(|(key, number)| (key.to_owned(), number.to_string()))
        .chain([(VERSION_KEY.to_owned(), VERSION.to_owned())])
        .collect()
}
