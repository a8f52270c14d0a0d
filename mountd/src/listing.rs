//! The order of a folder's entries, and the cookies by which a listing goes on.
//!
//! A cookie is a place that commits do not move, so there is no state per open
//! folder, and `seekdir` works after the view has moved on: `.` is 1, `..` is
//! 2, the i-th child in the base is `generation << 40 | 3 + i` whether or not
//! the overlay replaces it, and what only the overlay has comes last, in the
//! order of a hash of its name. A cookie of an earlier base is a name in it, and
//! the listing goes on after that name in the present one.

use veneer::Result;
use veneer::base::Row;
use veneer::dataset::{Node, Place, View};
use veneer::model::Id;

/// The cookie of `.`.
pub const SELF: u64 = 1;
/// The cookie of `..`.
pub const PARENT: u64 = 2;
const BASE: u64 = 3;
const GENERATION_BITS: u32 = 40;
const ADDED: u64 = 1 << 62;

/// What a cookie says of where a listing stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Before the first child.
    Start,
    /// After a child of a base's folder.
    Base {
        /// Which base.
        generation: usize,
        /// Which child, counted from 0.
        index: Row,
    },
    /// Among what only the overlay has, or after it.
    Added(u64),
}

impl Stop {
    /// Reads a cookie.
    pub fn after(cookie: u64) -> Stop {
        if cookie >= ADDED {
            return Stop::Added(cookie);
        }
        let place = cookie & ((1 << GENERATION_BITS) - 1);
        match place.checked_sub(BASE).map(Row::try_from) {
            Some(Ok(index)) => Stop::Base { generation: (cookie >> GENERATION_BITS) as usize, index },
            _ => Stop::Start,
        }
    }
}

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

/// The cookie of a name that is in no base.
pub fn cookie(name: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&Id::of(name).as_bytes()[..8]);
    // 2^62 + 61 bits: it stays positive as a signed number, which `telldir` gives out.
    ADDED | u64::from_le_bytes(first) >> 3
}

/// Where in a folder a listing goes on.
#[derive(Clone, Copy, Debug)]
pub struct Resume {
    /// How many children of the base to skip; `None`: all of them.
    pub skip: Option<Row>,
    /// The cookie to go on after among what only the overlay has.
    pub added_after: u64,
    /// Which base the view's rows belong to.
    pub generation: usize,
}

/// Calls `each` with the children of `folder` from `resume` on, until it says stop.
///
/// `each` returns whether to go on. The time is linear in what is met, but for
/// one search in the changed names at the start.
pub fn walk(
    view: &View,
    folder: &Node,
    changed: &ChangedList,
    resume: Resume,
    each: &mut dyn FnMut(u64, Child<'_>) -> Result<bool>,
) -> Result<()> {
    if let Some(skip) = resume.skip {
        let rows = view.base_children(folder)?;
        let mut next = None;
        for row in rows.start.saturating_add(skip)..rows.end {
            let cookie = (resume.generation as u64) << GENERATION_BITS | (BASE + u64::from(row - rows.start));
            let child = if changed.is_empty() { Some(Child::Row(row)) } else { meet(view, changed, row, &mut next)? };
            if let Some(child) = child
                && !each(cookie, child)?
            {
                return Ok(());
            }
        }
    }
    let from = changed.added.partition_point(|(cookie, _)| *cookie <= resume.added_after);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_as_what_they_were_given_out_for() {
        for cookie in [0, SELF, PARENT, 1 << GENERATION_BITS] {
            assert_eq!(Stop::after(cookie), Stop::Start, "{cookie}");
        }
        assert_eq!(Stop::after(3), Stop::Base { generation: 0, index: 0 });
        assert_eq!(Stop::after(7 << GENERATION_BITS | 5), Stop::Base { generation: 7, index: 2 });
        assert_eq!(Stop::after(cookie(b"name")), Stop::Added(cookie(b"name")));
    }
}
