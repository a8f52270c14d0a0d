//! Whether quotes are letters as any other in a file, as where Python's `csv.QUOTE_NONE` or a shell wrote it.

use super::kind::Kinds;
use super::sniff::Trial;
use super::tokens::{Span, Split, Stop, Syntax};
use crate::table::Flow;

/// One broken field of so many that begin with a quote says that quotes are letters.
const BROKEN_SHARE: usize = 10;

/// A field that begins with a quote, as a reader takes it that knows quotes.
struct Quoted {
    /// Nothing but spaces follows the closing quote.
    is_whole: bool,
    is_of_lines: bool,
    /// It says something that only quotes let it say.
    needs_them: bool,
}

/// Decides between two readings of a text.
pub(super) fn is_unquoted(text: &[u8], is_last: bool, quoted: &Trial, bare: &Trial) -> bool {
    if bare.width < 2 || bare.alike < quoted.alike {
        return false;
    }
    let is_plain = |field: &Quoted| field.is_whole && !field.is_of_lines;
    let is_header_quoted = quoted
        .rows
        .first()
        .is_some_and(|row| row.iter().any(|span| span.quoted && is_plain(&of(text, &quoted.syntax, *span))));
    let spans = quoted.rows.iter().flatten().filter(|span| span.quoted);
    let all: Vec<Quoted> = spans.map(|span| of(text, &quoted.syntax, *span)).collect();
    let is_meant = |field: &Quoted| is_plain(field) && field.needs_them;
    if is_header_quoted || all.iter().any(is_meant) || has_quoted_column(text, quoted, &is_plain) {
        return false;
    }
    let is_open = is_last
        && matches!(quoted.syntax.split(&Split { text, is_last, inside: false }, |_, _| Flow::More), Stop::Unclosed(_));
    let count = |is: &dyn Fn(&Quoted) -> bool| all.iter().filter(|field| is(field)).count();
    // A few among very many are mistakes of whoever wrote the file with quotes.
    let broken = count(&|field| !field.is_whole);
    let has_broken = broken * BROKEN_SHARE >= all.len() && broken > 0;
    let of_lines = count(&|field| field.is_of_lines);
    is_open || has_broken || (is_sure(text, bare) && of_lines > 0 && of_lines * 2 <= quoted.rows.len())
}

/// Whether a reading without quotes makes a row of each line, none of which is the rest of a text.
pub(super) fn is_sure(text: &[u8], bare: &Trial) -> bool {
    bare.alike == 1000 && (bare.syntax.delimiter == b'\t' || has_typed_column(text, bare))
}

/// Whether a reading with quotes finds some, and each field in them is whole.
pub(super) fn is_quoted_well(text: &[u8], trial: &Trial) -> bool {
    let mut spans = trial.rows.iter().flatten().filter(|span| span.quoted).peekable();
    spans.peek().is_some() && spans.all(|span| of(text, &trial.syntax, *span).is_whole)
}

fn of(text: &[u8], syntax: &Syntax, span: Span) -> Quoted {
    let field = span.of(text);
    let (quote, mut at, mut needs_them) = (field.first().copied(), 1, false);
    let is_of_lines = field.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    while let Some(byte) = field.get(at) {
        let next = field.get(at + 1).copied();
        if Some(*byte) == syntax.escape || (Some(*byte) == quote && next == quote) {
            needs_them |= next == quote;
            at += 2;
        } else if Some(*byte) == quote {
            let is_whole = field[at + 1..].iter().all(|byte| *byte == b' ');
            return Quoted { is_whole, is_of_lines, needs_them };
        } else {
            needs_them |= *byte == syntax.delimiter;
            at += 1;
        }
    }
    Quoted { is_whole: false, is_of_lines, needs_them }
}

/// Whether a column has quotes in most of its rows.
fn has_quoted_column(text: &[u8], trial: &Trial, is_plain: &impl Fn(&Quoted) -> bool) -> bool {
    let rows = || trial.rows.iter().skip(1).filter(|row| row.len() == trial.width);
    let is_quoted = |span: &Span| span.quoted && is_plain(&of(text, &trial.syntax, *span));
    (0..trial.width).any(|column| rows().filter(|row| is_quoted(&row[column])).count() * 2 > rows().count())
}

/// Whether a column has numbers, or something else of a type, in all lines: none of them is the rest of a text.
fn has_typed_column(text: &[u8], trial: &Trial) -> bool {
    let rows = || trial.rows.iter().skip(1).filter(|row| row.len() == trial.width);
    let is_typed = |column: usize| {
        let all = rows().fold(Kinds::ALL, |all, row| all.and(Kinds::of(row[column].of(text))));
        all != Kinds::TEXT && all != Kinds::ALL
    };
    (0..trial.width).any(is_typed)
}
