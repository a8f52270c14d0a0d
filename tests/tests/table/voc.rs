//! Pascal VOC, judged by lxml.

use std::fs;

use harness::{Python, Rng, skip};
use serde_json::{Value as Json, json};
use veneer::model::Value;
use veneer::table::voc::Voc;
use veneer::table::{FileEdits, Format, Insert, RowSet};

use super::{edited, floats, plain, real_data};

fn lxml_reads(python: &Python, bytes: &[u8]) -> Json {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), bytes).expect("a temporary file");
    serde_json::from_str(&python.run("read_rows.py", &["voc", &file.path().display().to_string()])).expect("JSON")
}

/// Renames and moves the first object, deletes the second, adds one, and renames the image; lxml then reads exactly that.
fn check(python: &Python, bytes: &Vec<u8>, name: &str, rng: &mut Rng) {
    let before = lxml_reads(python, bytes);
    let file = Voc::default().open(bytes, None).expect("VOC");
    assert_eq!(file.tables()[0].problem, None);
    let mut objects = before["objects"].as_array().expect("objects").clone();
    let column = |table: usize, name: &str| file.tables()[table].schema.find(name).expect("a column");
    let sides = [1.0, rng.below(20) as f64, 30.5, 40.0];
    let mut edits = FileEdits::default();
    let text = |text: &str| Value::Text(text.to_owned());
    edits.sets.push(RowSet { table: 1, row: 0, cells: vec![(column(1, "filename"), text(name))] });
    let cells = |column: &veneer::table::Column| match column.name.as_str() {
        "name" => text(name),
        "box" => floats(&sides),
        "pose" => text(""),
        "truncated" | "difficult" | "occluded" => Value::Int(1),
        _ => Value::Null,
    };
    let cells: Vec<Value> = file.tables()[0].schema.columns.iter().map(cells).collect();
    let mut new = serde_json::Map::new();
    for (column, cell) in file.tables()[0].schema.columns.iter().zip(&cells) {
        let json = if column.name == "box" { cell.to_json() } else { Json::from(cell.to_string()) };
        if *cell != Value::Null {
            new.insert(column.name.clone(), json);
        }
    }
    edits.inserts.push(Insert {
        table: 0,
        after: objects.len().checked_sub(1).map(|last| last as u64),
        cells,
        ..Insert::default()
    });
    if let Some(first) = objects.first_mut() {
        let cells = vec![(column(0, "name"), text(name)), (column(0, "box"), floats(&sides))];
        edits.sets.push(RowSet { table: 0, row: 0, cells });
        (first["name"], first["box"]) = (json!(name), json!(sides));
    }
    if objects.len() > 1 {
        edits.deletes.push((0, 1));
        objects.remove(1);
    }
    objects.push(Json::Object(new));
    let spliced = edited(&Voc::default(), bytes, &edits);
    let after = lxml_reads(python, &spliced);
    let expected = json!({"objects": objects, "filename": name});
    assert_eq!(plain(&after), plain(&expected), "{}", String::from_utf8_lossy(&spliced));
}

#[test]
fn lxml_reads_exactly_the_edited_objects() {
    let python = match Python::with_readers() {
        Ok(python) => python,
        Err(why) => return skip::skipped(why),
    };
    let mut rng = Rng::seeded();
    let object =
        "<object><name>a</name><bndbox><ymax>4</ymax><xmin>1</xmin><ymin> 2 </ymin><xmax>3.5</xmax></bndbox></object>";
    let texts = [
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<annotation>\r\n  <filename/>\r\n</annotation>\r\n".to_owned(),
        format!("<annotation><!-- x --><filename>&#228;</filename>{object}{object}</annotation>"),
        format!(
            "\u{feff}<annotation>\n\t<filename>a</filename>\n\t{object}\n\t<!-- <object> -->\n\t{object}\n</annotation>"
        ),
    ];
    for text in texts {
        for name in ["cat", "<&>\"'", "\u{df}\u{1f600}", " two\nlines ", "]]>", "&amp;"] {
            check(&python, &text.as_bytes().to_vec(), name, &mut rng);
        }
    }
}

#[test]
fn files_that_others_made_are_edited_object_by_object() {
    let (python, folder) = match Python::with_readers().and_then(|python| Ok((python, real_data("raccoon")?))) {
        Ok(both) => both,
        Err(why) => return skip::skipped(why),
    };
    let mut rng = Rng::seeded();
    let files =
        fs::read_dir(folder.join("annotations")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files: Vec<_> = files.collect();
    for path in &files {
        let bytes = fs::read(path).expect("it can be read");
        let file = Voc::default().open(&bytes, None).expect("VOC");
        assert_eq!(file.tables()[0].problem, None, "{}", path.display());
        assert!(Voc::default().flags(&*file).is_ok());
    }
    for _ in 0..20 {
        check(&python, &fs::read(rng.pick(&files)).expect("it can be read"), "procyon", &mut rng);
    }
}
