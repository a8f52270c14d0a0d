//! Rows at speed: what the service tells of a table of 1,000,000 rows in milliseconds.
//!
//! Everything here is plain functions over [`TableRows`]: the columns of one table
//! of one view, in memory. Nothing but [`routes`] knows HTTP.
//!
//! | file | knows |
//! |---|---|
//! | `columns` | a column, once in memory, for all who ask |
//! | `shelf` | what is kept, for how long; one maker for many askers |
//! | `tables` | the tables of a view; which views share them |
//! | `changes` | how a draft's column comes from its base's |
//! | `decode`, `texts`, `keys` | columns out of files; texts as a dictionary; keys of rows |
//! | `mask`, `order`, `page` | which rows, in which order, how many |
//! | `numbers`, `histogram`, `groups`, `quantiles`, `confusion` | what is counted |
//! | `vectors`, `lasso`, `neighbours` | what is near |
//! | `principal` | vectors in two or three dimensions |
//! | `runs` | columns of a run's metrics, joined on |
//! | `samples` | samples as others name them: by key, by path |
//! | `arrow_stream` | rows as bytes |

mod arrow_stream;
mod changes;
mod columns;
mod confusion;
mod decode;
mod groups;
mod histogram;
mod keys;
mod lasso;
mod mask;
mod neighbours;
mod numbers;
mod order;
mod page;
mod principal;
mod quantiles;
pub mod routes;
mod runs;
mod samples;
mod shelf;
mod tables;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod tests;
mod texts;
mod vectors;

pub use arrow_stream::{ARROW_STREAM, to_stream, with_metadata};
pub use columns::{ColumnStore, TableRows};
pub use confusion::{Confusion, ConfusionQuery};
pub use groups::{Group, Groups, GroupsQuery};
pub use histogram::{Histogram, HistogramQuery};
pub use lasso::LassoQuery;
pub use mask::Mask;
pub use neighbours::{Metric, Neighbour, Neighbours, NeighboursQuery};
pub use page::{KEY, Page, PageQuery, ROW, RowPage};
pub use principal::{AXES, Principal, principal};
pub use quantiles::{Quantiles, QuantilesAnswer, QuantilesQuery};
pub use runs::{Epoch, NoRuns, RunColumns, RunMetrics, RunRows, SAMPLE};
pub use samples::{NamedBy, Samples};
