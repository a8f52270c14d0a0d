//! A splice carried out on bytes in memory: for small files, and for tests of every format.

use super::{Patch, Splice};
use crate::{Error, Result};

/// The bytes with the splice's patches in them.
///
/// # Errors
/// `Corrupt` where two patches overlap or one reaches beyond the end: that is a fault of the format.
pub fn applied(bytes: &[u8], splice: &Splice) -> Result<Vec<u8>> {
    let mut patches: Vec<&Patch> = match splice {
        Splice::Patches { sets, deletes, inserts } => {
            sets.iter().flatten().chain(deletes).chain(inserts).flatten().collect()
        }
        Splice::Whole(patches) => patches.iter().collect(),
    };
    // What is inserted at a place stands before what is replaced there; those at one place keep their order.
    patches.sort_by_key(|patch| (patch.offset, patch.replaced > 0));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for patch in patches {
        let (from, to) = (patch.offset as usize, patch.offset.saturating_add(patch.replaced) as usize);
        if from < at || to > bytes.len() {
            return Err(Error::corrupt("a splice", format!("the patch at {from} overlaps or ends beyond the file")));
        }
        out.extend_from_slice(&bytes[at..from]);
        out.extend_from_slice(&patch.bytes);
        at = to;
    }
    out.extend_from_slice(&bytes[at..]);
    Ok(out)
}
