//! Parquet files of pyarrow, DuckDB, fastparquet and polars, and what they are after edits.

use std::fs;
use std::io::Write;
use std::path::Path;

use harness::Python;
use harness::{Rng, need};
use veneer::table::parquet::Parquet;
use veneer::table::{Format, Splice};

use super::edits::{self, Count};

/// Edits of each file, each on top of the one before.
const COUNTS: [Count; 3] = [
    Count { sets: 5, deletes: 0, inserts: 0 },
    Count { sets: 3, deletes: 4, inserts: 4 },
    Count { sets: 200, deletes: 30, inserts: 20 },
];

/// Edits every file of `folder` with the ending, and writes what came of it beside, and a list of the cases.
pub(super) fn edit_all(folder: &Path, format: &dyn Format, ending: &str) -> usize {
    let mut rng = Rng::seeded();
    let mut cases = fs::File::create(folder.join("cases.jsonl")).expect("a file for the cases");
    let mut files: Vec<_> = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry")).collect();
    files.sort_by_key(fs::DirEntry::file_name);
    let names = files.iter().map(|file| file.file_name().to_string_lossy().into_owned());
    let names: Vec<String> = names.filter(|name| name.ends_with(ending)).collect();
    for name in &names {
        let stem = name.strip_suffix(ending).expect("it was chosen by that");
        let mut before = name.clone();
        for (number, count) in COUNTS.into_iter().enumerate() {
            let bytes = fs::read(folder.join(&before)).expect("a file of the folder");
            let file = format.open(&bytes, None).unwrap_or_else(|error| panic!("{before}: {error}"));
            let edits = edits::random(&mut rng, &*file, count);
            let splice = file.splice(&edits).unwrap_or_else(|error| panic!("{before}: {error}"));
            let edited = edits::apply(&bytes, splice);
            let after = format!("{stem}-after-{number}{ending}.edited");
            let again = format.open(&edited, None).unwrap_or_else(|error| panic!("{after}: {error}"));
            edits::check(&mut rng, &after, &*file, &*again, &edits);
            let after = format!("{stem}-after-{number}.edited{ending}");
            fs::write(folder.join(&after), &edited).expect("room for the edited file");
            let mut case = edits::json(&*file, &edits);
            case["name"] = stem.into();
            case["before"] = before.as_str().into();
            case["after"] = after.as_str().into();
            writeln!(cases, "{case}").expect("room for the case");
            before = after;
        }
    }
    names.len()
}

#[test]
fn every_reader_finds_in_an_edited_parquet_file_exactly_the_edits() {
    let python = Python::with("columnar");
    need!(python.as_ref().map(|_| ()));
    let python = python.expect("asked for above");
    let folder = tempfile::tempdir().expect("a temporary folder");
    python.judge("columnar.py", &[Path::new("write"), folder.path()]).unwrap_or_else(|why| panic!("{why}"));
    let count = edit_all(folder.path(), &Parquet, ".parquet");
    assert!(count > 40, "only {count} files were made");
    python.judge("columnar.py", &[Path::new("judge"), folder.path()]).unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn a_parquet_file_without_edits_is_left_as_it_is() {
    let python = Python::with("columnar");
    need!(python.as_ref().map(|_| ()));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let python = python.expect("asked for above");
    python.judge("columnar.py", &[Path::new("write"), folder.path()]).unwrap_or_else(|why| panic!("{why}"));
    let bytes = fs::read(folder.path().join("odd.parquet")).expect("it was written");
    let file = Parquet.open(&bytes, None).expect("a Parquet file");
    assert_eq!(file.splice(&Default::default()).expect("nothing to do"), Splice::Whole(Vec::new()));
    assert!(file.index().is_empty() && file.splices_whole());
}
