//! The facts of an error, read back from JSON: what one process told another.
//!
//! [`ErrorKind`] writes itself; here is the way back, so that an error that came
//! over a socket has the meaning, and gets the advice, of one that arose here.

use serde_json::{Map, Value};

use crate::ErrorKind;

/// The words for what an error is about. Another process's word becomes one of ours, or the last.
const WORDS: &[&str] = &[
    "dataset",
    "branch",
    "tag",
    "revision",
    "branch, tag or revision",
    "path",
    "object",
    "object id",
    "ref name",
    "ref",
    "batch",
    "table",
    "column",
    "row",
    "value",
    "name",
    "dataset name",
    "branch or tag name",
    "author",
    "edit",
    "cell",
    "source folder",
    "folder",
    "file",
    "blob",
    "symbolic link",
    "message",
    "commit",
    "undo",
    "redo",
    "uncommitted changes",
    "revisions that no other branch or tag has",
    "query",
    "expression",
    "order",
    "list of columns",
    "run",
    "epoch",
    "store",
    "thing",
];

fn word(text: &str) -> &'static str {
    let last = WORDS.last().expect("it is not empty");
    WORDS.iter().find(|word| **word == text).unwrap_or(last)
}

impl ErrorKind {
    /// Reads what [`ErrorKind`] is as JSON; `None` where it is no meaning that we know.
    pub fn from_facts(facts: &Map<String, Value>) -> Option<ErrorKind> {
        let text = |name: &str| facts.get(name)?.as_str().map(str::to_owned);
        let fixed = |name: &str| facts.get(name)?.as_str().map(word);
        let list = |name: &str| {
            facts.get(name)?.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        };
        Some(match facts.get("kind")?.as_str()? {
            "invalid" => ErrorKind::Invalid { what: fixed("what")?, value: text("value")?, why: text("why")? },
            "not-found" => ErrorKind::NotFound { what: fixed("what")?, name: text("name")? },
            "already-exists" => ErrorKind::AlreadyExists { what: fixed("what")?, name: text("name")? },
            "ambiguous" => ErrorKind::Ambiguous { name: text("name")?, candidates: list("candidates")? },
            "not-a-folder" => ErrorKind::NotAFolder { path: text("path")? },
            "is-a-folder" => ErrorKind::IsAFolder { path: text("path")? },
            "nothing" => ErrorKind::Nothing { to: fixed("to")?, name: text("name")? },
            "ref-moved" => ErrorKind::RefMoved { name: text("name")? },
            "unsaved" => ErrorKind::Unsaved { name: text("name")?, what: fixed("what")? },
            "conflict" => ErrorKind::Conflict { paths: list("paths")? },
            "source-changed" => ErrorKind::SourceChanged { path: text("path")?, how: text("how")? },
            "source-unusable" => {
                ErrorKind::SourceUnusable { path: text("path")?, why: text("why")?, parts: list("parts")? }
            }
            "corrupt" => ErrorKind::Corrupt { what: text("what")?, why: text("why")? },
            "store-unknown" => ErrorKind::StoreUnknown { path: text("path")?, found: text("found")? },
            "store-busy" => ErrorKind::StoreBusy { path: text("path")?, owner: text("owner")? },
            "read-only" => ErrorKind::ReadOnly { why: text("why")? },
            "no-space" => ErrorKind::NoSpace { what: text("what")? },
            "interrupted" => ErrorKind::Interrupted,
            "io" => ErrorKind::Io { action: text("action")? },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(kind: &ErrorKind) -> Map<String, Value> {
        serde_json::to_value(kind).expect("plain data").as_object().expect("an object").clone()
    }

    #[test]
    fn an_error_is_read_back_from_its_facts() {
        let text = str::to_owned;
        let kinds = [
            ErrorKind::Invalid { what: "path", value: text("../x"), why: text("`..` is no name") },
            ErrorKind::NotFound { what: "dataset", name: text("trafic") },
            ErrorKind::AlreadyExists { what: "tag", name: text("v1") },
            ErrorKind::Ambiguous { name: text("3f"), candidates: vec![text("3f9"), text("3fa")] },
            ErrorKind::NotAFolder { path: text("a") },
            ErrorKind::IsAFolder { path: text("b") },
            ErrorKind::Nothing { to: "commit", name: text("t@main") },
            ErrorKind::RefMoved { name: text("heads/t/main") },
            ErrorKind::Unsaved { name: text("fix"), what: "uncommitted changes" },
            ErrorKind::Conflict { paths: vec![text("a")] },
            ErrorKind::SourceChanged { path: text("a"), how: text("it is gone") },
            ErrorKind::SourceUnusable { path: text("/d"), why: text("no"), parts: vec![] },
            ErrorKind::Corrupt { what: text("object 3f"), why: text("another hash") },
            ErrorKind::StoreUnknown { path: text("/s"), found: text("version 9") },
            ErrorKind::StoreBusy { path: text("/s"), owner: text("process 7") },
            ErrorKind::ReadOnly { why: text("so it was opened") },
            ErrorKind::NoSpace { what: text("write the log") },
            ErrorKind::Interrupted,
            ErrorKind::Io { action: text("read `x`") },
        ];
        for kind in kinds {
            assert_eq!(ErrorKind::from_facts(&facts(&kind)), Some(kind));
        }
    }

    #[test]
    fn a_word_of_a_later_program_is_a_thing_and_an_unknown_kind_is_none() {
        let mut facts = facts(&ErrorKind::NotFound { what: "dataset", name: "x".to_owned() });
        facts.insert("what".to_owned(), "wormhole".into());
        assert_eq!(ErrorKind::from_facts(&facts), Some(ErrorKind::NotFound { what: "thing", name: "x".to_owned() }));
        facts.insert("kind".to_owned(), "wormhole".into());
        assert_eq!(ErrorKind::from_facts(&facts), None);
    }
}
