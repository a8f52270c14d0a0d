//! Edits of samples: cells of added columns, classes of images in class folders, and rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::datatypes::DataType;

use super::join::{Beside, Joined, Sample, Wanted, cell};
use super::scan::is_excluded_column;
use super::{LABEL, PART, said};
use crate::dataset::draft::Draft;
use crate::dataset::rows::{RowEdit, column, is_class_merge};
use crate::dataset::view::View;
use crate::model::{Change, Content, DataPath, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{Column, TableSchema};
use crate::{Error, Result};

/// Row changes of the samples' own tree.
pub(in crate::dataset) type Changes = BTreeMap<RowAddress, Option<RowChange>>;

/// What is to be done to samples, by their place among all, or their key where they are rows of a table.
#[derive(Default)]
struct Work {
    changes: Changes,
    relabelled: BTreeMap<usize, String>,
    excluded: Vec<String>,
    included: Vec<String>,
    deleted: Vec<String>,
}

impl Draft {
    /// Edits samples: all or none.
    ///
    /// # Errors
    /// `NotFound` for a sample or column; `Invalid` for a value that the column cannot hold, a class that there is
    /// not, a column whose values follow from others, and a new row.
    pub(in crate::dataset) fn edit_samples(&mut self, edits: Vec<RowEdit>) -> Result<Vec<String>> {
        let before = self.view.overlay.clone();
        let done = self.edit_samples_or_some(edits);
        if done.is_err() {
            self.view.overlay = before;
        }
        done
    }

    fn edit_samples_or_some(&mut self, edits: Vec<RowEdit>) -> Result<Vec<String>> {
        let joined = Joined::of(&self.view, &Wanted::nothing())?;
        let (schema, known) = (joined.schema()?, Known::of(&joined, &edits)?);
        let (mut work, mut keys) = (Work::default(), Vec::new());
        for edit in edits {
            match edit {
                RowEdit::Set { row, cells } => {
                    known.check(&row)?;
                    for (name, value) in cells {
                        work.set(&joined, &schema, &known, &row, &name, value)?;
                    }
                    keys.push(row);
                }
                RowEdit::Delete { row } => {
                    known.check(&row)?;
                    work.deleted.push(row.clone());
                    keys.push(row);
                }
                RowEdit::Insert { .. } => {
                    return Err(Error::invalid("sample", "a new one", "a sample comes with its file or row"));
                }
            }
        }
        self.change_samples(work.changes)?;
        self.relabel(&joined, work.relabelled)?;
        self.exclude(&work.excluded)?;
        self.include(&work.included)?;
        self.delete_samples(&work.deleted)?;
        self.trace_samples(&joined)?;
        Ok(keys)
    }

    /// Makes the overlay say something else of samples.
    pub(in crate::dataset) fn change_samples(&mut self, changes: Changes) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let samples = self.view.overlay.samples()?.with(changes)?;
        self.view.overlay = self.view.overlay.with_samples(&samples)?;
        Ok(())
    }

    /// Makes what is said of samples what another view says: of one cell or column, or of all. Which classes were
    /// merged is none of the latter: their labels stay as they are.
    ///
    /// # Errors
    /// `NotFound` for a sample that is to be excluded or included, and is not there.
    pub(in crate::dataset) fn take_samples(&mut self, address: Option<&RowAddress>, from: &View) -> Result<()> {
        let (ours, theirs) = (self.view.overlay.samples()?, from.overlay.samples()?);
        let addresses = match address {
            Some(address) => vec![address.clone()],
            None => {
                let addresses = ours.diff(&theirs)?.into_iter().map(|difference| difference.address);
                addresses.filter(|address| !is_class_merge(address)).collect()
            }
        };
        let (mut changes, mut excluded, mut included) = (Changes::new(), Vec::new(), Vec::new());
        for address in addresses {
            match (ours.get(&address)?, theirs.get(&address)?, &address) {
                // How ours takes it back is of the rows that are hidden here.
                (Some(RowChange::Excluded { .. }), Some(RowChange::Excluded { .. }), _) => {}
                (Some(RowChange::Excluded { .. }), _, RowAddress::Cell { row, .. }) => included.push(row.clone()),
                (_, Some(RowChange::Excluded { .. }), RowAddress::Cell { row, .. }) => excluded.push(row.clone()),
                (_, said, _) => drop(changes.insert(address, said)),
            }
        }
        self.change_samples(changes)?;
        self.include(&included)?;
        self.exclude(&excluded).map(drop)
    }

    /// Includes the samples whose images lie at or below `path`, but for those that another view excludes.
    pub(in crate::dataset) fn include_within(&mut self, path: &DataPath, unless: &View) -> Result<()> {
        let said = self.view.overlay.within(path)?;
        if !said.iter().any(|(_, change)| matches!(change, Change::Excluded { .. })) {
            return Ok(());
        }
        let (joined, kept) = (Joined::of(&self.view, &Wanted::nothing())?, Beside::of(unless)?.excluded);
        let is_to_come = |sample: &&Sample| {
            let is_here = sample.path.as_ref().is_some_and(|at| at.is_within(path));
            is_here && joined.beside.excluded.contains(&sample.key) && !kept.contains(&sample.key)
        };
        let keys: Vec<String> = joined.samples.iter().filter(is_to_come).map(|sample| sample.key.clone()).collect();
        self.include(&keys).map(drop)
    }

    /// Adds a column to the samples.
    pub(in crate::dataset) fn add_sample_column(&mut self, name: &str, data_type: &DataType) -> Result<()> {
        let address = RowAddress::Column { table: PART.to_owned(), column: name.to_owned() };
        let added = RowChange::Added { data_type: data_type.to_string() };
        self.change_samples([(address, Some(added))].into_iter().collect())
    }

    /// Drops an added column of the samples, with all its cells.
    pub(in crate::dataset) fn drop_sample_column(&mut self, name: &str) -> Result<()> {
        let samples = self.view.overlay.samples()?;
        let address = RowAddress::Column { table: PART.to_owned(), column: name.to_owned() };
        if samples.get(&address)?.is_none() {
            return Err(Error::not_found("added column", name));
        }
        let is_of_column = |at: &RowAddress| matches!(at, RowAddress::Cell { column, .. } if column == name);
        let cells = said(&samples)?.into_iter().filter(|(at, _)| is_of_column(at)).map(|(at, _)| (at, None));
        self.change_samples(cells.chain([(address, None)]).collect())
    }

    /// The keys of samples that get another one when something moves: those whose bytes are not the base's.
    pub(in crate::dataset) fn moved_keys(&self, from: &DataPath, to: &DataPath) -> Result<Vec<(String, String)>> {
        if self.view.overlay.samples()?.root().is_none() {
            return Ok(Vec::new());
        }
        let is_new = |change: &Change| match change {
            Change::File(file) => !matches!(file.content, Content::Source(_)),
            _ => false,
        };
        let moved = self.view.overlay.within(from)?.into_iter().filter_map(|(path, change)| {
            let is_new = is_new(&change) || matches!(&change, Change::Excluded { was: Some(was) } if is_new(was));
            is_new.then(|| Some((path.to_string(), path.moved(from, to)?.to_string()))).flatten()
        });
        Ok(moved.collect())
    }

    /// Gives what is said of a sample to the key that it has now.
    pub(in crate::dataset) fn carry_samples(&mut self, moved: &[(String, String)]) -> Result<()> {
        let samples = carried(&self.view.overlay.samples()?, moved)?;
        self.view.overlay = self.view.overlay.with_samples(&samples)?;
        Ok(())
    }

    /// Has hidden rows told of the path to which their file, or a folder of it, was moved, where nothing else tells that:
    /// the source tells of its files where they were; `before` is the view before that.
    pub(in crate::dataset) fn carry_hidden(&mut self, before: &View, from: &DataPath, to: &DataPath) -> Result<()> {
        let is_untold = |path: &DataPath| match before.node(path)? {
            Some(node) => {
                let source = node.place.source_row().map(|row| before.base().path(row)).transpose()?;
                Ok(source.as_ref() != Some(path))
            }
            None => Ok(false),
        };
        let samples = hidden_moved(&self.view.overlay.samples()?, from, to, is_untold)?;
        self.view.overlay = self.view.overlay.with_samples(&samples)?;
        Ok(())
    }
}

/// What is said of samples, with the hidden rows of files within `from` of which `is_meant` holds at `to`.
pub(in crate::dataset) fn hidden_moved(
    samples: &Rows,
    from: &DataPath,
    to: &DataPath,
    is_meant: impl Fn(&DataPath) -> Result<bool>,
) -> Result<Rows> {
    let mut changes = Changes::new();
    for (address, change) in said(samples)? {
        let RowChange::Excluded { mut rows } = change else { continue };
        let mut is_moved = false;
        for row in &mut rows {
            if let Some(now) = row.path.moved(from, to).filter(|_| row.path.is_within(from))
                && is_meant(&row.path)?
            {
                row.path = now;
                is_moved = true;
            }
        }
        if is_moved {
            changes.insert(address, Some(RowChange::Excluded { rows }));
        }
    }
    if changes.is_empty() { Ok(samples.clone()) } else { samples.with(changes) }
}

/// What is said of samples, for the keys that these have now: old and new ones.
pub(in crate::dataset) fn carried(samples: &Rows, moved: &[(String, String)]) -> Result<Rows> {
    if samples.root().is_none() {
        return Ok(samples.clone());
    }
    let mut changes = Changes::new();
    for (from, to) in moved {
        for (address, change) in samples.of_row(PART, from)? {
            if let RowAddress::Cell { column, .. } = &address {
                changes.insert(cell(to, column), Some(change));
                changes.entry(address).or_insert(None);
            }
        }
    }
    if changes.is_empty() { Ok(samples.clone()) } else { samples.with(changes) }
}

/// The samples that there are.
enum Known<'a> {
    Images(HashMap<&'a str, usize>),
    /// Those of the rows that are asked for.
    Rows(HashSet<String>),
}

impl<'a> Known<'a> {
    fn of(joined: &'a Joined, edits: &[RowEdit]) -> Result<Known<'a>> {
        let key = |edit: &'_ RowEdit| match edit {
            RowEdit::Set { row, .. } | RowEdit::Delete { row } => Some(row.clone()),
            RowEdit::Insert { .. } => None,
        };
        Ok(match &joined.main {
            Some(main) => {
                let keys: Vec<String> = edits.iter().filter_map(key).collect();
                let there = joined.view.rows_among(main, keys.iter().map(String::as_str))?;
                Known::Rows(there.into_iter().map(str::to_owned).collect())
            }
            None => Known::Images(joined.samples.iter().enumerate().map(|(at, of)| (of.key.as_str(), at)).collect()),
        })
    }

    fn check(&self, key: &str) -> Result<()> {
        let is_known = match self {
            Known::Images(places) => places.contains_key(key),
            Known::Rows(keys) => keys.contains(key),
        };
        if is_known { Ok(()) } else { Err(Error::not_found("row", key)) }
    }
}

impl Work {
    fn set(
        &mut self,
        joined: &Joined,
        schema: &TableSchema,
        known: &Known<'_>,
        key: &str,
        name: &str,
        value: Value,
    ) -> Result<()> {
        let column = schema.find(name).ok_or_else(|| Error::not_found("column", name))?;
        let column = &schema.columns[column];
        if joined.beside.added.iter().any(|added| added.name == column.name) {
            let after = column::check(&column.data_type.to_string(), &value)?;
            let change = (after != Value::Null).then_some(RowChange::Set { before: Value::Null, after, patch: None });
            self.changes.insert(cell(key, &column.name), change);
            return Ok(());
        }
        if is_excluded_column(&column.name) {
            match column::check(&column.data_type.to_string(), &value)? {
                Value::Bool(true) => self.excluded.push(key.to_owned()),
                Value::Bool(false) => self.included.push(key.to_owned()),
                other => return Err(Error::invalid("value", &other.to_string(), "the column has true and false")),
            }
            return Ok(());
        }
        match known {
            Known::Images(places) if column.name == LABEL && column.editable => {
                let class = checked_class(column, value)?;
                self.relabelled.insert(places[key], class);
                Ok(())
            }
            _ => Err(Error::invalid("column to edit", name, "its values follow from others")),
        }
    }
}

/// The name of a class, as a folder can have it.
fn checked_class(column: &Column, value: Value) -> Result<String> {
    let refused = |why: &str| Error::invalid("value", &value.to_string(), format!("column `{}`: {why}", column.name));
    match &value {
        Value::Null => Err(refused("an image is in the folder of some class")),
        Value::List(_) | Value::Struct(_) | Value::Binary(_) => Err(refused("a class is the name of a folder")),
        of => match of.to_string() {
            name if name.contains('/') => Err(refused("a class is the name of one folder")),
            name => Ok(name),
        },
    }
}
