//! Who set the cells of a row, in which revision, and why.
//!
//! The walk goes from a revision back over first parents, and reads of each
//! only its list of changed paths until one touches the file. There it compares
//! that one row. What a merge brought is followed to the side that it came from.

use std::collections::BTreeSet;

use super::diff::share_below;
use super::{Part, Table};
use crate::dataset::Dataset;
use crate::dataset::diff::has_same_bytes;
use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, Id, PathChange, Revision, RowAddress, RowChange, Value, What};
use crate::{Error, Result};

/// What is known of a row's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// Its cells, in order of column; none for a row that was deleted.
    pub cells: Vec<CellBlame>,
    /// What became of the row as a whole, where anything did.
    pub row: Option<RowBlame>,
}

/// Where a cell's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellBlame {
    /// The column.
    pub column: String,
    /// The value.
    pub value: Value,
    /// The revision that set it; `None`: it is as in the source.
    pub set_by: Option<(Id, Revision)>,
}

/// What became of a whole row, and in which revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowBlame {
    /// What.
    pub fate: RowFate,
    /// In which revision.
    pub by: (Id, Revision),
}

/// What may become of a whole row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFate {
    /// It was inserted, or came with its file.
    Inserted,
    /// It is there no more.
    Deleted,
}

impl Dataset {
    /// Says of each cell of a row of `table`, as the revision `at` has it, which revision set it.
    ///
    /// # Errors
    /// `NotFound` for a row that there never was.
    pub fn blame(&self, at: Id, table: &Table, key: &str) -> Result<Blame> {
        if table.is_samples() {
            return samples::blame(self, at, key);
        }
        let (path, key) = table.split_key(key)?;
        let walk = Walk { dataset: self, table, key };
        let view = self.view(at)?;
        let Some(values) = walk.cells(&view, &view.existing(&path)?)? else {
            let by = walk.deletion(at, path)?.ok_or_else(|| Error::not_found("row", key))?;
            return Ok(Blame { cells: Vec::new(), row: Some(RowBlame { fate: RowFate::Deleted, by }) });
        };
        let mut columns = view.table_info(table)?.schema.columns;
        if table.is_many {
            columns.retain(|column| column.name != super::FILE_COLUMN);
        }
        let value_of = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let cell =
            |name: String| CellBlame { value: value_of(&name).unwrap_or(Value::Null), column: name, set_by: None };
        let mut cells: Vec<CellBlame> = columns.into_iter().map(|column| cell(column.name)).collect();
        let row = walk.cells_back(at, path, &mut cells)?;
        Ok(Blame { cells, row })
    }
}

struct Walk<'a> {
    dataset: &'a Dataset,
    table: &'a Table,
    /// Within the file.
    key: &'a str,
}

/// How a row differs from what it was.
enum Step {
    Same,
    /// These columns.
    Cells(BTreeSet<String>),
    /// It was not there.
    Came,
}

impl Step {
    fn differs(&self, column: &str) -> bool {
        match self {
            Step::Same => false,
            Step::Cells(columns) => columns.contains(column),
            Step::Came => true,
        }
    }
}

impl Walk<'_> {
    /// Follows each cell to the revision that set it.
    fn cells_back(&self, at: Id, path: DataPath, cells: &mut [CellBlame]) -> Result<Option<RowBlame>> {
        let mut row = None;
        // Places of cells, to be followed from a revision on, in which the file has this path.
        let mut open = vec![(at, path, (0..cells.len()).collect::<Vec<_>>())];
        while let Some((id, path, mut places)) = open.pop() {
            let revision = self.dataset.revision(id)?;
            let Some(first) = revision.parents.first().copied().filter(|_| !places.is_empty()) else { continue };
            let Some(before) = file_before(&self.dataset.changes_of(&revision, id)?, &path) else {
                open.push((first, path, places));
                continue;
            };
            let (view, mut is_new) = (self.dataset.view(id)?, true);
            let node = view.existing(&path)?;
            let later_parents = revision.parents.iter().skip(1).map(|parent| (*parent, Some(path.clone())));
            for (parent, before) in std::iter::once((first, before)).chain(later_parents) {
                let parent_view = self.dataset.view(parent)?;
                let parent_node = before.as_ref().map(|before| parent_view.node(before)).transpose()?.flatten();
                let step = match &parent_node {
                    Some(parent_node) => self.step((&parent_view, parent_node), (&view, &node))?,
                    None => Step::Came,
                };
                is_new &= matches!(step, Step::Came);
                let (here, there) = places.into_iter().partition(|at| step.differs(&cells[*at].column));
                places = here;
                if let Some(before) = before.filter(|_| parent_node.is_some()) {
                    open.push((parent, before, there));
                }
            }
            if is_new && !places.is_empty() {
                row = Some(RowBlame { fate: RowFate::Inserted, by: (id, revision.clone()) });
            }
            for place in places {
                cells[place].set_by = Some((id, revision.clone()));
            }
        }
        Ok(row)
    }

    /// The revision that deleted the row, which is not in `at`; `None` where it never was.
    fn deletion(&self, at: Id, path: DataPath) -> Result<Option<(Id, Revision)>> {
        let (mut id, mut path) = (at, path);
        loop {
            let revision = self.dataset.revision(id)?;
            let Some(first) = revision.parents.first().copied() else { return Ok(None) };
            let Some(before) = file_before(&self.dataset.changes_of(&revision, id)?, &path) else {
                id = first;
                continue;
            };
            let mut lacks_it = None;
            for parent in revision.parents.iter().copied() {
                let before = if parent == first { before.clone() } else { Some(path.clone()) };
                let view = self.dataset.view(parent)?;
                let node = before.as_ref().map(|before| view.node(before)).transpose()?.flatten();
                let has_it = node.map(|node| self.cells(&view, &node)).transpose()?.flatten().is_some();
                if let Some(before) = before.filter(|_| !has_it && lacks_it.is_none()) {
                    lacks_it = Some((parent, before));
                }
            }
            match lacks_it {
                // One side had deleted it before; of a file that both lack, nothing more can be said.
                Some(next) => (id, path) = next,
                None => return Ok(Some((id, revision))),
            }
        }
    }

    fn step(&self, before: (&View, &Node), after: (&View, &Node)) -> Result<Step> {
        if has_same_bytes((before.0, &before.1.place), (after.0, &after.1.place))? {
            return Ok(Step::Same);
        }
        if share_below(before, after)? {
            let said = |(view, node): (&View, &Node)| view.rows_of(node).of_row(&self.table.part, self.key);
            return Ok(step_of_edits(&said(before)?, &said(after)?));
        }
        let (Some(before), Some(after)) = (self.cells(before.0, before.1)?, self.cells(after.0, after.1)?) else {
            return Ok(Step::Came);
        };
        let is_other = |(name, value): &&(String, Value)| {
            let before = before.iter().find(|(known, _)| known == name).map_or(&Value::Null, |(_, value)| value);
            before != value
        };
        Ok(Step::Cells(after.iter().filter(is_other).map(|(name, _)| name.clone()).collect()))
    }

    /// The row's cells by name; `None` where the file has no such row. Added columns are named where they are not null.
    fn cells(&self, view: &View, node: &Node) -> Result<Option<Vec<(String, Value)>>> {
        let said = view.rows_of(node).of_row(&self.table.part, self.key)?;
        match said.first() {
            Some((RowAddress::Row { .. }, RowChange::Deleted { .. })) => return Ok(None),
            Some((RowAddress::Row { .. }, RowChange::Inserted { cells, .. })) => return Ok(Some(cells.clone())),
            _ => {}
        }
        let found = if self.table.is_many { None } else { view.format_of(node)? };
        let format = found.map_or_else(|| self.table.format.clone(), |found| found.format);
        Part::open(view, node, &*format)?.with_file(|file, _| {
            let Some(at) = file.tables().iter().position(|info| info.name == self.table.part) else { return Ok(None) };
            let Some(place) = file.find(at, self.key)? else { return Ok(None) };
            if file.key(at, place)? != self.key {
                return Ok(None);
            }
            let names = file.tables()[at].schema.columns.iter().map(|column| column.name.clone());
            let mut cells: Vec<(String, Value)> = names.zip(file.row(at, place)?).collect();
            for (address, change) in said {
                let (RowAddress::Cell { column, .. }, RowChange::Set { after, .. }) = (address, change) else {
                    continue;
                };
                match cells.iter_mut().find(|(name, _)| *name == column) {
                    Some((_, value)) => *value = after,
                    None => cells.push((column, after)),
                }
            }
            Ok(Some(cells))
        })
    }
}

/// How a row differs, by what is said of it over the same bytes; it is there after.
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
            let same = other.iter().find(|(known, _)| known == address);
            if !same.is_some_and(|(_, other)| other.says_the_same(change)) {
                columns.insert(column.clone());
            }
        }
    }
    if columns.is_empty() { Step::Same } else { Step::Cells(columns) }
}

/// Where the file was before these changes: `None` where they do not touch it, `Some(None)` where it was not.
fn file_before(changes: &[PathChange], path: &DataPath) -> Option<Option<DataPath>> {
    let above = changes.iter().filter(|change| change.path != *path && path.is_within(&change.path));
    let folder = above.max_by_key(|change| change.path.as_bytes().len());
    let by_folder = folder.and_then(|folder| match folder.what {
        What::Renamed => Some(folder.from.as_ref().and_then(|from| path.moved(&folder.path, from))),
        What::Added | What::Removed => Some(None),
        What::Modified => None,
    });
    match changes.iter().find(|change| change.path == *path) {
        None => by_folder,
        Some(change) => Some(match change.what {
            What::Renamed => change.from.clone(),
            What::Modified => by_folder.flatten().or_else(|| Some(path.clone())),
            What::Added | What::Removed => None,
        }),
    }
}
