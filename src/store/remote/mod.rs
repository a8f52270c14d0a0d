//! A store elsewhere, over HTTP: a service's port, or the socket of one on this machine.
//!
//! It keeps nothing but connections. What it gives is not checked; see
//! [`super::Verified`]. An error of the service has the meaning that it had
//! there. A small object comes into memory, a large one into a file without a
//! name, so that it can be read anywhere.

mod runs;
mod socket;

use std::fs;
use std::io::{Read, Seek};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use ureq::http::{HeaderValue, Response};
use ureq::{Agent, Body, RequestBuilder, SendBody, config::Config};

use super::{Batch, Object, Store, batch, wire};
use crate::model::{DataPath, DatasetName, Id, ObjectKind, RefName, RefValue, WriterName};
use crate::{Error, ErrorKind, Result};

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long the service may be silent: longer than it lets anybody wait.
const SILENCE_MAX: Duration = Duration::from_secs(120);
/// How long after a failure a service that is away is tried again.
const PAUSE: Duration = Duration::from_millis(200);
/// However short the patience is, a service may be silent for so long.
const SILENCE_MIN: Duration = Duration::from_secs(5);
/// So long is one request that waits for refs to move.
const WAIT: Duration = Duration::from_secs(25);
/// An object with more bytes is kept in a file.
const IN_MEMORY_MAX: u64 = 8 << 20;
/// An object of so many bytes is asked for before it is sent, and is sent before the batch that it is in.
const LARGE: usize = 1 << 20;
/// A batch whose objects have more bytes together is sent in parts: the objects, and then the rest.
const BATCH_MAX: usize = 16 << 20;
/// The header in which it says for whom it asks.
const WRITER: &str = "Veneer-Author";
/// The most bytes of a problem that are read.
const PROBLEM_MAX: u64 = 1 << 20;

/// A store that a service has.
#[derive(Debug)]
pub struct RemoteStore {
    agent: Agent,
    /// `http://HOST:PORT`, without a slash at the end.
    base: String,
    /// What people call it.
    name: String,
    token: Option<String>,
    /// Who asks, as the service writes it down; proves nothing.
    writer: Option<HeaderValue>,
    /// Where large objects are kept while they are read.
    scratch: PathBuf,
    files: AtomicU64,
    /// How long reading an object waits for a service that is away.
    patience: Duration,
}

impl RemoteStore {
    /// The store of the service at `url`, `http://HOST:PORT`; nobody is asked yet.
    ///
    /// Large objects are kept below `scratch` as long as they are read.
    ///
    /// # Errors
    /// `Invalid` for what is no such URL.
    pub fn at(url: &str, token: Option<String>, scratch: &Path) -> Result<RemoteStore> {
        let base = url.trim_end_matches('/');
        let authority = base.strip_prefix("http://").unwrap_or_default();
        if authority.is_empty() || authority.contains('/') {
            return Err(Error::invalid("store", url, "a store elsewhere is `http://HOST:PORT`"));
        }
        let agent = Agent::new_with_config(config(CONNECT_WITHIN, SILENCE_MAX));
        Ok(RemoteStore::with(agent, base.to_owned(), base.to_owned(), token, scratch))
    }

    /// The store of the service that listens on the socket `path`.
    ///
    /// # Errors
    /// `Io` when nobody listens there.
    pub fn at_socket(path: &Path, scratch: &Path) -> Result<RemoteStore> {
        socket::connect(path).map_err(|cause| Error::io_at("connect to", path, cause))?;
        let agent = socket::agent(config(CONNECT_WITHIN, SILENCE_MAX), path);
        let name = path.display().to_string();
        Ok(RemoteStore::with(agent, "http://localhost".to_owned(), name, None, scratch))
    }

    fn with(agent: Agent, base: String, name: String, token: Option<String>, scratch: &Path) -> RemoteStore {
        let (scratch, files) = (scratch.to_owned(), AtomicU64::new(0));
        RemoteStore { agent, base, name, token, writer: None, scratch, files, patience: Duration::ZERO }
    }

    /// The same, saying for whom it asks: a service writes down who changed what.
    #[must_use]
    pub fn asking_for(self, writer: &WriterName) -> RemoteStore {
        RemoteStore { writer: HeaderValue::from_bytes(writer.as_str().as_bytes()).ok(), ..self }
    }

    /// The same, over TCP, where reading waits so long for a service that is away, and then fails.
    ///
    /// Only reading what never changes: refs are asked for once.
    #[must_use]
    pub fn patient(self, patience: Duration) -> RemoteStore {
        let config = config(CONNECT_WITHIN.min(patience.max(PAUSE)), patience.clamp(SILENCE_MIN, SILENCE_MAX));
        RemoteStore { agent: Agent::new_with_config(config), patience, ..self }
    }

    /// A few digits that stand for the store at this URL in a name.
    pub fn mark(url: &str) -> String {
        let mut digits = Id::of(url.trim_end_matches('/').as_bytes()).to_hex();
        digits.truncate(8);
        digits
    }

    /// Bytes of a source's file as a base of the dataset has recorded it; the service has the source.
    ///
    /// # Errors
    /// `SourceChanged` when the file is no longer that, `NotFound` when the base names none.
    pub fn source_bytes(&self, name: &DatasetName, base: Id, path: &DataPath, range: Range<u64>) -> Result<Bytes> {
        let (name, path) = (encoded(name.as_str().as_bytes()), encoded(path.as_bytes()));
        let url = self.url(&format!("/v1/datasets/{name}/sources/{base}/{path}"));
        let wanted = range.end.saturating_sub(range.start);
        self.patiently(|| {
            let header = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
            let mut answer = self.check(self.signed(self.agent.get(&url)).header("Range", header).call())?;
            let is_range = answer.status().as_u16() == 206;
            let bytes = answer.body_mut().with_config().limit(wanted + 1).read_to_vec();
            let bytes = bytes.map_err(|cause| self.unreachable(cause))?;
            match bytes.len() as u64 == wanted && (is_range || range.start == 0) {
                true => Ok(bytes.into()),
                false => Err(self.strange(format!("{} bytes came, {wanted} were asked for", bytes.len()))),
            }
        })
    }

    /// Asks again and again as long as the service is away, within the patience.
    fn patiently<T>(&self, ask: impl Fn() -> Result<T>) -> Result<T> {
        let deadline = Instant::now() + self.patience;
        loop {
            match ask() {
                Err(error) if self.is_away(&error) && Instant::now() + PAUSE < deadline => thread::sleep(PAUSE),
                answer => return answer,
            }
        }
    }

    fn is_away(&self, error: &Error) -> bool {
        matches!(error.kind(), ErrorKind::Io { action } if *action == self.reach())
    }

    /// What cannot be done while the service is away.
    fn reach(&self) -> String {
        format!("reach the store at `{}`", self.name)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn signed<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        let request = match &self.writer {
            Some(writer) => request.header(WRITER, writer),
            None => request,
        };
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// Takes an answer apart: a problem becomes the error that it was.
    fn check(&self, answer: std::result::Result<Response<Body>, ureq::Error>) -> Result<Response<Body>> {
        let mut answer = answer.map_err(|cause| self.unreachable(cause))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(PROBLEM_MAX).read_to_vec().unwrap_or_default();
        let facts: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
        Err(ErrorKind::from_facts(&facts).map(Error::new).unwrap_or_else(|| {
            let detail = facts.get("detail").and_then(Value::as_str).map_or_else(|| status.to_string(), str::to_owned);
            if matches!(status.as_u16(), 502..=504) {
                return Error::new(ErrorKind::Io { action: self.reach() }).caused_by(detail);
            }
            Error::new(ErrorKind::Io { action: format!("use the store at `{}`: {detail}", self.name) })
        }))
    }

    fn unreachable(&self, cause: ureq::Error) -> Error {
        let action = self.reach();
        match cause {
            // A reader that has waited in vain is told that, and no detail of the last attempt.
            ureq::Error::Io(cause) if self.patience.is_zero() => Error::new(ErrorKind::Io { action }).caused_by(cause),
            cause => Error::new(ErrorKind::Io { action }).caused_by(cause),
        }
    }

    fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Response<Body>> {
        let request = self.signed(self.agent.get(self.url(path)));
        self.check(request.query_pairs(query.iter().copied()).call())
    }

    fn json<T: for<'a> Deserialize<'a>>(&self, mut answer: Response<Body>) -> Result<T> {
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
        let body = body.map_err(|cause| self.unreachable(cause))?;
        serde_json::from_slice(&body).map_err(|cause| self.strange(cause))
    }

    fn strange(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let action = format!("understand the answer of the store at `{}`", self.name);
        Error::new(ErrorKind::Io { action }).caused_by(cause)
    }

    fn put_as(&self, kind: ObjectKind, id: Id, bytes: &[u8]) -> Result<()> {
        // As a revision it must be found by its prefix, so it is sent although the same bytes may be there.
        if bytes.len() >= LARGE && kind != ObjectKind::Revision && self.has(id)? {
            return Ok(());
        }
        let request = self.signed(self.agent.put(self.url(&format!("/v1/objects/{id}"))));
        self.check(request.query("kind", word(kind)).send(bytes)).map(drop)
    }

    fn open_once(&self, id: Id) -> Result<Object> {
        let mut answer = self.get(&format!("/v1/objects/{id}"), &[])?;
        let len = answer.body().content_length();
        let body = answer.body_mut().with_config().limit(u64::MAX);
        match len {
            Some(len) if len <= IN_MEMORY_MAX => {
                let bytes = body.read_to_vec().map_err(|cause| self.unreachable(cause))?;
                Ok(Object::from_bytes(bytes.into()))
            }
            _ => self.keep_in_file(id, &mut body.reader()),
        }
    }

    /// Takes a body of `len` bytes into a file that has no name any more when it is opened.
    fn keep_in_file(&self, id: Id, body: &mut dyn Read) -> Result<Object> {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let path = self.scratch.join(format!("{id}.{}-{number}", std::process::id()));
        let failed = |cause| Error::io_at("write", &path, cause);
        fs::create_dir_all(&self.scratch).map_err(failed)?;
        let written = fs::File::create_new(&path).and_then(|mut file| {
            std::io::copy(body, &mut file)?;
            file.rewind()
        });
        let opened = written.map_err(failed).and_then(|()| Object::from_path(&path));
        let _ = fs::remove_file(&path);
        opened
    }
}

fn config(connect: Duration, silence: Duration) -> Config {
    Agent::config_builder()
        .http_status_as_error(false)
        // The core does not read the environment, and a store is no page of the web.
        .proxy(None)
        .max_redirects(0)
        .timeout_connect(Some(connect))
        .timeout_per_read(Some(silence))
        .max_idle_connections_per_host(16)
        .build()
}

/// The word for a kind in a query.
fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Blob => "blob",
        ObjectKind::Base => "base",
        ObjectKind::Node => "node",
        ObjectKind::Revision => "revision",
        ObjectKind::Draft => "draft",
        ObjectKind::Dataset => "dataset",
        ObjectKind::Run => "run",
    }
}

/// A ref's name or a path as a part of a URL's path: its slashes stay.
fn encoded(name: &[u8]) -> String {
    name.iter().fold(String::new(), |mut text, &byte| {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

#[derive(Deserialize)]
struct Ref {
    name: String,
    id: String,
    op: u64,
}

#[derive(Deserialize)]
struct Refs {
    refs: Vec<Ref>,
}

#[derive(Deserialize)]
struct Operation {
    op: u64,
}

#[derive(Deserialize)]
struct Stored {
    id: String,
    len: u64,
}

#[derive(Deserialize)]
struct Revisions {
    revisions: Vec<String>,
}

impl Ref {
    fn value(&self) -> Result<RefValue> {
        Ok(RefValue { id: Id::from_hex(&self.id)?, op: self.op })
    }
}

impl Store for RemoteStore {
    fn get(&self, id: Id) -> Result<Bytes> {
        self.patiently(|| {
            let mut answer = RemoteStore::get(self, &format!("/v1/objects/{id}"), &[])?;
            let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
            body.map(Bytes::from).map_err(|cause| self.unreachable(cause))
        })
    }

    fn open(&self, id: Id) -> Result<Object> {
        self.patiently(|| self.open_once(id))
    }

    fn has(&self, id: Id) -> Result<bool> {
        let request = self.signed(self.agent.head(self.url(&format!("/v1/objects/{id}"))));
        let answer = request.call().map_err(|cause| self.unreachable(cause))?;
        match answer.status().as_u16() {
            404 => Ok(false),
            _ => self.check(Ok(answer)).map(|_| true),
        }
    }

    fn put(&self, kind: ObjectKind, bytes: &[u8]) -> Result<Id> {
        let id = Id::of(bytes);
        self.put_as(kind, id, bytes).map(|()| id)
    }

    fn put_stream(&self, kind: ObjectKind, content: &mut dyn Read) -> Result<(Id, u64)> {
        let request = self.signed(self.agent.post(self.url("/v1/objects")));
        let mut content = content;
        let answer = self.check(request.query("kind", word(kind)).send(SendBody::from_reader(&mut content)))?;
        let stored: Stored = self.json(answer)?;
        Ok((Id::from_hex(&stored.id)?, stored.len))
    }

    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>> {
        match RemoteStore::get(self, &format!("/v1/refs/{}", encoded(name.as_str().as_bytes())), &[]) {
            Ok(answer) => self.json::<Ref>(answer)?.value().map(Some),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>> {
        let refs: Refs = self.json(RemoteStore::get(self, "/v1/refs", &[("prefix", prefix)])?)?;
        refs.refs.iter().map(|found| Ok((RefName::parse(&found.name)?, found.value()?))).collect()
    }

    fn apply(&self, batch: &Batch) -> Result<u64> {
        let total: usize = batch.objects.iter().map(|(_, bytes)| bytes.len()).sum();
        let is_early = |bytes: &Bytes| total > BATCH_MAX || bytes.len() >= LARGE;
        let mut rest = batch.clone();
        if batch.objects.iter().any(|(_, bytes)| is_early(bytes)) {
            // What was put before is durable with the batch, and no ref names it if that is refused.
            for (kind, bytes) in batch.objects.iter().filter(|(_, bytes)| is_early(bytes)) {
                self.put_as(*kind, Id::of(bytes), bytes)?;
            }
            rest.objects.retain(|(_, bytes)| !is_early(bytes));
        }
        let request = self.signed(self.agent.post(self.url("/v1/apply"))).content_type(wire::BATCH);
        let answer = self.check(request.send(&wire::encode(&rest)[..]))?;
        Ok(self.json::<Operation>(answer)?.op)
    }

    fn watch_refs(&self, op: u64, timeout: Duration) -> Result<u64> {
        let deadline = batch::deadline(timeout);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // Rounded up: a wait that is too short by a part of a millisecond is too short.
            let timeout_ms = left.min(WAIT).as_micros().div_ceil(1000).to_string();
            let query = [("after", &*op.to_string()), ("timeout_ms", &*timeout_ms)];
            let last: Operation = self.json(RemoteStore::get(self, "/v1/ops", &query)?)?;
            if last.op > op || left <= WAIT {
                return Ok(last.op);
            }
        }
    }

    fn revisions_with_prefix(&self, prefix: &str) -> Result<Vec<Id>> {
        let found: Revisions = self.json(RemoteStore::get(self, "/v1/revisions", &[("prefix", prefix)])?)?;
        found.revisions.iter().map(|id| Id::from_hex(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_host_and_nothing_else() {
        let at = |url: &str| RemoteStore::at(url, None, Path::new("/nowhere"));
        assert_eq!(at("http://gpu1:5015/").expect("valid").base, "http://gpu1:5015");
        for url in ["", "http://", "gpu1:5015", "ftp://gpu1", "http://gpu1/store", "/a/folder"] {
            assert!(at(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_ref_of_an_odd_writer_is_one_path() {
        let writer = "ada %/ö".parse().expect("a writer");
        let name = RefName::draft(&"d".parse().expect("valid"), &"fix/a".parse().expect("valid"), &writer);
        assert_eq!(encoded(name.as_str().as_bytes()), "drafts/d/ada%20%2525%252f%C3%B6/fix/a");
    }

    #[test]
    fn a_store_that_nobody_serves_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("service.sock");
        assert!(RemoteStore::at_socket(&socket, folder.path()).is_err());
        let store = RemoteStore::at("http://127.0.0.1:1", None, folder.path()).expect("nobody is asked yet");
        let error = store.list_refs("").expect_err("nobody is there");
        assert!(error.to_string().contains("http://127.0.0.1:1"), "{error}");
    }
}
