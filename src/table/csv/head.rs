//! The first rows: how many columns there are, and their names.

use std::collections::{HashMap, HashSet};

use super::chunk::Chunk;
use super::field;
use super::tokens::{Line, Span, Stop};
use super::{CsvFormat, index};
use crate::Result;
use crate::table::{Flow, ReadAt};

/// What the first rows say.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// The columns' names.
    pub(super) names: Vec<String>,
    /// Where the first row may begin: after the header.
    pub(super) body: u64,
    /// The header has no line ending, since it is all that there is.
    pub(super) unended: bool,
    /// There is to be a header, but no line to hold it.
    pub(super) headless: bool,
    /// A name of the header is in quotes.
    pub(super) has_quotes: bool,
}

/// How many rows are looked at, to see whether all have a field that the header has no name for.
const ROWS: usize = 9;
const READ_MIN: usize = 64 << 10;

/// Reads the names of the columns, or makes them up.
pub(super) fn read_head(file: &dyn ReadAt, format: &CsvFormat) -> Result<Head> {
    let start = format.start(file)?;
    let mut want = READ_MIN;
    loop {
        let chunk = Chunk::read(file, format.encoding, start, want)?;
        let mut rows: Vec<(Vec<Span>, Line)> = Vec::new();
        let stop = format.syntax().split(&chunk.split(), |fields, line| {
            rows.push((fields.to_vec(), line));
            if rows.len() == ROWS { Flow::Stop } else { Flow::More }
        });
        let is_all = chunk.is_last || chunk.bad || stop == Stop::Enough || want >= index::ROW_MAX;
        if is_all || (!rows.is_empty() && want > READ_MIN) {
            return Ok(told_by(format, &chunk, &rows));
        }
        want *= 4;
    }
}

fn told_by(format: &CsvFormat, chunk: &Chunk, rows: &[(Vec<Span>, Line)]) -> Head {
    let Some((first, line)) = rows.first() else {
        let names = format.columns.iter().map(|column| column.name.clone()).collect();
        return Head { names, body: chunk.offset, unended: false, headless: format.header, has_quotes: false };
    };
    if !format.header {
        let names = (1..=first.len()).map(|at| format!("column_{at}")).collect();
        return Head { names, body: chunk.offset, unended: false, headless: false, has_quotes: false };
    }
    let syntax = format.syntax();
    let name = |span: &Span| format.encoding.letters(&field::content(&syntax, &chunk.text, *span)).into_owned();
    let mut names: Vec<String> = first.iter().map(name).collect();
    let others = &rows[1..];
    if !others.is_empty() && others.iter().all(|(fields, _)| fields.len() == names.len() + 1) {
        // Either each row ends with a delimiter, or begins with a name of its own, as R writes them.
        let empty = || others.iter().all(|(fields, _)| fields.last().is_some_and(|span| span.start == span.end));
        let trailing = known_place(format, &names).unwrap_or_else(empty);
        names.insert(if trailing { names.len() } else { 0 }, String::new());
    }
    let body = chunk.offset + format.encoding.raw_len(&chunk.text[..line.next]);
    let has_quotes = first.iter().any(|span| span.quoted);
    Head { names: unlike(names), body, unended: line.end == line.next, headless: false, has_quotes }
}

/// Whether the column without a name comes last, if that is known from before: an edit must not change it.
fn known_place(format: &CsvFormat, names: &[String]) -> Option<bool> {
    let known = |place: usize| {
        let mut all = names.to_vec();
        all.insert(place, String::new());
        format.columns.iter().map(|column| &column.name).eq(&unlike(all))
    };
    [(names.len(), true), (0, false)].into_iter().find(|(place, _)| known(*place)).map(|(_, is_last)| is_last)
}

/// Names for columns that have none, and others for those that come twice.
fn unlike(names: Vec<String>) -> Vec<String> {
    let (mut taken, mut counts) = (HashSet::new(), HashMap::new());
    let mut different = Vec::with_capacity(names.len());
    for (at, name) in names.into_iter().enumerate() {
        let name = if name.is_empty() { format!("column_{}", at + 1) } else { name };
        let mut tried = name.clone();
        // Names are never free again, so what was tried for the one before need not be tried anew.
        let count = counts.entry(name.clone()).or_insert(1_usize);
        while !taken.insert(tried.clone()) {
            *count += 1;
            tried = format!("{name}_{count}");
        }
        different.push(tried);
    }
    different
}
