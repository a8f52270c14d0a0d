//! What others take for the same work on the same file: pyarrow, orjson, DuckDB, asked in this run.

use std::path::Path;
use std::time::Duration;

use harness::Python;

use crate::world::tell;

/// The Python that has them, if it can be had.
#[derive(Debug)]
pub(crate) struct Peers(Option<Python>);

impl Peers {
    /// Finds or installs them; says why if they cannot be had.
    pub(crate) fn new() -> Peers {
        let python = Python::with("columnar");
        if let Err(why) = &python {
            tell(&format!("nobody is there to compare with: {why}"));
        }
        Peers(python.ok())
    }

    /// How long a peer takes for `work` on a file, without the start of Python; `None` without it.
    pub(crate) fn time(&self, work: &str, file: &Path) -> Option<Duration> {
        let python = self.0.as_ref()?;
        let said = python.judge("peers.py", &[Path::new(work), file]);
        let said = said.unwrap_or_else(|why| panic!("peers.py {work}: {why}"));
        let seconds = said.trim().parse().unwrap_or_else(|_| panic!("peers.py {work} said {said:?}"));
        Some(Duration::from_secs_f64(seconds))
    }

    /// Runs a script of `tests/python`; `None` without Python.
    pub(crate) fn ask(&self, script: &str, arguments: &[&str]) -> Option<String> {
        let said = self.0.as_ref()?.judge(script, arguments);
        Some(said.unwrap_or_else(|why| panic!("{script}: {why}")))
    }

    /// How many milliseconds DuckDB takes for a query of a Parquet file that it knows; `None` without it.
    pub(crate) fn query_ms(&self, query: &str, parquet: &Path) -> Option<f64> {
        self.ask("ask_duckdb.py", &[query, &parquet.to_string_lossy()])?.trim().parse().ok()
    }
}
