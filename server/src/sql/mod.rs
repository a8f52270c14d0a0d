//! SQL over the tables of all datasets: read-only, and within limits.
//!
//! DataFusion plans and runs a query; what it reads are the columns in memory that
//! [`crate::rows`] has, the edits of the revision laid over. A dataset is a schema:
//! `traffic.samples`, `traffic."coco.annotations"`; the metrics of runs are
//! `runs."resnet18"`; `at('traffic', 'samples', 'main~1')` is a table of another revision.
//!
//! | file | knows |
//! |---|---|
//! | `engine` | a query, its limits, its answer |
//! | `guard` | what is refused before it is planned |
//! | `catalog`, `at` | which table a name means |
//! | `provider`, `scan` | a table as DataFusion sees it; reading it |
//! | `run_table` | a run's metrics, epoch after epoch |
//! | `answer` | the answer as JSON or Arrow |
//! | `once`, [`route`] | a query of a command; a query over HTTP |

mod answer;
mod at;
mod catalog;
mod engine;
mod fault;
mod guard;
mod once;
mod provider;
pub mod route;
mod run_table;
mod scan;
#[cfg(test)]
mod tests;

pub use answer::{SqlAnswer, SqlRows};
pub use catalog::Views;
pub use engine::{SqlEngine, SqlLimits, SqlQuery};
pub use once::{TRUNCATED, once, told};
