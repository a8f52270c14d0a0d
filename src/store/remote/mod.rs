//! A store elsewhere, over HTTP: a service's port, or the socket of one on this machine.
//!
//! It keeps nothing but connections. What it gives is not checked; see
//! [`super::Verified`]. An error of the service has the meaning that it had
//! there. A small object comes into memory, a large one into a file without a
//! name, so that it can be read anywhere.

mod answers;
mod asking;
mod names;
mod query;
mod runs;
mod socket;
mod tls;
mod upkeep;

use std::fs;
use std::io::{Read, Seek};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ureq::{Agent, SendBody};

use self::answers::{Missing, Operation, Ref, Refs, Revisions, Stored};
use self::asking::{Service, config};
use self::names::{encoded, word};
pub use self::tls::Distrust;
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

/// Who asks a service elsewhere, and whom it takes for that.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The token that is shown.
    pub token: Option<String>,
    /// Certificates that are trusted beside those of the system, in a file, as PEM.
    pub ca_file: Option<PathBuf>,
}

/// A store that a service has.
#[derive(Debug)]
pub struct RemoteStore {
    service: Service,
    /// Where large objects are kept while they are read.
    scratch: PathBuf,
    files: AtomicU64,
    /// How long reading an object waits for a service that is away.
    patience: Duration,
}

impl RemoteStore {
    /// The store of the service at `url`, `http://HOST:PORT` or `https://HOST:PORT`; nobody is asked yet.
    ///
    /// Large objects are kept below `scratch` as long as they are read.
    ///
    /// # Errors
    /// `Invalid` for what is no such URL, and for a file of certificates that holds none.
    pub fn at(url: &str, credentials: Credentials, scratch: &Path) -> Result<RemoteStore> {
        let base = names::base(url)?;
        let Credentials { token, ca_file } = credentials;
        let tls = names::is_tls(&base).then(|| tls::config(ca_file.as_deref())).transpose()?;
        let agent = Agent::new_with_config(config(CONNECT_WITHIN, SILENCE_MAX, tls.as_ref()));
        let service = Service { token, ..Service::new(agent, tls, base.clone(), base) };
        Ok(RemoteStore::of(service, scratch))
    }

    /// The store of the service that listens on the socket `path`.
    ///
    /// # Errors
    /// `Io` when nobody listens there.
    pub fn at_socket(path: &Path, scratch: &Path) -> Result<RemoteStore> {
        socket::connect(path).map_err(|cause| Error::io_at("connect to", path, cause))?;
        let agent = socket::agent(config(CONNECT_WITHIN, SILENCE_MAX, None), path);
        let name = path.display().to_string();
        Ok(RemoteStore::of(Service::new(agent, None, "http://localhost".to_owned(), name), scratch))
    }

    fn of(service: Service, scratch: &Path) -> RemoteStore {
        RemoteStore { service, scratch: scratch.to_owned(), files: AtomicU64::new(0), patience: Duration::ZERO }
    }

    /// The same, saying for whom it asks: a service writes down who changed what.
    #[must_use]
    pub fn asking_for(self, writer: &WriterName) -> RemoteStore {
        RemoteStore { service: self.service.asking_for(writer), ..self }
    }

    /// The same, over TCP, where reading waits so long for a service that is away, and then fails.
    ///
    /// Only reading what never changes: refs are asked for once.
    #[must_use]
    pub fn patient(self, patience: Duration) -> RemoteStore {
        let (connect, silence) = (CONNECT_WITHIN.min(patience.max(PAUSE)), patience.clamp(SILENCE_MIN, SILENCE_MAX));
        let config = config(connect, silence, self.service.tls.as_ref());
        let (agent, is_patient) = (Agent::new_with_config(config), !patience.is_zero());
        RemoteStore { service: Service { agent, is_patient, ..self.service }, patience, ..self }
    }

    /// A few digits that stand for the store at this URL in a name.
    pub fn mark(url: &str) -> String {
        names::mark(url)
    }

    /// Bytes of a source's file as a base of the dataset has recorded it; the service has the source.
    ///
    /// # Errors
    /// `SourceChanged` when the file is no longer that, `NotFound` when the base names none.
    pub fn source_bytes(&self, name: &DatasetName, base: Id, path: &DataPath, range: Range<u64>) -> Result<Bytes> {
        let service = &self.service;
        let (name, path) = (encoded(name.as_str().as_bytes()), encoded(path.as_bytes()));
        let url = service.url(&format!("/v1/datasets/{name}/sources/{base}/{path}"));
        let wanted = range.end.saturating_sub(range.start);
        self.patiently(|| {
            let header = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
            let mut answer = service.check(service.signed(service.agent.get(&url)).header("Range", header).call())?;
            let is_range = answer.status().as_u16() == 206;
            let bytes = answer.body_mut().with_config().limit(wanted + 1).read_to_vec();
            let bytes = bytes.map_err(|cause| service.unreachable(cause))?;
            match bytes.len() as u64 == wanted && (is_range || range.start == 0) {
                true => Ok(bytes.into()),
                false => Err(service.strange(format!("{} bytes came, {wanted} were asked for", bytes.len()))),
            }
        })
    }

    /// Asks again and again as long as the service is away, within the patience.
    fn patiently<T>(&self, ask: impl Fn() -> Result<T>) -> Result<T> {
        let deadline = Instant::now() + self.patience;
        loop {
            match ask() {
                Err(error) if self.service.is_away(&error) && Instant::now() + PAUSE < deadline => thread::sleep(PAUSE),
                answer => return answer,
            }
        }
    }

    fn put_as(&self, kind: ObjectKind, id: Id, bytes: &[u8]) -> Result<()> {
        // As a revision it must be found by its prefix, so it is sent although the same bytes may be there.
        if bytes.len() >= LARGE && kind != ObjectKind::Revision && self.is_kept(id)? {
            return Ok(());
        }
        let service = &self.service;
        let request = service.signed(service.agent.put(service.url(&format!("/v1/objects/{id}"))));
        service.check(request.query("kind", word(kind)).send(bytes)).map(drop)
    }

    /// Whether the service has the object, and keeps it for us to refer to.
    fn is_kept(&self, id: Id) -> Result<bool> {
        let service = &self.service;
        let asked = serde_json::json!({ "ids": [id.to_hex()] }).to_string();
        let request = service.signed(service.agent.post(service.url("/v1/objects/missing")));
        let answer = service.check(request.content_type("application/json").send(asked.as_bytes()))?;
        Ok(service.json::<Missing>(answer)?.missing.is_empty())
    }

    fn open_once(&self, id: Id) -> Result<Object> {
        let mut answer = self.service.get(&format!("/v1/objects/{id}"), &[])?;
        let len = answer.body().content_length();
        let body = answer.body_mut().with_config().limit(u64::MAX);
        match len {
            Some(len) if len <= IN_MEMORY_MAX => {
                let bytes = body.read_to_vec().map_err(|cause| self.service.unreachable(cause))?;
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

impl Store for RemoteStore {
    fn get(&self, id: Id) -> Result<Bytes> {
        self.patiently(|| {
            let mut answer = self.service.get(&format!("/v1/objects/{id}"), &[])?;
            let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
            body.map(Bytes::from).map_err(|cause| self.service.unreachable(cause))
        })
    }

    fn open(&self, id: Id) -> Result<Object> {
        self.patiently(|| self.open_once(id))
    }

    fn has(&self, id: Id) -> Result<bool> {
        let service = &self.service;
        let request = service.signed(service.agent.head(service.url(&format!("/v1/objects/{id}"))));
        let answer = request.call().map_err(|cause| service.unreachable(cause))?;
        match answer.status().as_u16() {
            404 => Ok(false),
            _ => service.check(Ok(answer)).map(|_| true),
        }
    }

    fn put(&self, kind: ObjectKind, bytes: &[u8]) -> Result<Id> {
        let id = Id::of(bytes);
        self.put_as(kind, id, bytes).map(|()| id)
    }

    fn put_stream(&self, kind: ObjectKind, content: &mut dyn Read) -> Result<(Id, u64)> {
        let service = &self.service;
        let request = service.signed(service.agent.post(service.url("/v1/objects")));
        let mut content = content;
        let answer = service.check(request.query("kind", word(kind)).send(SendBody::from_reader(&mut content)))?;
        let stored: Stored = service.json(answer)?;
        Ok((Id::from_hex(&stored.id)?, stored.len))
    }

    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>> {
        match self.service.get(&format!("/v1/refs/{}", encoded(name.as_str().as_bytes())), &[]) {
            Ok(answer) => self.service.json::<Ref>(answer)?.value().map(Some),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>> {
        let refs: Refs = self.service.json(self.service.get("/v1/refs", &[("prefix", prefix)])?)?;
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
        let service = &self.service;
        let request = service.signed(service.agent.post(service.url("/v1/apply"))).content_type(wire::BATCH);
        let answer = service.check(request.send(&wire::encode(&rest)[..]))?;
        Ok(service.json::<Operation>(answer)?.op)
    }

    fn watch_refs(&self, op: u64, timeout: Duration) -> Result<u64> {
        let deadline = batch::deadline(timeout);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // Rounded up: a wait that is too short by a part of a millisecond is too short.
            let timeout_ms = left.min(WAIT).as_micros().div_ceil(1000).to_string();
            let query = [("after", &*op.to_string()), ("timeout_ms", &*timeout_ms)];
            let last: Operation = self.service.json(self.service.get("/v1/ops", &query)?)?;
            if last.op > op || left <= WAIT {
                return Ok(last.op);
            }
        }
    }

    fn revisions_with_prefix(&self, prefix: &str) -> Result<Vec<Id>> {
        let found: Revisions = self.service.json(self.service.get("/v1/revisions", &[("prefix", prefix)])?)?;
        found.revisions.iter().map(|id| Id::from_hex(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_nobody_serves_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("service.sock");
        assert!(RemoteStore::at_socket(&socket, folder.path()).is_err());
        let store =
            RemoteStore::at("http://127.0.0.1:1", Credentials::default(), folder.path()).expect("nobody is asked yet");
        let error = store.list_refs("").expect_err("nobody is there");
        assert!(error.to_string().contains("http://127.0.0.1:1"), "{error}");
    }
}
