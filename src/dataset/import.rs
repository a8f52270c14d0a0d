//! A new dataset: its record, its first revision and its branch `main`, all at once.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::rows::{TableKey, check_formats, with_choice};
use super::{Datasets, encode, encode_record, now_ns};
use crate::base::Base;
use crate::model::{BranchName, DatasetName, DatasetRecord, FormatChoice, Id, ObjectKind, RefName, Revision};
use crate::store::{Batch, RefSwap};
use crate::{Error, ErrorKind, Result};

/// What a dataset begins with.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The new dataset's name.
    pub name: &'a DatasetName,
    /// The absolute path of its source.
    pub source: &'a Path,
    /// The index of the source, which the store has already.
    pub base: Id,
    /// Who imports it.
    pub author: &'a str,
}

impl Datasets {
    /// Makes a dataset and its first revision, on the branch `main`; returns the revision.
    ///
    /// # Errors
    /// `AlreadyExists`, and then nothing is changed.
    pub fn import(&self, import: &Import<'_>) -> Result<Id> {
        self.import_as(import, &[], &[])
    }

    /// As [`Datasets::import`], with what is known of how files are to be read, and which columns have the keys of
    /// rows; the rest is found out.
    ///
    /// # Errors
    /// `Invalid` for a format that there is not, too, and `NotFound` for a path; those of
    /// [`super::Dataset::declare_keys`].
    pub fn import_as(&self, import: &Import<'_>, formats: &[FormatChoice], keys: &[TableKey]) -> Result<Id> {
        check_formats(formats)?;
        let base = Base::open(&*self.store, import.base)?;
        for path in formats.iter().filter_map(|choice| choice.path.as_ref()) {
            base.find(path)?.ok_or_else(|| Error::not_found("path", path))?;
        }
        if !import.source.is_absolute() {
            return Err(Error::invalid("source", &import.source.display().to_string(), "its path is absolute"));
        }
        let time_ns = now_ns();
        let source = import.source.as_os_str().as_bytes().to_vec();
        let mut record = DatasetRecord { source, created_ns: time_ns, formats: formats.to_vec(), keys: Vec::new() };
        if !keys.is_empty() {
            // Nothing is recorded before all of them hold.
            let view = self.recorded_as(import.name, record.clone()).view_of_base(import.base)?;
            for said in keys {
                let (path, choice) = view.key_choice(said)?;
                with_choice(&mut record.keys, &path, choice);
            }
        }
        let record = encode_record(&record);
        let revision = encode(&Revision {
            dataset: import.name.as_str().to_owned(),
            base: import.base,
            overlay: None,
            parents: Vec::new(),
            author: import.author.to_owned(),
            time_ns,
            message: format!("import {}", import.source.display()),
            changes: 0,
            delta: None,
        });
        let id = Id::of(&revision);
        let new = |name, object: &[u8]| RefSwap { name, expected: None, new: Some(Id::of(object)) };
        let batch = Batch {
            swaps: vec![
                new(RefName::dataset(import.name), &record),
                new(RefName::head(import.name, &BranchName::main()), &revision),
            ],
            objects: vec![(ObjectKind::Dataset, record), (ObjectKind::Revision, revision)],
            frees_space: false,
        };
        match self.store.apply(&batch) {
            Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) => {
                Err(Error::already_exists("dataset", import.name))
            }
            applied => applied.map(|_| id),
        }
    }
}
