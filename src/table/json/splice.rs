//! Edits of rows as patches: values in place, and objects with exactly the commas that they need.
//!
//! Rows before the first one that is kept take the comma after them along, all
//! others the comma before them. So each deleted row has a range of its own, none
//! overlap, and whatever is deleted, one comma stays between each two that are kept.

use std::collections::{BTreeMap, HashSet};

use super::file::JsonFile;
use super::index::RowsFound;
use super::locate::{self, Locator};
use super::object::{self, Cell};
use super::shape::{Kind, Shape};
use super::style::{Hand, Pieces, pieces};
use super::text;
use super::window::{Trouble, Window};
use crate::model::Value;
use crate::table::edit::json_of;
use crate::table::{FileEdits, Insert, Patch, RowSet, Splice, TableFile};
use crate::{Error, Result};

/// White space between rows that is longer than this is not imitated, in bytes.
const SEAM_MAX: u64 = 1 << 12;

/// Turns edits of rows into patches.
pub(super) fn splice(file: &JsonFile<'_>, edits: &FileEdits) -> Result<Splice> {
    let mut splicer = Splicer { file, hand: hand(file)?, deleted: BTreeMap::new() };
    for (table, row) in &edits.deletes {
        let rows = splicer.whole(*table)?;
        if *row >= rows.count {
            return Err(Error::not_found("row", row));
        }
        splicer.deleted.entry(*table).or_default().push(*row);
    }
    for rows in splicer.deleted.values_mut() {
        rows.sort_unstable();
        rows.dedup();
    }
    splicer.refuse_taken_keys(&edits.inserts)?;
    let sets = splicer.sets(&edits.sets)?;
    let deletes = splicer.deletes(&edits.deletes)?;
    let inserts = splicer.inserts(&edits.inserts)?;
    Ok(Splice::Patches { sets, deletes, inserts })
}

struct Splicer<'f, 'a> {
    file: &'f JsonFile<'a>,
    hand: Hand,
    /// The deleted rows of each table, in order.
    deleted: BTreeMap<usize, Vec<u64>>,
}

impl<'f> Splicer<'f, '_> {
    /// A table of which the end is known.
    fn whole(&self, table: usize) -> Result<&'f RowsFound> {
        let rows = self.file.rows(table)?;
        if rows.broken {
            let name = &self.file.tables[table].name;
            return Err(Error::invalid(
                "edit",
                name,
                "rows can neither be added nor deleted where the table is partial",
            ));
        }
        Ok(rows)
    }

    /// Refuses new rows whose key another row has.
    fn refuse_taken_keys(&self, inserts: &[Insert]) -> Result<()> {
        let mut new = HashSet::new();
        for insert in inserts.iter().filter(|_| self.file.dialect.keys_are_unique()) {
            let key = self.file.tables.get(insert.table).and_then(|table| table.schema.key);
            let Some(key) = key.and_then(|key| insert.cells.get(key)).map(Value::to_string) else { continue };
            let deleted = self.deleted.get(&insert.table);
            let place = self.file.find(insert.table, &key)?;
            let is_taken = place.is_some_and(|row| deleted.is_none_or(|rows| rows.binary_search(&row).is_err()));
            if is_taken || !new.insert((insert.table, key.clone())) {
                return Err(Error::already_exists("row", key));
            }
        }
        Ok(())
    }

    /// The first row that is not deleted; the number of rows where all are.
    fn first_kept(&self, table: usize) -> u64 {
        let rows = self.deleted.get(&table).map_or(&[][..], Vec::as_slice);
        rows.iter().zip(0..).take_while(|(row, place)| **row == *place).count() as u64
    }

    fn cells(&self, table: usize, cells: impl Iterator<Item = (usize, Value)>) -> Result<Vec<Cell<'f>>> {
        cells
            .map(|(place, value)| {
                let (column, shape) = self.file.column(table, place)?;
                let value = super::check::again(self.file.dialect, column, shape, &value)?;
                let expected = self.file.dialect.shape(&self.file.tables[table].name, &column.name);
                let loose = expected.is_some_and(|expected| expected == shape);
                Ok(Cell { name: &column.name, shape, loose, value })
            })
            .collect()
    }

    fn sets(&self, sets: &[RowSet]) -> Result<Vec<Vec<Option<Patch>>>> {
        let mut order: Vec<usize> = (0..sets.len()).collect();
        order.sort_by_key(|place| (sets[*place].table, sets[*place].row));
        let mut patches = vec![Vec::new(); sets.len()];
        for of_table in order.chunk_by(|a, b| sets[*a].table == sets[*b].table) {
            let rows = self.file.rows(sets[of_table[0]].table)?;
            let mut window = Window::new(self.file.file, locate::STEP);
            let mut locator = Locator::new(&mut window, rows);
            for place in of_table {
                let set = &sets[*place];
                let (start, bytes) = locator.bytes(set.row)?;
                let object = taken_apart(&bytes, start)?;
                let cells = self.cells(set.table, set.cells.iter().cloned())?;
                patches[*place] = object::set(&object, start, &cells, &self.hand);
            }
        }
        Ok(patches)
    }

    fn deletes(&self, deletes: &[(usize, u64)]) -> Result<Vec<Option<Patch>>> {
        let mut ranges: BTreeMap<(usize, u64), Patch> = BTreeMap::new();
        for (table, deleted) in &self.deleted {
            let rows = self.whole(*table)?;
            let first_kept = self.first_kept(*table);
            let mut window = Window::new(self.file.file, locate::STEP);
            let mut locator = Locator::new(&mut window, rows);
            for row in deleted {
                let (from, to) = if *row >= first_kept {
                    (locator.end_before(*row)?, locator.span(*row)?.1)
                } else if *row + 1 < rows.count {
                    (locator.seek(*row)?, locator.seek(row + 1)?)
                } else {
                    locator.span(*row)?
                };
                ranges.insert((*table, *row), Patch { offset: from, replaced: to - from, bytes: Vec::new() });
            }
        }
        Ok(deletes.iter().map(|delete| ranges.remove(delete)).collect())
    }

    fn inserts(&self, inserts: &[Insert]) -> Result<Vec<Option<Patch>>> {
        let mut order: Vec<usize> = (0..inserts.len()).collect();
        let gap = |place: usize| inserts[place].after.map_or(0, |row| row.saturating_add(1));
        order.sort_by_key(|place| (inserts[*place].table, gap(*place)));
        let mut patches = vec![None; inserts.len()];
        for of_table in order.chunk_by(|a, b| inserts[*a].table == inserts[*b].table) {
            let table = inserts[of_table[0]].table;
            let rows = self.whole(table)?;
            let seam = self.seam(rows)?;
            let first_kept = self.first_kept(table);
            let mut window = Window::new(self.file.file, locate::STEP);
            let mut locator = Locator::new(&mut window, rows);
            for (nth, place) in of_table.iter().enumerate() {
                let insert = &inserts[*place];
                let row = self.object(&mut locator, rows, gap(*place), insert)?;
                let (is_first, is_last) = (nth == 0, nth + 1 == of_table.len());
                let gap = gap(*place);
                if gap > rows.count {
                    return Err(Error::not_found("row", gap - 1));
                }
                let (offset, parts) = if rows.count == 0 {
                    let before = if is_first { &seam.before } else { &seam.comma };
                    (rows.open, [before.clone(), row, if is_last { seam.after.clone() } else { Vec::new() }])
                } else if first_kept == rows.count {
                    let offset = if gap < rows.count { locator.seek(gap)? } else { locator.span(gap - 1)?.1 };
                    (offset, [if is_first { Vec::new() } else { seam.comma.clone() }, row, Vec::new()])
                } else if gap <= first_kept {
                    (locator.seek(gap)?, [Vec::new(), row, seam.comma.clone()])
                } else {
                    (locator.span(gap - 1)?.1, [seam.comma.clone(), row, Vec::new()])
                };
                patches[*place] = Some(Patch { offset, replaced: 0, bytes: parts.concat() });
            }
        }
        Ok(patches)
    }

    /// The text of a new row, as the row before its gap is written, or a row of another table.
    fn object(&self, locator: &mut Locator<'_, '_>, rows: &RowsFound, gap: u64, insert: &Insert) -> Result<Vec<u8>> {
        let mut cells: Vec<Cell<'_>> = self.cells(insert.table, insert.cells.iter().cloned().enumerate())?;
        cells.extend(insert.more.iter().map(|(name, value)| Cell {
            name,
            shape: Shape::of(Kind::Json),
            loose: false,
            value: Value::Text(json_of(value, ",", ":")),
        }));
        let neighbour = if rows.count > 0 {
            Some(locator.bytes(gap.saturating_sub(1).min(rows.count - 1))?)
        } else {
            first_row(self.file)?
        };
        let neighbour = neighbour.as_ref().map(|(start, bytes)| taken_apart(bytes, *start)).transpose()?;
        Ok(object::write(neighbour.as_ref(), &cells, &self.hand))
    }

    /// What stands between rows: of this table, or where it has too few, of another one.
    fn seam(&self, rows: &RowsFound) -> Result<Seam> {
        let others = self.file.found.rows.iter().filter(|other| other.open != rows.open);
        let candidates: Vec<&RowsFound> = std::iter::once(rows).chain(others).filter(|rows| rows.count > 0).collect();
        let Some(first) = candidates.first() else {
            return Ok(Seam { comma: self.hand.comma.clone(), ..Seam::default() });
        };
        let mut seam = edges(self.file, first)?;
        let two = candidates.iter().find(|rows| rows.count > 1);
        seam.comma = match two {
            Some(_) if first.count == 1 && seam.before.contains(&b'\n') => [b",", &seam.before[..]].concat(),
            Some(rows) => between(self.file, rows)?.unwrap_or_else(|| self.hand.comma.clone()),
            None if seam.before.contains(&b'\n') => [b",", &seam.before[..]].concat(),
            None => self.hand.comma.clone(),
        };
        Ok(seam)
    }
}

/// What stands around and between the rows of an array.
#[derive(Debug, Default)]
struct Seam {
    before: Vec<u8>,
    comma: Vec<u8>,
    after: Vec<u8>,
}

fn edges(file: &JsonFile<'_>, rows: &RowsFound) -> Result<Seam> {
    let mut window = Window::new(file.file, locate::STEP);
    let mut locator = Locator::new(&mut window, rows);
    let (first, last) = (locator.seek(0)?, locator.span(rows.count - 1)?.1);
    let end = Window::new(file.file, locate::STEP).read(last, |b| text::peek(b, 0));
    let end = last + end.map_err(Trouble::into_error)?.0 as u64;
    let before = bytes(file, rows.open, first)?.unwrap_or_default();
    Ok(Seam { before, comma: Vec::new(), after: bytes(file, last, end)?.unwrap_or_default() })
}

fn between(file: &JsonFile<'_>, rows: &RowsFound) -> Result<Option<Vec<u8>>> {
    let mut window = Window::new(file.file, locate::STEP);
    let mut locator = Locator::new(&mut window, rows);
    let (end, next) = (locator.span(0)?.1, locator.seek(1)?);
    bytes(file, end, next)
}

/// A short stretch of the file.
fn bytes(file: &JsonFile<'_>, from: u64, to: u64) -> Result<Option<Vec<u8>>> {
    let len = to.saturating_sub(from);
    if len > SEAM_MAX {
        return Ok(None);
    }
    let mut bytes = vec![0; len as usize];
    let read = file.file.read_at(&mut bytes, from)?;
    bytes.truncate(read);
    Ok(Some(bytes))
}

fn taken_apart(bytes: &[u8], start: u64) -> Result<Pieces<'_>> {
    pieces(bytes).map_err(|_| Trouble::changed(start).into_error())
}

/// The first row that there is.
fn first_row(file: &JsonFile<'_>) -> Result<Option<(u64, Vec<u8>)>> {
    let Some(rows) = file.found.rows.iter().find(|rows| rows.count > 0) else { return Ok(None) };
    let mut window = Window::new(file.file, locate::STEP);
    Locator::new(&mut window, rows).bytes(0).map(Some)
}

/// How the file writes, judged by its first row.
fn hand(file: &JsonFile<'_>) -> Result<Hand> {
    let mut hand = Hand { comma: b", ".to_vec(), colon: b": ".to_vec(), ascii: file.found.ascii };
    if let Some((start, bytes)) = first_row(file)? {
        let row = taken_apart(&bytes, start)?;
        if let Some(first) = row.items.first() {
            hand.colon = first.colon.to_vec();
        }
        if let Some(second) = row.items.get(1).filter(|piece| !piece.comma.contains(&b'\n')) {
            hand.comma = second.comma.to_vec();
        }
    }
    Ok(hand)
}
