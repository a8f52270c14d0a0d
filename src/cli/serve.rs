//! `veneer serve`: the store over HTTP, for the Dashboard, for Python, for other machines.
//!
//! The service is a program of its own, `veneer-server`, which takes the place of
//! this process: signals reach it, and its exit code is the command's.

use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use veneer::Error;
use veneer::store::service;

use super::context::Context;
use super::mountd;
use super::report::{Failure, Result};

/// The program that serves.
pub(super) const PROGRAM: &str = "veneer-server";

/// Serve the store over HTTP, until it is interrupted.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The first line that it prints is its address, the second the Dashboard's, which is
for a browser. Commands on this machine work on while it serves: those that change
something ask it. On an address that other machines reach, everybody who asks must
show a token: see `veneer token`.

Examples:
  veneer serve
  veneer serve --port 0 --read-only
  veneer serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --allow-source /data
  veneer --store http://gpu1:5015 log traffic      from another machine")]
pub(super) struct ServeArgs {
    /// The address to listen on; the default is reachable from this machine only
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 5015)]
    port: u16,
    /// The port on which the Dashboard is served; 8000 where it is not said, and any free one for 0
    #[arg(long)]
    dashboard_port: Option<u16>,
    /// The tokens that clients may show, as `veneer token` keeps them; else `tokens` in the store
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The certificate for TLS, with those above it, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Refuse every change, and leave the store to others
    #[arg(long)]
    read_only: bool,
    /// A folder in which imports may have their sources; may be said several times
    #[arg(long = "allow-source", value_name = "DIR")]
    sources: Vec<PathBuf>,
}

impl ServeArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let store = context.store_path()?;
        if !self.read_only {
            if service::is_served(&store) {
                return Err(Failure::error(format!("a service has the store `{}` already", store.display()))
                    .hint("use that one, or end it first; with `--read-only` there may be several"));
            }
            drop(context.own_or_create()?);
        }
        let mut arguments: Vec<OsString> = vec!["--store".into(), context.existing_store_path()?.into()];
        let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
        option("--host", self.host.to_string().into());
        option("--port", self.port.to_string().into());
        self.dashboard_port.into_iter().for_each(|port| option("--dashboard-port", port.to_string().into()));
        for (name, file) in
            [("--token-file", self.token_file), ("--tls-cert", self.tls_cert), ("--tls-key", self.tls_key)]
        {
            file.into_iter().for_each(|file| option(name, file.into()));
        }
        self.sources.into_iter().for_each(|folder| option("--allow-source", folder.into()));
        if self.read_only {
            arguments.push("--read-only".into());
        }
        // It comes back only where the program could not be started.
        let cause = Command::new(mountd::find_program(PROGRAM)?).args(arguments).exec();
        Err(Error::io(format!("start `{PROGRAM}`"), cause).into())
    }
}
