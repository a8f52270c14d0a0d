//! `veneer rows`: the rows of a table, by condition, order and number.

use std::sync::mpsc;
use std::thread;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use clap::Args;
use veneer::dataset::rows::RowQuery;
use veneer::table::Flow;
use veneer::table::expr::{Expr, Order};

use super::tables::partial;
use crate::cli::browse::view_of;
use crate::cli::context::Context;
use crate::cli::report::{Answer, Failure, Result, warn};
use crate::cli::rows_output::{RowsFormat, print_rows};

/// Batches that wait to be printed.
const WAITING_MAX: usize = 4;

/// Print rows of a table.
#[derive(Args, Debug)]
#[command(after_long_help = "\
EXPR is what may stand behind WHERE in SQL. Rows come in the order of the file unless
--order says otherwise.

Examples:
  veneer rows traffic labels --limit 10
  veneer rows traffic labels --where 'score < 0.2 AND label IS NOT NULL' --order score
  veneer rows traffic annotations --columns id,bbox --keys --format csv
  veneer rows traffic@v1 labels --format parquet > labels.parquet")]
pub(in crate::cli) struct RowsArgs {
    /// The dataset, and the revision if not `main`
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// The table, if there are several
    table: Option<String>,
    /// Only rows for which this holds
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true)]
    condition: Option<String>,
    /// The columns, in this order
    #[arg(long, value_name = "A,B")]
    columns: Option<String>,
    /// By what rows are sorted, as in `score DESC, label`
    #[arg(long, value_name = "C")]
    order: Option<String>,
    /// How many rows at most
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Show the rows' keys, by which `veneer set` finds them
    #[arg(long)]
    keys: bool,
    /// How they are printed
    #[arg(long, value_enum)]
    format: Option<RowsFormat>,
    /// Show your draft on the branch, uncommitted changes included
    #[arg(long)]
    draft: bool,
}

/// What the reader of rows says to the writer.
enum Said {
    Schema(SchemaRef),
    Rows(veneer::Result<RecordBatch>),
}

impl RowsArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        let format = RowsFormat::or_default(self.format, context.json);
        let query = RowQuery {
            condition: self.condition.as_deref().map(Expr::parse).transpose()?,
            columns: self.columns,
            order: self.order.as_deref().map(Order::parse).transpose()?,
            limit: self.limit,
            with_keys: self.keys,
        };
        let view = view_of(context, &self.name, self.draft)?;
        let table = view.table(self.table.as_deref()).map_err(|error| {
            Failure::from(error).hint_where_to_look(format!("`veneer tables {}` lists the tables", self.name))
        })?;
        let name = table.name.clone();
        let (said, hears) = mpsc::sync_channel(WAITING_MAX);
        thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let read = view.query_rows(&table, &query, &mut |schema, rows| {
                    let word = rows.map_or_else(|| Said::Schema(schema.clone()), |rows| Said::Rows(Ok(rows)));
                    // Nobody hears any more where the output has ended.
                    Ok(if said.send(word).is_ok() { Flow::More } else { Flow::Stop })
                });
                match read {
                    Ok(outline) => Some(outline),
                    Err(error) => {
                        let _ = said.send(Said::Rows(Err(error)));
                        None
                    }
                }
            });
            let schema = match hears.recv() {
                Ok(Said::Schema(schema)) => schema,
                Ok(Said::Rows(rows)) => return rows.map(|_| Answer::Yes).map_err(Failure::from),
                Err(_) => return Err(Failure::error("the rows were not read")),
            };
            let rows = hears.into_iter().filter_map(|word| match word {
                Said::Rows(rows) => Some(rows),
                Said::Schema(_) => None,
            });
            print_rows(format, &schema, rows)?;
            // Fewer rows than there are must not pass for all of them.
            match reader.join() {
                Ok(outline) => outline.iter().for_each(|outline| partial(&name, outline).iter().for_each(warn)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
            Ok(Answer::Yes)
        })
    }
}
