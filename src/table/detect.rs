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
}

/// A format that a file was found to have.
#[derive(Clone, Debug)]
pub struct Found {
    /// The format, with its options.
    pub format: Arc<dyn Format>,
    /// Why it is taken for that, for a person.
    pub why: String,
}

/// What a name promises; `None` for what is no table by its name.
pub fn promise(name: &[u8]) -> Option<Promise> {
    let at = name.iter().rposition(|byte| *byte == b'.')?;
    match name[at + 1..].to_ascii_lowercase().as_slice() {
        b"csv" | b"tsv" | b"tab" | b"psv" => Some(Promise::Delimited),
        b"jsonl" | b"ndjson" => Some(Promise::JsonLines),
        _ => None,
    }
}
