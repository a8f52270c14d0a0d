//! Which row of an earlier state of its file a row is.
//!
//! A row with a key of its own has it in every state. Any other is found as
//! elsewhere: by aligning both states, or, where a refresh took the bytes of
//! one of them, by the traces that are kept beside the edits.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Part;
use super::moved::Moved;
use super::opened::place_of;
use super::rewritten::keys_in;
use super::traces::Traces;
use crate::dataset::view::{Node, Place, View};
use crate::model::{RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::source::OnDrift;
use crate::table::Format;
use crate::{ErrorKind, Result};

/// One state of a file: the view, and the file in it.
pub(in crate::dataset) type State<'a> = (&'a View, &'a Node);

/// Whether the bytes of a file can be had no more: those of the source are others since.
///
/// # Errors
/// Those of the store and the system.
pub(super) fn is_gone((view, node): State<'_>) -> Result<bool> {
    match view.open_below(node, OnDrift::Error) {
        Ok(_) => Ok(false),
        Err(error) if matches!(error.kind(), ErrorKind::SourceChanged { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// The key in `before` of a row without a key of its own, by what both files have in them; `None` where it is new.
///
/// Where that cannot be told, it is taken to be where it was.
pub(in crate::dataset) fn by_content(
    before: State<'_>,
    after: State<'_>,
    table: &str,
    key: &str,
) -> Result<Option<String>> {
    let wanted = BTreeSet::from([key.to_owned()]);
    match keys_in(table, &wanted, [after, before])? {
        Some(mut keys) => Ok(keys.remove(key)),
        None => Ok(Some(key.to_owned())),
    }
}

/// The key in `before` of a row without a key of its own, by what stands beside the edits of both; `None` where
/// nobody can tell.
///
/// The later file, whose bytes may be there though those of the earlier are not, is read as `format` says.
pub(super) fn by_traces(
    before: State<'_>,
    after: State<'_>,
    table: &str,
    key: &str,
    format: impl FnOnce() -> Result<Arc<dyn Format>>,
) -> Result<Option<String>> {
    let (old, new) = (before.0.rows_of(before.1), after.0.rows_of(after.1));
    let address = RowAddress::Row { table: table.to_owned(), row: key.to_owned() };
    if let Some(RowChange::Inserted { cells, .. }) = new.get(&address)? {
        return same_insert(&old, &new, table, key, &cells);
    }
    let Ok(place) = key.parse::<u64>() else { return Ok(None) };
    let (of_old, of_new) = (Traces::beside(&old, &*before.0.store)?, Traces::beside(&new, &*after.0.store)?);
    let Some(trace) = of_old.of_table(table) else { return Ok(None) };
    let moved = match of_new.of_table(table).and_then(|later| Moved::between(trace, later)) {
        Some(moved) => moved,
        None if is_gone(after)? => return Ok(None),
        None => Part::open(after.0, after.1, &*format()?)?
            .with_file(|file, _| Moved::of(trace, file, place_of(file, table)?))?,
    };
    Ok(moved.earlier(place).map(|place| place.to_string()))
}

/// The key in `old` of a row that was inserted there and again in `new`: of rows alike, the first is the first.
fn same_insert(old: &Rows, new: &Rows, table: &str, key: &str, cells: &[(String, Value)]) -> Result<Option<String>> {
    let alike = |rows: &Rows| -> Result<Vec<String>> {
        let said = rows.of_table(table)?.into_iter();
        let key = said.filter_map(|(address, change)| match (address, change) {
            (RowAddress::Row { row, .. }, RowChange::Inserted { cells: of, .. }) if of == cells => Some(row),
            _ => None,
        });
        Ok(key.collect())
    };
    let (olds, news) = (alike(old)?, alike(new)?);
    let number = news.iter().position(|row| row == key).unwrap_or_default();
    Ok(olds.into_iter().nth(number))
}

/// Whether both states are a file of the source: what nobody edited is as that has it, then and now.
pub(super) fn are_of_source(before: State<'_>, after: State<'_>) -> bool {
    [before, after].iter().all(|(_, node)| matches!(node.place.below(), Place::Source { .. }))
}
