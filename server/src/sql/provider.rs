//! A table as DataFusion sees it: the base's rows with the edits laid over.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result, Statistics};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::scan::{TableScan, statistics};
use crate::rows::TableRows;

/// A table of one view.
#[derive(Debug)]
pub(super) struct ViewTable {
    rows: TableRows,
    schema: SchemaRef,
}

impl ViewTable {
    pub(super) fn new(rows: TableRows) -> ViewTable {
        let mut fields: Vec<Field> = Vec::new();
        for column in &rows.schema().columns {
            // Two columns may have one name: the first is meant.
            if !fields.iter().any(|field| *field.name() == column.name) {
                fields.push(Field::new(&column.name, given(&column.data_type), true));
            }
        }
        ViewTable { schema: Arc::new(Schema::new(fields)), rows }
    }
}

/// The type that a column has in a query.
fn given(of: &DataType) -> DataType {
    match of {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
        DataType::Dictionary(_, of) => given(of),
        of => of.clone(),
    }
}

#[async_trait]
impl TableProvider for ViewTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(statistics(&self.rows, &self.schema, self.rows.row_count().ok()?))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut read: Vec<usize> = projection.map_or_else(|| (0..self.schema.fields().len()).collect(), Clone::clone);
        let given = read.len();
        let condition = conjunction(filters.iter().cloned());
        for column in condition.iter().flat_map(|condition| condition.column_refs()) {
            let place = self.schema.index_of(&column.name)?;
            if !read.contains(&place) {
                read.push(place);
            }
        }
        let read = Arc::new(self.schema.project(&read)?);
        let condition = match condition {
            Some(condition) => {
                Some(state.create_physical_expr(condition, &DFSchema::try_from(read.as_ref().clone())?)?)
            }
            None => None,
        };
        let parts = state.config().target_partitions();
        Ok(Arc::new(TableScan::new(self.rows.clone(), read, given, condition, limit, parts)?))
    }
}
