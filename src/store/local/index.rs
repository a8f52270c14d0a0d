//! What the local store looks things up in: refs, and where each object is.
//!
//! An index is made from the log alone and can be thrown away at any moment.
//! Two kinds: in sled for the owner ([`super::index_sled`]), in memory for
//! readers, and for an owner whose sled cannot be used ([`super::index_memory`]).

use std::fmt::Debug;

use bytes::Bytes;

use super::frame::{FILE_HEAD_LEN, FileHead};
use super::group::ObjectItem;
use crate::Result;
use crate::model::{Id, ObjectKind, RefValue};

/// Refs and places of objects.
pub(super) trait Index: Send + Sync + Debug {
    /// How far the log is applied.
    fn applied(&self) -> Applied;
    /// Finds an object.
    fn object(&self, id: Id) -> Result<Option<Found>>;
    /// Whether the object is there, and there as a revision.
    fn is_revision(&self, id: Id) -> Result<bool>;
    /// What a ref is.
    fn read_ref(&self, name: &str) -> Result<Option<RefValue>>;
    /// The refs whose names begin with `prefix`, in order of name.
    fn refs(&self, prefix: &str) -> Result<Vec<(String, RefValue)>>;
    /// The revisions whose hexadecimal digits begin with `prefix`, in order.
    fn revisions(&self, prefix: &str) -> Result<Vec<Id>>;
    /// Takes over what a group changes, and that the log is applied up to it: both or neither.
    fn apply(&self, entries: &[Entry<'_>], applied: Applied) -> Result<()>;
    /// Visits every object.
    fn each_object(&self, visit: &mut dyn FnMut(&Record) -> Result<()>) -> Result<()>;
    /// Takes everything from a log that was written anew; it has all objects that are here.
    fn replace(&self, log: &Rewritten<'_>) -> Result<()>;
    /// Makes what was applied durable, as far as that is of use.
    fn flush(&self) -> Result<()>;
    /// The bytes that it takes on the disk.
    fn disk_bytes(&self) -> u64;
    /// Whether an error of it can be mended by making a new index from the log.
    fn can_be_replaced(&self) -> bool;
}

/// Calls its argument with the entries of every group of a log that was written anew.
pub(super) type Rewritten<'a> = dyn Fn(&mut Take<'_>) -> Result<()> + 'a;
/// Takes over the entries of one group.
pub(super) type Take<'a> = dyn FnMut(&[Entry<'_>], Applied) -> Result<()> + 'a;

/// The place behind a group: all up to it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Applied {
    /// The group's number.
    pub(super) seq: u64,
    /// The last operation.
    pub(super) op: u64,
    /// The log file.
    pub(super) file: u32,
    /// Where the group begins; `end` where no group of the file is applied yet.
    pub(super) start: u64,
    /// Where it ends.
    pub(super) end: u64,
    /// The group's checksum, to tell it from any other.
    pub(super) sum: [u8; 16],
}

impl Applied {
    /// The place before the first group of a file.
    pub(super) fn before(head: &FileHead) -> Applied {
        let (start, end) = (FILE_HEAD_LEN, FILE_HEAD_LEN);
        Applied { seq: head.first_seq - 1, op: head.op, file: head.number, start, end, sum: [0; 16] }
    }
}

/// One change of the index.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry<'a> {
    /// An object came to be; with its bytes, where they are at hand.
    Object(Record, Option<&'a [u8]>),
    /// A ref was set or removed.
    Ref { name: &'a str, new: Option<RefValue> },
    /// An object is no more.
    Forgotten(Id),
}

impl Entry<'_> {
    /// The object that came to be, if one did.
    pub(super) fn object_id(&self) -> Option<Id> {
        match self {
            Entry::Object(record, _) => Some(record.id),
            _ => None,
        }
    }
}

/// What the log says of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) id: Id,
    pub(super) kind: ObjectKind,
    /// In bytes.
    pub(super) len: u64,
    /// When it was stored, in seconds since 1970-01-01 UTC.
    pub(super) time_s: u64,
    pub(super) place: Place,
}

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The log file that has its record.
    pub(super) file: u32,
    /// Where in it the record begins.
    pub(super) record: u64,
    /// Where in it the object's bytes begin; `None`: it has a file of its own.
    pub(super) payload: Option<u64>,
}

impl Record {
    /// What a record of the log tells that begins at `start`.
    pub(super) fn of(file: u32, start: u64, item: &ObjectItem) -> Record {
        let place = Place { file, record: start, payload: item.payload.map(|distance| start + u64::from(distance)) };
        Record { id: item.id, kind: item.kind, len: item.len, time_s: item.time_s, place }
    }
}

/// An object that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) record: Record,
    /// Its bytes, where the index itself has them.
    pub(super) bytes: Option<Bytes>,
}
