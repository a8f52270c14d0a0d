//! Where the messages of an Arrow file or stream are.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::{self, Block, MessageHeader, MetadataVersion};

use crate::table::ReadAt;
use crate::table::columnar::guard::guarded;
use crate::{Error, Result};

const MAGIC: &[u8; 6] = b"ARROW1";
const MAGIC_V1: &[u8; 4] = b"FEA1";
/// What begins each message of today's format; its length follows.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];

/// A message: its metadata, with the length before it, and its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) offset: u64,
    pub(super) metadata_len: u32,
    pub(super) body_len: u64,
}

/// A batch of rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) message: Message,
    /// How many of the dictionaries come before it; in a file, all do.
    pub(super) dictionaries: usize,
    pub(super) rows: u64,
}

/// A dictionary, or what is added to one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dictionary {
    pub(super) message: Message,
    pub(super) id: i64,
    pub(super) is_delta: bool,
}

/// What is in the file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) schema: SchemaRef,
    pub(super) version: MetadataVersion,
    pub(super) batches: Vec<Batch>,
    pub(super) dictionaries: Vec<Dictionary>,
    /// Of each column, the number of its dictionary.
    pub(super) dictionary_ids: Vec<Option<i64>>,
    /// Where the footer begins, and its bytes; a stream has none.
    pub(super) footer: Option<(u64, Vec<u8>)>,
}

pub(super) fn damaged(why: impl std::fmt::Display) -> Error {
    Error::corrupt("the Arrow file", why)
}

fn no(why: &str) -> Error {
    Error::invalid("Arrow file", "its beginning", why)
}

/// All bytes of a range.
pub(super) fn range(file: &dyn ReadAt, offset: u64, len: u64) -> Result<Vec<u8>> {
    if offset.checked_add(len).is_none_or(|end| end > file.len()) {
        return Err(damaged("it points behind its own end"));
    }
    let mut bytes = vec![0; usize::try_from(len).map_err(damaged)?];
    let mut at = 0;
    while at < bytes.len() {
        match file.read_at(&mut bytes[at..], offset + at as u64)? {
            0 => return Err(damaged("it ends early")),
            read => at += read,
        }
    }
    Ok(bytes)
}

impl Message {
    fn of(block: &Block) -> Result<Message> {
        let number = |value: i64| u64::try_from(value).map_err(damaged);
        let metadata_len = u32::try_from(block.metaDataLength()).map_err(damaged)?;
        Ok(Message { offset: number(block.offset())?, metadata_len, body_len: number(block.bodyLength())? })
    }

    pub(super) fn block(&self) -> Block {
        Block::new(self.offset as i64, self.metadata_len as i32, self.body_len as i64)
    }

    pub(super) fn len(&self) -> u64 {
        u64::from(self.metadata_len).saturating_add(self.body_len)
    }

    /// Its metadata as it lies in the file, with the length before it.
    fn metadata(&self, file: &dyn ReadAt) -> Result<Vec<u8>> {
        let end = self.offset.checked_add(self.len());
        if end.is_none_or(|end| end > file.len()) {
            return Err(damaged("a message is longer than the file"));
        }
        range(file, self.offset, self.metadata_len.into())
    }
}

/// The flatbuffer in a message's metadata.
pub(super) fn parsed(metadata: &[u8]) -> Result<ipc::Message<'_>> {
    let skip = if metadata.starts_with(&CONTINUATION) { 8 } else { 4 };
    ipc::root_as_message(metadata.get(skip..).unwrap_or_default()).map_err(damaged)
}

impl Layout {
    /// Finds all messages, without their bodies.
    ///
    /// # Errors
    /// `Invalid` for what is neither a file nor a stream of Arrow; `Corrupt`.
    pub(super) fn read(file: &dyn ReadAt) -> Result<Layout> {
        let head = range(file, 0, file.len().min(8))?;
        if head.starts_with(MAGIC_V1) {
            return Err(no("it is Feather V1, which is not the Arrow format"));
        }
        guarded(
            "the Arrow file",
            || if head.starts_with(MAGIC) { Layout::of_file(file) } else { Layout::of_stream(file) },
        )
    }

    fn empty(schema: ipc::Schema<'_>, version: MetadataVersion) -> Result<Layout> {
        if !schema.endianness().equals_to_target_endianness() {
            return Err(no("its numbers are in the other byte order"));
        }
        let ids = schema.fields().map(|fields| {
            fields.iter().map(|field| field.dictionary().map(|dictionary| dictionary.id())).collect::<Vec<_>>()
        });
        let schema: Schema = ipc::convert::fb_to_schema(schema);
        Ok(Layout {
            schema: Arc::new(schema),
            version,
            batches: Vec::new(),
            dictionaries: Vec::new(),
            dictionary_ids: ids.unwrap_or_default(),
            footer: None,
        })
    }

    fn of_file(file: &dyn ReadAt) -> Result<Layout> {
        let end = file.len().checked_sub(10).ok_or_else(|| damaged("it is too short"))?;
        let tail = range(file, end, 10)?;
        if !tail.ends_with(MAGIC) {
            return Err(damaged("it does not end as such a file does"));
        }
        let len = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
        let start =
            end.checked_sub(len).filter(|start| *start >= 8).ok_or_else(|| damaged("its footer is too long"))?;
        let bytes = range(file, start, len)?;
        let footer = ipc::root_as_footer(&bytes).map_err(damaged)?;
        let schema = footer.schema().ok_or_else(|| damaged("it has no schema"))?;
        let mut layout = Layout::empty(schema, footer.version())?;
        for block in footer.dictionaries().into_iter().flatten() {
            layout.add(file, Message::of(block)?)?;
        }
        for block in footer.recordBatches().into_iter().flatten() {
            layout.add(file, Message::of(block)?)?;
        }
        layout.footer = Some((start, bytes));
        Ok(layout)
    }

    fn of_stream(file: &dyn ReadAt) -> Result<Layout> {
        let mut layout: Option<Layout> = None;
        let mut offset = 0;
        while let Some((message, metadata)) = next_message(file, offset)? {
            let parsed = parsed(&metadata)?;
            match &mut layout {
                None => {
                    let schema = parsed.header_as_schema().ok_or_else(|| no("it does not begin with a schema"))?;
                    layout = Some(Layout::empty(schema, parsed.version())?);
                }
                Some(layout) => layout.take(message, parsed)?,
            }
            offset = message.offset.saturating_add(message.len());
        }
        layout.ok_or_else(|| no("it is neither a file nor a stream of Arrow"))
    }

    fn add(&mut self, file: &dyn ReadAt, message: Message) -> Result<()> {
        let metadata = message.metadata(file)?;
        self.take(message, parsed(&metadata)?)
    }

    fn take(&mut self, message: Message, parsed: ipc::Message<'_>) -> Result<()> {
        match parsed.header_type() {
            MessageHeader::RecordBatch => {
                let batch = parsed.header_as_record_batch().ok_or_else(|| damaged("a batch says nothing"))?;
                let rows = u64::try_from(batch.length()).map_err(damaged)?;
                self.batches.push(Batch { message, dictionaries: self.dictionaries.len(), rows });
                // A footer may say another one than the messages, which are read as they are.
                self.version = parsed.version();
            }
            MessageHeader::DictionaryBatch => {
                let dictionary =
                    parsed.header_as_dictionary_batch().ok_or_else(|| damaged("a dictionary says nothing"))?;
                let (id, is_delta) = (dictionary.id(), dictionary.isDelta());
                self.dictionaries.push(Dictionary { message, id, is_delta });
            }
            other => return Err(damaged(format!("it has a message that is no rows: {other:?}"))),
        }
        Ok(())
    }
}

/// The message of a stream at `offset`; `None` at the stream's end.
pub(super) fn next_message(file: &dyn ReadAt, offset: u64) -> Result<Option<(Message, Vec<u8>)>> {
    let left = file.len().saturating_sub(offset);
    if left < 4 {
        return Ok(None);
    }
    let head = range(file, offset, left.min(8))?;
    let (len, skip) = match head.strip_prefix(&CONTINUATION) {
        Some(len) => (len.first_chunk::<4>(), 8),
        None => (head.first_chunk::<4>(), 4),
    };
    let len = u32::from_le_bytes(*len.ok_or_else(|| damaged("it ends within a length"))?);
    if len == 0 {
        return Ok(None);
    }
    let metadata_len = len.checked_add(skip).filter(|len| *len <= i32::MAX as u32);
    let metadata_len = metadata_len.ok_or_else(|| no("it is neither a file nor a stream of Arrow"))?;
    let message = Message { offset, metadata_len, body_len: 0 };
    let metadata = match message.metadata(file) {
        Err(_) if offset == 0 => return Err(no("it is neither a file nor a stream of Arrow")),
        metadata => metadata?,
    };
    let body_len = u64::try_from(parsed(&metadata)?.bodyLength()).map_err(damaged)?;
    let message = Message { body_len, ..message };
    message.metadata(file).map(|metadata| Some((message, metadata)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;
    use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
    use arrow::record_batch::RecordBatch;

    use super::*;
    use crate::model::Value;
    use crate::table::{FileEdits, Format, RowSet, applied};

    /// A file of messages of version 4 whose footer says version 5, as Arrow's C++ library writes it.
    fn of_two_versions() -> Vec<u8> {
        let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V4).expect("options");
        let column = Arc::new(Int64Array::from(vec![1, 2, 3])) as arrow::array::ArrayRef;
        let batch = RecordBatch::try_from_iter([("a", column)]).expect("a batch");
        let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options).expect("a writer");
        writer.write(&batch).and_then(|()| writer.finish()).expect("written");
        let mut bytes = writer.into_inner().expect("it is finished");
        let end = bytes.len() - 10;
        let len = u32::from_le_bytes(bytes[end..end + 4].try_into().expect("four bytes")) as usize;
        let table = ipc::root_as_footer(&bytes[end - len..end]).expect("a footer")._tab;
        let at = end - len + table.loc() + usize::from(table.vtable().get(ipc::Footer::VT_VERSION));
        assert_eq!(bytes[at], 3, "version 4 is the fourth");
        bytes[at] = 4;
        bytes
    }

    #[test]
    fn messages_of_another_version_than_the_footer_says_are_read_and_edited() {
        let bytes = of_two_versions();
        let file = super::super::ArrowIpc.open(&bytes, None).expect("a file");
        assert_eq!(file.row(0, 1).expect("a row"), [Value::Int(2)]);
        let set = RowSet { table: 0, row: 1, cells: vec![(0, Value::Int(20))] };
        let splice = file.splice(&FileEdits { sets: vec![set], ..FileEdits::default() }).expect("an edit");
        let edited = applied(&bytes, &splice).expect("no overlap");
        let file = super::super::ArrowIpc.open(&edited, None).expect("a file");
        let rows: Vec<Vec<Value>> = (0..3).map(|row| file.row(0, row).expect("a row")).collect();
        assert_eq!(rows, [[Value::Int(1)], [Value::Int(20)], [Value::Int(3)]]);
    }
}
