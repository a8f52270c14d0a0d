//! A revision written out as plain files, and what takes it back in.

use std::fs;
use std::os::unix::fs::MetadataExt;

use harness::literal::{folder, link};
use harness::{Home, Thing, Tree, checksum, source};

fn tree() -> Tree {
    let mut tree = source! { "a": "one", "dir/b": "two", "dir/none": folder(), "l": link("dir/b"), b"caf\xe9": "bytes", "gone": "x" };
    tree.add(b"run.sh", Thing::File(b"#!/bin/sh\n".to_vec(), 0o755));
    tree
}

fn edited() -> (Home, Tree) {
    let home = Home::with(&tree());
    home.file("new", "a longer text");
    for line in ["put d dir/b new", "rm d gone", "mv d dir folder", "commit d -m edits"] {
        home.ok(line);
    }
    let mut tree = tree();
    for path in ["dir", "dir/b", "dir/none", "gone"] {
        tree.0.remove(path.as_bytes());
    }
    tree.add(b"folder/b", Thing::from("a longer text"));
    tree.add(b"folder/none", Thing::Folder);
    (home, tree)
}

#[test]
fn an_export_has_every_entry_of_its_revision() {
    let (home, now) = edited();
    let before = checksum(&home.join("src")).expect("readable");
    home.ok("export d now");
    home.ok("export d@main~1 then --link copy");
    assert_eq!(Tree::read(&home.join("now")).expect("readable"), now);
    assert_eq!(Tree::read(&home.join("then")).expect("readable"), tree());
    assert_eq!(checksum(&home.join("src")).expect("readable"), before);
    let time = |path: &str| {
        fs::symlink_metadata(home.join(path)).map(|meta| (meta.mtime(), meta.mtime_nsec())).expect("there")
    };
    assert_eq!(time("now/a"), time("src/a"));
    assert_eq!(time("now/l"), time("src/l"));
}

#[test]
fn hard_links_share_unchanged_files_with_the_source_and_nothing_else() {
    let (home, now) = edited();
    home.ok("export d linked --link hard");
    assert_eq!(Tree::read(&home.join("linked")).expect("readable"), now);
    let inode = |path: &str| fs::metadata(home.join(path)).expect("there").ino();
    assert_eq!(inode("linked/a"), inode("src/a"));
    assert_ne!(inode("linked/folder/b"), inode("src/dir/b"));
    fs::write(home.join("linked/folder/b"), "changed by its owner").expect("a file of its own");
    assert_eq!(home.ok("cat d folder/b"), "a longer text", "the store's own object is no one's to change");
    home.ok("fsck");
}

#[test]
fn reflinks_are_made_or_refused_and_never_half_an_export() {
    let (home, now) = edited();
    let ran = home.run("export d shared --link reflink");
    if ran.code == Some(0) {
        assert_eq!(Tree::read(&home.join("shared")).expect("readable"), now);
    } else {
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        assert!(ran.stderr.contains("--link copy"), "{}", ran.stderr);
        assert!(!home.join("shared").exists());
    }
}

#[test]
fn an_exported_folder_is_a_source_like_any_other() {
    let (home, now) = edited();
    home.ok("export d out");
    home.ok("import again out");
    home.ok("export again twice");
    assert_eq!(Tree::read(&home.join("twice")).expect("readable"), now);
}

#[test]
fn a_whole_dataset_survives_a_refresh_of_a_moved_and_edited_source() {
    let (home, mut now) = edited();
    fs::write(home.join("src/added"), "in the source").expect("our own source");
    fs::remove_file(home.join("src/run.sh")).expect("our own source");
    let told = home.json("refresh d");
    assert_eq!((&told["added"], &told["modified"], &told["removed"]), (&1.into(), &0.into(), &1.into()));
    now.0.remove(b"run.sh".as_slice());
    now.add(b"added", Thing::from("in the source"));
    home.ok("export d out");
    assert_eq!(Tree::read(&home.join("out")).expect("readable"), now);
}
