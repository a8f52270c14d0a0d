//! A query, its limits, and the engine that runs it.
//!
//! The engine has threads of its own: a query that takes all processors for a
//! while does not keep the service from answering others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, ParamValues, ScalarValue};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use futures::StreamExt;
use serde_json::Value as Json;
use tokio::runtime::{Builder, Runtime};
use veneer::{Error, ErrorKind, Result};

use super::answer::SqlAnswer;
use super::at::At;
use super::catalog::{Everything, Views};
use super::fault::{invalid, meaning, unanswered};
use super::guard;
use crate::rows::{ColumnStore, RunMetrics};

/// The catalog that everything is in; nobody needs to name it.
const CATALOG: &str = "veneer";
/// The schema of names that name none.
const NO_SCHEMA: &str = "public";
/// Enough for plans as deep as [`guard`] lets through; only what is used is taken.
const STACK: usize = 64 << 20;

/// How many queries are answered at a time.
const AT_ONCE: usize = 16;

/// What a query may take.
#[derive(Clone, Copy, Debug)]
pub struct SqlLimits {
    /// How long it may take.
    pub time: Duration,
    /// How many bytes all queries may hold together, beside the columns that they read.
    pub memory: usize,
    /// How many rows an answer may have.
    pub rows: usize,
    /// How many bytes an answer may have.
    pub bytes: usize,
}

impl Default for SqlLimits {
    fn default() -> SqlLimits {
        SqlLimits { time: Duration::from_secs(30), memory: 512 << 20, rows: 1_000_000, bytes: 256 << 20 }
    }
}

/// A query.
#[derive(Clone, Debug, Default)]
pub struct SqlQuery {
    /// What is asked: SELECT, EXPLAIN, SHOW, DESCRIBE.
    pub text: String,
    /// What stands for `$1`, `$2` …
    pub params: Vec<Json>,
    /// How many rows are wanted at most; what is left out is told.
    pub limit: usize,
    /// The dataset of tables that are named without one.
    pub dataset: Option<String>,
}

/// Runs queries.
#[derive(Debug)]
pub struct SqlEngine {
    all: Everything,
    limits: SqlLimits,
    /// How many processors a query takes.
    processors: usize,
    /// Started by the first query.
    running: Mutex<Option<Arc<Running>>>,
    /// How many queries are being answered, or given up and not ended yet.
    turns: Arc<AtomicUsize>,
}

/// A query's turn, until it has ended.
struct Turn(Arc<AtomicUsize>);

impl Turn {
    fn take(turns: &Arc<AtomicUsize>) -> Option<Turn> {
        let turn = Turn(turns.clone());
        (turns.fetch_add(1, Ordering::Relaxed) < AT_ONCE).then_some(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The threads and the memory of queries.
#[derive(Debug)]
struct Running {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    environment: Arc<RuntimeEnv>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Waiting for its threads would be refused where other tasks run.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Running {
    fn new(processors: usize, limits: &SqlLimits) -> Result<Running> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(processors)
            .thread_stack_size(STACK)
            .thread_name("sql")
            .enable_time()
            .build()
            .map_err(|cause| Error::io("start the threads of queries", cause))?;
        // What does not fit into memory is refused: spilling would fill somebody's disk.
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory)))
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(|cause| unanswered().caused_by(cause))?;
        Ok(Running { runtime: Some(runtime), environment })
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("there until it is dropped")
    }
}

impl SqlEngine {
    /// An engine over the tables of `views`, whose columns are those of `store`; it starts with the first query.
    pub fn new(
        views: Arc<dyn Views>,
        store: Arc<ColumnStore>,
        runs: Arc<dyn RunMetrics>,
        limits: SqlLimits,
    ) -> SqlEngine {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        SqlEngine {
            all: Everything { views, store, runs },
            limits,
            processors,
            running: Mutex::default(),
            turns: Arc::default(),
        }
    }

    fn running(&self) -> Result<Arc<Running>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*running {
            return Ok(running.clone());
        }
        Ok(running.insert(Arc::new(Running::new(self.processors, &self.limits)?)).clone())
    }

    /// Runs a query, and waits for its answer.
    ///
    /// # Errors
    /// `Invalid` for a query that cannot be read or planned, changes something, fails by a value, or takes more than it
    /// may; those of reading the tables.
    pub fn run(&self, query: SqlQuery) -> Result<SqlAnswer> {
        guard::check(&query.text)?;
        let (began, limits) = (Instant::now(), self.limits);
        let running = self.running()?;
        let context = self.context(&running.environment, query.dataset.as_deref());
        let Some(turn) = Turn::take(&self.turns) else {
            return Err(invalid(&query.text, &format!("{AT_ONCE} others are being answered")));
        };
        let text = query.text.clone();
        let (said, hears) = mpsc::sync_channel(1);
        let task = running.runtime().spawn(async move {
            let _turn = turn;
            let _ = said.send(answered(&context, &query, &limits).await);
        });
        // Waited for here, not there: what keeps all of the engine's threads busy keeps its clock from going, too.
        let answer = match hears.recv_timeout(limits.time) {
            Ok(answer) => answer,
            // Most likely by a value that is too large for it; its panics tell no more.
            Err(RecvTimeoutError::Disconnected) => return Err(invalid(&text, "the engine gave it up in the middle")),
            Err(RecvTimeoutError::Timeout) => {
                task.abort();
                return Err(invalid(&text, &format!("it took longer than {} ms", limits.time.as_millis())));
            }
        };
        let (schema, batches, truncated) = answer?;
        Ok(SqlAnswer { schema, batches, truncated, elapsed: began.elapsed() })
    }

    fn context(&self, environment: &Arc<RuntimeEnv>, dataset: Option<&str>) -> SessionContext {
        let config = SessionConfig::new()
            .with_target_partitions(self.processors)
            .with_information_schema(true)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(CATALOG, dataset.unwrap_or(NO_SCHEMA));
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(environment.clone())
            .with_default_features()
            .build();
        let context = SessionContext::new_with_state(state);
        // `range` and `generate_series` stay as tables, which come piece by piece; as values they are whole.
        for name in guard::GROWING.into_iter().chain(["range", "generate_series"]) {
            context.deregister_udf(name);
        }
        context.register_catalog(CATALOG, Arc::new(self.all.clone()));
        context.register_udtf("at", Arc::new(At(self.all.clone())));
        context
    }
}

type Found = (arrow::datatypes::SchemaRef, Vec<RecordBatch>, bool);

async fn answered(context: &SessionContext, query: &SqlQuery, limits: &SqlLimits) -> Result<Found> {
    let told = |error: DataFusionError| meaning(&query.text, error);
    let plan = context.state().create_logical_plan(&query.text).await.map_err(told)?;
    let reads = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    if let Err(error) = reads.verify_plan(&plan) {
        return Err(Error::new(ErrorKind::ReadOnly { why: format!("SQL only reads: {}", error.strip_backtrace()) }));
    }
    let mut frame = context.execute_logical_plan(plan).await.map_err(told)?;
    if !query.params.is_empty() {
        let params = query.params.iter().map(|param| scalar(query, param)).collect::<Result<Vec<_>>>()?;
        frame = frame.with_param_values(ParamValues::from(params)).map_err(told)?;
    }
    let limit = query.limit.min(limits.rows);
    // What tells of a plan can be no part of another.
    let is_told = matches!(
        frame.logical_plan(),
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_)
    );
    if !is_told {
        frame = frame.limit(0, Some(limit + 1)).map_err(told)?;
    }
    let mut stream = frame.execute_stream().await.map_err(told)?;
    let schema = stream.schema();
    let (mut batches, mut rows, mut bytes) = (Vec::new(), 0, 0);
    while let Some(batch) = stream.next().await {
        let mut batch = batch.map_err(told)?;
        let truncated = rows + batch.num_rows() > limit;
        if truncated {
            batch = batch.slice(0, limit - rows);
        }
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
        if bytes > limits.bytes {
            return Err(invalid(&query.text, &format!("its answer has more than {} bytes", limits.bytes)));
        }
        batches.push(batch);
        if truncated {
            return Ok((schema, batches, true));
        }
    }
    Ok((schema, batches, false))
}

fn scalar(query: &SqlQuery, param: &Json) -> Result<ScalarValue> {
    Ok(match param {
        Json::Null => ScalarValue::Null,
        Json::Bool(truth) => ScalarValue::Boolean(Some(*truth)),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => ScalarValue::Int64(Some(whole)),
            None => ScalarValue::Float64(number.as_f64()),
        },
        Json::String(text) => ScalarValue::Utf8(Some(text.clone())),
        Json::Array(_) | Json::Object(_) => {
            return Err(invalid(&query.text, "a parameter is a text, a number, true, false or null"));
        }
    })
}
