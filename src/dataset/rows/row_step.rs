//! How one row differs between two states of its file, for [`super::blame`].
//!
//! Over the same bytes the edits tell, over others the cells. Where a refresh
//! took the bytes of a side, it is the edits again: what nobody edited is then
//! as the source has it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::diff::share_below;
use super::earlier::{State, are_of_source, by_content, by_traces, is_gone};
use super::{Part, Table};
use crate::Result;
use crate::dataset::diff::has_same_bytes;
use crate::model::{RowAddress, RowChange, Value};
use crate::table::{Format, TableFile};

/// The cells of a row by column.
pub(super) type Cells = Vec<(String, Value)>;

/// A table whose rows are compared.
pub(super) struct Compared<'a> {
    pub(super) table: &'a Table,
    /// Whether its rows have keys of their own, which are the same in every state of their file.
    is_keyed: bool,
}

/// How a row differs from what it was.
pub(super) enum Step {
    Same,
    /// These columns.
    Cells(BTreeSet<String>),
    /// It was not there.
    Came,
}

impl Step {
    /// Whether the row's cell in a column differs.
    pub(super) fn differs(&self, column: &str) -> bool {
        match self {
            Step::Same => false,
            Step::Cells(columns) => columns.contains(column),
            Step::Came => true,
        }
    }
}

/// Whether a row was in an earlier state of its file.
pub(super) enum Was {
    There,
    /// It was not; it would have this key there.
    Lacking(String),
    Unknown,
}

impl<'a> Compared<'a> {
    /// A table, with the file that it is asked about.
    pub(super) fn new(table: &'a Table, state: State<'_>) -> Result<Compared<'a>> {
        let key = with_part(table, state, |file, at| Ok(file.tables()[at].schema.key))?;
        Ok(Compared { table, is_keyed: key.flatten().is_some() })
    }

    /// Whether a row that `after` has not was in `before`.
    pub(super) fn was(&self, before: State<'_>, after: Option<State<'_>>, key: &str) -> Result<Was> {
        if !is_gone(before)? {
            let is_there = self.cells(before, key)?.is_some();
            return Ok(if is_there { Was::There } else { Was::Lacking(key.to_owned()) });
        }
        let said = |(view, node): State<'_>, key: &str| view.rows_of(node).of_row(&self.table.part, key);
        let deleted_in = match after {
            Some(after) if is_deleted(&said(after, key)?) => after,
            // What nobody deleted went with the source, where there was any such row.
            _ if self.is_keyed && !matches!(&said(before, key)?[..], [] | [(_, RowChange::Deleted { .. }), ..]) => {
                return Ok(Was::There);
            }
            _ => return Ok(Was::Unknown),
        };
        let earlier = match share_below(before, deleted_in)? {
            true => Some(key.to_owned()),
            false => self.by_edits(before, deleted_in, key)?,
        };
        let Some(earlier) = earlier else { return Ok(Was::Unknown) };
        Ok(if is_deleted(&said(before, &earlier)?) { Was::Lacking(earlier) } else { Was::There })
    }

    /// How a row differs from what it was, and the key that it had, if that is known.
    pub(super) fn step(&self, before: State<'_>, after: State<'_>, key: &str) -> Result<(Step, Option<String>)> {
        let same_key = || Some(key.to_owned());
        if has_same_bytes((before.0, &before.1.place), (after.0, &after.1.place))? {
            return Ok((Step::Same, same_key()));
        }
        let said = |(view, node): State<'_>, key: &str| view.rows_of(node).of_row(&self.table.part, key);
        if share_below(before, after)? {
            return Ok((step_of_edits(&said(before, key)?, &said(after, key)?), same_key()));
        }
        if is_gone(before)? || is_gone(after)? {
            return self.step_over_refresh(before, after, key);
        }
        let earlier = match self.is_keyed {
            true => same_key(),
            false => by_content(before, after, &self.table.part, key)?,
        };
        let cells_before = earlier.as_ref().map(|earlier| self.cells(before, earlier)).transpose()?.flatten();
        let (Some(cells_before), Some(cells_after)) = (cells_before, self.cells(after, key)?) else {
            return Ok((Step::Came, None));
        };
        Ok((Step::Cells(others(&cells_before, &cells_after)), earlier))
    }

    /// As [`Compared::step`], where the bytes of one side are gone.
    fn step_over_refresh(&self, before: State<'_>, after: State<'_>, key: &str) -> Result<(Step, Option<String>)> {
        let earlier = self.by_edits(before, after, key)?;
        let said = |(view, node): State<'_>, key: &str| view.rows_of(node).of_row(&self.table.part, key);
        let (now, was) = (said(after, key)?, earlier.as_ref().map(|earlier| said(before, earlier)).transpose()?);
        if !are_of_source(before, after) {
            // Somebody put other bytes there, or took them back: what was before cannot be told.
            let cells = if is_gone(after)? { None } else { self.cells(after, key)? };
            let of_file = cells.into_iter().flatten().map(|(name, _)| name);
            let said = now.iter().filter_map(|(address, _)| match address {
                RowAddress::Cell { column, .. } => Some(column.clone()),
                _ => None,
            });
            return Ok((Step::Cells(of_file.chain(said).collect()), None));
        }
        let step = step_of_edits(was.as_deref().unwrap_or_default(), &now);
        match (step, was) {
            // What the source has by itself now, the same value, is no edit any more.
            (Step::Cells(columns), Some(was)) if !is_gone(after)? => {
                let cells = self.cells(after, key)?.unwrap_or_default();
                let had = edited(&was);
                let is_other = |column: &String| had.get(column.as_str()).copied() != value_in(&cells, column).as_ref();
                Ok((Step::Cells(columns.into_iter().filter(is_other).collect()), earlier))
            }
            (step, _) => Ok((step, earlier)),
        }
    }

    /// The key of a row in `before`, where the bytes of that or of `after` are gone.
    fn by_edits(&self, before: State<'_>, after: State<'_>, key: &str) -> Result<Option<String>> {
        match self.is_keyed {
            true => Ok(Some(key.to_owned())),
            false => by_traces(before, after, &self.table.part, key, || format_of(self.table, after)),
        }
    }

    /// The row's cells by name; `None` where the file has no such row. Added columns are named where they are not null.
    pub(super) fn cells(&self, (view, node): State<'_>, key: &str) -> Result<Option<Cells>> {
        let said = view.rows_of(node).of_row(&self.table.part, key)?;
        match said.first() {
            Some((RowAddress::Row { .. }, RowChange::Deleted { .. })) => return Ok(None),
            Some((RowAddress::Row { .. }, RowChange::Inserted { cells, .. })) => return Ok(Some(cells.clone())),
            _ => {}
        }
        let read = |file: &dyn TableFile, at: usize| {
            let Some(place) = file.find(at, key)? else { return Ok(None) };
            let names = file.tables()[at].schema.columns.iter().map(|column| column.name.clone());
            let mut cells: Cells = names.zip(file.row(at, place)?).collect();
            for (address, change) in &said {
                let (RowAddress::Cell { column, .. }, RowChange::Set { after, .. }) = (address, change) else {
                    continue;
                };
                match cells.iter_mut().find(|(name, _)| name == column) {
                    Some((_, value)) => *value = after.clone(),
                    None => cells.push((column.clone(), after.clone())),
                }
            }
            Ok(Some(cells))
        };
        Ok(with_part(self.table, (view, node), read)?.flatten())
    }
}

fn is_deleted(said: &[(RowAddress, RowChange)]) -> bool {
    matches!(said.first(), Some((_, RowChange::Deleted { .. })))
}

/// How the file of a table is read in one state.
fn format_of(table: &Table, (view, node): State<'_>) -> Result<Arc<dyn Format>> {
    let found = if table.is_many { None } else { view.format_of(node)? };
    Ok(found.map_or_else(|| Arc::clone(&table.format), |found| found.format))
}

/// Reads a table in one state of its file; `None` where that has no such table.
fn with_part<T>(
    table: &Table,
    state: State<'_>,
    then: impl FnOnce(&dyn TableFile, usize) -> Result<T>,
) -> Result<Option<T>> {
    Part::open(state.0, state.1, &*format_of(table, state)?)?.with_file(|file, _| {
        let place = file.tables().iter().position(|info| info.name == table.part);
        place.map(|at| then(file, at)).transpose()
    })
}

/// The columns whose cells have other values than they had.
fn others(before: &Cells, after: &Cells) -> BTreeSet<String> {
    let is_other = |(name, value): &&(String, Value)| value_in(before, name).as_ref().unwrap_or(&Value::Null) != value;
    after.iter().filter(is_other).map(|(name, _)| name.clone()).collect()
}

fn value_in(cells: &Cells, column: &str) -> Option<Value> {
    cells.iter().find(|(name, _)| name == column).map(|(_, value)| value.clone())
}

/// What edits made of the cells of a row.
fn edited(said: &[(RowAddress, RowChange)]) -> BTreeMap<&str, &Value> {
    let mut cells = BTreeMap::new();
    for (address, change) in said {
        match (address, change) {
            (RowAddress::Cell { column, .. }, RowChange::Set { after, .. }) => {
                cells.insert(column.as_str(), after);
            }
            (RowAddress::Row { .. }, RowChange::Inserted { cells: of, .. }) => {
                cells.extend(of.iter().map(|(column, value)| (column.as_str(), value)));
            }
            _ => {}
        }
    }
    cells
}

/// How a row differs, by what is said of it, under whichever key; it is there after.
fn step_of_edits(before: &[(RowAddress, RowChange)], after: &[(RowAddress, RowChange)]) -> Step {
    let whole = |said: &[(RowAddress, RowChange)]| match said.first() {
        Some((RowAddress::Row { .. }, change)) => Some(change.clone()),
        _ => None,
    };
    let mut columns = BTreeSet::new();
    match (whole(before), whole(after)) {
        (Some(RowChange::Inserted { cells: before, .. }), Some(RowChange::Inserted { cells: after, .. })) => {
            columns.extend(after.into_iter().filter(|cell| !before.contains(cell)).map(|(name, _)| name));
        }
        (None, None) => {}
        _ => return Step::Came,
    }
    for (one, other) in [(before, after), (after, before)] {
        for (address, change) in one {
            let RowAddress::Cell { column, .. } = address else { continue };
            let is_of_column = |(known, _): &&(RowAddress, RowChange)| matches!(known, RowAddress::Cell { column: of, .. } if of == column);
            let same = other.iter().find(is_of_column);
            if !same.is_some_and(|(_, other)| other.says_the_same(change)) {
                columns.insert(column.clone());
            }
        }
    }
    if columns.is_empty() { Step::Same } else { Step::Cells(columns) }
}
