//! Chunks of which only the pages with edited cells are written anew.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Float64Type, Int64Type};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, Encoding, PageType};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::statistics::Statistics;

use super::ParquetFile;
use crate::model::Value;
use crate::table::{FileEdits, RowSet};

const ROWS: usize = 4000;
const PAGE_ROWS: usize = 200;
const LABELS: [&str; 4] = ["bus", "car", "dog", "sign"];

fn text(of: &str) -> Value {
    Value::Text(of.to_owned())
}

fn label(row: usize) -> Option<&'static str> {
    (row % 10 != 9).then_some(LABELS[row % 4])
}

fn file(compression: Compression, version: WriterVersion) -> Bytes {
    with_properties(WriterProperties::builder().set_compression(compression).set_writer_version(version))
}

fn with_properties(properties: WriterPropertiesBuilder) -> Bytes {
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new((0..ROWS as i64).collect::<Int64Array>())),
        ("label", Arc::new((0..ROWS).map(label).collect::<StringArray>())),
        ("score", Arc::new((0..ROWS).map(|row| row as f64 / 8.0).collect::<Float64Array>())),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("equally long");
    let properties = properties.set_data_page_row_count_limit(PAGE_ROWS).set_write_batch_size(PAGE_ROWS).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("room in memory");
    writer.into_inner().expect("room in memory").into()
}

/// The file with cells set, each by row and column.
fn with(bytes: &Bytes, cells: &[(u64, usize, Value)]) -> Bytes {
    let owned = bytes.to_vec();
    let file = ParquetFile::open(&owned).expect("a Parquet file");
    let set = |(row, column, value): &(u64, usize, Value)| RowSet {
        table: 0,
        row: *row,
        cells: vec![(*column, value.clone())],
    };
    let edits = FileEdits { sets: cells.iter().map(set).collect(), ..FileEdits::default() };
    let patches = file.splice_edits(&edits).expect("they can be written");
    let [patch] = patches.as_slice() else { panic!("{} patches", patches.len()) };
    let (start, end) = (patch.offset as usize, (patch.offset + patch.replaced) as usize);
    [&bytes[..start], &patch.bytes, &bytes[end..]].concat().into()
}

fn rows(bytes: &Bytes) -> RecordBatch {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes.clone(), options).expect("a file");
    let batches: Vec<_> = reader.build().expect("it can be read").map(|batch| batch.expect("rows")).collect();
    concat_batches(&batches[0].schema(), &batches).expect("of one schema")
}

fn metadata(bytes: &Bytes) -> ParquetMetaData {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Required);
    reader.parse_and_finish(bytes).expect("a footer with page indexes")
}

/// How many pages of data a chunk has: those with the dictionary, and the plain ones.
fn pages(bytes: &Bytes, chunk: &ColumnChunkMetaData) -> (usize, usize) {
    let from = super::pages::start(chunk) as usize;
    let pages = super::pages::pages(&bytes[from..from + chunk.compressed_size() as usize], ROWS as u64);
    let pages = pages.expect("just pages");
    let data = pages.iter().filter(|page| page.kind != PageType::DICTIONARY_PAGE);
    let plain = data.clone().filter(|page| page.encoding == Encoding::PLAIN).count();
    (data.count() - plain, plain)
}

/// How many pages of the new chunk are the bytes that they were.
fn kept(old: &Bytes, new: &Bytes, column: usize) -> usize {
    let pages = |bytes: &Bytes| {
        let of = metadata(bytes);
        let locations = of.offset_index().expect("as before")[0][column].page_locations().clone();
        let slice = |at: i64, len: i32| bytes.slice(at as usize..at as usize + len as usize);
        locations.iter().map(|page| slice(page.offset, page.compressed_page_size)).collect::<Vec<_>>()
    };
    pages(old).iter().zip(pages(new)).filter(|(old, new)| *old == new).count()
}

fn bounds(statistics: &Statistics) -> (Option<&[u8]>, Option<&[u8]>, Option<u64>) {
    (statistics.min_bytes_opt(), statistics.max_bytes_opt(), statistics.null_count_opt())
}

#[test]
fn pages_without_an_edited_cell_stay_as_they_are() {
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let old = file(compression, version);
            let cells =
                [(10, 1, text("tram")), (11, 1, Value::Null), (19, 1, text("car")), (2500, 1, text("airplane"))];
            let new = with(&old, &cells);
            let (before, after) = (rows(&old), rows(&new));
            let said = after.column(1).as_string::<i32>();
            for row in 0..ROWS {
                let expected = match row {
                    10 => Some("tram"),
                    11 => None,
                    19 => Some("car"),
                    2500 => Some("airplane"),
                    row => label(row),
                };
                assert_eq!(said.iter().nth(row), Some(expected), "row {row}");
            }
            assert_eq!((before.column(0), before.column(2)), (after.column(0), after.column(2)));
            let metadata = metadata(&new);
            let chunk = metadata.row_group(0).column(1);
            assert_eq!(pages(&new, chunk), (ROWS / PAGE_ROWS, 0), "{compression:?} {version:?}");
            assert_eq!(kept(&old, &new, 1), ROWS / PAGE_ROWS - 2, "{compression:?} {version:?}");
            let nulls = (0..ROWS).filter(|row| label(*row).is_none()).count() as u64;
            let statistics = chunk.statistics().expect("as before");
            assert_eq!(bounds(statistics), (Some(&b"airplane"[..]), Some(&b"tram"[..]), Some(nulls)));
            assert!(statistics.min_is_exact() && statistics.max_is_exact());
            let index = &metadata.column_index().expect("as before")[0][1];
            let of_page = (0..ROWS / PAGE_ROWS).map(|page| index.null_count(page).expect("counted"));
            assert_eq!(of_page.sum::<i64>() as u64, nulls);
        }
    }
}

#[test]
fn bounds_follow_what_comes_and_what_goes() {
    let old = file(Compression::SNAPPY, WriterVersion::PARQUET_1_0);
    let of_scores = |bytes: &Bytes| match metadata(bytes).row_group(0).column(2).statistics() {
        Some(Statistics::Double(of)) => (of.min_opt().copied(), of.max_opt().copied()),
        other => panic!("{other:?}"),
    };
    let last = (ROWS - 1) as f64 / 8.0;
    assert_eq!(of_scores(&old), (Some(0.0), Some(last)));
    assert_eq!(of_scores(&with(&old, &[(700, 2, Value::Float(-4.5))])), (Some(-4.5), Some(last)));
    assert_eq!(of_scores(&with(&old, &[(700, 2, Value::Float(1e9))])), (Some(0.0), Some(1e9)));
    // No page has another 0, so all of the column is looked at.
    let without_least = with(&old, &[(0, 2, Value::Float(7.0))]);
    assert_eq!(of_scores(&without_least), (Some(0.125), Some(last)));
    assert_eq!(rows(&without_least).column(2).as_primitive::<Float64Type>().value(0), 7.0);
}

#[test]
fn pages_without_a_dictionary_stay_too() {
    let plain = WriterProperties::builder().set_compression(Compression::SNAPPY).set_dictionary_enabled(false);
    let old = with_properties(plain);
    let new = with(&old, &[(1234, 2, Value::Float(0.5)), (1235, 0, Value::Int(7))]);
    for column in [0, 2] {
        assert_eq!(pages(&new, metadata(&new).row_group(0).column(column)), (0, ROWS / PAGE_ROWS));
        assert_eq!(kept(&old, &new, column), ROWS / PAGE_ROWS - 1);
    }
    let after = rows(&new);
    assert_eq!(after.column(2).as_primitive::<Float64Type>().value(1234), 0.5);
    assert_eq!(after.column(0).as_primitive::<Int64Type>().value(1235), 7);
}

#[test]
fn a_chunk_of_which_most_changes_is_written_anew() {
    let old = file(Compression::SNAPPY, WriterVersion::PARQUET_1_0);
    let cells: Vec<_> = (0..ROWS as u64).step_by(PAGE_ROWS).map(|row| (row, 1, text("tram"))).collect();
    let new = with(&old, &cells);
    assert_eq!(kept(&old, &new, 1), 0);
    assert_eq!(rows(&new).column(1).as_string::<i32>().iter().filter(|label| *label == Some("tram")).count(), 20);
}
