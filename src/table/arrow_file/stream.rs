//! The batches of a stream that somebody sends: what its messages claim is not believed.

use std::io::Cursor;

use arrow::ipc::MessageHeader;
use arrow::ipc::reader::StreamReader;
use bytes::Bytes;

use super::layout::{damaged, next_message, parsed};
use super::read::{checked, of_arrow};
use crate::Result;
use crate::table::columnar::guard::guarded;

/// A stream has no more bytes than these when nothing of it is compressed any more.
const BYTES_MAX: i64 = 2 << 30;

/// What `read` makes of the batches of a stream.
///
/// The library takes memory for whatever length a message claims, and panics on some that are damaged. So all lengths
/// are held against the bytes that are there before, and a panic, also one of `read`, is an error.
///
/// # Errors
/// `Corrupt`, and `Invalid` for what is no stream at all; those of `read`.
pub fn read_stream<T>(bytes: Bytes, read: impl FnOnce(StreamReader<Cursor<Bytes>>) -> Result<T>) -> Result<T> {
    guarded("the Arrow stream", || {
        check(&bytes)?;
        read(StreamReader::try_new(Cursor::new(bytes), None).map_err(of_arrow)?)
    })
}

fn check(bytes: &Bytes) -> Result<()> {
    let (mut offset, mut claimed) = (0, 0_i64);
    while let Some((at, metadata)) = next_message(bytes, offset)? {
        if matches!(parsed(&metadata)?.header_type(), MessageHeader::RecordBatch | MessageHeader::DictionaryBatch) {
            claimed = claimed.saturating_add(checked(bytes, at)?.1);
        }
        if claimed > BYTES_MAX {
            return Err(damaged(format!("it claims to hold {claimed} bytes, and {BYTES_MAX} is the most")));
        }
        offset = at.offset.saturating_add(at.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, DictionaryArray, Float64Array, StringArray};
    use arrow::datatypes::Int32Type;
    use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
    use arrow::ipc::{self, CompressionType};
    use arrow::record_batch::RecordBatch;

    use super::*;

    fn stream(compression: Option<CompressionType>) -> Vec<u8> {
        let samples: ArrayRef = Arc::new(StringArray::from_iter_values((0..50).map(|row| row.to_string())));
        let labels: DictionaryArray<Int32Type> = (0..50).map(|row| if row % 2 == 0 { "cat" } else { "dog" }).collect();
        let loss: ArrayRef = Arc::new(Float64Array::from_iter_values((0..50).map(f64::from)));
        let columns = [("sample", samples), ("label", Arc::new(labels) as ArrayRef), ("loss", loss)];
        let rows = RecordBatch::try_from_iter(columns).expect("columns of one length");
        let options = IpcWriteOptions::default().try_with_compression(compression).expect("known");
        let mut writer = StreamWriter::try_new_with_options(Vec::new(), &rows.schema(), options).expect("a writer");
        writer.write(&rows).expect("written");
        writer.into_inner().expect("bytes")
    }

    fn rows_of(bytes: Vec<u8>) -> Result<usize> {
        read_stream(bytes.into(), |reader| {
            reader.map(|batch| batch.map(|batch| batch.num_rows()).map_err(of_arrow)).sum()
        })
    }

    #[test]
    fn a_stream_with_any_byte_changed_is_read_or_refused() {
        for compression in [None, Some(CompressionType::ZSTD)] {
            let whole = stream(compression);
            assert_eq!(rows_of(whole.clone()).expect("rows"), 50);
            let mut refused = 0;
            for (at, byte) in (0..whole.len()).flat_map(|at| [0, 1, 0x7f, 0x80, 0xff].map(|byte| (at, byte))) {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                refused += usize::from(rows_of(bytes).is_err());
            }
            assert!(refused > 100, "{refused}");
        }
    }

    #[test]
    fn a_body_that_claims_to_be_longer_than_the_stream_is_refused() {
        let mut bytes = stream(None);
        // The last message is the batch: its metadata begins behind the last continuation mark but one.
        let marks: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..*at + 4] == [0xff; 4]).collect();
        let metadata = marks[marks.len() - 2] + 8;
        let len = ipc::root_as_message(&bytes[metadata..]).expect("a message").bodyLength();
        let at = bytes[metadata..].windows(8).position(|eight| eight == len.to_le_bytes()).expect("it is told");
        bytes[metadata + at + 5] = 1;
        let error = rows_of(bytes).expect_err("1 TiB");
        assert!(error.to_string().contains("longer than the file"), "{error}");
    }
}
