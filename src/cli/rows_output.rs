//! Rows on stdout: as a table for a person, or in a format for a program.
//!
//! Everything streams: a batch is written before the next one is asked for. Only the table
//! for a person looks ahead, at the first batch, to know how wide its columns are.

use std::io::{self, BufWriter, IsTerminal, Write};

use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use arrow::record_batch::RecordBatch;
use clap::ValueEnum;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use veneer::table::parquet::storable;

use super::output::output_failed;
use super::report::{Failure, Result};
use super::rows_table::TableWriter;
use super::rows_text::{CsvWriter, JsonWriter};

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RowsFormat {
    /// Aligned columns, for a person
    Table,
    /// One array of objects
    Json,
    /// Comma separated, with a header; lists and structs as JSON
    Csv,
    /// An Arrow IPC stream
    Arrow,
    /// An Arrow IPC file, which can be mapped
    ArrowFile,
    /// A Parquet file, compressed with zstd
    Parquet,
}

impl RowsFormat {
    /// The format that was asked for, else the one that `--json` means.
    pub(super) fn or_default(asked: Option<RowsFormat>, json: bool) -> RowsFormat {
        asked.unwrap_or(if json { RowsFormat::Json } else { RowsFormat::Table })
    }

    fn is_binary(self) -> bool {
        matches!(self, RowsFormat::Arrow | RowsFormat::ArrowFile | RowsFormat::Parquet)
    }
}

/// Refuses a format of bytes where a person would see them; asked before anything is read.
///
/// # Errors
/// Wrong usage, with what to do instead.
pub(super) fn check_terminal(format: RowsFormat, out_is_terminal: bool) -> Result<()> {
    if !format.is_binary() || !out_is_terminal {
        return Ok(());
    }
    let name = format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    Err(Failure::usage(format!("rows as {name} are bytes that a terminal cannot show"))
        .hint(format!("write them to a file: `… --format {name} > rows.{}`", name.split('-').next().unwrap_or("bin"))))
}

/// Prints rows to stdout, and returns how many there were.
///
/// # Errors
/// As [`check_terminal`] and [`write_rows`]; a reader that has gone ends the command quietly.
pub(super) fn print_rows(
    format: RowsFormat,
    schema: &SchemaRef,
    batches: impl Iterator<Item = veneer::Result<RecordBatch>>,
) -> Result<u64> {
    check_terminal(format, io::stdout().is_terminal())?;
    let mut out = BufWriter::with_capacity(256 * 1024, io::stdout());
    let rows = write_rows(format, schema, batches, &mut out)?;
    out.flush().map_err(output_failed)?;
    Ok(rows)
}

/// Writes rows in a format, batch by batch, and returns how many there were.
///
/// The batches have the columns of the schema; how a column is stored (a dictionary, a view) may differ from batch
/// to batch.
///
/// # Errors
/// Those of the batches and of `out`; the format's where it cannot hold a type.
pub(super) fn write_rows(
    format: RowsFormat,
    schema: &SchemaRef,
    batches: impl Iterator<Item = veneer::Result<RecordBatch>>,
    out: &mut (dyn Write + Send),
) -> Result<u64> {
    let schema = &if format == RowsFormat::Parquet { storable(schema) } else { schema.clone() };
    let mut writer: Box<dyn RowsWriter + '_> = match format {
        RowsFormat::Table => Box::new(TableWriter::new(schema, out)),
        RowsFormat::Json => Box::new(JsonWriter::new(schema, out)),
        RowsFormat::Csv => Box::new(CsvWriter::new(schema, out)),
        RowsFormat::Arrow => Box::new(StreamWriter::try_new(out, schema).map_err(refused)?),
        RowsFormat::ArrowFile => Box::new(FileWriter::try_new(out, schema).map_err(refused)?),
        RowsFormat::Parquet => Box::new(parquet(schema, out)?),
    };
    let mut rows = 0;
    for batch in batches {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        match format.is_binary() {
            true => writer.write(&stored_as(schema, &batch)?)?,
            false => writer.write(&batch)?,
        }
    }
    writer.finish()?;
    Ok(rows)
}

/// Something that takes rows, batch by batch.
pub(super) trait RowsWriter {
    /// Writes the rows of a batch.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;

    /// Writes what comes after the last row.
    fn finish(&mut self) -> Result<()>;
}

impl<W: Write> RowsWriter for StreamWriter<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        StreamWriter::write(self, batch).map_err(refused)
    }

    fn finish(&mut self) -> Result<()> {
        StreamWriter::finish(self).map_err(refused)
    }
}

impl<W: Write> RowsWriter for FileWriter<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        FileWriter::write(self, batch).map_err(refused)
    }

    fn finish(&mut self) -> Result<()> {
        FileWriter::finish(self).map_err(refused)
    }
}

impl<W: Write + Send> RowsWriter for ArrowWriter<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        ArrowWriter::write(self, batch).map_err(parquet_refused)
    }

    fn finish(&mut self) -> Result<()> {
        ArrowWriter::finish(self).map(drop).map_err(parquet_refused)
    }
}

fn parquet<W: Write + Send>(schema: &SchemaRef, out: W) -> Result<ArrowWriter<W>> {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    ArrowWriter::try_new(out, schema.clone(), Some(properties)).map_err(parquet_refused)
}

/// The batch with each column stored as the schema says.
fn stored_as(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch> {
    let stored = batch.columns().iter().zip(schema.fields()).map(|(column, field)| match field.data_type() {
        to if column.data_type() == to => Ok(column.clone()),
        to => cast(column, to).map_err(refused),
    });
    RecordBatch::try_new(schema.clone(), stored.collect::<Result<_>>()?).map_err(refused)
}

/// What an Arrow writer says, whose cause may be that the reader has gone.
fn refused(error: ArrowError) -> Failure {
    match error {
        ArrowError::IoError(_, cause) => output_failed(cause),
        other => Failure::error(format!("cannot write the rows: {other}")),
    }
}

fn parquet_refused(error: ParquetError) -> Failure {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => output_failed(*cause),
            Err(cause) => Failure::error(format!("cannot write the rows: {cause}")),
        },
        other => Failure::error(format!("cannot write the rows: {other}")),
    }
}

#[cfg(test)]
mod tests;
