//! SIGINT and SIGTERM for the commands that have something to put away first.
//!
//! A command that is one short step installs nothing: the signal ends it, and
//! the store is as it was or as it is to be. One that works for long asks for
//! the [`flag`] and looks at it between two steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use veneer::{Error, ErrorKind};

use super::report::{Failure, Result};

/// A flag that the first SIGINT or SIGTERM sets; a second one ends the process at once.
pub(super) fn flag() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset, passes here, and sets it below.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&flag))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&flag)))
            .map_err(|error| Failure::error(format!("cannot wait for signals: {error}")))?;
    }
    Ok(flag)
}

/// Returns `Interrupted` once the flag is set.
pub(super) fn check(flag: &AtomicBool) -> Result<()> {
    match flag.load(Ordering::Relaxed) {
        false => Ok(()),
        true => Err(Error::new(ErrorKind::Interrupted).into()),
    }
}
