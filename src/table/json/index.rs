//! Finding the rows: one pass over the file, which notes every n-th row and what columns there are.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::cell::{key_text, unescape};
use super::dialect::Dialect;
use super::ids::{Ids, IdsFound};
use super::shape::{Kind, Shape};
use super::skip;
use super::text::{self, Key, comma_or, expect, members, peek};
use super::window::{Flaw, Trouble, Window};
use crate::Result;
use crate::table::ReadAt;

/// Of how many rows one is noted.
pub(super) const STRIDE: u64 = 64;
/// How much of the file is read at once, in bytes.
const STEP: usize = 1 << 20;
/// More different keys than this are kept in the file but are no columns.
const FIELDS_MAX: usize = 8192;

/// A key that rows have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FieldFound {
    /// As it is meant, without escapes.
    pub(crate) name: String,
    /// What all rows' values are.
    pub(crate) shape: Shape,
    /// How many rows have a value that is not null.
    pub(crate) rows: u64,
}

/// An array whose items are rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowsFound {
    /// The key that it lies under; none where it is the whole document.
    pub(crate) name: Option<String>,
    /// After its opening bracket.
    pub(super) open: u64,
    /// How many rows there are.
    pub(crate) count: u64,
    /// Where rows 0, n, 2n … begin.
    pub(super) starts: Vec<u64>,
    pub(crate) fields: Vec<FieldFound>,
    pub(super) ids: Ids,
    /// What is wrong, and where.
    pub(super) flaw: Option<(u64, String)>,
    /// Whether rows after the last one cannot be read: then its end is unknown.
    pub(super) broken: bool,
}

/// What one pass found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) rows: Vec<RowsFound>,
    /// Whether letters beyond ASCII are written as escapes.
    pub(super) ascii: bool,
    /// What is wrong outside of the rows.
    pub(super) flaw: Option<(u64, String)>,
}

/// Reads the whole file.
///
/// # Errors
/// Those of the file; what is wrong with the text is told beside what was found.
pub(super) fn find(file: &dyn ReadAt, dialect: &dyn Dialect) -> Result<Found> {
    let mut finder = Finder { window: Window::new(file, STEP), dialect, found: Found::default(), raw: false };
    match finder.document() {
        Ok(()) => {}
        Err(Trouble::Flaw(flaw)) => finder.found.flaw = Some((flaw.at, flaw.why.to_owned())),
        Err(Trouble::Error(error)) => return Err(error),
    }
    finder.found.ascii &= !finder.raw;
    Ok(finder.found)
}

struct Finder<'a> {
    window: Window<'a>,
    dialect: &'a dyn Dialect,
    found: Found,
    /// Whether letters beyond ASCII stand in the file as they are.
    raw: bool,
}

type Walk<T> = std::result::Result<T, Trouble>;

impl Finder<'_> {
    fn document(&mut self) -> Walk<()> {
        // Some programs put a byte order mark before UTF-8.
        let marked = self.window.read(0, |b| match b.first() {
            None => Err(text::Stop::More),
            Some(0xef) if b.len() < 3 => Err(text::Stop::More),
            Some(_) => Ok(b.starts_with(b"\xef\xbb\xbf")),
        });
        let start = if marked? { 3 } else { 0 };
        let (at, first) = self.peek(start)?;
        let end = match first {
            b'[' if self.dialect.wants(None) => self.rows(None, at + 1)?,
            b'{' => self.members(at + 1)?,
            _ => return Err(Trouble::Flaw(Flaw { at, why: "expected an object" })),
        };
        match self.peek(end) {
            Ok((at, _)) => Err(Trouble::Flaw(Flaw { at, why: "there is something after the end" })),
            Err(Trouble::Flaw(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn peek(&mut self, at: u64) -> Walk<(u64, u8)> {
        self.window.read(at, |b| peek(b, 0)).map(|(place, byte)| (at + place as u64, byte))
    }

    /// The members of the document, whose brace is before `at`; returns its end.
    fn members(&mut self, at: u64) -> Walk<u64> {
        let (mut at, first) = self.peek(at)?;
        if first == b'}' {
            return Ok(at + 1);
        }
        loop {
            let (key, value, first) = self.window.read(at, |b| {
                let start = expect(b, 0, b'"', "expected a key")? - 1;
                let text = text::string(b, start)?;
                let key = unescape(&b[start + 1..text.end - 1]).into_owned();
                let colon = expect(b, text.end, b':', "expected `:`")?;
                let (value, first) = peek(b, colon)?;
                Ok((key, value, first))
            })?;
            let value = at + value as u64;
            let end = match first {
                b'[' if self.dialect.wants(Some(&key)) => self.rows(Some(key), value + 1)?,
                b'[' => self.others(value + 1)?,
                _ => skip::value(&mut self.window, value, 0)?,
            };
            let (next, closed) = self.comma_or(end, b'}')?;
            if closed {
                return Ok(next);
            }
            at = self.peek(next)?.0;
        }
    }

    fn comma_or(&mut self, at: u64, close: u8) -> Walk<(u64, bool)> {
        self.window.read(at, |b| comma_or(b, 0, close)).map(|(place, closed)| (at + place as u64, closed))
    }

    /// The items of an array that has no rows, one by one, because it may be long; returns its end.
    fn others(&mut self, at: u64) -> Walk<u64> {
        let (mut at, first) = self.peek(at)?;
        if first == b']' {
            return Ok(at + 1);
        }
        loop {
            at = skip::value(&mut self.window, at, 1)?;
            let (next, closed) = self.comma_or(at, b']')?;
            if closed {
                return Ok(next);
            }
            at = self.peek(next)?.0;
        }
    }

    /// The rows whose array's bracket is before `open`; returns the array's end.
    fn rows(&mut self, name: Option<String>, open: u64) -> Walk<u64> {
        let mut table = Table::new(self.dialect.key());
        let walked = self.walk_rows(open, &mut table);
        let mut flaw = table.bad.map(|flaw| (flaw.at, flaw.why.to_owned()));
        if let Err(Trouble::Flaw(found)) = &walked {
            flaw = flaw.or(Some((found.at, found.why.to_owned())));
        }
        let broken = flaw.is_some();
        // Fields that only a row has which ended too early.
        let used = table.seen.iter().take_while(|(_, last)| *last != u64::MAX).count();
        table.fields.truncate(used);
        let (mut ids, mut twice) = table.ids.finish(table.count);
        if !self.dialect.has_keys() || (!twice.is_empty() && !self.dialect.keys_are_unique()) {
            (ids, twice) = (Ids::None, Vec::new());
        }
        let rows =
            RowsFound { name, open, count: table.count, starts: table.starts, fields: table.fields, ids, flaw, broken };
        self.raw |= table.raw;
        self.found.ascii |= table.escaped;
        let rows = super::locate::first_of_two(&mut self.window, rows, &twice, self.dialect.key())?;
        // As in every other reader, the later of two members with one key is the one that counts.
        self.found.rows.retain(|other| other.name != rows.name);
        self.found.rows.push(rows);
        walked
    }

    fn walk_rows(&mut self, open: u64, table: &mut Table<'_>) -> Walk<u64> {
        let (mut at, first) = self.peek(open)?;
        if first == b']' {
            return Ok(at + 1);
        }
        loop {
            // Row, comma and the place of the next one in one look: this is the loop that takes the time.
            let (end, closed, next) = self.window.read(at, |b| {
                let end = table.row(b, at)?;
                let (next, closed) = comma_or(b, end, b']')?;
                let start = if closed { next } else { peek(b, next)?.0 };
                Ok((next, closed, start))
            })?;
            table.take();
            if closed {
                return Ok(at + end as u64);
            }
            at += next as u64;
        }
    }
}

/// The rows of an array while it is read.
struct Table<'a> {
    key: &'a str,
    count: u64,
    starts: Vec<u64>,
    fields: Vec<FieldFound>,
    /// As `fields`: the key as it stood first, and the last row that had it.
    seen: Vec<(Vec<u8>, u64)>,
    by_name: HashMap<String, usize>,
    ids: IdsFound,
    raw: bool,
    escaped: bool,
    /// An item that is no row: with it the table ends.
    bad: Option<Flaw>,
    /// Of the row that is read: its place in the file, and what its members are.
    start: u64,
    row: Vec<(usize, Shape)>,
}

impl Table<'_> {
    fn new(key: &str) -> Table<'_> {
        Table {
            key,
            count: 0,
            starts: Vec::new(),
            fields: Vec::new(),
            seen: Vec::new(),
            by_name: HashMap::new(),
            ids: IdsFound::default(),
            raw: false,
            escaped: false,
            bad: None,
            start: 0,
            row: Vec::new(),
        }
    }

    /// Reads one item; it may be read again from its start when more of the file is there.
    #[inline]
    fn row(&mut self, b: &[u8], start: u64) -> text::Step<usize> {
        self.row.clear();
        self.start = start;
        if b.first() != Some(&b'{') || self.bad.is_some() {
            if self.bad.is_none() {
                self.bad = Some(Flaw { at: start, why: "a row that is no object" });
            }
            return text::value(b, 0, 1).map(|(end, _)| end);
        }
        let mut expected = 0;
        let end = members(
            b,
            0,
            |key, at| {
                let (end, shape) = text::value(b, at, 2)?;
                let field = self.field(b, key, expected);
                expected = field + 1;
                if field < self.fields.len() {
                    self.row.push((field, shape));
                    if self.fields[field].name == self.key {
                        self.ids.note(self.count, shape, &b[at..end]);
                    }
                }
                if shape.kind >= Kind::Text {
                    self.letters(&b[at..end]);
                }
                Ok(end)
            },
            2,
        )?;
        Ok(end)
    }

    /// Notes how letters beyond ASCII are written.
    fn letters(&mut self, text: &[u8]) {
        self.raw = self.raw || !text.is_ascii();
        self.escaped = self.escaped || memchr::memmem::find(text, b"\\u").is_some();
    }

    /// The place of the field with this key, which is mostly the one after the field before.
    #[inline]
    fn field(&mut self, b: &[u8], key: Key, expected: usize) -> usize {
        let raw = &b[key.start..key.end];
        match self.seen.get(expected) {
            Some((seen, _)) if seen == raw => expected,
            _ => self.field_by_name(b, key),
        }
    }

    fn field_by_name(&mut self, b: &[u8], key: Key) -> usize {
        let name = key_text(b, key);
        if let Some(place) = self.by_name.get(&*name) {
            return *place;
        }
        let place = self.fields.len();
        if place == FIELDS_MAX {
            return usize::MAX - 1;
        }
        self.by_name.insert(name.to_string(), place);
        self.fields.push(FieldFound { name: name.into_owned(), shape: Shape::of(Kind::Null), rows: 0 });
        self.seen.push((b[key.start..key.end].to_vec(), u64::MAX));
        place
    }

    /// Counts the row that was read.
    #[inline]
    fn take(&mut self) {
        if self.bad.is_some() {
            return;
        }
        for (field, shape) in &self.row {
            let found = &mut self.fields[*field];
            found.shape = found.shape.join(*shape);
            let is_first = std::mem::replace(&mut self.seen[*field].1, self.count) != self.count;
            found.rows += u64::from(is_first && *shape != Shape::of(Kind::Null));
        }
        if self.count.is_multiple_of(STRIDE) {
            self.starts.push(self.start);
        }
        self.count += 1;
    }
}
