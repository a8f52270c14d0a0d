//! Failures as a person sees them: what is wrong, and what to do.

use harness::literal::link;
use harness::{Home, source};
use insta::assert_snapshot;

use super::imported;

#[test]
fn errors_say_what_is_wrong_and_what_to_do() {
    let home = imported();
    assert_snapshot!(home.transcript(&[
        "import pets src",
        "import other nowhere",
        "import 'two words' src",
        "ls cats",
        "ls pets@v9",
        "cat pets cats",
        "cat pets nothing",
        "rm pets cats",
        "rm pets ../etc",
        "put pets cats new",
        "put pets birds/ new",
        "mv pets labels.csv birds/",
        "mv pets cats/tom labels.csv/",
        "commit pets -m nothing",
        "undo pets",
        "branch pets main",
        "branch pets -d main",
        "merge pets nothing",
        "stat new",
        "unmount src",
    ]), @r"
    $ veneer import pets src
    ! error: there is a dataset `pets` already
    !
    ! hint: choose another name, or record what changed in its source with `veneer refresh pets`
    [exit code 3]
    $ veneer import other nowhere
    ! error: there is no source folder `nowhere`
    !
    ! hint: name a folder that is there; its path may be relative
    [exit code 3]
    $ veneer import 'two words' src
    ! error: `two words` is not a valid dataset name: a name has only A-Z a-z 0-9 . _ -
    !
    ! hint: as in `traffic`, or `traffic@main` where a revision may be named
    [exit code 2]
    $ veneer ls cats
    ! error: there is no dataset `cats`
    !
    ! hint: `veneer datasets` lists what there is; `veneer import NAME SOURCE` adds one
    [exit code 3]
    $ veneer ls pets@v9
    ! error: there is no branch, tag or revision `pets@v9`
    !
    ! hint: `veneer branch pets`, `veneer tag pets` and `veneer log pets` list what there is
    [exit code 3]
    $ veneer cat pets cats
    ! error: `cats` is a folder
    !
    ! hint: `veneer ls pets FOLDER` lists it; `veneer rm -r` removes it with all that is in it
    [exit code 3]
    $ veneer cat pets nothing
    ! error: there is no path `nothing`
    !
    ! hint: `veneer ls pets` lists what there is
    [exit code 3]
    $ veneer rm pets cats
    ! error: `cats` is a folder
    !
    ! hint: remove it with all that is in it: `veneer rm -r pets cats`
    [exit code 3]
    $ veneer rm pets ../etc
    ! error: `../etc` is not a valid path: `.` and `..` are not names of entries
    !
    ! hint: paths are relative to the dataset's top folder, as in `images/0042.png`
    [exit code 2]
    $ veneer put pets cats new
    ! error: `cats` is a folder
    !
    ! hint: say which file in it: `veneer put pets cats/new new`
    [exit code 3]
    $ veneer put pets birds/ new
    ! error: there is no folder `birds`
    !
    ! hint: `veneer mkdir -p pets birds` makes it
    [exit code 3]
    $ veneer mv pets labels.csv birds/
    ! error: there is no folder `birds`
    !
    ! hint: `veneer mkdir -p pets birds` makes it
    [exit code 3]
    $ veneer mv pets cats/tom labels.csv/
    ! error: `labels.csv` is not a folder
    !
    ! hint: `veneer ls pets` lists a folder; `veneer cat` shows a file
    [exit code 3]
    $ veneer commit pets -m nothing
    ! error: there is nothing to commit on `main`
    !
    ! hint: make a change first (`veneer put`, `rm`, `mv`); `veneer status pets` shows what would be committed
    [exit code 3]
    $ veneer undo pets
    ! error: there is nothing to undo on `main`
    !
    ! hint: `veneer status pets` shows the draft, `veneer log pets` the history
    [exit code 3]
    $ veneer branch pets main
    ! error: there is a branch `main` already
    !
    ! hint: choose another name; `veneer branch pets` lists those that are taken
    [exit code 3]
    $ veneer branch pets -d main
    ! error: `main` has revisions that no other branch or tag has
    !
    ! hint: keep them by a tag, or merge them, or lose them on purpose: `veneer branch pets -d main --force`
    [exit code 3]
    $ veneer merge pets nothing
    ! error: there is no branch, tag or revision `pets@nothing`
    !
    ! hint: `veneer branch pets`, `veneer tag pets` and `veneer log pets` list what there is
    [exit code 3]
    $ veneer stat new
    ! error: `new` is not in a mount of Veneer
    !
    ! hint: `veneer mounts --all` lists what is mounted
    [exit code 3]
    $ veneer unmount src
    ! error: `[home]/src` is not a mount of Veneer
    !
    ! hint: `veneer mounts --all` lists what is mounted
    [exit code 3]
    ");
}

#[test]
fn an_older_revision_of_a_drifted_source_is_not_told_to_refresh() {
    let home = imported();
    home.ok("tag pets v1");
    home.file("src/labels.csv", "file,label\ncats/1.png,dog\n");
    home.ok("refresh pets");
    for line in ["cat pets@v1 labels.csv", "cat pets@main~1 labels.csv", "export pets@v1 out"] {
        let ran = home.run(line);
        assert!(ran.code == Some(1) && ran.stderr.contains("hint: "), "{line}: {}", ran.stderr);
        assert!(!ran.stderr.contains("veneer refresh"), "that leads nowhere: {}", ran.stderr);
    }
    home.ok("cat pets labels.csv");
}

#[test]
fn a_drifted_source_is_refused_with_advice() {
    let home = imported();
    home.file("src/labels.csv", "file,label\ncats/1.png,dog\n");
    std::fs::remove_file(home.join("src/dogs/3.png")).expect("our own source");
    assert_snapshot!(home.transcript(&["cat pets labels.csv", "cat pets dogs/3.png", "export pets out", "ls pets dogs"]), @r"
    $ veneer cat pets labels.csv
    ! error: `labels.csv` in the source is not what was recorded: it has 26 bytes, 11 were recorded
    !
    ! hint: restore the file in the source, or record its new content with `veneer refresh pets`
    [exit code 1]
    $ veneer cat pets dogs/3.png
    ! error: `dogs/3.png` in the source is not what was recorded: it is gone
    !
    ! hint: restore the file in the source, or record its new content with `veneer refresh pets`
    [exit code 1]
    $ veneer export pets out
    ! error: `labels.csv` in the source is not what was recorded: it has 26 bytes, 11 were recorded
    !
    ! hint: restore the file in the source, or record its new content with `veneer refresh pets`
    [exit code 1]
    $ veneer ls pets dogs
    -rw-r--r--  5 B  [time]  3.png
    ");
}

#[test]
fn names_that_could_move_the_cursor_are_escaped() {
    let home = Home::new();
    home.source("src", &source! { b"caf\xe9": "x", "new\nline": "y", "\u{1b}[2J": "z", "a link": link("\u{1b}[1m") });
    assert_snapshot!(home.transcript(&["import odd src", "ls odd", "rm odd 'new\nline'", "status odd"]), @r"
    $ veneer import odd src
    odd@main is [id 1]: 3 files in 0 folders, 3 B
    ! indexed in [seconds]; nothing was copied. Next: `veneer mount odd DIR`
    $ veneer ls odd
    -rw-r--r--  1 B  [time]  \x1b[2J
    lrwxrwxrwx  4 B  [time]  a link -> \x1b[1m
    -rw-r--r--  1 B  [time]  caf\xe9
    -rw-r--r--  1 B  [time]  new\x0aline
    $ veneer rm odd 'new
    line'
    ! odd@main: rm new\x0aline (`veneer undo odd@main` takes it back)
    $ veneer status odd
    removed  new\x0aline (1 B)
    ");
}
