//! Which format a file has: by its name first, then by how it begins.

use std::sync::Arc;

use super::Format;

/// How many bytes from the beginning of a file are enough to tell its format.
pub const HEAD_LEN: usize = 64 * 1024;

/// What the end of a file's name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Fields and a delimiter.
    Delimited,
    /// A JSON value on each line.
    JsonLines,
    /// One JSON value.
    Json,
    /// An XML document, which may speak of an image.
    Xml,
    /// Lines of text, which may be labels of an image.
    Text,
    /// A YAML document, which may name classes.
    Yaml,
    /// Lines of names, which may be classes.
    Names,
    /// Columns, told by the file's first and last bytes.
    Parquet,
    /// Columns, as Arrow has them in memory.
    Arrow,
}

/// A format that a file was found to have.
#[derive(Clone, Debug)]
pub struct Found {
    /// The format, with its options.
    pub format: Arc<dyn Format>,
    /// Why it is taken for that, for a person.
    pub why: String,
}

/// The format of a file whose name promises `promise` and that begins with `head`; `None` if it is no table.
pub fn sniff(promise: Promise, head: &[u8]) -> Option<Found> {
    match promise {
        Promise::Delimited => {
            let (format, why) = super::csv::CsvFormat::sniff(head)?;
            Some(Found { format: Arc::new(format), why })
        }
        Promise::JsonLines => {
            let (format, why) = super::jsonl::JsonlFormat::sniff(head)?;
            Some(Found { format: Arc::new(format), why })
        }
        // An encrypted one is told as such when it is opened.
        Promise::Parquet if head.starts_with(b"PARE") => {
            Some(Found { format: Arc::new(super::parquet::Parquet), why: "it begins with PARE".to_owned() })
        }
        Promise::Parquet if head.starts_with(b"PAR1") => {
            Some(Found { format: Arc::new(super::parquet::Parquet), why: "it begins with PAR1".to_owned() })
        }
        Promise::Arrow => {
            Some(Found { format: Arc::new(super::arrow_file::ArrowIpc), why: "its name says Arrow IPC".to_owned() })
        }
        Promise::Parquet | Promise::Xml | Promise::Text | Promise::Yaml | Promise::Names => None,
        Promise::Json => coco(head).or_else(|| records(head)),
    }
}

/// Why a file whose name promises `promise`, and that begins with `head`, is no table; `None` for names that very
/// different files have.
pub fn refusal(promise: Promise, head: &[u8]) -> Option<String> {
    match promise {
        Promise::Delimited => Some(super::csv::CsvFormat::refusal(head)),
        Promise::JsonLines => Some(super::jsonl::JsonlFormat::refusal(head)),
        Promise::Parquet => Some("it does not begin with PAR1".to_owned()),
        Promise::Arrow | Promise::Json | Promise::Xml | Promise::Text | Promise::Yaml | Promise::Names => None,
    }
}

/// A JSON object with one of COCO's arrays in it.
fn coco(head: &[u8]) -> Option<Found> {
    let text = without_mark(head).trim_ascii_start();
    let has = |name: &str| {
        let quoted = format!("\"{name}\"");
        memchr::memmem::find_iter(text, quoted.as_bytes()).any(|at| {
            let value = text[at + quoted.len()..].trim_ascii_start().strip_prefix(b":");
            value.is_some_and(|value| value.trim_ascii_start().starts_with(b"["))
        })
    };
    if !text.starts_with(b"{") {
        return None;
    }
    let found = ["images", "annotations", "categories"].into_iter().find(|name| has(name))?;
    Some(Found { format: Arc::new(super::coco::Coco), why: format!("a JSON object with a list `{found}`") })
}

/// A JSON array whose first item is an object: what data frames are written as.
fn records(head: &[u8]) -> Option<Found> {
    let text = without_mark(head).trim_ascii_start();
    let first = text.strip_prefix(b"[")?.trim_ascii_start();
    let why = || "a JSON array of objects".to_owned();
    first.starts_with(b"{").then(|| Found { format: Arc::new(super::json::Json), why: why() })
}

/// Whether a file that begins so is one of Pascal VOC.
pub fn is_voc(head: &[u8]) -> bool {
    let at = memchr::memmem::find(head, b"<annotation");
    at.is_some_and(|at| matches!(head.get(at + b"<annotation".len()), Some(b'>' | b' ' | b'\n' | b'\r' | b'\t')))
}

/// Whether a file that begins so is one of YOLO's labels: a class and at least four numbers a line.
pub fn is_yolo(head: &[u8]) -> bool {
    first_line(head).is_none_or(|line| {
        let words: Vec<&[u8]> = words(line).collect();
        words.len() >= 5 && is_class(words[0]) && words[1..].iter().all(|word| is::<f64>(word))
    })
}

/// Whether it is the number of a class, which programs that have numbers of one kind alone write as `1.0`.
fn is_class(word: &[u8]) -> bool {
    let number = std::str::from_utf8(word).ok().and_then(|word| word.parse::<f64>().ok());
    number.is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
}

/// Whether a file among labels that begins so is meant to be labels, too, though it may be broken: it begins with a
/// number and has another one in its line, or is no text. A list of names or of paths is not.
pub fn is_meant_for_yolo(head: &[u8]) -> bool {
    first_line(head).is_none_or(|line| {
        let is_text = std::str::from_utf8(line).is_ok() && !line.contains(&0);
        let mut words = words(line);
        !is_text || (words.next().is_some_and(is::<f64>) && words.any(is::<f64>))
    })
}

/// What comes after a byte order mark of UTF-8, if there is one.
fn without_mark(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head)
}

/// The first line that is not blank.
fn first_line(head: &[u8]) -> Option<&[u8]> {
    without_mark(head).split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty())
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn is<T: std::str::FromStr>(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<T>().is_ok())
}

/// What a name promises; `None` for what is no table by its name.
pub fn promise(name: &[u8]) -> Option<Promise> {
    let at = name.iter().rposition(|byte| *byte == b'.')?;
    if name.eq_ignore_ascii_case(b"classes.txt") {
        return Some(Promise::Names);
    }
    match name[at + 1..].to_ascii_lowercase().as_slice() {
        b"csv" | b"tsv" | b"tab" | b"psv" => Some(Promise::Delimited),
        b"jsonl" | b"ndjson" => Some(Promise::JsonLines),
        b"json" => Some(Promise::Json),
        b"xml" => Some(Promise::Xml),
        b"txt" => Some(Promise::Text),
        b"parquet" | b"pq" => Some(Promise::Parquet),
        b"arrow" | b"feather" | b"ipc" => Some(Promise::Arrow),
        b"yaml" | b"yml" => Some(Promise::Yaml),
        b"names" => Some(Promise::Names),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, format: Option<&str>) {
        let found = sniff(Promise::Json, head.as_bytes());
        assert_eq!(found.map(|found| found.format.name()), format, "{head}");
    }

    #[test]
    fn json_is_coco_by_its_arrays_and_a_table_when_it_is_an_array_of_objects() {
        check("{\"info\": {}, \"images\": [", Some("coco"));
        check("\u{feff}{\"images\": [", Some("coco"));
        check("{\"info\": {\"contributor\": \"images\"}, \"images\": [", Some("coco"));
        check("\u{feff} [\n  {\"a\": 1}", Some("json"));
        for none in ["[1, 2]", "[]", "{\"a\": [{}]}", "", "[[{}]]"] {
            check(none, None);
        }
    }

    #[test]
    fn broken_labels_are_told_from_lists_that_lie_beside_labels() {
        for labels in
            [&b""[..], b"\n\n", b"0 0.5 0.5 0.1 0.2", b"0 0.5 x 0.1 0.2", b"0 0.5", b"\xff\xfe0\0", b"\xef\xbb\xbf3 .5"]
        {
            assert!(is_meant_for_yolo(labels), "{labels:?}");
        }
        for list in [&b"person\ncar\n"[..], b"0 person\n1 car\n", b"images/1.jpg\n", b"7\n8\n", b"\xc3\xa4\n"] {
            assert!(!is_meant_for_yolo(list), "{list:?}");
        }
        assert!(is_yolo(b"1.0 0.5 0.5 0.2 0.2\n") && !is_yolo(b"0.5 1 2 3 4\n"));
        assert!(is_yolo(b"\r\n0 1 2 3 4\r\n") && !is_yolo(b"0 1 2 3\n") && !is_yolo(b"-1 1 2 3 4\n"));
    }
}
