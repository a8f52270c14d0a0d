//! What a person is told when a mount cannot be made: message and advice.
//!
//! Errors inside a mount become errno (see [`crate::errno`]); these never do.

use std::fmt;

use serde::Serialize;
use veneer::{Error, ErrorKind};

/// Why there is no mount, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The meaning, as a word that a program can test.
    pub kind: &'static str,
    /// The meaning, for a person: lower case, no full stop.
    pub message: String,
    /// What to do about it; empty where nothing helps.
    pub hint: String,
}

impl Trouble {
    /// Puts one together.
    pub fn new(kind: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Trouble {
        Trouble { kind, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n\nhint: {}", self.hint) }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            message.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        Trouble::new(word(error.kind()), message, advice(error.kind()))
    }
}

fn word(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Invalid { .. } => "invalid",
        ErrorKind::NotFound { .. } => "not-found",
        ErrorKind::AlreadyExists { .. } => "already-exists",
        ErrorKind::Ambiguous { .. } => "ambiguous",
        ErrorKind::SourceChanged { .. } => "source-changed",
        ErrorKind::SourceUnusable { .. } => "source-unusable",
        ErrorKind::Corrupt { .. } => "corrupt",
        ErrorKind::StoreUnknown { .. } => "store-unknown",
        ErrorKind::StoreBusy { .. } => "store-busy",
        ErrorKind::ReadOnly { .. } => "read-only",
        ErrorKind::NoSpace { .. } => "no-space",
        ErrorKind::Interrupted => "interrupted",
        _ => "io",
    }
}

fn advice(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound { what: "dataset", .. } => "`veneer datasets` lists the datasets of this store",
        ErrorKind::NotFound { what: "source folder", .. } => {
            "bring the source folder back to where it was imported from, then mount again"
        }
        ErrorKind::NotFound { .. } => {
            "`veneer log NAME` lists revisions, `veneer branch NAME` and `veneer tag NAME` refs"
        }
        ErrorKind::Ambiguous { .. } => "give more digits of the revision's id",
        ErrorKind::SourceUnusable { .. } => {
            "bring the source folder back to where it was imported from, then mount again"
        }
        ErrorKind::Corrupt { .. } => "`veneer fsck` says what is damaged and what can be saved",
        ErrorKind::StoreUnknown { .. } => "name another store with --store or $VENEER_STORE",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_the_whole_chain_and_a_hint() {
        let cause = std::io::Error::from_raw_os_error(libc::ENOENT);
        let error = Error::new(ErrorKind::NotFound { what: "dataset", name: "traffic".to_owned() }).caused_by(cause);
        let trouble = Trouble::from(error);
        assert_eq!(trouble.kind, "not-found");
        assert_eq!(
            trouble.to_string(),
            "error: there is no dataset `traffic`: No such file or directory (os error 2)\n\n\
             hint: `veneer datasets` lists the datasets of this store"
        );
    }
}
