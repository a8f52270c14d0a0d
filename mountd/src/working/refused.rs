//! Why an operation of a writable mount is not done: an errno, as the program will see it.

use std::io;

use veneer::Error;

use crate::errno;

/// The errno of a refused operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub i32);

/// What an operation comes to.
pub type Answer<T> = Result<T, Refused>;

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        let code = errno::errno(&error);
        tracing::debug!(code, "an operation was refused: {error}");
        Refused(code)
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        // The kernel takes ENOSYS for "never ask again".
        match error.raw_os_error() {
            Some(libc::ENOSYS) => Refused(libc::EOPNOTSUPP),
            Some(code) => Refused(code),
            None => Refused(libc::EIO),
        }
    }
}

impl From<rustix::io::Errno> for Refused {
    fn from(error: rustix::io::Errno) -> Refused {
        io::Error::from(error).into()
    }
}
