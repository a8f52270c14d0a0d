//! What can go wrong, as meanings: the edges turn them into errno, HTTP status or words.

use std::fmt;
use std::path::Path;

use serde::Serialize;

/// The result of anything in the core.
pub type Result<T> = std::result::Result<T, Error>;

/// A meaning with its facts, and what caused it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The meanings. The text of each is lower case, has no full stop and gives no advice.
///
/// As JSON it is an object: `kind` says which, the other members are its facts; [`ErrorKind::from_facts`] reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ErrorKind {
    /// A name, path, address or parameter that cannot be what it should be.
    Invalid {
        /// What it should be.
        what: &'static str,
        /// What was given.
        value: String,
        /// The rule that it breaks.
        why: String,
    },
    /// Nothing has this name.
    NotFound {
        /// A dataset, path, revision, object …
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Something has this name already.
    AlreadyExists {
        /// A dataset, path, branch …
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name that stands for more than one thing.
    Ambiguous {
        /// The name.
        name: String,
        /// All that it may mean.
        candidates: Vec<String>,
    },
    /// A folder is needed here.
    NotAFolder {
        /// The path that is something else.
        path: String,
    },
    /// Something other than a folder is needed here.
    IsAFolder {
        /// The folder.
        path: String,
    },
    /// A draft without a change, or a step that is not there to undo or redo.
    Nothing {
        /// To do what.
        to: &'static str,
        /// Where.
        name: String,
    },
    /// A ref was moved by somebody else in between: the swap was not done.
    RefMoved {
        /// The ref.
        name: String,
    },
    /// Work that this would lose: uncommitted changes, an unmerged branch.
    Unsaved {
        /// What has it.
        name: String,
        /// What would be lost.
        what: &'static str,
    },
    /// The two sides changed the same thing, so there is no one result.
    Conflict {
        /// The paths.
        paths: Vec<String>,
    },
    /// A source entry is not what the base recorded.
    SourceChanged {
        /// The path in the source.
        path: String,
        /// How it differs.
        how: String,
    },
    /// The source, or a part of it, cannot be used as one.
    SourceUnusable {
        /// The source folder.
        path: String,
        /// Why.
        why: String,
        /// The parts, if not the whole.
        parts: Vec<String>,
    },
    /// Bytes in the store that are not what was written.
    Corrupt {
        /// The file or object.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A store that this program does not understand, or a folder that is none.
    StoreUnknown {
        /// The store's folder.
        path: String,
        /// What was found.
        found: String,
    },
    /// Somebody else owns the store.
    StoreBusy {
        /// The store's folder.
        path: String,
        /// What its LOCK file says of the owner.
        owner: String,
    },
    /// The store cannot be written.
    ReadOnly {
        /// Why.
        why: String,
    },
    /// The disk is full.
    NoSpace {
        /// What was being written.
        what: String,
    },
    /// The person, or the system, said stop; nothing was changed.
    Interrupted,
    /// The operating system refused something; the cause says what.
    Io {
        /// What was being done, as in "cannot *read `x`*".
        action: String,
    },
}

impl Error {
    /// Makes an error of a meaning alone.
    pub fn new(kind: ErrorKind) -> Error {
        Error { kind, cause: None }
    }

    /// Adds what caused it.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.cause = Some(cause.into());
        self
    }

    /// A value that breaks a rule.
    pub fn invalid(what: &'static str, value: &str, why: impl Into<String>) -> Error {
        Error::new(ErrorKind::Invalid { what, value: value.to_owned(), why: why.into() })
    }

    /// Says of which column a value is that is none for it.
    pub fn of_column(mut self, column: &str) -> Error {
        if let ErrorKind::Invalid { why, .. } = &mut self.kind {
            *why = format!("column `{column}`: {why}");
        }
        self
    }

    /// A name that stands for nothing.
    pub fn not_found(what: &'static str, name: impl fmt::Display) -> Error {
        Error::new(ErrorKind::NotFound { what, name: name.to_string() })
    }

    /// A name that is taken.
    pub fn already_exists(what: &'static str, name: impl fmt::Display) -> Error {
        Error::new(ErrorKind::AlreadyExists { what, name: name.to_string() })
    }

    /// Bytes that are not what was written.
    pub fn corrupt(what: impl fmt::Display, why: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Corrupt { what: what.to_string(), why: why.to_string() })
    }

    /// A failed call of the operating system; a full disk and a read-only one become their own meaning.
    pub fn io(action: impl Into<String>, cause: impl Into<std::io::Error>) -> Error {
        let (action, cause) = (action.into(), cause.into());
        let kind = match cause.raw_os_error() {
            Some(libc::ENOSPC | libc::EDQUOT) => ErrorKind::NoSpace { what: action },
            Some(libc::EROFS) => ErrorKind::ReadOnly { why: format!("the file system is read-only: cannot {action}") },
            _ => ErrorKind::Io { action },
        };
        Error::new(kind).caused_by(cause)
    }

    /// As [`Error::io`], for one file: "cannot `verb` `path`".
    pub fn io_at(verb: &str, path: &Path, cause: impl Into<std::io::Error>) -> Error {
        Error::io(format!("{verb} `{}`", path.display()), cause)
    }

    /// What it means.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Invalid { what, value, why } if value.is_empty() => write!(f, "no {what} is named: {why}"),
            ErrorKind::Invalid { what, value, why } => write!(f, "`{value}` is not a valid {what}: {why}"),
            ErrorKind::NotFound { what, name } => write!(f, "there is no {what} `{name}`"),
            ErrorKind::AlreadyExists { what, name } => write!(f, "there is a {what} `{}` already", named(name)),
            ErrorKind::Ambiguous { name, candidates } => {
                write!(f, "`{name}` may mean any of {}", candidates.join(", "))
            }
            ErrorKind::NotAFolder { path } => write!(f, "`{}` is not a folder", named(path)),
            ErrorKind::IsAFolder { path } => write!(f, "`{}` is a folder", named(path)),
            ErrorKind::Nothing { to, name } => write!(f, "there is nothing to {to} on `{name}`"),
            ErrorKind::RefMoved { name } => write!(f, "`{name}` was moved by somebody else in the meantime"),
            ErrorKind::Unsaved { name, what } => write!(f, "`{name}` has {what}"),
            ErrorKind::Conflict { paths } => match paths.as_slice() {
                [path] => write!(f, "both sides changed `{path}`"),
                _ => write!(f, "both sides changed {} paths", paths.len()),
            },
            ErrorKind::SourceChanged { path, how } => {
                write!(f, "`{path}` in the source is not what was recorded: {how}")
            }
            ErrorKind::SourceUnusable { path, why, parts } => {
                write!(f, "`{path}` cannot be used as a source: {why}")?;
                parts.iter().try_for_each(|part| write!(f, "\n  {part}"))
            }
            ErrorKind::Corrupt { what, why } => write!(f, "{what} is damaged: {why}"),
            ErrorKind::StoreUnknown { path, found } => {
                write!(f, "`{path}` is not a store that this program knows: {found}")
            }
            ErrorKind::StoreBusy { path, owner } => write!(f, "the store `{path}` is in use by {owner}"),
            ErrorKind::ReadOnly { why } => write!(f, "the store cannot be changed: {why}"),
            ErrorKind::NoSpace { what } => write!(f, "no space left on the disk: cannot {what}"),
            ErrorKind::Interrupted => f.write_str("interrupted; nothing was changed"),
            ErrorKind::Io { action } => write!(f, "cannot {action}"),
        }
    }
}

/// A path as it is told: the top folder's has no letters, and is `.`.
fn named(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
