//! `veneer-server`: opens a store, and serves it until SIGTERM or SIGINT.
//!
//! Which address, which signals and which exit code are decided here; what is
//! answered is decided in [`veneer_server::router`]. On stdout there is the address,
//! once it listens, and on a second line the Dashboard's; the log is on stderr.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;
use veneer::Error;
use veneer::store::{Access, LocalStore};
use veneer_server::listen::{self, Port, StoreSocket};
use veneer_server::origin::Hosts;
use veneer_server::sql::{self, SqlLimits, SqlQuery};
use veneer_server::token_command::TokenCommand;
use veneer_server::tokens::{self, Tokens};
use veneer_server::{AppState, Options, dashboard, router, tls};

/// Wrong usage, as for `veneer`.
const CODE_USAGE: u8 = 2;
/// Any other error, as for `veneer`.
const CODE_ERROR: u8 = 3;
/// Where the Dashboard is unless somebody says.
const DASHBOARD_PORT: u16 = 8000;
/// Enough for folders as deep as a path can name; only what is used is taken.
const STACK: usize = 32 << 20;

/// Serves the datasets of a store over HTTP.
#[derive(Debug, Parser)]
#[command(name = "veneer-server", version)]
struct Arguments {
    /// The store's folder
    #[arg(long)]
    store: PathBuf,
    /// The address to listen on; the default is reachable from this machine only
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 5015)]
    port: u16,
    /// The port on which the Dashboard is served; 0 takes any free one
    ///
    /// Where it is not said, 8000, and where that is taken, the Dashboard is not served.
    #[arg(long)]
    dashboard_port: Option<u16>,
    /// The tokens that clients may show, one a line; else the file `tokens` in the store
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// The certificate for TLS, with those above it, as PEM
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Refuse every change
    #[arg(long)]
    read_only: bool,
    /// A folder in which imports may have their sources; may be said several times
    #[arg(long = "allow-source", value_name = "DIR")]
    sources: Vec<PathBuf>,
    /// Print data as JSON
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What it does instead of serving.
#[derive(Debug, Subcommand)]
enum Command {
    /// Makes, lists and revokes tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Answers one query, as an Arrow stream on stdout; somebody may own the store meanwhile.
    Sql(SqlArguments),
}

#[derive(Debug, Args)]
struct SqlArguments {
    /// The dataset of tables that are named without one
    #[arg(long)]
    dataset: Option<String>,
    /// How many rows at most
    #[arg(long, default_value_t = SqlLimits::default().rows)]
    limit: usize,
    /// How long it may take, in seconds
    #[arg(long, default_value_t = SqlLimits::default().time.as_secs())]
    seconds: u64,
    /// What is asked
    query: String,
}

/// Why it does not serve.
struct Failure {
    message: String,
    hint: Option<&'static str>,
    code: u8,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure { message: format!("{error}{cause}"), hint: None, code: CODE_ERROR }
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    let command = arguments.command.take();
    if let Some(Command::Sql(asked)) = command {
        return answer(&arguments.store, asked);
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = match command {
        Some(Command::Token(command)) => command.run(&token_file(&arguments), arguments.json).map_err(Failure::from),
        _ => run(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, hint, code }) => {
            let hint = hint.map(|hint| format!("\n\nhint: {hint}")).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "error: {message}{hint}");
            ExitCode::from(code)
        }
    }
}

/// Answers one query. An error goes to stderr as JSON, which `veneer sql` tells in its own words.
fn answer(store: &Path, asked: SqlArguments) -> ExitCode {
    let SqlArguments { dataset, limit, seconds, query: text } = asked;
    let query = SqlQuery { text, params: Vec::new(), limit, dataset };
    match sql::once(store, query, Duration::from_secs(seconds), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}", sql::told(&error));
            ExitCode::from(CODE_ERROR)
        }
    }
}

fn token_file(arguments: &Arguments) -> PathBuf {
    arguments.token_file.clone().unwrap_or_else(|| arguments.store.join(tokens::FILE))
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let token_file = token_file(&arguments);
    if arguments.token_file.as_ref().is_some_and(|file| !file.exists()) {
        return Err(Error::not_found("token file", token_file.display()).into());
    }
    let is_loopback = arguments.host.is_loopback();
    let tokens = Tokens::of_file(&token_file, !is_loopback)?;
    if !is_loopback && tokens.is_empty() {
        return Err(Failure {
            message: format!("without a token, nobody may be served on {}", arguments.host),
            hint: Some("make one with `veneer token new NAME --role editor`, or leave out `--host`"),
            code: CODE_USAGE,
        });
    }
    let tls = arguments.tls_cert.as_deref().zip(arguments.tls_key.as_deref());
    let tls = tls.map(|(certificate, key)| tls::acceptor(certificate, key)).transpose()?;
    let sources = match (is_loopback, arguments.sources.is_empty()) {
        (true, true) => None,
        _ => Some(arguments.sources),
    };
    let dashboard = dashboard_listener(arguments.host, arguments.dashboard_port)?;
    let dashboard_port =
        dashboard.as_ref().and_then(|listener| listener.local_addr().ok()).map(|address| address.port());
    let options = Options {
        read_only: arguments.read_only,
        hosts: if is_loopback { Hosts::Loopback } else { Hosts::Any },
        dashboard_port: dashboard_port.unwrap_or(DASHBOARD_PORT),
        is_tls: tls.is_some(),
        sources,
        ..Options::default()
    };
    let access = if arguments.read_only { Access::Read } else { Access::Own };
    let store = Arc::new(LocalStore::open(&arguments.store, access)?);
    // Before there are threads, and only for the owner: readers may be many.
    let mut socket = match access {
        Access::Read => None,
        Access::Own => StoreSocket::bind(store.path())
            .inspect_err(|cause| warn!("commands on this machine cannot change the store meanwhile: {cause}"))
            .ok(),
    };
    let app = AppState::local(store, options, Some(tokens));
    let address = SocketAddr::new(arguments.host, arguments.port);
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    runtime
        .and_then(|runtime| runtime.block_on(serve(app, address, dashboard, tls, socket.as_mut())))
        .map_err(|cause| Failure::from(Error::io(format!("serve on {address}"), cause)))
}

/// The Dashboard's port; `None` where nobody asked for one and the usual one is taken.
fn dashboard_listener(host: IpAddr, port: Option<u16>) -> Result<Option<StdListener>, Failure> {
    let address = SocketAddr::new(host, port.unwrap_or(DASHBOARD_PORT));
    let bound = StdListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    match bound {
        Ok(listener) => Ok(Some(listener)),
        Err(cause) if port.is_none() => {
            warn!("the Dashboard is not served: {address}: {cause}; `--dashboard-port` takes another port");
            Ok(None)
        }
        Err(cause) => Err(Error::io(format!("serve the Dashboard on {address}"), cause).into()),
    }
}

async fn serve(
    app: AppState,
    address: SocketAddr,
    dashboard: Option<StdListener>,
    tls: Option<TlsAcceptor>,
    socket: Option<&mut StoreSocket>,
) -> std::io::Result<()> {
    // Before the port is open: a signal sent to a server that answers is then never lost.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let mut out = std::io::stdout();
    // Whoever started it may not read; that is no reason not to serve.
    let scheme = if tls.is_some() { "https" } else { "http" };
    let _ = writeln!(out, "{scheme}://{address}").and_then(|()| out.flush());
    info!(%address, "listening on {scheme}://{address}");
    let dashboard = dashboard.map(TcpListener::from_std).transpose()?;
    if let Some(listener) = &dashboard {
        let address = listener.local_addr()?;
        let _ = writeln!(out, "dashboard {scheme}://{address}").and_then(|()| out.flush());
        info!(%address, "the Dashboard is at {scheme}://{address}");
    }
    let stopping = app.clone();
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => info!("stopping: SIGTERM"),
            _ = interrupt.recv() => info!("stopping: SIGINT"),
        }
        stopping.end();
    };
    let dashboard = dashboard.map(|listener| Port { listener, router: dashboard::router(app.clone()) });
    listen::serve(Port { listener, router: router(app) }, dashboard, tls, socket, stop).await
}
