//! `veneer set --from`: many rows from a file, as one step or not at all.

use std::fmt::Write;
use std::time::{Duration, Instant};

use harness::{Home, source};

use super::{CSV, home};

#[test]
fn cells_are_set_from_a_file_of_keys_and_columns() {
    let home = home();
    home.file("new.csv", "key,score,label\n2,0.25,fox\n0,,\"a, b\"\n");
    home.ok("set d labels --from new.csv");
    let csv = CSV.replace("c.png,cat,", "c.png,fox,0.25").replace("a.png,cat,0.50", "a.png,\"a, b\",");
    assert_eq!(home.ok("cat d labels.csv --draft"), csv);
    home.ok("undo d");
    assert_eq!(home.json("diff d"), serde_json::json!([]), "it is one step");
    home.file("new.jsonl", "{\"id\": 7, \"bbox\": [9, 9, 9, 9]}\n{\"id\": 9, \"bbox\": [8, 8, 8, 8]}\n");
    home.ok("set d annotations --from new.jsonl");
    let coco: serde_json::Value = serde_json::from_str(&home.ok("cat d coco.json --draft")).expect("still JSON");
    assert_eq!((&coco["annotations"][0]["bbox"][0], &coco["annotations"][1]["bbox"][3]), (&9.into(), &8.into()));
    home.file("boxes.csv", "id,bbox,area\n7,\"[1, 2, 3, 5]\",15\n");
    home.ok("set d annotations --from boxes.csv");
    let coco: serde_json::Value = serde_json::from_str(&home.ok("cat d coco.json --draft")).expect("still JSON");
    assert_eq!((&coco["annotations"][0]["bbox"][3], coco["annotations"][0]["area"].as_f64()), (&5.into(), Some(15.0)));
}

#[test]
fn what_the_command_prints_can_be_edited_and_read_back_also_as_parquet_and_from_stdin() {
    let home = home();
    home.ok("column d labels weight --type number");
    for (format, ending) in [("csv", "csv"), ("parquet", "parquet"), ("arrow", "feather"), ("arrow-file", "arrow")] {
        let printed = home.command(["rows", "d", "labels", "--keys", "--draft", "--format", format]).output();
        home.file(&format!("rows.{ending}"), printed.expect("it runs").stdout);
        let ran = home.run(&format!("set d labels --from rows.{ending}"));
        assert!(ran.code == Some(0) && ran.stderr.contains("changes nothing"), "{format}: {}", ran.stderr);
    }
    let ran = home.run_with_input("set d labels --from -", b"key,label,weight\n1,007,0.5\n");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(home.ok("cat d labels.csv --draft").contains("b.png,\"007\",1"), "text stays as it is written");
    assert_eq!(home.json("rows d labels --draft --where 'weight = 0.5'")[0]["image"], "b.png");
}

#[test]
fn what_cannot_be_is_refused_with_the_first_offender_and_how_many_there_are() {
    let home = home();
    for (file, why) in [
        (
            "key,label\n0,x\n17,x\n1,x\n18,x\n",
            "`17` is not a valid row to set: there is no row `17`; so it is with 2 of 4",
        ),
        ("key,score\n0,1\n1,many\n2,few\n", "so it is with 2 of 3 rows, and this is row 2"),
        ("key,label,colour,taste\n0,x,red,no\n", "`colour` is not a valid column to set"),
        ("label\nx\n", "no column `key`"),
        ("key\n0\n", "no column to set"),
        ("key,label\n0,x\n0,y\n", "it is there twice"),
        ("key,label\n,x\n", "has no key"),
        ("key,label\n0,x\n1,y\n2,z\n1,x,y\n", "line 5"),
    ] {
        home.file("bad.csv", file);
        let ran = home.run("set d labels --from bad.csv");
        assert!(
            ran.code == Some(2) && ran.stderr.contains(why) && ran.stderr.contains("hint:"),
            "{file}: {}",
            ran.stderr
        );
        assert_eq!(home.json("diff d"), serde_json::json!([]), "{file}");
    }
    home.file("new.csv", "key,label\n0,x\n");
    for line in
        ["set d labels --from new.csv label=x", "set d labels --from new.csv --key 0", "set d labels --from gone"]
    {
        assert_ne!(home.run(line).code, Some(0), "{line}");
    }
}

#[test]
fn a_hundred_thousand_rows_are_one_step_and_quick() {
    const ROWS: usize = 200_000;
    let (mut csv, mut new) = ("image,label,score\n".to_owned(), "key,label\n".to_owned());
    for row in 0..ROWS {
        writeln!(csv, "images/{row:06}.png,cat,0.5").expect("a string takes everything");
        if row % 2 == 0 {
            writeln!(new, "{row},a long label {row}").expect("a string takes everything");
        }
    }
    let home = Home::with(&source! { "labels.csv": csv.as_str() });
    home.file("new.csv", new);
    let begun = Instant::now();
    home.ok("set d labels --from new.csv");
    let set = begun.elapsed();
    home.ok("commit d -m relabelled");
    let committed = begun.elapsed() - set;
    let text = home.ok("cat d labels.csv");
    let read = begun.elapsed() - set - committed;
    assert_eq!(text.lines().count(), ROWS + 1);
    assert!(text.contains("images/000002.png,a long label 2,0.5\nimages/000003.png,cat,0.5\n"));
    // Some seconds on a machine of one's own; what goes by the square of the rows takes hours.
    assert!(set + committed + read < Duration::from_secs(600), "{set:?} {committed:?} {read:?}");
}

#[test]
fn a_file_that_a_data_frame_wrote_is_read_as_it_means() {
    let home = Home::new();
    home.source("src", &source! { "t.csv": "id,n,key\na,1,x\nb,2,y\n", "cat/1.png": "1", "dog/2.png": "2" });
    home.ok("import d src");
    home.ok("column d t flag --type flag");
    home.file("flags.csv", "_key,flag,n\n0,True,7.0\n1,False,\n");
    home.ok("set d t --from flags.csv");
    assert_eq!(home.ok("cat d t.csv --draft"), "id,n,key\na,7,x\nb,,y\n");
    assert_eq!(home.json("rows d t --draft --where flag")[0]["id"], "a");
    let shown = home.ok("rows d t --draft --keys --columns key,n --format csv");
    assert_eq!(shown, "_key,key,n\n0,x,7\n1,y,\n");
    home.file("shown.csv", shown.replace("1,y,", "1,z,4"));
    home.ok("set d t --from shown.csv");
    assert_eq!(home.ok("cat d t.csv --draft"), "id,n,key\na,7,x\nb,4,z\n");
    home.ok("commit d -m flags");
    home.ok("column d samples weight --type number");
    for (format, ending) in [("csv", "csv"), ("parquet", "parquet"), ("arrow-file", "arrow")] {
        let printed = home.command(["rows", "d", "samples", "--keys", "--draft", "--format", format]).output();
        home.file(&format!("samples.{ending}"), printed.expect("it runs").stdout);
        let ran = home.run(&format!("set d samples --from samples.{ending}"));
        assert!(ran.code == Some(0), "{format}: {}", ran.stderr);
    }
    let shown = home.ok("rows d samples --draft --format csv");
    assert_eq!(shown.lines().next().expect("a head").matches("key").count(), 1, "{shown}");
    home.file("other.csv", shown.replace("cat/1.png,cat/1.png", "cat/1.png,cat/other.png"));
    let ran = home.run("set d samples --from other.csv");
    assert!(ran.code == Some(2) && ran.stderr.contains("path"), "{}", ran.stderr);
}

#[test]
fn what_is_shown_with_keys_of_a_table_with_ids_can_be_given_back() {
    let home = home();
    for table in ["annotations", "images", "categories"] {
        let shown = home.ok(&format!("rows d {table} --keys --format csv"));
        home.file("shown.csv", shown);
        let ran = home.run(&format!("set d {table} --from shown.csv"));
        assert!(ran.code == Some(0) && ran.stderr.contains("changes nothing"), "{table}: {}", ran.stderr);
    }
    home.file("true.jsonl", "{\"id\": 1, \"ok\": true}\n{\"id\": 2, \"ok\": false}\n");
    home.ok("put d true.jsonl true.jsonl");
    home.file("pandas.csv", "key,ok\n0,False\n1,True\n");
    home.ok("set d true --from pandas.csv");
    assert_eq!(home.ok("cat d true.jsonl --draft"), "{\"id\": 1, \"ok\": false}\n{\"id\": 2, \"ok\": true}\n");
}
