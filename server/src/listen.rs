//! The routers on sockets: TCP, a port for each service, and the store's own.
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
use tokio::net::{TcpListener, TcpStream, UnixListener};
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

/// A port, and what is answered there.
#[derive(Debug)]
pub struct Port {
    /// Where connections come from.
    pub listener: TcpListener,
    /// What they ask.
    pub router: Router,
}

/// Serves the Object Service and, where it has a port, the Dashboard, with `tls` if there is some,
/// until `stop` comes, and then until the requests in flight are answered.
///
/// The store's socket is the Object Service's.
///
/// # Errors
/// When a socket cannot be used at all.
pub async fn serve(
    service: Port,
    dashboard: Option<Port>,
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
            accepted = accept_at(Some(&service)) => accepted.map(|accepted| {
                tokio::spawn(talk_over(tls.clone(), accepted, graceful.watcher(), place));
            }),
            accepted = accept_at(dashboard.as_ref()) => accepted.map(|accepted| {
                tokio::spawn(talk_over(tls.clone(), accepted, graceful.watcher(), place));
            }),
            accepted = accept(socket.as_ref()) => accepted.map(|stream| {
                let process = stream.peer_cred().ok().and_then(|peer| peer.pid());
                let from = process.map_or_else(|| "socket".to_owned(), |process| format!("process {process}"));
                let asked = Asked { router: service.router.clone(), by: Transport::Socket, from: From(from) };
                tokio::spawn(talk(stream, asked, graceful.watcher(), place));
            }),
        };
        if let Err(cause) = accepted {
            warn!("a connection cannot be accepted: {cause}");
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }
    drop((service, dashboard, socket));
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

/// A connection to one of the ports, and what it asks; never one where there is no port.
async fn accept_at(port: Option<&Port>) -> io::Result<(TcpStream, Asked)> {
    let Some(port) = port else { return std::future::pending().await };
    let (stream, peer) = port.listener.accept().await?;
    // Answers are written whole: waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    Ok((stream, Asked { router: port.router.clone(), by: Transport::Network, from: From(peer.to_string()) }))
}

async fn talk_over(
    tls: Option<TlsAcceptor>,
    (stream, asked): (TcpStream, Asked),
    watcher: Watcher,
    place: OwnedSemaphorePermit,
) {
    let Some(tls) = tls else { return talk(stream, asked, watcher, place).await };
    match tokio::time::timeout(HANDSHAKE_WITHIN, tls.accept(stream)).await {
        Ok(Ok(stream)) => talk(stream, asked, watcher, place).await,
        Ok(Err(cause)) => debug!("a connection is no TLS: {cause}"),
        Err(_) => debug!("a connection never said what TLS it wants"),
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
