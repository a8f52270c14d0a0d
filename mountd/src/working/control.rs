//! The control socket: the command asks for a snapshot before it looks at the draft.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::{fs, thread};

use tracing::warn;
use veneer::dataset::MountedDraft;

use super::keeper::Keeper;
use super::to_kernel;
use crate::trouble::Trouble;

/// Makes the socket in the draft's folder.
pub fn bind(folder: &Path) -> io::Result<UnixListener> {
    // A socket's path may have 107 bytes only, so it is named by the folder that is open.
    let opened = fs::File::open(folder)?;
    let path = format!("/proc/self/fd/{}/{}", std::os::fd::AsRawFd::as_raw_fd(&opened), MountedDraft::SOCKET);
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Listens until the process ends.
pub fn listen(listener: UnixListener, point: &Path, keeper: &Arc<Keeper>) -> io::Result<()> {
    let (keeper, point) = (Arc::clone(keeper), point.to_owned());
    thread::Builder::new().name("draft".to_owned()).spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Err(error) = answer(stream, &point, &keeper) {
                warn!(%error, "the command was not answered: {error}");
            }
        }
    })?;
    Ok(())
}

fn answer(stream: UnixStream, point: &Path, keeper: &Keeper) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    let text = match line.trim_end() {
        MountedDraft::SNAPSHOT => {
            flush_maps(point);
            match keeper.snapshot() {
                Ok(()) => "ok".to_owned(),
                Err(error) => {
                    let trouble = Trouble::from(error);
                    warn!(kind = trouble.kind, "no snapshot: {}", trouble.message);
                    format!("error {}", trouble.message.replace('\n', " "))
                }
            }
        }
        other => format!("error there is no `{other}`"),
    };
    writeln!(&stream, "{text}")
}

/// Has the kernel hand over what programs wrote to mapped files: until then only it knows.
///
/// Nothing is locked meanwhile, so the writes that come of it are served.
fn flush_maps(point: &Path) {
    let point = point.to_owned();
    to_kernel::in_the_mount(move || {
        if let Ok(root) = fs::File::open(point) {
            let _ = rustix::fs::syncfs(&root);
        }
    });
}
