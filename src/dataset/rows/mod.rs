//! Rows of a dataset: what tables there are, edits of rows in a draft, and what two revisions say of them.
//!
//! A format ([`crate::table`]) knows bytes, an overlay knows changes; here both meet.

mod column;
mod diff;
mod edit;
mod part;
mod patch;
mod splice;

pub use diff::{RowDiff, diff_rows};
pub use edit::RowEdit;
pub(super) use part::Part;
pub(super) use patch::{patched_len, patches};
