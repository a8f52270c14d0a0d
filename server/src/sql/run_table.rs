//! A run's metrics as a table of queries: read epoch after epoch, so that a long run needs no more memory than one.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::{StreamExt, stream};

use super::fault::external;
use crate::rows::RunRows;

/// The column by which rows are read.
const EPOCH: &str = "epoch";
/// Of more epochs than these it is not asked which are wanted: all are read.
const CHOSEN_MAX: usize = 1_000_000;

/// The rows of a run, as they were when the query began.
#[derive(Debug)]
pub(super) struct RunTable(pub(super) Arc<dyn RunRows>);

/// Some epochs of a run, one after the other.
#[derive(Debug)]
struct Epochs {
    rows: Arc<dyn RunRows>,
    schema: SchemaRef,
    epochs: Vec<i64>,
}

#[async_trait]
impl TableProvider for RunTable {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let chooses = |filter: &&Expr| {
            let columns = filter.column_refs();
            !columns.is_empty() && columns.iter().all(|column| column.name == EPOCH) && !filter.is_volatile()
        };
        // Rows are filtered above once more: here only whole epochs are left out.
        let how = |filter| match chooses(filter) {
            true => TableProviderFilterPushDown::Inexact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(how).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(places) => Arc::new(self.schema().project(places)?),
            None => self.schema(),
        };
        let epochs = self.chosen(state, filters)?;
        let part = Epochs { rows: self.0.clone(), schema: schema.clone(), epochs };
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![Arc::new(part)], None, [], false, limit)?))
    }
}

impl RunTable {
    /// The epochs whose rows may be wanted.
    fn chosen(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<i64>> {
        let epochs: Vec<i64> = self.0.epochs().into_iter().flat_map(|(from, to)| from..=to).collect();
        let Some(condition) = conjunction(filters.iter().cloned()).filter(|_| epochs.len() <= CHOSEN_MAX) else {
            return Ok(epochs);
        };
        let schema = Arc::new(Schema::new(vec![Field::new(EPOCH, DataType::Int64, false)]));
        let condition = state.create_physical_expr(condition, &DFSchema::try_from(schema.as_ref().clone())?)?;
        let column: ArrayRef = Arc::new(Int64Array::from(epochs.clone()));
        let batch = RecordBatch::try_new(schema, vec![column])?;
        let holds = condition.evaluate(&batch)?.into_array(epochs.len())?;
        let holds = holds.as_boolean();
        Ok(epochs.into_iter().zip(holds.iter()).filter(|(_, holds)| *holds == Some(true)).map(|(at, _)| at).collect())
    }
}

impl PartitionStream for Epochs {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (rows, schema) = (self.rows.clone(), self.schema.clone());
        let names: Arc<[String]> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let pieces = stream::iter(self.epochs.clone()).then(move |epoch| {
            let (rows, names, schema) = (rows.clone(), names.clone(), schema.clone());
            async move {
                // It waits for disks.
                let read = tokio::task::spawn_blocking(move || rows.read(epoch, &names));
                let batch = read.await.map_err(|cause| DataFusionError::External(Box::new(cause)))?;
                let batch = batch.map_err(external)?;
                let places: Vec<usize> = schema
                    .fields()
                    .iter()
                    .map(|field| batch.schema().index_of(field.name()))
                    .collect::<Result<_, _>>()?;
                Ok::<_, DataFusionError>(batch.project(&places)?.with_schema(schema)?)
            }
        });
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), pieces.boxed()))
    }
}
