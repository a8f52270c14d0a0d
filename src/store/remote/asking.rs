//! Asking a service: who asks, what of an answer is an error, and which.
//!
//! Nothing here knows what is asked for.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use ureq::http::{HeaderValue, Response};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, RequestBuilder, config::Config};

use super::tls;
use crate::model::WriterName;
use crate::{Error, ErrorKind, Result};

/// The header in which it says for whom it asks.
const WRITER: &str = "Veneer-Author";
/// The most bytes of a problem that are read.
const PROBLEM_MAX: u64 = 1 << 20;

/// A service, and who asks it.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) agent: Agent,
    /// How TLS is spoken, where it is.
    pub(super) tls: Option<TlsConfig>,
    /// `http://HOST:PORT`, without a slash at the end.
    pub(super) base: String,
    /// What people call it.
    pub(super) name: String,
    pub(super) token: Option<String>,
    /// Who asks, as the service writes it down; proves nothing.
    pub(super) writer: Option<HeaderValue>,
    /// Whether a reader waits while the service is away.
    pub(super) is_patient: bool,
}

impl Service {
    pub(super) fn new(agent: Agent, tls: Option<TlsConfig>, base: String, name: String) -> Service {
        Service { agent, tls, base, name, token: None, writer: None, is_patient: false }
    }

    /// The same, saying for whom it asks.
    pub(super) fn asking_for(self, writer: &WriterName) -> Service {
        Service { writer: HeaderValue::from_bytes(writer.as_str().as_bytes()).ok(), ..self }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Adds to a request who asks.
    pub(super) fn signed<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        let request = match &self.writer {
            Some(writer) => request.header(WRITER, writer),
            None => request,
        };
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    pub(super) fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Response<Body>> {
        let request = self.signed(self.agent.get(self.url(path)));
        self.check(request.query_pairs(query.iter().copied()).call())
    }

    /// Takes an answer apart: a problem becomes the error that it was.
    pub(super) fn check(&self, answer: std::result::Result<Response<Body>, ureq::Error>) -> Result<Response<Body>> {
        let mut answer = answer.map_err(|cause| self.unreachable(cause))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(PROBLEM_MAX).read_to_vec().unwrap_or_default();
        let facts: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
        let detail = status.to_string();
        Err(match ErrorKind::from_facts(&facts) {
            None if matches!(status.as_u16(), 502..=504) => {
                let detail = facts.get("detail").and_then(Value::as_str).unwrap_or(&detail);
                Error::new(ErrorKind::Io { action: self.reach() }).caused_by(detail)
            }
            _ => self.problem(&facts, &detail),
        })
    }

    /// The error that a problem was there; `detail` is told where it does not say.
    pub(super) fn problem(&self, facts: &Map<String, Value>, detail: &str) -> Error {
        ErrorKind::from_facts(facts).map(Error::new).unwrap_or_else(|| {
            let detail = facts.get("detail").and_then(Value::as_str).unwrap_or(detail);
            Error::new(ErrorKind::Io { action: format!("use the store at `{}`: {detail}", self.name) })
        })
    }

    pub(super) fn json<T: for<'a> Deserialize<'a>>(&self, mut answer: Response<Body>) -> Result<T> {
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
        let body = body.map_err(|cause| self.unreachable(cause))?;
        serde_json::from_slice(&body).map_err(|cause| self.strange(cause))
    }

    pub(super) fn is_away(&self, error: &Error) -> bool {
        matches!(error.kind(), ErrorKind::Io { action } if *action == self.reach())
    }

    /// What cannot be done while the service is away.
    fn reach(&self) -> String {
        format!("reach the store at `{}`", self.name)
    }

    pub(super) fn unreachable(&self, cause: ureq::Error) -> Error {
        if let Some(distrust) = tls::distrust(&cause, self.tls.is_some()) {
            let action = format!("talk to the store at `{}`", self.name);
            return Error::new(ErrorKind::Io { action }).caused_by(distrust);
        }
        let action = self.reach();
        match cause {
            // A reader that has waited in vain is told that, and no detail of the last attempt.
            ureq::Error::Io(cause) if !self.is_patient => Error::new(ErrorKind::Io { action }).caused_by(cause),
            cause => Error::new(ErrorKind::Io { action }).caused_by(cause),
        }
    }

    pub(super) fn strange(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let action = format!("understand the answer of the store at `{}`", self.name);
        Error::new(ErrorKind::Io { action }).caused_by(cause)
    }
}

/// How every service is asked; a connection is made within `connect`, and may be silent for `silence`.
pub(super) fn config(connect: Duration, silence: Duration, tls: Option<&TlsConfig>) -> Config {
    let config = Agent::config_builder();
    let config = match tls {
        Some(tls) => config.tls_config(tls.clone()).https_only(true),
        None => config,
    };
    config
        .http_status_as_error(false)
        // The core does not read the environment, and a store is no page of the web.
        .proxy(None)
        .max_redirects(0)
        .timeout_connect(Some(connect))
        .timeout_per_read(Some(silence))
        .max_idle_connections_per_host(16)
        .build()
}
