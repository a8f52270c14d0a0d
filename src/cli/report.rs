//! How a failure ends: a message, advice, and an exit code.
//!
//! The core's errors say what happened and nothing else; [`advice`] adds what to
//! do. Nothing here decides whether something has failed.

use std::fmt::{self, Display};
use std::io::Write;
use std::process::ExitCode;

use veneer::ErrorKind;

use super::advice;
use super::output::printable;

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Exit code 0.
    Yes,
    /// Exit code 1: a conflict, drift, a damaged store.
    No,
    /// The exit code of a command that this one ran.
    Code(u8),
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

    /// Gives another exit code, where other programs have one for this.
    pub(super) fn with_code(self, code: u8) -> Failure {
        match self {
            Failure::Told(told) => Failure::Told(Told { code, ..told }),
            other => other,
        }
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

    /// Adds advice for a name that stands for nothing, or for several; any other error keeps its own.
    pub(super) fn hint_where_to_look(self, hint: impl Into<String>) -> Failure {
        match &self {
            Failure::Core(error) if !is_about_a_name(error.kind()) => self,
            _ => self.hint(hint),
        }
    }

    /// Writes the failure to stderr and returns the exit code; `dataset` is what the command was about.
    pub(super) fn report(&self, dataset: Option<&str>) -> ExitCode {
        let (message, hint, code) = match self {
            Failure::PipeClosed => return ExitCode::SUCCESS,
            Failure::Core(error) => (sentence(error), advice::of(error, dataset.unwrap_or("NAME")), code(error.kind())),
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
            Answer::Code(code) => ExitCode::from(code),
        }
    }
}

/// Writes a line to stderr; a stderr that nobody reads is no reason to stop.
pub(super) fn say(line: impl Display) {
    let mut text = line.to_string();
    if text.contains(|c: char| c.is_control() && c != '\n') {
        text = text.split('\n').map(|line| printable(line.as_bytes())).collect::<Vec<_>>().join("\n");
    }
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says that something is odd though it goes on.
pub(super) fn warn(line: impl Display) {
    say(format_args!("warning: {line}"));
}

/// The error with its causes: the first on the same line, deeper ones below.
pub(super) fn sentence(error: &veneer::Error) -> String {
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

/// The exit code of a meaning.
pub(super) fn code(kind: &ErrorKind) -> u8 {
    match kind {
        ErrorKind::Invalid { .. } => CODE_USAGE,
        ErrorKind::Conflict { .. } | ErrorKind::SourceChanged { .. } => CODE_NO,
        _ => CODE_ERROR,
    }
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

fn is_about_a_name(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound { .. } | ErrorKind::Invalid { .. } | ErrorKind::Ambiguous { .. })
}

#[cfg(test)]
mod tests {
    use veneer::Error;

    use super::*;

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
