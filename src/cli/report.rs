//! How a failure ends: a message, advice, and an exit code.
//!
//! The core's errors say what happened and nothing else; this is the only
//! place where a meaning becomes advice, in one match over all of them.
//! Nothing here decides whether something has failed.

use std::fmt::{self, Display};
use std::io::Write;
use std::process::ExitCode;

use veneer::ErrorKind;

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Exit code 0.
    Yes,
    /// Exit code 1: a conflict, drift, a damaged store.
    No,
}

/// What every command returns.
pub(super) type Result<T = Answer> = std::result::Result<T, Failure>;

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// An error of the core.
    Core(veneer::Error),
    /// Something that the core does not know of, with advice of its own.
    Told(Told),
    /// Whoever reads our output has seen enough: no failure for anybody.
    PipeClosed,
}

/// A failure in our own words.
#[derive(Debug)]
pub(super) struct Told {
    message: String,
    hint: Option<String>,
    code: u8,
}

const CODE_NO: u8 = 1;
const CODE_USAGE: u8 = 2;
const CODE_ERROR: u8 = 3;

impl Failure {
    /// An error, exit code 3.
    pub(super) fn error(message: impl Into<String>) -> Failure {
        Failure::Told(Told { message: message.into(), hint: None, code: CODE_ERROR })
    }

    /// Wrong usage, exit code 2.
    pub(super) fn usage(message: impl Into<String>) -> Failure {
        Failure::Told(Told { message: message.into(), hint: None, code: CODE_USAGE })
    }

    /// Gives advice that fits better than the general one for this meaning.
    pub(super) fn hint(self, hint: impl Into<String>) -> Failure {
        let told = match self {
            Failure::Core(error) => Told { message: sentence(&error), hint: None, code: code(error.kind()) },
            Failure::Told(told) => told,
            Failure::PipeClosed => return Failure::PipeClosed,
        };
        Failure::Told(Told { hint: Some(hint.into()), ..told })
    }

    /// Writes the failure to stderr and returns the exit code; `dataset` is what the command was about.
    pub(super) fn report(&self, dataset: Option<&str>) -> ExitCode {
        let (message, hint, code) = match self {
            Failure::PipeClosed => return ExitCode::SUCCESS,
            Failure::Core(error) => (sentence(error), advice(error.kind(), dataset.unwrap_or("NAME")), code(error.kind())),
            Failure::Told(told) => (told.message.clone(), told.hint.clone(), told.code),
        };
        say(format_args!("error: {message}"));
        if let Some(hint) = hint {
            say(format_args!("\nhint: {hint}"));
        }
        ExitCode::from(code)
    }
}

impl From<veneer::Error> for Failure {
    fn from(error: veneer::Error) -> Failure {
        Failure::Core(error)
    }
}

impl Answer {
    /// The exit code.
    pub(super) fn code(self) -> ExitCode {
        match self {
            Answer::Yes => ExitCode::SUCCESS,
            Answer::No => ExitCode::from(CODE_NO),
        }
    }
}

/// Writes a line to stderr; a stderr that nobody reads is no reason to stop.
pub(super) fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Says that something is odd though it goes on.
pub(super) fn warn(line: impl Display) {
    say(format_args!("warning: {line}"));
}

/// The error with its causes: the first on the same line, deeper ones below.
fn sentence(error: &veneer::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    let mut first = true;
    while let Some(error) = cause {
        let line = error.to_string();
        // An error that wraps another often repeats its text.
        if !text.ends_with(&line) {
            text.push_str(if first { ": " } else { "\n  caused by: " });
            text.push_str(&line);
        }
        (first, cause) = (false, error.source());
    }
    text
}

fn code(kind: &ErrorKind) -> u8 {
    match kind {
        ErrorKind::Invalid { .. } => CODE_USAGE,
        ErrorKind::Conflict { .. } | ErrorKind::SourceChanged { .. } => CODE_NO,
        _ => CODE_ERROR,
    }
}

/// What a person may do about it; `dataset` is the one that the command was about.
fn advice(kind: &ErrorKind, dataset: &str) -> Option<String> {
    Some(match kind {
        ErrorKind::Invalid { what, .. } => return invalid(what).map(str::to_owned),
        ErrorKind::NotFound { what, .. } => return missing(what, dataset),
        ErrorKind::AlreadyExists { what, name } => return taken(what, name, dataset),
        ErrorKind::Ambiguous { .. } => "give more digits of the id, or a branch's or tag's name".to_owned(),
        ErrorKind::NotAFolder { .. } => format!("`veneer ls {dataset}` lists a folder; `veneer cat` shows a file"),
        ErrorKind::IsAFolder { .. } => {
            "a folder is listed with `veneer ls`, and removed with all that is in it by `veneer rm -r`".to_owned()
        }
        ErrorKind::Nothing { to: "commit", .. } => {
            format!("make a change first (`veneer put`, `rm`, `mv`); `veneer status {dataset}` shows what would be committed")
        }
        ErrorKind::Nothing { .. } => format!("`veneer status {dataset}` shows the draft, `veneer log {dataset}` the history"),
        ErrorKind::RefMoved { .. } => "run the command again: it will see the new state".to_owned(),
        ErrorKind::Unsaved { .. } => format!("merge it (`veneer merge {dataset} BRANCH`), or lose it on purpose with `--force`"),
        ErrorKind::Conflict { .. } => {
            "choose a side with `--prefer ours` or `--prefer theirs`, or change one side first".to_owned()
        }
        ErrorKind::SourceChanged { .. } => {
            format!("restore the file in the source, or record its new content with `veneer refresh {dataset}`")
        }
        ErrorKind::SourceUnusable { parts, .. } if !parts.is_empty() => {
            "make them readable, or leave them out with `--skip-unreadable`".to_owned()
        }
        ErrorKind::SourceUnusable { .. } => "a source is a readable folder with at least one file in it".to_owned(),
        ErrorKind::Corrupt { .. } => {
            "`veneer fsck` lists all that is damaged; `veneer fsck --rebuild` makes the index anew from the log".to_owned()
        }
        ErrorKind::StoreUnknown { .. } => {
            "name the store with `--store DIR` or VENEER_STORE, or use the program that made it".to_owned()
        }
        ErrorKind::StoreBusy { .. } => "wait until it has finished, and run the command again".to_owned(),
        ErrorKind::ReadOnly { .. } => {
            "make the store writable, or name another with `--store DIR`; reading and mounting work as it is".to_owned()
        }
        ErrorKind::NoSpace { .. } => {
            "nothing was lost: free some space, or let `veneer gc` remove what nothing refers to".to_owned()
        }
        ErrorKind::Interrupted => return None,
        ErrorKind::Io { .. } => return None,
    })
}

fn invalid(what: &str) -> Option<&'static str> {
    Some(match what {
        "dataset name" => "as in `traffic`, or `traffic@main` where a revision may be named",
        "ref" => "as in `main`, `v1`, `3f9c1a2` or `main~2`",
        "branch or tag name" => "as in `main`, `v1` or `fix/labels`",
        "path" | "name" => "paths are relative to the dataset's top folder, as in `images/0042.png`",
        "author" => "name yourself with `--author` or VENEER_AUTHOR",
        _ => return None,
    })
}

fn missing(what: &str, dataset: &str) -> Option<String> {
    Some(match what {
        "dataset" => "`veneer datasets` lists what there is; `veneer import NAME SOURCE` adds one".to_owned(),
        "revision" | "branch" | "tag" | "ref" => {
            format!("`veneer branch {dataset}`, `veneer tag {dataset}` and `veneer log {dataset}` list what there is")
        }
        "path" | "file" | "folder" | "entry" => format!("`veneer ls {dataset}` lists what there is"),
        "object" => "`veneer fsck` says whether the store is whole".to_owned(),
        _ => return None,
    })
}

fn taken(what: &str, name: &str, dataset: &str) -> Option<String> {
    Some(match what {
        "dataset" => format!("choose another name, or record what changed in its source with `veneer refresh {name}`"),
        "branch" | "tag" => format!("choose another name, or delete it with `veneer {what} {dataset} -d {name}`"),
        "path" | "file" | "folder" | "entry" => format!("remove it first with `veneer rm {dataset} {name}`"),
        _ => return None,
    })
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Core(error) => f.write_str(&sentence(error)),
            Failure::Told(told) => f.write_str(&told.message),
            Failure::PipeClosed => f.write_str("the output was closed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use veneer::Error;

    use super::*;

    /// One of each meaning; a new one does not compile until it is here.
    fn every_kind() -> Vec<ErrorKind> {
        let text = str::to_owned;
        let next = |kind: &ErrorKind| match kind {
            ErrorKind::Invalid { .. } => Some(ErrorKind::NotFound { what: "dataset", name: text("trafic") }),
            ErrorKind::NotFound { .. } => Some(ErrorKind::AlreadyExists { what: "dataset", name: text("traffic") }),
            ErrorKind::AlreadyExists { .. } => {
                Some(ErrorKind::Ambiguous { name: text("3f9c1a2"), candidates: vec![text("3f9c1a2b"), text("3f9c1a2e")] })
            }
            ErrorKind::Ambiguous { .. } => Some(ErrorKind::NotAFolder { path: text("labels.csv") }),
            ErrorKind::NotAFolder { .. } => Some(ErrorKind::IsAFolder { path: text("images") }),
            ErrorKind::IsAFolder { .. } => Some(ErrorKind::Nothing { to: "commit", name: text("traffic@main") }),
            ErrorKind::Nothing { .. } => Some(ErrorKind::RefMoved { name: text("heads/traffic/main") }),
            ErrorKind::RefMoved { .. } => Some(ErrorKind::Unsaved { name: text("fix"), what: "uncommitted changes" }),
            ErrorKind::Unsaved { .. } => Some(ErrorKind::Conflict { paths: vec![text("a"), text("b")] }),
            ErrorKind::Conflict { .. } => {
                Some(ErrorKind::SourceChanged { path: text("images/0042.png"), how: text("it is gone") })
            }
            ErrorKind::SourceChanged { .. } => Some(ErrorKind::SourceUnusable {
                path: text("/data"),
                why: text("1 of its parts cannot be read"),
                parts: vec![text("secret: Permission denied")],
            }),
            ErrorKind::SourceUnusable { .. } => {
                Some(ErrorKind::Corrupt { what: text("revision 3f9c1a2"), why: text("its hash differs") })
            }
            ErrorKind::Corrupt { .. } => {
                Some(ErrorKind::StoreUnknown { path: text("/store"), found: text("format version 9") })
            }
            ErrorKind::StoreUnknown { .. } => {
                Some(ErrorKind::StoreBusy { path: text("/store"), owner: text("process 7") })
            }
            ErrorKind::StoreBusy { .. } => Some(ErrorKind::ReadOnly { why: text("the file system is read-only") }),
            ErrorKind::ReadOnly { .. } => Some(ErrorKind::NoSpace { what: text("write the log") }),
            ErrorKind::NoSpace { .. } => Some(ErrorKind::Interrupted),
            ErrorKind::Interrupted => Some(ErrorKind::Io { action: text("read `x`") }),
            ErrorKind::Io { .. } => None,
        };
        let first = ErrorKind::Invalid { what: "path", value: text("../x"), why: text("`..` is no name") };
        std::iter::successors(Some(first), next).collect()
    }

    #[test]
    fn every_meaning_has_its_message_its_advice_and_its_exit_code() {
        let lines: Vec<String> = every_kind()
            .into_iter()
            .map(|kind| {
                let (code, hint) = (code(&kind), advice(&kind, "traffic"));
                format!("{code} error: {}\n  hint: {}", sentence(&Error::new(kind)), hint.as_deref().unwrap_or("-"))
            })
            .collect();
        assert_eq!(lines.join("\n"), EVERY_MEANING.trim());
    }

    const EVERY_MEANING: &str = "
";

    #[test]
    fn causes_are_told_once() {
        let cause = std::io::Error::from_raw_os_error(libc::EACCES);
        let error = Error::io("read `x`", cause);
        assert_eq!(sentence(&error), "cannot read `x`: Permission denied (os error 13)");
        let inner = Error::io("read `y`", std::io::Error::from_raw_os_error(libc::EIO));
        let outer = Error::corrupt("base 3f9c1a2", "it cannot be read").caused_by(inner);
        assert_eq!(
            sentence(&outer),
            "base 3f9c1a2 is damaged: it cannot be read: cannot read `y`\n  caused by: Input/output error (os error 5)"
        );
    }
}
