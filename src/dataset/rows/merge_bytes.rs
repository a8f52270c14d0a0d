//! Three-way merge of one file by rows, where a side has other bytes and not only row edits.
//!
//! Both sides are parsed against what was before. The side with other bytes
//! keeps them, and what the other side did to rows is spliced into these. What
//! becomes of columns is in [`super::merge_columns`].

use std::collections::{BTreeMap, BTreeSet};

use super::cells::with_cells;
use super::diff::is_of_content;
use super::edit::RowEdit;
use super::merge::{RenamedRows, RowConflict, RowMerge};
use super::merge_columns::{Columns, changes_with_columns};
use super::parsed::{Aligned, CHANGED_MAX, Named, Set, TableChanges, align};
use super::side::{Opened, Side, with_both};
use super::splice::Splicing;
use super::work::{Besides, Work};
use super::{Part, file_with_rows};
use crate::dataset::conflict::Prefer;
use crate::dataset::view::{Node, View};
use crate::model::{FileChange, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::TableFile;
use crate::{ErrorKind, Result};

/// The file before, on the side whose bytes stay, and on the other.
pub(super) struct Bytes<'a> {
    pub(super) before: &'a Node,
    /// Whose bytes stay.
    pub(super) stays: &'a Node,
    /// Whose rows are merged in.
    pub(super) comes: &'a Node,
    /// Which of the two is theirs.
    pub(super) comes_from: Prefer,
}

/// Merges the rows of `comes` into `stays`; where columns came or went that the bytes cannot take, the other way round.
pub(super) fn merge_bytes(view: &View, bytes: &Bytes<'_>, prefer: Option<Prefer>) -> Result<RowMerge> {
    let merged = if_readable(merged(view, bytes, prefer))?;
    if !matches!(merged, RowMerge::NotByRow) || bytes.comes.place.below() == bytes.before.place.below() {
        return Ok(merged);
    }
    let comes_from = if bytes.comes_from == Prefer::Ours { Prefer::Theirs } else { Prefer::Ours };
    let turned = Bytes { before: bytes.before, stays: bytes.comes, comes: bytes.stays, comes_from };
    if_readable(self::merged(view, &turned, prefer))
}

fn if_readable(merged: Result<RowMerge>) -> Result<RowMerge> {
    match merged {
        Err(error) if is_of_content(&error) || matches!(error.kind(), ErrorKind::AlreadyExists { .. }) => {
            Ok(RowMerge::NotByRow)
        }
        merged => merged,
    }
}

fn merged(view: &View, bytes: &Bytes<'_>, prefer: Option<Prefer>) -> Result<RowMerge> {
    let sides = (Side::of(view, bytes.before)?, Side::of(view, bytes.stays)?, Side::of(view, bytes.comes)?);
    let (Some(before), Some(stays), Some(comes)) = sides else { return Ok(RowMerge::NotByRow) };
    let Some(coming) = all_changes(&before, &comes)? else { return Ok(RowMerge::NotByRow) };
    let wanted: Vec<BTreeSet<String>> = coming.iter().map(rows_named).collect();
    let found = with_both(&before, &stays, |old, new| {
        let Ok(aligned) = align(old, new)? else { return Ok(None) };
        if !tell_rows_apart(old, new) || aligned.iter().map(Aligned::len).sum::<usize>() > CHANGED_MAX {
            return Ok(None);
        }
        let mut found = Vec::new();
        for (table, wanted) in aligned.iter().zip(&wanted) {
            let Some(changes) = changes_with_columns(table, old, new)? else { return Ok(None) };
            let columns = Columns::of(table, old, new)?;
            found.push((changes, table.keys_now(old, new, wanted)?, columns));
        }
        Ok(Some(found))
    })?;
    let Some(found) = found else { return Ok(RowMerge::NotByRow) };
    // Where no side is preferred, the draft that shows the conflicts has what is ours.
    let takes = prefer.unwrap_or(Prefer::Ours) == bytes.comes_from;
    let mut conflicts = Vec::new();
    let mut merging = Vec::new();
    for ((mut coming, from), (mut staying, keys, columns)) in coming.into_iter().zip(found) {
        let deleted =
            |changes: &TableChanges| changes.deleted.iter().map(|(row, _)| row.clone()).collect::<BTreeSet<String>>();
        let (gone, going) = (deleted(&staying), deleted(&coming));
        from.let_go(&mut coming, |row| gone.contains(row) && !keys.contains_key(row));
        columns.let_go(&mut staying, |row| going.contains(row));
        let Some(added) = columns.taking(&from, &mut coming) else { return Ok(RowMerge::NotByRow) };
        let table = Merging::new(coming, &staying, keys, bytes.comes_from, takes, &mut conflicts);
        merging.push(Merging { added, ..table });
    }
    let part = Part::open(view, bytes.stays, &*stays.format)?;
    part.with_file(|file, rows| {
        let mut changes = BTreeMap::new();
        for table in merging {
            changes.extend(table.changes(file, rows, &mut conflicts)?);
        }
        let splicing = Splicing::of(file, 0, rows, changes)?;
        if !conflicts.is_empty() && prefer.is_none() {
            return Ok(RowMerge::Conflicts(conflicts));
        }
        let (rows, grown) = splicing.store(rows.clone(), &*view.store)?;
        let file = file_with_rows(view, bytes.stays, &rows, grown)?;
        let (stays, comes, before) = (&bytes.stays.entry, &bytes.comes.entry, &bytes.before.entry);
        let mode = if before.mode == stays.mode { comes.mode } else { stays.mode };
        let mtime_ns = stays.mtime_ns.max(comes.mtime_ns);
        Ok(RowMerge::Merged(Some(FileChange { mtime_ns, mode, ..file }), RenamedRows::new()))
    })
}

/// What differs in all tables; `None` where that cannot be told.
fn all_changes(old: &Side<'_>, new: &Side<'_>) -> Result<Option<Vec<(TableChanges, Columns)>>> {
    with_both(old, new, |old, new| {
        let Ok(aligned) = align(old, new)? else { return Ok(None) };
        if !tell_rows_apart(old, new) || aligned.iter().map(Aligned::len).sum::<usize>() > CHANGED_MAX {
            return Ok(None);
        }
        let mut all = Vec::new();
        for table in &aligned {
            let Some(changes) = changes_with_columns(table, old, new)? else { return Ok(None) };
            all.push((changes, Columns::of(table, old, new)?));
        }
        Ok(Some(all))
    })
}

/// Whether keys that were declared tell the rows of both sides apart: an edit of one of two rows with the same key is
/// nobody's to place.
fn tell_rows_apart(old: Opened<'_>, new: Opened<'_>) -> bool {
    old.file.key_flaw().is_none() && new.file.key_flaw().is_none()
}

/// The keys, before, of all rows that are spoken of.
fn rows_named((changes, _): &(TableChanges, Columns)) -> BTreeSet<String> {
    let sets = changes.sets.iter().map(|set| set.row.clone());
    let deleted = changes.deleted.iter().map(|(row, _)| row.clone());
    sets.chain(deleted).chain(changes.inserted.iter().filter_map(|row| row.after.clone())).collect()
}

/// The edits of one table that are to be made over the bytes that stay.
struct Merging {
    table: String,
    edits: Vec<RowEdit>,
    /// Whole rows that win, each with the place of its conflict in the list of these.
    whole: Vec<(RowEdit, usize)>,
    /// (after which row, cells).
    inserts: Vec<(Option<String>, Named)>,
    /// The columns that come along, and their types.
    added: Vec<(String, String)>,
}

impl Merging {
    /// `keys`: of rows before, the keys that they have on the side that stays. `takes`: whether what comes wins.
    ///
    /// Conflicts are told by the keys of the side that stays, as far as that has the row.
    fn new(
        mut coming: TableChanges,
        staying: &TableChanges,
        keys: BTreeMap<String, String>,
        comes_from: Prefer,
        takes: bool,
        conflicts: &mut Vec<RowConflict>,
    ) -> Merging {
        let (edits, whole, inserts, added) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let table = coming.table.clone();
        let mut merging = Merging { table: table.clone(), edits, whole, inserts, added };
        let mut conflict = |address: RowAddress, base: Option<Value>, stays: Option<Value>, comes: Option<Value>| {
            let (ours, theirs) = if comes_from == Prefer::Theirs { (stays, comes) } else { (comes, stays) };
            conflicts.push(RowConflict { address, base, ours, theirs });
            conflicts.len() - 1
        };
        let cell = |row: &str, column: &str| RowAddress::Cell {
            table: table.clone(),
            row: row.to_owned(),
            column: column.to_owned(),
        };
        let row_at = |row: &str| RowAddress::Row { table: table.clone(), row: row.to_owned() };
        let sets: BTreeMap<&str, &[(String, Value, Value)]> =
            staying.sets.iter().map(|set| (set.row.as_str(), set.cells.as_slice())).collect();
        // A row that only moved is there.
        let gone = staying.deleted.iter().filter(|(row, _)| !keys.contains_key(row));
        let gone: BTreeMap<&str, &Named> = gone.map(|(row, cells)| (row.as_str(), cells)).collect();
        // A row that came elsewhere, and that the other side edited or deleted, is where that has it, or nowhere.
        coming.leave_in_place(|row| sets.contains_key(row) || gone.contains_key(row));
        for Set { row, cells, .. } in coming.sets {
            if let Some(before) = gone.get(row.as_str()) {
                let after = with_set(before, &cells);
                let (was, comes) = (Value::Struct((*before).clone()), Value::Struct(after.clone()));
                let at = conflict(row_at(&row), Some(was), None, Some(comes));
                if takes {
                    merging.whole.push((RowEdit::Insert { after: None, cells: after }, at));
                }
                continue;
            }
            let Some(now) = keys.get(&row) else { continue };
            let set = sets.get(row.as_str()).copied().unwrap_or_default();
            let mut taken = Vec::new();
            for (column, before, after) in cells {
                match set.iter().find(|(name, ..)| *name == column) {
                    Some((.., there)) if *there == after => continue,
                    Some((.., there)) => {
                        conflict(cell(now, &column), Some(before), Some(there.clone()), Some(after.clone()));
                        if !takes {
                            continue;
                        }
                    }
                    None => {}
                }
                taken.push((column, after));
            }
            if !taken.is_empty() {
                merging.edits.push(RowEdit::Set { row: now.clone(), cells: taken });
            }
        }
        for (row, before) in coming.deleted {
            let Some(now) = keys.get(&row) else { continue };
            if let Some(set) = sets.get(row.as_str()) {
                let stays = Value::Struct(with_set(&before, set));
                conflict(row_at(now), Some(Value::Struct(before)), Some(stays), None);
                if !takes {
                    continue;
                }
            }
            merging.edits.push(RowEdit::Delete { row: now.clone() });
        }
        let there: BTreeMap<&str, &Named> = match staying.is_keyed {
            true => staying.inserted.iter().map(|row| (row.key.as_str(), &row.cells)).collect(),
            false => BTreeMap::new(),
        };
        for row in coming.inserted {
            match there.get(row.key.as_str()) {
                Some(cells) if **cells == row.cells => continue,
                Some(cells) => {
                    let (stays, comes) = (Value::Struct((*cells).clone()), Value::Struct(row.cells.clone()));
                    let at = conflict(row_at(&row.key), None, Some(stays), Some(comes));
                    if takes {
                        merging.whole.push((RowEdit::Set { row: row.key, cells: row.cells }, at));
                    }
                }
                // Where the row above is gone, the next above is not known: it comes first.
                None => merging.inserts.push((row.after.and_then(|after| keys.get(&after).cloned()), row.cells)),
            }
        }
        merging
    }

    /// What the edits say of rows of the file that stays. A row that comes anew gets the key that it has there
    /// in its conflict, too.
    fn changes(
        self,
        file: &dyn TableFile,
        rows: &Rows,
        conflicts: &mut [RowConflict],
    ) -> Result<BTreeMap<RowAddress, Option<RowChange>>> {
        let mut work = Work::new(file, rows, &self.table, Besides::NOTHING)?;
        for (column, data_type) in self.added {
            work.add_column(&column, data_type);
        }
        for edit in self.edits {
            work.take(edit)?;
        }
        for (after, cells) in self.inserts {
            work.insert_at(after, cells)?;
        }
        for (mut edit, at) in self.whole {
            let is_new = matches!(edit, RowEdit::Insert { .. });
            if let RowEdit::Insert { cells, .. } | RowEdit::Set { cells, .. } = &mut edit {
                let taken = cells.drain(..).map(|cell| Ok(work.has_cell(&cell.0, is_new)?.then_some(cell)));
                *cells = taken.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
            }
            let row = work.take(edit)?;
            conflicts[at].address = RowAddress::Row { table: self.table.clone(), row };
        }
        Ok(work.into_changes())
    }
}

/// A row with some cells set.
fn with_set(before: &Named, set: &[(String, Value, Value)]) -> Named {
    with_cells(before, set.iter().map(|(column, _, after)| (column, after)))
}
