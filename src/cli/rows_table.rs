//! Rows as a person reads them: aligned columns under their names.
//!
//! The widths are those of the first batch, so that nothing waits for the last row. A text
//! that is wider than its column is cut with `…`; a number never is, nor a row's key, by which somebody finds it.

use std::io::Write;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use super::output::{output_failed, printable};
use super::report::Result;
use super::rows_output::RowsWriter;
use super::rows_text::plain_cell;

/// The widest that a column of text becomes, in characters.
const WIDTH_MAX: usize = 40;

/// A column as it is shown.
struct Shown {
    name: String,
    is_number: bool,
    /// Whether nothing of it may be cut.
    is_whole: bool,
    width: usize,
}

/// Rows as a table.
pub(super) struct TableWriter<'a> {
    out: &'a mut dyn Write,
    columns: Vec<Shown>,
    begun: bool,
}

impl<'a> TableWriter<'a> {
    /// A writer of rows with these columns.
    pub(super) fn new(schema: &SchemaRef, out: &'a mut dyn Write) -> TableWriter<'a> {
        let shown = schema.fields().iter().enumerate().map(|(place, field)| {
            let name = cut(&printable(field.name().as_bytes()), WIDTH_MAX);
            let is_number = field.data_type().is_numeric();
            // Keys come first, and of what files have, every column may be null.
            let is_key = place == 0 && !field.is_nullable();
            Shown { width: width(&name), name, is_number, is_whole: is_number || is_key }
        });
        TableWriter { out, columns: shown.collect(), begun: false }
    }

    fn begin(&mut self, cells: &[Vec<String>]) -> Result<()> {
        for (column, cells) in self.columns.iter_mut().zip(cells) {
            column.width = cells.iter().map(|cell| width(cell)).max().unwrap_or(0).max(column.width);
        }
        self.begun = true;
        self.line(&self.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>())
    }

    fn line(&mut self, cells: &[String]) -> Result<()> {
        let mut line = String::new();
        for (place, (cell, column)) in cells.iter().zip(&self.columns).enumerate() {
            let cell = if column.is_whole { cell.clone() } else { cut(cell, column.width) };
            let space = " ".repeat(column.width.saturating_sub(width(&cell)));
            if place > 0 {
                line.push_str("  ");
            }
            match column.is_number {
                true => line.extend([space.as_str(), &cell]),
                false => line.extend([cell.as_str(), &space]),
            }
        }
        writeln!(self.out, "{}", line.trim_end()).map_err(output_failed)
    }
}

impl RowsWriter for TableWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().iter().zip(&self.columns);
        let cells = columns.map(|(array, shown)| texts(array, shown.is_whole)).collect::<Result<Vec<_>>>()?;
        if !self.begun {
            self.begin(&cells)?;
        }
        for row in 0..batch.num_rows() {
            self.line(&cells.iter().map(|column| column[row].clone()).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        if self.begun { Ok(()) } else { self.begin(&[]) }
    }
}

fn texts(array: &ArrayRef, is_whole: bool) -> Result<Vec<String>> {
    let cell = plain_cell(array)?;
    let mut bytes = Vec::new();
    let texts = (0..array.len()).map(|row| {
        bytes.clear();
        cell(row, &mut bytes);
        let text = printable(&bytes);
        if is_whole { text } else { cut(&text, WIDTH_MAX) }
    });
    Ok(texts.collect())
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text, with `…` at its end where it is longer than that.
fn cut(text: &str, width_max: usize) -> String {
    if width(text) <= width_max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width_max.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::StringArray;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn a_key_is_whole_though_it_is_longer_than_those_before() {
        let key = Field::new("key", DataType::Utf8, false);
        let schema = Arc::new(Schema::new(vec![key, Field::new("text", DataType::Utf8, true)]));
        let batch = |key: &str, text: &str| {
            let columns = [key, text].map(|cell| Arc::new(StringArray::from(vec![cell])) as ArrayRef);
            RecordBatch::try_new(Arc::clone(&schema), columns.to_vec()).expect("it fits")
        };
        let mut out = Vec::new();
        let mut writer = TableWriter::new(&schema, &mut out);
        for (key, text) in [("3", "short"), ("4999+1", "longer")] {
            writer.write(&batch(key, text)).expect("room in memory");
        }
        assert_eq!(String::from_utf8(out).expect("text"), "key  text\n3    short\n4999+1  long…\n");
    }
}
