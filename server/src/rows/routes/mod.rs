//! The routes of rows: each takes its request apart, asks [`super::TableRows`] and puts the answer together.

mod asked;
mod counts;
mod near;
mod page;
mod reduce;
#[cfg(test)]
mod tests;

pub use asked::{Asked, Joined, ROW_COUNT, TOTAL_ROWS};
pub use counts::{
    __path_confusion, __path_groups, __path_histogram, __path_quantiles, confusion, groups, histogram, quantiles,
};
pub use near::{__path_lasso, __path_neighbours, lasso, neighbours};
pub use page::{__path_column, __path_mask, __path_page, column, mask, page};
pub use reduce::{__path_reduce, reduce};
pub(crate) use reduce::{DIMS, check_method};
