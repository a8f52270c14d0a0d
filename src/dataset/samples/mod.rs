//! The main table `samples`: what a model is trained on, one row for each image, or for each row of a plain table.
//!
//! It is joined of what there is: names of folders, annotations (COCO, YOLO,
//! Pascal VOC), tables with a column of image files. Columns that no file has
//! are kept in the overlay alone, in one tree for all samples
//! ([`crate::overlay::Overlay::samples`]), by the samples' keys; so is which
//! samples are excluded. The file `.veneer/samples.parquet` of a mount shows it.
//!
//! | file | knows |
//! |---|---|
//! | `images` | the images of a view, their keys, and what their folders mean |
//! | `place` | which image a file's name in a table means |
//! | `join` | all samples, with what is said of each |
//! | `coco`, `yolo`, `voc`, `listed` | what one format says of images |
//! | `columns`, `scan` | the table's columns, and its rows as batches |
//! | `edit`, `relabel`, `exclude`, `hide` | edits: added columns, classes, which samples are excluded |
//! | `came` | what belongs to those that are excluded, and came later |
//! | `class_folders` | folders of classes as a class map |
//! | `follow` | what becomes of all that when the rows that samples are change their places |
//! | `new_rows` | excluded samples that are rows which were inserted, while these get other keys |
//! | `follow_hidden` | where rows without keys come back that are hidden, in a file that is another one now |
//! | `with_excluded` | an edit that reaches those that are excluded, too |
//! | `parquet` | the table as a file |
//! | `blame` | which revision set a sample's cells |
//! | `diff` | what differs between two views |

mod blame;
mod came;
mod class_folders;
mod coco;
mod columns;
mod diff;
mod edit;
mod exclude;
mod follow;
mod follow_hidden;
mod hide;
mod images;
mod join;
mod listed;
mod new_rows;
mod parquet;
mod place;
mod relabel;
mod scan;
mod voc;
mod with_excluded;
mod yolo;

use std::sync::Arc;

pub(super) use blame::blame;
pub(super) use diff::diff;
pub(super) use edit::{carried, hidden_moved};
pub(super) use exclude::of_these;
pub(super) use follow::is_place;
pub(super) use follow::{follow, may_have_moved};
pub(super) use follow_hidden::excluded_rows;
pub(super) use hide::{was_shown, with_all};
pub(super) use new_rows::{
    are_excluded, are_shown, hidden_rows, keys_spoken_of, said_in, with_renamed, with_rows_to_merge,
};
pub(super) use scan::{outline, scan};

use join::{Joined, Wanted};

use super::rows::{Table, is_class_merge, is_of_content};
use super::view::View;
use crate::model::{DataPath, ExcludedRow, RowAddress, RowChange};
use crate::overlay::Rows;
use crate::table::{Format, ReadAt, TableFile};
use crate::{Error, Result};

/// What people call the table.
pub(super) const NAME: &str = "samples";
/// Its name in addresses of rows, as of a file with one table.
const PART: &str = "rows";
/// The column of keys.
const KEY: &str = "key";
/// The column that says which samples are excluded.
const EXCLUDED: &str = "excluded";
/// The column with the class.
const LABEL: &str = "label";

/// The file that shows the table in a mount; differences and conflicts of samples are told as its.
pub(super) fn path() -> DataPath {
    DataPath::parse(b".veneer/samples.parquet").expect("a path")
}

/// All that is said of samples and their columns: without the classes that were merged, which are kept beside it.
fn said(samples: &Rows) -> Result<Vec<(RowAddress, RowChange)>> {
    Ok(samples.entries()?.into_iter().filter(|(address, _)| !is_class_merge(address)).collect())
}

/// The samples that are excluded, each with its rows that are hidden.
pub(super) fn hidden_by_sample(samples: &Rows) -> Result<Vec<(String, Vec<ExcludedRow>)>> {
    let of_excluded = |said| match said {
        (RowAddress::Cell { row, .. }, RowChange::Excluded { rows }) => Some((row, rows)),
        _ => None,
    };
    Ok(said(samples)?.into_iter().filter_map(of_excluded).collect())
}

/// Whether anything is said of a sample, and not of columns alone.
pub(super) fn names_any(view: &View) -> Result<bool> {
    Ok(said(&view.overlay.samples()?)?.iter().any(|(address, _)| address.row().is_some()))
}

/// What was read of a table; `None` where its file is none, or no longer is what was recorded.
///
/// # Errors
/// Those of the store and the system.
fn readable<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Err(error) if is_of_content(&error) => Ok(None),
        read => read.map(Some),
    }
}

/// The file whose rows the samples are; `None` where they are images, or rows of many files.
pub(super) fn main_file(view: &View) -> Result<Option<DataPath>> {
    Ok(Joined::of(view, &Wanted::nothing())?.main_of_one_file().map(|(_, path)| path.clone()))
}

/// The table, for a view that has samples.
pub(super) fn table(why: &str) -> Table {
    Table {
        name: NAME.to_owned(),
        format: Arc::new(NoFile),
        part: PART.to_owned(),
        paths: Arc::from([]),
        is_many: false,
        why: why.to_owned(),
    }
}

/// The format of a table that no file has.
#[derive(Debug)]
struct NoFile;

impl Format for NoFile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn open<'a>(&self, _file: &'a dyn ReadAt, _index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Err(Error::invalid("file", NAME, "the table of samples is joined of others and has no file"))
    }
}
