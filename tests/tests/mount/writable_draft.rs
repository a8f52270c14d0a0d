//! A writable mount and its draft: what is written there is what the command sees, and the other way round.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::reference::Edit;
use harness::{Home, Mount, Rng, Tree, checksum, need, skip, source, wait};

fn small() -> Tree {
    source! { "a": "one", "dir/b": "two", "dir/sub/c": "three", "dir/sub/d": "four", "e.txt": "five" }
}

fn text(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

#[test]
fn random_operations_through_the_kernel_are_those_on_a_plain_folder() {
    need!(skip::mounting());
    let mut tree =
        source! { "a/a": "1", "a/b": "22", "a/c/a": "333", "a!/b": "4", "a.b": "5", "b": "666", "c/a/a": "7" };
    let home = Home::with(&tree);
    let mount = Mount::new(&home, "d --writable");
    let mut rng = Rng::seeded();
    for round in 0..12 {
        for _ in 0..40 {
            let edit = Edit::random(&mut rng, &tree);
            let done = tree.apply(&edit);
            assert_eq!(
                through_the_kernel(mount.path(), &edit).is_ok(),
                done.is_ok(),
                "round {round}: {edit:?}, {done:?}"
            );
        }
        assert_eq!(Tree::read(mount.path()).expect("readable"), tree, "round {round}");
        if round % 3 == 2 {
            let ran = home.run("commit d -m round");
            assert!(ran.code == Some(0) || ran.stderr.contains("nothing to commit"), "{ran:?}");
            let read_only = Mount::at(&home, "d", "read");
            assert_eq!(Tree::read(read_only.path()).expect("readable"), tree, "what was committed in round {round}");
        }
    }
}

/// Does to a folder what the reference does to a tree: some of it takes two system calls.
pub(super) fn through_the_kernel(root: &Path, edit: &Edit) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let at = |path: &[u8]| -> PathBuf { root.join(std::ffi::OsStr::from_bytes(path)) };
    let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    // The reference follows no link: nothing can lie in one.
    let through_link = |path: &[u8]| {
        let mut folder = root.to_owned();
        let names: Vec<_> = path.split(|byte| *byte == b'/').collect();
        names[..names.len() - 1].iter().any(|name| {
            folder.push(std::ffi::OsStr::from_bytes(name));
            is_link(&folder)
        })
    };
    let refuse = || Err(io::Error::from_raw_os_error(libc::ENOTDIR));
    match edit {
        Edit::Put(path, bytes) => {
            if through_link(path) {
                return refuse();
            }
            if is_link(&at(path)) {
                fs::remove_file(at(path))?;
            }
            fs::write(at(path), bytes)
        }
        Edit::Link(path, target) => {
            if through_link(path) || target.is_empty() {
                return refuse();
            }
            if fs::symlink_metadata(at(path)).is_ok_and(|found| !found.is_dir()) {
                fs::remove_file(at(path))?;
            }
            symlink(std::ffi::OsStr::from_bytes(target), at(path))
        }
        Edit::MakeFolder(path) if through_link(path) => refuse(),
        Edit::MakeFolder(path) => fs::create_dir(at(path)),
        Edit::Remove(path, _) if through_link(path) || path.is_empty() => refuse(),
        Edit::Remove(path, recursive) => {
            let is_folder = fs::symlink_metadata(at(path))?.is_dir();
            match (is_folder, recursive) {
                (true, true) => fs::remove_dir_all(at(path)),
                (true, false) => refuse(),
                (false, _) => fs::remove_file(at(path)),
            }
        }
        Edit::Rename(from, to) => {
            if through_link(from) || through_link(to) || from == to || from.is_empty() || to.is_empty() {
                return refuse();
            }
            let (old, new) = (fs::symlink_metadata(at(from))?, fs::symlink_metadata(at(to)));
            // The reference replaces no folder, and no file by a folder.
            if new.is_ok_and(|new| new.is_dir() || old.is_dir()) {
                return refuse();
            }
            fs::rename(at(from), at(to))
        }
    }
}

#[test]
fn undo_discard_and_other_edits_show_in_the_mount() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let shows = |name: &str, content: Option<&str>| {
        let is_so = || text(&mount.join(name)).ok().as_deref() == content;
        assert!(
            wait::until(Duration::from_secs(3), is_so).is_some(),
            "{name} is {:?}: {}",
            text(&mount.join(name)),
            mount.log()
        );
    };
    fs::write(mount.join("a"), "changed").expect("written");
    fs::write(mount.join("new"), "new").expect("written");
    fs::rename(mount.join("dir"), mount.join("moved")).expect("moved");
    assert_eq!(text(&mount.join("moved/b")).expect("there"), "two");
    let status = home.json("status d");
    let told: Vec<_> =
        status.as_array().expect("a list").iter().map(|line| (line["path"].clone(), line["change"].clone())).collect();
    assert_eq!(
        told,
        [("a".into(), "modified".into()), ("moved".into(), "renamed".into()), ("new".into(), "added".into())]
    );
    home.ok("discard d a");
    shows("a", Some("one"));
    home.ok("undo d");
    shows("a", Some("changed"));
    home.ok("undo d");
    shows("new", None);
    shows("dir/b", Some("two"));
    home.ok("redo d");
    shows("new", Some("new"));
    shows("moved/b", Some("two"));
    home.file("given", "given");
    home.ok("put d moved/sub/x given");
    shows("moved/sub/x", Some("given"));
    fs::write(mount.join("a"), "changed again").expect("written");
    home.ok("commit d -m all");
    shows("a", Some("changed again"));
    let mounted = Mount::at(&home, "d", "read");
    assert_eq!(Tree::read(mounted.path()).expect("readable"), Tree::read(mount.path()).expect("readable"));
    let revision = home.json("log d -n 1")[0]["id"].as_str().expect("an id").to_owned();
    shows(".veneer/revision", Some(&format!("{revision}\n")));
}

#[test]
fn a_writable_mount_over_the_source_itself_leaves_the_source_alone() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let before = checksum(&home.join("src")).expect("readable");
    let mount = Mount::at(&home, "d --writable", "src");
    fs::write(mount.join("a"), "ONE").expect("written");
    fs::remove_dir_all(mount.join("dir/sub")).expect("removed");
    fs::write(mount.join("dir/new"), "new").expect("written");
    home.ok("commit d -m 'in place'");
    let expected = source! { "a": "ONE", "dir/b": "two", "dir/new": "new", "e.txt": "five" };
    assert_eq!(Tree::read(&home.join("src")).expect("readable"), expected);
    assert_eq!((home.ok("cat d a"), home.ok("cat d dir/new")), ("ONE".into(), "new".into()));
    mount.unmount();
    assert_eq!(checksum(&home.join("src")).expect("readable"), before);
}
