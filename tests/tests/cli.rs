//! What the command prints, as a person sees it: `! ` marks what goes to stderr.

use harness::literal::link;
use harness::{Home, source};
use insta::assert_snapshot;

fn home() -> Home {
    let home = Home::new();
    home.source("src", &source! { "cats/1.png": "a cat", "cats/2.png": "another", "dogs/3.png": "a dog", "labels.csv": "file,label\n" });
    home.file("new", "new content");
    home
}

fn imported() -> Home {
    let home = home();
    home.ok("import pets src");
    home
}

#[test]
fn a_first_session() {
    assert_snapshot!(home().transcript(&[
        "import pets src",
        "datasets",
        "ls pets",
        "cat pets labels.csv",
        "rm pets cats/2.png",
        "put pets dogs/4.png new",
        "status pets",
        "commit pets -m 'one dog more, one cat less'",
        "log pets",
    ]), @r"
    $ veneer import pets src
    pets@main is [id 1]: 4 files in 2 folders, 28 B
    ! indexed in [seconds]; nothing was copied. Next: `veneer mount pets DIR`
    $ veneer datasets
    pets  [id 1]  4 files  28 B  [home]/src
    $ veneer ls pets
    drwxr-xr-x     -  [time]  cats/
    drwxr-xr-x     -  [time]  dogs/
    -rw-r--r--  11 B  [time]  labels.csv
    $ veneer cat pets labels.csv
    file,label
    $ veneer rm pets cats/2.png
    ! pets@main: rm cats/2.png (`veneer undo pets@main` takes it back)
    $ veneer put pets dogs/4.png new
    ! pets@main: put dogs/4.png (11 B) (`veneer undo pets@main` takes it back)
    $ veneer status pets
    removed  cats/2.png (7 B)
    added    dogs/4.png (11 B)
    $ veneer commit pets -m 'one dog more, one cat less'
    main is now [id 2]: 2 changes
    $ veneer log pets
    revision [id 2]
    author   ada
    date     [time] ([ago])
    changes  2

        one dog more, one cat less

    revision [id 1]
    author   ada
    date     [time] ([ago])
    changes  0

        import [home]/src
    ");
}

#[test]
fn edits_and_the_way_back() {
    assert_snapshot!(imported().transcript(&[
        "put pets labels.csv new",
        "mkdir pets birds",
        "mv pets dogs/3.png birds/3.png",
        "rm pets -r cats",
        "status pets",
        "diff pets",
        "undo pets",
        "redo pets",
        "undo pets",
        "discard pets labels.csv",
        "status pets",
        "discard pets",
        "status pets",
    ]), @r"
    $ veneer put pets labels.csv new
    ! pets@main: put labels.csv (11 B) (`veneer undo pets@main` takes it back)
    $ veneer mkdir pets birds
    ! pets@main: mkdir birds (`veneer undo pets@main` takes it back)
    $ veneer mv pets dogs/3.png birds/3.png
    ! pets@main: mv dogs/3.png birds/3.png (`veneer undo pets@main` takes it back)
    $ veneer rm pets -r cats
    ! pets@main: rm cats (`veneer undo pets@main` takes it back)
    $ veneer status pets
    added     birds
    renamed   dogs/3.png -> birds/3.png
    removed   cats
    modified  labels.csv
    $ veneer diff pets
    added     birds
    renamed   dogs/3.png -> birds/3.png
    removed   cats
    modified  labels.csv
    $ veneer undo pets
    ! pets@main: undid rm cats (`veneer redo pets@main` takes it back)
    $ veneer redo pets
    ! pets@main: redid rm cats (`veneer undo pets@main` takes it back)
    $ veneer undo pets
    ! pets@main: undid rm cats (`veneer redo pets@main` takes it back)
    $ veneer discard pets labels.csv
    ! pets@main: discard labels.csv (`veneer undo pets@main` takes it back)
    $ veneer status pets
    added    birds
    renamed  dogs/3.png -> birds/3.png
    $ veneer discard pets
    ! pets@main: discard everything (`veneer undo pets@main` takes it back)
    $ veneer status pets
    ! no changes on pets@main
    ");
}

#[test]
fn history_and_differences() {
    let home = imported();
    home.ok("mv pets cats felines");
    home.ok("commit pets -m 'call them by their name'");
    home.ok("put pets felines/1.png new");
    home.ok("rm pets dogs/3.png");
    home.ok("commit pets -m 'a better picture'");
    assert_snapshot!(home.transcript(&[
        "log pets -n 2",
        "log pets labels.csv",
        "show pets main",
        "diff pets main~2 main",
        "diff pets main main~1",
        "ls pets@main~2 cats",
        "restore pets dogs/3.png --from main~1",
        "status pets",
        "revert pets main~1",
        "commit pets -m back",
        "log pets -n 1",
    ]), @r"
    $ veneer log pets -n 2
    revision [id 1]
    author   ada
    date     [time] ([ago])
    changes  2

        a better picture

    revision [id 2]
    author   ada
    date     [time] ([ago])
    changes  1

        call them by their name
    $ veneer log pets labels.csv
    revision [id 3]
    author   ada
    date     [time] ([ago])
    changes  0

        import [home]/src
    $ veneer show pets main
    revision [id 1]
    author   ada
    date     [time] ([ago])
    changes  2

        a better picture

    removed   dogs/3.png (5 B)
    modified  felines/1.png (5 B -> 11 B)
    $ veneer diff pets main~2 main
    removed   dogs/3.png (5 B)
    renamed   cats -> felines
    modified  felines/1.png (5 B -> 11 B)
    $ veneer diff pets main main~1
    added     dogs/3.png (5 B)
    modified  felines/1.png (11 B -> 5 B)
    $ veneer ls pets@main~2 cats
    -rw-r--r--  5 B  [time]  1.png
    -rw-r--r--  7 B  [time]  2.png
    $ veneer restore pets dogs/3.png --from main~1
    ! pets@main: restore dogs/3.png from main~1 (`veneer undo pets@main` takes it back)
    $ veneer status pets
    added  dogs/3.png (5 B)
    $ veneer revert pets main~1
    conflict  felines  changed by us in a folder that they changed
    ! error: both sides changed 1 path; nothing was changed
    !
    ! hint: choose a side with `--prefer ours` or `--prefer theirs`, or change one side first
    [exit code 1]
    $ veneer commit pets -m back
    main is now [id 4]: 1 change
    $ veneer log pets -n 1
    revision [id 4]
    author   ada
    date     [time] ([ago])
    changes  1

        back
    ");
}

#[test]
fn branches_tags_and_merges() {
    let home = imported();
    assert_snapshot!(home.transcript(&[
        "branch pets side",
        "tag pets v1",
        "rm pets@side cats/1.png",
        "commit pets@side -m 'on the side'",
        "branch pets",
        "tag pets",
        "put pets labels.csv new",
        "commit pets -m 'on main'",
        "merge pets side",
        "log pets",
        "branch pets -d side",
        "tag pets -d v1",
        "branch pets",
    ]), @r"
    $ veneer branch pets side
    ! side is now [id 1]
    $ veneer tag pets v1
    ! v1 is now [id 1]
    $ veneer rm pets@side cats/1.png
    ! pets@side: rm cats/1.png (`veneer undo pets@side` takes it back)
    $ veneer commit pets@side -m 'on the side'
    side is now [id 2]: 1 change
    $ veneer branch pets
    main  [id 1]  import [home]/src
    side  [id 2]  on the side
    $ veneer tag pets
    v1  [id 1]  import [home]/src
    $ veneer put pets labels.csv new
    ! pets@main: put labels.csv (11 B) (`veneer undo pets@main` takes it back)
    $ veneer commit pets -m 'on main'
    main is now [id 3]: 1 change
    $ veneer merge pets side
    main is now [id 4]: 1 change
    $ veneer log pets
    revision [id 4]
    merges   [id 3] [id 2]
    author   ada
    date     [time] ([ago])
    changes  1

        merge side into main

    revision [id 3]
    author   ada
    date     [time] ([ago])
    changes  1

        on main

    revision [id 2]
    author   ada
    date     [time] ([ago])
    changes  1

        on the side

    revision [id 1]
    author   ada
    date     [time] ([ago])
    changes  0

        import [home]/src
    $ veneer branch pets -d side
    ! side is gone; it was [id 2]
    $ veneer tag pets -d v1
    ! v1 is gone; it was [id 1]
    $ veneer branch pets
    main  [id 4]  merge side into main
    ");
}

#[test]
fn a_merge_with_a_conflict() {
    let home = imported();
    home.ok("branch pets side");
    for (branch, edit) in [("side", "rm pets@side labels.csv"), ("main", "put pets labels.csv new")] {
        home.ok(edit);
        home.ok(&format!("commit pets@{branch} -m 'changed on {branch}'"));
    }
    assert_snapshot!(home.transcript(&[
        "merge pets side",
        "--json merge pets side",
        "log pets -n 1",
        "merge pets side --prefer ours",
        "cat pets labels.csv",
    ]), @r#"
    $ veneer merge pets side
    conflict  labels.csv  both changed it
    ! error: both sides changed 1 path; nothing was changed
    !
    ! hint: choose a side with `--prefer ours` or `--prefer theirs`, or change one side first
    [exit code 1]
    $ veneer --json merge pets side
    {"outcome":"conflicts","branch":"main","revision":null,"changes":0,"conflicts":[{"path":"labels.csv","ours":"file","theirs":"removed","why":"both changed it"}]}
    ! error: both sides changed 1 path; nothing was changed
    !
    ! hint: choose a side with `--prefer ours` or `--prefer theirs`, or change one side first
    [exit code 1]
    $ veneer log pets -n 1
    revision [id 1]
    author   ada
    date     [time] ([ago])
    changes  1

        changed on main
    $ veneer merge pets side --prefer ours
    main is now [id 2]: 0 changes
    $ veneer cat pets labels.csv
    new content
    "#);
}

#[test]
fn a_refresh_of_a_source_that_changed() {
    let home = imported();
    home.ok("put pets cats/1.png new");
    home.ok("commit pets -m 'a better cat'");
    home.file("src/new.txt", "new in the source");
    std::fs::remove_file(home.join("src/cats/2.png")).expect("our own source");
    let first = home.transcript(&["refresh pets", "refresh pets", "ls pets", "ls pets cats"]);
    home.file("src/cats/1.png", "the source has a better cat too");
    let second = home.transcript(&["refresh pets", "--json refresh pets", "cat pets cats/1.png"]);
    assert_snapshot!(first + &second, @r#"
    $ veneer refresh pets
    main is now [id 1]: 1 added, 0 modified, 1 removed
    $ veneer refresh pets
    ! the source is as it was recorded
    $ veneer ls pets
    drwxr-xr-x     -  [time]  cats/
    drwxr-xr-x     -  [time]  dogs/
    -rw-r--r--  11 B  [time]  labels.csv
    -rw-r--r--  17 B  [time]  new.txt
    $ veneer ls pets cats
    -rw-r--r--  11 B  [time]  1.png
    $ veneer refresh pets
    main is now [id 1]: 0 added, 1 modified, 0 removed
    conflict  cats/1.png  edited by us, changed in the source
    ! error: edits of yours stay over files that changed in the source too
    !
    ! hint: look at each path, and put it as it should be; `veneer rm` and `veneer restore` help
    [exit code 1]
    $ veneer --json refresh pets
    {"revision":null,"added":0,"modified":0,"removed":0,"conflicts":[],"seconds":0.006907281}
    $ veneer cat pets cats/1.png
    new content
    "#);
}

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
fn care_of_the_store() {
    let home = imported();
    home.ok("put pets labels.csv new");
    home.ok("discard pets");
    assert_snapshot!(home.transcript(&["fsck", "gc --dry-run", "gc", "fsck --rebuild", "mounts"]), @r"
    $ veneer fsck
    ! error: unrecognized subcommand 'fsck'
    !
    ! Usage: veneer [OPTIONS] <COMMAND>
    !
    ! For more information, try '--help'.
    [exit code 2]
    $ veneer gc --dry-run
    ! error: unrecognized subcommand 'gc'
    !
    ! Usage: veneer [OPTIONS] <COMMAND>
    !
    ! For more information, try '--help'.
    [exit code 2]
    $ veneer gc
    ! error: unrecognized subcommand 'gc'
    !
    ! Usage: veneer [OPTIONS] <COMMAND>
    !
    ! For more information, try '--help'.
    [exit code 2]
    $ veneer fsck --rebuild
    ! error: unrecognized subcommand 'fsck'
    !
    ! Usage: veneer [OPTIONS] <COMMAND>
    !
    ! For more information, try '--help'.
    [exit code 2]
    $ veneer mounts
    ! nothing is mounted
    $ veneer stats
    store      [home]/store
    number     [id 1]
    datasets   1
    branches   1
    tags       0
    drafts     1
    revisions  1
    sources    4 files, 28 B
    space      4.5 MiB (log 8.0 KiB, objects 4.0 KiB, index 520.0 KiB)
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

#[test]
fn json_documents_have_the_promised_fields() {
    let home = imported();
    home.ok("put pets labels.csv new");
    home.ok("mv pets cats felines");
    home.ok("commit pets -m changed");
    home.ok("rm pets labels.csv");
    assert_snapshot!(home.transcript(&[
        "--json datasets",
        "--json ls pets",
        "--json status pets",
        "--json log pets",
        "--json show pets main",
        "--json diff pets main~1 main",
        "--json branch pets",
        "--json tag pets v1",
        "--json commit pets -m removed",
        "--json mounts",
        "--json fsck",
        "--json gc",
    ]), @r#"
    $ veneer --json datasets
    [{"name":"pets","source":"[home]/src","head":"[id 1]","files":4,"bytes":28}]
    $ veneer --json ls pets
    [{"name":"dogs","kind":"folder","size":0,"mtime":"[time]","mode":493},{"name":"felines","kind":"folder","size":0,"mtime":"[time]","mode":493},{"name":"labels.csv","kind":"file","size":11,"mtime":"[time]","mode":420}]
    $ veneer --json status pets
    [{"path":"labels.csv","change":"removed","from":null}]
    $ veneer --json log pets
    [{"id":"[id 1]","parents":["[id 2]"],"author":"ada","time":"[time]","message":"changed","changes":2},{"id":"[id 2]","parents":[],"author":"ada","time":"[time]","message":"import [home]/src","changes":0}]
    $ veneer --json show pets main
    {"id":"[id 1]","parents":["[id 2]"],"author":"ada","time":"[time]","message":"changed","changes":2,"base":"[id 3]","paths":[{"path":"felines","change":"renamed","from":"cats","size_before":null,"size_after":null},{"path":"labels.csv","change":"modified","from":null,"size_before":11,"size_after":11}]}
    $ veneer --json diff pets main~1 main
    [{"path":"felines","change":"renamed","from":"cats","size_before":null,"size_after":null},{"path":"labels.csv","change":"modified","from":null,"size_before":11,"size_after":11}]
    $ veneer --json branch pets
    [{"name":"main","revision":"[id 1]"}]
    $ veneer --json tag pets v1
    {"name":"v1","revision":"[id 1]"}
    $ veneer --json commit pets -m removed
    {"revision":"[id 4]","changes":1,"branch":"main","mounts":[]}
    $ veneer --json mounts
    []
    $ veneer --json fsck
    ! error: unrecognized subcommand 'fsck'
    !
    ! Usage: veneer [OPTIONS] <COMMAND>
    !
    ! For more information, try '--help'.
    [exit code 2]
    $ veneer --json gc
    ! error: unrecognized subcommand 'gc'
    !
    ! Usage: veneer [OPTIONS] <COMMAND>
    !
    ! For more information, try '--help'.
    [exit code 2]
    "#);
}

#[test]
fn an_import_as_json_has_numbers() {
    let told = home().json("import pets src");
    assert_eq!((&told["dataset"], &told["files"], &told["folders"]), (&"pets".into(), &4.into(), &2.into()));
    assert_eq!(told["bytes"], 5 + 7 + 5 + 11);
    assert!(told["seconds"].is_f64() && told["revision"].is_string() && told["base"].is_string(), "{told}");
}

#[test]
fn help_reads_as_a_manual_with_examples() {
    let home = home();
    let commands = [
        "import", "refresh", "datasets", "ls", "cat", "put", "rm", "mkdir", "mv", "status", "discard", "undo", "redo",
        "commit", "log", "show", "diff", "branch", "tag", "merge", "revert", "restore", "export", "mount", "unmount",
        "mounts", "stat", "fsck", "gc", "doctor", "stats",
    ];
    let all = home.ok("--help");
    for command in commands {
        assert!(all.contains(&format!("  {command} ")), "`veneer --help` does not list {command}");
        let help = home.ok(&format!("{command} --help"));
        assert!(help.contains("Usage: ") && help.contains("Example") && help.contains("veneer "), "{command}: {help}");
    }
}

#[test]
fn doctor_says_whether_mounting_works_here() {
    let home = home();
    let ran = home.run("--json doctor");
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert!(told.is_object() || told.is_array(), "{told}");
    let works = harness::skip::mounting().is_ok();
    assert_eq!(ran.code == Some(0), works, "{told}");
}
