//! Panics that are expected: damaged bytes can cause them within the libraries that decode them.
//!
//! Whoever sets a panic hook at an edge asks [`is_expected`] there: what is caught here is told as an error, is no
//! fault of the program, and ends no process.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// How many calls of [`caught`] this thread is within.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// What `call` gives, or what it panicked with. Nothing that it was changing may be used after a panic.
///
/// # Errors
/// What the panic was given.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(call));
    DEPTH.set(DEPTH.get() - 1);
    result
}

/// Whether a panic of this thread is one that is caught and told as an error.
pub fn is_expected() -> bool {
    DEPTH.get() > 0
}

/// Has the panics that are expected say nothing; all others are told as they were.
pub fn tell_unexpected_alone() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_expected() {
            tell(panic);
        }
    }));
}
