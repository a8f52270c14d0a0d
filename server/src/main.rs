//! `veneer-server`: binds the service to an address and stops it on SIGTERM or SIGINT.
//!
//! Which address, which signals and which exit code are decided here; what is
//! answered is decided in [`veneer_server::router`].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

/// Serves datasets over HTTP.
#[derive(Debug, Parser)]
#[command(name = "veneer-server", version)]
struct Options {
    /// The address to listen on; the default is reachable from this machine only
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 5015)]
    port: u16,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(SocketAddr::new(options.host, options.port)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            error!("cannot serve on {}:{}: {cause}", options.host, options.port);
            ExitCode::from(3)
        }
    }
}

#[tokio::main]
async fn run(address: SocketAddr) -> std::io::Result<()> {
    // Before the port is open: a signal sent to a server that answers is then never lost.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    info!(%address, "listening on http://{address}");
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => info!("stopping: SIGTERM"),
            _ = interrupt.recv() => info!("stopping: SIGINT"),
        }
    };
    axum::serve(listener, veneer_server::router()).with_graceful_shutdown(stop).await
}
