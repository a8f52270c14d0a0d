//! Three-way merge of one file, cell by cell: where both sides edited rows over the same bytes.

use std::collections::BTreeMap;

use super::diff::told;
use crate::Result;
use crate::dataset::conflict::Prefer;
use crate::model::{Change, Content, DataPath, FileChange, Id, RowAddress, RowChange, Value};
use crate::overlay::{Overlay, RowDifference, Rows};

/// One cell or row for which the two sides have no common result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowConflict {
    /// What both changed.
    pub address: RowAddress,
    /// What it was; `None` where there was no such row.
    pub base: Option<Value>,
    /// What we made of it; `None` where we have no such row.
    pub ours: Option<Value>,
    /// What they made of it.
    pub theirs: Option<Value>,
}

/// How the merge of one file's rows ended.
pub(in crate::dataset) enum RowMerge {
    /// Both sides' edits together.
    Merged(FileChange),
    /// Nothing was merged, because of these.
    Conflicts(Vec<RowConflict>),
    /// The sides do not differ by rows alone.
    NotByRow,
}

/// What the overlays say of a file: before, and on both sides.
pub(in crate::dataset) struct FileSides<'a> {
    /// `None`: it was the base's, unchanged.
    pub(in crate::dataset) before: Option<&'a Change>,
    pub(in crate::dataset) ours: Option<&'a Change>,
    pub(in crate::dataset) theirs: Option<&'a Change>,
}

/// Merges the rows of the file at `path`; `overlay` is of the side that gets the result.
pub(in crate::dataset) fn merge_rows(
    overlay: &Overlay,
    path: &DataPath,
    sides: &FileSides<'_>,
    prefer: Option<Prefer>,
) -> Result<RowMerge> {
    let (Some(Change::File(ours)), Some(Change::File(theirs))) = (sides.ours, sides.theirs) else {
        return Ok(RowMerge::NotByRow);
    };
    let plain = Content::Source(path.clone());
    let before = match sides.before {
        None => &plain,
        Some(Change::File(file)) => &file.content,
        Some(_) => return Ok(RowMerge::NotByRow),
    };
    let (below, roots) =
        ([before, &ours.content, &theirs.content].map(below), [before, &ours.content, &theirs.content].map(root));
    if below[0] != below[1] || below[1] != below[2] {
        return Ok(RowMerge::NotByRow);
    }
    let mode_before = match sides.before {
        Some(Change::File(file)) => Some(file.mode),
        _ => None,
    };
    let [before, our_rows, their_rows] = roots.map(|root| overlay.rows(root));
    let mut merging = Merging::new(&before, &our_rows, &their_rows, prefer)?;
    if merging.needs_format() {
        return Ok(RowMerge::NotByRow);
    }
    merging.run()?;
    let Merging { edits, conflicts, grown, .. } = merging;
    if !conflicts.is_empty() && prefer.is_none() {
        return Ok(RowMerge::Conflicts(conflicts));
    }
    let rows = our_rows.with(edits)?;
    let content = super::with_rows(below[1].clone(), rows.root());
    let mode = if mode_before == Some(ours.mode) { theirs.mode } else { ours.mode };
    let size = ours.size.saturating_add_signed(grown);
    Ok(RowMerge::Merged(FileChange { content, size, mtime_ns: ours.mtime_ns.max(theirs.mtime_ns), mode }))
}

fn below(content: &Content) -> &Content {
    match content {
        Content::Rows { below, .. } => below,
        content => content,
    }
}

fn root(content: &Content) -> Option<Id> {
    match content {
        Content::Rows { rows, .. } => Some(*rows),
        _ => None,
    }
}

struct Merging<'a> {
    ours: &'a Rows,
    theirs: &'a Rows,
    /// What we changed since.
    our_work: BTreeMap<RowAddress, RowDifference>,
    their_work: BTreeMap<RowAddress, RowDifference>,
    prefer: Option<Prefer>,
    edits: Vec<(RowAddress, Option<RowChange>)>,
    conflicts: Vec<RowConflict>,
    grown: i64,
}

impl<'a> Merging<'a> {
    fn new(before: &Rows, ours: &'a Rows, theirs: &'a Rows, prefer: Option<Prefer>) -> Result<Merging<'a>> {
        let by_address = |found: Vec<RowDifference>| found.into_iter().map(|it| (it.address.clone(), it)).collect();
        let (our_work, their_work) = (by_address(before.diff(ours)?), by_address(before.diff(theirs)?));
        Ok(Merging { ours, theirs, our_work, their_work, prefer, edits: Vec::new(), conflicts: Vec::new(), grown: 0 })
    }

    /// Whether bytes must be made anew, which only the format can: where rows share bytes.
    fn needs_format(&self) -> bool {
        let all = self.our_work.keys().chain(self.their_work.keys());
        all.into_iter().any(|address| matches!(address, RowAddress::Shared { .. }))
    }

    fn run(&mut self) -> Result<()> {
        for (address, theirs) in std::mem::take(&mut self.their_work) {
            let ours = self.our_work.get(&address);
            match ours {
                Some(ours) if ours.after == theirs.after => {}
                Some(ours) if is_new_place(&address, ours, &theirs) => self.insert_elsewhere(&address, theirs.after)?,
                Some(ours) => {
                    let conflict = conflict(&address, Some(ours), Some(&theirs));
                    self.conflict(conflict, address, theirs.after);
                }
                None => match self.work_on_the_row(&address, &theirs) {
                    Some(ours) => {
                        let conflict = conflict(&address, Some(&ours), Some(&theirs));
                        self.conflict(conflict, address, theirs.after);
                    }
                    None => self.take(address, theirs.after)?,
                },
            }
        }
        Ok(())
    }

    /// What we did to the row as a whole where they set a cell of it, or to a cell where they did to the whole.
    fn work_on_the_row(&self, address: &RowAddress, theirs: &RowDifference) -> Option<RowDifference> {
        let row = address.row()?;
        let is_whole = |address: &RowAddress| matches!(address, RowAddress::Row { .. });
        // A cell of a row that they delete goes without a word: the row itself is what is at odds.
        if theirs.after.is_none() && !is_whole(address) {
            return None;
        }
        let found = self.our_work.iter().find(|(at, work)| {
            at.table() == address.table()
                && at.row() == Some(row)
                && is_whole(at) != is_whole(address)
                && (is_whole(address) || matches!(work.after, Some(RowChange::Deleted { .. })))
        });
        found.map(|(_, work)| work.clone())
    }

    fn conflict(&mut self, conflict: RowConflict, address: RowAddress, theirs: Option<RowChange>) {
        if self.prefer == Some(Prefer::Theirs) {
            // A deleted row has no cells; a cell needs its row.
            let row = RowAddress::Row { table: address.table().to_owned(), row: conflict.row().to_owned() };
            let of_row = self.our_work.keys().filter(|at| at.table() == row.table() && at.row() == row.row());
            let taken_back: Vec<_> = of_row.filter(|at| **at != address).cloned().collect();
            for at in taken_back {
                if matches!(theirs, Some(RowChange::Deleted { .. })) || at == row {
                    self.edit(at, None);
                }
            }
            self.edit(address, theirs);
        }
        self.conflicts.push(conflict);
    }

    fn take(&mut self, address: RowAddress, change: Option<RowChange>) -> Result<()> {
        self.edit(address, change);
        Ok(())
    }

    /// They inserted a row where we inserted another one: theirs comes behind.
    fn insert_elsewhere(&mut self, address: &RowAddress, change: Option<RowChange>) -> Result<()> {
        let RowAddress::Row { table, row } = address else { return Ok(()) };
        let anchor = row.rsplit_once('+').map_or(row.as_str(), |(anchor, _)| anchor);
        for number in 1.. {
            let row = format!("{anchor}+{number}");
            let free = RowAddress::Row { table: table.clone(), row };
            let is_taken = self.edits.iter().any(|(at, _)| *at == free);
            if !is_taken && self.ours.get(&free)?.is_none() && self.theirs.get(&free)?.is_none() {
                self.edit(free, change);
                break;
            }
        }
        Ok(())
    }

    fn edit(&mut self, address: RowAddress, change: Option<RowChange>) {
        let growth = |change: Option<&RowChange>| {
            let patch = change.and_then(RowChange::patch);
            patch.map_or(0, |patch| patch.bytes.len().cast_signed() - patch.replaced.cast_signed())
        };
        let before = self.our_work.get(&address).map(|work| work.after.clone());
        let before = before.unwrap_or_else(|| self.ours.get(&address).unwrap_or_default());
        self.grown += growth(change.as_ref()) - growth(before.as_ref());
        self.edits.push((address, change));
    }
}

impl RowConflict {
    fn row(&self) -> &str {
        self.address.row().unwrap_or_default()
    }
}

/// Whether both sides inserted a row of a table without keys after the same row: these are two rows.
fn is_new_place(address: &RowAddress, ours: &RowDifference, theirs: &RowDifference) -> bool {
    let is_new = |work: &RowDifference| work.before.is_none() && matches!(work.after, Some(RowChange::Inserted { .. }));
    is_new(ours) && is_new(theirs) && address.row().is_some_and(|row| row.contains('+'))
}

fn conflict(address: &RowAddress, ours: Option<&RowDifference>, theirs: Option<&RowDifference>) -> RowConflict {
    let side = |work: Option<&RowDifference>| {
        let work = work?.clone();
        told(&DataPath::ROOT, work).map(|told| (told.before, told.after))
    };
    let (ours, theirs) = (side(ours), side(theirs));
    let base = ours.as_ref().or(theirs.as_ref()).and_then(|(base, _)| base.clone());
    let after = |side: Option<(Option<Value>, Option<Value>)>| side.and_then(|(_, after)| after);
    RowConflict { address: address.clone(), base, ours: after(ours), theirs: after(theirs) }
}
