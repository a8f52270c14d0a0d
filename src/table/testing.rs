//! What every format is tested by: random edits of odd files, against a plain list of rows.
//!
//! [`edit_at_random`] holds for any format: the rows of a scan are those read one
//! by one, a stored index finds the same, and the spliced file gives, opened
//! anew, exactly the edited rows.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};

use super::{FileEdits, Flow, Format, Insert, RowSet, Scan, Splice, TableFile, applied};
use crate::ErrorKind;
use crate::model::Value;

/// A small generator (splitmix64): the same seed gives the same choices on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// The same bytes with a few of them changed, doubled, dropped or replaced by one of `words`.
pub(crate) fn mutated(rng: &mut Rng, bytes: &[u8], words: &[&str]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=rng.below(4) {
        let at = rng.below(out.len() + 1);
        let to = (at + rng.below(9)).min(out.len());
        match rng.below(5) {
            0 if at < out.len() => out[at] = rng.bits() as u8,
            1 => _ = out.drain(at..to),
            2 => {
                let part = out[at..to].to_vec();
                out.splice(at..at, part);
            }
            3 => out.truncate(at),
            _ => _ = out.splice(at..to, rng.pick(words).bytes()),
        }
    }
    out
}

/// One cell of a column as a value.
pub(crate) fn cell(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            Value::List((0..items.len()).map(|item| cell(&items, item)).collect())
        }
        other => panic!("no format has {other}"),
    }
}

/// All rows of a table, by a scan.
pub(crate) fn scanned(file: &dyn TableFile, table: usize) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    file.scan(table, &Scan::default(), &mut |batch| {
        rows.extend((0..batch.num_rows()).map(|row| batch.columns().iter().map(|column| cell(column, row)).collect()));
        Ok(Flow::More)
    })
    .expect("what was found can be read");
    rows
}

/// Checks that what is told of the rows is one story; returns them.
pub(crate) fn read_in_every_way(format: &dyn Format, bytes: &Vec<u8>) -> Vec<Vec<Vec<Value>>> {
    let file = format.open(bytes, None).expect("it was opened before");
    let again = format.open(bytes, Some(&file.index())).expect("with its own index");
    assert_eq!(file.tables(), again.tables());
    let mut all = Vec::new();
    for table in 0..file.tables().len() {
        let rows = scanned(&*file, table);
        assert_eq!(rows.len() as u64, file.tables()[table].rows);
        for (place, row) in rows.iter().enumerate() {
            assert_eq!(file.row(table, place as u64).expect("a row"), *row);
            if let [first, .., last] = row.as_slice() {
                let some = file.cells(table, place as u64, &[row.len() - 1, 0]).expect("cells");
                assert_eq!(some, [last.clone(), first.clone()]);
            }
            let key = again.key(table, place as u64).expect("a key");
            let found = again.find(table, &key).expect("a search").expect("a row with this key");
            assert!(found <= place as u64, "the first one wins");
            for other in [format!("0{key}"), format!("+{key}"), format!(" {key}")] {
                let found = again.find(table, &other).expect("a search");
                let has_it = |place| again.key(table, place).expect("a key") == other;
                assert!(found.is_none_or(has_it), "`{other}` is taken for `{key}`");
            }
        }
        let mut keys: Vec<String> = (0..rows.len()).map(|row| file.key(table, row as u64).expect("a key")).collect();
        keys.push("nobody's".to_owned());
        keys.reverse();
        let wanted: Vec<_> = keys.iter().map(|key| file.find(table, key).expect("a search")).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert_eq!(again.find_all(table, &keys).expect("a search"), wanted);
        let middle = Scan { columns: Some(vec![]), from: rows.len() as u64 / 2, limit: Some(1) };
        file.scan(table, &middle, &mut |batch| {
            assert_eq!((batch.num_rows(), batch.num_columns()), (1, 0));
            Ok(Flow::Stop)
        })
        .expect("what was found can be read");
        assert!(file.row(table, rows.len() as u64).is_err() && file.key(table, rows.len() as u64).is_err());
        all.push(rows);
    }
    all
}

/// Values in one form, since a column's type may change with the last value that needed it.
fn plain(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    fn floats(json: Json) -> Json {
        match json {
            Json::Number(number) => Json::from(number.as_f64().expect("a number") + 0.0),
            Json::Array(items) => items.into_iter().map(floats).collect(),
            Json::Object(fields) => {
                Json::Object(fields.into_iter().map(|(name, field)| (name, floats(field))).collect())
            }
            other => other,
        }
    }
    match value {
        Value::Text(text) => floats(serde_json::from_str(text).unwrap_or_else(|_| Json::from(text.as_str()))),
        Value::List(items) => items.iter().map(plain).collect(),
        other => floats(other.to_json()),
    }
}

type Named = Vec<(String, serde_json::Value)>;

fn named(file: &dyn TableFile, table: usize, row: &[Value]) -> Named {
    let names = file.tables()[table].schema.columns.iter().map(|column| column.name.clone());
    let mut cells: Named =
        names.zip(row).filter(|(_, value)| **value != Value::Null).map(|(name, value)| (name, plain(value))).collect();
    cells.sort_by(|a, b| a.0.cmp(&b.0));
    cells
}

fn any_value(rng: &mut Rng, like: &Value) -> Value {
    match rng.below(9) {
        0 => Value::Null,
        1 => Value::Int(rng.below(2000) as i64 - 1000),
        2 => Value::Float((rng.below(4000) as f64 - 2000.0) / 8.0),
        3 => Value::Text(
            rng.pick(&["", "a b", "\u{e4}\"\\\n<&>'", "3", "[1, 2]", "\u{1f600}]]>", "#x: y", " z "]).to_owned(),
        ),
        4 => Value::Bool(rng.one_in(2)),
        5 | 6 => Value::List((0..rng.below(9)).map(|_| Value::Float(rng.below(100) as f64 / 100.0)).collect()),
        _ => match like {
            Value::List(items) => {
                let mut items = items.clone();
                if !items.is_empty() {
                    let at = rng.below(items.len());
                    items[at] = Value::Float(rng.below(100) as f64 / 64.0);
                }
                Value::List(items)
            }
            other => other.clone(),
        },
    }
}

/// Edits a file at random and checks all that must hold; returns the new bytes, or `None` where nothing can be edited.
pub(crate) fn edit_at_random(format: &dyn Format, bytes: &Vec<u8>, rng: &mut Rng) -> Option<Vec<u8>> {
    let before = read_in_every_way(format, bytes);
    let file = format.open(bytes, None).expect("it was opened before");
    let (mut edits, mut expected) = (FileEdits::default(), Vec::new());
    let mut is_partial = false;
    let mut fresh = 1_000_000 + (rng.bits() >> 24) as i64;
    for (table, info) in file.tables().iter().enumerate() {
        is_partial |= info.problem.is_some();
        let (rarely, is_emptied) = (1 + rng.below(4), rng.one_in(8));
        let mut rows = Vec::new();
        for gap in 0..=info.rows {
            if gap > 0 {
                let row = before[table][gap as usize - 1].clone();
                if is_emptied || rng.one_in(rarely + 1) {
                    edits.deletes.push((table, gap - 1));
                } else {
                    rows.push(named(&*file, table, &set_some(&*file, table, gap - 1, row, rng, &mut edits)));
                }
            }
            while rng.one_in(rarely + 3) {
                fresh += 1;
                let like = before[table].get(rng.below(before[table].len().max(1))).cloned();
                let cells = new_row(&*file, table, like, fresh, rng);
                let Some(cells) = cells else { break };
                rows.push(named(&*file, table, &cells));
                edits.inserts.push(Insert { table, after: gap.checked_sub(1), cells, ..Insert::default() });
            }
        }
        expected.push(rows);
    }
    let splice = match file.splice(&edits) {
        Ok(splice) => splice,
        // What a format cannot say is refused whole: rows of a partial table, a last row that must stay.
        Err(error) => {
            assert!(is_partial || matches!(error.kind(), ErrorKind::Invalid { .. }), "{error}");
            edits.deletes.clear();
            edits.inserts.clear();
            if let Err(error) = file.splice(&edits) {
                assert!(matches!(error.kind(), ErrorKind::Invalid { .. }), "{error}");
            }
            return None;
        }
    };
    let spliced = applied(bytes, &splice).expect("no two patches overlap");
    if !is_partial {
        compare(
            format,
            &spliced,
            &file.tables().iter().map(|table| table.name.as_str()).collect::<Vec<_>>(),
            &expected,
        );
    }
    assert_unchanged(&*file, bytes, &edits, &before);
    Some(spliced)
}

/// Checks that [`edit_at_random`] edits a file in a third of all cases: what is refused proves little.
pub(crate) fn takes_many_edits(format: &dyn Format, bytes: &Vec<u8>) {
    let taken = (0..60).filter(|seed| edit_at_random(format, bytes, &mut Rng(*seed)).is_some()).count();
    assert!(taken >= 20, "only {taken} of 60 were taken");
}

fn set_some(
    file: &dyn TableFile,
    table: usize,
    row: u64,
    mut cells: Vec<Value>,
    rng: &mut Rng,
    edits: &mut FileEdits,
) -> Vec<Value> {
    let mut set = Vec::new();
    for (column, cell) in cells.iter_mut().enumerate() {
        let is_editable = file.tables()[table].schema.columns[column].editable;
        if is_editable
            && rng.one_in(3)
            && let Ok(value) = file.check(table, column, &any_value(rng, cell))
        {
            assert_eq!(file.check(table, column, &value).expect("it is what would be read back"), value);
            *cell = value.clone();
            set.push((column, value));
        }
    }
    if !set.is_empty() {
        edits.sets.push(RowSet { table, row, cells: set });
    }
    cells
}

fn new_row(
    file: &dyn TableFile,
    table: usize,
    like: Option<Vec<Value>>,
    fresh: i64,
    rng: &mut Rng,
) -> Option<Vec<Value>> {
    let schema = &file.tables()[table].schema;
    let cell = |column: usize| {
        let is_derived = !schema.columns[column].editable && schema.key != Some(column);
        if is_derived {
            return Some(Value::Null);
        }
        let like = like.as_ref().map_or(Value::Null, |cells| cells[column].clone());
        let wanted = if schema.key == Some(column) { Value::Int(fresh) } else { any_value(rng, &like) };
        file.check(table, column, &wanted).or_else(|_| file.check(table, column, &like)).ok()
    };
    (0..schema.columns.len()).map(cell).collect()
}

fn compare(format: &dyn Format, bytes: &Vec<u8>, names: &[&str], expected: &[Vec<Named>]) {
    let text = String::from_utf8_lossy(bytes);
    let file = format.open(bytes, None).unwrap_or_else(|error| panic!("{error}: {text}"));
    for (name, rows) in names.iter().zip(expected) {
        let table = file.tables().iter().position(|table| table.name == *name);
        let Some(table) = table else {
            assert!(rows.is_empty(), "no table `{name}`: {text}");
            continue;
        };
        // Where rows had no keys, new values may have made two of the same.
        let problem = file.tables()[table].problem.as_ref();
        assert!(problem.is_none_or(|problem| problem.why.starts_with("a second row")), "{problem:?}: {text}");
        let found: Vec<Named> = scanned(&*file, table).iter().map(|row| named(&*file, table, row)).collect();
        assert_eq!(found, *rows, "`{name}` of {text}");
    }
}

/// Setting every cell to what it is makes no patch.
fn assert_unchanged(file: &dyn TableFile, bytes: &[u8], edits: &FileEdits, before: &[Vec<Vec<Value>>]) {
    let sets = edits.sets.iter().map(|set| {
        let cells = set.cells.iter().map(|(column, _)| (*column, before[set.table][set.row as usize][*column].clone()));
        let is_settable =
            |(column, value): &(usize, Value)| file.check(set.table, *column, value).is_ok_and(|held| held == *value);
        RowSet { table: set.table, row: set.row, cells: cells.filter(is_settable).collect() }
    });
    let edits = FileEdits { sets: sets.collect(), ..FileEdits::default() };
    let Splice::Patches { sets, .. } = file.splice(&edits).expect("values that were read can be written") else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    assert!(sets.iter().flatten().all(Option::is_none), "{sets:?} for {:?} of {text}", edits.sets);
}

/// Opens `count` mangled files: whatever is in them, nothing panics, and what can be read can be edited.
pub(crate) fn maul(format: &dyn Format, count: u64, examples: &[&[u8]], words: &[&str]) {
    let mut opened = 0;
    for seed in 0..count {
        let mut rng = Rng(seed);
        let example = rng.pick(examples);
        let bytes = mutated(&mut rng, example, words);
        if format.open(&bytes, None).is_ok() {
            opened += 1;
            // A tenth goes all the way; the others are read, which is what takes odd bytes.
            if seed % 10 == 0 {
                let _ = edit_at_random(format, &bytes, &mut rng);
            } else {
                let file = format.open(&bytes, None).expect("it was opened before");
                for table in 0..file.tables().len() {
                    scanned(&*file, table);
                }
            }
        }
    }
    assert!(opened > count / 100, "only {opened} of {count} could be opened");
}
