//! The supervisor: it keeps what must outlive the process that serves a mount, and starts the next one.
//!
//! It has one thread, opens no store and answers no request, so that nothing
//! that happens to a serving process can happen to it. docs/adr/0007 says how
//! the parts fit together.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, ExitCode};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::Signal;
use tracing::{error, info, warn};

use crate::channel::{Channel, FromServing, FromSupervisor};
use crate::daemon::{EXIT_ERROR, Ready};
use crate::estate::{Belongings, State};
use crate::mount;
use crate::process::{Process, Program};
use crate::signals::{Heard, Signals};

/// A process that ends sooner than this after its start was no success.
const TRIAL: Duration = Duration::from_secs(1);
/// How many such ends in a row are too many.
const STRIKES_MAX: usize = 5;
/// How long to wait before the next start, by how many such ends there were.
const PAUSES_MS: [u64; STRIKES_MAX + 1] = [0, 0, 50, 200, 500, 1000];
/// How long the exit status of a dying process is waited for before the next one is started without it.
const STATUS: Duration = Duration::from_millis(20);
/// How long a process may take that was told to end.
const ENDING: Duration = Duration::from_secs(15);
/// How long a process may take to begin, or to answer what it was asked, when another one is to replace it.
const REPLACING: Duration = Duration::from_secs(10);

/// What is to be supervised.
#[derive(Debug)]
pub struct Charge {
    /// What the serving process is started with.
    pub arguments: Vec<OsString>,
    /// Where its program is on disk, which may be replaced by a newer one.
    pub program: PathBuf,
    /// The mount point that was asked for.
    pub point: PathBuf,
    /// Whether a closed terminal ends the mount.
    pub foreground: bool,
}

/// What outlives the serving processes.
#[derive(Debug, Default)]
struct Estate {
    state: Option<serde_json::Value>,
    belongings: Belongings,
    held: BTreeMap<u64, OwnedFd>,
}

struct Supervisor {
    charge: Charge,
    signals: Signals,
    estate: Estate,
    serving: Option<Process>,
    /// The one that is to replace the one that serves.
    next: Option<Process>,
    /// Those whose death has begun, and is not complete: one of their threads may wait for us.
    dying: Vec<Child>,
    /// The program that served last.
    program: Option<Program>,
    /// When to start the next one.
    start_at: Option<Instant>,
    strikes: usize,
    crashes: u32,
    /// Until when the serving process, told to end or to make room, may live.
    deadline: Option<Instant>,
    told_to_end: bool,
    stood: bool,
}

/// Has a mount made and served, until it ends; returns the exit code.
pub fn run(charge: Charge, ready: Ready) -> ExitCode {
    let begun = Signals::new().and_then(|signals| {
        let process = Process::start(Program::of_this_process()?, &charge.arguments, ready.into_fd())?;
        process.channel.send(&FromSupervisor::Begin, &[])?;
        Ok((signals, process))
    });
    match begun {
        Ok((signals, process)) => Supervisor::new(charge, signals, process).watch(),
        Err(error) => {
            error!(%error, "cannot start the serving process: {error}");
            ExitCode::from(EXIT_ERROR)
        }
    }
}

impl Supervisor {
    fn new(charge: Charge, signals: Signals, process: Process) -> Supervisor {
        Supervisor {
            charge,
            signals,
            estate: Estate::default(),
            serving: Some(process),
            next: None,
            dying: Vec::new(),
            program: None,
            start_at: None,
            strikes: 0,
            crashes: 0,
            deadline: None,
            told_to_end: false,
            stood: false,
        }
    }

    fn watch(mut self) -> ExitCode {
        loop {
            if let Err(error) = self.wait() {
                error!(%error, "cannot wait for the serving process: {error}");
            }
            for heard in self.signals.heard() {
                self.obey(heard);
            }
            self.hear();
            self.reap();
            if let Some(code) = self.act() {
                self.put_away();
                return code;
            }
        }
    }

    /// Waits until there is something to do.
    fn wait(&self) -> io::Result<()> {
        let mut all = vec![PollFd::new(&self.signals, PollFlags::IN)];
        for process in [&self.serving, &self.next].into_iter().flatten() {
            all.extend([PollFd::new(&process.channel, PollFlags::IN), PollFd::new(&process.lifeline, PollFlags::IN)]);
        }
        let next = [self.start_at, self.deadline].into_iter().flatten().min();
        let timeout = next.map(|at| at.saturating_duration_since(Instant::now()) + Duration::from_millis(1));
        let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
        match rustix::event::poll(&mut all, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn obey(&mut self, heard: Heard) {
        match heard {
            Heard::ChildEnded => {}
            Heard::Hangup if self.charge.foreground => self.end(),
            Heard::Hangup | Heard::Restart => self.prepare_next(),
            Heard::End => self.end(),
        }
    }

    fn end(&mut self) {
        if self.told_to_end {
            return;
        }
        self.told_to_end = true;
        self.next = None;
        self.deadline = Some(Instant::now() + ENDING);
        if let Some(serving) = &mut self.serving {
            serving.signal(Signal::TERM);
        }
    }

    /// Takes in what the processes say.
    fn hear(&mut self) {
        while let Some((message, descriptors)) = self.serving.as_mut().and_then(Process::next_message) {
            match message {
                FromServing::Keep { state, belongings } => {
                    self.estate.state = Some(state);
                    if !belongings.is_empty() {
                        self.estate.belongings = Belongings::new(belongings, descriptors);
                    }
                }
                FromServing::Hold(number) => {
                    self.estate.held.extend(descriptors.into_iter().map(|socket| (number, socket)));
                }
                FromServing::LetGo(number) => drop(self.estate.held.remove(&number)),
                FromServing::Serving => self.stood = true,
                FromServing::Prepared | FromServing::Ending | FromServing::PuttingAway => {}
            }
        }
        if let Some(next) = &mut self.next
            && !next.is_prepared
            && let Some((FromServing::Prepared, _)) = next.next_message()
            && let Some(serving) = &mut self.serving
        {
            self.deadline = Some(Instant::now() + REPLACING);
            serving.signal(Signal::USR1);
        }
    }

    /// Notices whose death is complete. What it had in its hands then, the kernel must say again.
    fn reap(&mut self) {
        let before = self.dying.len();
        self.dying.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        if self.dying.len() < before
            && let Some(serving) = &self.serving
        {
            let _ = serving.channel.send(&FromSupervisor::Resend, &[]);
        }
    }

    /// Does what is due; returns the exit code when there is nothing left to supervise.
    fn act(&mut self) -> Option<ExitCode> {
        if self.next.as_ref().is_some_and(is_dying) {
            self.drop_next("it ended at once");
        }
        if self.serving.as_ref().is_some_and(is_dying) {
            // What it said last came before its end.
            self.hear();
            if let Some(code) = self.serving.take().and_then(|serving| self.bury(serving)) {
                return Some(code);
            }
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.lose_patience();
        }
        if self.told_to_end && self.serving.is_none() {
            self.take_away();
            return Some(ExitCode::SUCCESS);
        }
        if self.start_at.is_some_and(|at| Instant::now() >= at) {
            self.start_at = None;
            return self.start();
        }
        None
    }

    /// Decides what follows the end of the serving process.
    fn bury(&mut self, mut process: Process) -> Option<ExitCode> {
        if !self.stood {
            let code = process.ended(ENDING).and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
            if self.estate.state.is_some() {
                self.take_away();
            } else {
                let _ = mount::clear_dead_mounts(&self.charge.point);
            }
            return Some(ExitCode::from(code.filter(|code| *code != 0).unwrap_or(EXIT_ERROR)));
        }
        let status = process.ended(if process.is_ending { ENDING } else { STATUS });
        if process.is_ending || self.told_to_end {
            if !process.is_ending {
                self.take_away();
                return Some(ExitCode::SUCCESS);
            }
            let code = status.and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok());
            return Some(ExitCode::from(code.unwrap_or(0)));
        }
        let (id, has_served, is_young) = (process.id(), process.has_served, process.since.elapsed() < TRIAL);
        let how = status.map_or_else(|| "it is still dying".to_owned(), |status| status.to_string());
        let (child, program) = process.into_program();
        if status.is_none() {
            self.dying.push(child);
        }
        self.deadline = None;
        if let Some(next) = self.next.take() {
            if next.is_prepared {
                info!(process = next.id(), "replaced the serving process {id}");
                return self.hand_over(next);
            }
            self.next = Some(next);
            self.drop_next("the old one died meanwhile");
        }
        self.program = Some(program);
        // Whom somebody killed has done nothing wrong.
        let was_killed = status.is_none_or(|status| std::os::unix::process::ExitStatusExt::signal(&status) == Some(9));
        if has_served && (was_killed || !is_young) {
            self.strikes = 0;
            self.crashes = u32::from(!was_killed);
        } else {
            self.strikes += 1;
            self.crashes += u32::from(has_served);
        }
        if self.strikes > STRIKES_MAX {
            let point = self.charge.point.display();
            error!(
                "{STRIKES_MAX} serving processes ended soon after their start ({how}); the mount on {point} is given up"
            );
            self.take_away();
            return Some(ExitCode::from(EXIT_ERROR));
        }
        warn!(process = id, strikes = self.strikes, "the serving process {id} ended ({how}); another one takes over");
        self.start_at = Some(Instant::now() + Duration::from_millis(PAUSES_MS[self.strikes]));
        None
    }

    /// Starts the process that takes over.
    fn start(&mut self) -> Option<ExitCode> {
        let program = self.program.take().map_or_else(Program::of_this_process, Ok);
        match program.and_then(|program| Process::start(program, &self.charge.arguments, None)) {
            Ok(process) => self.hand_over(process),
            Err(error) => {
                self.strikes += 1;
                warn!(%error, "cannot start a serving process: {error}");
                if self.strikes > STRIKES_MAX {
                    error!("the mount on {} is given up", self.charge.point.display());
                    self.take_away();
                    return Some(ExitCode::from(EXIT_ERROR));
                }
                self.start_at = Some(Instant::now() + Duration::from_millis(PAUSES_MS[self.strikes]));
                None
            }
        }
    }

    /// Gives a process all that there is. Should it have died already, that is noticed as its end.
    fn hand_over(&mut self, process: Process) -> Option<ExitCode> {
        if let Err(error) = self.estate.give(&process.channel, self.crashes) {
            warn!(%error, "cannot hand the mount over: {error}");
        }
        self.serving = Some(process);
        None
    }

    /// Starts the program that is on disk now, which replaces the serving process once it is ready.
    fn prepare_next(&mut self) {
        if self.next.is_some() || self.serving.is_none() || !self.stood || self.told_to_end {
            return info!("not now: the serving process is being replaced already, or the mount begins or ends");
        }
        if !self.estate.can_resend() {
            return warn!("the serving process is not replaced: this kernel (before 6.9) would lose requests");
        }
        let started = Program::open(&self.charge.program)
            .and_then(|program| Process::start(program, &self.charge.arguments, None));
        match started {
            Ok(process) => {
                info!(process = process.id(), "replacing the serving process by {}", self.charge.program.display());
                self.next = Some(process);
                self.deadline = Some(Instant::now() + REPLACING);
            }
            Err(error) => warn!(%error, "the serving process is not replaced: {error}"),
        }
    }

    fn drop_next(&mut self, why: &str) {
        if let Some(mut next) = self.next.take() {
            next.signal(Signal::KILL);
            warn!("the new serving process is given up: {why}");
            self.dying.push(next.into_program().0);
            self.deadline = None;
        }
    }

    /// Has waited long enough for the serving process, or for the next one.
    fn lose_patience(&mut self) {
        self.deadline = None;
        if self.next.as_ref().is_some_and(|next| !next.is_prepared) {
            return self.drop_next("it does not begin");
        }
        if let Some(serving) = self.serving.as_mut().filter(|serving| !serving.is_putting_away) {
            warn!("the serving process does not end, and is killed");
            serving.signal(Signal::KILL);
        }
    }

    /// Takes the mount away from under whoever uses it.
    fn take_away(&self) {
        if let Some(state) = self.estate.read()
            && let Err(error) = state.place.mounted().end(Duration::ZERO)
        {
            warn!(%error, "cannot end the mount: {error}");
        }
    }

    /// Removes what is left in the file system.
    fn put_away(&self) {
        if let Some(path) = self.estate.read().and_then(|state| state.control) {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Estate {
    fn read(&self) -> Option<State> {
        serde_json::from_value(self.state.clone()?).ok()
    }

    fn can_resend(&self) -> bool {
        self.read().is_some_and(|state| state.kernel.can_resend())
    }

    fn give(&self, channel: &Channel, crashes: u32) -> io::Result<()> {
        for (number, socket) in &self.held {
            channel.send(&FromSupervisor::Hold(*number), &[socket.as_fd()])?;
        }
        let (belongings, descriptors) = self.belongings.parts();
        let state = self.state.clone().unwrap_or_default();
        channel.send(&FromSupervisor::TakeOver { state, belongings, crashes }, &descriptors)
    }
}

fn is_dying(process: &Process) -> bool {
    let mut lifeline = [PollFd::new(&process.lifeline, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut lifeline, Some(&now)).is_ok_and(|ready| ready > 0)
}
