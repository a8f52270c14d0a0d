//! Rows, from the command to the mount: what is edited shows in the file's own format, and nothing else changes.

mod area;
mod blame;
mod conflicts;
mod formats;
mod from_file;
mod keys;
mod many;
mod odd_files;
mod rewritten;
mod round_trip;
mod samples;

use std::time::Duration;

use harness::{Home, Mount, checksum, need, skip, source, wait};

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) const CSV: &str = "image,label,score\r\na.png,cat,0.50\r\nb.png,\"dog, big\",1\r\nc.png,cat,\r\n";
pub(super) const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}],
 "annotations": [
  {"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3.50, 4], "area": 14.0},
  {"id": 9, "image_id": 1, "category_id": 2, "bbox": [5, 6, 7, 8], "area": 56.0}],
 "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}
"#;

fn home() -> Home {
    let home = Home::new();
    home.source("src", &source! { "labels.csv": CSV, "coco.json": COCO, "readme.md": "no table" });
    home.ok("import d src");
    home
}

/// A home with a branch `other` at the head of `main`.
fn home_with_branch() -> Home {
    let home = home();
    home.ok("branch d other");
    home
}

#[test]
fn tables_are_found_by_their_files() {
    let home = home();
    let tables = home.json("tables d");
    let told = |key: &str| -> Vec<serde_json::Value> {
        tables.as_array().expect("a list").iter().map(|table| table[key].clone()).collect()
    };
    assert_eq!(told("table"), ["coco.images", "coco.annotations", "coco.categories", "labels", "samples"]);
    assert_eq!(told("format"), ["coco", "coco", "coco", "csv", "samples"]);
    assert_eq!(told("rows"), [1, 2, 2, 3, 1]);
    let columns = tables[3]["columns"].as_array().expect("a list");
    let types: Vec<_> = columns.iter().map(|column| (column["name"].as_str(), column["type"].as_str())).collect();
    assert_eq!(types, [(Some("image"), Some("Utf8")), (Some("label"), Some("Utf8")), (Some("score"), Some("Float64"))]);
}

#[test]
fn an_edited_cell_is_the_only_thing_that_changes_in_the_mounted_file() {
    need!(skip::mounting());
    let home = home();
    let before = checksum(&home.join("src")).expect("readable");
    let mount = Mount::new(&home, "d");
    home.ok("set d labels --key 1 label=cow");
    home.ok("set d annotations --key 7 category_id=dog");
    home.ok("commit d -m relabelled");
    let csv = CSV.replace("\"dog, big\"", "\"cow\"");
    let coco = COCO.replacen("\"category_id\": 1", "\"category_id\": 2", 1);
    assert!(wait::until(PATIENCE, || mount.text("labels.csv") == csv).is_some(), "{}", mount.text("labels.csv"));
    assert_eq!(mount.text("coco.json"), coco);
    mount.unmount();
    assert_eq!(checksum(&home.join("src")).expect("readable"), before, "the source was written");
}

#[test]
fn rows_are_inserted_and_deleted_in_the_files_own_style() {
    let home = home();
    home.ok("delete d labels --key 0");
    home.ok("insert d labels image=d.png label=cow --after 1");
    home.ok("insert d labels image=e.png label=cow --after 1");
    let csv = CSV.replace("a.png,cat,0.50\r\n", "").replace("c.png", "d.png,\"cow\",\r\ne.png,\"cow\",\r\nc.png");
    assert_eq!(home.ok("cat d labels.csv --draft"), csv);
    home.ok("delete d annotations --where 'area > 20'");
    home.ok("insert d annotations image_id=1 category_id=1 bbox=[0,0,9,9]");
    let coco: serde_json::Value = serde_json::from_str(&home.ok("cat d coco.json --draft")).expect("still JSON");
    let ids: Vec<_> = coco["annotations"].as_array().expect("a list").iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [7, 10], "the next id was taken");
    assert_eq!(coco["annotations"][1]["area"], 81.0, "evaluation wants one");
    let told = home.json("diff d --rows");
    let changes: Vec<_> = told.as_array().expect("a list").iter().map(|line| line["change"].clone()).collect();
    assert_eq!(changes, ["insert", "delete", "delete", "insert", "insert"]);
}

#[test]
fn every_edit_of_rows_is_one_step_to_undo() {
    let home = home();
    home.ok("set d labels --where 'score IS NULL' score=0.25 label=fox");
    assert_eq!(home.ok("cat d labels.csv --draft"), CSV.replace("c.png,cat,", "c.png,fox,0.25"));
    home.ok("set d labels --key 0 --key 1 'score=score * 2'");
    assert!(home.ok("cat d labels.csv --draft").contains("a.png,cat,1.0"), "{}", home.ok("cat d labels.csv --draft"));
    home.ok("undo d");
    home.ok("undo d");
    assert_eq!(home.ok("cat d labels.csv --draft"), CSV);
    home.ok("redo d");
    assert!(home.ok("cat d labels.csv --draft").contains("fox"));
    home.ok("set d labels --key 2 score=null label=cat");
    assert_eq!(home.json("diff d"), serde_json::json!([]), "what is set back is no change");
}

#[test]
fn two_people_who_edit_other_cells_of_one_file_are_merged() {
    let home = home_with_branch();
    home.ok("set d annotations --key 7 area=1");
    home.ok("set d labels --key 0 label=ours");
    home.ok("commit d -m ours");
    home.ok("set d@other annotations --key 7 bbox=[9,9,9,9]");
    home.ok("set d@other labels --key 0 score=2");
    home.ok("insert d@other labels image=new.png");
    home.ok("commit d@other -m theirs");
    home.ok("merge d other");
    let csv = home.ok("cat d labels.csv");
    assert!(csv.contains("a.png,ours,2") && csv.ends_with("new.png,,\r\n"), "{csv}");
    let coco: serde_json::Value = serde_json::from_str(&home.ok("cat d coco.json")).expect("still JSON");
    let row = &coco["annotations"][0];
    assert_eq!((row["area"].as_f64(), row["bbox"][0].as_f64()), (Some(1.0), Some(9.0)), "{row}");
}

#[test]
fn the_same_cell_is_a_conflict_with_all_three_values() {
    let home = home_with_branch();
    home.ok("set d labels --key 0 label=ours");
    home.ok("commit d -m ours");
    home.ok("set d@other labels --key 0 label=theirs score=7");
    home.ok("commit d@other -m theirs");
    let told = home.run("--json merge d other");
    assert_eq!(told.code, Some(1));
    let told: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    let row = &told["conflicts"][0]["rows"][0];
    let values = [&row["column"], &row["base"], &row["ours"], &row["theirs"]];
    assert_eq!(values, ["label", "cat", "ours", "theirs"]);
    assert_eq!(home.ok("cat d labels.csv"), CSV.replace("a.png,cat", "a.png,ours"), "nothing was merged");
    home.ok("merge d other --prefer theirs");
    assert!(home.ok("cat d labels.csv").contains("a.png,theirs,7"));
}

/// Merges `other` into `main` after these commands on each, and returns both files.
fn merged(ours: &[&str], theirs: &[&str], prefer: &str) -> (Vec<i64>, String) {
    let home = home_with_branch();
    ours.iter().for_each(|line| drop(home.ok(line)));
    home.ok("commit d -m ours");
    theirs.iter().for_each(|line| drop(home.ok(line)));
    home.ok("commit d@other -m theirs");
    home.ok(&format!("merge d other {prefer}"));
    let text = home.ok("cat d coco.json");
    let coco: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
    let ids = coco["annotations"].as_array().expect("a list").iter().map(|row| row["id"].as_i64().expect("a number"));
    (ids.collect(), home.ok("cat d labels.csv"))
}

#[test]
fn rows_that_come_and_go_on_both_sides_are_spliced_again() {
    let (ids, _) = merged(&["delete d annotations --key 7"], &["delete d@other annotations --key 9"], "");
    assert_eq!(ids, Vec::<i64>::new());
    let all = ["delete d annotations --key 7 --key 9"];
    let (ids, _) = merged(&all, &["insert d@other annotations id=20 image_id=1"], "");
    assert_eq!(ids, [20]);
    let (ids, csv) = merged(
        &["insert d annotations id=20 image_id=1", "delete d labels --key 2", "insert d labels image=o.png --after 0"],
        &[
            "insert d@other annotations id=21 image_id=1",
            "insert d@other labels image=t1.png --after 0",
            "insert d@other labels image=t2.png --after 0",
            "insert d@other labels image=last.png",
        ],
        "",
    );
    assert_eq!(ids, [7, 9, 20, 21]);
    let names: Vec<_> = csv.lines().skip(1).map(|line| line.split(',').next().expect("a field")).collect();
    assert_eq!(names, ["a.png", "o.png", "t1.png", "t2.png", "b.png", "last.png"]);
}

#[test]
fn a_preferred_side_wins_the_whole_row_that_one_side_deleted() {
    let (set, delete) = (["set d labels --key 1 label=ours"], ["delete d@other labels --key 1"]);
    let (_, csv) = merged(&set, &delete, "--prefer ours");
    assert_eq!(csv, CSV.replace("dog, big", "ours"));
    let (_, csv) = merged(&set, &delete, "--prefer theirs");
    assert_eq!(csv, CSV.replace("b.png,\"dog, big\",1\r\n", ""));
    let (set, delete) = (["set d@other labels --key 1 label=theirs score=3"], ["delete d labels --key 1"]);
    let (_, csv) = merged(&delete, &set, "--prefer theirs");
    assert_eq!(csv, CSV.replace("\"dog, big\",1", "\"theirs\",3"));
    let (_, csv) = merged(&delete, &set, "--prefer ours");
    assert_eq!(csv, CSV.replace("b.png,\"dog, big\",1\r\n", ""));
}

#[test]
fn an_added_column_is_kept_beside_the_file() {
    let home = home();
    home.ok("column d labels weight --type number");
    home.ok("set d labels --key 1 weight=0.5");
    assert_eq!(home.ok("cat d labels.csv --draft"), CSV, "the file has no such column");
    home.ok("commit d -m weights");
    let told = home.json("diff d main~1 main --rows");
    assert_eq!((&told[0]["column"], &told[1]["after"]), (&"weight".into(), &0.5.into()), "{told}");
    home.ok("delete d labels --where 'weight > 0.4'");
    assert!(!home.ok("cat d labels.csv --draft").contains("b.png"));
    home.ok("column d labels weight --drop");
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_changed() {
    let home = home();
    for (line, why) in [
        ("set d labels --key 9 label=x", "there is no row `9`"),
        ("set d labels --key 01 label=x", "there is no row `01`"),
        ("set d labels --key 0 colour=x", "there is no column `colour`"),
        ("set d labels --key 0 score=many", "number"),
        ("set d annotations --key 7 category_id=fox", "class map"),
        ("set d annotations --key 7 bbox=[1,2,3]", "four numbers"),
        ("set d nowhere --key 7 a=1", "there is no table `nowhere`"),
        ("set d --key 7 a=1", "no table is named: there are several"),
        ("set d labels label=x", "--where EXPR"),
        ("delete d labels", "--where EXPR"),
        ("set d labels --where 'label =' a=1", "label ="),
        ("insert d annotations id=7 image_id=1", "already"),
        ("column d labels score", "already"),
        ("column d labels score --drop", "score"),
    ] {
        let ran = home.run(line);
        assert!(ran.code != Some(0) && ran.stderr.contains(why), "{line}: {}", ran.stderr);
    }
    assert_eq!(home.json("diff d"), serde_json::json!([]));
}

#[test]
fn a_table_whose_file_has_changed_in_the_source_says_so() {
    let home = home();
    std::fs::write(home.join("src/labels.csv"), "something else altogether").expect("our own source");
    for line in ["rows d labels", "set d labels --key 0 label=x", "blame d labels 0"] {
        let ran = home.run(line);
        assert!(ran.code != Some(0) && ran.stderr.contains("is not what was recorded"), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains("veneer refresh d"), "{line}: {}", ran.stderr);
    }
}

#[test]
fn a_draft_of_a_source_that_was_refreshed_since_is_told_the_way_on() {
    let home = home();
    home.ok("set d labels --key 1 label=elk");
    let now = CSV.replacen("\r\n", "\r\ny.png,ox,2\r\n", 1);
    std::fs::write(home.join("src/labels.csv"), &now).expect("our own source");
    home.ok("refresh d");
    for line in ["rows d labels --draft", "set d labels --key 0 score=1", "cat d labels.csv --draft"] {
        let ran = home.run(line);
        assert_eq!(ran.code, Some(1), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains("`veneer commit d@main -m WHY`"), "{line}: {}", ran.stderr);
        assert!(!ran.stderr.contains("`veneer refresh"), "that leads nowhere: {}", ran.stderr);
    }
    home.ok("commit d@main -m WHY");
    assert_eq!(home.ok("cat d labels.csv"), now.replace("dog, big", "elk"));
}

#[test]
fn a_conflict_of_a_merge_with_a_refreshed_source_says_whose_value_is_whose() {
    let home = home_with_branch();
    home.ok("set d@other annotations --key 7 area=1");
    home.ok("commit d@other -m theirs");
    std::fs::write(home.join("src/coco.json"), COCO.replace("14.0", "15.0")).expect("our own source");
    home.ok("refresh d");
    let merged = home.run("--json merge d other");
    let told: serde_json::Value = serde_json::from_str(&merged.stdout).expect("JSON");
    let row = &told["conflicts"][0]["rows"][0];
    assert_eq!(serde_json::json!([row["base"], row["ours"], row["theirs"]]), serde_json::json!([14.0, 15.0, 1.0]));
    home.ok("resolve d --all --theirs");
    home.ok("commit d");
    assert!(home.ok("cat d coco.json").contains("\"area\": 1.0}"), "{}", home.ok("cat d coco.json"));
}

#[test]
fn rows_of_a_table_of_which_some_cannot_be_read_come_with_a_warning() {
    let home = Home::with(&source! { "notes.jsonl": "{\"a\": 1}\n{\"a\": 2}\n" });
    home.file("new", "{\"a\": 1}\n{\"a\": \n{\"a\": 3}\n");
    home.ok("put d notes.jsonl new");
    let told = home.run("tables d --draft");
    let place = told.stderr.lines().find(|line| line.starts_with("notes is partial: ")).expect("a sentence").to_owned();
    assert!(place.contains("notes.jsonl, line 2, byte "), "{place}");
    for line in ["rows d notes --draft", "--json rows d notes --draft --where 'a > 5'", "rows d samples --draft"] {
        let ran = home.run(line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.stderr);
        let sentence = place.replacen("notes is", if line.contains("samples") { "samples is" } else { "notes is" }, 1);
        assert!(ran.stderr.contains(&format!("warning: {sentence}")), "{line}: {}", ran.stderr);
    }
    let rows = home.json("rows d notes --draft");
    let found: Vec<_> = rows.as_array().expect("a list").iter().map(|row| row["a"].clone()).collect();
    assert_eq!(found, [1, 3], "the row behind the broken line is there");
    assert!(!home.run("rows d notes").stderr.contains("warning"), "the revision is whole");
}

#[test]
fn edited_rows_survive_collection_and_are_whole() {
    let home = home();
    home.ok("set d labels --key 0 label=kept");
    let long = "x".repeat(5000);
    home.ok(&format!("set d labels --key 1 label={long}"));
    home.ok("commit d -m kept");
    home.ok("gc --grace 0s");
    home.ok("fsck");
    let csv = home.ok("cat d labels.csv");
    assert!(csv.contains("kept") && csv.contains(&long));
    home.ok("mv d labels.csv moved.csv");
    home.ok("commit d -m moved");
    assert_eq!(home.ok("cat d moved.csv"), csv, "row edits go where the file goes");
}
