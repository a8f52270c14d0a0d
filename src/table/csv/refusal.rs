//! Why a file is not taken for rows, for a person.

use super::sniff::{DELIMITERS, HEAD, Trial, encoding_of, looks_like_text, most_even, quote_of};
use crate::table::Problem;

/// Says what of a file that begins so speaks against rows.
pub(super) fn refusal(head: &[u8]) -> String {
    let (encoding, bom) = encoding_of(head);
    let text = encoding.text(head[if bom { encoding.bom().len() } else { 0 }..].to_vec());
    if text.bytes.trim_ascii().is_empty() {
        return "it is empty".to_owned();
    }
    if !looks_like_text(&text.bytes) {
        return "it looks like markup, JSON or bytes that are no text".to_owned();
    }
    let is_last = head.len() < HEAD && !text.bad;
    let trial =
        most_even(&text.bytes, is_last, Some(quote_of(&text.bytes)), &DELIMITERS).filter(|trial| trial.width > 1);
    let uneven = trial.and_then(|trial| first_uneven(&text.bytes, &trial));
    uneven.map_or_else(|| "no delimiter splits its lines evenly".to_owned(), |problem| problem.to_string())
}

/// The first row that has not as many fields as those around it.
fn first_uneven(text: &[u8], trial: &Trial) -> Option<Problem> {
    let row = trial.rows.iter().find(|row| row.len() != trial.width)?;
    let before = &text[..row.first()?.start as usize];
    let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
    let fields = if row.len() == 1 { "1 field".to_owned() } else { format!("{} fields", row.len()) };
    Some(Problem { line, column: 1, why: format!("{fields} where other lines have {}", trial.width) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::csv::CsvFormat;

    fn check(text: &str, why: &str) {
        assert!(CsvFormat::sniff(text.as_bytes()).is_none(), "{text:?}");
        assert_eq!(refusal(text.as_bytes()), why, "{text:?}");
    }

    #[test]
    fn what_is_no_table_is_so_for_a_reason() {
        check("", "it is empty");
        check("\n \n", "it is empty");
        check("a,b\n1,2\n3\n", "1 field where other lines have 2, in line 3, column 1");
        check("id,name,note\n1,\"x\ny\",z\n2,a\n3,b,c,d\n", "2 fields where other lines have 3, in line 4, column 1");
        check("Dear all\nthis is a letter, and\nit goes on\n", "1 field where other lines have 2, in line 1, column 1");
        check("a\nb\nc,d\n", "no delimiter splits its lines evenly");
        check("<a>x,y</a>\n", "it looks like markup, JSON or bytes that are no text");
    }
}
