//! BLAKE3's own tree over an object, cut at groups of 64 KiB.
//!
//! An object's id is the root of this tree. Whoever holds the values of all
//! groups can check them against the id at once, and then any single group
//! without reading the others: so a large file is opened in constant time and
//! still no unchecked byte of it is given. Only hashes here; no file is opened.

use blake3::Hasher;
use blake3::hazmat::{HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root};

use crate::model::Id;

/// The bytes of one group; a power of two, as the tree demands.
pub(crate) const GROUP_LEN: u64 = 64 * 1024;

/// The bytes of one group's value.
const VALUE_LEN: usize = 32;
/// What a sidecar file begins with.
const MAGIC: &[u8; 8] = b"VNRTREE1";
/// The bytes of a sidecar before the values: the magic and the object's length.
const HEAD_LEN: usize = 16;

/// The value of one group: BLAKE3's chaining value of its subtree.
pub(crate) type Value = [u8; VALUE_LEN];

/// The number of groups of an object of `len` bytes.
pub(crate) fn group_count(len: u64) -> usize {
    len.div_ceil(GROUP_LEN) as usize
}

/// The value of group `index`, whose bytes are `bytes`; of no use where the object has one group only.
pub(crate) fn group_value(index: u64, bytes: &[u8]) -> Value {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(index * GROUP_LEN);
    hasher.update(bytes);
    hasher.finalize_non_root()
}

/// The id of an object of `len` bytes with these group values; `None` where there are fewer than two.
pub(crate) fn root_of(values: &[Value], len: u64) -> Option<Id> {
    if values.len() < 2 || values.len() != group_count(len) {
        return None;
    }
    let left_len = left_subtree_len(len);
    let (left, right) = values.split_at((left_len / GROUP_LEN) as usize);
    let root = merge_subtrees_root(&subtree(left, left_len), &subtree(right, len - left_len), Mode::Hash);
    Some(Id::from_bytes(*root.as_bytes()))
}

fn subtree(values: &[Value], len: u64) -> Value {
    if let [value] = values {
        return *value;
    }
    let left_len = left_subtree_len(len);
    let (left, right) = values.split_at((left_len / GROUP_LEN) as usize);
    merge_subtrees_non_root(&subtree(left, left_len), &subtree(right, len - left_len), Mode::Hash)
}

/// Hashes content that comes in pieces of any size, and keeps the value of every group.
#[derive(Debug)]
pub(crate) struct TreeHasher {
    group: Hasher,
    in_group: u64,
    len: u64,
    values: Vec<Value>,
}

impl TreeHasher {
    /// Begins with no content.
    pub(crate) fn new() -> TreeHasher {
        TreeHasher { group: Hasher::new(), in_group: 0, len: 0, values: Vec::new() }
    }

    /// Adds a piece of the content.
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // A full group is closed only when more comes: a single group is the root, and hashed as such.
            if self.in_group == GROUP_LEN {
                self.close_group();
            }
            let room = (GROUP_LEN - self.in_group).min(bytes.len() as u64) as usize;
            self.group.update(&bytes[..room]);
            self.in_group += room as u64;
            self.len += room as u64;
            bytes = &bytes[room..];
        }
    }

    fn close_group(&mut self) {
        self.values.push(self.group.finalize_non_root());
        self.group = Hasher::new();
        self.group.set_input_offset(self.len);
        self.in_group = 0;
    }

    /// Returns the id, the length in bytes, and the values of all groups: none where there is one group only.
    pub(crate) fn finish(mut self) -> (Id, u64, Vec<Value>) {
        if self.values.is_empty() {
            return (Id::from_bytes(*self.group.finalize().as_bytes()), self.len, Vec::new());
        }
        self.values.push(self.group.finalize_non_root());
        let id = root_of(&self.values, self.len).expect("there are two groups or more");
        (id, self.len, self.values)
    }
}

/// The bytes of the sidecar of an object of `len` bytes.
pub(crate) fn encode_sidecar(values: &[Value], len: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD_LEN + values.len() * VALUE_LEN);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&len.to_le_bytes());
    values.iter().for_each(|value| bytes.extend_from_slice(value));
    bytes
}

/// The group values in a sidecar, if they make the object `id` of `len` bytes; else `None`.
///
/// A sidecar has no checksum of its own: the id is the checksum of its values.
pub(crate) fn decode_sidecar(bytes: &[u8], id: Id, len: u64) -> Option<&[Value]> {
    let (head, values) = bytes.split_at_checked(HEAD_LEN)?;
    let sound = &head[..8] == MAGIC && head[8..] == len.to_le_bytes() && values.len() % VALUE_LEN == 0;
    let values = values_of(bytes)?;
    (sound && root_of(values, len) == Some(id)).then_some(values)
}

/// The group values in a sidecar that [`decode_sidecar`] has accepted.
pub(crate) fn values_of(sidecar: &[u8]) -> Option<&[Value]> {
    Some(sidecar.get(HEAD_LEN..)?.as_chunks::<VALUE_LEN>().0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
    }

    #[test]
    fn the_tree_of_any_length_gives_blake3s_own_hash() {
        let group = GROUP_LEN as usize;
        for len in [0, 1, 1024, group - 1, group, group + 1, 2 * group, 3 * group + 5, 8 * group, 21 * group - 1] {
            let bytes = content(len);
            for piece in [1 << 20, 65_536, 7_919] {
                let mut hasher = TreeHasher::new();
                bytes.chunks(piece).for_each(|piece| hasher.update(piece));
                let (id, counted, values) = hasher.finish();
                assert_eq!((id, counted), (Id::of(&bytes), len as u64), "{len} bytes in pieces of {piece}");
                assert_eq!(values.len(), if len > group { group_count(len as u64) } else { 0 });
                for (index, group) in bytes.chunks(group).enumerate().take(values.len()) {
                    assert_eq!(group_value(index as u64, group), values[index]);
                }
            }
        }
    }

    #[test]
    fn a_sidecar_is_read_back_and_any_change_of_it_is_refused() {
        let bytes = content(3 * GROUP_LEN as usize + 17);
        let mut hasher = TreeHasher::new();
        hasher.update(&bytes);
        let (id, len, values) = hasher.finish();
        let sidecar = encode_sidecar(&values, len);
        assert_eq!(decode_sidecar(&sidecar, id, len), Some(values.as_slice()));
        for at in 0..sidecar.len() {
            let mut bad = sidecar.clone();
            bad[at] ^= 1;
            assert_eq!(decode_sidecar(&bad, id, len), None, "byte {at}");
            assert_eq!(decode_sidecar(&sidecar[..at], id, len), None, "cut at {at}");
        }
        assert_eq!(decode_sidecar(&sidecar, id, len + 1), None);
    }
}
