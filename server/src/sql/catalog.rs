//! Which table a name means in a query.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::TableType;
use tracing::warn;
use veneer::dataset::{Datasets, View};
use veneer::model::DatasetName;
use veneer::{ErrorKind, Result as Found};

use super::fault::external;
use super::provider::ViewTable;
use super::run_table::RunTable;
use crate::rows::{ColumnStore, RunMetrics};

/// The schema of runs' metrics.
pub(super) const RUNS: &str = "runs";

/// What a query may name.
pub trait Views: Send + Sync + Debug {
    /// The names of all datasets.
    ///
    /// # Errors
    /// Those of the store.
    fn names(&self) -> Found<Vec<DatasetName>>;

    /// A dataset as it was at a branch, tag or revision; at the head of `main` without one.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for what is no name.
    fn view(&self, dataset: &DatasetName, reference: Option<&str>) -> Found<View>;
}

impl Views for Datasets {
    fn names(&self) -> Found<Vec<DatasetName>> {
        Datasets::names(self)
    }

    fn view(&self, dataset: &DatasetName, reference: Option<&str>) -> Found<View> {
        let dataset = self.open(dataset)?;
        let reference = reference.map(str::parse).transpose()?;
        dataset.view(dataset.resolve(reference.as_ref())?.id)
    }
}

/// All that queries read from. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(super) struct Everything {
    pub(super) views: Arc<dyn Views>,
    pub(super) store: Arc<ColumnStore>,
    pub(super) runs: Arc<dyn RunMetrics>,
}

impl Everything {
    /// A table of a dataset.
    pub(super) fn table(&self, dataset: &str, table: &str, reference: Option<&str>) -> Found<Arc<dyn TableProvider>> {
        let dataset = dataset.parse()?;
        let view = self.views.view(&dataset, reference)?;
        Ok(Arc::new(ViewTable::new(self.store.rows(&dataset, &view, table)?)))
    }
}

impl CatalogProvider for Everything {
    fn schema_names(&self) -> Vec<String> {
        let names = told(self.views.names()).into_iter().map(|name| name.to_string());
        names.chain([RUNS.to_owned()]).collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        if name == RUNS {
            return Some(Arc::new(Runs(self.clone())));
        }
        let is_there = told(self.views.names()).iter().any(|known| known.as_str() == name);
        is_there.then(|| Arc::new(OfDataset { name: name.to_owned(), all: self.clone() }) as _)
    }
}

/// The tables of a dataset at the head of `main`.
#[derive(Debug)]
struct OfDataset {
    name: String,
    all: Everything,
}

#[async_trait]
impl SchemaProvider for OfDataset {
    fn table_names(&self) -> Vec<String> {
        let tables = || {
            let name = self.name.parse()?;
            self.all.store.tables(&name, &self.all.views.view(&name, None)?)
        };
        told(tables()).into_iter().map(|table| table.name).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let (all, dataset, name) = (self.all.clone(), self.name.clone(), name.to_owned());
        let found = tokio::task::spawn_blocking(move || all.table(&dataset, &name, None)).await;
        match found.map_err(|cause| datafusion::error::DataFusionError::External(Box::new(cause)))? {
            Ok(table) => Ok(Some(table)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { what: "table", .. }) => Ok(None),
            Err(error) => Err(external(error)),
        }
    }

    async fn table_type(&self, _: &str) -> Result<Option<TableType>> {
        Ok(Some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.table_names().iter().any(|known| known == name)
    }
}

/// The metrics of runs.
#[derive(Debug)]
struct Runs(Everything);

#[async_trait]
impl SchemaProvider for Runs {
    fn table_names(&self) -> Vec<String> {
        told(self.0.runs.names())
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let (runs, name) = (self.0.runs.clone(), name.to_owned());
        let found = tokio::task::spawn_blocking(move || runs.recorded(&name)).await;
        match found.map_err(|cause| datafusion::error::DataFusionError::External(Box::new(cause)))? {
            Ok(rows) => Ok(Some(Arc::new(RunTable(rows)))),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { what: "run", .. }) => Ok(None),
            Err(error) => Err(external(error)),
        }
    }

    async fn table_type(&self, _: &str) -> Result<Option<TableType>> {
        Ok(Some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.table_names().iter().any(|known| known == name)
    }
}

/// A list of names, empty where they cannot be told: DataFusion asks for them where no error can be given.
fn told<T>(names: Found<Vec<T>>) -> Vec<T> {
    names.unwrap_or_else(|error| {
        warn!(%error, "names for a query cannot be told: {error}");
        Vec::new()
    })
}
