//! Making a base of what a scan found.

use std::collections::VecDeque;

use super::columns::Columns;
use super::{Base, Row};
use crate::Result;
use crate::model::{Id, Kind, ObjectKind};
use crate::source::Tree;
use crate::store::Store;

/// The bytes of the base of `tree`: the same tree gives the same bytes.
///
/// The tree is taken apart on the way, so that a big one is not held twice.
///
/// # Errors
/// `Invalid` when there are more entries than a base can have.
pub fn encode(mut tree: Tree) -> Result<Vec<u8>> {
    let mut columns = Columns::new(tree.root, usize::try_from(tree.entries).unwrap_or(0));
    let mut waiting: VecDeque<(Row, u32)> = VecDeque::from([(Base::ROOT, 0)]);
    while let Some((row, number)) = waiting.pop_front() {
        let Some(folder) = tree.folders[number as usize].take() else {
            continue;
        };
        let first = columns.len();
        let mut subfolders = folder.first_subfolder..;
        for child in folder.iter() {
            let number = if child.entry.kind == Kind::Folder { subfolders.next() } else { None };
            if number.is_some_and(|number| tree.folders[number as usize].is_none()) {
                continue;
            }
            let child_row = columns.push(row, child.name, child.entry, child.target)?;
            waiting.extend(number.map(|number| (child_row, number)));
        }
        columns.set_children(row, first as Row, (columns.len() - first) as Row);
    }
    columns.into_bytes()
}

/// Stores the base of `tree` and returns its id.
pub fn store(store: &dyn Store, tree: Tree) -> Result<Id> {
    store.put(ObjectKind::Base, &encode(tree)?)
}
