//! Calls of decoders that may panic on damaged bytes, as errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Error, Result};

/// What `decode` gives; a panic within it, which damaged bytes can cause in the libraries, is `Corrupt`.
///
/// # Errors
/// Those of `decode`; `Corrupt`, naming `what`.
pub(crate) fn guarded<T>(what: &'static str, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing that `decode` was changing is used after a panic: callers give up what they held.
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(result) => result,
        Err(panic) => {
            let why = panic.downcast_ref::<String>().map(String::as_str);
            let why = why.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it cannot be decoded");
            Err(Error::corrupt(what, why))
        }
    }
}
