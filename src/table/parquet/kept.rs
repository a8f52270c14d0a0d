//! Writing a chunk anew of which only the pages with edited cells are: [`pages`](super::pages) tells where they are.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Encoding, PageType};
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::column::writer::{ColumnCloseResult, get_column_writer};
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::ParquetFile;
use super::bounds::{self, Changed};
use super::bytes::inside;
use super::chunk::{self, Step};
use super::dictionary::{Dictionary, PageEdit, alone};
use super::pages::{Page, can_be_kept, encodings, pages, start};
use super::shred::Leaf;
use super::thrift;
use crate::Result;

/// How many times the old length the new chunk may have: beyond that it is better written as a whole.
const GROWTH_MAX: f64 = 1.2;

/// What of a page's bounds a column index says.
struct Indexed {
    is_null: bool,
    min: Vec<u8>,
    max: Vec<u8>,
    nulls: i64,
}

/// A page of the new chunk.
struct NewPage {
    page: Page,
    /// Its place among the old pages.
    at: usize,
    bytes: Bytes,
    /// Of the page, if the chunk has statistics.
    statistics: Option<Statistics>,
    before: Vec<Option<Vec<u8>>>,
    nulls: u64,
}

/// The pages of the new chunk, one after another.
struct Laid {
    bytes: Vec<u8>,
    pages: Vec<Page>,
    /// Of the pages of data.
    offsets: OffsetIndexBuilder,
}

impl Laid {
    fn append(&mut self, page: Page, bytes: &[u8]) {
        if page.kind != PageType::DICTIONARY_PAGE {
            self.offsets.append_row_count(page.rows as i64);
            self.offsets.append_offset_and_size(self.bytes.len() as i64, bytes.len() as i32);
        }
        self.bytes.extend_from_slice(bytes);
        self.pages.push(page);
    }
}

/// A chunk of which pages are kept.
struct Keeping<'a> {
    column: ColumnDescPtr,
    chunk: &'a ColumnChunkMetaData,
    bytes: Bytes,
    pages: Vec<Page>,
    /// As it is after the pages that were written so far.
    dictionary: Option<Dictionary>,
    properties: WriterPropertiesPtr,
}

impl ParquetFile<'_> {
    /// The chunk of a leaf with cells set, each given by its row in the group, in order of rows.
    ///
    /// `None` where it is better, or not possible but to write all of it anew.
    ///
    /// # Errors
    /// Those of reading the file.
    pub(super) fn with_pages_kept(
        &self,
        (group, leaf): (usize, usize),
        column: ColumnDescPtr,
        properties: &WriterPropertiesPtr,
        cells: &[(u64, &Leaf)],
    ) -> Result<Option<(Bytes, ColumnCloseResult)>> {
        let group = self.footer.metadata.row_group(group);
        let (chunk, rows) = (group.column(leaf), group.num_rows() as u64);
        if !can_be_kept(chunk) {
            return Ok(None);
        }
        let bytes = Bytes::from(self.lent.range(start(chunk) as u64, chunk.compressed_size() as usize)?);
        let Some(pages) = pages(&bytes, rows) else { return Ok(None) };
        let indexed = match chunk.column_index_offset() {
            Some(_) => match self.column_index(chunk, &pages) {
                Some(indexed) => Some(indexed),
                None => return Ok(None),
            },
            None => None,
        };
        let properties = Arc::new(for_a_page(properties, &column));
        let dictionary = Dictionary::of(chunk, &bytes, &pages)?;
        let mut keeping = Keeping { column, chunk, bytes, pages, dictionary, properties };
        let Some(new) = keeping.new_pages(cells)? else { return Ok(None) };
        keeping.joined(&new, indexed)
    }

    /// What the column index says of each page of data; `None` if it cannot be read, or says less than all.
    fn column_index(&self, chunk: &ColumnChunkMetaData, pages: &[Page]) -> Option<Vec<Indexed>> {
        let offset = u64::try_from(chunk.column_index_offset()?).ok()?;
        let bytes = self.lent.range(offset, usize::try_from(chunk.column_index_length()?).ok()?).ok()?;
        let (fields, _) = thrift::fields(&bytes).ok()?;
        let list = |id| thrift::elements(thrift::get(&fields, id)?).ok();
        let (is_null, min, max, nulls) = (list(1)?, list(2)?, list(3)?, list(5)?);
        let count = pages.iter().filter(|page| page.kind != PageType::DICTIONARY_PAGE).count();
        if [is_null.len(), min.len(), max.len(), nulls.len()].iter().any(|len| *len != count) {
            return None;
        }
        let page = |at: usize| {
            let (min, max) = (thrift::binary(min[at]).ok()?, thrift::binary(max[at]).ok()?);
            let nulls = thrift::int(nulls[at]).ok()?;
            Some(Indexed { is_null: is_null[at] == [1], min: min.to_vec(), max: max.to_vec(), nulls })
        };
        (0..count).map(page).collect()
    }
}

/// The properties by which one page is written by itself.
fn for_a_page(of: &WriterPropertiesPtr, column: &ColumnDescPtr) -> WriterProperties {
    let path = column.path();
    of.as_ref()
        .clone()
        .into_builder()
        .set_column_dictionary_enabled(path.clone(), false)
        .set_column_data_page_size_limit(path.clone(), usize::MAX)
        .set_data_page_row_count_limit(usize::MAX)
        .build()
}

impl Keeping<'_> {
    /// The pages that change; `None` where they are most of the chunk.
    fn new_pages(&mut self, cells: &[(u64, &Leaf)]) -> Result<Option<Vec<NewPage>>> {
        let (mut first, mut left, mut touched) = (0, cells, Vec::new());
        for (at, page) in self.pages.iter().enumerate() {
            let end = first + page.rows;
            let (of_page, rest) = left.split_at(left.partition_point(|(row, _)| *row < end));
            if !of_page.is_empty() {
                touched.push((at, first, of_page));
            }
            (first, left) = (end, rest);
        }
        let rows: u64 = touched.iter().map(|(at, ..)| self.pages[*at].rows).sum();
        if rows * 2 > first {
            return Ok(None);
        }
        let mut new = Vec::new();
        for (at, first, cells) in touched {
            match self.new_page(at, first, cells)? {
                Some(page) => new.push(page),
                None => return Ok(None),
            }
        }
        Ok(Some(new))
    }

    fn new_page(&mut self, at: usize, first: u64, cells: &[(u64, &Leaf)]) -> Result<Option<NewPage>> {
        let old = self.pages[at];
        let places: Vec<u64> = cells.iter().map(|(row, _)| row - first).collect();
        let before = chunk::cells(self.reader(&old)?, &places)?;
        let (mut steps, mut next) = (Vec::new(), 0);
        for (nth, place) in places.iter().enumerate() {
            steps.extend([Step::Keep(place - next), Step::Drop(1), Step::Put(nth)]);
            next = place + 1;
        }
        steps.push(Step::Keep(old.rows - next));
        let rows: Vec<&Leaf> = cells.iter().map(|(_, leaf)| *leaf).collect();
        let mut sink = TrackedWrite::new(Vec::new());
        let writing = Box::new(SerializedPageWriter::new(&mut sink));
        let mut writer = get_column_writer(Arc::clone(&self.column), Arc::clone(&self.properties), writing);
        chunk::write(Some(self.reader(&old)?), &mut writer, &steps, &rows, chunk::ROWS)?;
        let close = writer.close().map_err(inside)?;
        let bytes = Bytes::from(sink.into_inner().map_err(inside)?);
        let Some(plain) = pages(&bytes, old.rows).filter(|pages| pages.len() == 1) else { return Ok(None) };
        let mut new = NewPage {
            page: plain[0],
            at,
            statistics: close.metadata.statistics().cloned(),
            before,
            nulls: rows.iter().filter(|leaf| leaf.values.is_empty()).count() as u64,
            bytes,
        };
        let is_of_dictionary = matches!(old.encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
        if let Some(dictionary) = self.dictionary.as_ref().filter(|_| is_of_dictionary) {
            let edit = PageEdit { old: self.reader(&old)?, old_rows: old.rows, steps: &steps, rows: &rows };
            let written = dictionary.write(&self.column, self.chunk, &self.properties, edit)?;
            if let Some((dictionary, page, bytes)) = written {
                self.dictionary = Some(dictionary);
                (new.page, new.bytes) = (page, bytes);
            }
        }
        Ok(Some(new))
    }

    /// Reads one page, with the dictionary before it.
    fn reader(&self, page: &Page) -> Result<ColumnReader> {
        let dictionary = self.pages.first().filter(|first| first.kind == PageType::DICTIONARY_PAGE);
        let dictionary = dictionary.map(|first| &self.bytes[first.start..first.end]);
        let bytes: Bytes = [dictionary.unwrap_or_default(), &self.bytes[page.start..page.end]].concat().into();
        let alone = alone(self.chunk, page.rows, &bytes, dictionary.map(<[u8]>::len))?;
        let reader = SerializedPageReader::new(Arc::new(bytes), &alone, page.rows as usize, None).map_err(inside)?;
        Ok(get_column_reader(self.chunk.column_descr_ptr(), Box::new(reader)))
    }

    /// The new chunk, as if a writer had closed it; `None` where it would be too long, or its statistics are not known.
    fn joined(&self, new: &[NewPage], indexed: Option<Vec<Indexed>>) -> Result<Option<(Bytes, ColumnCloseResult)>> {
        let statistics = match self.chunk.statistics() {
            None => None,
            Some(old) => match self.statistics_after(old, new)? {
                Some(statistics) => Some(statistics),
                None => return Ok(None),
            },
        };
        let laid = self.laid(new);
        if laid.bytes.len() as f64 > self.bytes.len() as f64 * GROWTH_MAX {
            return Ok(None);
        }
        let close = ColumnCloseResult {
            bytes_written: laid.bytes.len() as u64,
            rows_written: laid.pages.iter().map(|page| page.rows).sum(),
            metadata: self.metadata(&laid, statistics)?,
            bloom_filter: None,
            column_index: indexed.map(|indexed| self.indexed(indexed, new)).transpose()?.flatten(),
            offset_index: self.chunk.offset_index_offset().map(|_| laid.offsets.build()),
        };
        Ok(Some((laid.bytes.into(), close)))
    }

    /// The chunk's statistics with the new pages in it; `None` where they are not known.
    fn statistics_after(&self, old: &Statistics, new: &[NewPage]) -> Result<Option<Statistics>> {
        let changed = |page: &NewPage| {
            Some(Changed { before: page.before.clone(), nulls: page.nulls, after: page.statistics.clone()? })
        };
        match new.iter().map(changed).collect::<Option<Vec<_>>>() {
            Some(changed) => bounds::after(&self.column, old, &changed),
            None => Ok(None),
        }
    }

    /// All pages, one after another.
    fn laid(&self, new: &[NewPage]) -> Laid {
        let (bytes, offsets) = (Vec::with_capacity(self.bytes.len()), OffsetIndexBuilder::new());
        let mut laid = Laid { bytes, pages: Vec::new(), offsets };
        for (at, old) in self.pages.iter().enumerate() {
            match (new.iter().find(|new| new.at == at), &self.dictionary) {
                (Some(new), _) => laid.append(new.page, &new.bytes),
                (None, Some(dictionary)) if old.kind == PageType::DICTIONARY_PAGE => {
                    laid.append(dictionary.page, &dictionary.bytes);
                }
                _ => laid.append(*old, &self.bytes[old.start..old.end]),
            }
        }
        laid
    }

    fn metadata(&self, laid: &Laid, statistics: Option<Statistics>) -> Result<ColumnChunkMetaData> {
        let mut mask = *self.chunk.encodings_mask();
        laid.pages.iter().for_each(|page| mask.insert(page.encoding));
        let dictionary = laid.pages.first().filter(|page| page.kind == PageType::DICTIONARY_PAGE);
        let dictionary_len = dictionary.map(|page| (page.end - page.start) as i64);
        let builder = ColumnChunkMetaData::builder(Arc::clone(&self.column))
            .set_encodings_mask(mask)
            .set_compression_codec(self.chunk.compression_codec())
            .set_num_values(self.chunk.num_values())
            .set_total_compressed_size(laid.bytes.len() as i64)
            .set_total_uncompressed_size(laid.pages.iter().map(|page| page.plain_len).sum())
            .set_data_page_offset(dictionary_len.unwrap_or(0))
            .set_dictionary_page_offset(dictionary_len.map(|_| 0))
            .set_page_encoding_stats(encodings(&laid.pages));
        let builder = match statistics {
            Some(statistics) => builder.set_statistics(statistics),
            None => builder,
        };
        builder.build().map_err(inside)
    }

    /// The column index with what is said of the new pages; `None` where nothing can be said of one of them.
    fn indexed(&self, mut indexed: Vec<Indexed>, new: &[NewPage]) -> Result<Option<ColumnIndexMetaData>> {
        let dictionaries = self.pages.iter().filter(|page| page.kind == PageType::DICTIONARY_PAGE).count();
        for page in new {
            let Some(of) = &page.statistics else { return Ok(None) };
            let nulls = of.null_count_opt().unwrap_or(0);
            let is_null = nulls == page.page.rows;
            let bounds = (of.min_bytes_opt(), of.max_bytes_opt());
            let (min, max) = match bounds {
                (Some(min), Some(max)) => (min.to_vec(), max.to_vec()),
                _ if is_null => (Vec::new(), Vec::new()),
                _ => return Ok(None),
            };
            indexed[page.at - dictionaries] = Indexed { is_null, min, max, nulls: nulls as i64 };
        }
        let mut builder = ColumnIndexBuilder::new(self.column.physical_type());
        indexed.into_iter().for_each(|page| builder.append(page.is_null, page.min, page.max, page.nulls));
        builder.build().map(Some).map_err(inside)
    }
}
