//! Hosts on one machine: network namespaces, joined by a cable or with nothing but loopback.
//!
//! Only the network is another one: files and mounts are everybody's. What is
//! to be seen by one host alone is [bound](Host::only_here) over a folder there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::skip;

/// Two tests of one process never share a host.
static HOSTS: AtomicU32 = AtomicU32::new(0);

/// A network namespace; it ends with its guard, once nobody is in it any more.
#[derive(Debug)]
pub struct Host {
    name: String,
    /// A folder, and the one that this host alone sees in its place.
    bound: Option<(PathBuf, PathBuf)>,
}

/// Whether hosts can be made here.
pub fn hosts() -> Result<(), String> {
    skip::root()?;
    ["ip", "nsenter", "unshare"].into_iter().try_for_each(skip::command)?;
    let host = Host::named("try");
    match host.try_make() {
        Ok(()) => Ok(()),
        Err(why) => Err(format!("no network namespace can be made: {why}")),
    }
}

fn ip(line: &str) -> Result<(), String> {
    let program = skip::find_command("ip").expect("looked for before");
    let Output { status, stderr, .. } =
        Command::new(program).args(line.split(' ')).output().map_err(|cause| cause.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("ip {line}: {}", String::from_utf8_lossy(&stderr).trim())) }
}

impl Host {
    fn named(word: &str) -> Host {
        let number = HOSTS.fetch_add(1, Ordering::Relaxed);
        Host { name: format!("veneer-{}-{number}-{word}", std::process::id()), bound: None }
    }

    fn try_make(&self) -> Result<(), String> {
        ip(&format!("netns add {}", self.name))?;
        ip(&format!("-n {} link set lo up", self.name))
    }

    /// A host that reaches nobody but itself.
    pub fn alone() -> Host {
        let host = Host::named("alone");
        host.try_make().expect("a network namespace");
        host
    }

    /// Two hosts with a cable between them: the first is 10.90.0.1, the second 10.90.0.2.
    pub fn two() -> [Host; 2] {
        let hosts = [Host::named("a"), Host::named("b")];
        hosts.iter().for_each(|host| host.try_make().expect("a network namespace"));
        let [a, b] = &hosts;
        ip(&format!("-n {} link add cable type veth peer name cable netns {}", a.name, b.name)).expect("a cable");
        for (host, address) in [(a, "10.90.0.1/24"), (b, "10.90.0.2/24")] {
            ip(&format!("-n {} addr add {address} dev cable", host.name)).expect("an address");
            ip(&format!("-n {} link set cable up", host.name)).expect("a cable that is plugged in");
        }
        hosts
    }

    /// On this host alone `folder` shows what is in `instead`, an absolute path; what it mounts is seen nowhere else.
    #[must_use]
    pub fn only_here(self, folder: &Path, instead: &Path) -> Host {
        // As a guard it cannot be taken apart.
        let mut host = self;
        host.bound = Some((folder.to_owned(), instead.to_owned()));
        host
    }

    /// The same command, run on this host.
    pub fn run(&self, command: &Command) -> Command {
        let mut on_host = Command::new(skip::find_command("nsenter").expect("looked for before"));
        on_host.arg(format!("--net=/run/netns/{}", self.name));
        if let Some((folder, instead)) = &self.bound {
            on_host.args(["unshare", "--mount", "--propagation", "private", "sh", "-c"]);
            on_host.arg(r#"mount --bind "$2" "$1" && shift 2 && exec "$@""#).arg("sh").arg(folder).arg(instead);
        }
        on_host.arg(command.get_program()).args(command.get_args()).env_clear();
        on_host.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            on_host.current_dir(folder);
        }
        on_host
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = ip(&format!("netns del {}", self.name));
    }
}
