//! One query over a store on this machine, without a service: what `veneer sql` starts.
//!
//! The store is read beside whoever owns it. The answer goes out as an Arrow
//! stream, an error as JSON with the facts of its kind.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use veneer::dataset::Datasets;
use veneer::run::Runs;
use veneer::store::{Access, Cache, LocalStore};
use veneer::{Error, Result};

use super::{SqlEngine, SqlLimits, SqlQuery};
use crate::rows::{ColumnStore, to_stream, with_metadata};
use crate::runs::StoredRuns;
use crate::state::COLUMNS_LEN_MAX;

/// What the stream says of itself: `true` where there are more rows than were wanted.
pub const TRUNCATED: &str = "truncated";

/// Answers a query over the store in a folder.
///
/// # Errors
/// As [`SqlEngine::run`]; those of the store and of `out`.
pub fn once(store: &Path, query: SqlQuery, time: Duration, out: &mut dyn Write) -> Result<()> {
    let store = Arc::new(LocalStore::open(store, Access::Read)?);
    let cache = Cache::new(&store.path().join("cache"));
    let runs = Arc::new(StoredRuns(Runs::new(Arc::clone(&store) as _)));
    let datasets = Datasets::new(store).with_cache(cache);
    let limits = SqlLimits { time, ..SqlLimits::default() };
    let columns = Arc::new(ColumnStore::new(COLUMNS_LEN_MAX));
    let answer = SqlEngine::new(Arc::new(datasets), columns, runs, limits).run(query)?;
    let metadata = HashMap::from([(TRUNCATED.to_owned(), answer.truncated.to_string())]);
    let bytes = to_stream(&with_metadata(&answer.to_batch()?, metadata)?)?;
    out.write_all(&bytes).and_then(|()| out.flush()).map_err(|cause| Error::io("write the answer", cause))
}

/// The facts of an error as JSON, with the causes that they do not tell.
pub fn told(error: &Error) -> Value {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    let mut facts = json!(error.kind());
    if let Value::Object(facts) = &mut facts {
        facts.insert("causes".to_owned(), causes.into());
    }
    facts
}
