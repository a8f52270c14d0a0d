//! What a supervisor and its serving process say to each other, and the descriptors that go with it.
//!
//! A message is one packet: it arrives whole or not at all, and stays readable
//! after whoever sent it was killed. So what a serving process has said counts.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::estate::Belonging;

/// The most descriptors in one message.
const DESCRIPTORS_MAX: usize = 8;

/// What a serving process says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromServing {
    /// It has opened what it can without the mount, and waits to be told what to do.
    Prepared,
    /// What the next one must know, in place of what was said before; the belongings come with it.
    Keep {
        /// Whatever the next serving process understands.
        state: serde_json::Value,
        /// What the descriptors are, in their order; none where they stay as they are.
        belongings: Vec<Belonging>,
    },
    /// The connection that comes with this holds the mount still.
    Hold(u64),
    /// That connection has ended.
    LetGo(u64),
    /// It answers the kernel from now on.
    Serving,
    /// The mount ends, and this process with it: nobody is to take over.
    Ending,
    /// It has ended; what was written is put away, which may take its time.
    PuttingAway,
}

/// What a supervisor says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromSupervisor {
    /// Make the mount.
    Begin,
    /// The connection that comes with this holds the mount; said before [`FromSupervisor::TakeOver`].
    Hold(u64),
    /// Serve on where another process was ended; the belongings come with it.
    TakeOver {
        /// What that one had said last.
        state: serde_json::Value,
        /// What the descriptors are, in their order.
        belongings: Vec<Belonging>,
        /// How many processes have crashed, each soon after it had taken over from the one before.
        crashes: u32,
    },
    /// The process before has ended only now: have the kernel say again what is unanswered.
    Resend,
}

/// One end of the line.
#[derive(Debug)]
pub struct Channel {
    socket: OwnedFd,
}

impl From<OwnedFd> for Channel {
    fn from(socket: OwnedFd) -> Channel {
        Channel { socket }
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Channel {
    /// Makes both ends.
    pub fn pair() -> io::Result<(Channel, Channel)> {
        let (one, other) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((one.into(), other.into()))
    }

    /// Sends a message with descriptors, of which the other end gets copies.
    ///
    /// # Errors
    /// `BrokenPipe` when nobody is at the other end any more.
    pub fn send(&self, message: &impl Serialize, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let text = serde_json::to_vec(message)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let (parts, flags) = ([IoSlice::new(&text)], SendFlags::NOSIGNAL);
        rustix::io::retry_on_intr(|| rustix::net::sendmsg(&self.socket, &parts, &mut control, flags))?;
        Ok(())
    }

    /// Waits for a message; `None` when the other end is closed.
    pub fn receive<M: DeserializeOwned>(&self) -> io::Result<Option<(M, Vec<OwnedFd>)>> {
        self.take(RecvFlags::empty())
    }

    /// As [`Channel::receive`], with `WouldBlock` where there is no message yet.
    pub fn try_receive<M: DeserializeOwned>(&self) -> io::Result<Option<(M, Vec<OwnedFd>)>> {
        self.take(RecvFlags::DONTWAIT)
    }

    fn take<M: DeserializeOwned>(&self, flags: RecvFlags) -> io::Result<Option<(M, Vec<OwnedFd>)>> {
        let look = flags | RecvFlags::PEEK | RecvFlags::TRUNC;
        let len = match rustix::io::retry_on_intr(|| rustix::net::recv(&self.socket, &mut [0; 1][..], look)) {
            // Whoever was killed with messages of ours unread is gone, and nothing more.
            Err(Errno::CONNRESET) => return Ok(None),
            looked => looked?.1,
        };
        let mut text = vec![0; len];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = rustix::io::retry_on_intr(|| {
            let mut parts = [IoSliceMut::new(&mut text)];
            let flags = flags | RecvFlags::CMSG_CLOEXEC;
            rustix::net::recvmsg(&self.socket, &mut parts, &mut control, flags)
        });
        let received = received?;
        if received.bytes == 0 {
            return Ok(None);
        }
        let descriptors = control.drain().flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(all) => all.collect(),
            _ => Vec::new(),
        });
        Ok(Some((serde_json::from_slice(&text[..received.bytes])?, descriptors.collect())))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Seek, Write};

    use super::*;

    #[test]
    fn a_message_arrives_whole_with_its_descriptors_though_its_sender_has_gone() {
        let (one, other) = Channel::pair().expect("a pair");
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"content").expect("written");
        let state = serde_json::json!({ "shown": vec!["0123456789abcdef"; 4000] });
        let keep = FromServing::Keep { state, belongings: vec![Belonging::Pin] };
        one.send(&keep, &[file.as_fd()]).expect("sent");
        one.send(&FromServing::Ending, &[]).expect("sent");
        drop((one, file));
        let (message, mut descriptors) = other.receive::<FromServing>().expect("readable").expect("there");
        assert_eq!(message, keep);
        let mut file = File::from(descriptors.pop().expect("one"));
        let mut text = String::new();
        file.rewind().expect("a file");
        file.read_to_string(&mut text).expect("readable");
        assert_eq!(text, "content");
        let (message, descriptors) = other.try_receive::<FromServing>().expect("readable").expect("there");
        assert_eq!((message, descriptors.len()), (FromServing::Ending, 0));
        assert!(other.receive::<FromServing>().expect("no error").is_none(), "the end");
        assert_eq!(other.send(&FromSupervisor::Resend, &[]).map_err(|e| e.kind()), Err(io::ErrorKind::BrokenPipe));
    }

    #[test]
    fn without_a_message_nobody_waits_who_does_not_want_to() {
        let (one, _other) = Channel::pair().expect("a pair");
        let error = one.try_receive::<FromSupervisor>().expect_err("nothing was said");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
