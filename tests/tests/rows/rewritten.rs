//! Files of rows that a program rewrote as a whole: history speaks of their rows all the same.

use std::fs;
use std::io::Write;
use std::process::Command;
use std::time::Duration;

use harness::{Home, Mount, need, skip, wait};
use serde_json::{Value, json};

use super::{COCO, CSV, home, home_with_branch};

/// Puts a file's new content.
fn put(home: &Home, name: &str, path: &str, content: &str) {
    let file = home.join("new");
    fs::write(&file, content).expect("a file");
    home.ok(&format!("put {name} {path} {}", file.display()));
}

/// The changes of `veneer diff --rows`: [change, key, column, before, after].
fn told(home: &Home, args: &str) -> Vec<Value> {
    let lines = home.json(&format!("diff {args} --rows"));
    let line = |line: &Value| json!([line["change"], line["key"], line["column"], line["before"], line["after"]]);
    lines.as_array().expect("a list").iter().map(line).collect()
}

#[test]
fn a_put_file_is_told_by_the_rows_that_it_changed() {
    let home = home();
    let new = CSV.replace("a.png,cat", "a.png,cow").replace("c.png,cat,\r\n", "");
    put(&home, "d", "labels.csv", &new);
    let json: Value = serde_json::from_str(COCO).expect("JSON");
    let text = serde_json::to_string_pretty(&json).expect("JSON").replace("56.0", "57.5");
    put(&home, "d", "coco.json", &text);
    let gone = json!({"image": "c.png", "label": "cat", "score": null});
    let expected = [
        json!(["set", "9", "area", 56.0, 57.5]),
        json!(["set", "0", "label", "cat", "cow"]),
        json!(["delete", "2", null, gone, null]),
    ];
    assert_eq!(told(&home, "d"), expected);
    home.ok("commit d -m rewritten");
    assert_eq!(told(&home, "d main~1 main"), expected);
    assert_eq!((home.ok("cat d labels.csv"), home.ok("cat d coco.json")), (new, text));
}

#[test]
fn a_file_that_was_only_formatted_anew_is_said_to_be() {
    let home = home();
    put(&home, "d", "labels.csv", &CSV.replace("0.50", "0.5").replace("\r\n", "\n"));
    put(&home, "d", "coco.json", &COCO[..40]);
    let lines = home.json("diff d --rows");
    let told: Vec<Value> = lines.as_array().expect("a list").iter().map(|line| line["change"].clone()).collect();
    assert_eq!(told, ["bytes", "reformatted"], "{lines}");
    assert!(lines[0]["why"].is_string() && lines[1]["why"].is_null(), "{lines}");
    let text = home.ok("diff d --rows");
    assert!(text.contains("reformatted  labels.csv"), "{text}");
}

#[test]
fn a_file_whose_rows_have_another_order_is_said_to_be_reordered() {
    let home = home();
    let mut lines: Vec<&str> = CSV.split_inclusive("\r\n").collect();
    lines[1..].rotate_right(1);
    put(&home, "d", "labels.csv", &lines.concat());
    let told = home.json("diff d --rows");
    let brief = json!([told[0]["change"], told[0]["path"], told[0]["rows"], told[1]]);
    assert_eq!(brief, json!(["reordered", "labels.csv", 1, null]), "{told}");
    let text = home.ok("diff d --rows");
    assert!(text.contains("reordered  labels.csv  1 row in another place"), "{text}");
}

#[test]
fn added_columns_and_their_cells_stay_with_the_rows_of_a_put_file() {
    let home = home();
    home.ok("column d labels weight --type number");
    home.ok("set d labels --key 1 weight=0.5");
    put(&home, "d", "labels.csv", "label;image\nnew;z.png\n\"dog, big\";b.png\n");
    let rows = home.json("rows d labels --draft");
    let weights: Vec<Value> =
        rows.as_array().expect("a list").iter().map(|row| json!([row["image"], row["weight"]])).collect();
    assert_eq!(weights, [json!(["z.png", null]), json!(["b.png", 0.5])], "{rows}");
}

#[test]
fn a_put_file_merges_with_edits_of_its_rows_cell_by_cell() {
    let home = home_with_branch();
    let put_label = CSV.replace("a.png,cat", "a.png,cow").replace(',', ";").replace("\"dog; big\"", "\"dog, big\"");
    put(&home, "d", "labels.csv", &put_label);
    home.ok("commit d -m put");
    home.ok("set d@other labels --key 1 label=elk");
    home.ok("set d@other labels --key 0 score=0.75");
    home.ok("commit d@other -m edited");
    home.ok("merge d other");
    let csv = home.ok("cat d labels.csv");
    assert!(csv.contains("a.png;cow;0.75") && csv.contains("b.png;\"elk\";1"), "{csv}");
    home.ok("set d labels --key 2 label=ours");
    home.ok("commit d -m ours");
    home.ok("set d@other labels --key 2 label=theirs");
    home.ok("commit d@other -m theirs");
    let merged = home.run("--json merge d other");
    let conflicts: Value = serde_json::from_str(&merged.stdout).expect("JSON");
    let row = &conflicts["conflicts"][0]["rows"][0];
    assert_eq!(json!([row["key"], row["base"], row["ours"], row["theirs"]]), json!(["2", "cat", "ours", "theirs"]));
}

#[test]
fn row_edits_are_made_again_over_a_source_that_changed_and_what_does_not_fit_is_told() {
    let home = home();
    home.ok("set d labels --key 1 label=elk");
    home.ok("set d annotations --key 7 area=1");
    home.ok("commit d -m edited");
    let source = CSV.to_owned() + "d.png,new,2\r\n";
    fs::write(home.join("src/labels.csv"), &source).expect("a file");
    fs::write(home.join("src/coco.json"), COCO.replace("14.0", "15.0")).expect("a file");
    let refreshed = home.run("--json refresh d");
    let told: Value = serde_json::from_str(&refreshed.stdout).expect("JSON");
    let conflicts = told["conflicts"].as_array().expect("a list");
    assert_eq!(conflicts.len(), 1, "{told}");
    let row = &conflicts[0]["rows"][0];
    assert_eq!(
        json!([row["key"], row["column"], row["base"], row["ours"], row["theirs"]]),
        json!(["7", "area", 14.0, 1.0, 15.0])
    );
    assert_eq!(home.ok("cat d labels.csv"), source.replace("dog, big", "elk"));
    assert!(home.ok("cat d coco.json").contains("\"area\": 1"), "{}", home.ok("cat d coco.json"));
}

#[test]
fn what_python_rewrites_through_a_writable_mount_is_committed_as_rows() {
    need!(skip::mounting(), skip::command("python3"));
    let home = home();
    home.ok("column d labels weight --type number");
    home.ok("set d labels --key 1 weight=0.5");
    home.ok("commit d -m weights");
    let mount = Mount::new(&home, "d --writable");
    let script = r#"
import csv, json, os, sys
folder = sys.argv[1]
path = os.path.join(folder, "labels.csv")
with open(path, newline="") as file:
    rows = list(csv.reader(file))
rows[2][1] = "elk"
rows.insert(1, ["new.png", "owl", "3"])
with open(path + ".tmp", "w", newline="") as file:
    csv.writer(file).writerows(rows)
os.replace(path + ".tmp", path)
path = os.path.join(folder, "coco.json")
with open(path) as file:
    coco = json.load(file)
coco["annotations"][1]["category_id"] = 1
del coco["annotations"][0]
with open(path, "w") as file:
    json.dump(coco, file)
"#;
    let python = Command::new("python3").args(["-c", script]).arg(mount.path()).output().expect("python");
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    home.ok("commit d -m rewritten");
    let lines = told(&home, "d main~1 main");
    let brief: Vec<Value> = lines.iter().map(|line| json!([line[0], line[1], line[2]])).collect();
    let expected = [
        json!(["delete", "7", null]),
        json!(["set", "9", "category_id"]),
        json!(["insert", "0", null]),
        json!(["set", "2", "label"]),
    ];
    assert_eq!(brief, expected, "{lines:?}");
    let rows = home.json("rows d labels");
    assert_eq!(json!([rows[2]["label"], rows[2]["weight"]]), json!(["elk", 0.5]), "{rows}");
    mount.unmount();
}

#[test]
fn what_a_program_writes_on_after_an_edit_by_command_is_kept_with_the_edit() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d --writable");
    let path = mount.join("labels.csv");
    let mut file = fs::OpenOptions::new().append(true).open(&path).expect("opened");
    file.write_all(b"d.png,before,1\r\n").expect("written");
    home.ok("set d labels --key 0 label=cow");
    file.write_all(b"e.png,after,2\r\n").expect("written");
    home.ok("set d labels --key 1 score=0.125");
    file.write_all(b"f.png,last,3\r\n").expect("written");
    drop(file);
    let all = CSV.replace("a.png,cat", "a.png,cow").replace("b.png,\"dog, big\",1", "b.png,\"dog, big\",0.125")
        + "d.png,before,1\r\ne.png,after,2\r\nf.png,last,3\r\n";
    let shown = || fs::read_to_string(&path).is_ok_and(|text| text == all);
    let is_shown = wait::until(Duration::from_secs(5), shown).is_some();
    assert!(is_shown, "{:?}\n{all:?}\n{}", fs::read_to_string(&path), mount.log());
    home.ok("commit d -m both");
    assert_eq!(home.ok("cat d labels.csv"), all);
    mount.unmount();
}
