//! Row changes get their bytes: the format is asked for patches, and these are kept with the changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::inserted::{in_order, inserted, place_behind};
use super::traces::Traces;
use crate::model::{ObjectKind, PatchBytes, RowAddress, RowChange, RowPatch, Value};
use crate::overlay::Rows;
use crate::store::Store;
use crate::table::{FileEdits, Insert, Patch, RowSet, Splice, TableFile};
use crate::{Error, Result};

/// The most bytes of a patch that is kept with its change; more are a blob.
const INLINE_LEN_MAX: usize = 1024;

type Changes = BTreeMap<RowAddress, Option<RowChange>>;

/// Changes with the bytes that they need, not stored yet.
pub(in crate::dataset) struct Splicing {
    changes: Changes,
    patches: BTreeMap<RowAddress, Patch>,
    /// Of the file's rows, where none are kept yet.
    traces: Option<Traces>,
    /// The column that was declared to have the rows' keys.
    key: Option<String>,
}

/// What the format is asked, and whose patch each answer is.
#[derive(Default)]
struct Question {
    edits: FileEdits,
    sets: Vec<Vec<RowAddress>>,
    deletes: Vec<RowAddress>,
    inserts: Vec<RowAddress>,
}

impl Splicing {
    /// Asks the format for the bytes of `changes` over `rows`; `at` is the table's place in the file.
    pub(in crate::dataset) fn of(file: &dyn TableFile, at: usize, rows: &Rows, changes: Changes) -> Result<Splicing> {
        let is_structural = |change: &RowChange| !matches!(change, RowChange::Set { .. } | RowChange::Added { .. });
        let mut reshapes = file.splices_whole();
        for (address, change) in &changes {
            reshapes |= change.as_ref().is_some_and(is_structural);
            reshapes |= matches!(address, RowAddress::Row { .. }) && change.is_none();
        }
        let mut changes = changes;
        if reshapes {
            // Where rows come and go, or all bytes are made anew, the others are asked for again.
            let tables: Vec<&str> = file.tables().iter().map(|info| info.name.as_str()).collect();
            for (address, change) in rows.entries()? {
                let is_asked = tables.contains(&address.table()) && (is_structural(&change) || file.splices_whole());
                if is_asked || matches!(change, RowChange::Shared { .. }) {
                    let kept = (!matches!(change, RowChange::Shared { .. })).then_some(change);
                    changes.entry(address).or_insert(kept);
                }
            }
        }
        add_cells_of_touched_rows(rows, &mut changes)?;
        // A column is added without a row, and what is set back says nothing.
        let is_of_row = |change: &RowChange| !matches!(change, RowChange::Added { .. } | RowChange::Shared { .. });
        let says_something = changes.values().flatten().any(is_of_row);
        let is_traced = !says_something || rows.traces()?.is_some();
        let traces = if is_traced { None } else { Some(Traces::of(file)?) };
        let key = file.declared_key().map(str::to_owned);
        let question = Question::of(file, at, rows, &changes)?;
        if question.edits.sets.is_empty() && question.edits.deletes.is_empty() && question.edits.inserts.is_empty() {
            return Ok(Splicing { changes, patches: BTreeMap::new(), traces, key });
        }
        let patches = question.ask(file)?;
        for (address, _) in patches.iter().filter(|(address, _)| matches!(address, RowAddress::Shared { .. })) {
            let empty = RowPatch { offset: 0, replaced: 0, bytes: PatchBytes::Inline(Vec::new()) };
            changes.insert(address.clone(), Some(RowChange::Shared { patch: empty }));
        }
        Ok(Splicing { changes, patches, traces, key })
    }

    /// Stores what is too long to be kept with a change; returns the rows, and by how many bytes the file grows.
    pub(in crate::dataset) fn store(self, rows: Rows, store: &dyn Store) -> Result<(Rows, i64)> {
        let Splicing { changes, mut patches, traces, key } = self;
        let said = said_of_touched_rows(&rows, &changes)?;
        let (mut edits, mut grown) = (Vec::with_capacity(changes.len()), 0i64);
        let growth = |patch: Option<&RowPatch>| {
            patch.map_or(0, |patch| patch.bytes.len().cast_signed() - patch.replaced.cast_signed())
        };
        for (address, change) in changes {
            let patch = patches.remove(&address).map(|patch| keep(patch, store)).transpose()?;
            let change = change.map(|change| with_patch(change, patch));
            let of_shared = if address.row().is_none() { rows.get(&address)? } else { None };
            let before = said.get(&address).or(of_shared.as_ref());
            grown += growth(change.as_ref().and_then(RowChange::patch));
            grown -= growth(before.and_then(RowChange::patch));
            edits.push((address, change));
        }
        let rows = rows.with(edits)?;
        let rows = match traces.filter(|_| rows.root().is_some()) {
            Some(traces) => rows.with_traces(traces.stored(store)?)?,
            None => rows,
        };
        Ok((rows.named_by(key.as_deref())?, grown))
    }
}

/// Patches of one row may touch each other, so the other cells of the row are asked for again.
fn add_cells_of_touched_rows(rows: &Rows, changes: &mut Changes) -> Result<()> {
    for (address, change) in said_of_touched_rows(rows, changes)? {
        changes.entry(address).or_insert(Some(change));
    }
    Ok(())
}

/// What `rows` says of the rows that changes speak of.
fn said_of_touched_rows(rows: &Rows, changes: &Changes) -> Result<HashMap<RowAddress, RowChange>> {
    let mut touched: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for address in changes.keys() {
        if let Some(row) = address.row() {
            touched.entry(address.table()).or_default().insert(row);
        }
    }
    let mut said = HashMap::new();
    for (table, of_table) in touched {
        said.extend(rows.of_rows(table, of_table)?);
    }
    Ok(said)
}

/// Where the rows of a file lie of which cells are set, or that are deleted.
fn places<'c>(file: &dyn TableFile, at: usize, changes: &'c Changes) -> Result<HashMap<(usize, &'c str), u64>> {
    let mut wanted: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for (address, change) in changes {
        let is_of_row = matches!(change, Some(RowChange::Set { .. } | RowChange::Deleted { is_below: true, .. }));
        if let (true, Some(row)) = (is_of_row, address.row()) {
            wanted.entry(table_of(file, at, address)).or_default().insert(row);
        }
    }
    let mut places = HashMap::new();
    for (table, rows) in wanted {
        let rows: Vec<&str> = rows.into_iter().collect();
        let found = file.find_all(table, &rows)?;
        places.extend(rows.into_iter().zip(found).filter_map(|(row, place)| Some(((table, row), place?))));
    }
    Ok(places)
}

/// The place in its file of the table that an address names, which is the one at `at` if there is none of the name.
fn table_of(file: &dyn TableFile, at: usize, address: &RowAddress) -> usize {
    file.tables().iter().position(|info| info.name == address.table()).unwrap_or(at)
}

/// The columns that were added, before the changes or by them.
fn added_columns(rows: &Rows, changes: &Changes) -> Result<BTreeSet<RowAddress>> {
    let known = rows.columns()?.into_iter().map(|(address, _)| address);
    Ok(known.chain(changes.keys().filter(|address| matches!(address, RowAddress::Column { .. })).cloned()).collect())
}

impl Question {
    fn of(file: &dyn TableFile, at: usize, rows: &Rows, changes: &Changes) -> Result<Question> {
        let mut question = Question::default();
        let mut deletes = Vec::new();
        let (mut inserts, added) = (Vec::new(), added_columns(rows, changes)?);
        let known = changes.iter().filter_map(|(address, change)| Some((address, change.as_ref()?)));
        let (places, mut behind) = (places(file, at, changes)?, HashMap::new());
        for (table, rows) in inserted(known) {
            let places = in_order(&rows).into_iter().enumerate();
            behind.extend(places.map(|(rank, (row, anchor))| ((table, row), (rank, anchor))));
        }
        for (address, change) in changes {
            let table = table_of(file, at, address);
            let missing = |row: &str| Error::corrupt("a row edit", format!("its row `{row}` is not in the file"));
            let place = |row: &str| places.get(&(table, row)).copied().ok_or_else(|| missing(row));
            match (address, change) {
                (RowAddress::Cell { row, column, .. }, Some(RowChange::Set { after, .. })) => {
                    let Some(column) = file.tables()[table].schema.columns.iter().position(|of| of.name == *column)
                    else {
                        continue;
                    };
                    question.set(table, place(row)?, column, after.clone(), address);
                }
                (RowAddress::Row { row, .. }, Some(RowChange::Deleted { is_below: true, .. })) => {
                    deletes.push(((table, place(row)?), address.clone()));
                }
                (RowAddress::Row { table: name, row }, Some(RowChange::Inserted { cells, is_below: false, .. })) => {
                    let (rank, anchor) = behind.get(&(name.as_str(), row.as_str())).copied().unwrap_or_default();
                    let after = place_behind(file, table, anchor)?;
                    let of_column = |column: &crate::table::Column| {
                        let cell = cells.iter().find(|(name, _)| *name == column.name);
                        cell.map_or(Value::Null, |(_, value)| value.clone())
                    };
                    let columns = &file.tables()[table].schema.columns;
                    let is_more = |(column, value): &&(String, Value)| {
                        let is_known = columns.iter().any(|of| of.name == *column)
                            || added.contains(&RowAddress::Column { table: name.clone(), column: column.clone() });
                        file.takes_more() && !is_known && *value != Value::Null
                    };
                    let more = cells.iter().filter(is_more).cloned().collect();
                    let insert = Insert { table, after, cells: columns.iter().map(of_column).collect(), more };
                    inserts.push(((table, after, rank), insert, address.clone()));
                }
                _ => {}
            }
        }
        deletes.sort();
        (question.edits.deletes, question.deletes) = deletes.into_iter().unzip();
        inserts.sort_by_key(|(order, ..)| *order);
        for (_, insert, address) in inserts {
            question.edits.inserts.push(insert);
            question.inserts.push(address);
        }
        question.order_sets();
        Ok(question)
    }

    fn set(&mut self, table: usize, row: u64, column: usize, value: Value, address: &RowAddress) {
        // The cells of a row come one after the other.
        match (self.edits.sets.last_mut(), self.sets.last_mut()) {
            (Some(set), Some(addresses)) if (set.table, set.row) == (table, row) => {
                set.cells.push((column, value));
                addresses.push(address.clone());
            }
            _ => {
                self.edits.sets.push(RowSet { table, row, cells: vec![(column, value)] });
                self.sets.push(vec![address.clone()]);
            }
        }
    }

    /// Rows in order of place, cells in order of column: keys are in order of text.
    fn order_sets(&mut self) {
        let sets = std::mem::take(&mut self.edits.sets);
        let mut pairs: Vec<_> = sets.into_iter().zip(std::mem::take(&mut self.sets)).collect();
        pairs.sort_by_key(|(set, _)| (set.table, set.row));
        for (mut set, addresses) in pairs {
            let mut cells: Vec<_> = set.cells.into_iter().zip(addresses).collect();
            cells.sort_by_key(|((column, _), _)| *column);
            let addresses;
            (set.cells, addresses) = cells.into_iter().unzip();
            self.edits.sets.push(set);
            self.sets.push(addresses);
        }
    }

    fn ask(self, file: &dyn TableFile) -> Result<BTreeMap<RowAddress, Patch>> {
        let numbered = |(number, patch): (u32, Patch)| (RowAddress::Shared { number }, patch);
        match file.splice(&self.edits)? {
            Splice::Whole(patches) => Ok((0..).zip(patches).map(numbered).collect()),
            Splice::Patches { sets, deletes, inserts } => {
                let of_sets =
                    self.sets.into_iter().zip(sets).flat_map(|(addresses, patches)| of_row(addresses, patches));
                let of_rows = self.deletes.into_iter().zip(deletes).chain(self.inserts.into_iter().zip(inserts));
                Ok(of_sets.chain(of_rows).filter_map(|(address, patch)| Some((address, patch?))).collect())
            }
        }
    }
}

/// The patches of one row's cells, with the cells that they are kept with.
///
/// What a format inserts at one place is in the order of its columns, and is read in that of the addresses: so of
/// these the first gets what comes first.
fn of_row(mut addresses: Vec<RowAddress>, patches: Vec<Option<Patch>>) -> Vec<(RowAddress, Option<Patch>)> {
    let place = |patch: &Option<Patch>| patch.as_ref().filter(|patch| patch.replaced == 0).map(|patch| patch.offset);
    for offset in patches.iter().filter_map(place).collect::<BTreeSet<u64>>() {
        let at: Vec<usize> = (0..patches.len()).filter(|at| place(&patches[*at]) == Some(offset)).collect();
        let mut ordered: Vec<RowAddress> = at.iter().map(|at| addresses[*at].clone()).collect();
        ordered.sort();
        at.into_iter().zip(ordered).for_each(|(at, address)| addresses[at] = address);
    }
    addresses.into_iter().zip(patches).collect()
}

fn keep(patch: Patch, store: &dyn Store) -> Result<RowPatch> {
    let Patch { offset, replaced, bytes } = patch;
    Ok(RowPatch { offset, replaced, bytes: kept(bytes, store)? })
}

/// Bytes as they are kept: few of them where they are spoken of, many as a blob.
pub(super) fn kept(bytes: Vec<u8>, store: &dyn Store) -> Result<PatchBytes> {
    Ok(if bytes.len() <= INLINE_LEN_MAX {
        PatchBytes::Inline(bytes)
    } else {
        PatchBytes::Blob(store.put(ObjectKind::Blob, &bytes)?, bytes.len() as u64)
    })
}

fn with_patch(change: RowChange, patch: Option<RowPatch>) -> RowChange {
    match (change, patch) {
        (RowChange::Set { before, after, .. }, patch) => RowChange::Set { before, after, patch },
        (RowChange::Deleted { before, is_below, .. }, patch) => RowChange::Deleted { before, patch, is_below },
        (RowChange::Inserted { after, cells, is_below, .. }, patch) => {
            RowChange::Inserted { after, cells, patch, is_below }
        }
        (RowChange::Shared { .. }, Some(patch)) => RowChange::Shared { patch },
        (change, _) => change,
    }
}
