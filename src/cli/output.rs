//! What goes to stdout: one JSON document, or a table for a person.
//!
//! Messages never come here (see [`super::report::say`]), and nothing here
//! decides what is shown. Bytes that are not text are shown escaped, so that
//! a file's name can neither break a line nor move the cursor.

use std::fmt::Write as _;
use std::io::{self, BufWriter, ErrorKind, Write};

use serde::Serialize;
use veneer::model::DataPath;

use super::report::{Failure, Result};

/// Runs `write` over a buffered stdout.
///
/// A reader that has gone (`veneer ls | head`) ends the command quietly.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).map_err(output_failed)
}

/// What a failed write to stdout means.
pub(super) fn output_failed(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::PipeClosed,
        _ => Failure::error(format!("cannot write the output: {error}")),
    }
}

/// Prints one JSON document, on one line.
pub(super) fn json(document: &impl Serialize) -> Result<()> {
    print(|out| {
        serde_json::to_writer(&mut *out, document).map_err(io::Error::from)?;
        out.write_all(b"\n")
    })
}

/// Where a column's text stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Align {
    /// At the left: words.
    Left,
    /// At the right: numbers.
    Right,
}

/// Rows of aligned cells; the last column is never padded.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    columns: [Align; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// An empty table.
    pub(super) fn new(columns: [Align; N]) -> Table<N> {
        Table { columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// Prints it.
    pub(super) fn print(&self) -> Result<()> {
        print(|out| self.write(out))
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let widths: [usize; N] =
            std::array::from_fn(|column| self.rows.iter().map(|row| width(&row[column])).max().unwrap_or(0));
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let space = " ".repeat(widths[column] - width(cell));
                match self.columns[column] {
                    Align::Right => line.extend([space.as_str(), cell]),
                    Align::Left if column + 1 == N => line.push_str(cell),
                    Align::Left => line.extend([cell, space.as_str()]),
                }
                if column + 1 < N {
                    line.push_str("  ");
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

/// Bytes as a person may see them: control characters and what is not UTF-8 as `\xNN`.
pub(super) fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                c if c.is_control() => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escape(&mut text, byte)),
                c => text.push(c),
            }
        }
        chunk.invalid().iter().for_each(|&byte| escape(&mut text, byte));
    }
    text
}

fn escape(text: &mut String, byte: u8) {
    write!(text, "\\x{byte:02x}").expect("a string takes everything");
}

/// Bytes as a JSON string: as they are when they are UTF-8, else escaped.
pub(super) fn json_text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| printable(bytes), str::to_owned)
}

/// The bytes in hexadecimal when their JSON string does not say it all.
pub(super) fn json_bytes(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).is_err().then(|| {
        bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
    })
}

/// A path in a JSON document: `path`, and `path_bytes` when the path is not UTF-8.
#[derive(Debug, Serialize)]
pub(super) struct PathFields {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

impl From<&DataPath> for PathFields {
    fn from(path: &DataPath) -> PathFields {
        PathFields { path: json_text(path.as_bytes()), path_bytes: json_bytes(path.as_bytes()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_aligns_words_left_and_numbers_right() {
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        table.row(["file".into(), "5 B".into(), "é".into()]);
        table.row(["folder".into(), "12.0 KiB".into(), "long name".into()]);
        let mut out = Vec::new();
        table.write(&mut out).expect("a vector takes everything");
        assert_eq!(String::from_utf8(out).expect("text"), "file         5 B  é\nfolder  12.0 KiB  long name\n");
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        assert_eq!(printable("a\x1b[2Jé\n".as_bytes()), "a\\x1b[2Jé\\x0a");
        assert_eq!(printable(b"caf\xe9"), "caf\\xe9");
    }

    #[test]
    fn json_has_the_bytes_of_what_is_not_text() {
        let path = |bytes: &[u8]| PathFields::from(&DataPath::parse(bytes).expect("a path"));
        assert_eq!(serde_json::to_string(&path(b"a\nb")).expect("json"), r#"{"path":"a\nb"}"#);
        assert_eq!(
            serde_json::to_string(&path(b"caf\xe9")).expect("json"),
            r#"{"path":"caf\\xe9","path_bytes":"636166e9"}"#
        );
    }
}
