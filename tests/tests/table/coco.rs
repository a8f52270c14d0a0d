//! COCO, judged by Python's json and by pycocotools.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use harness::{Python, Rng, skip};
use serde_json::{Value as Json, json};
use veneer::model::Value;
use veneer::table::coco::Coco;
use veneer::table::{FileEdits, Format, Insert, RowSet, TableFile};

use super::{edited, floats, plain, real_data};

/// Rows of annotations as Python sees them, and the edits that are made of them.
struct Edited<'a> {
    file: &'a dyn TableFile,
    table: usize,
    rows: Vec<Option<Json>>,
    /// After each place: the first is the beginning.
    inserted: Vec<Vec<Json>>,
    edits: FileEdits,
    /// An image and a class that there are.
    image: i64,
    class: i64,
}

impl Edited<'_> {
    fn set(&mut self, row: usize, name: &str, value: &Value) {
        let column = self.file.tables()[self.table].schema.find(name).expect("a column");
        let value = self.file.check(self.table, column, value).expect("a value of the column");
        let json = self.rows[row].as_mut().expect("it is there").as_object_mut().expect("a row");
        json.insert(name.to_owned(), value.to_json());
        let cells = vec![(column, value)];
        match self.edits.sets.iter_mut().find(|set| set.row == row as u64) {
            Some(set) => set.cells.extend(cells),
            None => self.edits.sets.push(RowSet { table: self.table, row: row as u64, cells }),
        }
    }

    fn insert(&mut self, after: Option<u64>, id: i64, score: f64) {
        let schema = &self.file.tables()[self.table].schema;
        let json = json!({"id": id, "image_id": self.image, "category_id": self.class, "bbox": [1, 2, score, 4.5], "area": score});
        let cell = |name: &str| match json.get(name) {
            Some(Json::Array(items)) => floats(&items.iter().filter_map(Json::as_f64).collect::<Vec<_>>()),
            Some(other) => Value::from_json(other),
            None => Value::Null,
        };
        let cells = schema.columns.iter().map(|column| cell(&column.name)).collect();
        self.edits.inserts.push(Insert { table: self.table, after, cells, ..Insert::default() });
        self.inserted[after.map_or(0, |after| after as usize + 1)].push(json);
    }

    fn expected(&self) -> Json {
        let after = |place: usize| self.inserted[place].iter().cloned();
        let row = |place: usize| self.rows[place].iter().cloned().chain(after(place + 1));
        after(0).chain((0..self.rows.len()).flat_map(row)).collect()
    }
}

/// Edits `count` random rows of a file; an independent reader then sees exactly that.
fn check(python: &Python, path: &Path, count: usize, rng: &mut Rng) {
    let read = |path: &Path| -> Json {
        serde_json::from_str(&python.run("read_rows.py", &["coco", &path.display().to_string()])).expect("JSON")
    };
    let before = read(path);
    let bytes = fs::read(path).expect("it was written");
    let file = Coco.open(&bytes, None).expect("COCO");
    let table = file.tables().iter().position(|table| table.name == "annotations").expect("it has some");
    let rows: Vec<Option<Json>> = before["annotations"].as_array().expect("rows").iter().cloned().map(Some).collect();
    let inserted = vec![Vec::new(); rows.len() + 1];
    let first = |table: &str| before[table][0]["id"].as_i64().expect("a number");
    let (image, class) = (first("images"), first("categories"));
    let mut edit = Edited { file: &*file, table, rows, inserted, edits: FileEdits::default(), image, class };
    for (place, row) in edit.rows.iter().enumerate().step_by(97) {
        let id = row.as_ref().expect("it is there")["id"].to_string();
        assert_eq!(file.find(table, &id).expect("a search"), Some(place as u64), "id {id}");
    }

    let chosen: BTreeSet<usize> = (0..count).map(|_| rng.below(edit.rows.len())).collect();
    for row in chosen {
        match rng.below(4) {
            0 => {
                edit.rows[row] = None;
                edit.edits.deletes.push((table, row as u64));
            }
            1 => edit.insert(Some(row as u64), 1_000_000_000 + row as i64, rng.below(1000) as f64 / 8.0),
            2 => edit.set(row, "bbox", &floats(&[rng.below(9) as f64, 0.25, 1.0, 2.0])),
            _ => {
                edit.set(row, "category_id", &Value::Int(class));
                edit.set(row, "area", &Value::Float(rng.below(100) as f64 / 4.0));
            }
        }
    }
    edit.insert(None, 2_000_000_000, 1.5);
    let (expected, edits) = (edit.expected(), edit.edits);
    let spliced = edited(&Coco, &bytes, &edits);
    let new = path.with_extension("edited.json");
    fs::write(&new, spliced).expect("a temporary file");
    let after = read(&new);
    assert_eq!(plain(&after["annotations"]), plain(&expected));
    let indexed = after["anns_by_id"].as_object().expect("pycocotools's index");
    assert_eq!(indexed.len(), expected.as_array().expect("rows").len());
    for kept in ["images", "categories", "info", "licenses"] {
        assert_eq!(after[kept], before[kept]);
    }
}

#[test]
fn pycocotools_sees_exactly_the_edited_annotations() {
    let python = match Python::with_readers() {
        Ok(python) => python,
        Err(why) => return skip::skipped(why),
    };
    let mut rng = Rng::seeded();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for style in ["compact", "default", "indented", "raw"] {
        // The biggest is read in several windows.
        let count = if style == "default" { 12_000 } else { 400 };
        let path = folder.path().join(format!("{style}.json"));
        let seed = rng.below(1 << 30).to_string();
        python.run("write_coco.py", &[style, &seed, &count.to_string(), &path.display().to_string()]);
        check(&python, &path, 60, &mut rng);
    }
}

#[test]
fn a_renamed_class_is_renamed_for_pycocotools() {
    let python = match Python::with_readers() {
        Ok(python) => python,
        Err(why) => return skip::skipped(why),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.json");
    python.run("write_coco.py", &["raw", "1", "20", &path.display().to_string()]);
    let bytes = fs::read(&path).expect("it was written");
    let file = Coco.open(&bytes, None).expect("COCO");
    let name = file.tables()[2].schema.find("name").expect("a column");
    let sets = vec![RowSet { table: 2, row: 1, cells: vec![(name, Value::Text("\u{df} \"van\"".into()))] }];
    fs::write(&path, edited(&Coco, &bytes, &FileEdits { sets, ..FileEdits::default() })).expect("a temporary file");
    let after: Json =
        serde_json::from_str(&python.run("read_rows.py", &["coco", &path.display().to_string()])).expect("JSON");
    assert_eq!(after["class_names"], json!(["person", "\u{df} \"van\"", "B\u{e4}r"]));
}

#[test]
fn a_coco_file_that_others_made_is_edited_row_by_row() {
    let (python, folder) = match Python::with_readers().and_then(|python| Ok((python, real_data("raccoon")?))) {
        Ok(both) => both,
        Err(why) => return skip::skipped(why),
    };
    let copy = tempfile::tempdir().expect("a temporary folder");
    let path = copy.path().join("coco.json");
    fs::copy(folder.join("coco.json"), &path).expect("it can be read");
    check(&python, &path, 40, &mut Rng::seeded());
}
