//! One test binary over all of Veneer, a module for each theme.
//!
//! The commands are run as built, the mounts go through the kernel, and what
//! cannot run on a machine says so and is skipped.

mod bad_input;
mod bench;
mod cli;
mod columnar;
mod crash;
mod damage;
mod disk_full;
mod export;
mod interrupt;
mod merge;
mod mount;
mod reference;
mod rows;
mod serve;
mod table;
mod tidy;
