//! One pass over a file: where lines are, of which type their keys are, and what is wrong first.
//!
//! Several threads read a part each: a line end is a line end, since JSON escapes it within strings.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::shape::{Fields, Shape};
use super::{JsonlFormat, exact, fit};
use crate::model::{odd_number, whole_number};
use crate::table::in_order::in_order;
use crate::table::marks::Marks;
use crate::table::schema::by_name;
use crate::table::{Flow, Problem, ReadAt, read, stored};

/// A line may have this many bytes.
const LINE_MAX: usize = 256 << 20;
/// How much of the file is one part.
const PART: u64 = 1 << 20;
/// What is read beyond a part, because its last line goes on.
const BEYOND: u64 = 16 << 10;
/// Counted up when what is stored, or what it means, changes.
const VERSION: u32 = 4;
/// Behind so many broken lines a file is not read on.
const BROKEN_MAX: usize = 1000;

/// All that the pass found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Layout {
    pub(super) fields: Fields,
    pub(super) marks: Marks,
    /// Where a row may be inserted before all others.
    pub(super) body: u64,
    /// The last line has no ending.
    pub(super) unended: bool,
    /// There is no letter beyond ASCII.
    pub(super) ascii: bool,
    /// There is a NaN or an infinity, as Python writes them.
    pub(super) odd: bool,
    /// Where lines lie that are no rows, without their line endings: offset and length.
    pub(super) broken: Vec<(u64, u64)>,
    /// (line, column, why)
    problem: Option<(u64, u64, String)>,
}

impl Layout {
    pub(super) fn problem(&self) -> Option<Problem> {
        self.problem.clone().map(|(line, column, why)| Problem { line, column, why })
    }

    /// The bytes that [`Layout::read_back`] takes.
    pub(super) fn stored(&self, format: &JsonlFormat, len: u64) -> Vec<u8> {
        stored::stored(VERSION, format, len, self)
    }

    /// What was stored for a file of this format and length; `None` if these bytes are something else.
    pub(super) fn read_back(bytes: &[u8], format: &JsonlFormat, len: u64) -> Option<Layout> {
        let layout: Layout = stored::read_back(bytes, VERSION, format, len)?;
        (layout.marks.fit(len) && layout.body <= len).then_some(layout)
    }
}

/// What a part of the file has.
#[derive(Clone)]
struct Part {
    fields: Fields,
    marks: Marks,
    unended: bool,
    ascii: bool,
    odd: bool,
    broken: Vec<(u64, u64)>,
    /// Behind so many of these no line is taken.
    broken_max: usize,
    /// Where it is, and what: the first.
    trouble: Option<(u64, String)>,
    /// What comes after it is not looked at.
    is_cut: bool,
}

/// Reads a file once and finds its rows.
pub(super) fn find(file: &dyn ReadAt, format: &JsonlFormat) -> crate::Result<Layout> {
    let body = format.start(file);
    let known = format.columns.iter().map(|column| (column.name.clone(), Shape::Nothing)).collect::<Vec<_>>();
    let part = |start, broken_max| Part {
        fields: known.clone().into(),
        marks: Marks::starting_at(start),
        unended: false,
        ascii: true,
        odd: false,
        broken: Vec::new(),
        broken_max,
        trouble: None,
        is_cut: false,
    };
    let mut all = part(body, BROKEN_MAX);
    let parts = (file.len() - body).div_ceil(PART);
    let work = |at: usize, broken_max: usize| {
        let from = body + at as u64 * PART;
        let start = if at == 0 { body } else { line_start(file, from, from + PART)? };
        take(file, part(start, broken_max), start, from + PART)
    };
    in_order(
        parts as usize,
        |at| work(at, BROKEN_MAX),
        |at, part: crate::Result<Part>| {
            let mut part = part?;
            let left = BROKEN_MAX - all.broken.len();
            if part.broken.len() > left {
                part = work(at, left)?;
            }
            all.fields.merge(&part.fields);
            if part.marks.rows > 0 {
                all.unended = part.unended;
            }
            all.marks.append(&part.marks);
            all.ascii &= part.ascii;
            all.odd |= part.odd;
            all.broken.extend(part.broken);
            all.trouble = all.trouble.take().or(part.trouble);
            all.is_cut = part.is_cut || all.broken.len() >= BROKEN_MAX;
            Ok(if all.is_cut { Flow::Stop } else { Flow::More })
        },
    )?;
    let mut fields: Vec<(String, Shape)> = all.fields.into();
    let declared = by_name(&format.columns);
    for (name, shape) in &mut fields {
        if let Some(column) = declared.get(name.as_str()) {
            *shape = fit::declared(&column.data_type, shape);
        }
        shape.settle();
    }
    let problem = match all.trouble {
        Some((offset, why)) => {
            let (line, column) = read::position(file, offset, |one| one.first().copied(), 1)?;
            let more = match (all.broken.len(), all.is_cut) {
                (BROKEN_MAX.., _) => format!(", and what comes behind {BROKEN_MAX} broken lines is not read"),
                (0, true) => ", and what comes behind it is not read".to_owned(),
                (_, true) => format!(", and what comes behind a line of more than {} MiB is not read", LINE_MAX >> 20),
                (0 | 1, false) => String::new(),
                _ => ", and other lines are broken, too".to_owned(),
            };
            Some((line, column, why + &more))
        }
        None => None,
    };
    let Part { marks, unended, ascii, odd, broken, .. } = all;
    Ok(Layout { fields: fields.into(), marks, body, unended, ascii, odd, broken, problem })
}

/// Where the first line at or after `from` begins; `until` if that is further on.
fn line_start(file: &dyn ReadAt, from: u64, until: u64) -> crate::Result<u64> {
    let mut at = from - 1;
    while at < until {
        let bytes = read::read(file, at, BEYOND as usize)?;
        if let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            return Ok(at + end as u64 + 1);
        }
        if bytes.is_empty() {
            break;
        }
        at += bytes.len() as u64;
    }
    Ok(until.max(at))
}

/// Takes all lines that begin in `at..until`.
fn take(file: &dyn ReadAt, mut part: Part, mut at: u64, until: u64) -> crate::Result<Part> {
    let mut beyond = BEYOND;
    while at < until.min(file.len()) && !part.is_cut {
        let want = (until - at + beyond).min(LINE_MAX as u64 + 1);
        let bytes = read::read(file, at, want as usize)?;
        let is_last = at + bytes.len() as u64 >= file.len();
        let taken = part.lines(&bytes, at, until, is_last);
        at += taken as u64;
        if taken == 0 && !part.is_cut {
            if want > LINE_MAX as u64 || bytes.is_empty() {
                part.trouble.get_or_insert((at, format!("a line has more than {} MiB", LINE_MAX >> 20)));
                part.is_cut = true;
            }
            beyond *= 4;
        }
    }
    Ok(part)
}

impl Part {
    /// Takes the whole lines of a block that begin before `until`; returns how many bytes these have.
    ///
    /// A broken line is no row. It has taught half of what it has, by which others may have been judged, so all of
    /// the block are read once more without it.
    fn lines(&mut self, bytes: &[u8], offset: u64, until: u64, is_last: bool) -> usize {
        let before = self.clone();
        loop {
            let (taken, is_new) = self.lines_once(bytes, offset, until, is_last);
            if !is_new {
                return taken;
            }
            let (broken, trouble) = (std::mem::take(&mut self.broken), self.trouble.take());
            *self = Part { broken, trouble, ..before.clone() };
        }
    }

    /// As [`Part::lines`], of lines that are not known to be broken; says also whether more of them are.
    fn lines_once(&mut self, bytes: &[u8], offset: u64, until: u64, is_last: bool) -> (usize, bool) {
        let (mut at, mut is_new) = (0, false);
        while at < bytes.len() && offset + (at as u64) < until {
            let (end, next) = match bytes[at..].iter().position(|byte| *byte == b'\n') {
                Some(len) => (at + len, at + len + 1),
                None if is_last => (bytes.len(), bytes.len()),
                None => break,
            };
            let line = &bytes[at..end];
            if !line.trim_ascii().is_empty() {
                let place = offset + at as u64;
                match self.line(line, place) {
                    Line::Row => {
                        self.ascii &= line.is_ascii();
                        self.unended = end == next;
                        self.marks.push(place, offset + next as u64);
                    }
                    Line::Broken { nth, known } => {
                        is_new |= !known;
                        if nth >= self.broken_max {
                            self.broken.truncate(nth);
                            self.is_cut = true;
                            return (next, is_new);
                        }
                    }
                }
            }
            at = next;
        }
        (at, is_new)
    }

    fn line(&mut self, line: &[u8], place: u64) -> Line {
        let found = self.broken.binary_search_by_key(&place, |(broken, _)| *broken);
        let at = match found {
            Ok(at) => return Line::Broken { nth: at + 1, known: true },
            Err(at) => at,
        };
        match object(&mut self.fields, line) {
            Ok(odd) => {
                self.odd |= odd;
                Line::Row
            }
            Err(flaw) => {
                let trouble = (place + flaw.column.saturating_sub(1), flaw.why);
                if self.trouble.as_ref().is_none_or(|known| trouble.0 < known.0) {
                    self.trouble = Some(trouble);
                }
                self.broken.insert(at, (place, line.len() as u64));
                Line::Broken { nth: at + 1, known: false }
            }
        }
    }
}

/// What a line is.
enum Line {
    Row,
    /// One of the broken ones, and whether it was known.
    Broken {
        nth: usize,
        known: bool,
    },
}

/// Why a line is no row, and at which byte of it, counted from 1.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) column: u64,
    pub(super) why: String,
}

impl From<serde_json::Error> for Flaw {
    fn from(cause: serde_json::Error) -> Flaw {
        // The place is told in the file's own lines.
        let why = cause.to_string().split(" at line ").next().unwrap_or_default().to_owned();
        Flaw { column: cause.column() as u64, why }
    }
}

/// Learns from a line what its keys' values can be; says whether there is a NaN or an infinity.
pub(super) fn object(fields: &mut Fields, line: &[u8]) -> Result<bool, Flaw> {
    let learned = learn(fields, line);
    match learned {
        Err(_) if odd_number::is_in(line) => learn(fields, &odd_number::as_numbers(line)).map(|()| true),
        learned => learned.map(|()| false),
    }
}

fn learn(fields: &mut Fields, line: &[u8]) -> Result<(), Flaw> {
    let mut json = serde_json::Deserializer::from_slice(line);
    json.deserialize_map(Row(fields))?;
    json.end()?;
    if whole_number::has_long(line)
        && let Ok(text) = std::str::from_utf8(line)
    {
        exact::keep_text(fields, text);
    }
    Ok(())
}

struct Row<'f>(&'f mut Fields);

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object for a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<(), A::Error> {
        self.0.visit(map)
    }
}
