//! Files that nobody here wrote: three million flights in Parquet, 200,000 in Arrow.

use std::fs;
use std::path::Path;

use harness::Python;
use harness::{Rng, need, public};
use veneer::table::Format;
use veneer::table::arrow_file::ArrowIpc;
use veneer::table::parquet::Parquet;

use super::edits::{self, Count};

/// Edits some cells of a file of the package, and has the other readers judge what became of it.
fn check(format: &dyn Format, file: &str, blake3: &str) {
    let python = Python::with("columnar");
    let source = public::npm("vega-datasets", "3.2.1", file, blake3);
    need!(python.as_ref().map(|_| ()), source.as_ref().map(|_| ()));
    let (python, source) = (python.expect("asked for above"), source.expect("asked for above"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (bytes, mut rng) = (fs::read(&source).expect("it is there"), Rng::seeded());
    let name = source.file_name().expect("a file").to_string_lossy().into_owned();
    let table = format.open(&bytes, None).expect("a file of the format");
    let edits = edits::random(&mut rng, &*table, Count { sets: 5, deletes: 0, inserts: 0 });
    let after = edits::apply(&bytes, table.splice(&edits).expect("it can be said"));
    let begins_alike = bytes.iter().zip(&after).take_while(|(a, b)| a == b).count();
    assert!(begins_alike > bytes.len() - 65_536, "more than the footer is other than it was");
    let mut case = edits::json(&*table, &edits);
    case["large"] = true.into();
    case["name"] = name.as_str().into();
    case["before"] = name.as_str().into();
    case["after"] = format!("after-{name}").into();
    fs::write(folder.path().join(&name), &bytes).expect("room for the file");
    fs::write(folder.path().join(format!("after-{name}")), &after).expect("room for the edited file");
    fs::write(folder.path().join("cases.jsonl"), format!("{case}\n")).expect("room for the case");
    python.judge("columnar.py", &[Path::new("judge"), folder.path()]).unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn three_million_published_flights_in_parquet_differ_by_the_edits_alone() {
    let blake3 = "e085c3f8bbb080438d370aea1ef0a16508edb9873a915c5f372bfd69c4c3d211";
    check(&Parquet, "data/flights-3m.parquet", blake3);
}

#[test]
fn published_flights_in_arrow_differ_by_the_edits_alone() {
    let blake3 = "dbef6ff263e2ebd636e95acaec5fa4350fa71aea58fc5ca154c5a1a73006fac1";
    check(&ArrowIpc, "data/flights-200k.arrow", blake3);
}
