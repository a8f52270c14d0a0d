//! Excluded samples that are rows which were inserted into a table without keys.
//!
//! Such a row is in no file: all that there is of it is kept beside what is said of the sample, by a key that tells of
//! a place. Where rows get other keys, in a merge and over another base, it shows for that long among the others, and
//! is hidden again by the key that it has then.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::edit::Changes;
use super::follow::{below, follow_bytes, is_place};
use super::join::{Joined, Wanted, excluded};
use super::{PART, hidden_by_sample, said};
use crate::Result;
use crate::base::Base;
use crate::dataset::Dataset;
use crate::dataset::conflict::Conflict;
use crate::dataset::draft::Draft;
use crate::dataset::lay_over::lay_over;
use crate::dataset::rows::{RenamedRows, cells_below, file_with_rows, growth, own, shown, with_edits};
use crate::dataset::view::{Node, View};
use crate::model::{Change, DataPath, ExcludedRow, Id, RowAddress, RowChange};
use crate::overlay::Rows;

/// What is kept of a row, of an excluded sample, that shows for a while; nothing else is kept so.
const SHOWS: (Option<String>, RowChange) = (None, RowChange::Excluded { rows: Vec::new() });

impl Dataset {
    /// As [`lay_over`], of a view that is, or comes of, the revision `of`; what is hidden goes along with its rows.
    pub(in crate::dataset) fn laid_over(&self, view: &View, base: &Arc<Base>, of: Id) -> Result<(View, Vec<Conflict>)> {
        let (laid, conflicts) = lay_over(&with_new_rows(view)?, base)?;
        Ok((self.without_shown_rows(laid, of)?, conflicts))
    }

    /// Hides again what shows for a while: in the table that it is of, whichever is the main one by now.
    pub(in crate::dataset) fn without_shown_rows(&self, view: View, of: Id) -> Result<View> {
        let mut by_table: BTreeMap<(DataPath, String), Vec<String>> = BTreeMap::new();
        for (key, rows) in hidden_by_sample(&view.overlay.samples()?)? {
            if let Some(row) = rows.into_iter().find(|row| row.was.contains(&SHOWS)) {
                let path = view.file_with_hidden(&row.path)?.map_or(row.path, |node| node.path);
                by_table.entry((path, row.table)).or_default().push(key);
            }
        }
        if by_table.is_empty() {
            return Ok(view);
        }
        let tables = view.tables()?;
        let mut draft = Draft::to_edit(self, of, view);
        for ((path, part), keys) in by_table {
            let mut samples: BTreeMap<_, _> = keys.iter().map(|key| (excluded(key), Vec::new())).collect();
            let table = tables.iter().find(|table| table.part == part && table.paths.contains(&path));
            if let Some(table) = table {
                let in_table: Vec<String> = keys.iter().map(|key| table.key(&path, key)).collect();
                let there = draft.view.rows_among(table, in_table.iter().map(String::as_str))?;
                let mut rows = super::exclude::Rows::default();
                for (key, row) in keys.iter().zip(&in_table).filter(|(_, row)| there.contains(row.as_str())) {
                    samples.insert(excluded(key), draft.view.row_to_hide(table, row)?.into_iter().collect());
                    rows.delete(table, row);
                }
                rows.apply(&mut draft)?;
            }
            draft.view.keep_cells(samples.values_mut().flatten())?;
            // One that a merge has deleted is nobody's any more.
            let say = |(at, rows): (_, Vec<ExcludedRow>)| {
                let said = (!rows.is_empty()).then_some(RowChange::Excluded { rows });
                (at, said)
            };
            draft.change_samples(samples.into_iter().map(say).collect())?;
        }
        Ok(draft.view)
    }
}

/// Whether rows of a sample show for a while.
pub(in crate::dataset) fn are_shown(rows: &[ExcludedRow]) -> bool {
    rows.iter().any(|row| row.was.contains(&SHOWS))
}

/// A view in which new rows that are excluded show: its rows are right, its bytes are not. The files need not be there.
pub(in crate::dataset) fn with_new_rows(view: &View) -> Result<View> {
    showing(view, false)
}

/// The sides of a merge, each as [`with_new_rows`]; where their files have other bytes, with all rows that are hidden.
pub(in crate::dataset) fn with_rows_to_merge(sides: [&View; 3]) -> Result<[View; 3]> {
    let [before, ours, theirs] = sides;
    let says_any = sides.iter().map(|side| super::names_any(side)).collect::<Result<Vec<_>>>()?.contains(&true);
    let path = if says_any { super::main_file(ours)? } else { None };
    let has_other_bytes = match path {
        Some(path) => {
            let content = |side: &View| match below(side, &path)? {
                // A side may have moved it.
                None => super::main_file(side)?.map_or(Ok(None), |path| below(side, &path)),
                content => Ok(content),
            };
            let contents = [content(before)?, content(ours)?, content(theirs)?];
            contents[0] != contents[1] || contents[1] != contents[2]
        }
        None => false,
    };
    let [before, ours, theirs] = sides.map(|side| showing(side, has_other_bytes));
    Ok([before?, ours?, theirs?])
}

/// Shows excluded samples that are rows told by places: new ones, or all.
fn showing(view: &View, all: bool) -> Result<View> {
    let samples = view.overlay.samples()?;
    let (mut shown, mut files) = (Changes::new(), BTreeMap::<DataPath, (Node, Changes)>::new());
    for (key, hidden) in hidden_by_sample(&samples)? {
        let [row] = &hidden[..] else { continue };
        if row.row != key || !(is_new(&key) || all && is_place(&key)) {
            continue;
        }
        let Some(node) = view.file_with_hidden(&row.path)? else { continue };
        let Some(changes) = to_show(row, &view.rows_of(&node))? else { continue };
        files.entry(node.path.clone()).or_insert((node, Changes::new())).1.extend(changes);
        // Its key is the sample's, which others follow.
        let row = ExcludedRow { row: String::new(), was: vec![SHOWS], ..row.clone() };
        shown.insert(excluded(&key), Some(RowChange::Excluded { rows: vec![row] }));
    }
    if shown.is_empty() {
        return Ok(view.clone());
    }
    let mut edits = Vec::with_capacity(files.len());
    for (path, (node, rows)) in files {
        let said = view.rows_of(&node);
        let mut rows = said.with(rows)?.named_by(view.key_column(&node, &said)?.as_deref())?;
        if rows.traces()?.is_none() {
            // Of a file of which nothing else is said, the traces of its rows are kept with the samples.
            rows = rows.with_traces(samples.traces()?)?;
        }
        let file = file_with_rows(view, &node, &rows, growth(&rows)? - growth(&said)?)?;
        edits.push((path, Some(Change::File(file))));
    }
    let overlay = view.overlay.with(edits)?.with_samples(&samples.with(shown)?)?;
    Ok(View { overlay, ..view.clone() })
}

/// What is to be said for a hidden row to show under its key, of a file of which `said` is said; `None` where that
/// cannot be told without the file.
fn to_show(row: &ExcludedRow, said: &Rows) -> Result<Option<Changes>> {
    let address = RowAddress::Row { table: row.table.clone(), row: row.row.clone() };
    let there = said.get(&address)?;
    let new = |after: Option<String>, cells| {
        let inserted = RowChange::Inserted { after, cells, patch: None, is_below: false };
        Some(Changes::from([(address.clone(), Some(inserted))]))
    };
    Ok(match (own(row), cells_below(row), there) {
        (Some((after, cells)), _, None) => new(after.clone(), cells.clone()),
        (None, Some(cells), Some(RowChange::Deleted { before, is_below: true, .. })) if *cells == before => {
            Some(shown(row, &row.row, &before))
        }
        // Its file has other bytes since, in which it is not.
        (None, Some(cells), None) if is_new(&row.row) => {
            let anchor = row.row.rsplit_once('+').map(|(anchor, _)| anchor.to_owned());
            new(anchor.filter(|anchor| !anchor.is_empty()), with_edits(row, cells))
        }
        _ => None,
    })
}

/// Whether a key is that of a row which was inserted into a table without keys.
fn is_new(key: &str) -> bool {
    key.contains('+') && is_place(key)
}

/// The keys of new rows of a table that no other row is to get: something is said of them, or they are hidden.
pub(in crate::dataset) fn keys_spoken_of(view: &View, path: &DataPath, part: &str) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    for (address, change) in said(&view.overlay.samples()?)? {
        keys.extend(address.row().map(str::to_owned));
        if let RowChange::Excluded { rows } = change {
            let of_table = rows.into_iter().filter(|row| (&row.path, row.table.as_str()) == (path, part));
            keys.extend(of_table.map(|row| row.row));
        }
    }
    keys.retain(|key| is_new(key));
    Ok(keys)
}

/// The rows that are hidden with samples, by the files that have them now: whether something was said of them besides.
pub(in crate::dataset) fn hidden_rows(view: &View) -> Result<BTreeMap<(DataPath, RowAddress), bool>> {
    let (mut hidden, mut places) = (BTreeMap::new(), BTreeMap::<DataPath, DataPath>::new());
    for row in hidden_by_sample(&view.overlay.samples()?)?.into_iter().flat_map(|(_, rows)| rows) {
        if !places.contains_key(&row.path) {
            let now = view.file_with_hidden(&row.path)?.map_or(row.path.clone(), |node| node.path);
            places.insert(row.path.clone(), now);
        }
        let is_edited = row.was.iter().any(|(_, said)| matches!(said, RowChange::Set { .. }));
        let address = RowAddress::Row { table: row.table, row: row.row };
        hidden.insert((places[&row.path].clone(), address), is_edited);
    }
    Ok(hidden)
}

/// Whether any sample is excluded.
pub(in crate::dataset) fn are_excluded(view: &View) -> Result<bool> {
    Ok(!hidden_by_sample(&view.overlay.samples()?)?.is_empty())
}

/// What `side` says of samples, by the keys that these have in `merged`: where they are rows of a file that has the
/// other side's bytes there.
pub(in crate::dataset) fn said_in(side: &View, merged: &View) -> Result<Rows> {
    let samples = side.overlay.samples()?;
    if !said(&samples)?.iter().any(|(address, _)| address.row().is_some_and(is_place)) {
        return Ok(samples);
    }
    let Some(path) = super::main_file(side)? else { return Ok(samples) };
    let mut now = View { overlay: merged.overlay.with_samples(&samples)?, ..merged.clone() };
    follow_bytes(side, &mut now, &[path])?;
    now.overlay.samples()
}

/// What is said of samples that are rows of a table of `side`, of which some get other keys, told by file.
pub(in crate::dataset) fn with_renamed(
    samples: Rows,
    side: &View,
    renamed: &BTreeMap<DataPath, RenamedRows>,
) -> Result<Rows> {
    if samples.root().is_none() || renamed.values().all(BTreeMap::is_empty) {
        return Ok(samples);
    }
    let joined = Joined::of(side, &Wanted::nothing())?;
    let main = joined.main_of_one_file().and_then(|(main, path)| renamed.get(path)?.get(&main.part));
    let Some(renamed) = main else { return Ok(samples) };
    let (mut gone, mut come) = (Changes::new(), Changes::new());
    for (address, change) in said(&samples)? {
        let RowAddress::Cell { row, column, .. } = &address else { continue };
        let Some(now) = renamed.get(row) else { continue };
        let now = RowAddress::Cell { table: PART.to_owned(), row: now.clone(), column: column.clone() };
        come.insert(now, Some(change));
        gone.insert(address, None);
    }
    gone.extend(come);
    samples.with(gone)
}
