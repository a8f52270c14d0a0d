//! Rows as an Arrow IPC stream: one batch, no compression within.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use veneer::{Error, Result};

/// The media type of such a stream.
pub const ARROW_STREAM: &str = "application/vnd.apache.arrow.stream";

/// The bytes of a stream of one batch.
///
/// # Errors
/// `Invalid` for a type that Arrow cannot write.
pub fn to_stream(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut writer = StreamWriter::try_new(Vec::with_capacity(batch.get_array_memory_size() + 4096), &batch.schema())
        .map_err(unwritten)?;
    writer.write(batch).and_then(|()| writer.finish()).map_err(unwritten)?;
    writer.into_inner().map_err(unwritten)
}

/// The batch with this said of it as a whole.
pub fn with_metadata(batch: &RecordBatch, metadata: HashMap<String, String>) -> Result<RecordBatch> {
    let schema = Arc::new(batch.schema().as_ref().clone().with_metadata(metadata));
    batch.clone().with_schema(schema).map_err(unwritten)
}

fn unwritten(cause: arrow::error::ArrowError) -> Error {
    Error::invalid("rows", "an Arrow stream", "they cannot be written as one").caused_by(cause)
}
