//! The patches of a file's row changes, as the ranges of one spliced file.

use std::collections::HashMap;

use super::inserted::{in_order, inserted};
use crate::Result;
use crate::model::{RowAddress, RowPatch};
use crate::overlay::Rows;

/// The patches of all row changes, in order of offset.
///
/// What is inserted at one place goes before what is replaced from there on. Several rows inserted at one
/// place are in the order of [`super::inserted`].
pub(in crate::dataset) fn patches(rows: &Rows) -> Result<Vec<RowPatch>> {
    Ok(placed_patches(rows)?.into_iter().map(|(_, patch)| patch).collect())
}

/// As [`patches`], each with what it belongs to.
pub(in crate::dataset) fn placed_patches(rows: &Rows) -> Result<Vec<(RowAddress, RowPatch)>> {
    let entries = rows.entries()?;
    let mut ranks: HashMap<(&str, &str), usize> = HashMap::new();
    for (table, rows) in inserted(entries.iter().map(|(address, change)| (address, change))) {
        ranks.extend(in_order(&rows).into_iter().enumerate().map(|(rank, (row, _))| ((table, row), rank)));
    }
    let mut found = Vec::new();
    for (address, change) in &entries {
        if let Some(patch) = change.patch() {
            let rank = address.row().and_then(|row| ranks.get(&(address.table(), row)));
            found.push((patch.offset, patch.replaced > 0, rank, address, patch));
        }
    }
    found.sort_by_key(|(offset, replaces, rank, ..)| (*offset, *replaces, *rank));
    Ok(found.into_iter().map(|(.., address, patch)| (address.clone(), patch.clone())).collect())
}

/// By how many bytes the patches of these rows make their file longer.
pub(in crate::dataset) fn growth(rows: &Rows) -> Result<i64> {
    Ok(growth_of(&patches(rows)?))
}

/// Whether the patches, in order, do not overlap.
pub(in crate::dataset) fn fit_together(patches: &[RowPatch]) -> bool {
    patches.windows(2).all(|pair| pair[0].offset + pair[0].replaced <= pair[1].offset)
}

/// How long a file of `below` bytes is with the patches.
pub(in crate::dataset) fn patched_len(below: u64, patches: &[RowPatch]) -> u64 {
    below.saturating_add_signed(growth_of(patches))
}

fn growth_of(patches: &[RowPatch]) -> i64 {
    patches.iter().map(|patch| patch.bytes.len().cast_signed() - patch.replaced.cast_signed()).sum()
}
