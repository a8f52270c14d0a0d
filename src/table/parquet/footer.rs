//! The footer: what is in the file and where. It is the index, so none is kept besides.
//!
//! It is read twice, by the library for what it means and as Thrift for its bytes:
//! those of what is not edited go into a new footer as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::Length;

use super::bytes::{Lent, inside};
use super::pages;
use super::thrift::{self, Field, kind};
use crate::table::columnar::guard::guarded;
use crate::{Error, Result};

const MAGIC: &[u8; 4] = b"PAR1";
const MAGIC_ENCRYPTED: &[u8; 4] = b"PARE";
/// The longest value of fixed length that is taken for meant: longer ones would cost memory before any is read.
const FIXED_LEN_MAX: i32 = 16 << 20;

/// Ids of fields in Parquet's `FileMetaData`.
mod file {
    pub(super) const NUM_ROWS: i16 = 3;
    pub(super) const ROW_GROUPS: i16 = 4;
    pub(super) const ENCRYPTION: i16 = 8;
}

/// Ids of fields in Parquet's `RowGroup`.
mod group {
    pub(super) const COLUMNS: i16 = 1;
    pub(super) const TOTAL_BYTE_SIZE: i16 = 2;
    pub(super) const NUM_ROWS: i16 = 3;
    pub(super) const SORTING: i16 = 4;
    pub(super) const FILE_OFFSET: i16 = 5;
    pub(super) const TOTAL_COMPRESSED: i16 = 6;
    pub(super) const ORDINAL: i16 = 7;
}

/// Ids of fields in Parquet's `ColumnChunk`, and in the `ColumnMetaData` within.
mod chunk {
    pub(super) const META: i16 = 3;
    pub(super) const UNCOMPRESSED: i16 = 6;
    pub(super) const COMPRESSED: i16 = 7;
    pub(super) const KEY_VALUES: i16 = 8;
    pub(super) const DATA_PAGE: i16 = 9;
    pub(super) const DICTIONARY_PAGE: i16 = 11;
}

/// A file's footer.
#[derive(Debug)]
pub(super) struct Footer {
    /// Where it begins: chunks, page indexes and bloom filters lie before.
    pub(super) start: u64,
    /// What it means.
    pub(super) metadata: Arc<ParquetMetaData>,
    fields: Vec<Field>,
}

/// What a row group is to be.
#[derive(Debug, Default)]
pub(super) struct NewGroup {
    /// How many rows it has; without any it is left out.
    pub(super) rows: u64,
    /// For each leaf column that was written anew, its `ColumnChunk`.
    pub(super) chunks: BTreeMap<usize, Vec<u8>>,
    /// Whether the rows may no longer be in the order that the footer promises.
    pub(super) loses_order: bool,
}

impl Footer {
    /// Reads a file's footer.
    ///
    /// # Errors
    /// `Invalid` for what is no Parquet file, or an encrypted one; `Corrupt` for a footer that cannot be.
    pub(super) fn read(file: &Lent) -> Result<Footer> {
        let len = file.len();
        let no = |why: &str| Error::invalid("Parquet file", "its footer", why);
        if len < 12 {
            return Err(no("it is too short"));
        }
        let tail = file.range(len - 8, 8)?;
        let (size, magic) = tail.split_at(4);
        if magic == MAGIC_ENCRYPTED {
            return Err(no("the file is encrypted, and nothing of it can be read without its key"));
        }
        if magic != MAGIC {
            return Err(no("it does not end as such a file does"));
        }
        let size = u64::from(u32::from_le_bytes([size[0], size[1], size[2], size[3]]));
        let start = (len - 8).checked_sub(size).filter(|start| *start >= 4);
        let start = start.ok_or_else(|| no("it would begin before the file"))?;
        let bytes = file.range(start, (len - 8 - start) as usize)?;
        // This also bounds every count in it by its bytes, before the library makes room for so many.
        let (fields, _) = thrift::fields(&bytes)?;
        if thrift::get(&fields, file::ENCRYPTION).is_some() {
            return Err(no("columns of the file are encrypted"));
        }
        let decoded = guarded("the Parquet footer", || ParquetMetaDataReader::decode_metadata(&bytes).map_err(inside))?;
        let footer = Footer { start, metadata: Arc::new(decoded), fields };
        footer.check()?;
        Ok(footer)
    }

    /// Refuses what would cost memory, or read bytes that are nobody's.
    fn check(&self) -> Result<()> {
        let wrong = |why: &str| Err(Error::corrupt("the Parquet footer", why));
        for column in self.metadata.file_metadata().schema_descr().columns() {
            if column.type_length() > FIXED_LEN_MAX {
                return wrong("a column has values of a length that no file has");
            }
        }
        for group in self.metadata.row_groups() {
            if group.num_rows() < 0 {
                return wrong("a row group has less than no rows");
            }
            for chunk in group.columns() {
                if chunk.file_path().is_some() {
                    return Err(Error::invalid("Parquet file", "its footer", "its columns lie in other files"));
                }
                let data = chunk.data_page_offset();
                let from = pages::start(chunk);
                let numbers = [from, data, chunk.compressed_size(), chunk.uncompressed_size(), chunk.num_values()];
                let end = from.checked_add(chunk.compressed_size());
                let is_within = end.is_some_and(|end| end >= 0 && end as u64 <= self.start);
                if numbers.iter().any(|number| *number < 0) || !is_within {
                    return wrong("a column chunk lies outside the file");
                }
            }
        }
        Ok(())
    }

    /// The footer of the file with some row groups changed, with its length and the magic behind.
    ///
    /// A row group behind the last one is added.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(super) fn rewritten(&self, changes: &BTreeMap<usize, NewGroup>) -> Result<Vec<u8>> {
        let none = [kind::STRUCT];
        let old = thrift::elements(thrift::get(&self.fields, file::ROW_GROUPS).unwrap_or(&none))?;
        let mut groups: Vec<Vec<u8>> = Vec::new();
        let mut rows = 0;
        let is_less = changes.values().any(|change| change.rows == 0);
        for at in 0..old.len().max(changes.keys().last().map_or(0, |last| last + 1)) {
            let mut fields = old.get(at).map_or(Ok(Vec::new()), |bytes| Ok(thrift::fields(bytes)?.0))?;
            match changes.get(&at) {
                Some(change) if change.rows == 0 => continue,
                Some(change) => change.apply(&mut fields)?,
                None => {}
            }
            if is_less && thrift::get(&fields, group::ORDINAL).is_some() {
                thrift::set(&mut fields, group::ORDINAL, kind::I16, thrift::int_bytes(groups.len() as i64));
            }
            rows += thrift::get_int(&fields, group::NUM_ROWS)?;
            groups.push(thrift::struct_bytes(&fields));
        }
        let mut all = self.fields.clone();
        thrift::set(&mut all, file::NUM_ROWS, kind::I64, thrift::int_bytes(rows));
        let list = thrift::list_bytes(groups.iter().map(Vec::as_slice));
        thrift::set(&mut all, file::ROW_GROUPS, kind::LIST, list);
        let mut bytes = thrift::struct_bytes(&all);
        // Fields of a kind that no writer uses are passed over by every reader in its own way.
        let decoded = guarded("the Parquet footer", || ParquetMetaDataReader::decode_metadata(&bytes).map_err(inside))?;
        if decoded.num_row_groups() != groups.len() {
            return Err(Error::corrupt("the Parquet footer", "it cannot be written anew"));
        }
        let len = u32::try_from(bytes.len())
            .map_err(|_| Error::invalid("edit", "of a Parquet file", "its footer would be too long"))?;
        bytes.extend(len.to_le_bytes());
        bytes.extend(MAGIC);
        Ok(bytes)
    }
}

impl NewGroup {
    fn apply(&self, fields: &mut Vec<Field>) -> Result<()> {
        let none = [kind::STRUCT];
        let old = thrift::elements(thrift::get(fields, group::COLUMNS).unwrap_or(&none))?;
        let count = old.len().max(self.chunks.keys().last().map_or(0, |last| last + 1));
        let (mut chunks, mut plain, mut compressed, mut first) = (Vec::new(), 0, 0, None);
        for at in 0..count {
            let was = old.get(at).copied();
            let bytes = match (self.chunks.get(&at), was) {
                (Some(new), Some(old)) => with_key_values(new, old)?,
                (Some(new), None) => new.clone(),
                (None, old) => old.unwrap_or(&[0]).to_vec(),
            };
            let meta = meta(&bytes)?;
            plain += thrift::get_int(&meta, chunk::UNCOMPRESSED)?;
            compressed += thrift::get_int(&meta, chunk::COMPRESSED)?;
            let data = thrift::get_int(&meta, chunk::DATA_PAGE)?;
            let dictionary = thrift::get_int(&meta, chunk::DICTIONARY_PAGE)?;
            first.get_or_insert(if dictionary > 0 { dictionary.min(data) } else { data });
            chunks.push(bytes);
        }
        let columns = thrift::list_bytes(chunks.iter().map(Vec::as_slice));
        thrift::set(fields, group::COLUMNS, kind::LIST, columns);
        thrift::set(fields, group::TOTAL_BYTE_SIZE, kind::I64, thrift::int_bytes(plain));
        thrift::set(fields, group::NUM_ROWS, kind::I64, thrift::int_bytes(self.rows as i64));
        let is_new = old_is_empty(count, &self.chunks, fields);
        if is_new || thrift::get(fields, group::FILE_OFFSET).is_some() {
            thrift::set(fields, group::FILE_OFFSET, kind::I64, thrift::int_bytes(first.unwrap_or(0)));
        }
        if is_new || thrift::get(fields, group::TOTAL_COMPRESSED).is_some() {
            thrift::set(fields, group::TOTAL_COMPRESSED, kind::I64, thrift::int_bytes(compressed));
        }
        if self.loses_order {
            fields.retain(|field| field.id != group::SORTING);
        }
        Ok(())
    }
}

/// Whether the row group is one that the file had not.
fn old_is_empty(count: usize, chunks: &BTreeMap<usize, Vec<u8>>, fields: &[Field]) -> bool {
    chunks.len() == count && thrift::get(fields, group::ORDINAL).is_none()
}

fn meta(chunk: &[u8]) -> Result<Vec<Field>> {
    let (fields, _) = thrift::fields(chunk)?;
    let meta = thrift::get(&fields, chunk::META);
    Ok(thrift::fields(meta.ok_or_else(|| Error::corrupt("the Parquet footer", "a column chunk says nothing"))?)?.0)
}

/// The new chunk with what people noted about the old one.
fn with_key_values(new: &[u8], old: &[u8]) -> Result<Vec<u8>> {
    let old = meta(old)?;
    let Some(notes) = old.iter().find(|field| field.id == chunk::KEY_VALUES) else { return Ok(new.to_vec()) };
    let mut inner = meta(new)?;
    thrift::set(&mut inner, notes.id, notes.kind, notes.bytes.clone());
    let (mut fields, _) = thrift::fields(new)?;
    thrift::set(&mut fields, chunk::META, kind::STRUCT, thrift::struct_bytes(&inner));
    Ok(thrift::struct_bytes(&fields))
}

/// The `ColumnChunk`s of the only row group of a file of ours, in order, and where its footer begins.
///
/// # Errors
/// `Corrupt`, if it is no such file.
pub(super) fn chunks_of(tail: &[u8]) -> Result<(Vec<Vec<u8>>, usize)> {
    let damaged = || Error::corrupt("a Parquet footer", "it was not written whole");
    let end = tail.len().checked_sub(8).ok_or_else(damaged)?;
    let size = tail.get(end..end + 4).and_then(|size| size.try_into().ok()).map(u32::from_le_bytes);
    let start = size.and_then(|size| end.checked_sub(size as usize)).ok_or_else(damaged)?;
    let (fields, _) = thrift::fields(&tail[start..end])?;
    let groups = thrift::elements(thrift::get(&fields, file::ROW_GROUPS).ok_or_else(damaged)?)?;
    let (group, _) = thrift::fields(groups.first().ok_or_else(damaged)?)?;
    let columns = thrift::elements(thrift::get(&group, group::COLUMNS).ok_or_else(damaged)?)?;
    Ok((columns.into_iter().map(<[u8]>::to_vec).collect(), start))
}
