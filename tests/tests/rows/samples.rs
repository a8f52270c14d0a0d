//! The table of samples, from the command to the mount.

use std::fs;
use std::path::Path;
use std::time::Duration;

use harness::{Home, Mount, checksum, need, skip, source, wait};

/// A home with images in folders of classes.
fn pets() -> Home {
    let home = Home::new();
    let files =
        source! { "train/cat/1.png": "c1", "train/cat/2.png": "c2", "train/dog/1.png": "d1", "val/dog/9.png": "d9" };
    home.source("src", &files);
    home.ok("import d src");
    home
}

/// As [`Home::ok`], with texts in conditions.
fn ok(home: &Home, words: &[&str]) -> String {
    let ran = home.run_args(words.iter().copied());
    assert_eq!(ran.code, Some(0), "{words:?}: {}", ran.stderr);
    ran.stdout
}

/// One column of the samples for which a condition holds.
fn column(home: &Home, condition: &str, column: &str) -> Vec<String> {
    let ran = ok(home, &["--json", "rows", "d", "samples", "--draft", "--where", condition, "--columns", column]);
    let rows: serde_json::Value = serde_json::from_str(&ran).expect("JSON");
    let cells = rows.as_array().expect("a list").iter().map(|row| row[column].clone());
    cells.map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)).collect()
}

#[test]
fn a_label_of_a_folder_of_classes_is_the_folder_in_the_mount() {
    need!(skip::mounting());
    let home = pets();
    let before = checksum(&home.join("src")).expect("readable");
    ok(&home, &["set", "d", "samples", "--where", "label = 'cat'", "label=dog"]);
    home.ok("commit d -m relabelled");
    let mount = Mount::new(&home, "d");
    assert_eq!((mount.text("train/dog/1-2.png"), mount.text("train/dog/2.png")), ("c1".to_owned(), "c2".to_owned()));
    mount.unmount();
    let told = home.json("diff d main~1 main --rows");
    let cells = [&told[0]["key"], &told[0]["column"], &told[0]["before"], &told[0]["after"]];
    assert_eq!(cells, ["train/cat/1.png", "label", "cat", "dog"]);
    assert_eq!(checksum(&home.join("src")).expect("readable"), before, "the source was written");
}

#[test]
fn an_edit_of_many_samples_is_one_step_to_undo() {
    let home = pets();
    home.ok("column d samples weight --type float");
    ok(&home, &["set", "d", "samples", "--where", "split = 'train'", "weight=0.5"]);
    assert_eq!(column(&home, "weight = 0.5", "label"), ["cat", "cat", "dog"]);
    home.ok("undo d");
    assert_eq!(column(&home, "weight = 0.5", "label"), Vec::<String>::new());
    home.ok("redo d");
    home.ok("commit d -m weights");
    home.ok("gc --grace 0s");
    home.ok("fsck");
    assert_eq!(column(&home, "weight = 0.5", "key").len(), 3);
    let refused = home.run("set d samples --key val/dog/9.png label=fox");
    assert!(refused.code != Some(0) && refused.stderr.contains("class map"), "{}", refused.stderr);
    home.ok("set d samples --key val/dog/9.png label=fox --new-class");
    assert_eq!(column(&home, "label = 'fox'", "path"), ["val/fox/9.png"]);
}

#[test]
fn excluded_samples_are_not_shown_and_come_back() {
    let home = pets();
    ok(&home, &["exclude", "d", "--where", "label = 'dog'"]);
    assert_eq!(column(&home, "excluded", "key"), ["train/dog/1.png", "val/dog/9.png"]);
    assert!(home.run("cat d val/dog/9.png --draft").code != Some(0));
    home.ok("include d --where excluded");
    assert_eq!(home.json("diff d"), serde_json::json!([]));
    assert_eq!(home.ok("cat d val/dog/9.png --draft"), "d9");
}

#[test]
fn the_mount_has_the_samples_as_parquet_beside_the_files() {
    need!(skip::mounting());
    let home = pets();
    home.ok("column d samples weight --type float");
    home.ok("set d samples --key train/cat/1.png weight=0.25");
    home.ok("commit d -m weights");
    let mount = Mount::new(&home, "d");
    let file = mount.path().join(".veneer/samples.parquet");
    let bytes = fs::read(&file).expect("readable");
    assert_eq!(fs::metadata(&file).expect("there").len(), bytes.len() as u64);
    let listed = fs::read_dir(mount.path().join(".veneer")).expect("a folder");
    assert!(listed.flatten().all(|entry| entry.file_name() != "samples.parquet"), "it is found, and not listed");
    let shown = |name: &str, bytes: &[u8]| {
        fs::create_dir(home.join(name)).expect("a folder");
        home.file(&format!("{name}/of_mount.parquet"), bytes);
        home.ok(&format!("import {name} {name}"));
        home.json(&format!("rows {name} of_mount"))
    };
    assert_eq!(shown("one", &bytes), home.json("rows d samples"));
    home.ok("set d samples --key train/cat/2.png weight=0.75");
    home.ok("commit d -m more");
    let is_new = || fs::read(&file).is_ok_and(|now| now != bytes);
    assert!(wait::until(Duration::from_secs(5), is_new).is_some(), "the mount shows the old table");
    assert_eq!(shown("two", &fs::read(&file).expect("readable")), home.json("rows d samples"));
    mount.unmount();
}

#[test]
fn three_formats_say_the_same_of_real_images() {
    let folder = Path::new("/work/shared/data/raccoon");
    need!(if folder.exists() { Ok(()) } else { Err(format!("{} is not there", folder.display())) });
    let home = Home::new();
    for (name, parts) in
        [("coco", ["images", "coco.json"]), ("yolo", ["images", "labels"]), ("voc", ["images", "annotations"])]
    {
        fs::create_dir(home.join(name)).expect("a folder");
        for part in parts {
            let copied =
                std::process::Command::new("cp").arg("-r").arg(folder.join(part)).arg(home.join(name)).status();
            assert!(copied.expect("cp runs").success());
        }
        home.ok(&format!("import {name} {name}"));
    }
    let counts = |name: &str| home.json(&format!("rows {name} samples --columns key,box_count"));
    let coco = counts("coco");
    assert_eq!(coco.as_array().expect("a list").len(), 200);
    assert_eq!((&counts("yolo"), &counts("voc")), (&coco, &coco));
    for name in ["coco", "yolo", "voc"] {
        home.ok(&format!("exclude {name} --key images/raccoon-1.jpg"));
        let told = home.json(&format!("rows {name} samples --draft --where excluded --columns key,box_count"));
        assert_eq!(told, serde_json::json!([{ "key": "images/raccoon-1.jpg", "box_count": 1 }]));
        home.ok(&format!("include {name} --where excluded"));
        assert_eq!(home.json(&format!("diff {name}")), serde_json::json!([]), "{name} is as it was");
    }
}
