//! Rows of a dataset: what tables there are, edits of rows in a draft, and what two revisions say of them.
//!
//! A format ([`crate::table`]) knows bytes, an overlay knows changes; here both meet.

mod patch;

pub(super) use patch::{patched_len, patches};
