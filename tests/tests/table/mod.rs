//! Tables: edited files, read by programs that know nothing of Veneer.
//!
//! What is edited was written by Python; what comes out is read by Python; what
//! should be in it is worked out here, on the rows that Python saw before.

mod coco;
mod voc;
mod yolo;

use std::path::PathBuf;

use harness::binaries::workspace;
use serde_json::Value as Json;
use veneer::model::Value;
use veneer::table::{FileEdits, Format, applied};

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
fn real_data(name: &str) -> Result<PathBuf, String> {
    let folders = workspace().ancestors().map(|folder| folder.join("shared/data").join(name));
    folders.into_iter().find(|folder| folder.is_dir()).ok_or_else(|| format!("there is no data `{name}` here"))
}
