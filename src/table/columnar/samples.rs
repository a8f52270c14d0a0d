//! Small files of both formats, made by the libraries' own writers.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{Int8Type, Int32Type};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};

/// Rows of a number, a text, a list and a dictionary.
pub(super) fn batch(rows: i64) -> RecordBatch {
    let texts = (0..rows).map(|row| (row % 7 != 3).then(|| format!("text {}", row % 11))).collect::<StringArray>();
    let lists = (0..rows).map(|row| (row % 5 != 1).then(|| (0..row % 4).map(|at| Some(at as i32))));
    let labels = (0..rows).map(|row| (row % 9 != 0).then_some(["car", "bus", "tram"][row as usize % 3]));
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new((0..rows).collect::<Int64Array>())),
        ("text", Arc::new(texts)),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
        ("label", Arc::new(labels.collect::<DictionaryArray<Int8Type>>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, name != "id")))
        .expect("equally long")
}

/// A Parquet file of three row groups.
pub(super) fn parquet(rows: i64, compression: Compression, is_v2: bool) -> Vec<u8> {
    let version = if is_v2 { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_writer_version(version)
        .set_data_page_row_count_limit(20)
        .set_write_batch_size(10)
        .set_bloom_filter_enabled(is_v2)
        .set_max_row_group_row_count(Some((rows as usize / 3).max(1)));
    let batch = batch(rows);
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).expect("it can be written");
    writer.write(&batch).expect("room in memory");
    writer.into_inner().expect("room in memory")
}

/// An Arrow file, or a stream, of two batches.
pub(super) fn arrow(rows: i64, compression: Option<CompressionType>, is_file: bool) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).expect("it can be compressed");
    let batch = batch(rows);
    let halves = [batch.slice(0, rows as usize / 2), batch.slice(rows as usize / 2, (rows - rows / 2) as usize)];
    if is_file {
        let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).expect("a writer");
        halves.iter().for_each(|half| writer.write(half).expect("room in memory"));
        writer.finish().expect("room in memory");
        return writer.into_inner().expect("it is finished");
    }
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options).expect("a writer");
    halves.iter().for_each(|half| writer.write(half).expect("room in memory"));
    writer.finish().expect("room in memory");
    writer.into_inner().expect("it is finished")
}
