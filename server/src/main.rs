//! `veneer-server`: opens a store, and serves it until SIGTERM or SIGINT.
//!
//! Which address, which signals and which exit code are decided here; what is
//! answered is decided in [`veneer_server::router`]. On stdout there is one line,
//! the address, once it listens; the log is on stderr.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;
use veneer::Error;
use veneer::store::{Access, LocalStore};
use veneer_server::listen::{self, StoreSocket};
use veneer_server::origin::Hosts;
use veneer_server::sql::{self, SqlLimits, SqlQuery};
use veneer_server::tokens::Tokens;
use veneer_server::{AppState, Options, router};

/// Wrong usage, as for `veneer`.
const CODE_USAGE: u8 = 2;
/// Any other error, as for `veneer`.
const CODE_ERROR: u8 = 3;

/// Serves the datasets of a store over HTTP.
#[derive(Debug, Parser)]
#[command(name = "veneer-server", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Arguments {
    #[command(subcommand)]
    once: Option<Once>,

    /// The store's folder
    #[arg(long, required = true)]
    store: Option<PathBuf>,
    /// The address to listen on; the default is reachable from this machine only
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 5015)]
    port: u16,
    /// The port on which the Dashboard is served
    #[arg(long, default_value_t = 8000)]
    dashboard_port: u16,
    /// The tokens that clients may show, one a line
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Refuse every change
    #[arg(long)]
    read_only: bool,
    /// A folder in which imports may have their sources; may be said several times
    #[arg(long = "allow-source", value_name = "DIR")]
    sources: Vec<PathBuf>,
}

/// What it does instead of serving.
#[derive(Debug, Subcommand)]
enum Once {
    /// Answer one query, as an Arrow stream on stdout; `veneer sql` asks so
    Sql(SqlArguments),
}

#[derive(Debug, Args)]
struct SqlArguments {
    /// The store's folder; somebody may own it meanwhile
    #[arg(long)]
    store: PathBuf,
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
    if let Some(Once::Sql(arguments)) = arguments.once.take() {
        return answer(arguments);
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, hint, code }) => {
            let hint = hint.map(|hint| format!("\n\nhint: {hint}")).unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "error: {message}{hint}");
            ExitCode::from(code)
        }
    }
}

/// Answers one query. An error goes to stderr as JSON, which `veneer sql` tells in its own words.
fn answer(arguments: SqlArguments) -> ExitCode {
    let SqlArguments { store, dataset, limit, seconds, query: text } = arguments;
    let query = SqlQuery { text, params: Vec::new(), limit, dataset };
    match sql::once(&store, query, Duration::from_secs(seconds), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}", sql::told(&error));
            ExitCode::from(CODE_ERROR)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let store = arguments.store.expect("clap asks for it");
    let tokens = arguments.token_file.as_deref().map(Tokens::read).transpose()?;
    let is_loopback = arguments.host.is_loopback();
    if !is_loopback && tokens.as_ref().is_none_or(Tokens::is_empty) {
        return Err(Failure {
            message: format!("without a token, nobody may be served on {}", arguments.host),
            hint: Some("name a file of tokens with `--token-file FILE`, or leave out `--host`"),
            code: CODE_USAGE,
        });
    }
    let sources = match (is_loopback, arguments.sources.is_empty()) {
        (true, true) => None,
        _ => Some(arguments.sources),
    };
    let options = Options {
        read_only: arguments.read_only,
        hosts: if is_loopback { Hosts::Loopback } else { Hosts::Any },
        dashboard_port: arguments.dashboard_port,
        sources,
        ..Options::default()
    };
    let access = if arguments.read_only { Access::Read } else { Access::Own };
    let store = Arc::new(LocalStore::open(&store, access)?);
    // Before there are threads, and only for the owner: readers may be many.
    let mut socket = match access {
        Access::Read => None,
        Access::Own => StoreSocket::bind(store.path())
            .inspect_err(|cause| warn!("commands on this machine cannot change the store meanwhile: {cause}"))
            .ok(),
    };
    let app = AppState::local(store, options, tokens);
    let address = SocketAddr::new(arguments.host, arguments.port);
    serve(app, address, socket.as_mut()).map_err(|cause| Failure::from(Error::io(format!("serve on {address}"), cause)))
}

#[tokio::main]
async fn serve(app: AppState, address: SocketAddr, socket: Option<&mut StoreSocket>) -> std::io::Result<()> {
    // Before the port is open: a signal sent to a server that answers is then never lost.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let mut out = std::io::stdout();
    // Whoever started it may not read; that is no reason not to serve.
    let _ = writeln!(out, "http://{address}").and_then(|()| out.flush());
    info!(%address, "listening on http://{address}");
    let stopping = app.clone();
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => info!("stopping: SIGTERM"),
            _ = interrupt.recv() => info!("stopping: SIGINT"),
        }
        stopping.operations().end();
    };
    listen::serve(router(app), listener, socket, stop).await
}
