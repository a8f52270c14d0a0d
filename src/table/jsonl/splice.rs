//! Edits of rows as edits of bytes.

use super::file::{JsonlFile, entries};
use super::shape::Shape;
use crate::model::Value;
use crate::table::edit::json_of;
use crate::table::json::{self, Member};
use crate::table::{FileEdits, Insert, Patch, RowSet, Splice};
use crate::{Error, Result};

impl JsonlFile<'_> {
    /// See [`crate::table::TableFile::splice`].
    pub(super) fn patches(&self, edits: &FileEdits) -> Result<Splice> {
        let sets = edits.sets.iter().map(|set| self.set(set)).collect::<Result<_>>()?;
        let deletes = edits.deletes.iter().map(|(table, row)| self.delete(*table, *row).map(Some));
        let deletes = deletes.collect::<Result<_>>()?;
        let last = self.layout.marks.rows.checked_sub(1);
        // Whether the line before what comes at the end of the file has no ending.
        let mut open = self.layout.unended && !edits.deletes.iter().any(|(_, row)| Some(*row) == last);
        let inserts = edits.inserts.iter().map(|insert| self.insert(insert, &mut open).map(Some));
        Ok(Splice::Patches { sets, deletes, inserts: inserts.collect::<Result<_>>()? })
    }

    fn text(&self, shape: &Shape, value: &Value, old: Option<&str>) -> String {
        self.format.style.text(shape, value, old, self.layout.ascii)
    }

    fn name(&self, name: &str) -> String {
        json::string(name, self.layout.ascii)
    }

    fn set(&self, set: &RowSet) -> Result<Vec<Option<Patch>>> {
        let lines = self.lines(set.table, set.row)?;
        let (line, start) = (lines.line(set.row), lines.place(set.row).start);
        let entries = entries(line)?;
        let mut added = 0;
        let mut patch = |(column, value): &(usize, Value)| {
            let shape = self.shape(*column)?;
            let value = self.coerced(*column, value)?;
            if self.cell(*column, line, &entries)? == value {
                return Ok(None);
            }
            let name = &self.layout.fields.list[*column].0;
            let Some(entry) = entries.iter().find(|entry| entry.name == *name) else {
                added += 1;
                return self.add(line, start, &entries, added == 1, name, &self.text(shape, &value, None)).map(Some);
            };
            let old = &line[entry.value.clone()];
            let bytes = whole(&value, old).unwrap_or_else(|| self.text(shape, &value, Some(old)));
            let offset = start + entry.value.start as u64;
            Ok(Some(Patch { offset, replaced: entry.value.len() as u64, bytes: bytes.into_bytes() }))
        };
        set.cells.iter().map(&mut patch).collect()
    }

    /// Adds a key to an object that lacks it, behind the last one.
    fn add(&self, line: &str, start: u64, entries: &[Member], first: bool, name: &str, json: &str) -> Result<Patch> {
        let style = self.format.style;
        let key = self.name(name);
        let behind = match entries.last() {
            Some(entry) => entry.value.end,
            None => line.find('{').map_or(0, |at| at + 1),
        };
        let comma = if entries.is_empty() && first { "" } else { style.comma() };
        let bytes = format!("{comma}{key}{}{json}", style.colon()).into_bytes();
        Ok(Patch { offset: start + behind as u64, replaced: 0, bytes })
    }

    fn delete(&self, table: usize, row: u64) -> Result<Patch> {
        let place = self.lines(table, row)?.place(row);
        Ok(Patch { offset: place.start, replaced: place.end - place.start, bytes: Vec::new() })
    }

    fn insert(&self, insert: &Insert, open: &mut bool) -> Result<Patch> {
        self.only(insert.table)?;
        let rows = self.layout.marks.rows;
        let offset = match insert.after {
            Some(row) => self.lines(insert.table, row)?.place(row).end,
            None => self.layout.body,
        };
        let line = self.line(insert)?;
        let ending = self.format.ending.text();
        let is_after_all = insert.after.is_some() && insert.after == rows.checked_sub(1);
        let text = if self.layout.unended && is_after_all {
            // The file's last line has no ending, and so has none what comes after it.
            let before = if std::mem::replace(open, true) { ending } else { "" };
            format!("{before}{line}")
        } else {
            format!("{line}{ending}")
        };
        Ok(Patch { offset, replaced: 0, bytes: text.into_bytes() })
    }

    /// The new line, with the keys of the row that it comes after, and others that have a value, and what is its own.
    fn line(&self, insert: &Insert) -> Result<String> {
        let fields = &self.layout.fields.list;
        if insert.cells.len() != fields.len() {
            let why = format!("a row of this table has {} cells", fields.len());
            return Err(Error::invalid("row", &format!("{} cells", insert.cells.len()), why));
        }
        let like = insert.after.or((self.layout.marks.rows > 0).then_some(0));
        let mut order = match like {
            Some(row) => {
                let lines = self.lines(insert.table, row)?;
                let names = entries(lines.line(row))?.into_iter();
                names.filter_map(|entry| self.layout.fields.place(&entry.name, usize::MAX)).collect()
            }
            None => Vec::new(),
        };
        let given = |column: &usize| insert.cells[*column] != Value::Null || like.is_none();
        let others: Vec<usize> = (0..fields.len()).filter(|at| !order.contains(at)).filter(given).collect();
        order.extend(others);
        let style = self.format.style;
        let entry = |column: usize| {
            let (name, shape) = &fields[column];
            let value = self.coerced(column, &insert.cells[column])?;
            Ok(format!("{}{}{}", self.name(name), style.colon(), self.text(shape, &value, None)))
        };
        let mut entries = order.into_iter().map(entry).collect::<Result<Vec<_>>>()?;
        for (name, value) in &insert.more {
            let key = self.name(name);
            entries.push(format!("{key}{}{}", style.colon(), json_of(value, style.comma(), style.colon())));
        }
        Ok(format!("{{{}}}", entries.join(style.comma())))
    }
}

/// A float without a fraction, where the one that it replaces is written without one.
fn whole(value: &Value, old: &str) -> Option<String> {
    let Value::Float(number) = value else { return None };
    let is_whole = old.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let same = (*number as i64) as f64;
    (is_whole && same.to_bits() == number.to_bits() && number.abs() < 1e15).then(|| (*number as i64).to_string())
}
