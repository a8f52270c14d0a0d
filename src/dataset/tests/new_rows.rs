//! Samples that are rows which were inserted into a table without keys: what is said of them stays theirs.

use arrow::datatypes::DataType;

use super::hidden_rows::{exclude, refresh, rows};
use super::merges::{merged, two_branches};
use super::parsed::bytes;
use super::renumbered::branch_off;
use super::*;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

const CSV: &str = "name,w\na,1\nb,2\n";

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Inserts rows with these names as the last ones; returns their keys.
fn insert(draft: &mut Draft, names: &[&str]) -> Vec<String> {
    let table = draft.view().table(Some("t")).expect("a table");
    let row = |name: &&str| RowEdit::Insert { after: None, cells: vec![("name".to_owned(), text(name))] };
    draft.edit_table(&table, names.iter().map(row).collect()).expect("inserted")
}

/// Adds the column `note` of samples, and notes the name of each of these.
fn note(draft: &mut Draft, noted: &[(&str, &str)]) -> Result<()> {
    let table = draft.view().table(Some("samples"))?;
    draft.add_column(&table, "note", &DataType::Utf8)?;
    let set = |(key, note): &(&str, &str)| RowEdit::Set {
        row: (*key).to_owned(),
        cells: vec![("note".to_owned(), text(note))],
    };
    draft.edit_table(&table, noted.iter().map(set).collect()).map(drop)
}

/// `name excluded` of all samples.
fn told(view: &View) -> Vec<String> {
    let mut found = rows(view, &view.table(Some("samples")).expect("a table"), &["name", "excluded"]);
    found.sort();
    found
}

/// `name note` of all samples that have one.
fn notes(view: &View) -> Vec<String> {
    let all = rows(view, &view.table(Some("samples")).expect("a table"), &["name", "note"]);
    all.into_iter().filter(|row| !row.ends_with(" -")).collect()
}

/// Includes what is excluded, and returns the names in the file.
fn included(view: View, fixture: &Fixture) -> Vec<String> {
    let head = fixture.dataset.head(&main_branch()).expect("a head").id;
    let all = rows(&view, &view.table(Some("samples")).expect("a table"), &["key", "excluded"]);
    let keys: Vec<String> = all.iter().filter_map(|row| Some(row.strip_suffix(" true")?.to_owned())).collect();
    let mut draft = Draft::to_edit(&fixture.dataset, head, view);
    draft.exclude_samples(&keys, false).expect("included");
    let now = bytes(draft.view(), "t.csv");
    now.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.0.to_owned())).collect()
}

fn is_merged(fixture: &Fixture) -> View {
    let outcome = merged(fixture, None);
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
    fixture.view("main")
}

#[test]
fn a_new_row_that_one_side_excluded_is_not_another_ones() {
    for (of_ours, of_theirs) in [(false, true), (true, false), (true, true)] {
        let side = |names: [&'static str; 2], is_excluded: bool| {
            move |draft: &mut Draft| {
                let keys = insert(draft, &names);
                if is_excluded { exclude(draft, &keys[0], true) } else { Ok(()) }
            }
        };
        let fixture = two_branches(&[("t.csv", CSV)], side(["m1", "m2"], of_ours), side(["f1", "f2"], of_theirs));
        let view = is_merged(&fixture);
        let is = |name: &str, is_excluded: bool| format!("{name} {is_excluded}");
        let expected = ["a false".to_owned(), "b false".to_owned(), is("f1", of_theirs), "f2 false".to_owned()];
        assert_eq!(told(&view)[..4], expected);
        assert_eq!(told(&view)[4..], [is("m1", of_ours), "m2 false".to_owned()]);
        assert_eq!(included(view, &fixture), ["a", "b", "m1", "m2", "f1", "f2"], "{of_ours} {of_theirs}");
    }
}

#[test]
fn what_is_noted_of_a_new_row_stays_with_it_in_a_merge() {
    let side = |name: &'static str| {
        move |draft: &mut Draft| {
            let keys = insert(draft, &[name]);
            note(draft, &[(&keys[0], name)])
        }
    };
    let fixture = two_branches(&[("t.csv", CSV)], side("m"), side("f"));
    assert_eq!(notes(&is_merged(&fixture)), ["m m", "f f"]);
}

#[test]
fn what_is_said_of_a_new_row_stays_with_it_in_a_commit_on_a_branch_that_has_moved() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    let mut draft = fixture.draft("main");
    let keys = insert(&mut draft, &["f"]);
    exclude(&mut draft, &keys[0], true).expect("excluded");
    let mut other = fixture.dataset.draft(&main_branch(), &"bob".parse().expect("a name")).expect("a draft");
    insert(&mut other, &["m"]);
    other.commit("m", "bob").expect("committed");
    draft.commit("f", "ann").expect("committed");
    let view = fixture.view("main");
    assert_eq!(told(&view), ["a false", "b false", "f true", "m false"]);
    assert_eq!(included(view, &fixture), ["a", "b", "m", "f"]);
}

#[test]
fn what_is_said_of_a_new_row_goes_with_it_over_a_source_that_changed() {
    for excluded in [0, 1, 2] {
        let fixture = Fixture::new(&[("t.csv", CSV)]);
        fixture.commit("main", |draft| {
            let keys = insert(draft, &["n1", "n2", "n3"]);
            note(draft, &[(&keys[0], "n1"), (&keys[2], "n3")])?;
            exclude(draft, &keys[excluded], true)
        });
        refresh(&fixture, "t.csv", "name,w\nnew,0\na,1\nb,2\n");
        let view = fixture.view("main");
        let is = |at: usize| format!("n{} {}", at + 1, at == excluded);
        assert_eq!(told(&view)[2..5], [is(0), is(1), is(2)]);
        assert_eq!(notes(&view), ["n1 n1", "n3 n3"]);
        assert_eq!(included(view, &fixture), ["new", "a", "b", "n1", "n2", "n3"], "{excluded}");
        assert_eq!(check(&fixture.datasets).expect("checked"), []);
    }
}

#[test]
fn what_is_said_of_rows_goes_with_them_into_the_other_sides_bytes() {
    let with_row_above = "name;w\nnew;0\na;1\nb;2\n";
    let puts = |draft: &mut Draft| put(draft, "t.csv", with_row_above);
    let says = |draft: &mut Draft| {
        let keys = insert(draft, &["n"]);
        note(draft, &[("1", "b"), (&keys[0], "n")])?;
        exclude(draft, "0", true)
    };
    for is_ours in [true, false] {
        let fixture = match is_ours {
            true => two_branches(&[("t.csv", CSV)], says, puts),
            false => two_branches(&[("t.csv", CSV)], puts, says),
        };
        let view = is_merged(&fixture);
        assert_eq!(told(&view), ["a true", "b false", "n false", "new false"], "{is_ours}");
        assert_eq!(notes(&view), ["b b", "n n"], "{is_ours}");
    }
}

#[test]
fn no_new_row_gets_the_key_of_one_of_which_something_is_said() {
    for (commits, is_excluded) in [(false, true), (true, true), (false, false), (true, false)] {
        let fixture = Fixture::new(&[("t.csv", CSV)]);
        let step = |edit: &dyn Fn(&mut Draft) -> Result<()>| {
            let mut draft = fixture.draft("main");
            edit(&mut draft).expect("edited");
            draft.save("edit").expect("saved");
            if commits {
                draft.commit("a change", "ann").expect("committed");
            }
        };
        step(&|draft| {
            let keys = insert(draft, &["n1"]);
            note(draft, &[(&keys[0], "n1")])
        });
        let key = "1+1".to_owned();
        match is_excluded {
            true => step(&|draft| exclude(draft, &key, true)),
            false => step(&|draft| {
                let table = draft.view().table(Some("t"))?;
                draft.edit_table(&table, vec![RowEdit::Delete { row: key.clone() }]).map(drop)
            }),
        }
        step(&|draft| {
            assert_ne!(insert(draft, &["n2"]), [key.as_str()]);
            Ok(())
        });
        let draft = fixture.draft("main");
        let (expected, noted): (&[&str], &[&str]) = match is_excluded {
            true => (&["a false", "b false", "n1 true", "n2 false"], &["n1 n1"]),
            false => (&["a false", "b false", "n2 false"], &[]),
        };
        assert_eq!(told(draft.view()), expected, "{commits}");
        assert_eq!(notes(draft.view()), noted, "{commits}");
    }
}

#[test]
fn a_new_row_is_the_same_on_both_sides_though_one_was_refreshed_and_hides_the_row_before() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.commit("main", |draft| {
        insert(draft, &["n1", "n2"]);
        let table = draft.view().table(Some("t"))?;
        draft.edit_table(&table, vec![RowEdit::Delete { row: "1+1".to_owned() }]).map(drop)
    });
    branch_off(&fixture);
    fixture.commit("main", |draft| exclude(draft, "1", true));
    fixture.commit("other", |draft| exclude(draft, "1+2", true));
    refresh(&fixture, "t.csv", "name,w\na,1\nb,2\nc,3\n");
    let view = is_merged(&fixture);
    assert_eq!(told(&view), ["a false", "b true", "c false", "n2 true"]);
    assert_eq!(included(view, &fixture), ["a", "b", "n2", "c"]);
}

#[test]
fn a_new_row_that_one_side_edited_is_one_where_both_insert_others_beside_it() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.commit("main", |draft| {
        insert(draft, &["n"]);
        Ok(())
    });
    branch_off(&fixture);
    fixture.commit("other", |draft| {
        let table = draft.view().table(Some("t"))?;
        let cells = vec![("w".to_owned(), Value::Int(7))];
        draft.edit_table(&table, vec![RowEdit::Set { row: "1+1".to_owned(), cells }])?;
        insert(draft, &["f"]);
        Ok(())
    });
    fixture.commit("main", |draft| {
        insert(draft, &["m"]);
        Ok(())
    });
    assert_eq!(bytes(&is_merged(&fixture), "t.csv"), "name,w\na,1\nb,2\nn,7\nm,\nf,\n");
}

#[test]
fn what_was_noted_of_a_row_that_was_deleted_is_no_conflict_with_the_source() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.commit("main", |draft| {
        let keys = insert(draft, &["n"]);
        note(draft, &[(&keys[0], "n"), ("0", "a"), ("1", "b")])?;
        let table = draft.view().table(Some("t"))?;
        let delete = |row: &str| RowEdit::Delete { row: row.to_owned() };
        draft.edit_table(&table, vec![delete(&keys[0]), delete("0")]).map(drop)
    });
    write(fixture.source.path(), &[("t.csv", "name,w\na,1\nb,2\nc,3\n")]);
    let base = scanned(&*fixture.datasets.store, fixture.source.path());
    let refreshed = fixture.dataset.refresh(&main_branch(), base, "ann").expect("refreshed");
    assert_eq!(refreshed.conflicts, []);
    assert_eq!(notes(&fixture.view("main")), ["b b"]);
}

#[test]
fn a_new_row_gets_no_key_that_an_earlier_revision_knew() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.commit("main", |draft| {
        insert(draft, &["n1"]);
        Ok(())
    });
    branch_off(&fixture);
    fixture.commit("other", |draft| {
        let table = draft.view().table(Some("t"))?;
        draft.edit_table(&table, vec![RowEdit::Delete { row: "1+1".to_owned() }]).map(drop)
    });
    fixture.commit("other", |draft| {
        insert(draft, &["n2"]);
        Ok(())
    });
    fixture.commit("main", |draft| note(draft, &[("1+1", "of n1")]));
    let view = is_merged(&fixture);
    assert_eq!(told(&view), ["a false", "b false", "n2 false"]);
    assert_eq!(notes(&view), [""; 0]);
}

#[test]
fn an_edit_of_a_new_row_that_the_other_side_hides_is_beneath() {
    for excludes_ours in [true, false] {
        let fixture = Fixture::new(&[("t.csv", CSV)]);
        fixture.commit("main", |draft| {
            insert(draft, &["n"]);
            Ok(())
        });
        branch_off(&fixture);
        let (excluder, editor) = if excludes_ours { ("main", "other") } else { ("other", "main") };
        fixture.commit(excluder, |draft| exclude(draft, "1+1", true));
        fixture.commit(editor, |draft| {
            let table = draft.view().table(Some("t"))?;
            let cells = vec![("w".to_owned(), Value::Int(7))];
            draft.edit_table(&table, vec![RowEdit::Set { row: "1+1".to_owned(), cells }]).map(drop)
        });
        let view = is_merged(&fixture);
        assert_eq!((told(&view)[2].as_str(), bytes(&view, "t.csv").as_str()), ("n true", CSV), "{excludes_ours}");
        fixture.commit("main", |draft| exclude(draft, "1+1", false));
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), format!("{CSV}n,7\n"), "{excludes_ours}");
    }
}

#[test]
fn a_row_that_is_excluded_is_one_where_a_side_has_other_bytes() {
    let fixture = Fixture::new(&[("t.csv", "name,w\na,1\nb,2\nc,3\n")]);
    fixture.commit("main", |draft| exclude(draft, "1", true));
    branch_off(&fixture);
    fixture.commit("other", |draft| put(draft, "t.csv", "name;w\na;1\nc;3\nx;4\n"));
    fixture.commit("main", |draft| {
        let table = draft.view().table(Some("t"))?;
        let cells = vec![("name".to_owned(), text("n"))];
        draft.edit_table(&table, vec![RowEdit::Insert { after: Some("2".to_owned()), cells }]).map(drop)
    });
    let view = is_merged(&fixture);
    assert_eq!(told(&view), ["a false", "b true", "c false", "n false", "x false"]);
    let with_all = "name;w\na;1\nb;2\nc;3\nn;\nx;4\n";
    assert_eq!(bytes(&view, "t.csv"), with_all.replace("b;2\n", ""));
    fixture.commit("main", |draft| draft.exclude_samples(&["0+1".to_owned()], false).map(drop));
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), with_all);
}

#[test]
fn what_took_other_bytes_and_had_hidden_rows_is_reverted_with_each_row_once() {
    let fixture = Fixture::new(&[("t.csv", "name,w\na,1\nb,2\nc,3\n")]);
    fixture.commit("main", |draft| exclude(draft, "1", true));
    let put = fixture.commit("main", |draft| put(draft, "t.csv", "name,w\nc,3\na,1\n"));
    let view = fixture.view("main");
    let samples = rows(&view, &view.table(Some("samples")).expect("a table"), &["key", "excluded"]);
    let hidden = samples.iter().find_map(|row| row.strip_suffix(" true")).expect("one is excluded").to_owned();
    fixture.commit("main", |draft| exclude(draft, &hidden, false));
    let outcome = fixture.dataset.revert(put, &main_branch(), "ann", None).expect("reverted");
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(told(&fixture.view("main")), ["a false", "b false", "c false"]);
}

#[test]
fn what_is_hidden_stays_so_though_other_things_are_the_samples_by_now() {
    let larger = "x,y\n1,2\n3,4\n5,6\n7,8\n";
    let shown = |fixture: &Fixture| {
        let view = fixture.view("main");
        assert_eq!(bytes(&view, "t.csv"), CSV);
        assert_eq!(rows(&view, &view.table(Some("t")).expect("a table"), &["name"]), ["a", "b"]);
        assert_eq!(check(&fixture.datasets).expect("checked"), []);
    };
    let excludes = |draft: &mut Draft| {
        let keys = insert(draft, &["n"]);
        exclude(draft, &keys[0], true)
    };
    for (at, content) in [("x.png", "image"), ("larger.csv", larger)] {
        let fixture = two_branches(&[("t.csv", CSV)], excludes, |draft| put(draft, at, content));
        is_merged(&fixture);
        shown(&fixture);
        let fixture = Fixture::new(&[("t.csv", CSV)]);
        fixture.commit("main", excludes);
        refresh(&fixture, at, content);
        shown(&fixture);
        fixture.commit("main", |draft| draft.remove(&path(at), false));
        fixture.commit("main", |draft| exclude(draft, "1+1", false));
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), format!("{CSV}n,\n"), "{at}");
    }
}

#[test]
fn what_they_noted_of_a_row_is_taken_by_the_key_that_it_has_here() {
    let with_row_above = "name;w\nnew;0\na;1\nb;2\n";
    let ours = |draft: &mut Draft| {
        put(draft, "t.csv", with_row_above)?;
        note(draft, &[("2", "ours")])
    };
    let fixture = two_branches(&[("t.csv", CSV)], ours, |draft| note(draft, &[("1", "theirs"), ("0", "of a")]));
    let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
    let mut draft = fixture.draft("main");
    assert!(draft.merge(theirs, "merge other").expect("a merge"));
    draft.resolve(&[0], &crate::dataset::Resolution::Theirs).expect("decided");
    assert_eq!(notes(draft.view()), ["a of a", "b theirs"]);
}
