//! Runs of a service elsewhere: it knows their samples, so it is asked, and not the store alone.

use serde_json::Value;

use super::{RemoteStore, encoded};
use crate::Result;
use crate::model::RunName;

/// What rows are sent as.
const ARROW: &str = "application/vnd.apache.arrow.stream";
const JSON: &str = "application/json";

impl RemoteStore {
    /// Tells of a run.
    ///
    /// # Errors
    /// `NotFound`; those of the way there.
    pub fn run(&self, name: &RunName) -> Result<Value> {
        let answer = self.get(&path(name, ""), &[])?;
        self.json(answer)
    }

    /// Begins a run.
    ///
    /// # Errors
    /// `NotFound` for what it is to look at; those of the way there.
    pub fn begin_run(&self, new: &Value) -> Result<Value> {
        let request = self.signed(self.agent.post(self.url("/v1/runs"))).content_type(JSON);
        let answer = self.check(request.send(new.to_string()))?;
        self.json(answer)
    }

    /// Changes what is said of a run.
    ///
    /// # Errors
    /// `NotFound`; those of the way there.
    pub fn change_run(&self, name: &RunName, change: &Value) -> Result<Value> {
        let request = self.signed(self.agent.patch(self.url(&path(name, "")))).content_type(JSON);
        let answer = self.check(request.send(change.to_string()))?;
        self.json(answer)
    }

    /// Has a batch of rows taken in, an Arrow stream.
    ///
    /// # Errors
    /// `NotFound` for the run; what the service says of the rows.
    pub fn put_metrics(&self, name: &RunName, batch: &str, stream: &[u8]) -> Result<Value> {
        let request = self.signed(self.agent.put(self.url(&path(name, &format!("/batches/{batch}")))));
        let answer = self.check(request.content_type(ARROW).send(stream))?;
        self.json(answer)
    }
}

fn path(name: &RunName, rest: &str) -> String {
    format!("/v1/runs/{}{rest}", encoded(name.as_str().as_bytes()))
}
