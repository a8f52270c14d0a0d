//! Where a base's columns lie in its bytes.
//!
//! Only the Arrow footer and the one record batch's header are read, a few
//! kilobytes however many entries there are. The columns themselves are neither
//! touched nor checked here: each value is, when it is read.

use arrow::datatypes::DataType;
use arrow::ipc::{self, Endianness, Type};

use super::{Row, Totals};
use crate::store::Object;
use crate::{Error, ErrorKind, Result};

/// The version of the format that this program writes and reads.
pub(super) const VERSION: &str = "1";
/// The keys of the schema's metadata.
pub(super) const VERSION_KEY: &str = "veneer.base.version";
pub(super) const FILES_KEY: &str = "veneer.base.files";
pub(super) const FOLDERS_KEY: &str = "veneer.base.folders";
pub(super) const SYMLINKS_KEY: &str = "veneer.base.symlinks";
pub(super) const BYTES_KEY: &str = "veneer.base.bytes";

/// The columns that every base begins with, in this order; what follows them is not read.
pub(super) const COLUMNS: [(&str, DataType); 9] = [
    ("parent", DataType::UInt32),
    ("name", DataType::LargeBinary),
    ("kind", DataType::UInt8),
    ("size", DataType::UInt64),
    ("mtime_ns", DataType::Int64),
    ("mode", DataType::UInt16),
    ("first_child", DataType::UInt32),
    ("child_count", DataType::UInt32),
    ("link_target", DataType::Binary),
];

const MAGIC: &[u8] = b"ARROW1";
/// What stands at the end of the file: the footer's length and the magic.
const TAIL_LEN: u64 = 4 + MAGIC.len() as u64;
/// What stands before a message: the continuation marker and the message's length.
const PREFIX_LEN: usize = 8;
/// The longest footer or header that is believed, in bytes.
const HEADER_LEN_MAX: usize = 1 << 20;

/// Offsets of the columns' values, in bytes from the beginning of the object.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) rows: Row,
    pub(super) totals: Totals,
    pub(super) parent: u64,
    pub(super) name: Text,
    pub(super) kind: u64,
    pub(super) size: u64,
    pub(super) mtime: u64,
    pub(super) mode: u64,
    pub(super) first_child: u64,
    pub(super) child_count: u64,
    pub(super) link_target: Text,
}

/// A column of byte strings: row `n` is `data[offsets[n]..offsets[n + 1]]`.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) offsets: u64,
    pub(super) data: u64,
    pub(super) data_len: u64,
}

impl Layout {
    /// Finds the columns in `object`; an error is of what `what` is called.
    pub(super) fn read(object: &Object, what: &str) -> Result<Layout> {
        let broken = |why: &str| Error::corrupt(what, why);
        let footer = footer(object).ok_or_else(|| broken("it does not end as an Arrow file"))?;
        let footer = ipc::root_as_footer(&footer).map_err(|_| broken("its footer is crooked"))?;
        let schema = footer.schema().ok_or_else(|| broken("it has no schema"))?;
        let totals = totals(&schema, what)?;
        if schema.endianness() != Endianness::Little || !has_columns(&schema) {
            return Err(broken("it has other columns than a base"));
        }
        let blocks = footer.recordBatches().filter(|blocks| blocks.len() == 1);
        let block = blocks.ok_or_else(|| broken("it is not one record batch"))?.get(0);
        let (header, body) = header(object, block).ok_or_else(|| broken("its record batch has no header"))?;
        let message = ipc::root_as_message(&header).map_err(|_| broken("its batch's header is crooked"))?;
        let batch = message.header_as_record_batch().filter(|batch| batch.compression().is_none());
        let batch = batch.ok_or_else(|| broken("its batch's header is of another kind"))?;
        let rows = Row::try_from(batch.length()).ok().filter(|&rows| rows > 0);
        let rows = rows.ok_or_else(|| broken("it has no entry, or too many"))?;
        if totals.entries() != Some(u64::from(rows)) {
            return Err(broken("its totals are not those of its entries"));
        }
        let buffers = batch.buffers().into_iter().flatten();
        let buffers = buffers.map(|buffer| Some((u64::try_from(buffer.offset()).ok()?, buffer.length())));
        let places = Places { buffers, body, end: object.len(), rows };
        places.layout(totals).ok_or_else(|| broken("a column lies outside of it"))
    }
}

/// The footer, copied: its reader wants it aligned.
fn footer(object: &Object) -> Option<Vec<u8>> {
    let tail_at = object.len().checked_sub(TAIL_LEN)?;
    let tail = object.slice(tail_at, TAIL_LEN as usize).ok()?;
    let (len, magic) = tail.split_first_chunk::<4>()?;
    let len = usize::try_from(i32::from_le_bytes(*len)).ok().filter(|&len| len <= HEADER_LEN_MAX)?;
    if magic != MAGIC {
        return None;
    }
    Some(object.slice(tail_at.checked_sub(len as u64)?, len).ok()?.to_vec())
}

/// The header of a record batch, copied, and where its body begins.
fn header(object: &Object, block: &ipc::Block) -> Option<(Vec<u8>, u64)> {
    let offset = u64::try_from(block.offset()).ok()?;
    let len = usize::try_from(block.metaDataLength()).ok().filter(|&len| len <= HEADER_LEN_MAX)?;
    let framed = object.slice(offset, len).ok()?;
    let (prefix, message) = framed.split_at_checked(PREFIX_LEN)?;
    let message_len = u32::from_le_bytes(*prefix.last_chunk()?);
    if prefix[..4] != [0xff; 4] {
        return None;
    }
    Some((message.get(..message_len as usize)?.to_vec(), offset.checked_add(len as u64)?))
}

fn totals(schema: &ipc::Schema<'_>, what: &str) -> Result<Totals> {
    let pairs = schema.custom_metadata();
    let text = |key: &str| pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key() == Some(key))?.value());
    match text(VERSION_KEY) {
        Some(VERSION) => {}
        None => return Err(Error::corrupt(what, "it is an Arrow file, but no base")),
        Some(other) => {
            let found = format!("a base of format {other}");
            return Err(Error::new(ErrorKind::StoreUnknown { path: what.to_owned(), found }));
        }
    }
    let number = |key| {
        let number = text(key).and_then(|text| text.parse::<u64>().ok());
        number.ok_or_else(|| Error::corrupt(what, format!("`{key}` is no number")))
    };
    let (files, folders, symlinks) = (number(FILES_KEY)?, number(FOLDERS_KEY)?, number(SYMLINKS_KEY)?);
    Ok(Totals { files, folders, symlinks, bytes: number(BYTES_KEY)? })
}

fn has_columns(schema: &ipc::Schema<'_>) -> bool {
    let Some(fields) = schema.fields().filter(|fields| fields.len() >= COLUMNS.len()) else {
        return false;
    };
    fields.iter().zip(&COLUMNS).all(|(field, (name, data_type))| {
        let integer =
            |bits, signed| field.type_as_int().is_some_and(|int| int.bitWidth() == bits && int.is_signed() == signed);
        field.name() == Some(*name)
            && match data_type {
                DataType::UInt8 => integer(8, false),
                DataType::UInt16 => integer(16, false),
                DataType::UInt32 => integer(32, false),
                DataType::UInt64 => integer(64, false),
                DataType::Int64 => integer(64, true),
                DataType::Binary => field.type_type() == Type::Binary,
                DataType::LargeBinary => field.type_type() == Type::LargeBinary,
                _ => false,
            }
    })
}

/// The record batch's buffers, taken one after the other; each is checked to lie in the object.
struct Places<I> {
    buffers: I,
    body: u64,
    end: u64,
    rows: Row,
}

impl<I: Iterator<Item = Option<(u64, i64)>>> Places<I> {
    // In the order of `COLUMNS`: struct fields are evaluated in the order they are written.
    fn layout(mut self, totals: Totals) -> Option<Layout> {
        Some(Layout {
            rows: self.rows,
            totals,
            parent: self.values(4)?,
            name: self.text(8)?,
            kind: self.values(1)?,
            size: self.values(8)?,
            mtime: self.values(8)?,
            mode: self.values(2)?,
            first_child: self.values(4)?,
            child_count: self.values(4)?,
            link_target: self.text(4)?,
        })
    }

    fn values(&mut self, width: u64) -> Option<u64> {
        let _validity = self.buffer()?;
        let (at, len) = self.buffer()?;
        (len >= u64::from(self.rows) * width).then_some(at)
    }

    fn text(&mut self, width: u64) -> Option<Text> {
        let _validity = self.buffer()?;
        let (offsets, offsets_len) = self.buffer()?;
        let (data, data_len) = self.buffer()?;
        (offsets_len >= (u64::from(self.rows) + 1) * width).then_some(Text { offsets, data, data_len })
    }

    /// The next buffer's offset in the object, and its length.
    fn buffer(&mut self) -> Option<(u64, u64)> {
        let (offset, len) = self.buffers.next()??;
        let (at, len) = (self.body.checked_add(offset)?, u64::try_from(len).ok()?);
        (at.checked_add(len)? <= self.end).then_some((at, len))
    }
}
