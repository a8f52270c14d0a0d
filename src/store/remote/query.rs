//! Queries, answered by a service elsewhere.

use bytes::Bytes;
use serde_json::Value;

use super::RemoteStore;
use crate::Result;

/// In which header it tells that rows are left out.
const TRUNCATED: &str = "veneer-truncated";

impl RemoteStore {
    /// The answer to a query in SQL as an Arrow stream, and whether there are more rows than it asked for.
    ///
    /// # Errors
    /// What the service says of the query; those of the way there.
    pub fn query(&self, query: &Value) -> Result<(Bytes, bool)> {
        let service = &self.service;
        let request = service.signed(service.agent.post(service.url("/v1/sql"))).content_type("application/json");
        let request = request.header("Accept", "application/vnd.apache.arrow.stream");
        let mut answer = service.check(request.send(query.to_string()))?;
        let is_truncated = answer.headers().get(TRUNCATED).is_some_and(|value| value == "true");
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
        Ok((body.map_err(|cause| service.unreachable(cause))?.into(), is_truncated))
    }
}
