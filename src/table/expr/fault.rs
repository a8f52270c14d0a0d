//! Why an expression cannot be read, bound or evaluated, before its whole text is told with it.

use std::fmt::Display;

use arrow::error::ArrowError;

use crate::Error;

/// What went wrong inside: the door of the room makes an [`Error`] of it.
#[derive(Debug)]
pub(super) enum Fault {
    /// A reason; what it is about is the expression.
    Why(String),
    /// An error that says already what it is about.
    Error(Box<Error>),
}

/// The result of anything below the door.
pub(super) type Result<T, E = Fault> = std::result::Result<T, E>;

/// A reason as a result.
pub(super) fn fail<T>(why: impl Display) -> Result<T> {
    Err(Fault::Why(why.to_string()))
}

impl Fault {
    /// The error, of the `what` with this text.
    pub(super) fn of(self, what: &'static str, text: &str) -> Error {
        match self {
            Fault::Why(why) => Error::invalid(what, text, why),
            Fault::Error(error) => *error,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Error(Box::new(error))
    }
}

impl From<ArrowError> for Fault {
    fn from(error: ArrowError) -> Fault {
        Fault::Why(match error {
            ArrowError::DivideByZero => "division by zero".to_owned(),
            ArrowError::CastError(why)
            | ArrowError::ComputeError(why)
            | ArrowError::ParseError(why)
            | ArrowError::ArithmeticOverflow(why)
            | ArrowError::InvalidArgumentError(why) => lower_first(&why),
            other => lower_first(&other.to_string()),
        })
    }
}

/// The text as ours are: the first letter small, no full stop.
pub(super) fn lower_first(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut letters = text.chars();
    match letters.next() {
        // A name such as `Int64` or `NULL` is left alone.
        Some(first) if letters.clone().next().is_some_and(|c| c.is_lowercase() || c == ' ') => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
