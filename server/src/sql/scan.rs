//! Reading a table for a query: only the columns and the rows that it needs.
//!
//! The columns are read from the files, or taken from memory, when the first part
//! is asked for; then they are given out in pieces, each with the query's conditions
//! already applied, until there are as many rows as the query can use.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::{cast, filter_record_batch, max, min};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ColumnStatistics, DataFusionError, Result, ScalarValue, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, apply_expression_roots};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{StreamExt, TryStreamExt, stream};

use super::fault::external;
use crate::rows::TableRows;

/// How many rows are given out at a time.
const PIECE: usize = 8 * 1024;

/// A part of a plan that reads a table.
#[derive(Debug)]
pub(super) struct TableScan {
    rows: TableRows,
    /// The table's columns that are read: those given out come first.
    read: SchemaRef,
    /// What is given out.
    schema: SchemaRef,
    /// What must be true of a row, over `read`.
    condition: Option<Arc<dyn PhysicalExpr>>,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl TableScan {
    /// Reads `read`, of which the first `given` columns are given out, in up to `parts` parts.
    pub(super) fn new(
        rows: TableRows,
        read: SchemaRef,
        given: usize,
        condition: Option<Arc<dyn PhysicalExpr>>,
        limit: Option<usize>,
        parts: usize,
    ) -> Result<TableScan> {
        let schema = Arc::new(read.project(&(0..given).collect::<Vec<_>>())?);
        let len = rows.row_count().map_err(external)?;
        // With a limit in one part: so the first rows are those that come first.
        let parts = if limit.is_some() { 1 } else { parts.min(len.div_ceil(PIECE)).max(1) };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            Partitioning::UnknownPartitioning(parts),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(TableScan { rows, read, schema, condition, limit, properties: Arc::new(properties), metrics })
    }

    /// What is known of the rows without reading them.
    fn known(&self, part: Option<usize>) -> Result<Statistics> {
        let len = self.rows.row_count().map_err(external)?;
        let is_all = part.is_none() && self.condition.is_none() && self.limit.is_none_or(|limit| limit >= len);
        if !is_all {
            let most = self.limit.map_or(len, |limit| limit.min(len));
            let parts = if part.is_some() { self.properties.partitioning.partition_count() } else { 1 };
            let num_rows = Precision::Inexact(most / parts);
            return Ok(Statistics { num_rows, ..Statistics::new_unknown(&self.schema) });
        }
        Ok(statistics(&self.rows, &self.schema, len))
    }
}

/// What is known of all rows of a table: how many there are, and of columns in memory their nulls and ends.
pub(super) fn statistics(rows: &TableRows, schema: &SchemaRef, len: usize) -> Statistics {
    let column = |name: &String| match rows.known(&[name]) {
        Some(known) => {
            let ends = ends(&*known[0]);
            let null_count = Precision::Exact(known[0].logical_null_count());
            let (min_value, max_value) = match ends {
                Some((min, max)) => (Precision::Exact(min), Precision::Exact(max)),
                None => (Precision::Absent, Precision::Absent),
            };
            ColumnStatistics { null_count, min_value, max_value, ..ColumnStatistics::new_unknown() }
        }
        None => ColumnStatistics::new_unknown(),
    };
    let column_statistics = schema.fields().iter().map(|field| column(field.name())).collect();
    Statistics { num_rows: Precision::Exact(len), total_byte_size: Precision::Absent, column_statistics }
}

/// The least and the greatest value, of types where these are found at once; none for floats with NaN, of which
/// people do not agree which is greater.
fn ends(array: &dyn Array) -> Option<(ScalarValue, ScalarValue)> {
    match array.data_type() {
        DataType::Int32 => {
            let array = array.as_primitive::<Int32Type>();
            Some((ScalarValue::Int32(Some(min(array)?)), ScalarValue::Int32(Some(max(array)?))))
        }
        DataType::Int64 => {
            let array = array.as_primitive::<Int64Type>();
            Some((ScalarValue::Int64(Some(min(array)?)), ScalarValue::Int64(Some(max(array)?))))
        }
        DataType::Date32 => {
            let array = array.as_primitive::<Date32Type>();
            Some((ScalarValue::Date32(Some(min(array)?)), ScalarValue::Date32(Some(max(array)?))))
        }
        DataType::Float64 => {
            let array = array.as_primitive::<Float64Type>();
            let has_nan = array.values().iter().any(|number| number.is_nan());
            let ends = (min(array)?, max(array)?);
            (!has_nan).then_some((ScalarValue::Float64(Some(ends.0)), ScalarValue::Float64(Some(ends.1))))
        }
        _ => None,
    }
}

impl DisplayAs for TableScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "TableScan: table={}, columns=[{}]", self.rows.name(), names.join(", "))?;
        if let Some(condition) = &self.condition {
            write!(f, ", where={condition}")?;
        }
        self.limit.map_or(Ok(()), |limit| write!(f, ", limit={limit}"))
    }
}

impl ExecutionPlan for TableScan {
    fn name(&self) -> &str {
        "TableScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        apply_expression_roots(&self.condition, f)
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        self.known(args.partition()).map(Arc::new)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, part: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (rows, read, schema) = (self.rows.clone(), self.read.clone(), self.schema.clone());
        let (condition, limit) = (self.condition.clone(), self.limit);
        let parts = self.properties.partitioning.partition_count();
        let metrics = BaselineMetrics::new(&self.metrics, part);
        let columns = async move {
            let names: Vec<String> = read.fields().iter().map(|field| field.name().clone()).collect();
            // The files may have to be read: that waits for disks.
            let batch =
                tokio::task::spawn_blocking(move || rows.batch(&names.iter().map(String::as_str).collect::<Vec<_>>()));
            let batch = batch.await.map_err(|cause| external(crashed(cause)))?.map_err(external)?;
            let len = batch.num_rows();
            let share = len.div_ceil(parts).next_multiple_of(PIECE);
            let (from, to) = ((part * share).min(len), ((part + 1) * share).min(len));
            let given = schema.fields().len();
            let pieces = (from..to).step_by(PIECE).map(move |at| {
                let timer = metrics.elapsed_compute().timer();
                let piece = piece(&batch.slice(at, PIECE.min(to - at)), &read, condition.as_ref(), given)?;
                timer.done();
                metrics.record_output(piece.num_rows());
                Ok(piece)
            });
            let mut left = limit.unwrap_or(usize::MAX);
            let mut is_done = false;
            let pieces = pieces.take_while(move |piece| {
                let is_wanted = !is_done;
                is_done = piece.as_ref().map_or(true, |piece: &RecordBatch| {
                    left = left.saturating_sub(piece.num_rows());
                    left == 0
                });
                is_wanted
            });
            Ok::<_, DataFusionError>(stream::iter(pieces))
        };
        let mut left = limit.unwrap_or(usize::MAX);
        let pieces = stream::once(columns).try_flatten().map_ok(move |piece: RecordBatch| {
            let piece = piece.slice(0, piece.num_rows().min(left));
            left -= piece.num_rows();
            piece
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), pieces.boxed())))
    }
}

/// The rows of a piece for which the condition is true, texts in the form that DataFusion likes best.
fn piece(
    batch: &RecordBatch,
    read: &SchemaRef,
    condition: Option<&Arc<dyn PhysicalExpr>>,
    given: usize,
) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(read.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let mut batch = RecordBatch::try_new_with_options(read.clone(), columns, &options)?;
    if let Some(condition) = condition {
        let holds = condition.evaluate(&batch)?.into_array(batch.num_rows())?;
        batch = filter_record_batch(&batch, holds.as_boolean())?;
    }
    Ok(batch.project(&(0..given).collect::<Vec<_>>())?)
}

fn crashed(cause: tokio::task::JoinError) -> veneer::Error {
    veneer::Error::new(veneer::ErrorKind::Io { action: "read a table".to_owned() }).caused_by(cause)
}
