//! The patches of a file's row changes, as the ranges of one spliced file.

use crate::Result;
use crate::model::{RowAddress, RowPatch};
use crate::overlay::Rows;

/// The patches of all row changes, in order of offset.
///
/// What is inserted at one place goes before what is replaced from there on. Several rows inserted at one
/// place are in the order of their keys, the shorter one first, as numbers are.
pub(in crate::dataset) fn patches(rows: &Rows) -> Result<Vec<RowPatch>> {
    let mut found = Vec::new();
    for (address, change) in rows.entries()? {
        if let Some(patch) = change.patch() {
            let key = match address {
                RowAddress::Row { row, .. } => row,
                _ => String::new(),
            };
            found.push((patch.offset, patch.replaced > 0, key.len(), key, patch.clone()));
        }
    }
    found.sort_by(|a, b| (a.0, a.1, a.2, &a.3).cmp(&(b.0, b.1, b.2, &b.3)));
    Ok(found.into_iter().map(|(.., patch)| patch).collect())
}

/// Whether the patches, in order, do not overlap.
pub(in crate::dataset) fn fit_together(patches: &[RowPatch]) -> bool {
    patches.windows(2).all(|pair| pair[0].offset + pair[0].replaced <= pair[1].offset)
}

/// How long a file of `below` bytes is with the patches.
pub(in crate::dataset) fn patched_len(below: u64, patches: &[RowPatch]) -> u64 {
    let added: u64 = patches.iter().map(|patch| patch.bytes.len()).sum();
    let taken: u64 = patches.iter().map(|patch| patch.replaced).sum();
    (below + added).saturating_sub(taken)
}
