//! Formats of tables, judged by readers that nobody here wrote, and by bytes that nobody meant.

mod dialects;
mod expressions;
mod fuzz;
mod sample;

use std::fmt::Debug;

use veneer::Result;
use veneer::model::Value;
use veneer::table::{Flow, Patch, Scan, Splice, TableFile, arrow_value};

/// All rows of a table, by a scan.
fn rows(table: &dyn TableFile) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    let mut take = |batch: arrow::record_batch::RecordBatch| {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| arrow_value::value(column, row));
            rows.push(cells.collect::<Result<Vec<_>>>()?);
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
