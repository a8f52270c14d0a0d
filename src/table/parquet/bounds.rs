//! The least and the greatest value of a chunk after some cells changed, without reading the others.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Type as Physical;
use parquet::column::writer::get_column_writer;
use parquet::data_type::{AsBytes, ByteArray, FixedLenByteArray};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::bytes::inside;
use super::chunk::{self, Step};
use super::shred::{Leaf, Scalar};
use crate::Result;

/// What is known of a page before and after its cells changed.
pub(super) struct Changed {
    /// The cells that were overwritten, as plain bytes; `None` is null.
    pub(super) before: Vec<Option<Vec<u8>>>,
    /// How many of the cells that came are null.
    pub(super) nulls: u64,
    /// Of the whole page, as it is now.
    pub(super) after: Statistics,
}

/// The statistics of a chunk that had `old`, after pages of it changed.
///
/// `None` where they cannot be told without the other pages: a value that was the least or the greatest went, and its
/// page has none like it.
///
/// # Errors
/// Those of the library.
pub(super) fn after(column: &ColumnDescPtr, old: &Statistics, changed: &[Changed]) -> Result<Option<Statistics>> {
    let nulls = old.null_count_opt().and_then(|nulls| {
        let went = changed.iter().flat_map(|page| &page.before).filter(|cell| cell.is_none()).count() as u64;
        let came: u64 = changed.iter().map(|page| page.nulls).sum();
        (nulls + came).checked_sub(went)
    });
    if old.null_count_opt().is_some() && nulls.is_none() {
        return Ok(None);
    }
    let (Some(least), Some(greatest)) = (old.min_bytes_opt(), old.max_bytes_opt()) else {
        return Ok(Some(with(old, nulls, false, false)));
    };
    let all = std::iter::once(old).chain(changed.iter().map(|page| &page.after));
    let bounds: Vec<(&[u8], bool)> = all
        .flat_map(|of| [(of.min_bytes_opt(), of.min_is_exact()), (of.max_bytes_opt(), of.max_is_exact())])
        .filter_map(|(bound, is_exact)| Some((bound?, is_exact)))
        .collect();
    let Some(joined) = of_values(column, &bounds)? else { return Ok(None) };
    let went =
        |bound: &[u8]| changed.iter().flat_map(|page| &page.before).flatten().any(|cell| may_be_same(cell, bound));
    let is_in_doubt = |bound: &[u8], now: Option<&[u8]>, of_page: fn(&Statistics) -> Option<&[u8]>| {
        now == Some(bound) && went(bound) && !changed.iter().any(|page| of_page(&page.after) == Some(bound))
    };
    if is_in_doubt(least, joined.min_bytes_opt(), Statistics::min_bytes_opt)
        || is_in_doubt(greatest, joined.max_bytes_opt(), Statistics::max_bytes_opt)
    {
        return Ok(None);
    }
    let is_exact = |bound: Option<&[u8]>| bounds.iter().any(|(of, is_exact)| Some(*of) == bound && *is_exact);
    let (min, max) = (is_exact(joined.min_bytes_opt()), is_exact(joined.max_bytes_opt()));
    Ok(Some(with(&joined, nulls, min, max)))
}

/// Whether a value may be the one that a bound stands for: a bound that is zero has the other zero's sign, in floats.
fn may_be_same(value: &[u8], bound: &[u8]) -> bool {
    let unsigned = |bytes: &[u8]| match bytes.split_last() {
        Some((0x80, rest)) if rest.iter().all(|byte| *byte == 0) => vec![0; bytes.len()],
        _ => bytes.to_vec(),
    };
    value == bound || unsigned(value) == unsigned(bound)
}

/// The least and the greatest of some values, in the order of their column: what a writer says of them.
fn of_values(column: &ColumnDescPtr, values: &[(&[u8], bool)]) -> Result<Option<Statistics>> {
    let leaf = |(bytes, _): &(&[u8], bool)| {
        let value = scalar(column.physical_type(), bytes)?;
        Some(Leaf { definitions: vec![column.max_def_level()], repetitions: Vec::new(), values: vec![value] })
    };
    let Some(rows) = values.iter().map(leaf).collect::<Option<Vec<Leaf>>>() else { return Ok(None) };
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_statistics_truncate_length(None)
        .build();
    let mut sink = TrackedWrite::new(Vec::new());
    let pages = Box::new(SerializedPageWriter::new(&mut sink));
    let mut writer = get_column_writer(Arc::clone(column), Arc::new(properties), pages);
    let steps: Vec<Step> = (0..rows.len()).map(Step::Put).collect();
    chunk::write(None, &mut writer, &steps, &rows.iter().collect::<Vec<_>>(), chunk::ROWS)?;
    Ok(writer.close().map_err(inside)?.metadata.statistics().cloned())
}

/// A value as statistics have it, which is its plain encoding but for a length before it.
pub(super) fn scalar(kind: Physical, bytes: &[u8]) -> Option<Scalar> {
    Some(match kind {
        Physical::BOOLEAN => Scalar::Bool(*bytes.first()? != 0),
        Physical::INT32 => Scalar::Int32(i32::from_le_bytes(bytes.try_into().ok()?)),
        Physical::INT64 => Scalar::Int64(i64::from_le_bytes(bytes.try_into().ok()?)),
        Physical::FLOAT => Scalar::Float(f32::from_le_bytes(bytes.try_into().ok()?)),
        Physical::DOUBLE => Scalar::Double(f64::from_le_bytes(bytes.try_into().ok()?)),
        Physical::BYTE_ARRAY => Scalar::Bytes(ByteArray::from(Bytes::copy_from_slice(bytes))),
        Physical::FIXED_LEN_BYTE_ARRAY => {
            Scalar::Fixed(FixedLenByteArray::from(ByteArray::from(Bytes::copy_from_slice(bytes))))
        }
        // They have no order that programs agree on.
        Physical::INT96 => return None,
    })
}

/// The same bounds with so many nulls, and with what is known of how exact they are.
fn with(of: &Statistics, nulls: Option<u64>, min_is_exact: bool, max_is_exact: bool) -> Statistics {
    fn typed<T: Clone + AsBytes>(
        of: &ValueStatistics<T>,
        nulls: Option<u64>,
        min_is_exact: bool,
        max_is_exact: bool,
    ) -> ValueStatistics<T> {
        ValueStatistics::new(of.min_opt().cloned(), of.max_opt().cloned(), None, nulls, false)
            .with_min_is_exact(min_is_exact)
            .with_max_is_exact(max_is_exact)
            .with_backwards_compatible_min_max(of.is_min_max_backwards_compatible())
    }
    macro_rules! each {
        ($($kind:ident),+) => {
            match of {
                $(Statistics::$kind(of) => Statistics::$kind(typed(of, nulls, min_is_exact, max_is_exact)),)+
            }
        };
    }
    each!(Boolean, Int32, Int64, Int96, Float, Double, ByteArray, FixedLenByteArray)
}
