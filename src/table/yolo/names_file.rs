//! A list of names, one a line: the number of a class is its line.

use super::classes::{classes_table, comes_last, new_class, none_goes, number_stays};
use super::data::YoloData;
use super::line::{Line, line_ending, lines};
use crate::Result;
use crate::model::Value;
use crate::table::json;
use crate::table::whole::{self, WholeFile, WholeTable};
use crate::table::{FileEdits, Patch, ReadAt, Splice, TableFile, TableInfo};

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
        let lines = names(&text);
        let row =
            |(number, line): (i64, &Line)| vec![Value::Int(number), Value::Text(text[line.start..line.end].to_owned())];
        let table = classes_table((0..).zip(&lines).map(row).collect(), None);
        Ok(NamesFile { text, table, lines })
    }
}

/// Where the names are, one for each class.
fn names(text: &str) -> Vec<Line> {
    let mut lines = lines(text);
    while lines.last().is_some_and(|line| text[line.start..line.end].trim().is_empty()) {
        lines.pop();
    }
    for line in &mut lines {
        // White space around a name is not part of it.
        let name = &text[line.start..line.end];
        line.end = line.start + name.trim_end().len();
        line.start += name.trim_end().len() - name.trim().len();
    }
    lines
}

impl YoloData {
    /// What a list of names says, one a line.
    pub fn of_names(text: &str) -> YoloData {
        let name = |(number, line): (i64, &Line)| (number, text[line.start..line.end].to_owned());
        YoloData { names: (0..).zip(&names(text)).map(name).collect(), ..YoloData::default() }
    }
}

impl WholeFile for NamesFile {
    fn infos(&self) -> &[TableInfo] {
        std::slice::from_ref(&self.table.info)
    }

    fn table(&self, table: usize) -> Result<&WholeTable> {
        whole::sole(&self.table, table)
    }

    fn check_cell(&self, table: &WholeTable, column: usize, value: &Value) -> Result<Value> {
        let held = table.check(column, value)?;
        if let Value::Text(name) = &held
            && (name.trim() != name || name.is_empty() || name.contains(['\n', '\r', '\u{feff}']))
        {
            let column = table.column(column)?.0;
            return Err(json::refuse(column, value, "a name is one line that begins and ends with a letter"));
        }
        Ok(held)
    }

    fn are_ids_places(&self) -> bool {
        true
    }

    fn splice_edits(&self, edits: &FileEdits) -> Result<Splice> {
        none_goes(edits)?;
        let mut sets = Vec::new();
        for set in &edits.sets {
            let old = self.row(set.table, set.row)?;
            let line = &self.lines[set.row as usize];
            let mut patches = Vec::new();
            for (column, value) in &set.cells {
                let is_same = old.get(*column) == Some(value);
                let value = if is_same { value.clone() } else { self.check(0, *column, value)? };
                if !is_same && *column == 0 {
                    return Err(number_stays());
                }
                let (offset, replaced) = (line.start as u64, (line.end - line.start) as u64);
                patches.push((!is_same).then(|| Patch { offset, replaced, bytes: value.to_string().into_bytes() }));
            }
            sets.push(patches);
        }
        let ending = line_ending(&self.text);
        let mut inserts = Vec::new();
        for (place, insert) in (0..).zip(&edits.inserts) {
            comes_last(&self.table, insert)?;
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
