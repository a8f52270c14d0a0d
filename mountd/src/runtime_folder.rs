//! Where the sockets of mounts are: a folder of one user, gone after a restart of the machine.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use veneer::model::Id;

/// How the name of a socket ends.
const ENDING: &str = "sock";

/// Makes the socket at which clients of the mount on `point` come in; only this user may.
///
/// `XDG_RUNTIME_DIR`, then `/run` for root, then `/tmp`: the first that will do.
pub fn listen(point: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let place = Id::of(point.as_os_str().as_encoded_bytes()).short();
    let name = format!("mount-{place}-{}.{ENDING}", std::process::id());
    let mut result = Err(io::ErrorKind::NotFound.into());
    for folder in folders() {
        result = prepare(&folder).and_then(|()| {
            remove_dead(&folder);
            bind(&folder.join(&name))
        });
        if result.is_ok() {
            break;
        }
    }
    result
}

fn folders() -> Vec<PathBuf> {
    let user = rustix::process::geteuid();
    let given = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let of_root = user.is_root().then(|| PathBuf::from("/run/veneer"));
    let last = PathBuf::from(format!("/tmp/veneer-{}", user.as_raw()));
    given.map(|folder| folder.join("veneer")).into_iter().chain(of_root).chain([last]).collect()
}

/// Makes the folder if need be; one that others may write to is refused.
fn prepare(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(folder)?;
    let is_ours = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0;
    if is_ours { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

fn bind(path: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok((listener, path.to_owned()))
}

/// Removes the sockets whose processes were all killed.
fn remove_dead(folder: &Path) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|extension| extension == ENDING) && is_dead(&path) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether nobody listens; never waits.
fn is_dead(path: &Path) -> bool {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let connected = SocketAddrUnix::new(path).and_then(|address| {
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        rustix::net::connect(&socket, &address)
    });
    connected == Err(Errno::CONNREFUSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_sockets_are_removed_and_live_ones_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("veneer");
        prepare(&folder).expect("made");
        let (dead, living) = (folder.join("dead.sock"), folder.join("living.sock"));
        drop(bind(&dead).expect("bound"));
        let listener = bind(&living).expect("bound");
        assert_eq!(fs::metadata(&living).expect("there").mode() & 0o777, 0o600);
        remove_dead(&folder);
        assert!(!dead.exists() && living.exists());
        drop(listener);
        prepare(&folder).expect("it is there already");
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("ours");
        assert!(prepare(folder.path()).is_err());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/tmp", &link).expect("a link");
        assert!(prepare(&link).is_err());
    }
}
