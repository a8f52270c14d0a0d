//! What a person sees who works with a dataset: edits, history, differences.

use insta::assert_snapshot;

use super::{home, imported};

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
