//! What files are: found out, and why, unless somebody says it.

use harness::{Home, source};
use serde_json::Value;

use super::CSV;

fn formats(tables: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let tables = tables.as_array().expect("a list");
    tables.iter().map(|table| (text(&table["table"]), text(&table["format"]))).collect()
}

fn pairs(told: &[(&str, &str)]) -> Vec<(String, String)> {
    told.iter().map(|(name, format)| ((*name).to_owned(), (*format).to_owned())).collect()
}

fn home(import: &str) -> Home {
    let home = Home::new();
    let files = source! { "labels.csv": CSV, "odd.dat": "a;b\n1;2\n", "notes.jsonl": "{\"a\": 1}\n" };
    home.source("src", &files);
    home.ok(&format!("import d src {import}"));
    home
}

#[test]
fn what_was_said_of_a_file_goes_before_what_its_name_says_and_why_is_told() {
    let home = home("--format odd.dat=csv --format notes.jsonl=none");
    let tables = home.json("tables d");
    assert_eq!(formats(&tables), pairs(&[("labels", "csv"), ("odd", "csv")]));
    assert!(tables[1]["why"].as_str().expect("text").starts_with("it was said to be csv"), "{tables}");
    assert!(home.ok("tables d").contains("it was said to be csv"));
    home.ok("set d odd --key 0 b=3");
    assert_eq!(home.ok("cat d odd.dat --draft"), "a;b\n1;3\n");
    home.ok("commit d -m edited");
    assert_eq!(home.json("blame d odd 0")["cells"][1]["message"], "edited");
}

#[test]
fn one_format_for_all_tables_is_looked_for_alone() {
    let home = home("--format jsonl");
    assert_eq!(formats(&home.json("tables d")), pairs(&[("notes", "jsonl")]));
}

#[test]
fn what_files_are_can_be_said_later_and_found_out_again() {
    let home = home("");
    assert_eq!(formats(&home.json("tables d")), pairs(&[("labels", "csv"), ("notes", "jsonl")]));
    let tables = home.json("tables d --format odd.dat=csv --format labels.csv=none");
    assert_eq!(formats(&tables), pairs(&[("notes", "jsonl"), ("odd", "csv")]));
    assert_eq!(formats(&home.json("tables d")), formats(&tables), "it is recorded");
    home.ok("tables d --format labels.csv=auto");
    assert_eq!(formats(&home.json("tables d")).len(), 3);
    home.ok("gc --grace 0s");
    home.ok("fsck");
    for (line, why) in [
        ("tables d --format excel", "there are csv"),
        ("tables d --format gone.csv=csv", "there is no path `gone.csv`"),
        ("tables d --format none", "there are csv"),
    ] {
        let ran = home.run(line);
        assert!(
            ran.code != Some(0) && ran.stderr.contains(why) && ran.stderr.contains("hint:"),
            "{line}: {}",
            ran.stderr
        );
    }
}
