//! What belongs to samples that are excluded and comes later: it is hidden with the rest.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tracing::warn;

use super::edit::Changes;
use super::exclude::{Found, Rows};
use super::follow::is_place;
use super::join::{Joined, Source, Wanted, excluded};
use super::{hidden_by_sample, said};
use crate::Result;
use crate::dataset::draft::Draft;
use crate::dataset::rows::{Table, is_of_content};
use crate::dataset::view::View;
use crate::model::{DataPath, ExcludedRow, RowAddress, RowChange};

/// How rows came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Somebody wrote the whole file: what it has of a sample now is what it is to have.
    Writing,
    /// Beside the others of the file, which are what they were.
    Adding,
    /// With the source: where that has a row no more, another one that came may be it, rewritten.
    Refreshing,
}

impl Draft {
    /// Hides what came since `before`, in files that were written as a whole, and belongs to samples that are excluded:
    /// files, and rows of tables; returns whether anything did.
    ///
    /// # Errors
    /// Those of the tables and the store.
    pub fn hide_what_came(&mut self, before: &View) -> Result<bool> {
        self.hide_since(before, By::Writing)
    }

    /// As [`Draft::hide_what_came`], of what came beside all that is hidden already.
    pub(in crate::dataset) fn hide_what_was_added(&mut self, before: &View) -> Result<bool> {
        self.hide_since(before, By::Adding)
    }

    fn hide_since(&mut self, before: &View, by: By) -> Result<bool> {
        if self.view.overlay.samples()?.root().is_none() {
            return Ok(false);
        }
        let samples = self.view.overlay.samples()?;
        let mut came = BTreeSet::new();
        for path in before.overlay.diff(&self.view.overlay)?.into_iter().map(|difference| difference.path) {
            // An image comes to an excluded sample of which there was none.
            if self.view.promise_at(&path)?.is_some() || samples.get(&excluded(&path.to_string()))?.is_some() {
                came.insert(path);
            }
        }
        if came.is_empty() { Ok(false) } else { self.hide_of(Some(came), by) }
    }

    /// Hides what shows and belongs to samples that are excluded; returns whether anything did. Where tables cannot be
    /// read, nobody can tell.
    pub(in crate::dataset) fn hide_all(&mut self) -> Result<bool> {
        self.hide_of(None, By::Refreshing)
    }

    /// Hides what belongs to samples that are excluded of what was made at `path`, since `before`, what `from` has
    /// there: with them it comes back as it is there, too.
    pub(in crate::dataset) fn hide_restored(&mut self, path: &DataPath, from: &View, before: &View) -> Result<()> {
        let (samples, theirs) = (self.view.overlay.samples()?, from.overlay.samples()?);
        let mut changes = Changes::new();
        for (address, change) in said(&samples)? {
            let (RowAddress::Cell { row: key, .. }, RowChange::Excluded { rows }) = (&address, change) else {
                continue;
            };
            // What is kept of a sample that is a row tells where it is.
            if is_place(key) {
                continue;
            }
            let mut kept = Vec::new();
            for row in &rows {
                let node = before.file_with_hidden(&row.path)?;
                if !node.map_or(row.path.clone(), |node| node.path).is_within(path) {
                    kept.push(row.clone());
                }
            }
            let theirs = match theirs.get(&address)? {
                Some(RowChange::Excluded { rows }) => rows,
                _ => Vec::new(),
            };
            let mut now = Vec::new();
            for row in theirs {
                match kept.iter().position(|kept| *kept == row) {
                    Some(at) => now.push(kept.remove(at)),
                    None if row.path.is_within(path) => now.push(row),
                    None => {}
                }
            }
            now.extend(kept);
            if now != rows {
                changes.insert(address, Some(RowChange::Excluded { rows: now }));
            }
        }
        self.change_samples(changes)?;
        self.hide_what_came(before).map(drop)
    }

    fn hide_of(&mut self, only: Option<BTreeSet<DataPath>>, by: By) -> Result<bool> {
        let before = self.view.overlay.clone();
        match self.find_and_hide(only, by) {
            Err(error) if is_of_content(&error) => {
                warn!("what came of excluded samples may show: {error}");
                self.view.overlay = before;
                Ok(false)
            }
            hidden => hidden,
        }
    }

    fn find_and_hide(&mut self, only: Option<BTreeSet<DataPath>>, by: By) -> Result<bool> {
        let known: BTreeMap<String, Vec<ExcludedRow>> =
            hidden_by_sample(&self.view.overlay.samples()?)?.into_iter().collect();
        if known.is_empty() {
            return Ok(false);
        }
        let joined = Joined::of(&self.view, &Wanted { only, ..Wanted::sources() })?;
        // Where samples are rows without keys, another one may be at a sample's place now.
        let main = joined.main.as_ref().map(|main| joined.view.table_info(main)).transpose()?;
        let by_place = main.is_some_and(|main| main.schema.key.is_none());
        let keys: Vec<String> = known.keys().cloned().collect();
        let found = Found::of(&joined, &keys)?;
        let mut shown = self.shown_of(&joined, &found, &keys)?;
        if let (true, Some(main)) = (by_place, &joined.main) {
            let lies = known.iter().filter_map(|(key, hidden)| Some((found.get(key).ok()?, hidden.as_slice())));
            let rows: Vec<(&str, &[ExcludedRow])> = lies
                .flat_map(|(lies, hidden)| lies.sources.iter().map(move |source| (source, hidden)))
                .filter_map(|(source, hidden)| match source {
                    Source::Row(at, row) if shown.get(at)?.contains(row) => Some((row.as_str(), hidden)),
                    _ => None,
                })
                .collect();
            let there = self.view.hidden_among(main, &rows)?;
            shown.values_mut().for_each(|rows| rows.retain(|row| there.contains(row)));
        }
        let (mut files, mut rows, mut samples) = (Vec::new(), Rows::default(), BTreeMap::new());
        for (key, mut hidden) in known {
            let Ok(lies) = found.get(&key) else { continue };
            let mut came = Vec::new();
            for source in &lies.sources {
                match source {
                    Source::File(path) => files.extend(self.hide(path)?),
                    Source::Row(at, row) if shown.get(at).is_some_and(|shown| shown.contains(row)) => {
                        let table = lies.table(&joined, *at);
                        came.extend(self.view.row_to_hide(table, row)?.map(|row| (table, row)));
                        rows.delete(table, row);
                    }
                    Source::Row(..) => {}
                }
            }
            if !came.is_empty() {
                give_way(&joined.view, &mut hidden, &came, by)?;
                hidden.extend(came.into_iter().map(|(_, row)| row));
                samples.insert(excluded(&key), hidden);
            }
        }
        if files.is_empty() && samples.is_empty() {
            return Ok(false);
        }
        rows.apply(self)?;
        self.view.keep_cells(samples.values_mut().flatten())?;
        self.apply(files)?;
        let say = |(at, rows)| (at, Some(RowChange::Excluded { rows }));
        self.change_samples(samples.into_iter().map(say).collect())?;
        Ok(true)
    }

    /// The rows that show of those which belong to samples, by the place of their table.
    fn shown_of(&self, joined: &Joined, found: &Found<'_>, keys: &[String]) -> Result<HashMap<usize, HashSet<String>>> {
        let mut all: BTreeMap<usize, (&Table, Vec<&str>)> = BTreeMap::new();
        let lies: Vec<_> = keys.iter().filter_map(|key| found.get(key).ok()).collect();
        let mut there: HashMap<DataPath, bool> = HashMap::new();
        for lies in &lies {
            for source in &lies.sources {
                let Source::Row(at, row) = source else { continue };
                let table = lies.table(joined, *at);
                let (path, _) = table.split_key(row)?;
                if !there.contains_key(&path) {
                    there.insert(path.clone(), self.view.node(&path)?.is_some());
                }
                if there[&path] {
                    all.entry(*at).or_insert((table, Vec::new())).1.push(row);
                }
            }
        }
        let shown = all.into_iter().map(|(at, (table, rows))| {
            let among = self.view.rows_among(table, rows.into_iter())?;
            Ok((at, among.into_iter().map(str::to_owned).collect()))
        });
        shown.collect()
    }
}

/// Leaves out rows that are hidden where others that came are what they are now: those of the same key. Where rows
/// have no keys, those of a sample's rows in a file that was written, of which as many came, and those that a source's
/// file lost, one for each that came.
fn give_way(view: &View, hidden: &mut Vec<ExcludedRow>, came: &[(&Table, ExcludedRow)], by: By) -> Result<()> {
    let is_of = |row: &ExcludedRow, other: &ExcludedRow| (&row.path, &row.table) == (&other.path, &other.table);
    for (table, row) in came {
        let is_keyed = view.table_info(table)?.schema.key.is_some();
        let count = |rows: &mut dyn Iterator<Item = &ExcludedRow>| rows.filter(|other| is_of(row, other)).count();
        let are_all = by == By::Writing && count(&mut hidden.iter()) == count(&mut came.iter().map(|(_, row)| row));
        let lost = hidden.iter().position(|other| is_of(row, other) && other.row.is_empty());
        if is_keyed {
            hidden.retain(|other| !is_of(row, other) || row.row != other.row);
        } else if let (By::Refreshing, Some(lost)) = (by, lost) {
            hidden.remove(lost);
        } else if are_all {
            hidden.retain(|other| !is_of(row, other));
        }
    }
    Ok(())
}
