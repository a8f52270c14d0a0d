//! Excluded samples: their files and what tables say of them are hidden, and can be taken back as they were.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::edit::Changes;
use super::join::{Joined, Source, Wanted, excluded};
use crate::Result;
use crate::dataset::draft::Draft;
use crate::dataset::rows::{RowEdit, Table};
use crate::dataset::view::View;
use crate::model::{Change, DataPath, ExcludedRow, RowChange};

impl Draft {
    /// Excludes samples, by their keys, or includes them again; returns how many that changed.
    ///
    /// # Errors
    /// `NotFound` for a key that no sample has.
    pub fn exclude_samples(&mut self, keys: &[String], is_excluded: bool) -> Result<usize> {
        let before = self.view.overlay.clone();
        let done = if is_excluded { self.exclude(keys) } else { self.include(keys) };
        if done.is_err() {
            self.view.overlay = before;
        }
        done
    }

    pub(super) fn exclude(&mut self, keys: &[String]) -> Result<usize> {
        if keys.is_empty() {
            return Ok(0);
        }
        let joined = Joined::of(&self.view, &Wanted::sources())?;
        let found = Found::of(&joined, keys)?;
        let (mut files, mut rows, mut samples) = (Vec::new(), Rows::default(), BTreeMap::new());
        for key in keys {
            let what = found.get(key)?;
            if joined.beside.excluded.contains(key) {
                continue;
            }
            let mut hidden = Vec::new();
            for source in &what.sources {
                match source {
                    Source::File(path) => files.extend(self.hide(path)?),
                    Source::Row(at, row) => {
                        let table = what.table(&joined, *at);
                        hidden.extend(self.view.row_to_hide(table, row)?);
                        rows.delete(table, row);
                    }
                }
            }
            samples.insert(excluded(key), hidden);
        }
        let count = samples.len();
        rows.apply(self)?;
        self.view.keep_cells(samples.values_mut().flatten())?;
        self.apply(files)?;
        let say = |(at, rows)| (at, Some(RowChange::Excluded { rows }));
        self.change_samples(samples.into_iter().map(say).collect())?;
        self.trace_samples(&joined)?;
        Ok(count)
    }

    pub(super) fn include(&mut self, keys: &[String]) -> Result<usize> {
        if keys.is_empty() {
            return Ok(0);
        }
        let joined = Joined::of(&self.view, &Wanted::sources())?;
        let found = Found::of(&joined, keys)?;
        let samples = self.view.overlay.samples()?;
        let (mut files, mut changes) = (Vec::new(), Changes::new());
        let mut rows: BTreeMap<DataPath, Vec<ExcludedRow>> = BTreeMap::new();
        for key in keys {
            let what = found.get(key)?;
            let Some(RowChange::Excluded { rows: hidden }) = samples.get(&excluded(key))? else { continue };
            for source in &what.sources {
                if let Source::File(path) = source
                    && let Some(Change::Excluded { was }) = self.view.overlay.get(path)?
                {
                    files.push((path.clone(), was.map(|was| *was)));
                }
            }
            for row in hidden {
                rows.entry(row.path.clone()).or_default().push(row);
            }
            changes.insert(excluded(key), None);
        }
        let count = changes.len();
        self.apply(files)?;
        for (path, hidden) in rows {
            let Some(node) = self.view.file_with_hidden(&path)? else { continue };
            for (table, changes) in self.view.rows_back(&node, &hidden)? {
                self.put_rows_back(&node.path, &table, changes)?;
            }
        }
        self.change_samples(changes)?;
        Ok(count)
    }

    /// Removes samples with their files, and what tables say of them.
    pub(super) fn delete_samples(&mut self, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        // What is excluded is taken back first: what goes is what would show.
        self.include(keys)?;
        let joined = Joined::of(&self.view, &Wanted::sources())?;
        let found = Found::of(&joined, keys)?;
        let (mut files, mut rows, mut changes) = (Vec::new(), Rows::default(), Changes::new());
        let samples = self.view.overlay.samples()?;
        for key in keys {
            let what = found.get(key)?;
            for source in &what.sources {
                match source {
                    Source::File(path) => {
                        files.push((path.clone(), self.base_under(path)?.map(|_| Change::Removed)));
                    }
                    Source::Row(at, row) => rows.delete(what.table(&joined, *at), row),
                }
            }
            changes.extend(samples.of_row(super::PART, key)?.into_iter().map(|(address, _)| (address, None)));
        }
        rows.apply(self)?;
        self.apply(files)?;
        self.change_samples(changes)
    }

    /// What the overlay says of a file that is hidden; `None` where nothing shows anyway.
    pub(super) fn hide(&self, path: &DataPath) -> Result<Option<(DataPath, Option<Change>)>> {
        if self.view.node(path)?.is_none() {
            return Ok(None);
        }
        let was = self.view.overlay.get(path)?.map(Box::new);
        Ok(Some((path.clone(), Some(Change::Excluded { was }))))
    }
}

/// Those of some keys that samples have.
pub(in crate::dataset) fn of_these(view: &View, keys: Vec<String>) -> Result<Vec<String>> {
    if keys.is_empty() {
        return Ok(keys);
    }
    let joined = Joined::of(view, &Wanted::nothing())?;
    let found = Found::of(&joined, &keys)?;
    Ok(keys.into_iter().filter(|key| found.0.contains_key(key)).collect())
}

/// Rows to be deleted, by table.
#[derive(Default)]
pub(super) struct Rows<'a>(BTreeMap<String, (Option<&'a Table>, HashSet<String>)>);

impl<'a> Rows<'a> {
    pub(super) fn delete(&mut self, table: &'a Table, row: &str) {
        let of = self.0.entry(table.name.clone()).or_default();
        of.0 = Some(table);
        of.1.insert(row.to_owned());
    }

    pub(super) fn apply(self, draft: &mut Draft) -> Result<()> {
        for (table, rows) in self.0.into_values() {
            let mut rows: Vec<String> = rows.into_iter().collect();
            rows.sort();
            if let Some(table) = table {
                draft.edit_table(table, rows.into_iter().map(|row| RowEdit::Delete { row }).collect())?;
            }
        }
        Ok(())
    }
}

/// Where what is said of each sample lies, by key.
pub(super) struct Found<'a>(HashMap<String, Lies<'a>>);

pub(super) struct Lies<'a> {
    pub(super) sources: Vec<Source>,
    main: Option<&'a Table>,
}

impl Lies<'_> {
    pub(super) fn table<'j>(&self, joined: &'j Joined, at: usize) -> &'j Table {
        match (&self.main, &joined.main) {
            (Some(_), Some(main)) => main,
            _ => &joined.tables[at],
        }
    }
}

impl<'a> Found<'a> {
    /// Those of samples that are images; of rows of a table, those that are asked for: there may be very many.
    pub(super) fn of(joined: &'a Joined, keys: &[String]) -> Result<Found<'a>> {
        if let Some(main) = &joined.main {
            let keys = joined.view.rows_among(main, keys.iter().map(String::as_str))?.into_iter();
            let lies =
                |key: &str| (key.to_owned(), Lies { sources: vec![Source::Row(0, key.to_owned())], main: Some(main) });
            return Ok(Found(keys.map(lies).collect()));
        }
        let lies = |(at, sample): (usize, &super::join::Sample)| {
            let files = sample.path.iter().cloned().map(Source::File);
            let sources = files.chain(joined.sources.get(&at).into_iter().flatten().cloned()).collect();
            (sample.key.clone(), Lies { sources, main: None })
        };
        Ok(Found(joined.samples.iter().enumerate().map(lies).collect()))
    }

    pub(super) fn get(&self, key: &str) -> Result<&Lies<'a>> {
        self.0.get(key).ok_or_else(|| crate::Error::not_found("row", key))
    }
}
