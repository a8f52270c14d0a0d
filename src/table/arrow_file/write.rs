//! A batch or a dictionary as a message's bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::writer::{DictionaryTracker, EncodedData, IpcDataGenerator, IpcWriteOptions, write_message};
use arrow::ipc::{self, DictionaryBatch, MetadataVersion};
use arrow::record_batch::RecordBatch;

use super::layout::{CONTINUATION, damaged, parsed};
use super::read::of_arrow;
use crate::Result;

/// A message's bytes, and how many of them are its metadata.
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    pub(super) metadata_len: u32,
}

/// How a batch was written: the same is done again.
///
/// # Errors
/// `Corrupt`.
pub(super) fn options(metadata: &[u8]) -> Result<IpcWriteOptions> {
    let message = parsed(metadata)?;
    let batch = message.header_as_record_batch().ok_or_else(|| damaged("a batch says nothing"))?;
    let is_wide = batch.buffers().into_iter().flatten().all(|buffer| buffer.offset() % 64 == 0);
    let is_old = message.version() < MetadataVersion::V5;
    let version = if is_old { MetadataVersion::V4 } else { MetadataVersion::V5 };
    let is_bare = is_old && !metadata.starts_with(&CONTINUATION);
    let options = IpcWriteOptions::try_new(if is_wide { 64 } else { 8 }, is_bare, version).map_err(of_arrow)?;
    let codec = batch.compression().map(|compression| compression.codec());
    options.try_with_compression(codec).map_err(of_arrow)
}

/// The message of a batch; its dictionaries are others' affair.
///
/// # Errors
/// Those of the library.
pub(super) fn batch_message(batch: &RecordBatch, options: &IpcWriteOptions) -> Result<Written> {
    let (_, encoded) = encode(batch, options)?;
    written(encoded, options)
}

fn encode(batch: &RecordBatch, options: &IpcWriteOptions) -> Result<(Vec<EncodedData>, EncodedData)> {
    let generator = IpcDataGenerator::default();
    let mut tracker = DictionaryTracker::new(false);
    generator.schema_to_bytes_with_dictionary_tracker(&batch.schema(), &mut tracker, options);
    generator.encode(batch, &mut tracker, options, &mut Default::default()).map_err(of_arrow)
}

fn written(encoded: EncodedData, options: &IpcWriteOptions) -> Result<Written> {
    let mut bytes = Vec::new();
    let (metadata_len, _) = write_message(&mut bytes, encoded, options).map_err(of_arrow)?;
    Ok(Written { bytes, metadata_len: u32::try_from(metadata_len).map_err(damaged)? })
}

/// The message of the dictionary that a column has, under the number `id`.
///
/// # Errors
/// Those of the library.
pub(super) fn dictionary_message(column: &ArrayRef, id: i64, options: &IpcWriteOptions) -> Result<Written> {
    // The library counts dictionaries from 0, and leaves that number out of the message: so
    // this one goes second, and its number is set afterwards.
    let first = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    let schema = Schema::new(vec![
        Field::new("first", first.clone(), true),
        Field::new("second", column.data_type().clone(), true),
    ]);
    let columns = vec![new_null_array(&first, column.len()), Arc::clone(column)];
    let batch = RecordBatch::try_new(Arc::new(schema), columns).map_err(of_arrow)?;
    let (mut dictionaries, _) = encode(&batch, options)?;
    let mut encoded = dictionaries.pop().ok_or_else(|| damaged("a dictionary was not written"))?;
    let at = {
        let message = ipc::root_as_message(&encoded.ipc_message).map_err(damaged)?;
        let table = message.header_as_dictionary_batch().ok_or_else(|| damaged("it is no dictionary"))?._tab;
        table.loc() + usize::from(table.vtable().get(DictionaryBatch::VT_ID))
    };
    encoded.ipc_message[at..at + 8].copy_from_slice(&id.to_le_bytes());
    let message = ipc::root_as_message(&encoded.ipc_message).map_err(damaged)?;
    let has_id = message.header_as_dictionary_batch().is_some_and(|dictionary| dictionary.id() == id);
    assert!(has_id, "the number was set where the message has it");
    written(encoded, options)
}
