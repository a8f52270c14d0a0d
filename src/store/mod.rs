//! Where Veneer's own data is: immutable objects named by their hash, and refs that name objects.
//!
//! One narrow trait, [`Store`]. Behaviour is added by wrapping ([`Verified`]),
//! never by flags; every implementation passes [`conformance`]. What the bytes
//! on the disk are is in `docs/FORMAT.md`.

mod batch;
mod beside;
mod cache;
pub mod conformance;
mod local;
mod mapped;
mod memory;
mod nearby;
mod object;
#[cfg(feature = "remote")]
mod remote;
#[cfg(feature = "remote")]
pub mod service;
mod tree;
mod verify;
pub mod wire;

use std::fmt;
use std::io::Read;
use std::time::Duration;

use bytes::Bytes;

pub use beside::Beside;
pub use cache::Cache;
pub use local::{
    Access, FsckReport, Live, LocalStore, ObjectInfo, Pin, Problem, StoreStats, SweepOptions, Swept, pinned,
};
pub use memory::MemoryStore;
pub use nearby::Nearby;
pub use object::Object;
#[cfg(feature = "remote")]
pub use remote::{Credentials, Distrust, RemoteStore};
pub use verify::Verified;

use crate::Result;
use crate::model::{Id, ObjectKind, RefName, RefValue};

/// Objects and refs.
pub trait Store: Send + Sync + fmt::Debug {
    /// Returns the whole object.
    ///
    /// # Errors
    /// `NotFound` when the store does not have it, `Corrupt` when its bytes are not those of its id.
    fn get(&self, id: Id) -> Result<Bytes>;

    /// Opens an object of any size for reading anywhere in it.
    fn open(&self, id: Id) -> Result<Object>;

    /// As [`Store::open`], of a store elsewhere; `None` where the other machine would have to be asked.
    ///
    /// A store of this machine may say `None` of everything.
    fn open_at_hand(&self, _: Id) -> Result<Option<Object>> {
        Ok(None)
    }

    /// Whether the store has the object.
    fn has(&self, id: Id) -> Result<bool>;

    /// Stores an object; it is durable only once a later [`Store::apply`] has returned.
    ///
    /// An object that is there already is not stored twice.
    fn put(&self, kind: ObjectKind, bytes: &[u8]) -> Result<Id>;

    /// As [`Store::put`], for content of any length; returns the length too, in bytes.
    fn put_stream(&self, kind: ObjectKind, content: &mut dyn Read) -> Result<(Id, u64)>;

    /// Returns what the ref points to; `None` where there is no such ref.
    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>>;

    /// Returns all refs whose names begin with `prefix`, in order of name.
    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>>;

    /// Stores the batch's objects and swaps its refs: all of it or nothing, durable when it returns.
    ///
    /// All that was [`put`](Store::put) before is durable then, too. Returns
    /// the operation's number, which every swapped ref now carries.
    ///
    /// # Errors
    /// `RefMoved` when a ref is not what the batch expects, `NotFound` when a ref would point to an
    /// object that neither the store nor the batch has: then nothing is swapped.
    fn apply(&self, batch: &Batch) -> Result<u64>;

    /// Waits until the store's last operation is later than `op`, at most for `timeout`; returns its number.
    ///
    /// A caller that starts with 0 gets the present number at once: making the store was operation 1.
    fn watch_refs(&self, op: u64, timeout: Duration) -> Result<u64>;

    /// Returns the ids of the revisions whose hexadecimal digits begin with `prefix`.
    fn revisions_with_prefix(&self, prefix: &str) -> Result<Vec<Id>>;
}

/// What is stored and swapped together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Objects to store; children before parents.
    pub objects: Vec<(ObjectKind, Bytes)>,
    /// Refs to swap.
    pub swaps: Vec<RefSwap>,
    /// Whether this adds next to nothing and helps to make the store smaller, so that it may use the reserve
    /// on a full disk.
    pub frees_space: bool,
}

/// One ref's compare-and-swap.
#[derive(Clone, Debug)]
pub struct RefSwap {
    /// The ref.
    pub name: RefName,
    /// What it must be now; `None`: it must not exist.
    pub expected: Option<RefValue>,
    /// What it is to point to; `None` removes it.
    pub new: Option<Id>,
}
