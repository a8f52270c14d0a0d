//! A batch as bytes between two processes.
//!
//! A head of JSON with its length before it (four bytes, little-endian), then the
//! objects' bytes one after the other, without anything between. Written down in
//! `docs/FORMAT.md`; a store over HTTP sends it, the service reads it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Batch, RefSwap};
use crate::model::{Id, ObjectKind, RefName, RefValue};
use crate::{Error, Result};

/// The media type of a batch.
pub const BATCH: &str = "application/vnd.veneer.batch";
/// How many bytes the length of the head has.
const LEN_BYTES: usize = 4;

#[derive(Serialize, Deserialize)]
struct Head {
    objects: Vec<(ObjectKind, u64)>,
    swaps: Vec<Swap>,
    frees_space: bool,
}

#[derive(Serialize, Deserialize)]
struct Swap {
    name: String,
    expected: Option<Value>,
    new: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Value {
    id: String,
    op: u64,
}

/// Writes a batch.
pub fn encode(batch: &Batch) -> Vec<u8> {
    let swap = |swap: &RefSwap| Swap {
        name: swap.name.to_string(),
        expected: swap.expected.map(|value| Value { id: value.id.to_hex(), op: value.op }),
        new: swap.new.map(Id::to_hex),
    };
    let head = Head {
        objects: batch.objects.iter().map(|(kind, bytes)| (*kind, bytes.len() as u64)).collect(),
        swaps: batch.swaps.iter().map(swap).collect(),
        frees_space: batch.frees_space,
    };
    let head = serde_json::to_vec(&head).expect("plain data");
    let len: usize = batch.objects.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut all = Vec::with_capacity(LEN_BYTES + head.len() + len);
    all.extend_from_slice(&u32::try_from(head.len()).expect("a head of less than 4 GiB").to_le_bytes());
    all.extend_from_slice(&head);
    batch.objects.iter().for_each(|(_, bytes)| all.extend_from_slice(bytes));
    all
}

/// Reads a batch.
///
/// # Errors
/// `Invalid` for bytes that are none.
pub fn decode(mut bytes: Bytes) -> Result<Batch> {
    let invalid = |why: &str| Error::invalid("batch", &format!("{} bytes", bytes.len()), why);
    let cut = || invalid("it ends too early");
    let len: [u8; LEN_BYTES] = bytes.get(..LEN_BYTES).and_then(|len| len.try_into().ok()).ok_or_else(cut)?;
    let end = LEN_BYTES + u32::from_le_bytes(len) as usize;
    let head: Head = serde_json::from_slice(bytes.get(LEN_BYTES..end).ok_or_else(cut)?)
        .map_err(|cause| invalid("its head is not what it should be").caused_by(cause))?;
    let total = head.objects.iter().try_fold(end as u64, |sum, (_, len)| sum.checked_add(*len));
    if total != Some(bytes.len() as u64) {
        return Err(invalid("its objects are not as long as its head says"));
    }
    let swaps = head.swaps.into_iter().map(Swap::read).collect::<Result<_>>()?;
    let _ = bytes.split_to(end);
    let objects = head.objects.into_iter().map(|(kind, len)| (kind, bytes.split_to(len as usize))).collect();
    Ok(Batch { objects, swaps, frees_space: head.frees_space })
}

impl Swap {
    fn read(self) -> Result<RefSwap> {
        let expected =
            self.expected.map(|value| Ok::<_, Error>(RefValue { id: Id::from_hex(&value.id)?, op: value.op }));
        Ok(RefSwap {
            name: RefName::parse(&self.name)?,
            expected: expected.transpose()?,
            new: self.new.as_deref().map(Id::from_hex).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let (dataset, branch) = ("traffic".parse().expect("valid"), "fix/a".parse().expect("valid"));
        let name = RefName::head(&dataset, &branch);
        let value = RefValue { id: Id::of(b"old"), op: 7 };
        Batch {
            objects: vec![(ObjectKind::Node, Bytes::from_static(b"node")), (ObjectKind::Blob, Bytes::new())],
            swaps: vec![
                RefSwap { name: name.clone(), expected: Some(value), new: Some(Id::of(b"node")) },
                RefSwap { name, expected: None, new: None },
            ],
            frees_space: true,
        }
    }

    #[test]
    fn a_batch_is_read_back() {
        for batch in [batch(), Batch::default()] {
            let read = decode(encode(&batch).into()).expect("its own bytes");
            assert_eq!(format!("{read:?}"), format!("{batch:?}"));
        }
    }

    #[test]
    fn bytes_that_are_no_batch_are_refused_wherever_they_are_cut() {
        let bytes = encode(&batch());
        for len in 0..bytes.len() {
            assert!(decode(Bytes::copy_from_slice(&bytes[..len])).is_err(), "cut to {len}");
        }
        let longer = [&bytes[..], b"x"].concat();
        assert!(decode(longer.into()).is_err());
        assert!(decode(Bytes::from_static(&[255; 40])).is_err());
    }
}
