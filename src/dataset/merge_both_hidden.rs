//! Samples that both sides of a merge excluded: which of their rows come back with them.

use super::merge::Merge;
use super::rows::{cells_below, own};
use super::samples;
use super::view::View;
use crate::Result;
use crate::model::{ExcludedRow, RowAddress, RowChange};
use crate::overlay::Rows;

impl Merge<'_> {
    /// The samples that both sides excluded, of what is said of samples before and by both, each with the rows that
    /// either side keeps for it: of one that both keep, ours. What one side had deleted before it has no more.
    pub(super) fn excluded_by_both(
        &self,
        [before, ours, theirs]: [&Rows; 3],
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
                let Rest { mut both_have, ours, theirs } = Rest::of(our_rows, their_rows);
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

/// The rows of a sample that both sides hid, and those that one of them alone did.
struct Rest {
    both_have: Vec<ExcludedRow>,
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
                Some(at) => self.both_have.push(self.ours.remove(at)),
                None => self.theirs.push(row),
            }
        }
    }
}
