//! A chunk's dictionary, and a page whose values are in it.
//!
//! The writer makes its dictionary in the order in which values come. So it is given the values of
//! the old one first, as a page of their own that nobody keeps: what it writes then has the old
//! numbers, and new values get the next ones.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{PageType, Type as Physical};
use parquet::column::page::{Page as Decoded, PageReader};
use parquet::column::reader::ColumnReader;
use parquet::column::writer::get_column_writer;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::bounds::scalar;
use super::bytes::inside;
use super::chunk::{self, Step};
use super::pages::{Page, pages};
use super::shred::{Leaf, Scalar};
use crate::Result;

/// A dictionary with more values than this many rows of its page each has is not gone through for that page.
const VALUES_OF_A_ROW: usize = 4;

/// What becomes of a page.
pub(super) struct PageEdit<'a> {
    pub(super) old: ColumnReader,
    pub(super) old_rows: u64,
    pub(super) steps: &'a [Step],
    /// The rows that the steps put.
    pub(super) rows: &'a [&'a Leaf],
}

/// A dictionary.
#[derive(Clone)]
pub(super) struct Dictionary {
    /// Its page, with the header.
    pub(super) bytes: Bytes,
    pub(super) page: Page,
    /// Its values, each as it is plain.
    plain: Bytes,
    count: usize,
}

impl Dictionary {
    /// The dictionary at the beginning of a chunk; `None` if there is none.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(super) fn of(chunk: &ColumnChunkMetaData, bytes: &Bytes, pages: &[Page]) -> Result<Option<Dictionary>> {
        let Some(page) = pages.first().filter(|page| page.kind == PageType::DICTIONARY_PAGE) else { return Ok(None) };
        let bytes = bytes.slice(page.start..page.end);
        let alone = alone(chunk, 0, &bytes, Some(0))?;
        let mut reader = SerializedPageReader::new(Arc::new(bytes.clone()), &alone, 0, None).map_err(inside)?;
        Ok(match reader.get_next_page().map_err(inside)? {
            Some(Decoded::DictionaryPage { buf, num_values, .. }) => Some(Dictionary {
                bytes,
                page: Page { start: 0, end: page.end - page.start, ..*page },
                plain: buf,
                count: num_values as usize,
            }),
            _ => None,
        })
    }

    /// The values, as rows of a column; `None` for a type whose values are not told apart here.
    fn rows(&self, column: &ColumnDescPtr) -> Option<Vec<Leaf>> {
        let (mut rows, mut at) = (Vec::with_capacity(self.count), 0);
        for _ in 0..self.count {
            let len = match column.physical_type() {
                Physical::INT32 | Physical::FLOAT => 4,
                Physical::INT64 | Physical::DOUBLE => 8,
                Physical::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.type_length()).ok()?,
                Physical::BYTE_ARRAY => {
                    let len = u32::from_le_bytes(self.plain.get(at..at + 4)?.try_into().ok()?);
                    at += 4;
                    len as usize
                }
                Physical::BOOLEAN | Physical::INT96 => return None,
            };
            let value: Scalar = scalar(column.physical_type(), self.plain.get(at..at.checked_add(len)?)?)?;
            at += len;
            rows.push(Leaf { definitions: vec![column.max_def_level()], repetitions: Vec::new(), values: vec![value] });
        }
        (at == self.plain.len()).then_some(rows)
    }

    /// A page written with this dictionary, and the dictionary as it is then; `None` where that cannot be.
    ///
    /// # Errors
    /// Those of reading the old page.
    pub(super) fn write(
        &self,
        column: &ColumnDescPtr,
        chunk: &ColumnChunkMetaData,
        properties: &WriterPropertiesPtr,
        edit: PageEdit<'_>,
    ) -> Result<Option<(Dictionary, Page, Bytes)>> {
        if self.count == 0 || self.count as u64 > edit.old_rows * VALUES_OF_A_ROW as u64 {
            return Ok(None);
        }
        let Some(values) = self.rows(column) else { return Ok(None) };
        let properties = properties
            .as_ref()
            .clone()
            .into_builder()
            .set_column_dictionary_enabled(column.path().clone(), true)
            .set_column_dictionary_page_size_limit(column.path().clone(), usize::MAX)
            .set_data_page_row_count_limit(self.count)
            .set_write_batch_size(usize::MAX)
            .build();
        let mut sink = TrackedWrite::new(Vec::new());
        let writing = Box::new(SerializedPageWriter::new(&mut sink));
        let mut writer = get_column_writer(Arc::clone(column), Arc::new(properties), writing);
        let puts: Vec<Step> = (0..values.len()).map(Step::Put).collect();
        chunk::write(None, &mut writer, &puts, &values.iter().collect::<Vec<_>>(), usize::MAX)?;
        chunk::write(Some(edit.old), &mut writer, edit.steps, edit.rows, usize::MAX)?;
        writer.close().map_err(inside)?;
        let bytes = Bytes::from(sink.into_inner().map_err(inside)?);
        let Some(pages) = pages(&bytes, self.count as u64 + edit.old_rows) else { return Ok(None) };
        let [_, known, page] = pages.as_slice() else { return Ok(None) };
        let Some(dictionary) = Dictionary::of(chunk, &bytes, &pages)? else { return Ok(None) };
        // Values that are there twice, say, have other numbers then.
        let is_same = known.rows == self.count as u64 && dictionary.plain.starts_with(&self.plain);
        Ok(is_same.then(|| (dictionary, *page, bytes.slice(page.start..page.end))))
    }
}

/// A chunk that has just these bytes, which are so many rows: after a dictionary of so many bytes, if there is one.
///
/// # Errors
/// `Corrupt`.
pub(super) fn alone(
    chunk: &ColumnChunkMetaData,
    rows: u64,
    bytes: &Bytes,
    dictionary_len: Option<usize>,
) -> Result<ColumnChunkMetaData> {
    ColumnChunkMetaData::builder(chunk.column_descr_ptr())
        .set_compression_codec(chunk.compression_codec())
        .set_num_values(rows as i64)
        .set_data_page_offset(dictionary_len.unwrap_or(0) as i64)
        .set_dictionary_page_offset(dictionary_len.map(|_| 0))
        .set_total_compressed_size(bytes.len() as i64)
        .build()
        .map_err(inside)
}
