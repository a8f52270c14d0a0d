//! A file that got new bytes, said as edits of its rows where that is the same.
//!
//! Whoever rewrites a file of rows, through a mount or by `put`, most often
//! changed a few cells. Where the row edits that are found by parsing, spliced,
//! give exactly the new bytes, they are kept and the bytes are not: so they cost
//! little and merge cell by cell. Else the bytes are kept. What the file cannot
//! hold, the cells of added columns, goes along with its rows either way.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tracing::warn;

use super::diff::is_of_content;
use super::edit::RowEdit;
use super::hidden::hash_of;
use super::hidden_places::Hidden;
use super::parsed::{Aligned, Named, Set, align};
use super::patch::{fit_together, patched_len, patches};
use super::side::{Opened, Side, added_columns, with_both};
use super::splice::Splicing;
use super::work::{Besides, Work};
use crate::dataset::content;
use crate::dataset::edit::content_of;
use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{Content, DataPath, Id, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::source::OnDrift;
use crate::{ErrorKind, Result};

/// A longer file is kept as it is, in bytes: to splice it takes longer than whoever commits would wait.
const SPLICED_LEN_MAX: u64 = 256 << 20;
/// So few edits are always kept as such.
const EDITS_MIN: usize = 1000;
/// About how many bytes an edit takes; edits that take more than the file are no gain.
const EDIT_LEN: usize = 128;
/// How many bytes are compared at a time.
const COMPARED_LEN: usize = 1 << 20;

/// The content of a file that was `old` and has the bytes of the blob `id` now, `new`; `None`: the bytes alone.
///
/// # Errors
/// Those of the store. That the file cannot be read as rows, before or now, is none.
pub(in crate::dataset) fn rewritten(view: &View, old: &Node, new: &Node, id: Id) -> Result<Option<Content>> {
    let rows = view.rows_of(old);
    let has_added = !rows.columns()?.is_empty();
    if !has_added && new.entry.size > SPLICED_LEN_MAX {
        return Ok(None);
    }
    let found = found(view, old, new, id);
    let why = match found {
        Ok(Ok(content)) => return Ok(content),
        Ok(Err(why)) => why,
        Err(error) if is_of_content(&error) => error.to_string(),
        Err(error) => return Err(error),
    };
    if has_added {
        warn!(path = %old.path, why, "`{}` lost the cells of its added columns: {why}", old.path);
    }
    Ok(None)
}

/// Of some rows of a table in `old`, by their keys there: the keys that they have in `new`, if they are in it; `None`
/// where this cannot be told.
///
/// # Errors
/// Those of the store. That a file cannot be read as rows is none.
pub(in crate::dataset) fn keys_in(
    table: &str,
    wanted: &BTreeSet<String>,
    states: [(&View, &Node); 2],
) -> Result<Option<BTreeMap<String, String>>> {
    of_aligned(table, states, |aligned, old, new| aligned.keys_now(old, new, wanted).map(Some))
}

/// What `told` says of a table of which both states of a file are at hand; `None` where they are not rows, or cannot be
/// laid side by side.
///
/// # Errors
/// Those of the store and of `told`. That a file cannot be read as rows is none.
pub(super) fn of_aligned<T>(
    table: &str,
    [old, new]: [(&View, &Node); 2],
    told: impl FnOnce(&Aligned, Opened<'_>, Opened<'_>) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let both = || {
        let (Some(of_old), Some(of_new)) = (Side::of(old.0, old.1)?, Side::of(new.0, new.1)?) else { return Ok(None) };
        with_both(&of_old, &of_new, |earlier, later| {
            let Ok(aligned) = align(earlier, later)? else { return Ok(None) };
            match aligned.iter().find(|aligned| aligned.table == table) {
                Some(aligned) => told(aligned, earlier, later),
                None => Ok(None),
            }
        })
    };
    match both() {
        Err(error) if is_of_content(&error) => Ok(None),
        both => both,
    }
}

fn found(view: &View, old: &Node, new: &Node, id: Id) -> Result<std::result::Result<Option<Content>, String>> {
    let (Some(of_old), Some(of_new)) = (Side::of(view, old)?, Side::of(view, new)?) else {
        return Ok(Err("it is no table".to_owned()));
    };
    with_both(&of_old, &of_new, |earlier, later| {
        let aligned = match align(earlier, later)? {
            Ok(aligned) => aligned,
            Err(why) => return Ok(Err(why)),
        };
        if let Some(rows) = as_edits((view, &old.path), &aligned, earlier, later, new.entry.size)?
            && has_bytes(view, old, &rows, new)?
        {
            return Ok(Ok(Some(super::with_rows(content_of(view, &old.place)?, rows.root()))));
        }
        let rows = carried(view, &aligned, earlier, later)?;
        Ok(Ok(rows.root().map(|rows| Content::Rows { below: Box::new(Content::Blob(id)), rows })))
    })
}

/// The row changes that make the later file of the one below the earlier; `None` where edits cannot say it.
fn as_edits(
    (view, path): (&View, &DataPath),
    aligned: &[Aligned],
    earlier: Opened<'_>,
    later: Opened<'_>,
    new_len: u64,
) -> Result<Option<Rows>> {
    let edits: usize = aligned.iter().map(Aligned::len).sum();
    let is_little = edits <= EDITS_MIN || (edits * EDIT_LEN) as u64 <= new_len;
    // A row that moved would be another one, and what is said of it beside the file nobody's.
    let is_said_beside = !earlier.rows.columns()?.is_empty() || view.overlay.samples()?.root().is_some();
    let is_in_order = |table: &Aligned| !(table.is_reordered() || is_said_beside && table.has_moved());
    let is_one_file = aligned.iter().all(|table| is_in_order(table) && table.has_same_columns(earlier, later));
    // What is encoded anew as a whole is never what another program wrote.
    let is_encoded = edits > 0 && earlier.file.splices_whole();
    if !is_little || !is_one_file || is_encoded || new_len > SPLICED_LEN_MAX {
        return Ok(None);
    }
    let mut all = BTreeMap::new();
    for table in aligned {
        let changes = table.changes(earlier, later)?;
        let mut work = Work::new(earlier.file, earlier.rows, &changes.table, Besides::NOTHING)?;
        let mut edits: Vec<RowEdit> = Vec::new();
        for Set { row, cells, .. } in changes.sets {
            let cells = cells.into_iter().map(|(column, _, after)| (column, after)).collect();
            edits.push(RowEdit::Set { row, cells });
        }
        edits.extend(changes.deleted.into_iter().map(|(row, _)| RowEdit::Delete { row }));
        let mut is_said = work.take_all(edits).map(|_| ());
        let hidden = if changes.is_keyed || changes.inserted.is_empty() {
            None
        } else {
            Some(Hidden::of(view, path, earlier.rows, &changes.table)?)
        };
        if hidden.is_some() {
            // Those that are in no file have their keys still.
            work.note_keys(&samples::keys_spoken_of(view, path, &changes.table)?)?;
        }
        let mut deleted = if changes.is_keyed { HashMap::new() } else { deleted_of(earlier.rows, &changes.table)? };
        for row in changes.inserted {
            // One that was deleted and is there again is that one; whether it is where it was, its bytes tell.
            let place = row.after.as_ref().and_then(|after| after.parse::<u64>().ok());
            let alike = deleted.get_mut(&hash_of(row.cells.iter().map(|(_, value)| value)));
            let again = alike.and_then(|alike| {
                let at = alike.iter().position(|(at, cells)| Some(*at) > place && *cells == row.cells)?;
                Some(alike.remove(at).0)
            });
            if let Some(at) = again {
                work.say(BTreeMap::from([(work.row_address(&at.to_string()), None)]));
                continue;
            }
            let (after, cells) = (row.after, row.cells);
            let after = match &hidden {
                Some(hidden) => hidden.behind(after),
                None => after,
            };
            is_said = is_said.and_then(|()| work.insert_behind(after, cells).map(|_| ()));
        }
        if !can_say(is_said)? {
            return Ok(None);
        }
        all.extend(work.into_changes());
    }
    match Splicing::of(earlier.file, 0, earlier.rows, all) {
        Ok(splicing) => splicing.store(earlier.rows.clone(), &*view.store).map(|(rows, _)| Some(rows)),
        Err(error) => can_say(Err(error)).map(|_| None),
    }
}

/// The rows of a table without keys that are deleted: place and cells in the file, by a hash of these.
fn deleted_of(rows: &Rows, table: &str) -> Result<HashMap<u64, Vec<(u64, Named)>>> {
    let mut deleted: HashMap<u64, Vec<(u64, Named)>> = HashMap::new();
    for (address, change) in rows.of_table(table)? {
        if let (Some(Ok(place)), RowChange::Deleted { before, is_below: true, .. }) =
            (address.row().map(str::parse), change)
        {
            deleted.entry(hash_of(before.iter().map(|(_, value)| value))).or_default().push((place, before));
        }
    }
    deleted.values_mut().for_each(|alike| alike.sort_by_key(|(place, _)| *place));
    Ok(deleted)
}

/// Whether the file's format can say edits; errors of another kind are passed on.
fn can_say(said: Result<()>) -> Result<bool> {
    match said {
        Ok(()) => Ok(true),
        Err(error) => match error.kind() {
            ErrorKind::Invalid { .. } | ErrorKind::NotFound { .. } | ErrorKind::AlreadyExists { .. } => Ok(false),
            _ => Err(error),
        },
    }
}

/// Whether the file with these row changes has exactly the bytes of the new one.
fn has_bytes(view: &View, old: &Node, rows: &Rows, new: &Node) -> Result<bool> {
    let (below, patches) = (view.open_below(old, OnDrift::Error)?, patches(rows)?);
    if !fit_together(&patches) || patched_len(below.len(), &patches) != new.entry.size {
        return Ok(false);
    }
    let spliced = content::Content::patched(below, patches, new.entry.size, &|id| view.store.open(id))?;
    begins_with(&view.open(new, OnDrift::Error)?, &spliced)
}

/// Whether the bytes of a file are the first ones of another.
pub(in crate::dataset) fn begins_with(file: &content::Content, first: &content::Content) -> Result<bool> {
    let (mut ours, mut theirs) = (vec![0; COMPARED_LEN], vec![0; COMPARED_LEN]);
    let mut at = 0;
    while at < first.len() {
        let wanted = ours.len().min(usize::try_from(first.len() - at).unwrap_or(usize::MAX));
        let read = first.read_at(&mut ours[..wanted], at)?;
        if read == 0 || file.read_at(&mut theirs[..read], at)? != read || ours[..read] != theirs[..read] {
            return Ok(false);
        }
        at += read as u64;
    }
    Ok(true)
}

/// The added columns and their cells of rows that are in the later file as well.
fn carried(view: &View, aligned: &[Aligned], earlier: Opened<'_>, later: Opened<'_>) -> Result<Rows> {
    let handed_on = handed_on(aligned, earlier, later)?.into_iter().map(|(address, change)| (address, Some(change)));
    view.overlay.rows(None).with(handed_on)?.named_by(later.file.declared_key())
}

/// What is said of added columns, and of their cells in rows that are in the later file as well.
pub(super) fn handed_on(
    aligned: &[Aligned],
    earlier: Opened<'_>,
    later: Opened<'_>,
) -> Result<BTreeMap<RowAddress, RowChange>> {
    let mut handed_on = BTreeMap::new();
    for table in aligned {
        let name = &table.table;
        let mut columns = added_columns(earlier.rows, name)?;
        // A column of the file itself goes before one that was added.
        let of_file = &later.file.tables()[table.places().1].schema.columns;
        columns.retain(|column, _| !of_file.iter().any(|own| own.name == *column));
        if columns.is_empty() {
            continue;
        }
        for (column, data_type) in &columns {
            let address = RowAddress::Column { table: name.clone(), column: column.clone() };
            handed_on.insert(address, RowChange::Added { data_type: data_type.clone() });
        }
        let said = said_of(earlier.rows, name, &columns)?;
        let keys = table.keys_now(earlier, later, &said.keys().cloned().collect())?;
        for (row, cells) in said {
            let Some(row) = keys.get(&row) else { continue };
            for (column, after) in cells {
                let address = RowAddress::Cell { table: name.clone(), row: row.clone(), column };
                handed_on.insert(address, RowChange::Set { before: Value::Null, after, patch: None });
            }
        }
    }
    Ok(handed_on)
}

/// What a file says of added columns and of their cells, as [`handed_on`] tells it.
pub(super) fn said_beside(of: Opened<'_>) -> Result<BTreeMap<RowAddress, RowChange>> {
    let mut beside = BTreeMap::new();
    for info in of.file.tables() {
        let columns = added_columns(of.rows, &info.name)?;
        for (row, cells) in said_of(of.rows, &info.name, &columns)? {
            for (column, after) in cells {
                let address = RowAddress::Cell { table: info.name.clone(), row: row.clone(), column };
                beside.insert(address, RowChange::Set { before: Value::Null, after, patch: None });
            }
        }
        for (column, data_type) in columns {
            let address = RowAddress::Column { table: info.name.clone(), column };
            beside.insert(address, RowChange::Added { data_type });
        }
    }
    Ok(beside)
}

/// What is said of cells of added columns, by row.
fn said_of(
    rows: &Rows,
    table: &str,
    columns: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Vec<(String, Value)>>> {
    let mut said: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for (address, change) in rows.entries()? {
        if address.table() != table {
            continue;
        }
        match (address, change) {
            (RowAddress::Cell { row, column, .. }, RowChange::Set { after, .. }) if columns.contains_key(&column) => {
                said.entry(row).or_default().push((column, after));
            }
            (RowAddress::Row { row, .. }, RowChange::Inserted { cells, .. }) => {
                let cells =
                    cells.into_iter().filter(|(column, value)| columns.contains_key(column) && *value != Value::Null);
                said.entry(row).or_default().extend(cells);
            }
            _ => {}
        }
    }
    Ok(said)
}
