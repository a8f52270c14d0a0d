//! The router on sockets: TCP and the store's own.
//!
//! A connection has little time to say what it wants and little room for its
//! headers. When the service is told to stop, no new request is taken, and those
//! in flight are finished.

use std::convert::Infallible;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tower::util::Oneshot;
use tracing::{debug, warn};
use veneer::store::service;

use crate::audit::From;
use crate::auth::Transport;

/// How many connections there are at most; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 2048;
/// A client sends its headers within this time, and a kept connection its next request.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);
/// A client that speaks TLS agrees on how within this time.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// How many bytes a request's headers may have.
const HEADERS_LEN_MAX: usize = 64 << 10;
/// How many headers a request may have.
const HEADERS_MAX: usize = 100;
/// How long requests in flight may take when the service stops.
const FINISH_WITHIN: Duration = Duration::from_secs(30);
/// How long to wait after a failed accept: it has run out of descriptors, say.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// The store's own socket, for this user alone; removed when dropped.
#[derive(Debug)]
pub struct StoreSocket {
    path: PathBuf,
    listener: Option<std::os::unix::net::UnixListener>,
}

impl StoreSocket {
    /// Listens in the store's folder. Whoever calls owns the store, so a socket that is there is a dead one's.
    ///
    /// To be called before there are threads: the umask is the process's.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn bind(store: &Path) -> io::Result<StoreSocket> {
        let path = store.join(service::SOCKET);
        match std::fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        // A socket's address has 107 bytes at most, so it is told by way of its folder.
        let folder = std::fs::File::open(store)?;
        let address = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(service::SOCKET);
        let before = rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        let bound = std::os::unix::net::UnixListener::bind(address);
        rustix::process::umask(before);
        let listener = bound?;
        listener.set_nonblocking(true)?;
        Ok(StoreSocket { path, listener: Some(listener) })
    }

    fn listener(&mut self) -> io::Result<Option<UnixListener>> {
        self.listener.take().map(UnixListener::from_std).transpose()
    }
}

impl Drop for StoreSocket {
    fn drop(&mut self) {
        // If it stays, the next owner removes it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Serves, over TCP with `tls` if there is some, until `stop` comes, and then until the requests in flight are answered.
///
/// # Errors
/// When a socket cannot be used at all.
pub async fn serve(
    router: Router,
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
    socket: Option<&mut StoreSocket>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let socket = socket.map(StoreSocket::listener).transpose()?.flatten();
    let (graceful, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
    let mut stop = pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = Arc::clone(&room).acquire_owned() => place.expect("it is never closed"),
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = tcp.accept() => accepted.map(|(stream, peer)| {
                // Answers are written whole: waiting for more to send only delays them.
                let _ = stream.set_nodelay(true);
                let service = Asked { router: router.clone(), by: Transport::Network, from: From(peer.to_string()) };
                let watcher = graceful.watcher();
                match tls.clone() {
                    None => tokio::spawn(talk(stream, service, watcher, place)),
                    Some(tls) => tokio::spawn(async move {
                        match tokio::time::timeout(HANDSHAKE_WITHIN, tls.accept(stream)).await {
                            Ok(Ok(stream)) => talk(stream, service, watcher, place).await,
                            Ok(Err(cause)) => debug!("a connection is no TLS: {cause}"),
                            Err(_) => debug!("a connection never said what TLS it wants"),
                        }
                    }),
                };
            }),
            accepted = accept(socket.as_ref()) => accepted.map(|stream| {
                let process = stream.peer_cred().ok().and_then(|peer| peer.pid());
                let from = process.map_or_else(|| "socket".to_owned(), |process| format!("process {process}"));
                let service = Asked { router: router.clone(), by: Transport::Socket, from: From(from) };
                tokio::spawn(talk(stream, service, graceful.watcher(), place));
            }),
        };
        if let Err(cause) = accepted {
            warn!("a connection cannot be accepted: {cause}");
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }
    drop((tcp, socket));
    if tokio::time::timeout(FINISH_WITHIN, graceful.shutdown()).await.is_err() {
        warn!("requests in flight are given up");
    }
    Ok(())
}

async fn accept(socket: Option<&UnixListener>) -> io::Result<tokio::net::UnixStream> {
    match socket {
        Some(socket) => socket.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// The router as one connection asks it.
struct Asked {
    router: Router,
    by: Transport,
    from: From,
}

impl hyper::service::Service<hyper::Request<Incoming>> for Asked {
    type Response = Response;
    type Error = Infallible;
    type Future = Oneshot<Router, Request>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.by);
        request.extensions_mut().insert(self.from.clone());
        self.router.clone().oneshot(request)
    }
}

async fn talk<S>(stream: S, service: Asked, watcher: Watcher, place: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    http.max_buf_size(HEADERS_LEN_MAX).max_headers(HEADERS_MAX);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    if let Err(cause) = watcher.watch(connection).await {
        debug!("a connection ended: {cause}");
    }
    drop(place);
}
