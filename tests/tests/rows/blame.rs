//! `veneer blame`: each cell is followed to the revision that set it.

use std::fs;

use harness::{Home, source};
use serde_json::Value;

use super::{COCO, CSV, home, home_with_branch};

/// For each column, the first line of the message of the revision that set it; `-` for what the source has.
fn told(home: &Home, line: &str) -> Vec<String> {
    let blame = home.json(line);
    let cells = blame["cells"].as_array().expect("a list").iter();
    cells.map(|cell| cell["message"].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn each_cell_is_told_with_the_revision_that_set_it_last() {
    let home = home();
    home.ok("set d labels --key 0 label=cow");
    home.ok("commit d -m first");
    home.ok("set d labels --key 0 label=fox score=2");
    home.ok("set d labels --key 1 label=other");
    home.ok("--author bob set d labels --key 0 score=9");
    home.ok("commit d -m second");
    assert_eq!(told(&home, "blame d labels 0"), ["-", "second", "second"]);
    assert_eq!(told(&home, "blame d@main~1 labels 0"), ["-", "first", "-"]);
    assert_eq!(told(&home, "blame d labels 2"), ["-", "-", "-"]);
    let blame = home.json("blame d labels 0");
    assert_eq!((&blame["cells"][1]["value"], &blame["cells"][1]["author"]), (&"fox".into(), &"ada".into()));
    let shown = home.ok("blame d labels 0");
    assert!(shown.contains("as in the source") && shown.contains("second") && shown.contains("\"fox\""), "{shown}");
}

#[test]
fn a_row_that_came_or_went_says_in_which_revision() {
    let home = home();
    home.ok("insert d annotations id=20 image_id=1 category_id=1");
    home.ok("commit d -m came");
    home.ok("set d annotations --key 20 area=3");
    home.ok("delete d annotations --key 7");
    home.ok("commit d -m changed");
    let blame = home.json("blame d annotations 20");
    assert_eq!((&blame["row"]["change"], &blame["row"]["message"]), (&"inserted".into(), &"came".into()));
    let cells = blame["cells"].as_array().expect("a list");
    let message = |column: &str| {
        let cell = cells.iter().find(|cell| cell["column"] == column).expect("a cell");
        cell["message"].as_str().expect("somebody set it").to_owned()
    };
    assert_eq!((message("area"), message("image_id")), ("changed".to_owned(), "came".to_owned()));
    let blame = home.json("blame d annotations 7");
    assert_eq!((&blame["row"]["change"], &blame["row"]["message"]), (&"deleted".into(), &"changed".into()));
    assert_eq!(blame["cells"], Value::Array(Vec::new()));
    for (line, why) in [("blame d annotations 99", "there is no row `99`"), ("blame d nowhere 1", "no table")] {
        let ran = home.run(line);
        assert!(ran.code == Some(3) && ran.stderr.contains(why) && ran.stderr.contains("hint:"), "{}", ran.stderr);
    }
}

#[test]
fn what_a_merge_brought_is_followed_to_the_side_that_it_came_from() {
    let home = home_with_branch();
    home.ok("set d labels --key 0 label=ours");
    home.ok("commit d -m ours");
    home.ok("set d@other labels --key 0 score=7");
    home.ok("insert d@other labels image=new.png");
    home.ok("commit d@other -m theirs");
    home.ok("merge d other");
    assert_eq!(told(&home, "blame d labels 0"), ["-", "ours", "theirs"]);
    let rows = home.json("rows d labels --keys");
    let key = rows[3]["key"].as_str().expect("a key").to_owned();
    let blame = home.json(&format!("blame d labels {key}"));
    assert_eq!((&blame["row"]["change"], &blame["row"]["message"]), (&"inserted".into(), &"theirs".into()), "{blame}");
}

#[test]
fn a_file_that_was_moved_or_replaced_keeps_what_is_known_of_its_rows() {
    let home = Home::with(&source! { "in/labels.csv": CSV });
    home.ok("set d labels --key 0 label=cow");
    home.ok("commit d -m set");
    home.ok("mv d in out");
    home.ok("commit d -m moved");
    assert_eq!(told(&home, "blame d labels 0"), ["-", "set", "-"]);
    let edited = home.ok("cat d out/labels.csv").replace("0.50", "0.75");
    home.file("new.csv", &edited);
    home.ok("put d out/labels.csv new.csv");
    home.ok("commit d -m replaced");
    assert_eq!(told(&home, "blame d labels 0"), ["-", "set", "replaced"]);
    assert_eq!(told(&home, "blame d labels 1"), ["-", "-", "-"]);
}

#[test]
fn the_cells_of_a_sample_are_told_wherever_they_are_kept() {
    let home = Home::with(&source! { "a.png": "a", "b.png": "b", "labels.csv": "image,label\na.png,cat\nb.png,dog\n" });
    home.ok("set d labels --key 0 label=lynx");
    home.ok("commit d -m relabelled");
    home.ok("column d samples weight --type number");
    home.ok("set d samples --key a.png weight=2");
    home.ok("commit d -m weighed");
    home.ok("exclude d --key a.png");
    home.ok("commit d -m excluded");
    let blame = home.json("blame d samples a.png");
    let cells = blame["cells"].as_array().expect("a list");
    let told = |column: &str| {
        let cell = cells.iter().find(|cell| cell["column"] == column).expect("a cell");
        (cell["value"].clone(), cell["message"].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(told("path"), ("a.png".into(), "-".to_owned()));
    assert_eq!(told("label"), ("lynx".into(), "relabelled".to_owned()));
    assert_eq!(told("weight"), (2.0.into(), "weighed".to_owned()));
    assert_eq!(told("excluded"), (true.into(), "excluded".to_owned()));
    assert_eq!(home.run("blame d samples c.png").code, Some(3));
}

/// Has the owner of the source put a row above all others of `labels.csv`, and records that.
fn refresh_with_a_row_above(home: &Home, row: &str) {
    let path = home.join("src/labels.csv");
    let now = fs::read_to_string(&path).expect("our own source").replacen("\r\n", &format!("\r\n{row}\r\n"), 1);
    fs::write(path, now).expect("our own source");
    home.ok("refresh d");
}

/// What became of the row as a whole, and in which revision.
fn fate(home: &Home, line: &str) -> [Value; 2] {
    let blame = home.json(line);
    ["change", "message"].map(|fact| blame["row"][fact].clone())
}

#[test]
fn a_row_keeps_its_history_over_a_refresh_that_changed_its_file() {
    let home = home();
    home.ok("set d labels --key 1 label=elk");
    home.ok("commit d -m elk");
    home.ok("set d annotations --key 7 area=1");
    home.ok("commit d -m area");
    fs::write(home.join("src/coco.json"), COCO.replace("56.0", "57.0")).expect("our own source");
    refresh_with_a_row_above(&home, "y.png,ox,2");
    assert_eq!(told(&home, "blame d labels 2"), ["-", "elk", "-"]);
    assert_eq!(told(&home, "blame d labels 0"), ["-", "-", "-"], "what the source brought");
    home.ok("set d labels --key 2 score=5");
    home.ok("commit d -m score");
    refresh_with_a_row_above(&home, "z.png,yak,3");
    assert_eq!(
        told(&home, "blame d labels 3"),
        ["-", "elk", "score"],
        "over two, the first's bytes gone on both sides"
    );
    assert_eq!(told(&home, "blame d labels 4"), ["-", "-", "-"]);
    let blame = home.json("blame d annotations 7");
    let area = blame["cells"].as_array().expect("a list").iter().find(|cell| cell["column"] == "area");
    assert_eq!(area.expect("a cell")["message"], "area");
    assert!(told(&home, "blame d annotations 9").iter().all(|by| by == "-"));
    assert_eq!(home.run("blame d labels 99").code, Some(3));
}

#[test]
fn a_row_that_came_or_went_before_a_refresh_says_so_after_it() {
    let home = home();
    home.ok("insert d labels image=new.png label=cow --after 0");
    home.ok("insert d annotations id=20 image_id=1 category_id=1");
    home.ok("commit d -m came");
    home.ok("delete d labels --key 0");
    home.ok("delete d annotations --key 7");
    home.ok("commit d -m went");
    fs::write(home.join("src/coco.json"), COCO.replace("56.0", "57.0")).expect("our own source");
    refresh_with_a_row_above(&home, "y.png,ox,2");
    let rows = home.json("rows d labels --keys");
    let new = rows.as_array().expect("a list").iter().find(|row| row["image"] == "new.png").expect("it is there");
    let key = new["key"].as_str().expect("a key").to_owned();
    assert_eq!(fate(&home, &format!("blame d labels {key}")), ["inserted", "came"]);
    assert_eq!(fate(&home, "blame d annotations 20"), ["inserted", "came"]);
    assert_eq!(fate(&home, "blame d labels 1"), ["deleted", "went"], "it was the first, and is the second now");
    assert_eq!(fate(&home, "blame d annotations 7"), ["deleted", "went"]);
}

#[test]
fn what_the_source_took_over_stays_with_the_revision_that_set_it_and_a_lost_row_is_told() {
    let home = home();
    home.ok("set d labels --key 1 label=elk");
    home.ok("set d annotations --key 7 area=1");
    home.ok("commit d -m set");
    fs::write(home.join("src/labels.csv"), CSV.replace("\"dog, big\"", "elk")).expect("our own source");
    let without = COCO
        .replace("{\"id\": 7, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3.50, 4], \"area\": 14.0},\n", "");
    fs::write(home.join("src/coco.json"), without).expect("our own source");
    assert_eq!(home.run("refresh d").code, Some(1), "an edit lost its row");
    assert_eq!(told(&home, "blame d labels 1"), ["-", "set", "-"]);
    let [change, message] = fate(&home, "blame d annotations 7");
    assert_eq!(change, "deleted");
    assert!(message.as_str().expect("a message").starts_with("refresh"), "{message}");
}

#[test]
fn a_sample_that_is_a_row_keeps_its_history_over_a_refresh() {
    let home = Home::new();
    home.source("src", &source! { "labels.csv": CSV });
    home.ok("import d src");
    home.ok("column d samples weight --type number");
    home.ok("set d samples --key 1 weight=2");
    home.ok("commit d -m weighed");
    home.ok("exclude d --key 1");
    home.ok("commit d -m excluded");
    refresh_with_a_row_above(&home, "y.png,ox,2");
    refresh_with_a_row_above(&home, "z.png,elk,3");
    let blame = home.json("blame d samples 3");
    let by = |column: &str| {
        let cell = blame["cells"].as_array().expect("a list").iter().find(|cell| cell["column"] == column);
        let cell = cell.expect("a cell");
        (cell["value"].clone(), cell["message"].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(by("weight"), (2.0.into(), "weighed".to_owned()));
    assert_eq!(by("excluded"), (true.into(), "excluded".to_owned()));
    assert_eq!(by("image"), ("b.png".into(), "-".to_owned()));
}

#[test]
fn a_row_is_found_by_its_content_where_its_file_was_put_anew() {
    let home = home();
    home.ok("set d labels --key 1 label=elk");
    home.ok("commit d -m set");
    // Other ends of lines: no edits of rows make these bytes.
    let now = home.ok("cat d labels.csv").replace("\r\n", "\n").replacen('\n', "\nx.png,ox,2\n", 1);
    home.file("new.csv", &now);
    home.ok("put d labels.csv new.csv");
    home.ok("commit d -m put");
    assert_eq!(told(&home, "blame d labels 2"), ["-", "set", "-"]);
    assert_eq!(fate(&home, "blame d labels 0"), ["inserted", "put"]);
}

#[test]
fn a_file_that_was_moved_and_edited_at_once_is_told_by_what_was_edited() {
    let home = home();
    home.ok("set d labels --key 1 label=first");
    home.ok("commit d -m first");
    home.ok("mkdir d elsewhere");
    home.ok("mv d labels.csv elsewhere/moved.csv");
    home.ok("set d moved --key 0 label=cow");
    home.ok("delete d moved --key 2");
    home.ok("commit d -m moved");
    let differs = home.json("diff d main~1 main");
    let line = differs.as_array().expect("a list").iter().find(|line| line["path"] == "elsewhere/moved.csv");
    let line = line.expect("it is told");
    assert_eq!((&line["change"], &line["from"]), (&"renamed".into(), &"labels.csv".into()), "{differs}");
    let differs = home.json("diff d main~1 main --rows");
    let told_of: Vec<String> = differs
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| format!("{} {} {} {}", line["change"], line["key"], line["column"], line["after"]))
        .collect();
    assert_eq!(told_of, [r#""set" "0" "label" "cow""#, r#""delete" "2" null null"#]);
    assert_eq!(told(&home, "blame d moved 0"), ["-", "moved", "-"]);
    assert_eq!(told(&home, "blame d moved 1"), ["-", "first", "-"]);
}
