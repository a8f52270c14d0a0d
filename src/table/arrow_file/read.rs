//! Reading batches: one at a time, and of compressed ones no more than their bytes can hold.

use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::error::ArrowError;
use arrow::ipc::RecordBatch as Encoded;
use arrow::ipc::reader::FileDecoder;
use arrow::record_batch::RecordBatch;

use super::ArrowFile;
use super::layout::{Message, damaged, parsed, range};
use crate::table::columnar::guard::guarded;
use crate::table::{Flow, ReadAt, Scan};
use crate::{Error, Result};

/// The most rows of a batch that is given to somebody.
const BATCH_ROWS: u64 = 8192;
/// How many times longer than its compressed form a buffer can be: zstd's blocks of one byte repeated.
const COMPRESSION_MAX: i64 = 40_000;

/// A decoder, and how many dictionaries it has read.
pub(super) struct Decoding<'f> {
    file: &'f ArrowFile<'f>,
    decoder: FileDecoder,
    dictionaries: usize,
    order: Vec<usize>,
}

impl ArrowFile<'_> {
    /// A decoder of some columns, in this order.
    pub(super) fn decoding(&self, columns: Option<&[usize]>) -> Result<Decoding<'_>> {
        let all: Vec<usize> = (0..self.layout.schema.fields().len()).collect();
        let columns = columns.unwrap_or(&all);
        let mut read = columns.to_vec();
        read.sort_unstable();
        read.dedup();
        if let Some(column) = read.last().filter(|column| **column >= all.len()) {
            return Err(Error::not_found("column", column));
        }
        let place = |column: &usize| read.binary_search(column).expect("taken from these");
        let order = columns.iter().map(place).collect();
        let decoder = FileDecoder::new(Arc::clone(&self.layout.schema), self.layout.version).with_projection(read);
        Ok(Decoding { file: self, decoder, dictionaries: 0, order })
    }

    pub(super) fn scan_rows(&self, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        let mut decoding = self.decoding(scan.columns.as_deref())?;
        let end = scan.limit.map_or(self.rows(), |limit| scan.from.saturating_add(limit).min(self.rows()));
        for (number, bounds) in self.starts.windows(2).enumerate() {
            let (mut at, last) = (scan.from.max(bounds[0]), end.min(bounds[1]));
            if at >= last {
                continue;
            }
            let batch = decoding.batch(number)?;
            while at < last {
                let take = (last - at).min(BATCH_ROWS);
                if sink(batch.slice((at - bounds[0]) as usize, take as usize))? == Flow::Stop {
                    return Ok(());
                }
                at += take;
            }
        }
        Ok(())
    }
}

impl Decoding<'_> {
    /// The batch with this number.
    pub(super) fn batch(&mut self, number: usize) -> Result<RecordBatch> {
        let batch = self.file.layout.batches[number];
        guarded("the Arrow file", || {
            let dictionaries = &self.file.layout.dictionaries;
            for dictionary in &dictionaries[self.dictionaries.min(batch.dictionaries)..batch.dictionaries] {
                let (bytes, block) = (message(self.file.file, dictionary.message)?, dictionary.message.block());
                self.decoder.read_dictionary(&block, &bytes).map_err(of_arrow)?;
            }
            self.dictionaries = self.dictionaries.max(batch.dictionaries);
            let bytes = message(self.file.file, batch.message)?;
            let read = self.decoder.read_record_batch(&batch.message.block(), &bytes).map_err(of_arrow)?;
            let read = read.ok_or_else(|| damaged("a batch has no rows"))?;
            if read.num_rows() as u64 != batch.rows {
                return Err(damaged("a batch has other rows than it says"));
            }
            read.project(&self.order).map_err(of_arrow)
        })
    }
}

pub(super) fn of_arrow(error: ArrowError) -> Error {
    damaged(error)
}

/// A message's bytes, none of whose buffers claims to be longer than it can be.
fn message(file: &dyn ReadAt, message: Message) -> Result<Buffer> {
    checked(file, message).map(|(bytes, _)| Buffer::from(bytes))
}

/// As [`message`], and how many bytes its compressed buffers claim to have when they are not.
pub(super) fn checked(file: &dyn ReadAt, message: Message) -> Result<(Vec<u8>, i64)> {
    let bytes = range(file, message.offset, message.len())?;
    let (metadata, body) = bytes.split_at(message.metadata_len as usize);
    let parsed = parsed(metadata)?;
    let batch = match parsed.header_as_dictionary_batch() {
        Some(dictionary) => dictionary.data(),
        None => parsed.header_as_record_batch(),
    };
    let claimed = check(batch.ok_or_else(|| damaged("a message holds no rows"))?, body)?;
    Ok((bytes, claimed))
}

fn check(batch: Encoded<'_>, body: &[u8]) -> Result<i64> {
    let mut claimed: i64 = 0;
    for buffer in batch.buffers().into_iter().flatten() {
        let bounds = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
        let bytes = bounds.and_then(|(offset, len)| body.get(offset..offset.checked_add(len)?));
        let bytes = bytes.ok_or_else(|| damaged("a buffer lies outside its message"))?;
        if batch.compression().is_none() || bytes.is_empty() {
            continue;
        }
        let len = bytes.first_chunk::<8>().map(|len| i64::from_le_bytes(*len));
        let len_max = (bytes.len() as i64).saturating_mul(COMPRESSION_MAX);
        let len = len.filter(|len| (-1..=len_max).contains(len));
        let len = len.ok_or_else(|| damaged("a buffer claims to be longer than it can be"))?;
        claimed = claimed.saturating_add(len.max(0));
    }
    Ok(claimed)
}
