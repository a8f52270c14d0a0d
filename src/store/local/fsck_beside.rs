//! Checking a store beside its owner, as a reader: what is acknowledged, and nothing of what the owner alone has.
//!
//! It trusts nothing that the owner knows: the log is read anew.

use std::collections::HashSet;
use std::path::Path;

use super::fsck::{FsckReport, check_file};
use super::index::Record;
use super::{Access, LocalStore};
use crate::model::Id;
use crate::store::Store;
use crate::{ErrorKind, Result};

/// What cannot be looked at while somebody may write it.
const NOT_LOOKED_AT: &str = "somebody owns the store: the log was read as far as its groups are acknowledged; the index, \
                             the mark, the reserve for a full disk and files of no object were not looked at";

impl LocalStore {
    /// Checks the store in the folder `path` while somebody else owns it and writes, but sweeps nothing.
    ///
    /// `tell` hears again and again how many objects were read, and how many bytes; its error ends the check.
    ///
    /// # Errors
    /// Those of `tell` and of a folder that is no store; damage is not an error but the answer.
    pub fn fsck_beside(path: &Path, tell: &mut dyn FnMut(u64, u64) -> Result<()>) -> Result<FsckReport> {
        let mut report = FsckReport { notes: vec![NOT_LOOKED_AT.to_owned()], ..FsckReport::default() };
        let store = match LocalStore::open(path, Access::Read) {
            Err(error) => {
                let ErrorKind::Corrupt { what, why } = error.kind() else { return Err(error) };
                report.lost(what, why);
                return Ok(report);
            }
            Ok(store) => store,
        };
        let (mut records, index) = (Vec::new(), store.core.index());
        index.each_object(&mut |record| {
            records.push(*record);
            Ok(())
        })?;
        // Both of one moment: a ref that is set now may point to an object that is newer.
        let refs = index.refs("")?;
        let known: HashSet<Id> = records.iter().map(|record| record.id).collect();
        for (name, value) in refs {
            match known.contains(&value.id) {
                true => report.refs += 1,
                false => {
                    report.lost(format!("ref {name}"), format!("it points to object {}, which is not there", value.id))
                }
            }
        }
        let mut seen = HashSet::new();
        for record in records.iter().filter(|record| seen.insert(record.id)) {
            store.check_object(record, &mut report);
            tell(report.objects, report.bytes)?;
        }
        Ok(report)
    }

    fn check_object(&self, record: &Record, report: &mut FsckReport) {
        let Record { id, kind, len, place, .. } = record;
        if place.payload.is_none() {
            return check_file(&*self.core.disk, *id, *len, report);
        }
        match self.get(*id) {
            Ok(bytes) if Id::of(&bytes) == *id => {
                report.objects += 1;
                report.bytes += len;
            }
            Ok(_) => report.lost(format!("{kind} {id}"), "its bytes in the log have another hash"),
            Err(error) => report.lost(format!("{kind} {id}"), error.to_string()),
        }
    }
}
