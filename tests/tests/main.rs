//! One test binary over all of Veneer, a module for each theme.
//!
//! The commands are run as built, the mounts go through the kernel, and what
//! cannot run on a machine says so and is skipped.

mod tidy;
