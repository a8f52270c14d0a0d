//! The bytes of the log: groups of records.
//!
//! A group is written by one write and is whole or not there: its checksums
//! are keyed by the store and by the place where it stands, so neither a torn
//! group nor a copy of one inside a blob is taken for a group. The table comes
//! before the payloads and has a checksum of its own, so that a reader can
//! index a log without reading what is stored in it. Only bytes here, no file.

use super::frame::{Key, Sum, u32_at, u64_at};
use crate::model::{Id, ObjectKind, RefValue};

/// What a group begins with.
pub(super) const GROUP_MAGIC: &[u8; 8] = b"VNRGROUP";

/// The bytes of a group before its table.
pub(super) const GROUP_HEAD_LEN: usize = 88;
/// The bytes of one record in the table.
pub(super) const ITEM_LEN: usize = 64;
/// Groups begin at multiples of this, so that one can be searched for.
pub(super) const ALIGNMENT: u64 = 8;
/// No table is longer; what claims to be is not one.
const TABLE_MAX: u32 = 256 << 20;

/// The header of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupHead {
    /// Its number: one more than the group's before it.
    pub(super) seq: u64,
    /// When it was written, in seconds since 1970-01-01 UTC.
    pub(super) time_s: u64,
    /// The last group that was known to be durable when this one was written.
    pub(super) durable: u64,
    /// The last operation up to and with this group.
    pub(super) op: u64,
    pub(super) items: u32,
    pub(super) table_len: u32,
    pub(super) payload_len: u32,
    payload_sum: Sum,
    head_sum: Sum,
}

impl GroupHead {
    /// Reads the fixed part; whether it is true is told by [`GroupHead::holds`].
    pub(super) fn decode(bytes: &[u8]) -> Option<GroupHead> {
        let bytes: &[u8; GROUP_HEAD_LEN] = bytes.first_chunk()?;
        let head = GroupHead {
            seq: u64_at(bytes, 8),
            time_s: u64_at(bytes, 16),
            durable: u64_at(bytes, 24),
            op: u64_at(bytes, 32),
            items: u32_at(bytes, 40),
            table_len: u32_at(bytes, 44),
            payload_len: u32_at(bytes, 48),
            payload_sum: *bytes[56..].first_chunk()?,
            head_sum: *bytes[72..].first_chunk()?,
        };
        let fits = u64::from(head.items) * ITEM_LEN as u64 <= u64::from(head.table_len) && head.table_len <= TABLE_MAX;
        (bytes[..8] == *GROUP_MAGIC && u32_at(bytes, 52) == 0 && fits).then_some(head)
    }

    /// Whether header and table, `table_len` bytes behind the header, are as they were written at this place.
    pub(super) fn holds(&self, key: &Key, file: u32, offset: u64, head_and_table: &[u8]) -> bool {
        let (head, table) = head_and_table.split_at(GROUP_HEAD_LEN);
        self.head_sum == key.sum(file, offset, &[&head[..72], table])
    }

    /// Whether payloads and padding are as they were written at this place.
    pub(super) fn holds_payload(&self, key: &Key, file: u32, offset: u64, payload: &[u8]) -> bool {
        self.payload_sum == key.sum(file, offset, &[payload])
    }

    /// Tells this group from any other.
    pub(super) fn sum(&self) -> Sum {
        self.head_sum
    }

    /// Where the payloads begin, counted from the group's beginning.
    pub(super) fn payload_start(&self) -> u64 {
        GROUP_HEAD_LEN as u64 + u64::from(self.table_len)
    }

    /// The bytes of the whole group.
    pub(super) fn len(&self) -> u64 {
        (self.payload_start() + u64::from(self.payload_len)).next_multiple_of(ALIGNMENT)
    }
}

/// A record of a group's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// An object came to be.
    Object(ObjectItem),
    /// A ref was set or removed.
    Ref {
        name: &'a str,
        /// What it is from now on.
        new: Option<RefValue>,
        /// The operation that had set what it was before; 0 where it did not exist.
        before: u64,
    },
    /// An object is no more.
    Forgotten(Id),
}

/// The record of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ObjectItem {
    pub(super) id: Id,
    pub(super) kind: ObjectKind,
    pub(super) len: u64,
    /// When it was stored first, in seconds since 1970-01-01 UTC.
    pub(super) time_s: u64,
    /// How far its bytes are behind this record's beginning; `None`: it has a file of its own.
    pub(super) payload: Option<u32>,
}

const TAG_IN_LOG: u8 = 1;
const TAG_IN_FILE: u8 = 2;
const TAG_REF_SET: u8 = 3;
const TAG_REF_REMOVED: u8 = 4;
const TAG_FORGOTTEN: u8 = 5;

/// The records of a table of a group that holds; `None` for one that this program does not know.
pub(super) fn items<'a>(head: &GroupHead, table: &'a [u8]) -> impl Iterator<Item = Option<Item<'a>>> + use<'a> {
    let (fixed, names) = table.split_at(head.items as usize * ITEM_LEN);
    fixed.as_chunks::<ITEM_LEN>().0.iter().map(move |item| decode_item(item, names))
}

/// Reads the fixed part of an object's record.
pub(super) fn decode_object(item: &[u8; ITEM_LEN]) -> Option<ObjectItem> {
    let payload = match item[0] {
        TAG_IN_LOG => Some(u32_at(item, 4)),
        TAG_IN_FILE => None,
        _ => return None,
    };
    Some(ObjectItem {
        id: Id::from_bytes(*item[32..].first_chunk()?),
        kind: ObjectKind::from_code(item[1])?,
        len: u64_at(item, 8),
        time_s: u64_at(item, 16),
        payload,
    })
}

fn decode_item<'a>(item: &[u8; ITEM_LEN], names: &'a [u8]) -> Option<Item<'a>> {
    if matches!(item[0], TAG_IN_LOG | TAG_IN_FILE) {
        return decode_object(item).map(Item::Object);
    }
    if item[0] == TAG_FORGOTTEN {
        return Some(Item::Forgotten(Id::from_bytes(*item[32..].first_chunk()?)));
    }
    let start = u32_at(item, 4) as usize;
    let name_len = usize::from(u16::from_le_bytes([item[2], item[3]]));
    let name = str::from_utf8(names.get(start..)?.get(..name_len)?).ok()?;
    let value = RefValue { id: Id::from_bytes(*item[32..].first_chunk()?), op: u64_at(item, 16) };
    let new = match item[0] {
        TAG_REF_SET => Some(value),
        TAG_REF_REMOVED => None,
        _ => return None,
    };
    Some(Item::Ref { name, new, before: u64_at(item, 24) })
}

/// A group in the making.
#[derive(Debug, Default)]
pub(super) struct GroupBuilder {
    table: Vec<u8>,
    names: Vec<u8>,
    payload: Vec<u8>,
    items: u32,
}

impl GroupBuilder {
    /// Adds an object whose bytes are in the log; returns where its record is, counted from the group's beginning.
    pub(super) fn add_object(&mut self, kind: ObjectKind, id: Id, time_s: u64, bytes: &[u8]) -> u64 {
        let start = self.payload.len() as u32;
        self.payload.extend_from_slice(bytes);
        self.add(TAG_IN_LOG, kind.code(), 0, start, [bytes.len() as u64, time_s, 0], id)
    }

    /// Adds an object that has a file of its own.
    pub(super) fn add_file(&mut self, kind: ObjectKind, id: Id, time_s: u64, len: u64) -> u64 {
        self.add(TAG_IN_FILE, kind.code(), 0, 0, [len, time_s, 0], id)
    }

    /// Adds a ref's change; `before` is the operation that had set it, 0 for one that did not exist.
    pub(super) fn add_ref(&mut self, name: &str, new: Option<RefValue>, before: u64) {
        let start = self.names.len() as u32;
        self.names.extend_from_slice(name.as_bytes());
        let (tag, value) = match new {
            Some(value) => (TAG_REF_SET, value),
            None => (TAG_REF_REMOVED, RefValue { id: Id::from_bytes([0; 32]), op: 0 }),
        };
        self.add(tag, 0, name.len() as u16, start, [0, value.op, before], value.id);
    }

    /// Adds that an object is no more.
    pub(super) fn add_forgotten(&mut self, id: Id) {
        self.add(TAG_FORGOTTEN, 0, 0, 0, [0; 3], id);
    }

    fn add(&mut self, tag: u8, kind: u8, name_len: u16, start: u32, numbers: [u64; 3], id: Id) -> u64 {
        let at = (GROUP_HEAD_LEN + self.table.len()) as u64;
        self.table.extend_from_slice(&[tag, kind]);
        self.table.extend_from_slice(&name_len.to_le_bytes());
        self.table.extend_from_slice(&start.to_le_bytes());
        numbers.iter().for_each(|number| self.table.extend_from_slice(&number.to_le_bytes()));
        self.table.extend_from_slice(id.as_bytes());
        self.items += 1;
        at
    }

    /// Whether nothing was added yet.
    pub(super) fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// The number of records so far.
    pub(super) fn items(&self) -> u32 {
        self.items
    }

    /// The bytes of payload so far.
    pub(super) fn payload_len(&self) -> usize {
        self.payload.len()
    }

    /// The bytes of the group, to be written at this place.
    pub(super) fn encode(&self, key: &Key, place: (u32, u64), seq: u64, time_s: u64, durable: u64, op: u64) -> Vec<u8> {
        let (file, offset) = place;
        let table_len = self.table.len() + self.names.len();
        let payload_start = GROUP_HEAD_LEN + table_len;
        let mut bytes = Vec::with_capacity(payload_start + self.payload.len() + ALIGNMENT as usize);
        bytes.extend_from_slice(GROUP_MAGIC);
        [seq, time_s, durable, op].iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        for number in [self.items, table_len as u32, self.payload.len() as u32, 0] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.resize(GROUP_HEAD_LEN, 0);
        bytes.extend_from_slice(&self.table);
        point_to_payloads(&mut bytes[GROUP_HEAD_LEN..], table_len as u32);
        bytes.extend_from_slice(&self.names);
        bytes.extend_from_slice(&self.payload);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT as usize), 0);
        let payload_sum = key.sum(file, offset, &[&bytes[payload_start..]]);
        bytes[56..72].copy_from_slice(&payload_sum);
        let head_sum = key.sum(file, offset, &[&bytes[..72], &bytes[GROUP_HEAD_LEN..payload_start]]);
        bytes[72..88].copy_from_slice(&head_sum);
        bytes
    }
}

/// Turns the places of objects from "within the payloads" to "behind the record".
///
/// So a record is of use to who knows only where it stands: the index in memory keeps no more.
fn point_to_payloads(records: &mut [u8], table_len: u32) {
    let records = records.as_chunks_mut::<ITEM_LEN>().0.iter_mut();
    for (index, record) in records.enumerate().filter(|(_, record)| record[0] == TAG_IN_LOG) {
        let distance = u32_at(record, 4) + table_len - (index * ITEM_LEN) as u32;
        record[4..8].copy_from_slice(&distance.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(key: &Key) -> Vec<u8> {
        let mut builder = GroupBuilder::default();
        builder.add_object(ObjectKind::Node, Id::of(b"node"), 7, b"node");
        builder.add_file(ObjectKind::Base, Id::of(b"base"), 8, 1 << 40);
        builder.add_ref("heads/d/main", Some(RefValue { id: Id::of(b"node"), op: 3 }), 2);
        builder.add_ref("tags/d/v1", None, 1);
        builder.add_forgotten(Id::of(b"old"));
        builder.encode(key, (4, 64), 11, 1_700_000_000, 9, 3)
    }

    fn whole(bytes: &[u8], key: &Key, place: (u32, u64)) -> Option<GroupHead> {
        let head = GroupHead::decode(bytes)?;
        let (front, payload) = bytes.split_at_checked(head.payload_start() as usize)?;
        let sound = bytes.len() as u64 == head.len()
            && head.holds(key, place.0, place.1, front)
            && head.holds_payload(key, place.0, place.1, payload);
        sound.then_some(head)
    }

    #[test]
    fn a_group_is_read_back() {
        let key = Key::of_store(&[7; 16]);
        let bytes = group(&key);
        let head = whole(&bytes, &key, (4, 64)).expect("whole");
        assert_eq!((head.seq, head.durable, head.op, head.len()), (11, 9, 3, bytes.len() as u64));
        let table = &bytes[GROUP_HEAD_LEN..head.payload_start() as usize];
        let found: Vec<Item<'_>> = items(&head, table).map(|item| item.expect("known")).collect();
        let distance = Some(table.len() as u32);
        let node = ObjectItem { id: Id::of(b"node"), kind: ObjectKind::Node, len: 4, time_s: 7, payload: distance };
        let base = ObjectItem { id: Id::of(b"base"), kind: ObjectKind::Base, len: 1 << 40, time_s: 8, payload: None };
        let set = Some(RefValue { id: Id::of(b"node"), op: 3 });
        assert_eq!(found[..2], [Item::Object(node), Item::Object(base)]);
        assert_eq!(found[2], Item::Ref { name: "heads/d/main", new: set, before: 2 });
        assert_eq!(found[3], Item::Ref { name: "tags/d/v1", new: None, before: 1 });
        assert_eq!(found[4], Item::Forgotten(Id::of(b"old")));
    }

    #[test]
    fn any_flipped_bit_another_place_or_another_store_is_no_group() {
        let key = Key::of_store(&[7; 16]);
        let bytes = group(&key);
        for at in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[at / 8] ^= 1 << (at % 8);
            assert_eq!(whole(&bad, &key, (4, 64)), None, "bit {at}");
        }
        assert_eq!(whole(&bytes, &key, (4, 72)), None);
        assert_eq!(whole(&bytes, &key, (5, 64)), None);
        assert_eq!(whole(&bytes, &Key::of_store(&[8; 16]), (4, 64)), None);
    }
}
