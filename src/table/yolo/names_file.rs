//! A list of names, one a line: the number of a class is its line.

use arrow::array::RecordBatch;

use super::data_file::{classes_table, new_class};
use super::labels::only;
use super::line::{Line, line_ending, lines};
use crate::model::Value;
use crate::table::json;
use crate::table::whole::{self, WholeTable};
use crate::table::{FileEdits, Flow, Patch, ReadAt, Scan, Splice, TableFile, TableInfo};
use crate::{Error, Result};

/// A file of names, open. Blank lines at its end are none; a blank line before is a class without a name.
#[derive(Debug)]
pub(super) struct NamesFile {
    text: String,
    table: WholeTable,
    lines: Vec<Line>,
}

impl NamesFile {
    /// # Errors
    /// `Invalid` when it is no text.
    pub(super) fn open(file: &dyn ReadAt) -> Result<NamesFile> {
        let text = whole::text(file, "list of names")?;
        let mut lines = lines(&text);
        while lines.last().is_some_and(|line| text[line.start..line.end].trim().is_empty()) {
            lines.pop();
        }
        for line in &mut lines {
            // White space around a name is not part of it.
            let name = &text[line.start..line.end];
            line.end = line.start + name.trim_end().len();
            line.start += name.trim_end().len() - name.trim().len();
        }
        let row =
            |(number, line): (i64, &Line)| vec![Value::Int(number), Value::Text(text[line.start..line.end].to_owned())];
        let table = classes_table((0..).zip(&lines).map(row).collect(), None);
        Ok(NamesFile { text, table, lines })
    }
}

impl TableFile for NamesFile {
    fn tables(&self) -> &[TableInfo] {
        std::slice::from_ref(&self.table.info)
    }

    fn index(&self) -> Vec<u8> {
        Vec::new()
    }

    fn scan(&self, table: usize, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        only(table)?;
        self.table.scan(scan, sink)
    }

    fn find(&self, table: usize, key: &str) -> Result<Option<u64>> {
        only(table)?;
        Ok(self.table.find(key))
    }

    fn key(&self, table: usize, row: u64) -> Result<String> {
        only(table)?;
        self.table.key(row)
    }

    fn row(&self, table: usize, row: u64) -> Result<Vec<Value>> {
        only(table)?;
        self.table.row(row).map(<[Value]>::to_vec)
    }

    fn check(&self, table: usize, column: usize, value: &Value) -> Result<Value> {
        only(table)?;
        let held = self.table.check(column, value)?;
        if let Value::Text(name) = &held
            && (name.trim() != name || name.is_empty() || name.contains(['\n', '\r', '\u{feff}']))
        {
            let column = self.table.column(column)?.0;
            return Err(json::refuse(column, value, "a name is one line that begins and ends with a letter"));
        }
        Ok(held)
    }

    fn splice(&self, edits: &FileEdits) -> Result<Splice> {
        if !edits.deletes.is_empty() {
            return Err(Error::invalid(
                "edit",
                "classes",
                "without one, the numbers of those after it would mean others",
            ));
        }
        let mut sets = Vec::new();
        for set in &edits.sets {
            let old = self.row(set.table, set.row)?;
            let line = &self.lines[set.row as usize];
            let mut patches = Vec::new();
            for (column, value) in &set.cells {
                let is_same = old.get(*column) == Some(value);
                let value = if is_same { value.clone() } else { self.check(0, *column, value)? };
                if !is_same && *column == 0 {
                    return Err(Error::invalid("edit", "id", "the number of a class is its place"));
                }
                let (offset, replaced) = (line.start as u64, (line.end - line.start) as u64);
                patches.push((!is_same).then(|| Patch { offset, replaced, bytes: value.to_string().into_bytes() }));
            }
            sets.push(patches);
        }
        let ending = line_ending(&self.text);
        let mut inserts = Vec::new();
        for (place, insert) in (0..).zip(&edits.inserts) {
            only(insert.table)?;
            if insert.after.map_or(0, |after| after.saturating_add(1)) != self.table.info.rows {
                return Err(Error::invalid("edit", "classes", "a new class comes after the last one"));
            }
            let name = new_class(&self.table, &insert.cells, self.table.info.rows as i64 + place)?;
            self.check(0, 1, &Value::Text(name.clone()))?;
            let (offset, text) = match self.lines.last() {
                Some(last) if last.next == self.text.len() && !self.text.ends_with('\n') => {
                    (last.next, format!("{ending}{name}"))
                }
                Some(last) => (last.next, format!("{name}{ending}")),
                None => (if self.text.starts_with('\u{feff}') { 3 } else { 0 }, format!("{name}{ending}")),
            };
            inserts.push(Some(Patch { offset: offset as u64, replaced: 0, bytes: text.into_bytes() }));
        }
        Ok(Splice::Patches { sets, deletes: Vec::new(), inserts })
    }
}
