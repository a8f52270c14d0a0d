//! The router on sockets: TCP and the store's own.
//!
//! A connection has little time to say what it wants and little room for its
//! headers. When the service is told to stop, no new request is taken, and those
//! in flight are finished.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, warn};

use crate::auth::Transport;

/// How many connections there are at most; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 2048;
/// A client sends its headers within this time, and a kept connection its next request.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);
/// How many bytes a request's headers may have.
const HEADERS_LEN_MAX: usize = 64 << 10;
/// How many headers a request may have.
const HEADERS_MAX: usize = 100;
/// How long requests in flight may take when the service stops.
const FINISH_WITHIN: Duration = Duration::from_secs(30);
/// How long to wait after a failed accept: it has run out of descriptors, say.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// The name of the store's own socket, in its folder.
pub const SOCKET: &str = "service.sock";

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
        let path = store.join(SOCKET);
        match std::fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let before = rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        let bound = std::os::unix::net::UnixListener::bind(&path);
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

/// Serves until `stop` comes, and then until the requests in flight are answered.
///
/// # Errors
/// When a socket cannot be used at all.
pub async fn serve(
    router: Router,
    tcp: TcpListener,
    socket: Option<&mut StoreSocket>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let socket = socket.map(StoreSocket::listener).transpose()?.flatten();
    let over_tcp = router.clone().layer(Extension(Transport::Network));
    let over_socket = router.layer(Extension(Transport::Socket));
    let (graceful, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
    let mut stop = pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = Arc::clone(&room).acquire_owned() => place.expect("it is never closed"),
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = tcp.accept() => accepted.map(|(stream, _)| {
                // Answers are written whole: waiting for more to send only delays them.
                let _ = stream.set_nodelay(true);
                begin(stream, over_tcp.clone(), graceful.watcher(), place);
            }),
            accepted = accept(socket.as_ref()) => accepted.map(|stream| {
                begin(stream, over_socket.clone(), graceful.watcher(), place);
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

fn begin<S>(stream: S, router: Router, watcher: Watcher, place: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    http.max_buf_size(HEADERS_LEN_MAX).max_headers(HEADERS_MAX);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::spawn(async move {
        if let Err(cause) = watcher.watch(connection).await {
            debug!("a connection ended: {cause}");
        }
        drop(place);
    });
}
