//! Formats of tables and conditions on their rows, judged by programs that nobody here wrote, and by bytes that nobody meant.

mod coco;
mod dialects;
mod expressions;
mod fuzz;
mod sample;
mod voc;
mod yolo;

use std::fmt::Debug;
use std::path::PathBuf;

use harness::binaries::workspace;
use serde_json::Value as Json;
use veneer::Result as Outcome;
use veneer::model::Value;
use veneer::table::{FileEdits, Flow, Format, Patch, Scan, Splice, TableFile, applied, arrow_value};

/// All rows of a table, by a scan.
fn rows(table: &dyn TableFile) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    let mut take = |batch: arrow::record_batch::RecordBatch| {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| arrow_value::value(column, row));
            rows.push(cells.collect::<Outcome<Vec<_>>>()?);
        }
        Ok(Flow::More)
    };
    table.scan(0, &Scan::default(), &mut take).expect("it was opened, so it can be read");
    rows
}

/// The bytes after an edit; between the patches they are those before.
fn patched(bytes: &[u8], splice: &Splice) -> Vec<u8> {
    let Splice::Patches { sets, deletes, inserts } = splice else { panic!("text is spliced by patches") };
    let mut all: Vec<&Patch> = sets.iter().flatten().chain(deletes).chain(inserts).flatten().collect();
    all.sort_by_key(|patch| (patch.offset, patch.replaced));
    let (mut out, mut at) = (Vec::new(), 0);
    for patch in all {
        let from = usize::try_from(patch.offset).expect("it is in memory");
        assert!(from >= at, "patches overlap at {from}");
        out.extend_from_slice(&bytes[at..from]);
        out.extend_from_slice(&patch.bytes);
        at = from + usize::try_from(patch.replaced).expect("it is in memory");
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// Fails with both where they differ first.
fn same<T: PartialEq + Debug>(found: &[T], wanted: &[T], of: &str) {
    for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert_eq!(found, wanted, "{of}: row {at}");
    }
    assert_eq!(found.len(), wanted.len(), "{of}: how many rows");
}

/// The bytes with the edits in them.
fn edited(format: &dyn Format, bytes: &Vec<u8>, edits: &FileEdits) -> Vec<u8> {
    let file = format.open(bytes, None).expect("a file of the format");
    let splice = file.splice(edits).expect("edits that can be made");
    applied(bytes, &splice).expect("no two patches overlap")
}

/// A list of numbers as a cell.
fn floats(numbers: &[f64]) -> Value {
    Value::List(numbers.iter().map(|number| Value::Float(*number)).collect())
}

/// JSON in which 3 and 3.0 are the same.
fn plain(json: &Json) -> Json {
    match json {
        Json::Number(number) => Json::from(number.as_f64().expect("a number")),
        Json::Array(items) => items.iter().map(plain).collect(),
        Json::Object(fields) => Json::Object(fields.iter().map(|(name, field)| (name.clone(), plain(field))).collect()),
        other => other.clone(),
    }
}

/// A folder of real data beside the project or above it.
pub(crate) fn real_data(name: &str) -> Result<PathBuf, String> {
    let folders = workspace().ancestors().map(|folder| folder.join("shared/data").join(name));
    folders.into_iter().find(|folder| folder.is_dir()).ok_or_else(|| format!("there is no data `{name}` here"))
}
