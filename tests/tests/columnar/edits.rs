//! Random edits of a table's rows, and what they should make of it.

use arrow::datatypes::{DataType, Field};
use harness::Rng;
use serde_json::{Value as Json, json};
use veneer::model::Value;
use veneer::table::{FileEdits, Insert, Patch, RowSet, Splice, TableFile};

/// How many rows are touched, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub(super) sets: usize,
    pub(super) deletes: usize,
    pub(super) inserts: usize,
}

/// Random edits of the file's only table, with values as the file takes them.
pub(super) fn random(rng: &mut Rng, file: &dyn TableFile, count: Count) -> FileEdits {
    let info = &file.tables()[0];
    let mut edits = FileEdits::default();
    let columns: Vec<usize> = (0..info.schema.columns.len()).filter(|at| info.schema.columns[*at].editable).collect();
    let row = |rng: &mut Rng| rng.below(info.rows as usize) as u64;
    if info.rows > 0 {
        edits.deletes = (0..count.deletes).map(|_| (0, row(rng))).collect();
        edits.deletes.sort_unstable();
        edits.deletes.dedup();
        for _ in 0..count.sets {
            let (row, column) = (row(rng), *rng.pick(&columns));
            let is_free = edits.deletes.binary_search(&(0, row)).is_err();
            if is_free && edits.sets.iter().all(|set| set.row != row) {
                let cells = vec![(column, cell(rng, file, column))];
                edits.sets.push(RowSet { table: 0, row, cells });
            }
        }
        edits.sets.sort_by_key(|set| set.row);
    }
    for number in 0..count.inserts {
        let after = (number > 0 && info.rows > 0).then(|| row(rng));
        let cells = (0..info.schema.columns.len()).map(|column| cell(rng, file, column)).collect();
        edits.inserts.push(Insert { table: 0, after, cells, ..Insert::default() });
    }
    edits.inserts.sort_by_key(|insert| insert.after);
    edits
}

fn cell(rng: &mut Rng, file: &dyn TableFile, column: usize) -> Value {
    let of = &file.tables()[0].schema.columns[column];
    let field = Field::new(&of.name, of.data_type.clone(), of.nullable);
    let given = value(rng, &field);
    file.check(0, column, &given).unwrap_or_else(|error| panic!("{}: {given:?}: {error}", of.name))
}

/// A value of the field, in a form that a person may give.
fn value(rng: &mut Rng, field: &Field) -> Value {
    use DataType as T;
    if field.is_nullable() && rng.one_in(6) {
        return Value::Null;
    }
    let small = |rng: &mut Rng| rng.below(100) as i64;
    let digits = |rng: &mut Rng, max: usize| Value::Text(format!("{}.{:02}", rng.below(max), rng.below(100)));
    match field.data_type() {
        T::Boolean => Value::Bool(rng.one_in(2)),
        T::Float16 => Value::Float(f64::from(rng.below(64) as u32) / 4.0),
        T::Float32 | T::Float64 => Value::Float(rng.below(100_000) as f64 / 7.0),
        T::UInt64 => Value::Text((u64::MAX - rng.below(1000) as u64).to_string()),
        of if of.is_integer() => Value::Int(small(rng)),
        T::Utf8 | T::LargeUtf8 | T::Utf8View => Value::Text(match rng.below(4) {
            0 => "car".to_owned(),
            1 => String::new(),
            2 => format!("a word that is nowhere else {}", rng.bits()),
            _ => format!("šš {}", small(rng)),
        }),
        T::Dictionary(_, of) => value(rng, &Field::new("", of.as_ref().clone(), false)),
        T::Binary | T::LargeBinary | T::BinaryView => {
            let len = rng.below(9);
            Value::Binary(rng.bytes(len))
        }
        T::FixedSizeBinary(len) => Value::Binary(rng.bytes(*len as usize)),
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => digits(rng, 1000),
        T::Date32 | T::Date64 => Value::Text(format!("20{:02}-02-{:02}", rng.below(60), 1 + rng.below(28))),
        T::Time32(_) | T::Time64(_) => Value::Text(format!("{:02}:30:00", rng.below(24))),
        T::Timestamp(_, zone) => {
            let end = if zone.is_some() { "+01:00" } else { "" };
            Value::Text(format!("20{:02}-02-03 {:02}:04:05.125{end}", rng.below(60), rng.below(24)))
        }
        T::List(item) | T::LargeList(item) => {
            let len = rng.below(4);
            Value::List((0..len).map(|_| value(rng, item)).collect())
        }
        T::FixedSizeList(item, len) => Value::List((0..*len).map(|_| value(rng, item)).collect()),
        T::Struct(fields) => {
            Value::Struct(fields.iter().map(|field| (field.name().clone(), value(rng, field))).collect())
        }
        T::Map(_, _) => {
            Value::Struct((0..rng.below(3)).map(|number| (format!("key {number}"), Value::Int(small(rng)))).collect())
        }
        other => panic!("no value of {other} is made here"),
    }
}

/// The edits as `columnar.py` takes them.
pub(super) fn json(file: &dyn TableFile, edits: &FileEdits) -> Json {
    let name = |column: usize| file.tables()[0].schema.columns[column].name.clone();
    let sets = edits
        .sets
        .iter()
        .flat_map(|set| set.cells.iter().map(|(column, value)| json!([set.row, name(*column), value.to_json()])));
    let inserts = edits.inserts.iter().map(|insert| {
        let cells = insert.cells.iter().enumerate().map(|(column, value)| (name(column), value.to_json()));
        json!([insert.after, cells.collect::<serde_json::Map<_, _>>()])
    });
    json!({
        "sets": sets.collect::<Vec<_>>(),
        "deletes": edits.deletes.iter().map(|(_, row)| *row).collect::<Vec<_>>(),
        "inserts": inserts.collect::<Vec<_>>(),
    })
}

/// The bytes after the patches, which do not overlap.
pub(super) fn apply(bytes: &[u8], splice: Splice) -> Vec<u8> {
    let Splice::Whole(mut patches) = splice else { panic!("these formats splice a file as a whole") };
    patches.sort_by_key(|patch| patch.offset);
    let (mut after, mut at) = (Vec::new(), 0);
    for Patch { offset, replaced, bytes: new } in patches {
        after.extend_from_slice(&bytes[at..offset as usize]);
        after.extend_from_slice(&new);
        at = (offset + replaced) as usize;
    }
    after.extend_from_slice(&bytes[at..]);
    after
}

/// Where each row of the edited file is from: a row of the old one, or an inserted one.
pub(super) fn origins(rows: u64, edits: &FileEdits) -> Vec<Result<u64, usize>> {
    let mut origins = Vec::new();
    let mut inserts = edits.inserts.iter().enumerate().peekable();
    while let Some((at, _)) = inserts.next_if(|(_, insert)| insert.after.is_none()) {
        origins.push(Err(at));
    }
    for row in 0..rows {
        if edits.deletes.binary_search(&(0, row)).is_err() {
            origins.push(Ok(row));
        }
        while let Some((at, _)) = inserts.next_if(|(_, insert)| insert.after == Some(row)) {
            origins.push(Err(at));
        }
    }
    origins
}

/// Fails unless our own reader finds exactly the edited values; of many rows it looks at some.
pub(super) fn check(rng: &mut Rng, name: &str, before: &dyn TableFile, after: &dyn TableFile, edits: &FileEdits) {
    let rows = before.tables()[0].rows;
    let origins = origins(rows, edits);
    assert_eq!(after.tables()[0].rows, origins.len() as u64, "{name}: other rows");
    assert_eq!(after.tables()[0].schema, before.tables()[0].schema, "{name}: another schema");
    let is_edited = |origin: &Result<u64, usize>| match origin {
        Ok(row) => edits.sets.binary_search_by_key(row, |set| set.row).is_ok(),
        Err(_) => true,
    };
    let sample = 1 + origins.len() / 150;
    for (at, origin) in origins.iter().enumerate() {
        if !is_edited(origin) && !rng.one_in(sample) {
            continue;
        }
        let expect = match origin {
            Err(insert) => edits.inserts[*insert].cells.clone(),
            Ok(row) => {
                let mut cells = before.row(0, *row).expect("a row of the file");
                if let Ok(set) = edits.sets.binary_search_by_key(row, |set| set.row) {
                    for (column, value) in &edits.sets[set].cells {
                        cells[*column] = value.clone();
                    }
                }
                cells
            }
        };
        assert_eq!(after.row(0, at as u64).expect("a row of the edited file"), expect, "{name}: row {at}");
    }
}
