//! Which kind of CSV a file is, from how it begins.
//!
//! Every delimiter that people use is tried, and the one that gives all lines the
//! same number of fields is taken. What is guessed here is checked in full when
//! the file is opened; whoever knows better sets the format's fields.

use super::encoding::Encoding;
use super::field;
use super::header::has_header;
use super::kind::{Kind, Kinds};
use super::tokens::{Span, Split, Syntax};
use super::unquoted::{is_quoted_well, is_unquoted};
use super::{CsvFormat, Escape, LineEnding, late, lead};
use crate::table::Flow;

/// As much of a file is looked at.
pub(super) const HEAD: usize = 64 << 10;
pub(super) const ROWS: usize = 500;
/// Rarer ones first: where two do equally well, as in `1,5;2,5`, it is the rarer one.
pub(super) const DELIMITERS: [u8; 10] = *b"\t;|\x1f\x01^~,: ";

/// The syntax of RFC 4180, but for its quotes.
const COMMA: Syntax = Syntax { delimiter: b',', quote: None, escape: None, padded: false };

/// What programs write for null.
pub(super) const NULLS: [&str; 7] = ["NA", "N/A", "NULL", "null", "None", "\\N", "?"];

/// Rows, as one syntax has them.
pub(super) struct Trial {
    pub(super) syntax: Syntax,
    pub(super) rows: Vec<Vec<Span>>,
    /// How many fields a row has.
    pub(super) width: usize,
    /// Of 1000 rows, how many have that many.
    pub(super) alike: usize,
}

/// See [`CsvFormat::sniff`].
pub(super) fn sniff(head: &[u8]) -> Option<(CsvFormat, String)> {
    let is_all = head.len() < HEAD;
    let (encoding, bom) = encoding_of(head);
    let start = if bom { encoding.bom().len() } else { 0 };
    let text = encoding.text(head[start..].to_vec());
    let is_last = is_all && !text.bad;
    if !looks_like_text(&text.bytes) {
        return None;
    }
    let (lead, trial) = led(&text.bytes, is_last)?;
    let rows = &text.bytes[lead::behind(&text.bytes, lead)?..];
    let escape = if trial.syntax.escape.is_some() { Escape::Backslash } else { Escape::Doubled };
    let (delimiter, padded) = (trial.syntax.delimiter, trial.syntax.padded);
    // Who puts a backslash before a delimiter has no quotes for it, as Python's csv with QUOTE_NONE.
    let escapes_delimiters = escape == Escape::Backslash
        && late::first(&trial.syntax, rows).is_none()
        && memchr::memmem::find(rows, &[b'\\', delimiter]).is_some();
    let quote = trial.syntax.quote.filter(|_| !escapes_delimiters);
    let header = has_header(rows, &trial);
    let null = null_of(rows, &trial, header);
    let ending = ending_of(&text.bytes);
    let format = CsvFormat {
        delimiter,
        quote,
        escape,
        padded,
        encoding,
        bom,
        lead,
        header,
        null,
        ending,
        ..CsvFormat::default()
    };
    let why = why(&format, &trial);
    Some((format, why))
}

pub(super) fn encoding_of(head: &[u8]) -> (Encoding, bool) {
    let with_bom = [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be];
    if let Some(encoding) = with_bom.into_iter().find(|encoding| head.starts_with(encoding.bom())) {
        return (encoding, true);
    }
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, units) = (zeros(0), zeros(1), head.len() / 2);
    if units > 1 && odd * 10 >= units * 6 && even * 10 <= units {
        return (Encoding::Utf16Le, false);
    }
    if units > 1 && even * 10 >= units * 6 && odd * 10 <= units {
        return (Encoding::Utf16Be, false);
    }
    let is_utf8 =
        std::str::from_utf8(head).map_or_else(|cause| cause.error_len().is_none() && head.len() >= HEAD, |_| true);
    let in_second_set = head.iter().any(|byte| (0x80..=0x9f).contains(byte));
    match (is_utf8, in_second_set) {
        (true, _) => (Encoding::Utf8, false),
        (false, true) => (Encoding::Windows1252, false),
        (false, false) => (Encoding::Latin1, false),
    }
}

/// Whether it is neither binary nor JSON nor markup.
pub(super) fn looks_like_text(text: &[u8]) -> bool {
    let odd = |byte: &&u8| **byte < b' ' && !matches!(**byte, b'\t' | b'\n' | b'\r' | 1 | 0x1f);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_other = match first {
        Some(b'{' | b'[') => text.trim_ascii().iter().next_back().is_some_and(|last| matches!(last, b'}' | b']')),
        Some(b'<') => true,
        Some(_) => false,
        None => true,
    };
    !is_other && text.iter().filter(odd).count() * 20 <= text.len() + 20
}

/// A single quote only where fields begin with it, and none with a double one.
pub(super) fn quote_of(text: &[u8]) -> u8 {
    let begins = |quote: u8| {
        let after = |two: &&[u8]| two[1] == quote && (matches!(two[0], b'\n' | b'\r') || is_rare(two[0]));
        text.windows(2).filter(after).count() + usize::from(text.first() == Some(&quote))
    };
    if begins(b'\'') > 1 && begins(b'"') == 0 && !text.contains(&b'"') { b'\'' } else { b'"' }
}

/// How many lines are before header and rows, and these.
fn led(text: &[u8], is_last: bool) -> Option<(usize, Trial)> {
    let from = |lines: usize| lead::behind(text, lines).map(|at| &text[at..]);
    let told = lead::separator(text);
    let first = usize::from(told.is_some());
    let delimiters = told.as_ref().map_or(&DELIMITERS[..], std::slice::from_ref);
    let comments = from(first).map_or(0, lead::comments);
    let found = |lines: usize| from(lines).and_then(|text| best(text, is_last, delimiters));
    let is_headed = |lines: usize, trial: &Trial| from(lines).is_some_and(|text| has_header(text, trial));
    let behind = found(first + comments);
    if comments > 0 {
        // The last comment may be the header: `#id,name`.
        let last = first + comments - 1;
        let is_header = |trial: &Trial| trial.width > 1 && trial.rows[0].len() == trial.width && is_headed(last, trial);
        let has_own = behind.as_ref().is_some_and(|trial| is_headed(first + comments, trial));
        if let Some(trial) = found(last).filter(|trial| !has_own && is_header(trial)) {
            return Some((last, trial));
        }
    }
    if first + comments > 0 {
        return behind.map(|trial| (first + comments, trial)).or_else(|| Some((0, best(text, is_last, &DELIMITERS)?)));
    }
    if let Some((rows, columns)) = lead::counts(text)
        && let Some(trial) = found(1)
        && trial.width == columns + 1
        && trial.alike == 1000
        && (trial.rows.len() == ROWS || !is_last || trial.rows.len() as u64 == rows)
    {
        return Some((1, trial));
    }
    behind.map(|trial| (0, trial))
}

/// The syntax that gives the most even rows; `None` if none gives rows that are alike.
fn best(text: &[u8], is_last: bool, delimiters: &[u8]) -> Option<Trial> {
    let quote = quote_of(text);
    let quoted = even_enough(text, is_last, Some(quote), delimiters);
    if !text.contains(&quote) {
        return quoted;
    }
    let bare = even_enough(text, is_last, None, delimiters);
    match (quoted, bare) {
        (Some(quoted), Some(bare)) if is_unquoted(text, is_last, &quoted, &bare) => Some(bare),
        (None, bare) => {
            // Texts of one column, each in quotes, have commas as they like.
            let list = tried(text, is_last, Syntax { quote: Some(quote), ..COMMA });
            let is_list = list.width == 1 && list.alike == 1000 && is_list_of_quoted(text, &list);
            if is_list { Some(list) } else { bare.filter(|bare| bare.alike == 1000 && bare.width > 1) }
        }
        (quoted, _) => quoted,
    }
}

/// Whether all rows but the first, which may be a name, are in quotes, or some are that have commas.
fn is_list_of_quoted(text: &[u8], trial: &Trial) -> bool {
    let mut values = trial.rows.iter().skip(1).flatten();
    let are_quoted = values.clone().all(|span| span.quoted) || values.any(|span| span.of(text).contains(&b','));
    trial.rows.len() > 1 && are_quoted && is_quoted_well(text, trial)
}

/// Whether all rows but the first, which may be a name, are days with or without a time: what is between their parts is
/// no delimiter.
fn is_list_of_times(text: &[u8], trial: &Trial) -> bool {
    let mut values = trial.rows.iter().skip(1).flatten().map(|span| span.of(text));
    trial.rows.len() > 1 && values.all(|value| matches!(value, b"" | b"\"\"") || is_time(value))
}

fn is_time(value: &[u8]) -> bool {
    let Some((day, time)) = value.split_at_checked(10) else { return false };
    let is_part = |byte: &u8| byte.is_ascii_digit() || b":.+-Z ".contains(byte);
    let is_behind = time.is_empty() || matches!(time[0], b' ' | b'T') && time[1..].iter().all(is_part);
    Kinds::of(day).decide(None) == Kind::Date && is_behind
}

fn even_enough(text: &[u8], is_last: bool, quote: Option<u8>, delimiters: &[u8]) -> Option<Trial> {
    let best = most_even(text, is_last, quote, delimiters).map(|trial| with_padding(text, is_last, trial))?;
    if matches!(best.syntax.delimiter, b' ' | b':') {
        let list = tried(text, is_last, Syntax { quote, ..COMMA });
        // A header of as many names says that there are so many columns.
        let first = list.rows.first().and_then(|row| row.first()).map_or(&b""[..], |span| span.of(text));
        let has_names = best.rows[0].len() == best.width && !is_time(first);
        if list.width == 1 && list.alike == 1000 && !has_names && is_list_of_times(text, &list) {
            return Some(list);
        }
    }
    let strict = best.width == 1 || matches!(best.syntax.delimiter, b' ' | b':');
    let enough = if strict { 1000 } else { 800 };
    // One column is taken for a table only where no line looks as if it had more.
    let is_list = best.width > 1 || !text.iter().any(|byte| is_rare(*byte)) && !best.rows.is_empty();
    (best.alike >= enough && is_list && best.width > 0).then_some(best)
}

/// The syntax that gives the most even rows, be they ever so uneven.
pub(super) fn most_even(text: &[u8], is_last: bool, quote: Option<u8>, delimiters: &[u8]) -> Option<Trial> {
    let mut best: Option<Trial> = None;
    for delimiter in delimiters.iter().copied() {
        // A rare one that is not there at all need not be tried.
        if delimiter != b',' && !text.contains(&delimiter) {
            continue;
        }
        let paddings = [false, true].into_iter().filter(|padded| !padded || has_spaced_quotes(text, delimiter));
        let escapes = [Some(b'\\'), None]
            .into_iter()
            .filter(|escape| escape.is_none() || quote.is_some_and(|quote| has_escape(text, quote)));
        for (padded, escape) in paddings.flat_map(|padded| escapes.clone().map(move |escape| (padded, escape))) {
            let syntax = Syntax { delimiter, quote, escape, padded };
            let trial = tried(text, is_last, syntax);
            // A name for each column tells more than which delimiter is rarer.
            let evenness =
                |of: &Trial| (of.width > 1, of.alike, of.rows.first().is_some_and(|row| row.len() == of.width));
            let better = |best: &Trial| evenness(&trial) > evenness(best);
            if best.as_ref().is_none_or(better) {
                best = Some(trial);
            }
        }
    }
    best
}

/// Whether it is a delimiter that texts of one column do not have: no space.
fn is_rare(byte: u8) -> bool {
    byte != b' ' && DELIMITERS.contains(&byte)
}

/// Whether a quote stands behind a backslash where it cannot end a field.
fn has_escape(text: &[u8], quote: u8) -> bool {
    let ends = |byte: u8| byte == quote || matches!(byte, b'\n' | b'\r') || is_rare(byte);
    text.windows(3).any(|three| three[0] == b'\\' && three[1] == quote && !ends(three[2]))
}

pub(super) fn tried(text: &[u8], is_last: bool, syntax: Syntax) -> Trial {
    let mut rows: Vec<Vec<Span>> = Vec::new();
    syntax.split(&Split { text, is_last, inside: false }, |fields, _| {
        rows.push(fields.to_vec());
        if rows.len() == ROWS { Flow::Stop } else { Flow::More }
    });
    // The first row may be a header without a name for the last or first column.
    let width = rows.get(1).or(rows.first()).map_or(0, Vec::len);
    let alike = rows.iter().skip(usize::from(rows.len() > 1)).filter(|row| row.len() == width).count();
    let first_fits = rows.first().is_some_and(|row| row.len() == width || row.len() + 1 == width);
    let of = if rows.len() > 1 { rows.len() - 1 } else { rows.len() };
    let alike = if first_fits { alike * 1000 / of.max(1) } else { 0 };
    Trial { syntax, rows, width, alike }
}

/// Whether a space and a quote follow a delimiter.
fn has_spaced_quotes(text: &[u8], delimiter: u8) -> bool {
    delimiter != b' ' && text.windows(3).any(|three| three == [delimiter, b' ', b'"'])
}

/// Takes the spaces after delimiters for padding if all delimiters have one.
fn with_padding(text: &[u8], is_last: bool, trial: Trial) -> Trial {
    let padded = Syntax { padded: true, ..trial.syntax };
    let all_begin_with_space =
        trial.rows.iter().all(|row| row[1..].iter().all(|span| span.of(text).first() == Some(&b' ')));
    let has_spaces = all_begin_with_space || has_spaced_quotes(text, trial.syntax.delimiter);
    if trial.width < 2 || trial.syntax.delimiter == b' ' || !has_spaces {
        return trial;
    }
    let again = tried(text, is_last, padded);
    if again.width > 1 && again.alike >= trial.alike { again } else { trial }
}

fn ending_of(text: &[u8]) -> LineEnding {
    let lf = text.iter().filter(|byte| **byte == b'\n').count();
    let crlf = text.windows(2).filter(|two| two == b"\r\n").count();
    let cr = text.iter().filter(|byte| **byte == b'\r').count() - crlf;
    if crlf * 2 > lf && crlf >= cr {
        LineEnding::CrLf
    } else if cr > lf {
        LineEnding::Cr
    } else {
        LineEnding::Lf
    }
}

/// What stands for null: a text of the usual ones, where all else in its column has a type.
fn null_of(text: &[u8], trial: &Trial, header: bool) -> Option<String> {
    let rows = || trial.rows.iter().skip(usize::from(header)).filter(|row| row.len() == trial.width);
    let stands_for_null = |null: &&str| {
        (0..trial.width).any(|column| {
            let is_null = |span: &Span| !span.quoted && span.of(text) == null.as_bytes();
            let (nulls, others): (Vec<Span>, Vec<Span>) = rows().map(|row| row[column]).partition(is_null);
            let values = others.iter().filter_map(|span| field::inner(text, *span)).filter(|value| !value.is_empty());
            let kinds: Vec<Kinds> = values.map(Kinds::of).collect();
            let all = kinds.iter().fold(Kinds::ALL, |all, kinds| all.and(*kinds));
            !nulls.is_empty() && !kinds.is_empty() && all.decide(None) != Kind::Text
        })
    };
    NULLS.into_iter().find(stands_for_null).map(str::to_owned)
}

fn why(format: &CsvFormat, trial: &Trial) -> String {
    let columns = if trial.width == 1 { "1 column".to_owned() } else { format!("{} columns", trial.width) };
    let between = match format.delimiter {
        _ if trial.width == 1 => String::new(),
        b'\t' => " between tabs".to_owned(),
        other => format!(" between `{}`", char::from(other).escape_default()),
    };
    let alike = if trial.alike == 1000 { String::new() } else { format!(" in {} % of lines", trial.alike / 10) };
    let header = if format.header { "a header" } else { "no header" };
    let bom = if format.bom { " with a byte order mark" } else { "" };
    let ending = match format.ending {
        LineEnding::Lf => "LF",
        LineEnding::CrLf => "CRLF",
        LineEnding::Cr => "CR",
    };
    let null = format.null.as_ref().map_or_else(String::new, |null| format!(", `{null}` for null"));
    let quotes = if format.quote.is_none() { ", no quotes" } else { "" };
    let lead = match format.lead {
        0 => String::new(),
        1 => " after 1 line that is no row".to_owned(),
        lines => format!(" after {lines} lines that are no rows"),
    };
    format!(
        "{columns}{between}{alike}{null}{quotes}, {header}{lead}, {}{bom}, lines end in {ending}",
        format.encoding.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, why: &str) {
        assert_eq!(sniff(text.as_bytes()).map(|(_, why)| why).unwrap_or_default(), why, "{text:?}");
    }

    #[test]
    fn quotes_stay_quotes_where_most_of_them_are_well() {
        let list = "1 column, a header, UTF-8, lines end in LF";
        check("\"sentence\"\n\"I came, I saw.\"\n\"Well, yes.\"\n\"No, thanks.\"\n", list);
        check("label\ncat\n\"dog, big\"\ncat\n", list);
        check("at\n2024-01-02 16:04:05\n\"\"\n2024-01-03 16:04:05\n", list);
        check("sentence\n\"I came: saw, won.\"\n\"Yes; a \"\"no\"\".\"\n\"Well\"\n", list);
        let lines: String = (0..30).map(|row| format!("{row},\"text {row}, ok\nsecond line, x\",lab\n")).collect();
        let full_rows: String = (0..30).map(|row| format!("{row},\"a {row}\n{row},b\"\n")).collect();
        for text in [format!("id,text,label\n{lines}31,\"abc\" def,lab\n"), format!("id,text\n{full_rows}")] {
            let (format, why) = sniff(text.as_bytes()).expect("a table");
            assert_eq!(format.quote, Some(b'"'), "{why}");
        }
    }

    #[test]
    fn a_number_sign_before_a_delimiter_is_the_name_of_a_column() {
        let why = "3 columns between `,`, a header, UTF-8, lines end in LF";
        check("#,Name,HP\n1,Bulbasaur,45\n2,Ivysaur,60\n", why);
        check("\"#\",\"Name\",\"HP\"\n1,Bulbasaur,45\n2,Ivysaur,60\n", why);
        check(
            "# made by a tool\nid,Name,HP\n1,Bulbasaur,45\n",
            "3 columns between `,`, a header after 1 line that is no row, UTF-8, lines end in LF",
        );
    }

    #[test]
    fn delimiters_headers_and_line_ends_are_found() {
        check("a,b\n1,2\n", "2 columns between `,`, a header, UTF-8, lines end in LF");
        check("a\tb\r\n1\t2\r\n", "2 columns between tabs, a header, UTF-8, lines end in CRLF");
        check("a;b\r1,5;2,5\r", "2 columns between `;`, a header, UTF-8, lines end in CR");
        check(
            "n,kind,codes\n8,\"type1|2\",9\n1,\"type1|2\",9\n",
            "3 columns between `,`, a header, UTF-8, lines end in LF",
        );
        check(
            "dates, cpi, predict\n1950:1, 28.980,\n1950:2, 29.1,\n",
            "3 columns between `,`, a header, UTF-8, lines end in LF",
        );
        check("1,5;2,5;3,5\n1,0;2,0;3,0\n", "3 columns between `;`, no header, UTF-8, lines end in LF");
        check("a,b\n1,NA\nNA,x\n", "2 columns between `,`, `NA` for null, a header, UTF-8, lines end in LF");
        check("1|2\n3|4\n", "2 columns between `|`, no header, UTF-8, lines end in LF");
        check("\u{feff}a,b\n", "2 columns between `,`, a header, UTF-8 with a byte order mark, lines end in LF");
        check("split\n2024-01-01T10:00:00\n2024-01-02T11:30:00\n", "1 column, a header, UTF-8, lines end in LF");
        check("at\n2024-01-01 10:00:00\n2024-01-02 11:30:00\n", "1 column, a header, UTF-8, lines end in LF");
        check("2024-01-01 10:00\n2024-01-02 11:30\n", "1 column, no header, UTF-8, lines end in LF");
        let two = "2 columns between ` `, a header, UTF-8, lines end in LF";
        check("date time\n2024-01-01 10:00:00\n2024-01-02 11:30:00\n", two);
        check("name\nann\nbob\n", "1 column, a header, UTF-8, lines end in LF");
        check("a,b\n\"x\ny, z\",2\n\"q\"\"r\",3\n", "2 columns between `,`, a header, UTF-8, lines end in LF");
        check("cat,dog\ndog,cat\ncat,cat\n", "2 columns between `,`, no header, UTF-8, lines end in LF");
    }

    #[test]
    fn encodings_are_told_apart() {
        let encoding = |raw: &[u8]| sniff(raw).map(|(format, _)| (format.encoding, format.bom));
        assert_eq!(encoding("a,b\né,2\n".as_bytes()), Some((Encoding::Utf8, false)));
        assert_eq!(encoding(b"a,b\n\xe9,2\n"), Some((Encoding::Latin1, false)));
        assert_eq!(encoding(b"a,b\n\x80,2\n"), Some((Encoding::Windows1252, false)));
        for (encoding_of, bom) in [(Encoding::Utf16Le, true), (Encoding::Utf16Be, true), (Encoding::Utf16Le, false)] {
            let mut raw = if bom { encoding_of.bom().to_vec() } else { Vec::new() };
            raw.extend(encoding_of.bytes("name,b\né,2\n").expect("it has all"));
            assert_eq!(encoding(&raw), Some((encoding_of, bom)));
        }
    }

    #[test]
    fn escapes_padding_and_single_quotes_are_found() {
        let format = |text: &str| sniff(text.as_bytes()).expect("rows").0;
        assert_eq!(format("a,b\n\"x\\\"y, z\",2\n\"p\",3\n").escape, Escape::Backslash);
        assert_eq!(format("a,b\n\"C:\\dir\\\",2\n\"p\",3\n").escape, Escape::Doubled);
        let unquoted = format("a,b\nx \\\"y\\\"\\, z,2\np,3\n");
        assert_eq!((unquoted.escape, unquoted.quote), (Escape::Backslash, None));
        assert_eq!(field::written(&unquoted, "q\"x, y\\z", false, false).expect("it has escapes"), r#"q\"x\, y\\z"#);
        assert!(format("a, b\n1, 2\n").padded);
        assert!(format("a, b\n\"x, y\", \"z, w\"\n").padded);
        assert!(format("a, b\n1, \"x, y\"\n2, \"z\"\n").padded);
        assert!(!format("a,b\n1, 2\n1,2\n").padded);
        assert_eq!(format("'a','b'\n'x,y','2'\n").quote, Some(b'\''));
    }

    #[test]
    fn what_is_no_table_is_none() {
        let none = [
            "",
            "\n\n",
            "Dear all,\nthis is a letter, and, well,\nit goes on\n",
            "{\"a\": 1, \"b\": 2}\n",
            "<a>x,y</a>\n",
        ];
        for text in none {
            assert!(sniff(text.as_bytes()).is_none(), "{text:?}: {:?}", sniff(text.as_bytes()));
        }
        assert!(sniff(b"PAR1\x15\x04\x15\x00\x00\x01\x02\x03,\x00\x00\x07\n").is_none());
    }
}
