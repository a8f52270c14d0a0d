//! Merges: by example, and against a merge of plain maps.

use proptest::prelude::*;
use proptest::sample::select;

use super::plain::{Item, Plain};
use super::*;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

pub(super) fn merged(fixture: &Fixture, prefer: Option<Prefer>) -> Outcome {
    let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
    let into = main_branch();
    let request = MergeRequest { theirs, into: &into, author: "ann", message: "merge other", prefer };
    fixture.dataset.merge(&request).expect("a merge")
}

pub(super) fn two_branches(
    files: &[(&str, &str)],
    ours: impl FnOnce(&mut Draft) -> Result<()>,
    theirs: impl FnOnce(&mut Draft) -> Result<()>,
) -> Fixture {
    let fixture = Fixture::new(files);
    fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
    fixture.commit("main", ours);
    fixture.commit("other", theirs);
    fixture
}

fn conflicts(outcome: Outcome) -> Vec<String> {
    match outcome {
        Outcome::Conflicts(conflicts) => {
            conflicts.iter().map(|conflict| format!("{}: {}", conflict.path, conflict.why)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn edits_of_different_files_merge() {
    let fixture = two_branches(&[("a/x", "1"), ("a/y", "1")], |d| put(d, "a/x", "ours"), |d| put(d, "a/y", "theirs"));
    assert!(matches!(merged(&fixture, None), Outcome::Done { changes: 1, .. }));
    assert_eq!(told(&fixture.dataset.view(fixture.first).expect("a view"), &fixture.view("main")), ["~ a/x", "~ a/y"]);
    assert_eq!(merged(&fixture, None), Outcome::UpToDate);
}

#[test]
fn an_edit_in_a_folder_that_the_other_side_removed_is_a_conflict() {
    let fixture =
        two_branches(&[("a/x", "1"), ("b", "1")], |d| d.remove(&path("a"), true), |d| put(d, "a/x", "theirs"));
    assert_eq!(conflicts(merged(&fixture, None)), ["a: changed by them in a folder that we changed"]);
    assert!(matches!(merged(&fixture, Some(Prefer::Theirs)), Outcome::Done { .. }));
    assert_eq!(Plain::of(&fixture.view("main")).0.get(&path("a/x")), Some(&Item::File(b"theirs".to_vec())));
}

#[test]
fn what_both_moved_from_its_place_is_in_one_place_or_a_conflict() {
    let files = &[("cat/1.png", "1"), ("cat/2.png", "2"), ("dog/3.png", "3"), ("ox/4.png", "4")];
    let to = |to: &'static str| move |d: &mut Draft| d.rename(&path("cat/1.png"), &path(to));
    let shown = |fixture: &Fixture| -> Vec<String> {
        let all = Plain::of(&fixture.view("main")).0;
        all.into_iter()
            .filter(|(_, item)| *item == Item::File(b"1".to_vec()))
            .map(|(path, _)| path.to_string())
            .collect()
    };
    let apart = || two_branches(files, to("dog/1.png"), to("ox/1.png"));
    let why = "both moved it, each elsewhere";
    assert_eq!(conflicts(merged(&apart(), None)), [format!("dog/1.png: {why}"), format!("ox/1.png: {why}")]);
    for (prefer, place) in [(Prefer::Ours, "dog/1.png"), (Prefer::Theirs, "ox/1.png")] {
        let fixture = apart();
        assert!(matches!(merged(&fixture, Some(prefer)), Outcome::Done { .. }));
        assert_eq!(shown(&fixture), [place], "{prefer:?}");
    }
    let remove = |at: &'static str| move |d: &mut Draft| d.remove(&path(at), true);
    for gone in ["cat/1.png", "cat"] {
        let fixture = two_branches(files, remove(gone), to("dog/1.png"));
        assert_eq!(conflicts(merged(&fixture, None)), ["dog/1.png: moved by them and removed by us"], "{gone}");
        assert!(matches!(merged(&fixture, Some(Prefer::Ours)), Outcome::Done { .. } | Outcome::UpToDate));
        assert_eq!(shown(&fixture), [""; 0], "{gone}");
    }
    let folder = |to: &'static str| move |d: &mut Draft| d.rename(&path("cat"), &path(to));
    let fixture = two_branches(files, folder("lion"), folder("tiger"));
    assert_eq!(conflicts(merged(&fixture, None)), [format!("lion: {why}"), format!("tiger: {why}")]);
    let same = two_branches(files, to("dog/1.png"), to("dog/1.png"));
    assert!(matches!(merged(&same, None), Outcome::Done { .. }));
    assert_eq!(shown(&same), ["dog/1.png"]);
}

#[test]
fn both_may_remove_the_same_folder_or_a_part_of_it() {
    let files = &[("a/x", "1"), ("a/y", "1"), ("b", "1")];
    let fixture = two_branches(files, |d| d.remove(&path("a/x"), false), |d| d.remove(&path("a"), true));
    assert!(matches!(merged(&fixture, None), Outcome::Done { .. }));
    assert_eq!(Plain::of(&fixture.view("main")).0.len(), 1);
}

#[test]
fn a_folder_that_both_made_has_what_both_put_into_it() {
    let fixture = two_branches(
        &[("b", "1")],
        |d| d.make_folder(&path("n")).and_then(|()| put(d, "n/ours", "1")),
        |d| d.make_folder(&path("n")).and_then(|()| put(d, "n/theirs", "2")),
    );
    assert!(matches!(merged(&fixture, None), Outcome::Done { .. }));
    let merged = Plain::of(&fixture.view("main"));
    for (at, content) in [("n/ours", "1"), ("n/theirs", "2"), ("b", "1")] {
        assert_eq!(merged.0.get(&path(at)), Some(&Item::File(content.as_bytes().to_vec())), "{at}");
    }
}

#[test]
fn what_one_side_put_into_a_folder_that_the_other_renamed_is_a_conflict_or_kept() {
    let fixture = two_branches(
        &[("a/x", "1"), ("b", "1")],
        |d| put(d, "a/ours", "1"),
        |d| d.rename(&path("a"), &path("c")).and_then(|()| put(d, "c/theirs", "2")),
    );
    assert_eq!(conflicts(merged(&fixture, None)), ["a: changed by us in a folder that they changed"]);
}

#[test]
fn what_one_side_moved_into_a_folder_that_the_other_renamed_is_lost_by_no_decision() {
    let rename = |d: &mut Draft| d.rename(&path("a"), &path("c"));
    let of_source = |d: &mut Draft| d.rename(&path("b/y"), &path("a/y"));
    let of_draft = |d: &mut Draft| d.rename(&path("b/new"), &path("a/y"));
    let files = &[("a/x", "1"), ("b/y", "2"), ("b/z", "3")];
    for prefer in [Prefer::Ours, Prefer::Theirs] {
        for renames_theirs in [false, true] {
            let fixture = match renames_theirs {
                true => two_branches(files, of_source, rename),
                false => two_branches(files, rename, of_source),
            };
            assert!(matches!(merged(&fixture, Some(prefer)), Outcome::Done { .. }));
            let merged = Plain::of(&fixture.view("main"));
            let kept = merged.0.values().filter(|item| **item == Item::File(b"2".to_vec())).count();
            assert_eq!(kept, 1, "{prefer:?} {renames_theirs}: {:?}", merged.0.keys().collect::<Vec<_>>());
        }
        let fixture = Fixture::new(files);
        let with_new = fixture.commit("main", |d| put(d, "b/new", "4"));
        fixture.dataset.create_branch(&"other".parse().expect("a name"), with_new).expect("a branch");
        fixture.commit("main", rename);
        fixture.commit("other", of_draft);
        assert!(matches!(merged(&fixture, Some(prefer)), Outcome::Done { .. }));
        let merged = Plain::of(&fixture.view("main"));
        assert!(merged.0.values().any(|item| *item == Item::File(b"4".to_vec())), "{prefer:?}");
    }
}

#[test]
fn a_branch_without_work_of_its_own_is_moved_forward() {
    let fixture = Fixture::new(&[("x", "1")]);
    fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
    let theirs = fixture.commit("other", |draft| put(draft, "x", "2"));
    assert_eq!(merged(&fixture, None), Outcome::FastForward { revision: theirs });
}

#[test]
fn a_revert_takes_back_one_revision_and_leaves_the_later_ones() {
    let fixture = Fixture::new(&[("x", "1"), ("y", "1")]);
    let second = fixture.commit("main", |draft| put(draft, "x", "2"));
    fixture.commit("main", |draft| put(draft, "y", "2"));
    assert!(matches!(
        fixture.dataset.revert(second, &main_branch(), "ann", None).expect("a revert"),
        Outcome::Done { .. }
    ));
    assert_eq!(told(&fixture.dataset.view(fixture.first).expect("a view"), &fixture.view("main")), ["~ y"]);
    let again = fixture.dataset.revert(fixture.first, &main_branch(), "ann", None);
    assert!(again.is_err(), "an import has nothing before it");
}

#[derive(Clone, Debug)]
enum Step {
    Put(DataPath, u8),
    Folder(DataPath),
    /// A new folder with a file in it.
    Fill(DataPath, u8),
    Remove(DataPath),
    Rename(DataPath, DataPath),
}

fn any_path() -> impl Strategy<Value = DataPath> {
    prop::collection::vec(select(vec!["a", "b", "c", "d"]), 1..4).prop_map(|names| path(&names.join("/")))
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (any_path(), 0u8..3).prop_map(|(at, byte)| Step::Put(at, byte)),
        1 => any_path().prop_map(Step::Folder),
        2 => (any_path(), 0u8..3).prop_map(|(at, byte)| Step::Fill(at, byte)),
        2 => any_path().prop_map(Step::Remove),
        1 => (any_path(), any_path()).prop_map(|(from, to)| Step::Rename(from, to)),
    ];
    prop::collection::vec(step, 1..6)
}

/// Takes the steps that can be taken; the others are skipped.
fn take(draft: &mut Draft, steps: &[Step]) {
    for step in steps {
        let _skipped = match step {
            Step::Put(at, byte) => {
                draft.put(at, NewFile { content: &mut [*byte].as_slice(), mode: None, mtime_ns: Some(7) })
            }
            Step::Folder(at) => draft.make_folder(at),
            Step::Fill(at, byte) => draft.make_folder(at).and_then(|()| {
                let at = at.join([b"a", b"b", b"c"][usize::from(*byte)])?;
                draft.put(&at, NewFile { content: &mut [*byte].as_slice(), mode: None, mtime_ns: Some(7) })
            }),
            Step::Remove(at) => draft.remove(at, true),
            Step::Rename(from, to) => draft.rename(from, to),
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_clean_merge_is_the_merge_of_the_maps(shared in any_steps(), ours in any_steps(), theirs in any_steps()) {
        let files = &[("a/a", "1"), ("a/b/a", "2"), ("a/b/b", "3"), ("b/a", "4"), ("c/a/a", "5"), ("d", "6")];
        let fixture = Fixture::new(files);
        let mut draft = fixture.draft("main");
        take(&mut draft, &shared);
        let _nothing = draft.commit("what both begin with", "ann");
        let head = fixture.dataset.head(&main_branch()).expect("a head").id;
        fixture.dataset.create_branch(&"other".parse().expect("a name"), head).expect("a branch");
        let before = Plain::of(&fixture.view("main"));
        let mut changed = 0;
        for (branch, steps) in [("main", &ours), ("other", &theirs)] {
            let mut draft = fixture.draft(branch);
            take(&mut draft, steps);
            changed += usize::from(draft.commit("steps", "ann").is_ok());
        }
        let (our_map, their_map) = (Plain::of(&fixture.view("main")), Plain::of(&fixture.view("other")));
        let outcome = merged(&fixture, None);
        if let Outcome::Conflicts(found) = &outcome {
            prop_assert!(changed == 2 && !found.is_empty());
            prop_assert!(!matches!(merged(&fixture, Some(Prefer::Theirs)), Outcome::Conflicts(_)));
            let merged = Plain::of(&fixture.view("main"));
            for conflict in found {
                let within = |plain: &Plain| plain.0.iter().filter(|(at, _)| at.is_within(&conflict.path)).map(|(at, item)| (at.clone(), item.clone())).collect::<Vec<_>>();
                prop_assert_eq!(within(&merged), within(&their_map));
            }
            return Ok(());
        }
        let result = Plain::of(&fixture.view("main"));
        let paths: std::collections::BTreeSet<_> = before.0.keys().chain(our_map.0.keys()).chain(their_map.0.keys()).collect();
        for at in paths {
            let (b, o, t) = (before.0.get(at), our_map.0.get(at), their_map.0.get(at));
            // What one side moved away and the other changed has that change wherever it went.
            let is_moved_with = |gone: Option<&Item>, edited: Option<&Item>| {
                gone.is_none() && b.is_some() && edited != b && result.0.values().any(|item| Some(item) == edited)
            };
            if !result.0.contains_key(at) && (is_moved_with(o, t) || is_moved_with(t, o)) {
                continue;
            }
            // What one side moved here is what the other made of it: edited, or removed.
            let came = |side: &Plain, other: &Plain| {
                let item = side.0.get(at)?;
                let from = before.0.iter().find(|(from, was)| {
                    *was == item && !side.0.contains_key(from) && other.0.get(from) != Some(*was)
                });
                from.map(|(from, _)| other.0.get(from).cloned())
            };
            let came = came(&our_map, &their_map).or_else(|| came(&their_map, &our_map));
            if came.is_some_and(|came| result.0.get(at) == came.as_ref()) {
                continue;
            }
            let expected = if o == b { t } else if t == b || o == t { o } else {
                return Err(TestCaseError::fail(format!("{at} was changed by both, and merged")));
            };
            prop_assert_eq!(result.0.get(at), expected, "at {}", at);
        }
    }
}

#[test]
fn a_file_that_one_side_restored_in_a_folder_that_the_other_removed_is_a_conflict() {
    for (is_removed, swapped) in [(true, false), (true, true), (false, false), (false, true)] {
        let fixture = Fixture::new(&[("f/x", "x"), ("f/y", "y"), ("z", "z")]);
        let begun = fixture.commit("main", |d| match is_removed {
            true => d.remove(&path("f/x"), false),
            false => put(d, "f/x", "other"),
        });
        fixture.dataset.create_branch(&"other".parse().expect("a name"), begun).expect("a branch");
        let sides = if swapped { ["other", "main"] } else { ["main", "other"] };
        fixture.commit(sides[0], |d| d.restore_source(&path("f/x")));
        fixture.commit(sides[1], |d| d.remove(&path("f"), true));
        assert_eq!(conflicts(merged(&fixture, None)).len(), 1, "{is_removed} {swapped}");
        assert!(matches!(merged(&fixture, Some(Prefer::Theirs)), Outcome::Done { .. }));
        let shown = fixture.view("main").node(&path("f/x")).expect("looked up").is_some();
        assert_eq!(shown, swapped, "theirs is what was restored");
    }
}

#[test]
fn what_a_refresh_dropped_of_samples_is_told_beside_what_both_said_of_others() {
    let fixture = Fixture::new(&[("t.csv", "x\na\nb\nc\n")]);
    let begun = fixture.commit("main", |draft| {
        let samples = draft.view().table(Some("samples"))?;
        draft.add_column(&samples, "weight", &arrow::datatypes::DataType::Float64)
    });
    fixture.dataset.create_branch(&"other".parse().expect("a name"), begun).expect("a branch");
    let weigh = |row: &'static str, weight: f64| {
        move |draft: &mut Draft| {
            let cells = vec![("weight".to_owned(), Value::Float(weight))];
            let samples = draft.view().table(Some("samples"))?;
            draft.edit_table(&samples, vec![RowEdit::Set { row: row.to_owned(), cells }]).map(drop)
        }
    };
    fixture.commit("main", weigh("0", 0.5));
    fixture.commit("other", |draft| weigh("0", 0.25)(draft).and_then(|()| weigh("1", 0.75)(draft)));
    super::hidden_rows::refresh(&fixture, "t.csv", "x\na\nc\n");
    let Outcome::Conflicts(found) = merged(&fixture, None) else { panic!("both said something of the first") };
    let of_samples = found.iter().find(|conflict| conflict.path == path(".veneer/samples.parquet"));
    let of_samples = of_samples.unwrap_or_else(|| panic!("{found:?}"));
    let rows: Vec<_> = of_samples.rows.iter().filter_map(|row| row.address.row()).collect();
    assert_eq!(rows, ["1", "0"], "{found:?}");
}
