//! How a session begins on a connection that the kernel has begun long ago.
//!
//! fuser begins each session by answering INIT, which the kernel sends once in
//! the life of a mount. A process that takes over plays the kernel's part on a
//! socket, lets the session answer there, and then puts the live device in the
//! socket's place: same number, same session. docs/adr/0007 says why so.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use fuser::{Config, Filesystem, InitFlags, Session, SessionACL};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType};
use serde::{Deserialize, Serialize};

/// The operation INIT.
const INIT: u32 = 26;
/// "Say again what is unanswered": FUSE_NOTIFY_RESEND, since Linux 6.9.
const RESEND: i32 = 7;
/// Bytes of a header from the kernel.
const IN_HEADER_LEN: u32 = 40;
/// Bytes of a header to the kernel.
const OUT_HEADER_LEN: u32 = 16;
/// Bytes of INIT's own part.
const INIT_LEN: u32 = 64;
/// Bytes that the kernel would read ahead; the answer to it is for nobody.
const READ_AHEAD: u32 = 128 << 10;
/// The bit of `flags` that says that there are `flags2`.
const INIT_EXT: u64 = 1 << 30;

/// What the kernel said of itself when the mount was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelSaid {
    /// Major and minor number of its protocol.
    pub protocol: (u32, u32),
    /// What it can, as bits.
    pub capabilities: u64,
}

impl KernelSaid {
    /// Whether it can say again what is unanswered; where not, that stays unanswered.
    pub fn can_resend(self) -> bool {
        self.capabilities & InitFlags::FUSE_HAS_RESEND.bits() != 0
    }

    /// The request INIT, as the kernel sent it.
    fn request(self) -> Vec<u8> {
        let flags = self.capabilities | INIT_EXT;
        let mut bytes = Vec::with_capacity((IN_HEADER_LEN + INIT_LEN) as usize);
        let mut put = |words: &[u32]| words.iter().for_each(|word| bytes.extend(word.to_ne_bytes()));
        // Its length, the operation, and eight words of no meaning here: number, inode, who asks.
        put(&[IN_HEADER_LEN + INIT_LEN, INIT, 1, 0, 0, 0, 0, 0, 0, 0]);
        put(&[self.protocol.0, self.protocol.1, READ_AHEAD, flags as u32, (flags >> 32) as u32]);
        put(&[0; 11]);
        bytes
    }
}

/// A session on a device on which INIT was answered by a process before this one.
pub fn adopt<F: Filesystem>(fuse: F, device: OwnedFd, config: Config, said: KernelSaid) -> io::Result<Session<F>> {
    let (ours, theirs) =
        rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    rustix::net::send(&ours, &said.request(), SendFlags::NOSIGNAL)?;
    let session = Session::from_fd(fuse, theirs, SessionACL::All, config)?;
    // SAFETY: the session owns the number and goes on owning it; what it meant until now, our socket, is closed.
    if unsafe { libc::dup3(device.as_raw_fd(), session.as_fd().as_raw_fd(), libc::O_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(session)
}

/// Has the kernel say again what nobody has answered; an answer that comes nevertheless is refused by it.
///
/// # Errors
/// `InvalidInput` from a kernel that cannot.
pub fn resend(device: impl AsFd) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(OUT_HEADER_LEN as usize);
    bytes.extend(OUT_HEADER_LEN.to_ne_bytes());
    bytes.extend(RESEND.to_ne_bytes());
    // No number: this answers nothing.
    bytes.extend(0_u64.to_ne_bytes());
    rustix::io::write(device, &bytes)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustix::net::RecvFlags;

    use super::*;
    use crate::fuse::Fuse;
    use crate::opens::Opens;
    use crate::planted::Planted;

    const LOOKUP: u32 = 1;
    const RESENT: u64 = 1 << 63;

    fn lookup(unique: u64, name: &[u8]) -> Vec<u8> {
        let len = IN_HEADER_LEN + name.len() as u32 + 1;
        let mut bytes = [len.to_ne_bytes(), LOOKUP.to_ne_bytes()].concat();
        bytes.extend([unique, 1].iter().flat_map(|word| word.to_ne_bytes()));
        bytes.resize(IN_HEADER_LEN as usize, 0);
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes
    }

    /// The number and the error of an answer.
    fn answer(kernel: &OwnedFd) -> (u64, i32) {
        let mut bytes = [0; 512];
        let (_, len) = rustix::net::recv(kernel, &mut bytes[..], RecvFlags::empty()).expect("answered");
        assert!(len >= OUT_HEADER_LEN as usize);
        let error = i32::from_ne_bytes(bytes[4..8].try_into().expect("four"));
        (u64::from_ne_bytes(bytes[8..16].try_into().expect("eight")), error)
    }

    #[test]
    fn an_adopted_session_answers_and_what_several_have_died_of_is_answered_with_an_error() {
        let planted = Planted::new(&[("a", "1")]);
        for refuse in [false, true] {
            let pair = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
            let (kernel, device) = pair.expect("a pair");
            let fuse = Fuse::new(Arc::clone(&planted.fs), Arc::new(Opens::new(false, &[]))).refusing_resent(refuse);
            let said = KernelSaid { protocol: (7, 45), capabilities: InitFlags::FUSE_HAS_RESEND.bits() };
            assert!(said.can_resend());
            let session = adopt(fuse, device, Config::default(), said).expect("adopted");
            resend(&session).expect("said");
            assert_eq!(answer(&kernel), (0, RESEND));
            let serving = std::thread::spawn(move || session.run());
            for (unique, expected) in [(2, 0), (4 | RESENT, if refuse { -libc::EIO } else { 0 })] {
                rustix::net::send(&kernel, &lookup(unique, b"a"), SendFlags::empty()).expect("asked");
                assert_eq!(answer(&kernel), (unique, expected), "refuse: {refuse}");
            }
            drop(kernel);
            // The end of a socket is not how a mount ends, and so an error.
            assert!(serving.join().expect("no panic").is_err());
        }
    }
}
