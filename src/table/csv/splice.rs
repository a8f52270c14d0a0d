//! Edits of rows as edits of bytes.
//!
//! In a file with a space after each delimiter, a field with quotes is written without it: other readers take a
//! quote for one only where the field begins with it.

use std::sync::Arc;

use super::field;
use super::file::{CsvFile, Lines};
use super::tokens::Span;
use crate::model::Value;
use crate::table::{FileEdits, Insert, Patch, RowSet, Splice};
use crate::{Error, Result};

impl CsvFile<'_> {
    /// See [`crate::table::TableFile::check`].
    pub(super) fn checked(&self, column: usize, value: &Value) -> Result<Value> {
        let kind = *self.layout.kinds.get(column).ok_or_else(|| Error::not_found("column", column))?;
        let checked = field::coerce(kind, value).and_then(|value| {
            self.bytes_of(column, &value, b"", false)?;
            Ok(value)
        });
        checked.map_err(|error| match self.layout.names.get(column) {
            Some(name) => error.of_column(name),
            None => error,
        })
    }

    /// The bytes of a field with this value; `old` is what a field like it says, and `quoted` how.
    fn bytes_of(&self, column: usize, value: &Value, old: &[u8], quoted: bool) -> Result<Vec<u8>> {
        let written = self.written(column, value, old, quoted)?;
        self.encoded(&written)
    }

    fn written(&self, column: usize, value: &Value, old: &[u8], quoted: bool) -> Result<String> {
        if let (Value::Null, Some(null)) = (value, &self.format.null) {
            return Ok(null.clone());
        }
        let letters = field::letters(&self.layout, column, value, old);
        field::written(&self.format, &letters, quoted, self.layout.names.len() == 1)
    }

    fn encoded(&self, letters: &str) -> Result<Vec<u8>> {
        self.format.encoding.bytes(letters).map_err(|letter| {
            let why = format!("the file is {}, which has no `{letter}`", self.format.encoding.name());
            Error::invalid("field", letters, why)
        })
    }

    /// See [`crate::table::TableFile::splice`].
    pub(super) fn patches(&self, edits: &FileEdits) -> Result<Splice> {
        let sets = edits.sets.iter().map(|set| self.set(set)).collect::<Result<_>>()?;
        let deletes = edits.deletes.iter().map(|(table, row)| self.delete(*table, *row).map(Some));
        let deletes: Vec<Option<Patch>> = deletes.collect::<Result<_>>()?;
        let last = self.layout.marks.rows.checked_sub(1);
        let mut end = End {
            is_open: self.layout.unended && !edits.deletes.iter().any(|(_, row)| Some(*row) == last),
            needs_header: self.layout.headless,
        };
        let inserts = edits.inserts.iter().map(|insert| self.insert(insert, &mut end).map(Some));
        Ok(Splice::Patches { sets, deletes, inserts: inserts.collect::<Result<_>>()? })
    }

    fn set(&self, set: &RowSet) -> Result<Vec<Option<Patch>>> {
        let lines = self.lines(set.table, set.row)?;
        set.cells.iter().map(|(column, value)| self.set_cell(&lines, set.row, *column, value)).collect()
    }

    fn set_cell(&self, lines: &Lines, row: u64, column: usize, value: &Value) -> Result<Option<Patch>> {
        let value = self.checked(column, value)?;
        let (text, span) = (&lines.chunk.text, lines.fields(row)[column]);
        let old = field::told(&self.format, &self.format.syntax(), text, span);
        if field::value(&self.format, self.layout.kinds[column], &old).as_ref() == Some(&value) {
            return Ok(None);
        }
        let written = self.written(column, &value, &old, span.quoted)?;
        let mut bytes = self.encoded(&written)?;
        // A quote counts for every reader only where the field begins with it: spaces before it give way.
        let start = if self.is_quoted(&written) { lines.begin(row, column) } else { span.start };
        let mut end = span.end;
        if start == end && (end as usize) < text.len() {
            // A patch that replaces nothing would have no order among rows that are inserted here:
            // so the delimiter or line end behind an empty field is replaced by itself.
            end += 1;
            bytes.extend(self.encoded(&char::from(text[span.end as usize]).to_string())?);
        }
        let replaced = self.format.encoding.raw_len(&text[start as usize..end as usize]);
        Ok(Some(Patch { offset: self.place(lines, start as usize), replaced, bytes }))
    }

    fn is_quoted(&self, written: &str) -> bool {
        self.format.quote.is_some_and(|quote| written.starts_with(char::from(quote)))
    }

    fn delete(&self, table: usize, row: u64) -> Result<Patch> {
        let lines = self.lines(table, row)?;
        let line = lines.line(row);
        let replaced = self.format.encoding.raw_len(&lines.chunk.text[line.start..line.next]);
        Ok(Patch { offset: self.place(&lines, line.start), replaced, bytes: Vec::new() })
    }

    fn insert(&self, insert: &Insert, end: &mut End) -> Result<Patch> {
        let rows = self.layout.marks.rows;
        let lines = match insert.after.or((rows > 0).then_some(0)) {
            Some(row) => Some((self.lines(insert.table, row)?, row)),
            None => None,
        };
        let offset = match (&lines, insert.after) {
            (Some((lines, row)), Some(_)) => self.place(lines, lines.line(*row).next),
            _ => self.layout.body,
        };
        let line = self.line(insert, lines.as_ref())?;
        let ending = self.format.ending.text();
        let is_after_all = insert.after == rows.checked_sub(1);
        let mut text = String::new();
        if std::mem::take(&mut end.needs_header) {
            text.push_str(&self.header()?);
            text.push_str(ending);
        }
        if self.layout.unended && is_after_all {
            // The file's last line has no ending, and so has none what comes after it.
            if std::mem::replace(&mut end.is_open, true) {
                text.push_str(ending);
            }
            text.push_str(&line);
        } else {
            text.push_str(&line);
            text.push_str(ending);
        }
        Ok(Patch { offset, replaced: 0, bytes: self.encoded(&text)? })
    }

    /// The new line, without its ending, in the style of the row that it comes after.
    fn line(&self, insert: &Insert, like: Option<&(Arc<Lines>, u64)>) -> Result<String> {
        let width = self.layout.names.len();
        if insert.cells.len() != width || width == 0 {
            let why = format!("a row of this table has {width} cells");
            return Err(Error::invalid("row", &format!("{} cells", insert.cells.len()), why));
        }
        let syntax = self.format.syntax();
        let mut line = String::new();
        for (column, value) in insert.cells.iter().enumerate() {
            let value = self.checked(column, value)?;
            let (old, quoted) = match like {
                Some((lines, row)) => {
                    let span: Span = lines.fields(*row)[column];
                    (field::content(&syntax, &lines.chunk.text, span), span.quoted)
                }
                None => Default::default(),
            };
            let written = self.written(column, &value, &old, quoted)?;
            if column > 0 {
                line.push(char::from(self.format.delimiter));
                line.push_str(if self.format.padded && !self.is_quoted(&written) { " " } else { "" });
            }
            line.push_str(&written);
        }
        Ok(line)
    }

    fn header(&self) -> Result<String> {
        let alone = self.layout.names.len() == 1;
        let written = |name: &String| field::written(&self.format, name, false, alone);
        let names = self.layout.names.iter().map(written).collect::<Result<Vec<_>>>()?;
        Ok(names.join(&char::from(self.format.delimiter).to_string()))
    }

    fn place(&self, lines: &Lines, at: usize) -> u64 {
        lines.chunk.offset + self.format.encoding.raw_len(&lines.chunk.text[..at])
    }
}

/// What the end of the file is like, while lines are put there.
struct End {
    /// Its last line has no ending.
    is_open: bool,
    /// A header is to be written before the first line.
    needs_header: bool,
}
