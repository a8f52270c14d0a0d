//! The order of a folder's entries, and the cookies by which a listing goes on.
//!
//! A cookie is a place that commits do not move, so there is no state per open
//! folder, and `seekdir` works after the view has moved on: `.` is 1, `..` is
//! 2, the base's i-th child is `3 + i` whether or not the overlay replaces it,
//! and what only the overlay has comes last, in the order of a hash of its name.

use veneer::base::Row;
use veneer::dataset::{Node, Place, View};
use veneer::model::Id;
use veneer::Result;

/// The cookie of `.`.
pub const SELF: u64 = 1;
/// The cookie of `..`.
pub const PARENT: u64 = 2;
const BASE: u64 = 3;
const ADDED: u64 = 1 << 62;

/// The children of one folder of which the overlay speaks.
#[derive(Debug, Default)]
pub struct ChangedList {
    /// All of them by name; `None` for a removed one.
    by_name: Vec<(Vec<u8>, Option<Node>)>,
    /// Those that the base does not have, by cookie: places in `by_name`.
    added: Vec<(u64, usize)>,
}

/// A child of a folder, met in a listing.
#[derive(Debug)]
pub enum Child<'a> {
    /// One that the overlay does not speak of.
    Row(Row),
    /// One of the overlay's.
    Node(&'a Node),
}

impl ChangedList {
    /// Reads the changed children of `folder` from the overlay of `view`.
    pub fn of(view: &View, folder: &Node) -> Result<ChangedList> {
        let by_name = view.changed_children(folder)?;
        let mut added = Vec::new();
        for (at, (name, node)) in by_name.iter().enumerate() {
            if node.is_some() && base_child(view, folder, name)?.is_none() {
                added.push((cookie(name), at));
            }
        }
        added.sort_unstable();
        // Two names with one hash: the later takes the next free cookie, or it would be skipped.
        for i in 1..added.len() {
            added[i].0 = added[i].0.max(added[i - 1].0 + 1);
        }
        Ok(ChangedList { by_name, added })
    }

    fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Where the first name that is not before `name` is.
    fn seek(&self, name: &[u8]) -> usize {
        self.by_name.partition_point(|(known, _)| known.as_slice() < name)
    }
}

fn base_child(view: &View, folder: &Node, name: &[u8]) -> Result<Option<Row>> {
    match folder.place {
        Place::Folder { base: Some(row) } => view.base().child(row, name),
        _ => Ok(None),
    }
}

fn cookie(name: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&Id::of(name).as_bytes()[..8]);
    // 2^62 + 61 bits: it stays positive as a signed number, which `telldir` gives out.
    ADDED | u64::from_le_bytes(first) >> 3
}

/// Calls `each` with the children of `folder` that come after the cookie `after`, until it says stop.
///
/// `each` returns whether to go on. The time is linear in what is met, but for
/// one search in the changed names at the start.
pub fn walk(
    view: &View,
    folder: &Node,
    changed: &ChangedList,
    after: u64,
    each: &mut dyn FnMut(u64, Child<'_>) -> Result<bool>,
) -> Result<()> {
    if after < ADDED {
        let rows = view.base_children(folder)?;
        let skip = after.saturating_sub(BASE - 1).min(rows.len() as u64);
        let first = rows.start + Row::try_from(skip).expect("not more than there are rows");
        let mut next = None;
        for row in first..rows.end {
            let cookie = BASE + u64::from(row - rows.start);
            let child = if changed.is_empty() { Some(Child::Row(row)) } else { meet(view, changed, row, &mut next)? };
            if let Some(child) = child
                && !each(cookie, child)?
            {
                return Ok(());
            }
        }
    }
    let from = changed.added.partition_point(|(cookie, _)| *cookie <= after);
    for (cookie, at) in &changed.added[from..] {
        if let Some(node) = &changed.by_name[*at].1
            && !each(*cookie, Child::Node(node))?
        {
            return Ok(());
        }
    }
    Ok(())
}

/// What is to be seen in place of a base's row; `next` walks through the changed names beside the rows.
fn meet<'a>(view: &View, changed: &'a ChangedList, row: Row, next: &mut Option<usize>) -> Result<Option<Child<'a>>> {
    let name = view.base().name(row)?;
    let mut at = next.unwrap_or_else(|| changed.seek(name));
    while changed.by_name.get(at).is_some_and(|(known, _)| known.as_slice() < name) {
        at += 1;
    }
    *next = Some(at);
    Ok(match changed.by_name.get(at) {
        Some((known, node)) if known == name => node.as_ref().map(Child::Node),
        _ => Some(Child::Row(row)),
    })
}
