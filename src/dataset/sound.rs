//! Are the row edits of files what they should be: does every patch fit the file that it is laid over?
//!
//! Of each state only what differs from the one before is looked at, so a long
//! history costs by its edits, not by what it holds.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::Datasets;
use super::rows::is_class_merge;
use crate::Result;
use crate::base::Base;
use crate::model::{Change, Content, DataPath, FileChange, Id, PatchBytes, RowAddress, RowChange, RowPatch};
use crate::overlay::{Nodes, Overlay};
use crate::store::Problem;

/// So many problems of one file are told.
const TOLD_MAX: usize = 16;

/// A revision or a step of a draft.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// What it is, for a person.
    pub(super) name: String,
    pub(super) base: Id,
    pub(super) overlay: Option<Id>,
    /// The overlay that it came from.
    pub(super) before: Option<Id>,
}

/// Returns what is wrong with the row edits in these states.
///
/// # Errors
/// Those of reading them.
pub(super) fn unsound_rows(datasets: &Datasets, states: &[State]) -> Result<Vec<Problem>> {
    let nodes = Arc::new(Nodes::new(datasets.store.clone()));
    let mut looking = Looking { datasets, bases: HashMap::new(), seen: HashSet::new(), problems: Vec::new() };
    for state in states {
        let overlay = |root| Overlay::new(nodes.clone(), root);
        let after = overlay(state.overlay);
        for difference in overlay(state.before).diff(&after)? {
            match &difference.after {
                Some(Change::File(file)) => looking.file(state, &after, &difference.path, file)?,
                // It comes back as it was.
                Some(Change::Excluded { was: Some(was) }) => {
                    if let Change::File(file) = &**was {
                        looking.file(state, &after, &difference.path, file)?;
                    }
                }
                _ => {}
            }
        }
        looking.samples(state, &overlay(state.before), &after)?;
    }
    Ok(looking.problems)
}

struct Looking<'a> {
    datasets: &'a Datasets,
    bases: HashMap<Id, Arc<Base>>,
    /// The same edits over the same file are looked at once.
    seen: HashSet<Id>,
    problems: Vec<Problem>,
}

impl Looking<'_> {
    fn file(&mut self, state: &State, overlay: &Overlay, path: &DataPath, file: &FileChange) -> Result<()> {
        let Content::Rows { below, rows } = &file.content else { return Ok(()) };
        let base = self.base(state.base)?;
        let len = self.len(&base, overlay, below)?;
        if !self.seen.insert(Id::of(format!("{rows} over {below:?} of {len:?}, {}", file.size).as_bytes())) {
            return Ok(());
        }
        let what = format!("the row edits of `{path}` in {}", state.name);
        let mut whys = match len {
            Some(len) => self.patches(overlay, *rows, len, file.size)?,
            None => vec!["the file below is not in the index of the source".to_owned()],
        };
        whys.truncate(TOLD_MAX);
        self.problems.extend(whys.into_iter().map(|why| Problem { what: what.clone(), why, can_be_rebuilt: false }));
        Ok(())
    }

    /// What is said of samples must be of a column that was added, or that they are excluded.
    fn samples(&mut self, state: &State, before: &Overlay, after: &Overlay) -> Result<()> {
        let rows = after.samples()?;
        let mut whys = Vec::new();
        for difference in before.samples()?.diff(&rows)? {
            let (Some(said), RowAddress::Cell { table, row, column }) = (&difference.after, &difference.address) else {
                continue;
            };
            let is_added = || {
                let address = RowAddress::Column { table: table.clone(), column: column.clone() };
                Ok::<_, crate::Error>(matches!(rows.get(&address)?, Some(RowChange::Added { .. })))
            };
            if !matches!(said, RowChange::Excluded { .. }) && !is_class_merge(&difference.address) && !is_added()? {
                whys.push(format!("sample `{row}` has a cell in column `{column}`, which was not added"));
            }
        }
        whys.truncate(TOLD_MAX);
        let what = format!("the samples in {}", state.name);
        self.problems.extend(whys.into_iter().map(|why| Problem { what: what.clone(), why, can_be_rebuilt: false }));
        Ok(())
    }

    fn base(&mut self, id: Id) -> Result<Arc<Base>> {
        if let Some(base) = self.bases.get(&id) {
            return Ok(base.clone());
        }
        let base = Arc::new(Base::open(&*self.datasets.store, id)?);
        self.bases.insert(id, base.clone());
        Ok(base)
    }

    /// How many bytes the content has; `None` where it shows a file that the base has not.
    fn len(&self, base: &Base, overlay: &Overlay, content: &Content) -> Result<Option<u64>> {
        let of_base = |path: &DataPath| base.find(path)?.map(|row| base.entry(row)).transpose();
        Ok(match content {
            Content::Source(path) => of_base(path)?.map(|entry| entry.size),
            Content::Blob(id) => Some(self.datasets.store.open(*id)?.len()),
            Content::Extents { over, extents } => of_base(over)?.map(|entry| {
                let added: u64 = extents.iter().map(|extent| extent.len).sum();
                let taken: u64 = extents.iter().map(|extent| extent.replaced).sum();
                (entry.size + added).saturating_sub(taken)
            }),
            Content::Rows { below, rows } => {
                let patches = super::rows::patches(&overlay.rows(Some(*rows)))?;
                self.len(base, overlay, below)?.map(|len| super::rows::patched_len(len, &patches))
            }
        })
    }

    fn patches(&self, overlay: &Overlay, rows: Id, len: u64, size: u64) -> Result<Vec<String>> {
        let mut whys = Vec::new();
        let (mut end, mut end_of, mut grown) = (0u64, None, 0i128);
        for (address, patch) in super::rows::placed_patches(&overlay.rows(Some(rows)))? {
            let at = At(&address);
            let patch_end = patch.offset.saturating_add(patch.replaced);
            if patch_end > len {
                whys.push(format!("the patch of {at} ends at byte {patch_end}, and the file below has {len}"));
            }
            if patch.offset < end {
                let before = end_of.as_ref().map_or_else(String::new, |before| At(before).to_string());
                whys.push(format!("the patch of {at} at byte {} overlaps that of {before}", patch.offset));
            }
            whys.extend(self.blob(&patch)?.map(|why| format!("the patch of {at}: {why}")));
            grown += i128::from(patch.bytes.len()) - i128::from(patch.replaced);
            if patch_end >= end {
                (end, end_of) = (patch_end, Some(address));
            }
        }
        let patched = i128::from(len) + grown;
        if patched != i128::from(size) {
            whys.push(format!("with its patches the file has {patched} bytes, and {size} are recorded"));
        }
        Ok(whys)
    }

    /// What is wrong with the blob of a patch.
    fn blob(&self, patch: &RowPatch) -> Result<Option<String>> {
        let PatchBytes::Blob(id, len) = patch.bytes else { return Ok(None) };
        if !self.datasets.store.has(id)? {
            return Ok(Some(format!("its blob {} is not there", id.short())));
        }
        let found = self.datasets.store.open(id)?.len();
        Ok((found != len).then(|| format!("its blob {} has {found} bytes, and {len} are recorded", id.short())))
    }
}

/// Where a patch belongs, for a person.
struct At<'a>(&'a RowAddress);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RowAddress::Row { table, row } => write!(f, "row `{row}` of {table}"),
            RowAddress::Cell { table, row, column } => write!(f, "row `{row}` of {table}, column `{column}`"),
            RowAddress::Column { table, column } => write!(f, "column `{column}` of {table}"),
            RowAddress::Shared { number } => write!(f, "what rows share ({number})"),
        }
    }
}
