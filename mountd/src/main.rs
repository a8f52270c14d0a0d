//! `veneer-mountd`: one mount, and two processes for it. People use `veneer mount`, which starts it.
//!
//! What is started is the supervisor. It starts the same program once more, to serve.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use tracing_subscriber::EnvFilter;
use veneer::model::{DatasetName, RefSpec, WriterName};
use veneer::source::OnDrift;
use veneer_mountd::daemon::{self, EXIT_ERROR, Half, Ready};
use veneer_mountd::elsewhere::Elsewhere;
use veneer_mountd::supervisor::{self, Charge};
use veneer_mountd::trouble::Trouble;
use veneer_mountd::{lifeline, malloc, pool, probe, profile, serve, serving, working};

#[global_allocator]
static MEMORY: malloc::Ready = malloc::Ready;

/// Shows a revision of a dataset as an ordinary folder.
#[derive(Debug, Parser)]
#[command(name = "veneer-mountd", version)]
struct Arguments {
    /// The store's folder, or the URL of the service that has it
    #[arg(long, value_name = "DIR|URL", required_unless_present = "probe")]
    store: Option<PathBuf>,
    /// Of a store elsewhere: certificates, as PEM, that are trusted beside those of the system
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Of a store elsewhere: the folder in which is kept what was read
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Of a store elsewhere: the most bytes that are kept
    #[arg(long, value_name = "BYTES", default_value_t = 10 << 30)]
    cache_size: u64,
    /// Of a store elsewhere: how many seconds a read waits for a service that is away
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    /// The dataset's name
    #[arg(long, value_name = "NAME", required_unless_present = "probe")]
    dataset: Option<DatasetName>,
    /// A branch (followed), a tag or a revision (pinned); the branch main if not given
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<RefSpec>,
    /// Show all branches, tags and revisions, each in a folder
    #[arg(long, conflicts_with_all = ["reference", "pin", "writable"])]
    all: bool,
    /// Stay at the revision that the branch has now
    #[arg(long)]
    pin: bool,
    /// Show a draft that any program may write to, and not only a revision
    #[arg(long, requires = "author", conflicts_with = "pin")]
    writable: bool,
    /// Whose draft it is
    #[arg(long = "as", value_name = "AUTHOR", id = "author")]
    author: Option<WriterName>,
    /// Put into the store what a killed writable mount left, and mount nothing
    #[arg(long, requires = "writable", conflicts_with = "foreground")]
    recover: bool,
    /// Do not become a daemon; Ctrl-C ends the mount
    #[arg(long)]
    foreground: bool,
    /// Let other users look into the mount, too (root's mounts always do)
    #[arg(long)]
    allow_other: bool,
    /// A source file that is not what was recorded: refuse it, or serve it as it is now
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Drift::Error)]
    on_drift: Drift,
    /// How files are served
    #[arg(long, value_name = "PROFILE", value_enum, default_value_t = profile::Asked::Auto)]
    profile: profile::Asked,
    /// A descriptor to which one line of JSON is written once it is known whether the mount stands
    #[arg(long, value_name = "N")]
    ready_fd: Option<RawFd>,
    /// Where messages go: without it, a daemon's are lost
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The supervisor's line to the process that serves, which this is
    #[arg(long, hide = true, requires = "lifeline", value_name = "N")]
    serving: Option<RawFd>,
    /// What tells the supervisor that this process dies
    #[arg(long, hide = true, requires = "serving", value_name = "N")]
    lifeline: Option<RawFd>,
    /// Say as JSON what this machine lets us do, and mount nothing
    #[arg(long, conflicts_with_all = ["store", "dataset", "point"])]
    probe: bool,
    /// The folder to mount on: it must be empty
    #[arg(value_name = "DIR", required_unless_present_any = ["probe", "recover"])]
    point: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Drift {
    Error,
    Serve,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    malloc::keep_small();
    // It was started by a number, after which it would be named.
    let _ = rustix::thread::set_name(c"veneer-mountd");
    if arguments.probe {
        return print_probe();
    }
    let nowhere = PathBuf::from("/");
    let point = arguments.point.as_ref().unwrap_or(&nowhere);
    let (Some(store), Some(dataset)) = (&arguments.store, &arguments.dataset) else {
        return ExitCode::from(2); // clap has refused it already
    };
    match absolute(&arguments, store, dataset, point) {
        Ok(order) if arguments.recover => match &arguments.author {
            Some(writer) => {
                start_log(None);
                working::serve::recover(&order, writer)
            }
            None => ExitCode::from(2),
        },
        Ok(order) => match (arguments.serving, arguments.lifeline) {
            (Some(channel), Some(lifeline)) => serve(&arguments, &order, channel, lifeline),
            _ => mount(&arguments, &order),
        },
        Err(error) => {
            let trouble = Trouble::new("io", format!("cannot begin: {error}"), "");
            refuse(Ready::from_fd(arguments.ready_fd), &trouble)
        }
    }
}

/// The order with whole paths: a daemon works in `/`.
fn absolute(arguments: &Arguments, store: &Path, dataset: &DatasetName, point: &Path) -> io::Result<serve::Order> {
    let elsewhere = elsewhere(arguments, store)?;
    Ok(serve::Order {
        store: elsewhere
            .as_ref()
            .map_or_else(|| std::path::absolute(store), |elsewhere| Ok(elsewhere.cache.clone()))?,
        elsewhere,
        dataset: dataset.clone(),
        reference: arguments.reference.clone(),
        all: arguments.all,
        pin: arguments.pin,
        allow_other: arguments.allow_other,
        drift: if arguments.on_drift == Drift::Serve { OnDrift::Serve } else { OnDrift::Error },
        profile: arguments.profile,
        log: arguments.log.as_ref().map(std::path::absolute).transpose()?,
        writer: arguments.author.clone().filter(|_| arguments.writable),
        point: std::path::absolute(point)?,
    })
}

/// What is said of a store elsewhere, if that is what `store` is.
fn elsewhere(arguments: &Arguments, store: &Path) -> io::Result<Option<Elsewhere>> {
    let Some(url) = store.to_str().filter(|text| text.contains("://")) else { return Ok(None) };
    if arguments.writable {
        return Err(io::Error::other("a draft is mounted on the machine where the store is"));
    }
    let folder = arguments.cache.as_deref().ok_or_else(|| io::Error::other("a store elsewhere takes --cache DIR"))?;
    Ok(Some(Elsewhere {
        url: url.to_owned(),
        ca_file: arguments.ca_file.as_ref().map(std::path::absolute).transpose()?,
        cache: std::path::absolute(folder)?,
        cache_len: arguments.cache_size,
        patience: Duration::from_secs(arguments.wait),
    }))
}

/// What the serving process is started with: the same order, in whole paths.
fn serving_arguments(arguments: &Arguments, order: &serve::Order) -> Vec<OsString> {
    let word = |value: Option<clap::builder::PossibleValue>| value.map(|word| word.get_name().into());
    let mut all: Vec<OsString> = Vec::new();
    let mut option = |name: &str, value: Option<OsString>| {
        all.extend(value.into_iter().flat_map(|value| [name.into(), value]));
    };
    match &order.elsewhere {
        None => option("--store", Some(order.store.clone().into())),
        Some(elsewhere) => {
            option("--store", Some(elsewhere.url.clone().into()));
            option("--cache", Some(elsewhere.cache.clone().into()));
            option("--ca-file", elsewhere.ca_file.clone().map(OsString::from));
            option("--cache-size", Some(elsewhere.cache_len.to_string().into()));
            option("--wait", Some(elsewhere.patience.as_secs().to_string().into()));
        }
    }
    option("--dataset", Some(order.dataset.as_str().into()));
    option("--ref", order.reference.as_ref().map(|reference| reference.to_string().into()));
    option("--on-drift", word(arguments.on_drift.to_possible_value()));
    option("--profile", word(arguments.profile.to_possible_value()));
    option("--log", order.log.clone().map(OsString::from));
    option("--as", order.writer.as_ref().map(|writer| writer.to_string().into()));
    let is_writable = order.writer.is_some();
    let flags =
        [(order.all, "--all"), (order.pin, "--pin"), (order.allow_other, "--allow-other"), (is_writable, "--writable")];
    all.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| OsString::from(flag)));
    all.extend(["--".into(), order.point.clone().into()]);
    all
}

/// What is to be supervised; found out before the working folder is left.
fn charge(arguments: &Arguments, order: &serve::Order) -> io::Result<Charge> {
    let program = std::env::current_exe()?;
    let point = order.point.clone();
    Ok(Charge { arguments: serving_arguments(arguments, order), program, point, foreground: arguments.foreground })
}

/// The serving process: it does what the supervisor says.
fn serve(arguments: &Arguments, order: &serve::Order, channel: RawFd, lifeline: RawFd) -> ExitCode {
    let tied = daemon::adopt(lifeline).and_then(|lifeline| lifeline::hold(lifeline.into()));
    let begun = tied.and_then(|()| daemon::adopt(channel));
    let begun = begun.and_then(|channel| Ok((channel, Ready::from_fd(arguments.ready_fd)?)));
    let (channel, ready) = match begun {
        Ok(begun) => begun,
        Err(error) => return refuse(Err(error), &Trouble::new("io", "", "")),
    };
    match order.log.as_deref().map(open_log).transpose() {
        Ok(log) => start_log(log),
        Err(error) => return refuse(Ok(ready), &no_log(&error)),
    }
    abort_on_panic();
    serving::run(order, ready, channel.into())
}

/// Half a process serves nobody: another one is to take over.
fn abort_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if veneer::panics::is_expected() {
            return;
        }
        tell(panic);
        tracing::error!("a thread has panicked, which ends this process: {panic}");
        if !pool::is_in_a_job() {
            std::process::abort();
        }
    }));
    pool::end_with_a_panic();
}

fn mount(arguments: &Arguments, order: &serve::Order) -> ExitCode {
    let charge = match charge(arguments, order) {
        Ok(charge) => charge,
        Err(error) => {
            let trouble = Trouble::new("io", format!("cannot tell where this program is: {error}"), "");
            return refuse(Ready::from_fd(arguments.ready_fd), &trouble);
        }
    };
    if arguments.foreground {
        return match Ready::from_fd(arguments.ready_fd) {
            Ok(ready) => match order.log.as_deref().map(open_log).transpose() {
                Ok(log) => {
                    start_log(log);
                    supervisor::run(charge, ready)
                }
                Err(error) => refuse(Ok(ready), &no_log(&error)),
            },
            Err(error) => refuse(Err(error), &Trouble::new("io", "", "")),
        };
    }
    let ready = match daemon::split(arguments.ready_fd) {
        Ok(Half::Daemon(ready)) => ready,
        Ok(Half::Starter(code)) => return code,
        Err(error) => {
            return refuse(Ready::from_fd(None), &Trouble::new("io", format!("cannot become a daemon: {error}"), ""));
        }
    };
    let log = order.log.as_deref().map(open_log).transpose();
    match log.and_then(|log| daemon::redirect_stdio(log.as_ref()).map(|()| log)) {
        Ok(log) => {
            start_log(log);
            supervisor::run(charge, ready)
        }
        Err(error) => refuse(Ok(ready), &no_log(&error)),
    }
}

fn no_log(error: &io::Error) -> Trouble {
    Trouble::new("io", format!("cannot open the log: {error}"), "name another file with --log")
}

fn refuse(ready: io::Result<Ready>, trouble: &Trouble) -> ExitCode {
    match ready {
        Ok(ready) => ready.tell::<()>(Err(trouble)),
        Err(error) => drop(writeln!(io::stderr(), "error: {error}")),
    }
    ExitCode::from(EXIT_ERROR)
}

/// Bytes after which a log is begun anew; the one before is kept.
const LOG_LEN_MAX: u64 = 4 << 20;

fn open_log(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > LOG_LEN_MAX) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

fn start_log(log: Option<File>) {
    let filter = EnvFilter::try_from_env("VENEER_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_ansi(false);
    match log {
        Some(file) => subscriber.with_writer(std::sync::Arc::new(file)).init(),
        None => subscriber.with_writer(io::stderr).init(),
    }
}

fn print_probe() -> ExitCode {
    let mut text = serde_json::to_vec_pretty(&probe::probe()).unwrap_or_default();
    text.push(b'\n');
    match io::stdout().write_all(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(EXIT_ERROR),
    }
}
