//! Tables of many files and class maps, by command: what is told of what is broken or odd, and edits of classes.

use harness::{Home, source};

const YAML: &str = "names:\n  0: car\n  1: van\n";

fn home() -> Home {
    let home = Home::new();
    let files = source! {
        "data.yaml": YAML,
        "labels/a.txt": "0 0.5 0.5 0.1 0.2\n",
        "labels/b.txt": "1 0.5 x 0.1 0.2\n",
        "labels/c.txt": "1 0.9 0.5 0.4 0.2\n7 0.5 0.5 0.1 0.1\n"
    };
    home.source("src", &files);
    home.ok("import d src");
    home
}

#[test]
fn what_of_a_table_is_broken_or_odd_is_told_with_its_place() {
    let home = home();
    let told = home.run("tables d");
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    for line in [
        "labels is partial: labels/b.txt, line 1, byte 7: a word that is no number",
        "labels: 1 row with a box that reaches beyond the image, the first is `labels/c.txt#0`",
        "labels: 1 row with a class that is not in the class map, the first is `labels/c.txt#1`",
    ] {
        assert!(told.stderr.contains(line), "{line}: {}", told.stderr);
    }
    let tables = home.json("tables d");
    let labels = tables.as_array().expect("a list").iter().find(|table| table["table"] == "labels").expect("labels");
    assert_eq!((&labels["rows"], &labels["flags"], &labels["broken_files"]), (&3.into(), &2.into(), &1.into()));
    assert_eq!((&labels["problem"]["path"], &labels["problem"]["line"]), (&"labels/b.txt".into(), &1.into()));
    let rows = home.run("rows d labels --columns class --format csv");
    assert_eq!(rows.stdout.lines().count(), 4);
    let warning = "warning: labels is partial: labels/b.txt, line 1, byte 7: a word that is no number";
    assert!(rows.stderr.contains(warning), "{}", rows.stderr);
    assert_eq!(home.ok("cat d labels/b.txt"), "1 0.5 x 0.1 0.2\n", "its bytes are versioned as they are");
    home.ok("column d labels note");
    home.ok("set d labels --key labels/a.txt#0 note=kept");
}

#[test]
fn classes_are_listed_renamed_added_and_merged_in_one_step() {
    let home = home();
    let listed = home.json("classes d");
    assert_eq!(listed[1], serde_json::json!({"map": "data", "number": "1", "class": "van", "labels": 1}));
    home.ok("classes d --merge van=car --rename car=vehicle --add tram");
    assert_eq!(home.ok("cat d labels/c.txt --draft"), "0 0.9 0.5 0.4 0.2\n7 0.5 0.5 0.1 0.1\n");
    assert_eq!(home.ok("cat d data.yaml --draft"), YAML.replace("car", "vehicle").replace("van\n", "van\n  2: tram\n"));
    home.ok("undo d");
    assert_eq!(home.json("diff d"), serde_json::json!([]));
    for (line, why) in [
        ("classes d --rename lorry=x", "there is no class `lorry`"),
        ("classes d --rename car=van", "already"),
        ("classes d --merge car", "write A,B=C"),
        ("classes d nowhere", "there is no class map `nowhere`"),
    ] {
        let ran = home.run(line);
        assert!(ran.code != Some(0) && ran.stderr.contains(why), "{line}: {}", ran.stderr);
    }
}

#[test]
fn a_list_of_names_beside_or_above_labels_is_their_class_map() {
    let label = "1 0.5 0.5 0.1 0.2\n";
    let names = "car\r\nvan\r\n";
    let places = [
        ("classes.txt", "labels/a.txt", source! { "classes.txt": names, "labels/a.txt": label }),
        ("labels/classes.txt", "labels/a.txt", source! { "labels/classes.txt": names, "labels/a.txt": label }),
        (
            "data/obj.names",
            "data/obj/a.txt",
            source! { "data/obj.names": names, "data/obj/a.txt": label, "data/obj/a.jpg": "1" },
        ),
    ];
    for (list, labels, tree) in places {
        let home = Home::new();
        home.source("src", &tree);
        home.ok("import d src");
        let name = if list.ends_with("txt") { "classes" } else { "obj" };
        let listed = home.json("classes d");
        assert_eq!(listed[1], serde_json::json!({"map": name, "number": "1", "class": "van", "labels": 1}), "{list}");
        home.ok("classes d --rename van=lorry --add tram");
        let edited = "car\r\nlorry\r\ntram\r\n";
        assert_eq!(home.ok(&format!("cat d {list} --draft")), edited);
        assert_eq!(home.json("classes d@main --draft")[2]["class"], "tram");
        home.ok(&format!("set d labels --key {labels}#0 class=tram"));
        assert_eq!(home.ok(&format!("cat d {labels} --draft")), label.replacen('1', "2", 1));
        home.ok("commit d -m lorry");
        home.file("names", "bus\nlorry\ntram\n");
        home.ok(&format!("put d {list} names"));
        let told = home.json("diff d --rows");
        assert_eq!((&told[0]["column"], &told[0]["after"]), (&"name".into(), &"bus".into()), "{told}");
    }
}

#[test]
fn a_list_of_names_that_is_beside_no_labels_or_a_data_yaml_is_no_class_map() {
    let home = Home::new();
    let label = "1 0.5 0.5 0.1 0.2\n";
    home.source(
        "src",
        &source! { "classes.txt": "a\nb\n", "notes/my.names": "c\n", "data.yaml": YAML, "labels/a.txt": label },
    );
    home.ok("import d src");
    assert_eq!(home.json("classes d")[1]["class"], "van");
    assert!(!home.json("tables d").to_string().contains("one a line"));
    home.ok("rm d data.yaml");
    assert_eq!(home.json("classes d --draft")[1]["class"], "b");
    let tables = home.json("tables d --draft").to_string();
    assert!(tables.contains("it names 2 classes, one a line") && !tables.contains("my.names"), "{tables}");
    home.ok("rm -r d labels");
    assert!(!home.json("tables d --draft").to_string().contains("one a line"));
}
