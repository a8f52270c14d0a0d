//! Veneer lays thin, sparse revisions over data that it never touches.

pub mod base;
pub mod dataset;
mod error;
pub mod model;
pub mod overlay;
pub mod source;
pub mod store;

pub use error::{Error, ErrorKind, Result};
