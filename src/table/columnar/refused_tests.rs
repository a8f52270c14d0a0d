//! What is refused, and what of a file stays as it is.

use parquet::basic::Compression;

use super::samples::{arrow, parquet};
use crate::ErrorKind;
use crate::model::Value;
use crate::table::arrow_file::ArrowIpc;
use crate::table::keyed::Keyed;
use crate::table::parquet::Parquet;
use crate::table::{FileEdits, Format, Insert, RowSet, Splice};

fn refused(format: &dyn Format, bytes: &[u8], expect: &str) {
    let bytes = bytes.to_vec();
    let error = format.open(&bytes, None).map(|_| ()).expect_err("it is no such file");
    assert!(matches!(error.kind(), ErrorKind::Invalid { .. }), "{error:?}");
    assert!(error.to_string().contains(expect), "{error}");
}

#[test]
fn files_of_other_kinds_are_refused_with_the_reason() {
    let plain = parquet(30, Compression::SNAPPY, false);
    let mut encrypted = plain.clone();
    let end = encrypted.len();
    encrypted[end - 4..].copy_from_slice(b"PARE");
    refused(&Parquet, &encrypted, "encrypted");
    refused(&Parquet, b"PAR1", "too short");
    refused(&Parquet, b"a,b,c\n1,2,3\n4,5,6\n", "does not end as such a file does");
    refused(&ArrowIpc, b"FEA1 and so on FEA1", "Feather V1");
    refused(&ArrowIpc, b"a,b,c\n1,2,3\n4,5,6\n", "neither a file nor a stream");
    refused(&ArrowIpc, b"", "neither a file nor a stream");
}

#[test]
fn a_key_column_gives_the_keys() {
    let files: [(&dyn Format, Vec<u8>); 2] =
        [(&Parquet, parquet(90, Compression::SNAPPY, true)), (&ArrowIpc, arrow(90, None, true))];
    for (format, bytes) in files {
        let format = Keyed::over(format, "id").expect("its rows have places alone");
        let file = format.open(&bytes, None).expect("a file");
        assert_eq!(file.key(0, 77).expect("a row"), "77");
        assert_eq!(file.find(0, "77").expect("it can be read"), Some(77));
        assert_eq!(file.find(0, "90").expect("it can be read"), None);
        assert_eq!(file.find(0, "x").expect("it can be read"), None);
        assert!(file.row(0, 90).is_err() && file.key(0, 90).is_err());
    }
}

#[test]
fn values_that_the_column_cannot_hold_are_refused() {
    for (format, bytes) in
        [(&Parquet as &dyn Format, parquet(30, Compression::SNAPPY, false)), (&ArrowIpc, arrow(30, None, true))]
    {
        let file = format.open(&bytes, None).expect("a file");
        let check = |column, value| file.check(0, column, &value).ok();
        assert_eq!(check(0, Value::Text("12".to_owned())), Some(Value::Int(12)));
        assert_eq!(check(0, Value::Null), None);
        assert_eq!(check(0, Value::Float(0.5)), None);
        assert_eq!(check(2, Value::List(vec![Value::Int(1 << 40)])), None);
        assert_eq!(check(3, Value::Text("boat".to_owned())), Some(Value::Text("boat".to_owned())));
        assert_eq!(check(9, Value::Null), None);
        let sets = vec![RowSet { table: 0, row: 1, cells: vec![(0, Value::Null)] }];
        assert!(file.splice(&FileEdits { sets, ..FileEdits::default() }).is_err());
    }
}

#[test]
fn a_dictionary_that_has_no_room_for_another_value_says_so() {
    let bytes = arrow(60, None, true);
    let file = ArrowIpc.open(&bytes, None).expect("a file");
    let label = |number: usize| Value::Text(format!("label {number}"));
    let insert = |number| Insert {
        table: 0,
        after: Some(3),
        cells: vec![Value::Int(0), Value::Null, Value::Null, label(number)],
        ..Insert::default()
    };
    let inserts: Vec<Insert> = (0..125).map(insert).collect();
    assert!(file.splice(&FileEdits { inserts: inserts.clone(), ..FileEdits::default() }).is_ok());
    let error = file.splice(&FileEdits { inserts: [inserts, vec![insert(125)]].concat(), ..FileEdits::default() });
    let error = error.expect_err("127 is the last key of eight bits");
    assert!(error.to_string().contains("no room for another value"), "{error}");
}

#[test]
fn rows_of_all_row_groups_can_go_and_come_back() {
    let bytes = parquet(30, Compression::SNAPPY, false);
    let mut bytes = bytes;
    for (deletes, count) in [((0..30).map(|row| (0, row)).collect(), 0), (Vec::new(), 2)] {
        let file = Parquet.open(&bytes, None).expect("a file");
        let cells = vec![Value::Int(7), Value::Null, Value::List(Vec::new()), Value::Text("tram".to_owned())];
        let inserts =
            (0..count).map(|_| Insert { table: 0, after: None, cells: cells.clone(), ..Insert::default() }).collect();
        let splice = file.splice(&FileEdits { deletes, inserts, ..FileEdits::default() }).expect("it can be said");
        let Splice::Whole(patches) = splice else { panic!("it splices as a whole") };
        let [patch] = patches.as_slice() else { panic!("one patch") };
        assert_eq!(patch.offset + patch.replaced, bytes.len() as u64);
        let after = [&bytes[..patch.offset as usize], &patch.bytes].concat();
        let again = Parquet.open(&after, None).expect("a file");
        assert_eq!(again.tables()[0].rows, count);
        if count > 0 {
            assert_eq!(again.row(0, 1).expect("a row"), cells);
        }
        drop(again);
        drop(file);
        bytes = after;
    }
}
