//! The patches of a file's row changes, as the ranges of one spliced file.

use crate::Result;
use crate::model::{RowAddress, RowChange, RowPatch};
use crate::overlay::Rows;

/// The patches of all row changes, in order of offset.
///
/// What is inserted at one place goes before what is replaced from there on. Several rows inserted at one
/// place are in the order of their keys, the shorter one first, as numbers are.
pub(in crate::dataset) fn patches(rows: &Rows) -> Result<Vec<RowPatch>> {
    Ok(placed_patches(rows)?.into_iter().map(|(_, patch)| patch).collect())
}

/// As [`patches`], each with what it belongs to.
pub(in crate::dataset) fn placed_patches(rows: &Rows) -> Result<Vec<(RowAddress, RowPatch)>> {
    let patch = |(address, change): (RowAddress, RowChange)| Some((address, change.patch()?.clone()));
    let mut found: Vec<_> = rows.entries()?.into_iter().filter_map(patch).collect();
    let key = |address: &RowAddress| match address {
        RowAddress::Row { row, .. } => row.clone(),
        _ => String::new(),
    };
    found.sort_by_cached_key(|(address, patch)| {
        let key = key(address);
        (patch.offset, patch.replaced > 0, key.len(), key)
    });
    Ok(found)
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
