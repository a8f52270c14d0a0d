//! What the kernel is told of an error: one match, from meaning to errno.

use std::error::Error as _;

use veneer::{Error, ErrorKind};

/// Returns the errno that says what `error` means.
///
/// A program sees these through the mount, so docs/SEMANTICS.md lists them.
pub fn errno(error: &Error) -> i32 {
    match error.kind() {
        // The kernel hands over names without NUL and slash, so only the length can be wrong.
        ErrorKind::Invalid { what: "name" | "path", .. } => libc::ENAMETOOLONG,
        ErrorKind::Invalid { .. } | ErrorKind::Ambiguous { .. } | ErrorKind::Nothing { .. } => libc::EINVAL,
        ErrorKind::NotFound { .. } => libc::ENOENT,
        ErrorKind::AlreadyExists { .. } => libc::EEXIST,
        ErrorKind::NotAFolder { .. } => libc::ENOTDIR,
        ErrorKind::IsAFolder { .. } => libc::EISDIR,
        ErrorKind::RefMoved { .. }
        | ErrorKind::Unsaved { .. }
        | ErrorKind::Conflict { .. }
        | ErrorKind::StoreBusy { .. } => libc::EBUSY,
        ErrorKind::SourceChanged { .. } => libc::ESTALE,
        ErrorKind::SourceUnusable { .. } | ErrorKind::Corrupt { .. } | ErrorKind::StoreUnknown { .. } => libc::EIO,
        ErrorKind::ReadOnly { .. } => libc::EROFS,
        ErrorKind::NoSpace { .. } => libc::ENOSPC,
        ErrorKind::Interrupted => libc::EINTR,
        ErrorKind::Io { .. } => of_cause(error),
    }
}

/// The cause's own errno where a reader can make sense of it.
///
/// The rest become `EIO`: `ENOSYS`, above all, would make the kernel never ask again.
fn of_cause(error: &Error) -> i32 {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match cause.and_then(std::io::Error::raw_os_error) {
        Some(
            code @ (libc::EACCES
            | libc::EPERM
            | libc::ESTALE
            | libc::EMFILE
            | libc::ENFILE
            | libc::ENOMEM
            | libc::ETIMEDOUT),
        ) => code,
        _ => libc::EIO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: ErrorKind) -> i32 {
        errno(&Error::new(kind))
    }

    #[test]
    fn every_meaning_has_its_errno() {
        let text = String::new;
        let invalid = |what| ErrorKind::Invalid { what, value: text(), why: text() };
        for (kind, expected) in [
            (invalid("name"), libc::ENAMETOOLONG),
            (invalid("path"), libc::ENAMETOOLONG),
            (invalid("ref"), libc::EINVAL),
            (ErrorKind::NotFound { what: "path", name: text() }, libc::ENOENT),
            (ErrorKind::AlreadyExists { what: "path", name: text() }, libc::EEXIST),
            (ErrorKind::Ambiguous { name: text(), candidates: Vec::new() }, libc::EINVAL),
            (ErrorKind::NotAFolder { path: text() }, libc::ENOTDIR),
            (ErrorKind::IsAFolder { path: text() }, libc::EISDIR),
            (ErrorKind::Nothing { to: "undo", name: text() }, libc::EINVAL),
            (ErrorKind::RefMoved { name: text() }, libc::EBUSY),
            (ErrorKind::Unsaved { name: text(), what: "drafts" }, libc::EBUSY),
            (ErrorKind::Conflict { paths: Vec::new() }, libc::EBUSY),
            (ErrorKind::SourceChanged { path: text(), how: text() }, libc::ESTALE),
            (ErrorKind::SourceUnusable { path: text(), why: text(), parts: Vec::new() }, libc::EIO),
            (ErrorKind::Corrupt { what: text(), why: text() }, libc::EIO),
            (ErrorKind::StoreUnknown { path: text(), found: text() }, libc::EIO),
            (ErrorKind::StoreBusy { path: text(), owner: text() }, libc::EBUSY),
            (ErrorKind::ReadOnly { why: text() }, libc::EROFS),
            (ErrorKind::NoSpace { what: text() }, libc::ENOSPC),
            (ErrorKind::Interrupted, libc::EINTR),
            (ErrorKind::Io { action: text() }, libc::EIO),
        ] {
            assert_eq!(of(kind.clone()), expected, "{kind:?}");
        }
    }

    #[test]
    fn an_os_error_keeps_its_code_unless_the_kernel_would_misread_it() {
        for (code, expected) in [
            (libc::EACCES, libc::EACCES),
            (libc::ESTALE, libc::ESTALE),
            (libc::EMFILE, libc::EMFILE),
            (libc::ENOSYS, libc::EIO),
            (libc::EAGAIN, libc::EIO),
            (libc::ENOSPC, libc::ENOSPC),
        ] {
            let error = Error::io("read `x`", std::io::Error::from_raw_os_error(code));
            assert_eq!(errno(&error), expected, "{code}");
        }
    }
}
