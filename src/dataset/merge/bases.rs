//! The sides of a merge over one base: where one of them was refreshed, or both were.
//!
//! What a side edited may be at odds with the source as the other side has it: a
//! whole file, or cells and rows of one, of which each is a conflict by itself.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::Merge;
use crate::base::Base;
use crate::dataset::conflict::{Conflict, Prefer};
use crate::dataset::diff::changed_paths;
use crate::dataset::lay_over::lay_over;
use crate::dataset::rows::{RowConflict, without_rows};
use crate::dataset::samples;
use crate::dataset::view::View;
use crate::dataset::within::within;
use crate::model::{DataPath, Kind};
use crate::source::OnDrift;
use crate::{ErrorKind, Result};

/// What has no common result, by path.
pub(in crate::dataset) type Odds = BTreeMap<DataPath, Odd>;

/// Why something has no common result, and in which rows if it is in these.
pub(in crate::dataset) type Odd = (&'static str, Vec<RowConflict>);

/// Adds to what is at odds at a path; where the whole of it is, no row matters.
pub(in crate::dataset) fn add_odd(odds: &mut Odds, path: DataPath, (why, rows): Odd) {
    match odds.entry(path) {
        Entry::Vacant(entry) => drop(entry.insert((why, rows))),
        Entry::Occupied(entry) => {
            let known = entry.into_mut();
            if known.1.is_empty() || rows.is_empty() {
                *known = (why, Vec::new());
                return;
            }
            known.1.retain(|row| !rows.iter().any(|other| other.address == row.address));
            known.1.extend(rows);
        }
    }
}

/// So many files at most are looked at to tell which of two bases is how the source is.
const LOOKED_AT_MAX: usize = 64;

impl Merge<'_> {
    /// Of the bases, the one that the source is as now. Where nobody can tell, ours goes, and the next refresh brings it
    /// up to date.
    fn newer_base(&self) -> Result<&Arc<Base>> {
        let [before, ours, theirs] = [self.before, self.ours, self.theirs].map(|view| view.base.id());
        if ours == before {
            return Ok(&self.theirs.base);
        }
        if theirs == before || ours == theirs {
            return Ok(&self.ours.base);
        }
        let mut is_stale = false;
        for path in changed_paths(&self.ours.base, &self.theirs.base)?.iter().take(LOOKED_AT_MAX) {
            // What the source was before is no base to read its files by.
            if has_drifted(self.theirs, path)? {
                return Ok(&self.ours.base);
            }
            is_stale |= has_drifted(self.ours, path)?;
        }
        Ok(if is_stale { &self.theirs.base } else { &self.ours.base })
    }

    /// What was before, our side and theirs over the newer of the bases, and what is at odds with that.
    ///
    /// Where a side is preferred, the rows at odds are as that has them; those that the source has no place for are
    /// nobody's.
    pub(in crate::dataset) fn over_one_base(&self) -> Result<([View; 3], Odds)> {
        let base = self.newer_base()?;
        let (before, _) = level(self.before, self.before, base)?;
        let (ours, our_odds) = level(self.before, self.ours, base)?;
        let (theirs, their_odds) = level(self.before, self.theirs, base)?;
        let (mut ours_now, mut theirs_now) = (ours.clone(), theirs.clone());
        let mut found = Odds::new();
        for (odds, side) in [(our_odds, Prefer::Ours), (their_odds, Prefer::Theirs)] {
            for (path, (why, rows)) in odds {
                let (of_ours, of_theirs) = (ours.overlay.get(&path)?, theirs.overlay.get(&path)?);
                if of_ours.is_some() && of_ours == of_theirs {
                    continue;
                }
                let now = if side == Prefer::Ours { &mut ours_now } else { &mut theirs_now };
                match self.prefer.filter(|_| !rows.is_empty()) {
                    None if side == Prefer::Ours => add_odd(&mut found, path, (why, rows)),
                    // What these are at odds with is the source as our side has it.
                    None => add_odd(&mut found, path, (why, rows.into_iter().map(turned).collect())),
                    Some(prefer) if prefer != side && path != samples::path() => {
                        let without = without_rows(now, &path, &rows)?;
                        now.overlay = now.overlay.with([(path, without)])?;
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(([before, ours_now, theirs_now], found))
    }
}

/// Whether the source has other bytes of a file by now than a side's base recorded.
fn has_drifted(side: &View, path: &DataPath) -> Result<bool> {
    let Some(row) = side.base.find(path)? else { return Ok(false) };
    if side.base.entry(row)?.kind != Kind::File {
        return Ok(false);
    }
    // Why else it cannot be read says nothing of which base is the newer one.
    let opened = side.source.open(&side.base, row, OnDrift::Error);
    Ok(matches!(opened, Err(error) if matches!(error.kind(), ErrorKind::SourceChanged { .. })))
}

/// A side's view over `base`, and what in its work since `before` is at odds with that.
///
/// What was at odds in `before` already is nobody's work here.
fn level(before: &View, side: &View, base: &Arc<Base>) -> Result<(View, Odds)> {
    if side.base.id() == base.id() {
        return Ok((side.clone(), Odds::new()));
    }
    let (laid, conflicts) = lay_over(side, base)?;
    let work = before.overlay.diff(&side.overlay)?;
    let work: BTreeMap<DataPath, ()> = work.into_iter().map(|difference| (difference.path, ())).collect();
    let is_work = |conflict: &Conflict| within(&conflict.path, &work).next().is_some();
    let samples_said = before.overlay.samples()?.diff(&side.overlay.samples()?)?;
    let mut odds = Odds::new();
    for mut conflict in conflicts {
        if conflict.path == samples::path() {
            conflict.rows.retain(|row| samples_said.iter().any(|difference| difference.address == row.address));
            if conflict.rows.is_empty() {
                continue;
            }
        } else if !is_work(&conflict) {
            continue;
        }
        let odd = odds.entry(conflict.path).or_insert((conflict.why, Vec::new()));
        odd.0 = conflict.why;
        odd.1.extend(conflict.rows);
    }
    Ok((laid, odds))
}

/// A conflict as the other side sees it.
fn turned(conflict: RowConflict) -> RowConflict {
    RowConflict { ours: conflict.theirs, theirs: conflict.ours, ..conflict }
}
