//! Snapshots that stay the same from run to run.

/// Replaces ids, dates, durations and process ids by words in brackets; the rest stays.
///
/// Ids that are alike stay alike: the first is `[id 1]`, the next other one `[id 2]`.
pub(crate) fn steady(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut ids: Vec<String> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word_len = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_len);
        if let Some(len) = ago_len(rest) {
            out.push_str("[ago]");
            rest = &rest[len..];
        } else if let Some(date_len) = date_len(rest) {
            out.push_str("[time]");
            rest = &rest[date_len..];
        } else if let Some(seconds_len) = seconds_len(rest).filter(|_| !ends_in_number(&out)) {
            out.push_str("[seconds]");
            rest = &rest[seconds_len..];
        } else if is_id(word) {
            let known = ids.iter().position(|id| id.starts_with(&word[..7]));
            let number = known.unwrap_or_else(|| {
                ids.push(word.to_owned());
                ids.len() - 1
            });
            out.push_str(&format!("[id {}]", number + 1));
            rest = after;
        } else if word.is_empty() {
            let first = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..first]);
            rest = &rest[first..];
        } else {
            out.push_str(word);
            rest = after;
        }
    }
    out
}

/// Seven or more hexadecimal digits with a letter and a digit among them, or a whole id.
fn is_id(word: &str) -> bool {
    let hex = word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let mixed = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_lowercase());
    hex && (word.len() == 64 || (word.len() >= 7 && mixed) || word.len() == 12)
}

/// How long `just now`, or the like of `12 seconds ago`, at the beginning of `text` is.
fn ago_len(text: &str) -> Option<usize> {
    if text.starts_with("just now") {
        return Some("just now".len());
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit = text[digits..].strip_prefix(' ').filter(|_| digits > 0)?;
    let unit_len = unit.bytes().take_while(u8::is_ascii_lowercase).count();
    unit[unit_len..].starts_with(" ago").then_some(digits + 1 + unit_len + " ago".len())
}

/// How long a date and time at the beginning of `text` is: `2026-05-09 07:30`, with a weekday, a `T`, seconds, a zone.
fn date_len(text: &str) -> Option<usize> {
    let weekdays = ["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "];
    if let Some(date) = weekdays.iter().find_map(|day| text.strip_prefix(day)) {
        return date_len(date).map(|len| len + 4);
    }
    let digits = |from: usize, len: usize| {
        text.get(from..from + len).is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()))
    };
    if !(text.starts_with("20") && digits(0, 4) && digits(5, 2) && digits(8, 2)) {
        return None;
    }
    if text.as_bytes()[4] != b'-' || text.as_bytes()[7] != b'-' {
        return None;
    }
    let mut len = 10;
    let zone = |rest: &str| rest.strip_prefix(" UTC").or_else(|| rest.strip_prefix(" +0000")).map(str::len);
    let time = |c: u8| c.is_ascii_digit() || matches!(c, b':' | b'.' | b'Z');
    if matches!(text.as_bytes().get(10), Some(b'T' | b' ')) && digits(11, 2) {
        len = 11 + text[11..].bytes().take_while(|c| time(*c)).count();
    }
    Some(zone(&text[len..]).map_or(len, |left| text.len() - left))
}

/// How long a duration at the beginning of `text` is: `0.123 s`, `1.2s`, or a JSON number of seconds.
fn seconds_len(text: &str) -> Option<usize> {
    let number = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    if !text[..number].contains('.') || text.starts_with('.') {
        return None;
    }
    if text[number..].starts_with('}') {
        return Some(number);
    }
    let unit = [" s", "s", " seconds"].iter().filter(|unit| text[number..].starts_with(**unit)).map(|unit| unit.len());
    unit.max().map(|unit| number + unit)
}

fn ends_in_number(text: &str) -> bool {
    text.bytes().last().is_some_and(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::steady;

    #[test]
    fn what_varies_is_named_and_the_rest_stays() {
        let id = "3f9c1a2b77d0";
        for (text, steadied) in [
            (format!("revision {id} of {id}44"), "revision [id 1] of [id 1]"),
            ("imported 12 files in 0.031 s".to_owned(), "imported 12 files in [seconds]"),
            ("at 2026-05-09 07:30:12 by ada".to_owned(), "at [time] by ada"),
            ("at 2026-05-09T07:30:12.5Z,".to_owned(), "at [time],"),
            ("Sat 2026-05-09 07:30:12 +0000 (just now)".to_owned(), "[time] ([ago])"),
            ("11 seconds ago, 1 minute ago".to_owned(), "[ago], [ago]"),
            (r#"{"seconds":0.00721}"#.to_owned(), r#"{"seconds":[seconds]}"#),
            ("1.5 MiB, version 0.1.0, faced".to_owned(), "1.5 MiB, version 0.1.0, faced"),
        ] {
            assert_eq!(steady(&text), steadied);
        }
    }
}
