//! The engine of rows beside plain loops over the same rows.

mod counts;
mod edits;
mod near;
mod pages;
pub(crate) mod runs;
