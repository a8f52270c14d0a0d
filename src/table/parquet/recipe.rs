//! How a column chunk was written, so that its new form is written the same way.

use parquet::basic::{Compression, Encoding, Type as Physical};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::schema::types::ColumnPath;

use super::bytes::Lent;
use super::thrift::{self, Field};
use crate::{Error, Result};

/// How long headers of pages are tried to be.
const HEADER_LENS: [u64; 3] = [512, 64 << 10, 4 << 20];
/// The most bytes of a page, and of a dictionary, that are taken over.
const PAGE_LEN_MAX: usize = 64 << 20;
/// What the library takes where nothing is said: 1 MiB.
const PAGE_LEN: usize = 1 << 20;
/// How many rows the library puts into a page at most.
const PAGE_ROWS: usize = 20_000;
/// The rate of false positives that new bloom filters are made for.
const BLOOM_FALSE: f64 = 0.01;

/// What the first pages of a chunk tell.
#[derive(Debug, Default)]
struct Pages {
    is_v2: bool,
    encoding: i64,
    values: usize,
    len: usize,
    dictionary_len: usize,
}

/// The properties by which these leaves of a row group are written again.
///
/// # Errors
/// `Invalid` for a codec that cannot be written; those of the file.
pub(super) fn properties(file: &Lent, group: Option<&RowGroupMetaData>, leaves: &[usize]) -> Result<WriterProperties> {
    let mut builder = WriterProperties::builder();
    let Some(group) = group else {
        return Ok(builder.set_compression(Compression::SNAPPY).build());
    };
    let mut rows = None;
    let mut has_index = false;
    for leaf in leaves {
        let chunk = group.column(*leaf);
        let pages = Pages::of(file, chunk)?;
        if pages.is_v2 {
            builder = builder.set_writer_version(WriterVersion::PARQUET_2_0);
        }
        if chunk.column_descr().max_rep_level() == 0 && pages.values > 0 {
            rows = Some(rows.unwrap_or(0).max(pages.values));
        }
        has_index |= chunk.offset_index_offset().is_some();
        builder = column(builder, file, chunk, &pages)?;
    }
    let rows = rows.unwrap_or(PAGE_ROWS).max(1);
    builder = builder.set_data_page_row_count_limit(rows).set_write_batch_size(rows.min(1024));
    Ok(builder.set_offset_index_disabled(!has_index).build())
}

fn column(
    mut builder: WriterPropertiesBuilder,
    file: &Lent,
    chunk: &ColumnChunkMetaData,
    pages: &Pages,
) -> Result<WriterPropertiesBuilder> {
    let path = || -> ColumnPath { chunk.column_path().clone() };
    let codec = match chunk.compression() {
        // What the old name means, programs do not agree on.
        Compression::LZ4 => Compression::LZ4_RAW,
        Compression::LZO => {
            return Err(Error::invalid("column to edit", &path().string(), "it is compressed with LZO"));
        }
        codec => codec,
    };
    let has_dictionary =
        chunk.encodings().any(|encoding| matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY));
    let statistics = match (chunk.column_index_offset(), chunk.statistics()) {
        (Some(_), _) => EnabledStatistics::Page,
        (None, Some(_)) => EnabledStatistics::Chunk,
        (None, None) => EnabledStatistics::None,
    };
    builder = builder
        .set_column_compression(path(), codec)
        .set_column_dictionary_enabled(path(), has_dictionary)
        .set_column_dictionary_page_size_limit(path(), (pages.dictionary_len * 2).clamp(PAGE_LEN, PAGE_LEN_MAX))
        .set_column_data_page_size_limit(path(), pages.len.clamp(PAGE_LEN, PAGE_LEN_MAX))
        .set_column_encoding(path(), encoding(chunk, pages))
        .set_column_statistics_enabled(path(), statistics);
    if let Some(bits) = bloom_bits(file, chunk)? {
        // The number of values for which a filter of this rate would have as many bits.
        let values = -(bits / 8.0) * (1.0 - BLOOM_FALSE.powf(1.0 / 8.0)).ln();
        builder = builder
            .set_column_bloom_filter_enabled(path(), true)
            .set_column_bloom_filter_fpp(path(), BLOOM_FALSE)
            .set_column_bloom_filter_max_ndv(path(), (values as u64).max(1));
    }
    Ok(builder)
}

/// The encoding of values that are in no dictionary.
fn encoding(chunk: &ColumnChunkMetaData, pages: &Pages) -> Encoding {
    let special = chunk.encodings().find(|encoding| {
        let is_whole = matches!(chunk.column_type(), Physical::INT32 | Physical::INT64);
        match encoding {
            Encoding::DELTA_BINARY_PACKED => is_whole,
            Encoding::DELTA_LENGTH_BYTE_ARRAY => chunk.column_type() == Physical::BYTE_ARRAY,
            Encoding::DELTA_BYTE_ARRAY => {
                matches!(chunk.column_type(), Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY)
            }
            Encoding::BYTE_STREAM_SPLIT => {
                !matches!(chunk.column_type(), Physical::BOOLEAN | Physical::BYTE_ARRAY | Physical::INT96)
            }
            _ => false,
        }
    });
    match special {
        Some(encoding) => encoding,
        // 3 is RLE: bits of booleans, and not their levels, which have it always.
        None if chunk.column_type() == Physical::BOOLEAN && pages.encoding == 3 => Encoding::RLE,
        None => Encoding::PLAIN,
    }
}

/// How many bits the chunk's bloom filter has.
fn bloom_bits(file: &Lent, chunk: &ColumnChunkMetaData) -> Result<Option<f64>> {
    let Some(offset) = chunk.bloom_filter_offset().and_then(|offset| u64::try_from(offset).ok()) else {
        return Ok(None);
    };
    let header = header(file, offset, HEADER_LENS[0])?;
    let bytes = thrift::get_int(&header, 1)?.clamp(32, 128 << 20);
    Ok(Some(bytes as f64 * 8.0))
}

fn header(file: &Lent, offset: u64, len_max: u64) -> Result<Vec<Field>> {
    use parquet::file::reader::Length;
    let left = file.len().saturating_sub(offset);
    for len in HEADER_LENS {
        let bytes = file.range(offset, len.min(left) as usize)?;
        if let Ok((fields, _)) = thrift::fields(&bytes) {
            return Ok(fields);
        }
        if len >= len_max {
            break;
        }
    }
    Err(Error::corrupt("the Parquet file", "a page has no header"))
}

impl Pages {
    fn of(file: &Lent, chunk: &ColumnChunkMetaData) -> Result<Pages> {
        let mut pages = Pages::default();
        if chunk.num_values() == 0 || chunk.compressed_size() == 0 {
            return Ok(pages);
        }
        let len_max = chunk.compressed_size() as u64;
        let at = |offset: i64| header(file, offset as u64, len_max);
        let first = at(chunk.data_page_offset())?;
        pages.is_v2 = thrift::get_int(&first, 1)? == 3;
        pages.len = usize::try_from(thrift::get_int(&first, 2)?).unwrap_or(0);
        let (of_data, encoding) = if pages.is_v2 { (8, 4) } else { (5, 2) };
        if let Some(data) = thrift::get(&first, of_data) {
            let (data, _) = thrift::fields(data)?;
            pages.values = usize::try_from(thrift::get_int(&data, 1)?).unwrap_or(0);
            pages.encoding = thrift::get_int(&data, encoding)?;
        }
        if let Some(offset) = chunk.dictionary_page_offset().filter(|offset| *offset > 0) {
            pages.dictionary_len = usize::try_from(thrift::get_int(&at(offset)?, 2)?).unwrap_or(0).min(PAGE_LEN_MAX);
        }
        Ok(pages)
    }
}
