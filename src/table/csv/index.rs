//! One pass over a file: where rows are, of which type columns are, and what is wrong first.
//!
//! Several threads read a part each. Where the first row of a part begins is a
//! guess, because a line end may be within quotes; the parts are put together in
//! order, and one whose guess was wrong is read again from where the part before ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::CsvFormat;
use super::chunk::{Chunk, Ruler};
use super::head::{Head, read_head};
use super::kind::{self, Kind, Kinds};
use super::tokens::{Span, Split, Stop};
use super::{encoding::Encoding, field, late};
use crate::Result;
use crate::table::in_order::in_order;
use crate::table::marks::Marks;
use crate::table::schema::by_name;
use crate::table::{Flow, Problem, ReadAt, read, stored};

/// A row may have this many bytes. A quote that is never closed takes the rest of the file.
pub(super) const ROW_MAX: usize = 64 << 20;
/// How much of the file is one part.
const PART: u64 = 1 << 20;
/// What is read beyond a part, because its last row goes on.
const BEYOND: u64 = 16 << 10;
/// Counted up when what is stored, or what it means, changes.
const VERSION: u32 = 4;

/// All that the pass found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Layout {
    pub(super) names: Vec<String>,
    pub(super) kinds: Vec<Kind>,
    pub(super) marks: Marks,
    /// Where a row may be inserted before all others.
    pub(super) body: u64,
    /// The last line, be it a row or the header, has no line ending.
    pub(super) unended: bool,
    /// There is to be a header, but no line to hold it.
    pub(super) headless: bool,
    /// How columns of numbers write NaN and infinity, those that have one.
    pub(super) nan: Spelling,
    pub(super) inf: Spelling,
    /// Quotes are letters, though the format has some: the file's beginning did not tell.
    pub(super) is_unquoted: bool,
    /// (line, column, why)
    problem: Option<(u64, u64, String)>,
}

/// How columns write something, by their places.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Spelling(BTreeMap<usize, String>);

impl Spelling {
    /// How a column writes it: as it does, else as the first one that does.
    pub(super) fn of(&self, column: usize) -> Option<&str> {
        self.0.get(&column).or_else(|| self.0.values().next()).map(String::as_str)
    }

    /// A name that columns of text have may be one of a person.
    fn of_numbers(mut self, kinds: &[Kind]) -> Spelling {
        self.0.retain(|column, _| kinds[*column] == Kind::Float);
        self
    }

    fn append(&mut self, later: Spelling) {
        for (column, text) in later.0 {
            self.0.entry(column).or_insert(text);
        }
    }
}

impl Layout {
    pub(super) fn problem(&self) -> Option<Problem> {
        self.problem.clone().map(|(line, column, why)| Problem { line, column, why })
    }

    /// The bytes that [`Layout::read_back`] takes.
    pub(super) fn stored(&self, format: &CsvFormat, len: u64) -> Vec<u8> {
        stored::stored(VERSION, format, len, self)
    }

    /// What was stored for a file of this format and length; `None` if these bytes are something else.
    pub(super) fn read_back(bytes: &[u8], format: &CsvFormat, len: u64) -> Option<Layout> {
        let layout: Layout = stored::read_back(bytes, VERSION, format, len)?;
        let is_whole = layout.marks.fit(len) && layout.names.len() == layout.kinds.len() && layout.body <= len;
        is_whole.then_some(layout)
    }
}

/// What is wrong, and where.
struct Trouble {
    offset: u64,
    why: String,
}

/// Lines that are no rows, for they have other fields than there are columns.
#[derive(Default)]
struct Odd {
    count: u64,
    first: Option<Trouble>,
}

impl Odd {
    fn note(&mut self, offset: u64, why: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(|| Trouble { offset, why: why() });
    }

    fn append(&mut self, later: Odd) {
        self.count += later.count;
        self.first = self.first.take().or(later.first);
    }

    /// The first of them, and how many there are; what ends the rows is told before.
    fn told(self, end: Option<Trouble>) -> Option<Trouble> {
        let lines =
            if self.count == 1 { "1 line is no row".to_owned() } else { format!("{} lines are no rows", self.count) };
        match (self.first, end) {
            (None, end) => end,
            (Some(first), None) if self.count == 1 => Some(first),
            (Some(first), None) => Some(Trouble { why: format!("{}; {lines} in all", first.why), ..first }),
            (Some(_), Some(end)) => Some(Trouble { why: format!("{}; before it, {lines}", end.why), ..end }),
        }
    }
}

/// What a part of the file has.
pub(super) struct Part {
    pub(super) marks: Marks,
    kinds: Vec<Kinds>,
    unended: bool,
    nan: Spelling,
    inf: Spelling,
    /// Where it began and where what comes after it begins.
    start: u64,
    end: u64,
    /// Where the first field is that begins with a quote.
    pub(super) quote: Option<u64>,
    odd: Odd,
    /// Why no more rows can be read.
    trouble: Option<Trouble>,
}

/// Reads a file once and finds its rows.
pub(super) fn find(file: &dyn ReadAt, format: &CsvFormat) -> Result<Layout> {
    let head = read_head(file, format)?;
    let pass = Pass::new(file, format, &head);
    let all = pass.all(&head)?;
    let without_quotes = CsvFormat { quote: None, ..format.clone() };
    // Who puts names in quotes knows them.
    let doubt = if head.has_quotes { None } else { late::doubt(file, format, &all)? };
    if let Some(doubt) = doubt {
        let pass = Pass::new(file, &without_quotes, &head);
        let bare = pass.all(&head)?;
        if doubt.is_for(&bare, &all) {
            return pass.layout(&head, bare).map(|layout| Layout { is_unquoted: true, ..layout });
        }
    }
    pass.layout(&head, all)
}

struct Pass<'a> {
    file: &'a dyn ReadAt,
    format: &'a CsvFormat,
    /// How many fields a row has.
    width: usize,
    start: u64,
    /// Columns that are known to be text, whatever comes.
    text: Vec<AtomicBool>,
}

impl<'a> Pass<'a> {
    fn new(file: &'a dyn ReadAt, format: &'a CsvFormat, head: &Head) -> Pass<'a> {
        let text = head.names.iter().map(|_| AtomicBool::new(false)).collect();
        Pass { file, format, width: head.names.len(), start: head.body, text }
    }

    fn part(&self, start: u64) -> Part {
        let kind = |text: &AtomicBool| if text.load(Ordering::Relaxed) { Kinds::TEXT } else { Kinds::ALL };
        let kinds = self.text.iter().map(kind).collect();
        let marks = Marks::starting_at(start);
        Part {
            marks,
            kinds,
            unended: false,
            nan: Spelling::default(),
            inf: Spelling::default(),
            start,
            end: start,
            quote: None,
            odd: Odd::default(),
            trouble: None,
        }
    }

    /// Takes all rows.
    fn all(&self, head: &Head) -> Result<Part> {
        let mut all = self.part(head.body);
        let parts = (self.file.len() - head.body).div_ceil(PART);
        let work = |at: usize| {
            let from = head.body + at as u64 * PART;
            match self.guess(from)? {
                Some(start) => self.parse(start, from + PART).map(Some),
                None => Ok(None),
            }
        };
        in_order(parts as usize, work, |at, part: Result<Option<Part>>| {
            let until = head.body + (at as u64 + 1) * PART;
            if all.end >= until {
                return Ok(Flow::More);
            }
            let part = match part? {
                Some(part) if part.start == all.end => part,
                _ => self.parse(all.end, until)?,
            };
            all.append(part);
            self.learn(&all.kinds);
            Ok(if all.trouble.is_some() { Flow::Stop } else { Flow::More })
        })?;
        Ok(all)
    }

    fn learn(&self, kinds: &[Kinds]) {
        for (text, kinds) in self.text.iter().zip(kinds) {
            if *kinds == Kinds::TEXT {
                text.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Where the first row at or after `from` seems to begin.
    fn guess(&self, from: u64) -> Result<Option<u64>> {
        if from == self.start || self.format.encoding.is_wide() {
            return Ok((from == self.start).then_some(from));
        }
        let text = read::read(self.file, from - 1, BEYOND as usize)?;
        let first = |inside| self.first_row(&text, inside);
        let outside = first(false);
        let is_good = |at: &usize| self.looks_right(&text[*at..]);
        let start = outside.filter(is_good).or_else(|| first(true).filter(is_good)).or(outside);
        Ok(start.map(|at| from - 1 + at as u64))
    }

    fn first_row(&self, text: &[u8], inside: bool) -> Option<usize> {
        match text {
            [b'\r', b'\n', ..] if !inside => return Some(2),
            [b'\n', ..] | [b'\r', _, ..] if !inside => return Some(1),
            _ => {}
        }
        let mut start = None;
        self.format.syntax().split(&Split { text, is_last: false, inside }, |_, line| {
            start = Some(line.next);
            Flow::Stop
        });
        start
    }

    fn looks_right(&self, text: &[u8]) -> bool {
        let (mut rows, mut right) = (0, true);
        self.format.syntax().split(&Split { text, is_last: false, inside: false }, |fields, _| {
            rows += 1;
            right &= fields.len() == self.width;
            if right && rows < 8 { Flow::More } else { Flow::Stop }
        });
        right
    }

    /// Takes all rows that begin in `start..until`; one begins at `start`.
    fn parse(&self, start: u64, until: u64) -> Result<Part> {
        let mut part = self.part(start);
        let mut beyond = BEYOND;
        while part.end < until.min(self.file.len()) && part.trouble.is_none() {
            let want = (until - part.end + beyond).min(ROW_MAX as u64 + 1);
            let chunk = Chunk::read(self.file, self.format.encoding, part.end, want as usize)?;
            let before = part.end;
            self.take(&mut part, &chunk, until);
            if part.end == before && part.trouble.is_none() {
                if want > ROW_MAX as u64 || chunk.text.is_empty() {
                    let why = format!("a row has more than {} MiB: a quote may be open", ROW_MAX >> 20);
                    part.trouble = Some(Trouble { offset: before, why });
                }
                beyond *= 4;
            }
        }
        Ok(part)
    }

    fn take(&self, part: &mut Part, chunk: &Chunk, until: u64) {
        let syntax = self.format.syntax();
        let mut ruler = Ruler::new(chunk, self.format.encoding);
        part.quote = part.quote.or_else(|| late::first(&syntax, &chunk.text).map(|at| ruler.again(at)));
        let mut enough = None;
        let stop = syntax.split(&chunk.split(), |fields, line| {
            let from = ruler.at(line.start);
            if from >= until {
                enough = Some(from);
                return Flow::Stop;
            }
            if fields.len() != self.width {
                let why = || format!("{} where there should be {}", fields_text(fields.len()), self.width);
                part.odd.note(from, why);
                return Flow::More;
            }
            fields.iter().enumerate().for_each(|(at, span)| part.see(self.format, at, &chunk.text, *span));
            part.marks.push(from, ruler.at(line.next));
            part.unended = line.end == line.next;
            Flow::More
        });
        let end = chunk.offset + self.format.encoding.raw_len(&chunk.text);
        let mut trouble = |offset, why: &str| part.trouble = Some(Trouble { offset, why: why.to_owned() });
        match stop {
            Stop::End | Stop::Cut(_) if chunk.bad => {
                trouble(end, &format!("bytes that are not {}", self.format.encoding.name()));
            }
            Stop::End => part.end = end,
            Stop::Cut(row) => part.end = ruler.at(row),
            Stop::Unclosed(field) => trouble(ruler.again(field), "a quote that is never closed"),
            Stop::Enough => part.end = enough.unwrap_or(part.end),
        }
    }

    fn layout(&self, head: &Head, all: Part) -> Result<Layout> {
        let problem = match all.odd.told(all.trouble) {
            Some(trouble) => {
                let (line, column) = self.position(trouble.offset)?;
                Some((line, column, trouble.why))
            }
            None => None,
        };
        let declared = by_name(&self.format.columns);
        let kind = |(name, kinds): (&String, &Kinds)| {
            kinds.decide(declared.get(name.as_str()).map(|column| &column.data_type))
        };
        let kinds: Vec<Kind> = head.names.iter().zip(&all.kinds).map(kind).collect();
        Ok(Layout {
            names: head.names.clone(),
            unended: if all.marks.rows == 0 { head.unended } else { all.unended },
            marks: all.marks,
            body: head.body,
            headless: head.headless,
            nan: all.nan.of_numbers(&kinds),
            inf: all.inf.of_numbers(&kinds),
            kinds,
            is_unquoted: false,
            problem,
        })
    }

    fn position(&self, offset: u64) -> Result<(u64, u64)> {
        let (letter, unit): (read::Letter, usize) = match self.format.encoding {
            Encoding::Utf16Le => (|two| if let [byte, 0] = two { Some(*byte) } else { None }, 2),
            Encoding::Utf16Be => (|two| if let [0, byte] = two { Some(*byte) } else { None }, 2),
            _ => (|one| one.first().copied(), 1),
        };
        read::position(self.file, offset, letter, unit)
    }
}

fn fields_text(count: usize) -> String {
    if count == 1 { "1 field".to_owned() } else { format!("{count} fields") }
}

impl Part {
    /// Whether all that was read is rows.
    pub(super) fn is_whole(&self) -> bool {
        self.trouble.is_none() && self.odd.count == 0
    }

    /// Learns from a field which type its column can have.
    #[inline]
    fn see(&mut self, format: &CsvFormat, column: usize, text: &[u8], span: Span) {
        let before = self.kinds[column];
        if before == Kinds::TEXT {
            return;
        }
        let Some(inner) = field::inner(text, span) else {
            self.kinds[column] = Kinds::TEXT;
            return;
        };
        if inner.is_empty() || field::is_null(format, text, span) {
            return;
        }
        self.kinds[column] = before.and(Kinds::of(inner));
        let name = inner.strip_prefix(b"-").unwrap_or(inner);
        if matches!(name.first(), Some(b'n' | b'N' | b'i' | b'I')) {
            self.note(column, name);
        }
    }

    /// Remembers how NaN or infinity is written.
    fn note(&mut self, column: usize, name: &[u8]) {
        let Some(value) = kind::special(name) else { return };
        let Spelling(known) = if value.is_nan() { &mut self.nan } else { &mut self.inf };
        known.entry(column).or_insert_with(|| String::from_utf8_lossy(name).into_owned());
    }

    fn append(&mut self, later: Part) {
        self.kinds.iter_mut().zip(&later.kinds).for_each(|(all, kinds)| *all = all.and(*kinds));
        if later.marks.rows > 0 {
            self.unended = later.unended;
        }
        self.marks.append(&later.marks);
        self.nan.append(later.nan);
        self.inf.append(later.inf);
        self.end = later.end;
        self.quote = self.quote.or(later.quote);
        self.odd.append(later.odd);
        self.trouble = later.trouble;
    }
}
