//! Samples that one side of a merge excluded, of whose rows the other side edited or deleted some.
//!
//! To exclude a sample says nothing against an edit of its rows: it hides them, and what is hidden comes back as it was
//! written last, if it was not deleted. So the rows are merged as if they showed, and hidden again.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Merge, Merged};
use crate::dataset::Dataset;
use crate::dataset::conflict::Conflict;
use crate::dataset::draft::Draft;
use crate::dataset::rows::is_of_content;
use crate::dataset::samples;
use crate::dataset::view::{Place, View};
use crate::model::{DataPath, ExcludedRow, Id, RowAddress, RowChange};
use crate::{Error, ErrorKind, Result};

/// A sample that one side alone excluded since.
struct Hidden {
    is_ours: bool,
    key: String,
    /// Its rows, each with the files that each side, ours first, has it in: it may have moved that.
    rows: Vec<(ExcludedRow, [Option<DataPath>; 2])>,
}

/// The rows of which a merge has conflicts, by file and table.
struct RowsAtOdds<'c>(HashMap<(&'c DataPath, &'c str), HashSet<&'c str>>);

impl<'c> RowsAtOdds<'c> {
    fn of(conflicts: &'c [Conflict]) -> RowsAtOdds<'c> {
        let mut found: HashMap<(&DataPath, &str), HashSet<&str>> = HashMap::new();
        for conflict in conflicts {
            for address in conflict.rows.iter().map(|row| &row.address) {
                found.entry((&conflict.path, address.table())).or_default().extend(address.row());
            }
        }
        RowsAtOdds(found)
    }

    /// Whether it has this row of a table, or any.
    fn has(&self, path: &DataPath, table: &str, row: Option<&String>) -> bool {
        let rows = self.0.get(&(path, table));
        rows.is_some_and(|rows| row.map_or(!rows.is_empty(), |row| rows.contains(row.as_str())))
    }
}

impl Hidden {
    /// Whether a row of it is at odds.
    fn is_in(&self, conflicts: &RowsAtOdds<'_>) -> bool {
        let is_at_odds = |(row, moved): &(ExcludedRow, [Option<DataPath>; 2])| {
            let paths = std::iter::once(&row.path).chain(moved.iter().flatten());
            // In a file of other bytes it may have another place.
            paths
                .into_iter()
                .any(|path| conflicts.has(path, &row.table, (!samples::is_place(&row.row)).then_some(&row.row)))
        };
        self.rows.iter().any(is_at_odds)
    }

    /// Whether the other side may have deleted a row of it: in a file of the same bytes, or with other bytes of the file.
    fn may_have_deleted_row(&self, merge: &Merge<'_>) -> Result<bool> {
        let sides = [merge.ours, merge.theirs];
        let [this, other] = if self.is_ours { [0, 1] } else { [1, 0] };
        for (row, places) in &self.rows {
            let below = |view: &View, path: Option<&DataPath>| -> Result<Option<Place>> {
                let node = path.map(|path| view.file_with_hidden(path)).transpose()?.flatten();
                Ok(node.map(|node| node.place.below().clone()))
            };
            let was = below(merge.before, Some(&row.path))?;
            if was.is_some() && was != below(sides[other], places[other].as_ref())? {
                return Ok(true);
            }
            let [Some(here), Some(there)] = [this, other].map(|side| places[side].as_ref()) else { continue };
            let (Some(here), Some(there)) = (sides[this].node(here)?, sides[other].node(there)?) else { continue };
            let address = RowAddress::Row { table: row.table.clone(), row: row.row.clone() };
            let said = |side: usize, node| sides[side].rows_of(node).get(&address);
            let is_same = here.place.below() == there.place.below();
            // A key of its own is that of the row in other bytes, too.
            if (is_same || !samples::is_place(&row.row))
                && matches!(said(other, &there)?, Some(RowChange::Deleted { .. }))
                && (!is_same || matches!(said(this, &here)?, Some(RowChange::Deleted { .. })))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Dataset {
    /// As [`Dataset::merged_with_classes`]; edits of rows that the other side hid with their sample are there once it is
    /// included.
    pub(in crate::dataset) fn merged_beneath_what_is_hidden(&self, merge: &Merge<'_>, head: Id) -> Result<Merged> {
        let hidden = hidden_by_one(merge)?;
        if hidden.is_empty() {
            return self.merged_with_classes(merge, head);
        }
        if merge.ours.base.id() != merge.theirs.base.id() {
            // Rows show only in a source that can be read: as it is now.
            let ([before, ours, theirs], odds) = merge.over_one_base()?;
            if odds.is_empty() {
                let merge = Merge { before: &before, ours: &ours, theirs: &theirs, prefer: merge.prefer };
                return self.merged_beneath_what_is_hidden(&merge, head);
            }
        }
        // Who deletes a row has it no more, whether it shows or not.
        let mut met = Vec::new();
        for hidden in &hidden {
            if hidden.may_have_deleted_row(merge)? {
                met.push(hidden);
            }
        }
        let undecided = Merge { prefer: None, ..*merge };
        let first = match self.merged_with_shown(&undecided, &met, head) {
            // What cannot be read cannot be shown.
            Err(error) if cannot_show(&error) && !met.is_empty() => {
                met.clear();
                self.merged_with_classes(&undecided, head)
            }
            first => first,
        };
        let conflicts = match first? {
            Merged::Conflicts(conflicts) => conflicts,
            clean => return Ok(clean),
        };
        let deleted = met.len();
        let known: HashSet<&str> = met.iter().map(|hidden| hidden.key.as_str()).collect();
        let at_odds = RowsAtOdds::of(&conflicts);
        met.extend(hidden.iter().filter(|hidden| !known.contains(hidden.key.as_str()) && hidden.is_in(&at_odds)));
        if met.len() > deleted {
            match self.merged_with_shown(merge, &met, head) {
                Err(error) if cannot_show(&error) => {}
                // Both told of it while it shows: a conflict has what each side has there.
                merged => return merged,
            }
        }
        match merge.prefer {
            None => Ok(Merged::Conflicts(conflicts)),
            Some(_) => match self.merged_with_shown(merge, &met[..deleted], head) {
                Err(error) if cannot_show(&error) => self.merged_with_classes(merge, head),
                merged => merged,
            },
        }
    }

    /// Merges while some samples show, and hides them again.
    fn merged_with_shown(&self, merge: &Merge<'_>, hidden: &[&Hidden], head: Id) -> Result<Merged> {
        if hidden.is_empty() {
            return self.merged_with_classes(merge, head);
        }
        let showing = |view: &View, is_ours: bool| {
            let of_side = hidden.iter().filter(|hidden| hidden.is_ours == is_ours);
            self.with_samples_excluded(view.clone(), of_side, false, head)
        };
        let (ours, theirs) = (showing(merge.ours, true)?, showing(merge.theirs, false)?);
        match self.merged_with_classes(&Merge { ours: &ours, theirs: &theirs, ..*merge }, head)? {
            Merged::Clean(view) => self.with_samples_excluded(view, hidden.iter(), true, head).map(Merged::Clean),
            conflicts => Ok(conflicts),
        }
    }

    /// The view with samples shown that it hides, or hidden that it shows.
    pub(in crate::dataset) fn with_excluded(
        &self,
        view: View,
        keys: &[String],
        is_excluded: bool,
        head: Id,
    ) -> Result<View> {
        let mut draft = Draft::to_edit(self, head, view);
        if !keys.is_empty() {
            draft.exclude_samples(keys, is_excluded)?;
        }
        Ok(draft.view)
    }

    fn with_samples_excluded<'h>(
        &self,
        view: View,
        hidden: impl Iterator<Item = &'h &'h Hidden>,
        is_excluded: bool,
        head: Id,
    ) -> Result<View> {
        let mut keys: Vec<String> = hidden.map(|hidden| hidden.key.clone()).collect();
        if is_excluded {
            keys = samples::of_these(&view, keys)?;
        }
        self.with_excluded(view, &keys, is_excluded, head)
    }
}

/// Where the source has a file of a view, if it is one of that.
fn home_of(view: &View, path: &DataPath) -> Result<Option<DataPath>> {
    let source = view.file_with_hidden(path)?.and_then(|node| node.place.source_row());
    source.map(|row| view.base.path(row)).transpose()
}

/// Whether rows cannot be shown: their file cannot be read, or is no table.
fn cannot_show(error: &Error) -> bool {
    is_of_content(error) || matches!(error.kind(), ErrorKind::NotFound { what: "table" | "row", .. })
}

/// The samples with rows that one side alone excluded since.
fn hidden_by_one(merge: &Merge<'_>) -> Result<Vec<Hidden>> {
    let [before, ours, theirs] = [merge.before, merge.ours, merge.theirs].map(|view| view.overlay.samples());
    let (before, ours, theirs) = (before?, ours?, theirs?);
    let mut found = Vec::new();
    for (side, other, is_ours) in [(&ours, &theirs, true), (&theirs, &ours, false)] {
        let mut there_now: BTreeMap<DataPath, [Option<DataPath>; 2]> = BTreeMap::new();
        for difference in before.diff(side)? {
            let Some(RowChange::Excluded { rows }) = difference.after else { continue };
            let is_by_both = matches!(other.get(&difference.address)?, Some(RowChange::Excluded { .. }));
            let (false, false, Some(key)) = (rows.is_empty(), is_by_both, difference.address.row()) else { continue };
            if difference.before.is_some() || samples::are_shown(&rows) {
                continue;
            }
            let mut there = Vec::with_capacity(rows.len());
            for row in rows {
                if !there_now.contains_key(&row.path) {
                    let here = if is_ours { merge.ours } else { merge.theirs };
                    let home = home_of(here, &row.path)?;
                    let now = |side: &View| -> Result<Option<DataPath>> {
                        let there = match (side.file_with_hidden(&row.path)?, &home) {
                            (None, Some(home)) => side.file_with_hidden(home)?,
                            (there, _) => there,
                        };
                        Ok(there.map(|node| node.path))
                    };
                    there_now.insert(row.path.clone(), [now(merge.ours)?, now(merge.theirs)?]);
                }
                let now = there_now[&row.path].clone();
                there.push((row, now));
            }
            found.push(Hidden { is_ours, key: key.to_owned(), rows: there });
        }
    }
    Ok(found)
}
