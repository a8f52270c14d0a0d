//! The table of samples as a Parquet file: what a mount shows beside the files.

use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::dataset::rows::RowQuery;
use crate::dataset::view::View;
use crate::table::parquet::storable;
use crate::table::{Flow, guarded};
use crate::{Error, Result};

impl View {
    /// The table `samples` as Parquet, compressed with zstd; `None` where there are neither images nor tables.
    ///
    /// The same view gives the same bytes.
    ///
    /// # Errors
    /// Those of the files that say what samples are.
    pub fn samples_parquet(&self) -> Result<Option<Vec<u8>>> {
        let Some(table) = self.tables()?.into_iter().rfind(super::Table::is_samples) else { return Ok(None) };
        let mut writer: Option<ArrowWriter<Vec<u8>>> = None;
        self.query_rows(&table, &RowQuery::default(), &mut |schema, rows| {
            if writer.is_none() {
                let level = ZstdLevel::try_new(3).map_err(failed)?;
                let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
                let schema = storable(schema);
                writer = Some(ArrowWriter::try_new(Vec::new(), schema, Some(properties)).map_err(failed)?);
            }
            if let (Some(writer), Some(rows)) = (&mut writer, rows) {
                let rows = stored_as(&storable(schema), &rows)?;
                guarded("table of samples", || writer.write(&rows).map_err(failed))?;
            }
            Ok(Flow::More)
        })?;
        writer.map(|writer| guarded("table of samples", || writer.into_inner().map_err(failed))).transpose()
    }
}

/// The rows with columns of the types that the schema has: a dictionary becomes its texts.
fn stored_as(schema: &SchemaRef, rows: &RecordBatch) -> Result<RecordBatch> {
    let pairs = rows.columns().iter().zip(schema.fields());
    let columns = pairs.map(|(column, field)| cast(column, field.data_type())).collect::<std::result::Result<_, _>>();
    columns.and_then(|columns| RecordBatch::try_new(schema.clone(), columns)).map_err(failed)
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::invalid("table", super::NAME, "it cannot be written as Parquet").caused_by(cause)
}
