//! A new footer around the old one: schema and notes stay as they are, the blocks are new.
//!
//! In a flatbuffer a table points forward only. So a new root table is put before the
//! old bytes, pointing to what it keeps of them and to new lists of blocks behind them.

use arrow::ipc::{self, Block, Footer};

use super::layout::damaged;
use crate::Result;

/// Where the old footer's bytes begin in the new one: behind a root, a table's layout and the table, at a multiple of 8.
const OLD_AT: usize = 48;
/// Where the new table is.
const TABLE_AT: usize = 20;
/// Where the table's layout is, and how many bytes it and the table have.
const LAYOUT_AT: usize = 4;
const LAYOUT_LEN: u16 = 14;
const TABLE_LEN: u16 = 24;

/// The bytes of a footer with these blocks, and all else as `old` has it.
///
/// # Errors
/// `Corrupt`.
pub(super) fn with_blocks(old: &[u8], dictionaries: &[Block], batches: &[Block]) -> Result<Vec<u8>> {
    let table = ipc::root_as_footer(old).map_err(damaged)?._tab;
    // Fields of the new table in order: version, schema, dictionaries, batches, notes.
    let offsets: [u16; 5] = [20, 4, 8, 12, 16];
    let kept = |field: u16| match usize::from(table.vtable().get(field)) {
        0 => None,
        at => {
            let at = table.loc() + at;
            let target = old.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
            target.map(|target| OLD_AT + at + target as usize)
        }
    };
    let (schema, notes) = (kept(Footer::VT_SCHEMA), kept(Footer::VT_CUSTOM_METADATA));
    let version = match usize::from(table.vtable().get(Footer::VT_VERSION)) {
        0 => 0,
        at => old.get(table.loc() + at).copied().unwrap_or(0),
    };
    let mut bytes = vec![0; OLD_AT];
    bytes.extend_from_slice(old);
    let dictionaries = add_blocks(&mut bytes, dictionaries);
    let batches = add_blocks(&mut bytes, batches);
    put(&mut bytes, 0, &(TABLE_AT as u32).to_le_bytes());
    put(&mut bytes, LAYOUT_AT, &LAYOUT_LEN.to_le_bytes());
    put(&mut bytes, LAYOUT_AT + 2, &TABLE_LEN.to_le_bytes());
    put(&mut bytes, TABLE_AT, &((TABLE_AT - LAYOUT_AT) as i32).to_le_bytes());
    let targets = [None, schema, Some(dictionaries), Some(batches), notes];
    for (number, (offset, target)) in offsets.into_iter().zip(targets).enumerate() {
        let at = TABLE_AT + usize::from(offset);
        let is_there = match target {
            Some(target) => {
                let distance = u32::try_from(target - at).map_err(damaged)?;
                put(&mut bytes, at, &distance.to_le_bytes());
                true
            }
            None => number == 0,
        };
        let offset = if is_there { offset } else { 0 };
        put(&mut bytes, LAYOUT_AT + 4 + 2 * number, &offset.to_le_bytes());
    }
    put(&mut bytes, TABLE_AT + usize::from(offsets[0]), &[version, 0]);
    let new = ipc::root_as_footer(&bytes).map_err(damaged)?;
    assert!(new.recordBatches().is_some() && new.schema().is_some(), "the new footer has both");
    Ok(bytes)
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes[at..at + new.len()].copy_from_slice(new);
}

/// Appends a list of blocks; returns where it is. The blocks themselves lie at multiples of 8.
fn add_blocks(bytes: &mut Vec<u8>, blocks: &[Block]) -> usize {
    let len = bytes.len().next_multiple_of(8) + 4;
    bytes.resize(len, 0);
    bytes.extend((blocks.len() as u32).to_le_bytes());
    blocks.iter().for_each(|block| bytes.extend_from_slice(&block.0));
    len
}
