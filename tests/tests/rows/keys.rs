//! Declared key columns, from the command to the mount: a row is told by its key wherever its file has it.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use harness::service::Service;
use harness::{Home, Mount, need, skip, source, wait};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use super::{CSV, PATIENCE};

const JSONL: &str =
    "{\"id\": \"u+1\", \"label\": \"cat\"}\n{\"id\": \"u\", \"label\": \"dog\"}\n{\"id\": \"1\", \"label\": \"fox\"}\n";

/// A Parquet file of ids and labels.
fn parquet(rows: &[(i64, &str)]) -> Vec<u8> {
    let ids: Int64Array = rows.iter().map(|(id, _)| *id).collect::<Vec<i64>>().into();
    let labels: StringArray = rows.iter().map(|(_, label)| Some(*label)).collect();
    let batch = RecordBatch::try_from_iter([("id", Arc::new(ids) as _), ("label", Arc::new(labels) as _)]);
    let batch = batch.expect("equally long");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("room in memory");
    writer.into_inner().expect("room in memory")
}

/// A home whose tables all have declared keys.
fn home() -> Home {
    let home = Home::new();
    home.source("src", &source! { "labels.csv": CSV, "users.jsonl": JSONL });
    fs::write(home.join("src/boxes.parquet"), parquet(&[(30, "a"), (10, "b"), (20, "c")])).expect("a file");
    home.ok("import d src --key labels=image --key users=id --key boxes=id");
    home
}

/// A column of a table's rows.
fn column(home: &Home, of: &str, column: &str) -> Vec<Value> {
    let rows = home.json(&format!("rows {of} --keys"));
    rows.as_array().expect("a list").iter().map(|row| row[column].clone()).collect()
}

/// The changes of `veneer diff --rows`: [change, key, column].
fn told(home: &Home, args: &str) -> Vec<Value> {
    let lines = home.json(&format!("diff {args} --rows"));
    let line = |line: &Value| json!([line["change"], line["key"], line["column"]]);
    lines.as_array().expect("a list").iter().map(line).collect()
}

#[test]
fn rows_go_by_the_column_that_was_declared_to_have_their_keys() {
    let home = home();
    let tables = home.json("tables d");
    let keys: Vec<Value> = tables.as_array().expect("a list").iter().map(|table| table["key"].clone()).collect();
    assert_eq!(keys, ["id", "image", "id", "key"]);
    assert!(home.ok("tables d").contains("image (key), label, score"), "{}", home.ok("tables d"));
    assert_eq!(column(&home, "d labels", "key"), ["a.png", "b.png", "c.png"]);
    assert_eq!(column(&home, "d users", "key"), ["u+1", "u", "1"]);
    assert_eq!(column(&home, "d boxes", "key"), ["30", "10", "20"]);
    home.ok("set d labels --key b.png label=cow");
    home.ok("set d users --key u+1 label=lion");
    home.ok("set d boxes --key 10 label=wide");
    home.ok("delete d users --key 1");
    home.ok("insert d boxes id=5 label=new --after 10");
    assert_eq!(home.ok("cat d labels.csv --draft"), CSV.replace("dog, big", "cow"));
    let users = JSONL.replacen("cat", "lion", 1).replace("{\"id\": \"1\", \"label\": \"fox\"}\n", "");
    assert_eq!(home.ok("cat d users.jsonl --draft"), users);
    let boxes = home.json("rows d boxes --draft --columns id,label");
    let expected = json!([{"id": 30, "label": "a"}, {"id": 10, "label": "wide"}, {"id": 5, "label": "new"},
        {"id": 20, "label": "c"}]);
    assert_eq!(boxes, expected);
    home.ok("commit d -m edited");
    let expected = [
        json!(["set", "10", "label"]),
        json!(["insert", "5", null]),
        json!(["set", "b.png", "label"]),
        json!(["delete", "1", null]),
        json!(["set", "u+1", "label"]),
    ];
    assert_eq!(told(&home, "d main~1 main"), expected);
    assert_eq!(home.json("blame d users u+1")["cells"][1]["message"], "edited");
    assert_eq!(home.json("blame d boxes 5")["row"]["change"], "inserted");
    home.ok("gc --grace 0s");
    home.ok("fsck");
}

#[test]
fn edits_stay_with_their_rows_over_a_refresh_that_puts_them_in_another_order() {
    let home = home();
    home.ok("set d labels --key b.png label=cow");
    home.ok("set d users --key u label=elk");
    home.ok("set d boxes --key 20 label=tall");
    home.ok("commit d -m edited");
    let csv = "image,label,score\r\nnew.png,owl,3\r\nc.png,cat,\r\nb.png,\"dog, big\",1\r\na.png,cat,0.50\r\n";
    let users = "{\"id\": \"v\", \"label\": \"new\"}\n".to_owned() + JSONL;
    fs::write(home.join("src/labels.csv"), csv).expect("our own source");
    fs::write(home.join("src/users.jsonl"), &users).expect("our own source");
    fs::write(home.join("src/boxes.parquet"), parquet(&[(1, "z"), (20, "c"), (10, "b"), (30, "a")])).expect("a file");
    assert_eq!(home.json("refresh d")["conflicts"], json!([]));
    assert_eq!(home.ok("cat d labels.csv"), csv.replace("dog, big", "cow"));
    assert_eq!(home.ok("cat d users.jsonl"), users.replace("dog", "elk"));
    assert_eq!(column(&home, "d boxes", "label"), ["z", "tall", "b", "a"]);
}

#[test]
fn two_people_who_insert_a_row_of_one_key_decide_which() {
    let home = home();
    home.ok("branch d other");
    home.ok("insert d users id=w+1 label=ours");
    home.ok("insert d users id=x label=ours");
    home.ok("commit d -m ours");
    home.ok("insert d@other users id=w+1 label=theirs");
    home.ok("insert d@other users id=y label=theirs");
    home.ok("set d@other users --key u label=elk");
    home.ok("commit d@other -m theirs");
    let ran = home.run("--json merge d other");
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let conflicts: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let rows = conflicts["conflicts"][0]["rows"].as_array().expect("a list");
    assert_eq!(rows.iter().map(|row| row["key"].clone()).collect::<Vec<_>>(), ["w+1"], "{conflicts}");
    home.ok("resolve d users w+1 --theirs");
    home.ok("commit d -m merged");
    let mut labels: Vec<(Value, Value)> =
        column(&home, "d users", "key").into_iter().zip(column(&home, "d users", "label")).collect();
    labels.sort_by_key(|(key, _)| key.to_string());
    let expected = [("1", "fox"), ("u", "elk"), ("u+1", "cat"), ("w+1", "theirs"), ("x", "ours"), ("y", "theirs")];
    assert_eq!(labels, expected.map(|(key, label)| (json!(key), json!(label))));
}

#[test]
fn a_file_that_is_rewritten_through_a_mount_is_told_by_its_keys() {
    need!(skip::mounting());
    let home = home();
    home.ok("column d labels weight --type number");
    home.ok("set d labels --key b.png weight=0.5");
    home.ok("commit d -m weights");
    let mount = Mount::new(&home, "d --writable");
    let new = "image,label,score\r\nnew.png,owl,3\r\nc.png,elk,\r\nb.png,\"dog, big\",1\r\n";
    fs::write(mount.join("labels.tmp"), new).expect("a new file in the mount");
    let moved = Command::new("mv").arg(mount.join("labels.tmp")).arg(mount.join("labels.csv")).status();
    assert!(moved.expect("mv runs").success());
    home.ok("commit d -m rewritten");
    let expected = [
        json!(["delete", "a.png", null]),
        json!(["set", "c.png", "label"]),
        json!(["insert", "new.png", null]),
        json!(["reordered", null, null]),
    ];
    assert_eq!(told(&home, "d main~1 main"), expected);
    assert_eq!(mount.text("labels.csv"), new);
    let rows = home.json("rows d labels --keys");
    assert_eq!(json!([rows[2]["key"], rows[2]["weight"]]), json!(["b.png", 0.5]), "{rows}");
    home.ok("set d labels --key c.png label=wolf");
    let shown = || mount.text("labels.csv") == new.replace("elk", "wolf");
    assert!(wait::until(PATIENCE, shown).is_some(), "{}", mount.text("labels.csv"));
    mount.unmount();
}

#[test]
fn keys_are_declared_later_and_taken_back_and_what_cannot_be_is_refused_with_a_hint() {
    let home = Home::new();
    home.source("src", &source! { "labels.csv": CSV, "users.jsonl": JSONL });
    for (line, why) in [
        ("import d src --key labels=label", "rows 0 and 2 both have the key `cat`"),
        ("import d src --key labels=gone", "there is no key column `gone`"),
        ("import d src --key nowhere=id", "there is no table `nowhere`"),
        ("import d src --key labels", "says no column of a table"),
    ] {
        let ran = home.run(line);
        assert!(
            ran.code != Some(0) && ran.stderr.contains(why) && ran.stderr.contains("hint:"),
            "{line}: {}",
            ran.stderr
        );
    }
    home.ok("import d src");
    assert_eq!(column(&home, "d labels", "key"), ["0", "1", "2"]);
    assert_eq!(home.json("tables d --key labels=image")[0]["key"], "image");
    assert_eq!(home.json("tables d")[0]["key"], "image", "it is recorded");
    home.ok("tables d --key labels=");
    assert_eq!(column(&home, "d labels", "key"), ["0", "1", "2"]);
    home.ok("set d users --key 1 label=elk");
    home.ok("tables d --key labels=image");
    for (line, why) in [
        ("tables d --key users=id", "the draft of ada on `main` has edits of its rows, which are named by place"),
        ("tables d --key labels=score", "of the type Float64"),
        ("set d labels --key 0 label=x", "there is no row `0`"),
        ("set d labels --key a.png image=x", "it has the keys of rows"),
        ("insert d labels label=x", "its cell `image` is to say it"),
        ("insert d labels image=a.png", "there is a row `a.png` already"),
    ] {
        let ran = home.run(line);
        assert!(ran.code != Some(0) && ran.stderr.contains(why), "{line}: {}", ran.stderr);
    }
    home.ok("discard d");
    home.ok("tables d --key users=id");
    home.ok("set d users --key u label=elk");
    home.ok("commit d -m edited");
    let ran = home.run("tables d --key users=");
    assert!(ran.stderr.contains("named by `id`") && ran.stderr.contains("hint:"), "{}", ran.stderr);
}

#[test]
fn a_source_that_brings_one_key_twice_is_told_until_it_is_mended() {
    let home = home();
    home.ok("set d labels --key b.png label=cow");
    home.ok("set d labels --key c.png label=elk");
    home.ok("commit d -m edited");
    let twice = CSV.to_owned() + "b.png,other,2\r\n";
    fs::write(home.join("src/labels.csv"), &twice).expect("our own source");
    let ran = home.run("--json refresh d");
    let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let row = &told["conflicts"][0]["rows"][0];
    assert_eq!(json!([row["key"], row["ours"]]), json!(["b.png", "cow"]), "{told}");
    assert_eq!(home.ok("cat d labels.csv"), twice.replace("dog, big", "cow").replace("c.png,cat", "c.png,elk"));
    let why = "rows 1 and 3 both have the key `b.png`";
    assert!(home.json("tables d")[1]["key_problem"].as_str().expect("told").contains(why));
    assert!(home.run("tables d").stderr.contains(why));
    let ran = home.run("set d labels --where 'score = 2' label=x");
    assert!(ran.code != Some(0) && ran.stderr.contains(why) && ran.stderr.contains("hint:"), "{}", ran.stderr);
    fs::write(home.join("src/labels.csv"), CSV.replace("a.png,cat,0.50\r\n", "")).expect("our own source");
    home.ok("refresh d");
    assert_eq!(home.json("tables d")[1]["key_problem"], Value::Null);
    let mended = CSV.replace("a.png,cat,0.50\r\n", "").replace("dog, big", "cow").replace("c.png,cat", "c.png,elk");
    assert_eq!(home.ok("cat d labels.csv"), mended);
}

#[test]
fn two_annotations_with_one_id_are_told_and_not_edited_by_it() {
    let home = Home::new();
    let coco = r#"{"images": [{"id": 1, "file_name": "a.png"}],
"annotations": [{"id": 7, "image_id": 1, "area": 1}, {"id": 8, "image_id": 1, "area": 2},
{"id": 7, "image_id": 1, "area": 3}], "categories": []}"#;
    home.source("src", &source! { "coco.json": coco });
    home.ok("import d src");
    assert!(home.run("tables d").stderr.contains("coco.json, line 3, byte 1: a second row has id 7"));
    for edit in
        ["set d annotations --key 7 area=9", "set d annotations --where true area=9", "delete d annotations --key 7"]
    {
        let ran = home.run(edit);
        let told = "error: `7` is not a valid key of one row: more than one row of `annotations` has it";
        assert!(ran.code != Some(0) && ran.stderr.contains(told) && ran.stderr.contains("hint:"), "{}", ran.stderr);
    }
    assert_eq!(home.ok("cat d coco.json --draft"), coco);
    home.ok("set d annotations --key 8 area=9");
    assert_eq!(home.ok("cat d coco.json --draft"), coco.replace("\"area\": 2", "\"area\": 9"));
}

#[test]
fn the_service_speaks_of_rows_by_their_keys_as_soon_as_these_are_declared() {
    let home = Home::new();
    home.source("src", &source! { "labels.csv": CSV });
    home.ok("import d src");
    let service = Service::start(&home);
    let get = |path: &str| service.ask("GET", path, None).1;
    assert_eq!(get("/v1/datasets/d/at/main/tables")["tables"][0]["key"], Value::Null);
    assert_eq!(get("/v1/datasets/d/at/main/tables/labels/rows")["rows"][1]["_key"], "1");
    home.ok("tables d --key labels=image");
    assert_eq!(get("/v1/datasets/d/at/main/tables")["tables"][0]["key"], "image");
    assert_eq!(get("/v1/datasets/d/at/main/tables/labels/rows")["rows"][1]["_key"], "b.png");
    home.ok("set d labels --key b.png label=cow");
    home.ok("commit d -m edited");
    let row = &get("/v1/datasets/d/at/main/tables/labels/rows")["rows"][1];
    assert_eq!((&row["_key"], &row["label"]), (&json!("b.png"), &json!("cow")));
}
