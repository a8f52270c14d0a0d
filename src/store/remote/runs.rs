//! Runs of a service elsewhere: it knows their samples, so it is asked, and not the store alone.

use serde_json::Value;

use super::RemoteStore;
use super::names::encoded;
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
        let answer = self.service.get(&path(name, ""), &[])?;
        self.service.json(answer)
    }

    /// Begins a run.
    ///
    /// # Errors
    /// `NotFound` for what it is to look at; those of the way there.
    pub fn begin_run(&self, new: &Value) -> Result<Value> {
        let request = self.service.signed(self.service.agent.post(self.service.url("/v1/runs"))).content_type(JSON);
        let answer = self.service.check(request.send(new.to_string()))?;
        self.service.json(answer)
    }

    /// Changes what is said of a run.
    ///
    /// # Errors
    /// `NotFound`; those of the way there.
    pub fn change_run(&self, name: &RunName, change: &Value) -> Result<Value> {
        let request =
            self.service.signed(self.service.agent.patch(self.service.url(&path(name, "")))).content_type(JSON);
        let answer = self.service.check(request.send(change.to_string()))?;
        self.service.json(answer)
    }

    /// Has a batch of rows taken in, an Arrow stream.
    ///
    /// # Errors
    /// `NotFound` for the run; what the service says of the rows.
    pub fn put_metrics(&self, name: &RunName, batch: &str, stream: &[u8]) -> Result<Value> {
        let request =
            self.service.signed(self.service.agent.put(self.service.url(&path(name, &format!("/batches/{batch}")))));
        let answer = self.service.check(request.content_type(ARROW).send(stream))?;
        self.service.json(answer)
    }
}

fn path(name: &RunName, rest: &str) -> String {
    format!("/v1/runs/{}{rest}", encoded(name.as_str().as_bytes()))
}
