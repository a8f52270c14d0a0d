//! Rows at rest: an Arrow IPC stream when they come in, a Parquet file once they are compacted.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, Datum, StringArray};
use arrow::compute::filter_record_batch;
use arrow::compute::kernels::cmp::eq;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ParquetRecordBatchReaderBuilder, RowFilter};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;

use super::batch::{EPOCH, SAMPLE};
use crate::model::{Part, Series};
use crate::store::Store;
use crate::{Error, Result};

/// The rows of a row group: few enough that an epoch can be read without those around it.
const GROUP_ROWS: usize = 128 * 1024;
/// Rows that are read at a time.
const BATCH_ROWS: usize = 64 * 1024;

/// What is wanted of the rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    /// Names of columns beside sample and epoch; `None` is all.
    pub(super) columns: Option<&'a [String]>,
    /// Only rows of this epoch.
    pub(super) epoch: Option<i64>,
    /// Only rows of this sample.
    pub(super) sample: Option<&'a str>,
}

impl Wanted<'_> {
    pub(super) fn has(&self, name: &str) -> bool {
        name == SAMPLE || name == EPOCH || self.columns.is_none_or(|columns| columns.iter().any(|one| one == name))
    }

    fn rows(&self, batch: &RecordBatch) -> std::result::Result<RecordBatch, arrow::error::ArrowError> {
        let mut batch = batch.clone();
        if let Some(epoch) = self.epoch {
            batch = only(&batch, 1, &arrow::array::Int64Array::new_scalar(epoch))?;
        }
        if let Some(sample) = self.sample {
            batch = only(&batch, 0, &StringArray::new_scalar(sample))?;
        }
        Ok(batch)
    }
}

fn only(
    batch: &RecordBatch,
    column: usize,
    value: &dyn Datum,
) -> std::result::Result<RecordBatch, arrow::error::ArrowError> {
    let kept: BooleanArray = eq(batch.column(column), value)?;
    if kept.true_count() == kept.len() { Ok(batch.clone()) } else { filter_record_batch(batch, &kept) }
}

/// The rows as an Arrow IPC stream.
pub(super) fn to_stream(rows: &RecordBatch) -> Result<Vec<u8>> {
    let write = || {
        let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema())?;
        writer.write(rows)?;
        writer.into_inner()
    };
    write().map_err(|cause: arrow::error::ArrowError| unwritten(cause))
}

/// The rows as a Parquet file, compressed with zstd.
pub(super) fn to_parquet(rows: &RecordBatch) -> Result<Vec<u8>> {
    let write = || {
        let level = ZstdLevel::try_new(1)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties))?;
        writer.write(rows)?;
        writer.into_inner()
    };
    write().map_err(|cause: parquet::errors::ParquetError| unwritten(cause))
}

/// Reads what is wanted of a part; `sample` and `epoch` are the first columns.
pub(super) fn read(store: &dyn Store, part: &Part, wanted: &Wanted<'_>) -> Result<Vec<RecordBatch>> {
    let is_within = |epoch| (part.epochs.0..=part.epochs.1).contains(&epoch);
    if part.rows == 0 || wanted.epoch.is_some_and(|epoch| !is_within(epoch)) {
        return Ok(Vec::new());
    }
    let bytes = store.get(part.blob)?;
    let damaged = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::corrupt(format!("metrics {}", part.blob.short()), "they cannot be read").caused_by(cause)
    };
    match part.is_compact {
        true => read_parquet(bytes, wanted).map_err(|cause| damaged(cause.into())),
        false => read_stream(&bytes, wanted).map_err(|cause| damaged(cause.into())),
    }
}

fn read_stream(bytes: &[u8], wanted: &Wanted<'_>) -> std::result::Result<Vec<RecordBatch>, arrow::error::ArrowError> {
    let reader = StreamReader::try_new(bytes, None)?;
    let schema = reader.schema();
    let places: Vec<usize> =
        schema.fields().iter().enumerate().filter(|(_, field)| wanted.has(field.name())).map(|(at, _)| at).collect();
    reader.map(|batch| wanted.rows(&batch?.project(&places)?)).collect()
}

fn read_parquet(
    bytes: Bytes,
    wanted: &Wanted<'_>,
) -> std::result::Result<Vec<RecordBatch>, parquet::errors::ParquetError> {
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?.with_batch_size(BATCH_ROWS);
    let fields = reader.schema().fields().clone();
    let places = fields.iter().enumerate().filter(|(_, field)| wanted.has(field.name())).map(|(at, _)| at);
    let mask = ProjectionMask::roots(reader.parquet_schema(), places);
    if let Some(epoch) = wanted.epoch {
        let groups = reader.metadata().row_groups().iter().enumerate();
        let groups = groups.filter(|(_, group)| may_have(group, epoch)).map(|(at, _)| at).collect();
        reader = reader.with_row_groups(groups);
    }
    if let Some(sample) = wanted.sample {
        // The other columns are read only where the sample is.
        let of_samples = ProjectionMask::roots(reader.parquet_schema(), [0]);
        let sample = StringArray::from(vec![sample]);
        let is_it = ArrowPredicateFn::new(of_samples, move |batch: RecordBatch| {
            eq(batch.column(0).as_string::<i32>(), &arrow::array::Scalar::new(&sample))
        });
        reader = reader.with_row_filter(RowFilter::new(vec![Box::new(is_it)]));
    }
    let batches = reader.with_projection(mask).build()?;
    batches.map(|batch| Ok(wanted.rows(&batch?)?)).collect()
}

/// Whether a row group may have rows of an epoch.
fn may_have(group: &RowGroupMetaData, epoch: i64) -> bool {
    match group.column(1).statistics() {
        Some(Statistics::Int64(of)) => {
            of.min_opt().is_none_or(|least| *least <= epoch) && of.max_opt().is_none_or(|most| epoch <= *most)
        }
        _ => true,
    }
}

/// The columns of a series: `sample`, `epoch`, and the others.
pub(super) fn schema_of(series: &Series) -> Result<SchemaRef> {
    let mut fields =
        vec![Arc::new(Field::new(SAMPLE, DataType::Utf8, false)), Arc::new(Field::new(EPOCH, DataType::Int64, false))];
    if !series.schema.is_empty() {
        let reader = StreamReader::try_new(series.schema.as_slice(), None)
            .map_err(|cause| Error::corrupt("a run record", "its columns cannot be read").caused_by(cause))?;
        fields.extend(reader.schema().fields().iter().cloned());
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// The columns beside `sample` and `epoch`, as a series keeps them.
pub(super) fn encode_schema(schema: &Schema) -> Result<Vec<u8>> {
    let others = Schema::new(schema.fields().iter().skip(2).cloned().collect::<Vec<_>>());
    let write = || StreamWriter::try_new(Vec::new(), &others)?.into_inner();
    write().map_err(|cause: arrow::error::ArrowError| unwritten(cause))
}

fn unwritten(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    super::batch::invalid("", "it cannot be written").caused_by(cause)
}
