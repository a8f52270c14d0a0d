//! CSV, TSV and their kin: a line for each row, a byte between fields.
//!
//! Text is read in blocks, never whole. Opening notes where every n-th row begins
//! and what type each column has; an edit of a cell replaces the bytes of its
//! field, in the file's own quoting, encoding and line ending.
//!
//! | file | knows |
//! |---|---|
//! | `sniff`, `unquoted` | which of all these formats a file has; whether quotes are letters in it |
//! | `late` | quotes that come only behind the beginning by which a file was told |
//! | `header` | whether the first row has names |
//! | `lead` | lines before the header that are no rows |
//! | `encoding` | letters as bytes |
//! | `chunk`, `tokens` | where rows and fields are |
//! | `kind`, `time` | what a field's text can be |
//! | `head`, `index` | names of columns; one pass over all rows |
//! | `field` | what a field says, and how a value is written |
//! | `file`, `batch` | rows as values and as Arrow |
//! | `splice` | edits of rows as edits of bytes |

mod batch;
mod chunk;
mod encoding;
mod field;
mod file;
#[cfg(test)]
mod file_tests;
mod head;
mod header;
mod index;
mod kind;
mod late;
mod lead;
mod options;
mod refusal;
mod sniff;
mod splice;
#[cfg(test)]
mod splice_tests;
mod time;
mod tokens;
mod unquoted;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use encoding::Encoding;

use super::{Column, Format, ReadAt, TableFile};
use crate::{Error, Result};
use tokens::Syntax;

/// One kind of CSV.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CsvFormat {
    /// What stands between fields: an ASCII byte.
    pub delimiter: u8,
    /// What stands around fields that need it: an ASCII byte; `None` where nothing does.
    pub quote: Option<u8>,
    /// How a quote is written within quotes.
    pub escape: Escape,
    /// Whether a delimiter may be followed by spaces that are not part of the field.
    pub padded: bool,
    /// How letters are bytes.
    pub encoding: Encoding,
    /// Whether the file begins with a byte order mark.
    pub bom: bool,
    /// How many lines stand before the header, or before the first row, that are neither.
    pub lead: usize,
    /// Whether the first line has the names of the columns.
    pub header: bool,
    /// What stands for null besides an empty field, where it is not quoted: `NA`.
    pub null: Option<String>,
    /// How lines end that are written. Any of them is read.
    pub ending: LineEnding,
    /// What is known of columns from before, told by name: a type is kept if all values
    /// fit it, and so is what the column is for. An empty file has these columns.
    pub columns: Vec<Column>,
}

/// How a quote is written within quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Escape {
    /// Twice.
    #[default]
    Doubled,
    /// With a backslash before it; one that stands before anything else is dropped, too.
    Backslash,
}

/// How a line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineEnding {
    /// A line feed.
    #[default]
    Lf,
    /// A carriage return and a line feed.
    CrLf,
    /// A carriage return.
    Cr,
}

impl LineEnding {
    /// Its letters.
    pub fn text(self) -> &'static str {
        match self {
            LineEnding::Lf => "\n",
            LineEnding::CrLf => "\r\n",
            LineEnding::Cr => "\r",
        }
    }

    /// The byte that it ends with.
    fn last(self) -> u8 {
        if self == LineEnding::Cr { b'\r' } else { b'\n' }
    }
}

impl Default for CsvFormat {
    /// Commas, double quotes, UTF-8, a header, line feeds.
    fn default() -> CsvFormat {
        CsvFormat {
            delimiter: b',',
            quote: Some(b'"'),
            escape: Escape::Doubled,
            padded: false,
            encoding: Encoding::Utf8,
            bom: false,
            lead: 0,
            header: true,
            null: None,
            ending: LineEnding::Lf,
            columns: Vec::new(),
        }
    }
}

impl CsvFormat {
    /// Finds out which format a file has from its first 64 KiB (or all of it, if it is shorter), and says why.
    ///
    /// `None` if it does not look like rows at all.
    pub fn sniff(head: &[u8]) -> Option<(CsvFormat, String)> {
        sniff::sniff(head)
    }

    /// Why a file that begins so is not taken for rows, for a person.
    pub fn refusal(head: &[u8]) -> String {
        refusal::refusal(head)
    }

    fn syntax(&self) -> Syntax {
        let escape = (self.escape == Escape::Backslash).then_some(b'\\');
        Syntax { delimiter: self.delimiter, quote: self.quote, escape, padded: self.padded }
    }

    fn check(&self) -> Result<()> {
        let escape = (self.escape == Escape::Backslash).then_some(b'\\');
        let special = [Some(self.delimiter), self.quote, escape];
        let given: Vec<u8> = special.into_iter().flatten().collect();
        let twice = given.iter().enumerate().any(|(at, byte)| given[..at].contains(byte));
        let odd = given.iter().any(|byte| !byte.is_ascii() || matches!(byte, b'\n' | b'\r' | 0));
        let padding = self.padded && given.contains(&b' ');
        if twice || odd || padding {
            let why = "delimiter, quote and escape are different ASCII characters, and none of them ends a line";
            return Err(Error::invalid("csv format", &String::from_utf8_lossy(&given), why));
        }
        if let Some(null) = &self.null {
            let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != self.delimiter && Some(byte) != self.quote;
            if null.is_empty() || !null.bytes().all(is_plain) {
                return Err(Error::invalid("text for null", null, "it is made of ASCII, without delimiter and quote"));
            }
        }
        Ok(())
    }

    /// Where the header begins, or the first row.
    fn start(&self, file: &dyn ReadAt) -> Result<u64> {
        let bom = if self.bom { self.encoding.bom().len() as u64 } else { 0 };
        lead::end(file, self.encoding, bom.min(file.len()), self.lead)
    }
}

impl Format for CsvFormat {
    fn name(&self) -> &'static str {
        if self.delimiter == b'\t' { "tsv" } else { "csv" }
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        self.check()?;
        let known = index.and_then(|bytes| index::Layout::read_back(bytes, self, file.len()));
        let layout = match known {
            Some(layout) => layout,
            None => index::find(file, self)?,
        };
        Ok(Box::new(file::CsvFile::new(file, self, layout)))
    }

    fn said_to_be(&self, options: &[&str]) -> Result<Arc<dyn Format>> {
        Ok(Arc::new(options::with(self.clone(), options.iter().copied())?))
    }

    fn knowing(&self, columns: &[Column]) -> Option<Arc<dyn Format>> {
        Some(Arc::new(CsvFormat { columns: columns.to_vec(), ..self.clone() }))
    }

    fn without_keys(&self) -> Option<Arc<dyn Format>> {
        Some(Arc::new(self.clone()))
    }
}
