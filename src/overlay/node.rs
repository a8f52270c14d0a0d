//! One node of an overlay: how it is written and read.
//!
//! `level u8 | count u32 | count × (key length u16, value length u32, key, value)`,
//! integers little-endian, keys strictly ascending. In a leaf (level 0) a value
//! is a change; above, it is the id of the child whose last key is the key.

use bytes::Bytes;

use crate::model::Id;
use crate::{Error, Result};

/// The bytes before the first entry.
const HEADER_LEN: usize = 5;
/// The bytes of an entry beside its key and value.
const ENTRY_HEADER_LEN: usize = 6;
/// The highest level that a node may claim: far more than any tree has.
const LEVEL_MAX: u8 = 40;

/// A node, read where it lies: an entry is three offsets, no copy.
#[derive(Debug)]
pub(super) struct Node {
    bytes: Bytes,
    level: u8,
    entries: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    key: u32,
    value: u32,
    end: u32,
}

impl Node {
    /// Reads a node; `id` is for the error alone.
    pub(super) fn decode(id: Id, bytes: Bytes) -> Result<Node> {
        parse(&bytes)
            .map(|(level, entries)| Node { level, entries, bytes })
            .ok_or_else(|| Error::corrupt(format!("overlay node {}", id.short()), "it is not the encoding of a node"))
    }

    pub(super) fn level(&self) -> u8 {
        self.level
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn key(&self, index: usize) -> &[u8] {
        let span = self.entries[index];
        &self.bytes[span.key as usize..span.value as usize]
    }

    pub(super) fn value(&self, index: usize) -> Bytes {
        let span = self.entries[index];
        self.bytes.slice(span.value as usize..span.end as usize)
    }

    /// The child of an inner node.
    pub(super) fn child(&self, index: usize) -> Result<Id> {
        let span = self.entries[index];
        let bytes = &self.bytes[span.value as usize..span.end as usize];
        bytes
            .try_into()
            .map(Id::from_bytes)
            .map_err(|_| Error::corrupt("an overlay node", "an entry above the leaves is not an id"))
    }

    pub(super) fn last_key(&self) -> &[u8] {
        self.key(self.len() - 1)
    }

    /// The index of the first entry whose key is `key` or greater; `len()` where there is none.
    pub(super) fn position(&self, key: &[u8]) -> usize {
        self.entries.partition_point(|span| &self.bytes[span.key as usize..span.value as usize] < key)
    }

    /// How much memory it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<Span>() + size_of::<Node>()
    }
}

fn parse(bytes: &[u8]) -> Option<(u8, Vec<Span>)> {
    let level = *bytes.first().filter(|&&level| level <= LEVEL_MAX)?;
    let count = u32::from_le_bytes(bytes.get(1..HEADER_LEN)?.try_into().ok()?) as usize;
    // Not more than the bytes can hold, so that a wild count reserves nothing.
    if count == 0 || count > bytes.len() / ENTRY_HEADER_LEN {
        return None;
    }
    let mut entries = Vec::with_capacity(count);
    let mut at = HEADER_LEN;
    let mut before: Option<&[u8]> = None;
    for _ in 0..count {
        let header = bytes.get(at..at + ENTRY_HEADER_LEN)?;
        let key_len = usize::from(u16::from_le_bytes(header[..2].try_into().ok()?));
        let value_len = u32::from_le_bytes(header[2..].try_into().ok()?) as usize;
        let key = at + ENTRY_HEADER_LEN;
        let (value, end) = (key + key_len, key + key_len + value_len);
        let key_bytes = bytes.get(key..value)?;
        if end > bytes.len() || before.is_some_and(|before| before >= key_bytes) {
            return None;
        }
        before = Some(key_bytes);
        entries.push(Span { key: key as u32, value: value as u32, end: end as u32 });
        at = end;
    }
    (at == bytes.len()).then_some((level, entries))
}

/// Writes one node entry by entry.
#[derive(Debug)]
pub(super) struct NodeWriter {
    bytes: Vec<u8>,
    count: u32,
    last_key: Vec<u8>,
}

impl NodeWriter {
    pub(super) fn new(level: u8) -> NodeWriter {
        NodeWriter { bytes: vec![level, 0, 0, 0, 0], count: 0, last_key: Vec::new() }
    }

    /// Appends an entry; its key must be greater than the one before.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        assert!(self.count == 0 || self.last_key.as_slice() < key, "entries are written in order");
        let key_len = u16::try_from(key.len()).expect("a key is a path, at most 4095 bytes");
        self.bytes.extend_from_slice(&key_len.to_le_bytes());
        self.bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
        self.count += 1;
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Bytes written so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns the last key and the encoded node.
    pub(super) fn finish(mut self) -> (Vec<u8>, Bytes) {
        self.bytes[1..HEADER_LEN].copy_from_slice(&self.count.to_le_bytes());
        (self.last_key, self.bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(entries: &[(&str, &str)]) -> Bytes {
        let mut writer = NodeWriter::new(0);
        entries.iter().for_each(|(key, value)| writer.push(key.as_bytes(), value.as_bytes()));
        writer.finish().1
    }

    #[test]
    fn a_node_is_read_back() {
        let bytes = node(&[("", "root"), ("a", ""), ("a/b", "x")]);
        let node = Node::decode(Id::of(&bytes), bytes).expect("own encoding");
        assert_eq!((node.key(0), node.key(2), node.value(2).as_ref()), (&b""[..], &b"a/b"[..], &b"x"[..]));
        assert_eq!([b"" as &[u8], b"a", b"aa", b"b"].map(|key| node.position(key)), [0, 1, 3, 3]);
    }

    #[test]
    fn no_damage_makes_a_node_panic() {
        let good = node(&[("a", "1"), ("b", "2"), ("c", "3")]);
        for at in 0..good.len() {
            for byte in 0..=255 {
                let mut bytes = good.to_vec();
                bytes[at] = byte;
                if let Ok(node) = Node::decode(Id::of(&good), bytes.into()) {
                    assert!((0..node.len()).all(|index| node.key(index).len() <= good.len()));
                }
            }
            assert!(Node::decode(Id::of(&good), good.slice(..at)).is_err());
        }
    }
}
