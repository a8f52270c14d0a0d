//! Who set the cells of a row, in which revision, and why.
//!
//! The walk goes from a revision back over first parents, and reads of each
//! only its list of changed paths until one touches the file. There it compares
//! that one row ([`super::row_step`]), which may have had another key then. What a
//! merge brought is followed to the side that it came from.

use super::Table;
use super::row_step::{Compared, Step, Was};
use crate::dataset::Dataset;
use crate::dataset::{diff, samples};
use crate::model::{DataPath, Id, PathChange, Revision, Value, What};
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
        let view = self.view(at)?;
        let node = view.existing(&path)?;
        let walk = Walk { dataset: self, rows: Compared::new(table, (&view, &node))? };
        let Some(values) = walk.rows.cells((&view, &node), key)? else {
            let by = walk.deletion(at, path, key)?.ok_or_else(|| Error::not_found("row", key))?;
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
        let row = walk.cells_back(at, path, key, &mut cells)?;
        Ok(Blame { cells, row })
    }
}

struct Walk<'a> {
    dataset: &'a Dataset,
    rows: Compared<'a>,
}

impl Walk<'_> {
    /// Follows each cell of the row that has `key` within its file to the revision that set it.
    fn cells_back(&self, at: Id, path: DataPath, key: &str, cells: &mut [CellBlame]) -> Result<Option<RowBlame>> {
        let mut row = None;
        // Places of cells, to be followed from a revision on, in which the file has this path and the row this key.
        let mut open = vec![(at, path, key.to_owned(), (0..cells.len()).collect::<Vec<_>>())];
        while let Some((id, path, key, mut places)) = open.pop() {
            let revision = self.dataset.revision(id)?;
            let Some(first) = revision.parents.first().copied().filter(|_| !places.is_empty()) else { continue };
            let Some(before) = file_before(&self.dataset.changes_of(&revision, id)?, &path) else {
                open.push((first, path, key, places));
                continue;
            };
            // What is excluded has its history still, and goes on with it once it is included again.
            let (view, mut is_new) = (samples::with_all(&self.dataset.view(id)?)?, true);
            let node = view.existing(&path)?;
            // A file that its sample's exclusion hides is where it was.
            let is_hidden = || Ok::<_, Error>(samples::with_all(&self.dataset.view(first)?)?.node(&path)?.is_some());
            let before = if before.is_none() && is_hidden()? { Some(path.clone()) } else { before };
            for (at, parent) in revision.parents.iter().copied().enumerate() {
                let before = if at == 0 { before.clone() } else { self.in_parent(parent, id, &path)? };
                let parent_view = samples::with_all(&self.dataset.view(parent)?)?;
                let parent_node = before.as_ref().map(|before| parent_view.node(before)).transpose()?.flatten();
                let (step, earlier) = match &parent_node {
                    Some(parent_node) => self.rows.step((&parent_view, parent_node), (&view, &node), &key)?,
                    None => (Step::Came, None),
                };
                is_new &= matches!(step, Step::Came);
                let (here, there) = places.into_iter().partition(|at| step.differs(&cells[*at].column));
                places = here;
                // Of a row that is known no further, what nobody set is as in the source.
                if let (Some(before), Some(earlier)) = (before.filter(|_| parent_node.is_some()), earlier) {
                    open.push((parent, before, earlier, there));
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

    /// Where the file that the merge `id` has at `path` is in a parent of it.
    fn in_parent(&self, parent: Id, id: Id, path: &DataPath) -> Result<Option<DataPath>> {
        let (before, after) = (self.dataset.view(parent)?, self.dataset.view(id)?);
        if samples::with_all(&before)?.node(path)?.is_some() {
            return Ok(Some(path.clone()));
        }
        Ok(file_before(&diff(&before, &after)?, path).flatten())
    }

    /// The revision that deleted the row, which is not in `at`; `None` where it never was.
    fn deletion(&self, at: Id, path: DataPath, key: &str) -> Result<Option<(Id, Revision)>> {
        let (mut id, mut path, mut key) = (at, path, key.to_owned());
        loop {
            let revision = self.dataset.revision(id)?;
            let Some(first) = revision.parents.first().copied() else { return Ok(None) };
            let Some(before) = file_before(&self.dataset.changes_of(&revision, id)?, &path) else {
                id = first;
                continue;
            };
            let view = self.dataset.view(id)?;
            let node = view.node(&path)?;
            let mut lacks_it = None;
            for parent in revision.parents.iter().copied() {
                let before = if parent == first { before.clone() } else { Some(path.clone()) };
                let parent_view = self.dataset.view(parent)?;
                let parent_node = before.as_ref().map(|before| parent_view.node(before)).transpose()?.flatten();
                let was = match &parent_node {
                    Some(of) => self.rows.was((&parent_view, of), node.as_ref().map(|node| (&view, node)), &key)?,
                    None => Was::Lacking(key.clone()),
                };
                match was {
                    Was::There => {}
                    Was::Lacking(earlier) if lacks_it.is_none() => {
                        lacks_it = before.map(|before| (parent, before, earlier));
                    }
                    Was::Lacking(_) => {}
                    Was::Unknown => return Ok(None),
                }
            }
            match lacks_it {
                // One side had deleted it before; of a file that both lack, nothing more can be said.
                Some(next) => (id, path, key) = next,
                None => return Ok(Some((id, revision))),
            }
        }
    }
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
