//! Calls of libraries that may panic, on damaged bytes or on types that they do not write, as errors.

use crate::panics::caught;
use crate::{Error, ErrorKind, Result};

/// What `decode` gives; a panic within it, which damaged bytes can cause in the libraries, is `Corrupt`.
///
/// # Errors
/// Those of `decode`; `Corrupt`, naming `what`.
pub(crate) fn guarded<T>(what: &'static str, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing that `decode` was changing is used after a panic: callers give up what they held.
    match caught(decode) {
        Ok(result) => result,
        Err(panic) => {
            let why = panic.downcast_ref::<String>().map(String::as_str);
            let why = why.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it cannot be decoded");
            Err(Error::corrupt(what, why))
        }
    }
}

/// Of a file that cannot be opened: damage of its own bytes says that it is none of its format. Damage of what the
/// store keeps stays that.
pub(crate) fn none_of_format(format: &'static str, error: Error) -> Error {
    let why = match error.kind() {
        ErrorKind::Corrupt { what, why } if is_of_file(what) => why.clone(),
        _ => return error,
    };
    Error::invalid(format, "its bytes", why).caused_by(error)
}

/// Whether damage of this is damage of a data file's own bytes.
fn is_of_file(what: &str) -> bool {
    ["Parquet", "Arrow"].iter().any(|format| what.contains(format))
}
