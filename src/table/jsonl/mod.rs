//! JSON Lines: an object for each line.
//!
//! A key is a column, whose type is what all of its values can be: objects become
//! structs and arrays lists where they are alike through and through, else the column
//! is the JSON's text as a whole (of the type `LargeUtf8`, by which it is told from
//! other text), in the one way that equal values are written. A line that lacks a key
//! has null there. An edit replaces the bytes of one value; keys, their order, spaces
//! and all other numbers stay as they were.
//!
//! | file | knows |
//! |---|---|
//! | `shape` | what the values of a key can be |
//! | `fit`, `exact` | a value as a shape has it; whole numbers that are too long for one |
//! | `index`, `checked` | one pass over all lines; values that only have to be some |
//! | `file`, `batch` | rows as values and as Arrow |
//! | `splice`, `style` | edits of rows as edits of bytes; how a file writes JSON |

mod batch;
mod checked;
mod exact;
mod file;
mod fit;
mod index;
mod shape;
mod splice;
mod style;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use style::Style;

use super::csv::LineEnding;
use super::{Column, Format, Problem, ReadAt, TableFile};
use crate::Result;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// JSON Lines, UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JsonlFormat {
    /// Whether the file begins with a byte order mark.
    pub bom: bool,
    /// How lines end that are written.
    pub ending: LineEnding,
    /// Where spaces are in what is written.
    pub style: Style,
    /// What is known of columns from before, told by name: they come first, a type is kept if
    /// all values fit it, and so is what the column is for.
    pub columns: Vec<Column>,
}

impl JsonlFormat {
    /// Finds out whether a file is JSON Lines from its first 64 KiB (or all of it, if it is shorter), and says why.
    pub fn sniff(head: &[u8]) -> Option<(JsonlFormat, String)> {
        let bom = head.starts_with(BOM);
        let text = if bom { &head[BOM.len()..] } else { head };
        let whole = match text.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => &text[..=at],
            None => text,
        };
        let lines: Vec<&[u8]> =
            whole.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
        // Some bad lines make a table partial; what is no JSON Lines at all has hardly a good one.
        let first: Vec<&[u8]> = lines.iter().take(20).copied().collect();
        let good: Vec<&[u8]> = first.iter().filter(|line| parsed(line).is_ok()).copied().collect();
        if good.is_empty() || good.len() * 2 < first.len() {
            return None;
        }
        let crlf = whole.windows(2).filter(|two| two == b"\r\n").count();
        let ending = if crlf * 2 > lines.len() { LineEnding::CrLf } else { LineEnding::Lf };
        let format = JsonlFormat { bom, ending, style: Style::of(good[0]), ..JsonlFormat::default() };
        let which = if good.len() == first.len() { "each line is" } else { "most lines are" };
        Some((format, format!("{which} a JSON object")))
    }

    /// Why a file that begins so is not taken for JSON Lines, for a person.
    pub fn refusal(head: &[u8]) -> String {
        let text = head.strip_prefix(BOM).unwrap_or(head);
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
            if !line.trim_ascii().is_empty()
                && let Err(cause) = parsed(line)
            {
                return Problem { line: number, column: cause.column, why: cause.why }.to_string();
            }
        }
        "it is empty".to_owned()
    }

    fn start(&self, file: &dyn ReadAt) -> u64 {
        if self.bom { (BOM.len() as u64).min(file.len()) } else { 0 }
    }
}

fn parsed(line: &[u8]) -> std::result::Result<(), index::Flaw> {
    index::object(&mut shape::Fields::default(), line).map(|_| ())
}

impl Format for JsonlFormat {
    fn name(&self) -> &'static str {
        "jsonl"
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        let known = index.and_then(|bytes| index::Layout::read_back(bytes, self, file.len()));
        let layout = match known {
            Some(layout) => layout,
            None => index::find(file, self)?,
        };
        Ok(Box::new(file::JsonlFile::new(file, self, layout)))
    }

    fn without_keys(&self) -> Option<Arc<dyn Format>> {
        Some(Arc::new(self.clone()))
    }
}
