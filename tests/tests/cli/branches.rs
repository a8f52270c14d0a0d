//! Branches, tags and merges as a person sees them, and sources that moved on.

use insta::assert_snapshot;

use super::imported;

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
    labels.csv    both changed it
    ! error: 1 conflict to decide; main is as it was, and the merge stands in your draft
    !
    ! hint: `veneer resolve pets@main labels.csv --ours` keeps the first as the draft has it, `--theirs` is for what they have; `veneer conflicts pets@main` lists all; when none is left, `veneer commit pets@main` makes the revision; `veneer discard pets@main` drops the merge
    [exit code 1]
    $ veneer --json merge pets side
    {"outcome":"conflicts","branch":"main","revision":null,"changes":0,"conflicts":[{"path":"labels.csv","ours":"file","theirs":"removed","why":"both changed it"}],"pending":true}
    ! error: 1 conflict to decide; main is as it was, and the merge stands in your draft
    !
    ! hint: `veneer resolve pets@main labels.csv --ours` keeps the first as the draft has it, `--theirs` is for what they have; `veneer conflicts pets@main` lists all; when none is left, `veneer commit pets@main` makes the revision; `veneer discard pets@main` drops the merge
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
fn a_draft_in_conflict_with_a_refresh_gets_on_by_discarding_its_side() {
    let home = imported();
    home.ok("put pets cats/1.png new");
    home.file("src/cats/1.png", "the source has a better cat too");
    home.ok("refresh pets");
    let refused = home.run("commit pets -m mine");
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stdout.contains("cats/1.png"), "{}", refused.stdout);
    assert!(refused.stderr.contains("`veneer discard pets@main PATH`"), "{}", refused.stderr);
    home.ok("discard pets@main cats/1.png");
    assert_eq!(home.ok("cat pets cats/1.png --draft"), "the source has a better cat too");
    home.ok("put pets cats/1.png new");
    home.ok("commit pets -m 'mine, after all'");
    assert_eq!(home.ok("cat pets cats/1.png"), "new content");
}

#[test]
fn a_draft_in_conflict_with_a_refresh_is_kept_on_a_branch_and_decided_by_a_merge() {
    let home = imported();
    home.ok("put pets cats/1.png new");
    home.ok("put pets cats/3.png new");
    home.file("src/cats/1.png", "the source has a better cat too");
    let refreshed = home.run("refresh pets");
    assert!(refreshed.stderr.contains("`veneer commit pets@main -m WHY` joins the two"), "{}", refreshed.stderr);
    let refused = home.run("commit pets -m mine");
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    for hint in ["`veneer commit pets@main --branch MINE -m WHY`", "`veneer merge pets@main MINE`"] {
        assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    }
    let again = home.run("commit pets -m again --branch main");
    assert_eq!(again.code, Some(3), "a branch that there is gets nothing: {}", again.stderr);
    home.ok("commit pets@main --branch MINE -m mine");
    assert_eq!(home.ok("cat pets@MINE cats/3.png"), "new content");
    assert_eq!(home.run("merge pets@main MINE").code, Some(1));
    home.ok("resolve pets cats/1.png --theirs");
    home.ok("commit pets");
    for path in ["cats/1.png", "cats/3.png"] {
        assert_eq!(home.ok(&format!("cat pets {path}")), "new content");
    }
}

#[test]
fn what_the_source_has_is_taken_instead_of_an_edit() {
    let home = imported();
    home.ok("put pets cats/1.png new");
    home.ok("rm pets cats/2.png");
    home.ok("put pets cats/3.png new");
    home.ok("commit pets -m edited");
    home.file("src/cats/1.png", "the source has a better cat too");
    assert_eq!(home.run("refresh pets").code, Some(1));
    home.ok("restore pets cats/1.png --source");
    assert_eq!(home.ok("cat pets cats/1.png --draft"), "the source has a better cat too");
    home.ok("undo pets");
    home.ok("restore pets cats --source");
    assert_eq!(home.ok("cat pets cats/1.png --draft"), "the source has a better cat too");
    assert_eq!(home.run("cat pets cats/2.png --draft").code, Some(0));
    assert_eq!(home.ok("cat pets cats/3.png --draft"), "new content", "what the source has not stays");
    home.ok("commit pets -m 'as the source'");
    assert_eq!(home.run("restore pets cats/9.png --source").code, Some(3));
    home.ok("rm pets -r cats");
    home.ok("restore pets cats/2.png --source");
    assert_eq!(home.ok("ls pets cats --draft").split_whitespace().last(), Some("2.png"), "it alone is back");
    assert_eq!(home.run("restore pets cats/1.png").code, Some(2));
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
    conflict  cats/1.png  edited, and changed in the source
    ! error: edits of yours meet files that changed in the source too
    !
    ! hint: the revision is made, and an edit stays in it as far as it fits; where that is not what you want, take what the source has (`veneer restore pets@main PATH --source`) or edit it anew, and `veneer commit pets@main -m WHY`
    [exit code 1]
    $ veneer --json refresh pets
    {"revision":null,"added":0,"modified":0,"removed":0,"conflicts":[],"seconds":[seconds]}
    $ veneer cat pets cats/1.png
    new content
    "#);
}
