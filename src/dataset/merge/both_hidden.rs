//! Samples that both sides of a merge excluded: which of their rows come back with them.

use std::collections::BTreeSet;

use super::Merge;
use crate::Result;
use crate::dataset::conflict::Prefer;
use crate::dataset::rows::{RowConflict, cells_below, own};
use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, ExcludedRow, RowAddress, RowChange, Value};
use crate::overlay::Rows;

impl Merge<'_> {
    /// The samples that both sides excluded, of what is said of samples before and by both, each with the rows that
    /// either side keeps for it, and with the edits of both. What one side had deleted before it has no more. Adds cells
    /// that both set otherwise, with their files, to `conflicts`.
    pub(super) fn excluded_by_both(
        &self,
        [before, ours, theirs]: [&Rows; 3],
        conflicts: &mut Vec<(DataPath, RowConflict)>,
    ) -> Result<Vec<(RowAddress, Option<RowChange>)>> {
        let mut both = Vec::new();
        for difference in ours.diff(theirs)? {
            let was = before.get(&difference.address)?;
            if was == difference.before || was == difference.after {
                continue;
            }
            if let (Some(RowChange::Excluded { rows: our_rows }), Some(RowChange::Excluded { rows: their_rows })) =
                (difference.before, difference.after)
            {
                let Rest { both_have: pairs, ours, theirs } = Rest::of(our_rows, their_rows);
                let mut both_have = Vec::with_capacity(pairs.len());
                for (our_row, their_row) in pairs {
                    both_have.push(self.with_both_edits(our_row, &their_row, conflicts)?);
                }
                for (rows, keeper) in [(ours, self.ours), (theirs, self.theirs)] {
                    for row in rows {
                        if !self.is_deleted(&row, keeper)? {
                            both_have.push(row);
                        }
                    }
                }
                both.push((difference.address, Some(RowChange::Excluded { rows: both_have })));
            }
        }
        Ok(both)
    }

    /// Our row with the cells that they set, too; of one that both set, those of the preferred side.
    fn with_both_edits(
        &self,
        mut ours: ExcludedRow,
        theirs: &ExcludedRow,
        conflicts: &mut Vec<(DataPath, RowConflict)>,
    ) -> Result<ExcludedRow> {
        let file = self.before.file_with_hidden(&ours.path)?;
        let (rows, path) = match &file {
            Some(node) => (self.before.rows_of(node), node.path.clone()),
            None => (self.before.overlay.rows(None), ours.path.clone()),
        };
        let was_at = self.row_before(file.as_ref(), &ours, theirs)?.map(str::to_owned);
        let columns: BTreeSet<&String> = [&ours, theirs].into_iter().flat_map(set_columns).collect();
        let columns: Vec<String> = columns.into_iter().cloned().collect();
        for column in columns {
            let cell =
                |row: &str| RowAddress::Cell { table: ours.table.clone(), row: row.to_owned(), column: column.clone() };
            let address = cell(&ours.row);
            let known = was_at.as_deref().map(|row| rows.get(&cell(row))).transpose()?.flatten();
            let was = known.as_ref().and_then(value_after);
            let (our_own, their_own) = (set_value(&ours, &column), set_value(theirs, &column));
            if our_own == their_own || their_own == was {
                continue;
            }
            let is_conflict = our_own != was;
            if is_conflict && self.prefer.is_none() {
                let cells = cells_below(&ours).into_iter().flatten();
                let below = cells.filter(|(of, _)| *of == column).map(|(_, value)| value).next();
                let told = |value: Option<&Value>| value.or(below).cloned();
                let (base, our_value, their_value) = (told(was), told(our_own), told(their_own));
                conflicts.push((path.clone(), RowConflict { address, base, ours: our_value, theirs: their_value }));
            } else if !is_conflict || self.prefer == Some(Prefer::Theirs) {
                ours.was.retain(|(of, _)| of.as_ref() != Some(&column));
                let theirs = theirs.was.iter().find(|(of, _)| of.as_ref() == Some(&column));
                // Its bytes are those of the row in their file.
                ours.was.extend(theirs.map(|(of, was)| (of.clone(), without_patch(was))));
            }
        }
        Ok(ours)
    }

    /// The key that a row which both hid had before, in `file`: in other bytes a row without a key has another place.
    fn row_before<'r>(
        &self,
        file: Option<&Node>,
        ours: &'r ExcludedRow,
        theirs: &'r ExcludedRow,
    ) -> Result<Option<&'r str>> {
        if ours.row == theirs.row {
            return Ok(Some(&ours.row));
        }
        for (side, row) in [(self.ours, ours), (self.theirs, theirs)] {
            let now = side.file_with_hidden(&row.path)?;
            if let (Some(before), Some(now)) = (file, now)
                && before.place.below() == now.place.below()
            {
                return Ok(Some(&row.row));
            }
        }
        Ok(None)
    }

    /// Whether a row that `keeper` alone keeps was there before: then the other side, which hid all that was left of
    /// the sample, had deleted it. An edit of it stays.
    fn is_deleted(&self, row: &ExcludedRow, keeper: &View) -> Result<bool> {
        let is_edited = row.was.iter().any(|(_, was)| matches!(was, RowChange::Set { .. }));
        if is_edited || own(row).is_some() {
            return Ok(false);
        }
        let below = |view: &View| Ok(view.file_with_hidden(&row.path)?.map(|node| node.place.below().clone()));
        Ok(below(self.before)?.is_some_and(|was| below(keeper).is_ok_and(|now| now == Some(was))))
    }
}

fn set_columns(row: &ExcludedRow) -> impl Iterator<Item = &String> {
    row.was.iter().filter(|(_, was)| matches!(was, RowChange::Set { .. })).filter_map(|(column, _)| column.as_ref())
}

fn set_value<'r>(row: &'r ExcludedRow, column: &str) -> Option<&'r Value> {
    row.was.iter().find(|(of, _)| of.as_deref() == Some(column)).and_then(|(_, was)| value_after(was))
}

fn value_after(change: &RowChange) -> Option<&Value> {
    match change {
        RowChange::Set { after, .. } => Some(after),
        _ => None,
    }
}

fn without_patch(change: &RowChange) -> RowChange {
    match change {
        RowChange::Set { before, after, .. } => {
            RowChange::Set { before: before.clone(), after: after.clone(), patch: None }
        }
        change => change.clone(),
    }
}

/// The rows of a sample that both sides hid, and those that one of them alone did.
struct Rest {
    /// Ours and theirs.
    both_have: Vec<(ExcludedRow, ExcludedRow)>,
    ours: Vec<ExcludedRow>,
    theirs: Vec<ExcludedRow>,
}

impl Rest {
    fn of(ours: Vec<ExcludedRow>, theirs: Vec<ExcludedRow>) -> Rest {
        let mut rest = Rest { both_have: Vec::new(), ours, theirs };
        // Two that were inserted may have one key, a place.
        rest.pair(|one, other| {
            (&one.path, &one.table, &one.row) == (&other.path, &other.table, &other.row) && own(one) == own(other)
        });
        // In a file of other bytes a row without a key has another place.
        rest.pair(|one, other| {
            (&one.path, &one.table) == (&other.path, &other.table)
                && samples::is_place(&one.row)
                && cells_below(one).is_some()
                && cells_below(one) == cells_below(other)
        });
        rest
    }

    fn pair(&mut self, is_same: impl Fn(&ExcludedRow, &ExcludedRow) -> bool) {
        for row in std::mem::take(&mut self.theirs) {
            match self.ours.iter().position(|known| is_same(known, &row)) {
                Some(at) => self.both_have.push((self.ours.remove(at), row)),
                None => self.theirs.push(row),
            }
        }
    }
}
