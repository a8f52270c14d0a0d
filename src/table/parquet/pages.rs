//! A column chunk of which few pages change: the others go into the new chunk as the bytes that they are.
//!
//! A page that changes is written with the chunk's dictionary, to which new values are added, or, where
//! that cannot be, without it: a chunk may have pages of both kinds (Parquet's "Encodings", fallback
//! to plain encoding).

use parquet::basic::{Compression, ConvertedType, Encoding, EncodingMask, PageType, Type as Physical};
use parquet::file::metadata::{ColumnChunkMetaData, PageEncodingStats};

use super::thrift;
use crate::Result;

/// Ids of fields in Parquet's `PageHeader`, and in the headers of the kinds of data pages within.
mod header {
    pub(super) const KIND: i16 = 1;
    pub(super) const PLAIN_LEN: i16 = 2;
    pub(super) const LEN: i16 = 3;
    pub(super) const DATA: i16 = 5;
    pub(super) const DICTIONARY: i16 = 7;
    pub(super) const DATA_V2: i16 = 8;
}

/// A page of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Where it begins in the chunk, its header first.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// How many bytes it has uncompressed, with its header.
    pub(super) plain_len: i64,
    /// Rows of a column without lists; none of a dictionary.
    pub(super) rows: u64,
    pub(super) kind: PageType,
    pub(super) encoding: Encoding,
}

/// Where a chunk begins in its file, as every reader finds it; not negative in a footer that was checked.
pub(super) fn start(chunk: &ColumnChunkMetaData) -> i64 {
    let data = chunk.data_page_offset();
    chunk.dictionary_page_offset().filter(|at| *at > 0 && *at < data).unwrap_or(data)
}

/// The pages of a chunk without lists, of so many rows: a dictionary, if there is one, and then data.
///
/// `None` where the bytes are not just these, or of a kind whose pages are not told apart here.
pub(super) fn pages(bytes: &[u8], rows: u64) -> Option<Vec<Page>> {
    let (mut pages, mut at, mut found) = (Vec::new(), 0, 0_u64);
    while at < bytes.len() {
        let page = page(&bytes[at..], at).ok()??;
        let may_be = page.kind != PageType::DICTIONARY_PAGE || pages.is_empty();
        if !may_be || page.end > bytes.len() {
            return None;
        }
        found = found.checked_add(page.rows)?;
        at = page.end;
        pages.push(page);
    }
    (found == rows).then_some(pages)
}

fn page(bytes: &[u8], start: usize) -> Result<Option<Page>> {
    let (fields, header_len) = thrift::fields(bytes)?;
    let (kind, of_kind, encoding, rows) = match thrift::get_int(&fields, header::KIND)? {
        0 => (PageType::DATA_PAGE, header::DATA, 2, Some(1)),
        2 => (PageType::DICTIONARY_PAGE, header::DICTIONARY, 2, None),
        3 => (PageType::DATA_PAGE_V2, header::DATA_V2, 4, Some(3)),
        _ => return Ok(None),
    };
    let Some(of_kind) = thrift::get(&fields, of_kind) else { return Ok(None) };
    let (of_kind, _) = thrift::fields(of_kind)?;
    let rows = rows.map_or(Ok(0), |rows| thrift::get_int(&of_kind, rows))?;
    let (len, plain_len) = (thrift::get_int(&fields, header::LEN)?, thrift::get_int(&fields, header::PLAIN_LEN)?);
    let encoding = i32::try_from(thrift::get_int(&of_kind, encoding)?).unwrap_or(-1);
    let (Some(encoding), Ok(len), Ok(rows)) = (encoding_of(encoding), usize::try_from(len), u64::try_from(rows)) else {
        return Ok(None);
    };
    let Some(end) = len.checked_add(header_len).and_then(|len| len.checked_add(start)) else { return Ok(None) };
    Ok(Some(Page { start, end, plain_len: plain_len + header_len as i64, rows, kind, encoding }))
}

/// The encoding that the format has under a number.
fn encoding_of(number: i32) -> Option<Encoding> {
    let mask = (0..31).contains(&number).then(|| EncodingMask::try_new(1 << number).ok())??;
    mask.encodings().next()
}

/// How many pages of a chunk have which encoding.
pub(super) fn encodings(pages: &[Page]) -> Vec<PageEncodingStats> {
    let mut all: Vec<PageEncodingStats> = Vec::new();
    for page in pages {
        match all.iter_mut().find(|of| of.page_type == page.kind && of.encoding == page.encoding) {
            Some(of) => of.count += 1,
            None => all.push(PageEncodingStats { page_type: page.kind, encoding: page.encoding, count: 1 }),
        }
    }
    all
}

/// Whether pages of a chunk can be kept beside new ones: a program that writes must be able to write as it was written,
/// and nothing may speak of the chunk as a whole that is not made anew here.
pub(super) fn can_be_kept(chunk: &ColumnChunkMetaData) -> bool {
    let (statistics, column) = (chunk.statistics(), chunk.column_descr());
    // One number may be written with more or fewer bytes there, so values cannot be told from bounds.
    let has_no_one_form =
        column.physical_type() == Physical::BYTE_ARRAY && column.converted_type() == ConvertedType::DECIMAL;
    !has_no_one_form
        && column.max_rep_level() == 0
        && chunk.bloom_filter_offset().is_none()
        && chunk.geo_statistics().is_none()
        && !matches!(chunk.compression(), Compression::LZ4 | Compression::LZO)
        && !statistics.is_some_and(|of| of.is_min_max_deprecated() && of.min_bytes_opt().is_some())
}
