//! Arrow files and streams of pyarrow and polars, and what they are after edits.

use std::path::Path;

use harness::Python;
use harness::need;
use veneer::table::arrow_file::ArrowIpc;

use super::parquet::edit_all;

#[test]
fn every_reader_finds_in_an_edited_arrow_file_exactly_the_edits() {
    let python = Python::with("columnar");
    need!(python.as_ref().map(|_| ()));
    let python = python.expect("asked for above");
    let folder = tempfile::tempdir().expect("a temporary folder");
    python.judge("columnar.py", &[Path::new("write"), folder.path()]).unwrap_or_else(|why| panic!("{why}"));
    let count = edit_all(folder.path(), &ArrowIpc, ".arrow");
    assert!(count > 13, "only {count} files were made");
    python.judge("columnar.py", &[Path::new("judge"), folder.path()]).unwrap_or_else(|why| panic!("{why}"));
}
