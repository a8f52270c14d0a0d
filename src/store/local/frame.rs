//! The bytes around the groups: a log file's header, and the mark.
//!
//! Also what both and the groups have in common, the keyed checksum. Only
//! bytes here, no file.

/// What a log file begins with.
const FILE_MAGIC: &[u8; 8] = b"VNRLOG01";
/// What the mark begins with.
const MARK_MAGIC: &[u8; 8] = b"VNRMARK1";

/// The bytes of a log file's header.
pub(super) const FILE_HEAD_LEN: u64 = 64;
/// The bytes of the mark.
pub(super) const MARK_LEN: usize = 72;

const SUM_LEN: usize = 16;
/// Set in the header of a file that replaces all files before it.
const CHECKPOINT: u32 = 1;

/// The checksum of a group.
pub(super) type Sum = [u8; SUM_LEN];

/// What the checksums of one store are keyed by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn of_store(store: &[u8; 16]) -> Key {
        Key(blake3::derive_key("veneer 2025 store log checksum v1", store))
    }

    /// The checksum of `parts` at a place.
    pub(super) fn sum(&self, file: u32, offset: u64, parts: &[&[u8]]) -> Sum {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&file.to_le_bytes()).update(&offset.to_le_bytes());
        parts.iter().for_each(|part| {
            hasher.update(part);
        });
        *hasher.finalize().as_bytes().first_chunk().expect("a hash is longer")
    }
}

/// The header of a log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileHead {
    pub(super) store: [u8; 16],
    /// Its number, which is its name too.
    pub(super) number: u32,
    /// Whether the files before it are of no use any more.
    pub(super) checkpoint: bool,
    /// The number of its first group.
    pub(super) first_seq: u64,
    /// The last operation before its first group.
    pub(super) op: u64,
}

impl FileHead {
    pub(super) fn encode(&self) -> [u8; FILE_HEAD_LEN as usize] {
        let mut bytes = [0; FILE_HEAD_LEN as usize];
        bytes[..8].copy_from_slice(FILE_MAGIC);
        bytes[8..24].copy_from_slice(&self.store);
        bytes[24..28].copy_from_slice(&self.number.to_le_bytes());
        bytes[28..32].copy_from_slice(&(if self.checkpoint { CHECKPOINT } else { 0 }).to_le_bytes());
        bytes[32..40].copy_from_slice(&self.first_seq.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.op.to_le_bytes());
        let sum = Key::of_store(&self.store).sum(self.number, 0, &[&bytes[..48]]);
        bytes[48..].copy_from_slice(&sum);
        bytes
    }

    /// `None` where the bytes are no header of a log file of that number.
    pub(super) fn decode(bytes: &[u8], number: u32) -> Option<FileHead> {
        let bytes: &[u8; FILE_HEAD_LEN as usize] = bytes.first_chunk()?;
        let store = *bytes[8..].first_chunk()?;
        let sum = Key::of_store(&store).sum(number, 0, &[&bytes[..48]]);
        let sound = bytes[..8] == *FILE_MAGIC && bytes[48..] == sum && u32_at(bytes, 24) == number;
        sound.then(|| FileHead {
            store,
            number,
            checkpoint: u32_at(bytes, 28) == CHECKPOINT,
            first_seq: u64_at(bytes, 32),
            op: u64_at(bytes, 40),
        })
    }
}

/// What is known to be durable and acknowledged: written over in place after each commit, never synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The last group that was acknowledged.
    pub(super) seq: u64,
    /// Its operation.
    pub(super) op: u64,
    /// The file it is in.
    pub(super) file: u32,
    /// The first file that counts.
    pub(super) checkpoint: u32,
    /// Where the group ends in its file.
    pub(super) end: u64,
    /// The group's checksum.
    pub(super) sum: Sum,
}

impl Mark {
    pub(super) fn encode(&self, key: &Key) -> [u8; MARK_LEN] {
        let mut bytes = [0; MARK_LEN];
        bytes[..8].copy_from_slice(MARK_MAGIC);
        bytes[8..16].copy_from_slice(&self.seq.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.op.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.file.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.checkpoint.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.end.to_le_bytes());
        bytes[40..56].copy_from_slice(&self.sum);
        let sum = key.sum(0, 0, &[&bytes[..56]]);
        bytes[56..].copy_from_slice(&sum);
        bytes
    }

    pub(super) fn decode(bytes: &[u8], key: &Key) -> Option<Mark> {
        let bytes: &[u8; MARK_LEN] = bytes.try_into().ok()?;
        let sound = bytes[..8] == *MARK_MAGIC && bytes[56..] == key.sum(0, 0, &[&bytes[..56]]);
        let sum = *bytes[40..].first_chunk()?;
        sound.then(|| Mark {
            sum,
            seq: u64_at(bytes, 8),
            op: u64_at(bytes, 16),
            file: u32_at(bytes, 24),
            checkpoint: u32_at(bytes, 28),
            end: u64_at(bytes, 32),
        })
    }
}

/// The number of 4 bytes at `at`, which is within the record.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("within a record of fixed length"))
}

/// The number of 8 bytes at `at`, which is within the record.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("within a record of fixed length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_head_and_a_mark_are_read_back_and_no_bit_of_them_may_flip() {
        let head = FileHead { store: [9; 16], number: 3, checkpoint: true, first_seq: 5, op: 2 };
        let mark = Mark { seq: 1, op: 2, file: 3, checkpoint: 4, end: 5, sum: [6; 16] };
        let key = Key::of_store(&[9; 16]);
        assert_eq!(FileHead::decode(&head.encode(), 3), Some(head));
        assert_eq!(FileHead::decode(&head.encode(), 4), None);
        assert_eq!(Mark::decode(&mark.encode(&key), &key), Some(mark));
        for at in 0..72 * 8 {
            let mut bad = mark.encode(&key);
            bad[at / 8] ^= 1 << (at % 8);
            assert_eq!(Mark::decode(&bad, &key), None, "bit {at}");
            let mut bad = head.encode();
            if let Some(byte) = bad.get_mut(at / 8) {
                *byte ^= 1 << (at % 8);
                assert_eq!(FileHead::decode(&bad, 3), None, "bit {at}");
            }
        }
    }
}
