//! A store in a folder of this machine that a service may have: then it is changed by asking that.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Access, Beside, LocalStore, RemoteStore, Store};
use crate::model::WriterName;
use crate::{ErrorKind, Result};

/// The name of the socket on which a service listens, in the folder of the store that it owns.
pub const SOCKET: &str = "service.sock";

/// Whether a service has the store in `path`.
pub fn is_served(path: &Path) -> bool {
    RemoteStore::at_socket(&path.join(SOCKET), path).is_ok()
}

/// The service that has the store in `path`; `None` where none has it.
///
/// It is told that `writer` asks.
pub fn owner(path: &Path, writer: &WriterName) -> Option<RemoteStore> {
    let owner = RemoteStore::at_socket(&path.join(SOCKET), &path.join("cache")).ok()?;
    Some(owner.asking_for(writer))
}

/// The store in `path` through the service that has it, objects from the disk; `None` where none has it.
///
/// It is told that `writer` asks.
///
/// # Errors
/// Those of opening the store beside its owner.
pub fn served(path: &Path, writer: &WriterName) -> Result<Option<Beside>> {
    let Some(far) = owner(path, writer) else { return Ok(None) };
    let near = LocalStore::open(path, Access::Read)?;
    Ok(Some(Beside::new(Arc::new(near), Arc::new(far))))
}

/// The store in `path` to be changed: through the service that has it, else owned by this process, for which
/// another owner is waited for, at most for `wait`.
///
/// # Errors
/// As [`LocalStore::open_within`].
pub fn open_to_change(path: &Path, writer: &WriterName, wait: Duration) -> Result<Arc<dyn Store>> {
    if let Some(store) = served(path, writer)? {
        return Ok(Arc::new(store));
    }
    match LocalStore::open_within(path, Access::Own, wait) {
        // A service may have begun while we waited.
        Err(error) if matches!(error.kind(), ErrorKind::StoreBusy { .. }) => match served(path, writer)? {
            Some(store) => Ok(Arc::new(store)),
            None => Err(error),
        },
        opened => Ok(Arc::new(opened?)),
    }
}
