//! The control socket: whoever keeps a connection to it on which `hold` was said keeps the mount where it is.
//!
//! One thread listens to all of them. A connection that holds is known to the
//! supervisor before it is answered, so that it holds on when this process is
//! killed; it ends with the client's own end of it, whatever ends that.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use serde_json::json;
use tracing::{info, warn};
use veneer::source::{ASK_FOR_SOURCE, Source};

use crate::channel::{Channel, FromServing};
use crate::gate::Gate;
use crate::journal::say;

/// How many may be connected at a time.
const CLIENTS_MAX: usize = 256;
/// Bytes of a line that is none of ours.
const LINE_LEN_MAX: usize = 64;

/// What the clients of a mount may ask.
pub struct Control {
    /// Where they come in.
    pub listener: UnixListener,
    /// To whom it is told who holds.
    pub channel: Arc<Channel>,
    /// What they hold.
    pub gate: Arc<Gate>,
    /// What is held, as one line of JSON: asked for once it is.
    pub answer: Box<dyn Fn() -> String + Send>,
    /// The source and what it is called, for whoever finds its path covered by the mount; `None` of one elsewhere.
    pub source: Option<Arc<Source>>,
    /// Called when the last one has let go.
    pub released: Box<dyn Fn() + Send>,
}

/// A client.
struct Client {
    number: u64,
    stream: UnixStream,
    line: Vec<u8>,
    holds: bool,
}

impl Control {
    /// Listens for as long as the process lives; `held` are the clients of processes before this one.
    ///
    /// The [gate](Gate) knows already that these hold.
    pub fn run(self, held: Vec<(u64, OwnedFd)>) {
        let mut clients: Vec<Client> = held
            .into_iter()
            .map(|(number, socket)| Client { number, stream: socket.into(), line: Vec::new(), holds: true })
            .collect();
        for client in &mut clients {
            // The process before may have died before it answered. Who has gone is noticed below.
            let _ = client.stream.write_all(format!("{}\n", (self.answer)()).as_bytes());
        }
        // Unlike that of any process before: another process, or another count.
        let mut numbers = u64::from(std::process::id()) << 32..;
        loop {
            match self.wait(&clients) {
                Ok((came_in, ready)) => {
                    self.hear(&mut clients, &ready);
                    if came_in && let Some(client) = self.accept(&mut numbers, clients.len()) {
                        clients.push(client);
                    }
                }
                Err(error) => return warn!(%error, "nobody can hold the mount any more: {error}"),
            }
        }
    }

    /// Waits until somebody comes in or some clients have something to say; returns which.
    fn wait(&self, clients: &[Client]) -> io::Result<(bool, Vec<bool>)> {
        let mut all = vec![PollFd::new(&self.listener, PollFlags::IN)];
        all.extend(clients.iter().map(|client| PollFd::new(&client.stream, PollFlags::IN)));
        rustix::io::retry_on_intr(|| rustix::event::poll(&mut all, None))?;
        let ready: Vec<bool> = all.iter().map(|one| !one.revents().is_empty()).collect();
        Ok((ready[0], ready[1..].to_vec()))
    }

    fn accept(&self, numbers: &mut impl Iterator<Item = u64>, count: usize) -> Option<Client> {
        // One that has gone again meanwhile, or one too many, is let go.
        let (stream, _) = self.listener.accept().ok().filter(|_| count < CLIENTS_MAX)?;
        stream.set_nonblocking(true).ok()?;
        Some(Client { number: numbers.next()?, stream, line: Vec::new(), holds: false })
    }

    fn hear(&self, clients: &mut Vec<Client>, ready: &[bool]) {
        let mut ready = ready.iter();
        clients.retain_mut(|client| {
            let stays = !ready.next().is_some_and(|is_ready| *is_ready) || self.hear_one(client).is_ok();
            if !stays && client.holds {
                self.let_go(client.number);
            }
            stays
        });
    }

    /// Reads what a client says, and answers a whole line; an error ends the connection.
    fn hear_one(&self, client: &mut Client) -> io::Result<()> {
        let mut bytes = [0; LINE_LEN_MAX];
        match client.stream.read(&mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(len) => client.line.extend_from_slice(&bytes[..len]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
        while let Some(end) = client.line.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = client.line.drain(..=end).collect();
            let answer = match &line[..end] {
                b"hold" => self.hold(client),
                line if line == ASK_FOR_SOURCE.as_bytes() => {
                    self.hand_over_source(&client.stream)?;
                    continue;
                }
                _ => json!({ "error": "what can be asked here is `hold` and `source`" }).to_string(),
            };
            client.stream.write_all(format!("{answer}\n").as_bytes())?;
        }
        if client.line.len() > LINE_LEN_MAX { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) }
    }

    /// Gives the folder beneath the mount to who asked: that is the mount's own user, or root.
    fn hand_over_source(&self, stream: &UnixStream) -> io::Result<()> {
        let Some(source) = &self.source else { return (&*stream).write_all(b"{\"source\":null}\n") };
        let text = format!("{}\n", json!({ "source": source.path().to_string_lossy() }));
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let folder = [source.folder()];
        let fits = ancillary.push(SendAncillaryMessage::ScmRights(&folder));
        assert!(fits, "there is room for one");
        let parts = [IoSlice::new(text.as_bytes())];
        rustix::net::sendmsg(stream, &parts, &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    fn hold(&self, client: &mut Client) -> String {
        if !client.holds {
            self.gate.hold();
            client.holds = true;
            say(&self.channel, &FromServing::Hold(client.number), &[client.stream.as_fd()]);
            info!(client = client.number, "the mount is held");
        }
        (self.answer)()
    }

    fn let_go(&self, number: u64) {
        say(&self.channel, &FromServing::LetGo(number), &[]);
        info!(client = number, "a holder has let go of the mount");
        if self.gate.let_go() {
            (self.released)();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_connection_holds_from_the_answer_to_its_end_and_the_supervisor_knows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sock");
        let (channel, supervisor) = Channel::pair().expect("a pair");
        let (gate, (released, was_released)) = (Arc::new(Gate::default()), mpsc::channel());
        let control = Control {
            listener: UnixListener::bind(&path).expect("bound"),
            channel: Arc::new(channel),
            gate: Arc::clone(&gate),
            answer: Box::new(|| "{}".to_owned()),
            source: Some(Arc::new(Source::open(folder.path()).expect("a folder"))),
            released: Box::new(move || released.send(()).expect("the test waits")),
        };
        let (before, theirs) = UnixStream::pair().expect("a pair");
        gate.hold();
        thread::spawn(move || control.run(vec![(1, theirs.into())]));
        let mut answer = String::new();
        BufReader::new(&before).read_line(&mut answer).expect("told again");
        assert_eq!(answer, "{}\n");
        let connect = |line: &str| {
            let mut stream = UnixStream::connect(&path).expect("it listens");
            stream.write_all(line.as_bytes()).expect("written");
            let mut answer = String::new();
            BufReader::new(&stream).read_line(&mut answer).expect("answered");
            (stream, answer)
        };
        let (_other, answer) = connect("let me in\n");
        assert!(answer.contains("error"), "{answer}");
        let (holder, answer) = connect("hold\n");
        assert_eq!(answer, "{}\n");
        let (message, descriptors) = supervisor.receive::<FromServing>().expect("readable").expect("there");
        assert!(matches!(message, FromServing::Hold(_)) && descriptors.len() == 1);
        drop(before);
        drop(descriptors);
        let (message, _) = supervisor.receive::<FromServing>().expect("readable").expect("there");
        assert_eq!(message, FromServing::LetGo(1));
        assert!(gate.begin_move().is_none() && was_released.try_recv().is_err());
        drop(holder);
        was_released.recv_timeout(Duration::from_secs(5)).expect("released");
        assert!(gate.begin_move().is_some());
    }
}
