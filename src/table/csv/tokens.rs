//! Rows and fields: where each begins and ends in a block of text.
//!
//! Sixty-four bytes at a time are compared with the few bytes that mean something;
//! only those are looked at one by one. Nothing is copied, and a quote counts only
//! where a field begins with it, as Python's `csv` and the other readers have it.

use crate::table::Flow;

/// Which bytes mean what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Syntax {
    /// Between fields.
    pub(super) delimiter: u8,
    /// Around fields, if anything.
    pub(super) quote: Option<u8>,
    /// Before a byte that is to mean nothing, if anything; a doubled quote means one all the same.
    pub(super) escape: Option<u8>,
    /// Whether spaces before a field are not part of it.
    pub(super) padded: bool,
}

/// Where a field is, without the spaces before it if these do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Whether it begins with a quote.
    pub(super) quoted: bool,
}

impl Span {
    /// The bytes of the field, quotes included.
    pub(super) fn of<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.start as usize..self.end as usize]
    }
}

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins.
    pub(super) start: usize,
    /// Where its line ending begins.
    pub(super) end: usize,
    /// Where what comes after its line ending begins.
    pub(super) next: usize,
}

/// Why no more rows were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// There is no more text.
    End,
    /// The row that begins there has no end in this text.
    Cut(usize),
    /// The field that begins there is quoted, and the quote is never closed.
    Unclosed(usize),
    /// The one who was given rows had enough.
    Enough,
}

const NOTHING: u8 = 0;
const DELIMITER: u8 = 1;
const LINE_FEED: u8 = 2;
const RETURN: u8 = 3;
const QUOTE: u8 = 4;
const ESCAPE: u8 = 5;

/// What is to be split.
pub(super) struct Split<'t> {
    /// The text; less than 4 GiB.
    pub(super) text: &'t [u8],
    /// Whether nothing comes after it, so that its last row is whole.
    pub(super) is_last: bool,
    /// Whether it begins within a quoted field.
    pub(super) inside: bool,
}

impl Syntax {
    /// Gives every whole row of a text, with its fields. Empty lines are no rows.
    pub(super) fn split(&self, split: &Split<'_>, each: impl FnMut(&[Span], Line) -> Flow) -> Stop {
        let text = split.text;
        let quote = self.quote.unwrap_or(b'\n');
        let special = [self.delimiter, quote, self.escape.unwrap_or(b'\n')];
        let mut state = State::new(text, self.padded, split.is_last, each);
        state.inside = split.inside;
        let classes = self.classes();
        let mut base = 0;
        for chunk in text.chunks(64) {
            let mut mask = match chunk.try_into() {
                Ok(whole) => mask(whole, special),
                Err(_) => {
                    let mut padded = [0; 64];
                    padded[..chunk.len()].copy_from_slice(chunk);
                    mask(&padded, special) & ((1 << chunk.len()) - 1)
                }
            };
            while mask != 0 {
                let at = base + mask.trailing_zeros() as usize;
                mask &= mask - 1;
                if at < state.skip {
                    continue;
                }
                if let Some(stop) = state.meet(at, classes[usize::from(text[at])], quote) {
                    return stop;
                }
            }
            base += 64;
        }
        state.finish()
    }

    fn classes(&self) -> [u8; 256] {
        let mut classes = [NOTHING; 256];
        classes[usize::from(b'\n')] = LINE_FEED;
        classes[usize::from(b'\r')] = RETURN;
        classes[usize::from(self.delimiter)] = DELIMITER;
        if let Some(quote) = self.quote {
            classes[usize::from(quote)] = QUOTE;
        }
        if let Some(escape) = self.escape {
            classes[usize::from(escape)] = ESCAPE;
        }
        classes
    }
}

/// A bit for each of the bytes that means something.
#[inline]
fn mask(chunk: &[u8; 64], [a, b, c]: [u8; 3]) -> u64 {
    let mut hits = [0u8; 64];
    for (hit, byte) in hits.iter_mut().zip(chunk) {
        *hit = u8::from((*byte == a) | (*byte == b) | (*byte == c) | (*byte == b'\n') | (*byte == b'\r'));
    }
    let mut mask = 0;
    for (at, eight) in hits.as_chunks::<8>().0.iter().enumerate() {
        // Multiplying brings the lowest bits of eight bytes together in the highest byte.
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= bits << (at * 8);
    }
    mask
}

/// Where the splitting is.
struct State<'t, F> {
    text: &'t [u8],
    padded: bool,
    is_last: bool,
    each: F,
    fields: Vec<Span>,
    row: usize,
    field: usize,
    /// Within quotes.
    inside: bool,
    /// The field began with a quote.
    quoted: bool,
    /// What means something before here was dealt with.
    skip: usize,
}

impl<'t, F: FnMut(&[Span], Line) -> Flow> State<'t, F> {
    fn new(text: &'t [u8], padded: bool, is_last: bool, each: F) -> State<'t, F> {
        let (fields, row, field, skip) = (Vec::new(), 0, 0, 0);
        State { text, padded, is_last, each, fields, row, field, inside: false, quoted: false, skip }
    }

    #[inline(always)]
    fn meet(&mut self, at: usize, class: u8, quote: u8) -> Option<Stop> {
        match class {
            QUOTE => self.meet_quote(at, quote),
            ESCAPE => self.skip = at + 2,
            _ if self.inside => {}
            DELIMITER => self.end_field(at, at + 1),
            LINE_FEED => return self.end_row(at, at + 1),
            RETURN => return self.meet_return(at),
            _ => {}
        }
        None
    }

    #[inline]
    fn meet_quote(&mut self, at: usize, quote: u8) {
        if self.inside {
            if self.text.get(at + 1) == Some(&quote) {
                self.skip = at + 2;
            } else {
                self.inside = false;
            }
        } else if !self.quoted && self.begin() == at {
            self.inside = true;
            self.quoted = true;
        }
    }

    /// Where the field's own bytes begin.
    #[inline(always)]
    fn begin(&self) -> usize {
        if !self.padded {
            return self.field;
        }
        let spaces = self.text[self.field..].iter().take_while(|byte| **byte == b' ').count();
        self.field + spaces
    }

    #[inline(always)]
    fn end_field(&mut self, end: usize, next: usize) {
        let start = self.begin().min(end);
        self.fields.push(Span { start: start as u32, end: end as u32, quoted: self.quoted });
        self.field = next;
        self.quoted = false;
    }

    fn meet_return(&mut self, at: usize) -> Option<Stop> {
        match self.text.get(at + 1) {
            Some(b'\n') => {
                self.skip = at + 2;
                self.end_row(at, at + 2)
            }
            // A line feed may come next, but is not here yet.
            None if !self.is_last => None,
            _ => self.end_row(at, at + 1),
        }
    }

    #[inline]
    fn end_row(&mut self, end: usize, next: usize) -> Option<Stop> {
        let line = Line { start: self.row, end, next };
        self.row = next;
        if end == line.start {
            self.field = next;
            return None;
        }
        self.end_field(end, next);
        let flow = (self.each)(&self.fields, line);
        self.fields.clear();
        (flow == Flow::Stop).then_some(Stop::Enough)
    }

    fn finish(mut self) -> Stop {
        let len = self.text.len();
        if self.row == len {
            return Stop::End;
        }
        if !self.is_last {
            return Stop::Cut(self.row);
        }
        if self.inside {
            return Stop::Unclosed(self.field);
        }
        self.end_row(len, len).unwrap_or(Stop::End)
    }
}
