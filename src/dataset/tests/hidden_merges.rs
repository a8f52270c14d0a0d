//! Samples that one side of a merge excludes, and of which the other side, or both, did something else, too.

use super::class_merges::{file, insert, merge_class};
use super::classes::YAML;
use super::hidden_rows::{COCO, boxes, exclude, rows};
use super::merges::{merged, two_branches};
use super::*;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

const IMAGES: [(&str, &str); 2] = [("a.png", "a"), ("b.png", "b")];

fn delete(draft: &mut Draft, table: &str, row: &str) -> Result<()> {
    let table = draft.view().table(Some(table))?;
    draft.edit_table(&table, vec![RowEdit::Delete { row: row.to_owned() }]).map(drop)
}

fn set_box(draft: &mut Draft, table: &str, row: &str, to: [f64; 4]) -> Result<()> {
    let column = if table == "labels" { "box" } else { "bbox" };
    let table = draft.view().table(Some(table))?;
    let cells = vec![(column.to_owned(), Value::List(to.map(Value::Float).to_vec()))];
    draft.edit_table(&table, vec![RowEdit::Set { row: row.to_owned(), cells }]).map(drop)
}

/// Both ways round: whose side is whose makes no difference to what is merged.
fn both_ways(
    files: &[(&str, &str)],
    one: impl Fn(&mut Draft) -> Result<()>,
    other: impl Fn(&mut Draft) -> Result<()>,
    mut check: impl FnMut(&Fixture),
) {
    for swapped in [false, true] {
        let fixture = if swapped { two_branches(files, &other, &one) } else { two_branches(files, &one, &other) };
        let outcome = merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}, {swapped}");
        check(&fixture);
        assert_eq!(super::check(&fixture.datasets).expect("checked"), []);
    }
}

#[test]
fn a_row_that_one_side_deletes_stays_away_though_the_other_excludes_its_sample() {
    let table = |view: &View| rows(view, &view.table(Some("t")).expect("a table"), &["name"]);
    for (name, text) in [("t.csv", "name,n\na,1\nb,2\nc,3\n"), ("t.jsonl", "{\"name\":\"a\"}\n{\"name\":\"b\"}\n")] {
        both_ways(
            &[(name, text)],
            |d| delete(d, "t", "1"),
            |d| exclude(d, "1", true),
            |fixture| {
                let kept = if name == "t.csv" { vec!["a", "c"] } else { vec!["a"] };
                assert_eq!(table(&fixture.view("main")), kept);
                assert!(fixture.draft("main").exclude_samples(&["1".to_owned()], false).is_err());
            },
        );
    }
    let files = [IMAGES[0], IMAGES[1], ("set/train.json", COCO)];
    both_ways(
        &files,
        |d| delete(d, "annotations", "9"),
        |d| exclude(d, "a.png", true),
        |fixture| {
            assert_eq!(boxes(&fixture.view("main")), ["8 2 [1.0,1.0,1.0,1.0]"]);
            fixture.commit("main", |d| exclude(d, "a.png", false));
            assert_eq!(boxes(&fixture.view("main")), ["7 1 [1.0,2.0,3.0,4.0]", "8 2 [1.0,1.0,1.0,1.0]"]);
        },
    );
}

#[test]
fn a_row_with_a_key_that_one_side_deletes_stays_away_though_the_other_hides_it_in_other_bytes_or_another_place() {
    let text = "uid,n\nu1,1\nu2,2\nu3,3\n";
    let put_without = |d: &mut Draft| {
        exclude(d, "u2", true)?;
        put(d, "t.csv", "uid;n\nu3;3\nu1;1\n")
    };
    let move_first = |d: &mut Draft| {
        d.rename(&path("t.csv"), &path("m.csv"))?;
        exclude(d, "u2", true)
    };
    for moves in [false, true] {
        let fixture = super::keys::keyed("t.csv", text, "uid");
        fixture.commit("main", |d| delete(d, "t", "u2"));
        fixture.commit("other", |d| if moves { move_first(d) } else { put_without(d) });
        let outcome = merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        let view = fixture.view("main");
        let table = view.table(Some(if moves { "m" } else { "t" })).expect("a table");
        let mut left = rows(&view, &table, &["uid"]);
        left.sort();
        assert_eq!(left, ["u1", "u3"]);
        assert!(fixture.draft("main").exclude_samples(&["u2".to_owned()], false).is_err(), "nobody has it");
    }
}

#[test]
fn a_row_without_a_key_that_one_side_excludes_is_hidden_in_the_file_that_the_other_side_moved() {
    let files = [("t.csv", "name,n\na,1\nb,2\nc,3\n")];
    let moves = |d: &mut Draft| d.rename(&path("t.csv"), &path("m.csv"));
    both_ways(
        &files,
        moves,
        |d| exclude(d, "2", true),
        |fixture| {
            assert_eq!(file(&fixture.view("main"), "m.csv"), "name,n\na,1\nb,2\n");
            fixture.commit("main", |d| exclude(d, "2", false));
            assert_eq!(file(&fixture.view("main"), "m.csv"), files[0].1);
        },
    );
}

#[test]
fn a_hidden_row_comes_back_into_a_file_that_was_put_and_then_moved() {
    let fixture = Fixture::new(&[("t.csv", "name,n\na,1\nb,2\nc,3\n"), ("sub/", "")]);
    fixture.commit("main", |d| exclude(d, "1", true));
    fixture.commit("main", |d| put(d, "t.csv", "name;n\na;1\nc;7\n"));
    fixture.commit("main", |d| d.rename(&path("t.csv"), &path("sub/m.csv")));
    fixture.commit("main", |d| d.rename(&path("sub"), &path("folder")));
    let view = fixture.view("main");
    let found = rows(&view, &view.table(Some("samples")).expect("samples"), &["key", "excluded"]);
    let hidden = found.iter().find_map(|row| row.strip_suffix(" true")).expect("one is hidden");
    fixture.commit("main", |d| exclude(d, hidden, false));
    assert_eq!(file(&fixture.view("main"), "folder/m.csv"), "name;n\na;1\nb;2\nc;7\n");
}

#[test]
fn samples_are_told_though_all_are_excluded() {
    let files = [("cat/1.png", "1"), ("dog/2.png", "2")];
    both_ways(
        &files,
        |d| exclude(d, "cat/1.png", true),
        |d| exclude(d, "dog/2.png", true),
        |fixture| {
            let view = fixture.view("main");
            let told = rows(&view, &view.table(Some("samples")).expect("they are there"), &["key", "excluded"]);
            assert_eq!(told, ["cat/1.png true", "dog/2.png true"]);
            fixture.commit("main", |d| exclude(d, "cat/1.png", false));
            assert!(fixture.view("main").node(&path("cat/1.png")).expect("looked up").is_some());
        },
    );
}

#[test]
fn an_edit_is_beneath_where_the_other_side_excludes_the_sample_and_then_moves_its_file() {
    let files = [IMAGES[0], IMAGES[1], ("set/train.json", COCO)];
    let hide = |d: &mut Draft| {
        exclude(d, "a.png", true)?;
        d.rename(&path("set/train.json"), &path("all.json"))
    };
    both_ways(
        &files,
        hide,
        |d| set_box(d, "annotations", "9", [9.0; 4]),
        |fixture| {
            assert_eq!(boxes(&fixture.view("main")), ["8 2 [1.0,1.0,1.0,1.0]"]);
            fixture.commit("main", |d| exclude(d, "a.png", false));
            assert!(boxes(&fixture.view("main")).contains(&"9 1 [9.0,9.0,9.0,9.0]".to_owned()));
        },
    );
}

#[test]
fn an_edit_is_beneath_where_the_other_side_excludes_the_sample_though_one_of_them_was_refreshed() {
    let text = |c: i64| format!("image,n\na.png,1\nb.png,2\nc.png,{c}\n");
    for hides_ours in [false, true] {
        let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("c.png", "c"), ("t.csv", &text(3))]);
        fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
        let set = |d: &mut Draft| {
            let table = d.view().table(Some("t"))?;
            let cells = vec![("n".to_owned(), Value::Int(20))];
            d.edit_table(&table, vec![RowEdit::Set { row: "1".to_owned(), cells }]).map(drop)
        };
        let hide = |d: &mut Draft| exclude(d, "b.png", true);
        let [hides, sets] = if hides_ours { ["main", "other"] } else { ["other", "main"] };
        fixture.commit(hides, hide);
        fixture.commit(sets, set);
        super::hidden_rows::refresh(&fixture, "t.csv", &text(30));
        let outcome = merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        assert_eq!(file(&fixture.view("main"), "t.csv"), text(30).replace("b.png,2\n", ""));
        fixture.commit("main", |d| exclude(d, "b.png", false));
        assert_eq!(file(&fixture.view("main"), "t.csv"), text(30).replace("b.png,2", "b.png,20"));
    }
}

#[test]
fn labels_of_a_class_that_was_merged_before_their_image_was_excluded_have_the_other_sides_edit() {
    let files = [
        ("images/a.png", "a"),
        ("images/b.png", "b"),
        ("labels/a.txt", "1 .5 .5 .1 .1\n0 .2 .2 .1 .1\n"),
        ("labels/b.txt", "0 .5 .5 .1 .1\n"),
        ("data.yaml", YAML),
    ];
    let hide = |d: &mut Draft| {
        merge_class(d, "van", "car")?;
        exclude(d, "images/a.png", true)
    };
    both_ways(
        &files,
        hide,
        |d| set_box(d, "labels", "labels/a.txt#0", [0.5, 0.5, 0.2, 0.2]),
        |fixture| {
            assert!(fixture.view("main").node(&path("labels/a.txt")).expect("looked up").is_none());
            fixture.commit("main", |d| exclude(d, "images/a.png", false));
            assert_eq!(file(&fixture.view("main"), "labels/a.txt"), "0 .5 .5 0.2 0.2\n0 .2 .2 .1 .1\n");
        },
    );
}

#[test]
fn of_labels_that_one_side_hides_the_preferred_side_wins_where_both_edited_one_and_each_keeps_the_others() {
    let files = [("images/a.png", "a"), ("labels/a.txt", "1 .5 .5 .1 .1\n0 .2 .2 .1 .1\n"), ("data.yaml", YAML)];
    let set = |d: &mut Draft, row: &str, to: f64| set_box(d, "labels", &format!("labels/a.txt#{row}"), [to; 4]);
    let ours = |d: &mut Draft| {
        set(d, "0", 0.25)?;
        exclude(d, "images/a.png", true)
    };
    let theirs = |d: &mut Draft| {
        set(d, "0", 0.125)?;
        set(d, "1", 0.5)
    };
    for (prefer, first) in [(None, ""), (Some(Prefer::Ours), "0.25"), (Some(Prefer::Theirs), "0.125")] {
        let fixture = two_branches(&files, ours, theirs);
        let outcome = merged(&fixture, prefer);
        if prefer.is_none() {
            assert!(matches!(outcome, Outcome::Conflicts(_)), "{outcome:?}");
            continue;
        }
        fixture.commit("main", |d| exclude(d, "images/a.png", false));
        let expected = format!("1 {first} {first} {first} {first}\n0 0.5 0.5 0.5 0.5\n");
        assert_eq!(file(&fixture.view("main"), "labels/a.txt"), expected);
    }
}

#[test]
fn a_label_that_one_side_deletes_is_gone_though_the_other_merges_its_class() {
    let labels = "1 .5 .5 .1 .1\n1 .2 .2 .1 .1\n0 .3 .3 .1 .1\n";
    let files = [("labels/a.txt", labels), ("data.yaml", YAML)];
    let relabel = |d: &mut Draft| merge_class(d, "van", "car");
    both_ways(
        &files,
        relabel,
        |d| delete(d, "labels", "labels/a.txt#0"),
        |fixture| {
            assert_eq!(file(&fixture.view("main"), "labels/a.txt"), "0 .2 .2 .1 .1\n0 .3 .3 .1 .1\n");
        },
    );
    // An edit of that label alone is another matter.
    let relabel_and_move = |d: &mut Draft| {
        merge_class(d, "van", "car")?;
        set_box(d, "labels", "labels/a.txt#0", [0.1; 4])
    };
    let fixture = two_branches(&files, relabel_and_move, |d| delete(d, "labels", "labels/a.txt#0"));
    assert!(matches!(merged(&fixture, None), Outcome::Conflicts(_)));
}

#[test]
fn an_inserted_row_that_one_side_deletes_is_gone_though_the_other_fills_a_column_or_merges_its_class() {
    let files = [("labels/a.txt", "0 .3 .3 .1 .1\n"), ("data.yaml", YAML)];
    let relabel = |d: &mut Draft| merge_class(d, "van", "car");
    let fill = |d: &mut Draft| {
        let table = d.view().table(Some("labels"))?;
        d.add_column(&table, "note", &arrow::datatypes::DataType::Utf8)?;
        let cells = vec![("note".to_owned(), Value::Text("seen".to_owned()))];
        let set = |row: &str| RowEdit::Set { row: format!("labels/a.txt#{row}"), cells: cells.clone() };
        d.edit_table(&d.view().table(Some("labels"))?, vec![set("0"), set("0+1")]).map(drop)
    };
    for fills in [false, true] {
        let one = |d: &mut Draft| if fills { fill(d) } else { relabel(d) };
        let fixture = Fixture::new(&files);
        let place = Value::List([0.5, 0.5, 0.1, 0.1].map(Value::Float).to_vec());
        let cells = [("file", Value::Text("labels/a.txt".to_owned())), ("class", Value::Int(1)), ("box", place)];
        let new = fixture.commit("main", |d| insert(d, "labels", &cells));
        fixture.dataset.create_branch(&"other".parse().expect("a name"), new).expect("a branch");
        fixture.commit("main", one);
        fixture.commit("other", |d| delete(d, "labels", "labels/a.txt#0+1"));
        let outcome = merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        assert_eq!(file(&fixture.view("main"), "labels/a.txt"), "0 .3 .3 .1 .1\n");
    }
}

#[test]
fn new_rows_of_both_sides_have_ids_of_their_own_though_one_moved_the_file() {
    let files = [IMAGES[0], IMAGES[1], ("set/train.json", COCO)];
    let new = |d: &mut Draft, image: i64| {
        let place = Value::List([1, 1, 2, 2].map(Value::Int).to_vec());
        let cells = [("image_id", Value::Int(image)), ("category_id", Value::Int(1)), ("bbox", place)];
        insert(d, "annotations", &cells)
    };
    for moves in ["all.json", "other/train.json"] {
        let fixture = Fixture::new(&files);
        fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
        fixture.commit("main", |d| {
            if moves == "all.json" {
                d.rename(&path("set/train.json"), &path("all.json"))?;
            } else {
                d.rename(&path("set"), &path("other"))?;
            }
            new(d, 1)
        });
        fixture.commit("other", |d| new(d, 2));
        let outcome = merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{moves}: {outcome:?}");
        let found = boxes(&fixture.view("main"));
        let new = |id: i64, image: i64| format!("{id} {image} [1.0,1.0,2.0,2.0]");
        assert!(found.contains(&new(10, 1)) && found.contains(&new(11, 2)), "{moves}: {found:?}");
    }
}

#[test]
fn a_row_without_a_key_is_hidden_in_other_bytes_with_the_other_sides_edit_or_gone_with_its_deletion() {
    let files = [("t.csv", "name,n\na,1\nb,2\nc,3\nd,4\n")];
    let other_bytes = "name;n\na;1\nb;2\nc;3\nd;4\n";
    let put_and_hide = |d: &mut Draft| {
        put(d, "t.csv", other_bytes)?;
        exclude(d, "1", true)
    };
    let set = |d: &mut Draft| {
        let table = d.view().table(Some("t"))?;
        let cells = vec![("n".to_owned(), Value::Int(20))];
        d.edit_table(&table, vec![RowEdit::Set { row: "1".to_owned(), cells }]).map(drop)
    };
    both_ways(&files, put_and_hide, set, |fixture| {
        assert_eq!(file(&fixture.view("main"), "t.csv"), other_bytes.replace("b;2\n", ""));
        fixture.commit("main", |d| exclude(d, "1", false));
        assert_eq!(file(&fixture.view("main"), "t.csv"), other_bytes.replace("b;2", "b;20"));
    });
    both_ways(
        &files,
        put_and_hide,
        |d| delete(d, "t", "1"),
        |fixture| {
            assert_eq!(file(&fixture.view("main"), "t.csv"), other_bytes.replace("b;2\n", ""));
            assert!(fixture.draft("main").exclude_samples(&["1".to_owned()], false).is_err(), "nobody has it");
        },
    );
}

#[test]
fn hidden_annotations_have_the_merged_class_though_the_file_was_put_on_one_side_and_moved_on_the_other() {
    let compact = |view: &View| {
        let json: serde_json::Value = serde_json::from_str(&file(view, "set/train.json")).expect("JSON");
        json.to_string()
    };
    for swapped in [false, true] {
        let fixture = Fixture::new(&[IMAGES[0], IMAGES[1], ("set/train.json", COCO)]);
        let hidden = fixture.commit("main", |d| exclude(d, "a.png", true));
        fixture.dataset.create_branch(&"other".parse().expect("a name"), hidden).expect("a branch");
        let [merges, moves] = if swapped { ["other", "main"] } else { ["main", "other"] };
        fixture.commit(moves, |d| d.rename(&path("set/train.json"), &path("all.json")));
        fixture.commit(merges, |d| {
            merge_class(d, "dog", "cat")?;
            let text = compact(d.view());
            put(d, "set/train.json", &text)
        });
        let outcome = merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        fixture.commit("main", |d| exclude(d, "a.png", false));
        let view = fixture.view("main");
        let found = rows(&view, &view.table(Some("annotations")).expect("a table"), &["id", "category_id"]);
        assert_eq!(found, ["8 1", "7 1", "9 1"], "{swapped}");
    }
}

#[test]
fn a_class_that_one_side_merges_is_that_of_a_label_that_the_other_gives_and_hides() {
    let files = [IMAGES[0], IMAGES[1], ("set/train.json", COCO)];
    both_ways(
        &files,
        |d| {
            set_box(d, "annotations", "9", [9.0; 4])?;
            merge_class(d, "dog", "cat")
        },
        |d| {
            let table = d.view().table(Some("annotations"))?;
            let cells = vec![("category_id".to_owned(), Value::Int(2))];
            d.edit_table(&table, vec![RowEdit::Set { row: "7".to_owned(), cells }])?;
            exclude(d, "a.png", true)
        },
        |fixture| {
            fixture.commit("main", |d| exclude(d, "a.png", false));
            let view = fixture.view("main");
            let found = rows(&view, &view.table(Some("annotations")).expect("a table"), &["id", "category_id"]);
            assert_eq!(found, ["7 1", "8 1", "9 1"]);
            assert!(boxes(&view).contains(&"9 1 [9.0,9.0,9.0,9.0]".to_owned()));
        },
    );
}

#[test]
fn a_row_that_was_hidden_before_its_file_was_moved_comes_back_though_the_other_side_put_other_bytes() {
    let text = "name,n\na,1\nb,2\nc,3\n";
    for is_keyed in [false, true] {
        for swapped in [false, true] {
            let fixture = super::keys::keyed("t.csv", text, if is_keyed { "name" } else { "" });
            let [puts, hides] = if swapped { ["other", "main"] } else { ["main", "other"] };
            fixture.commit(puts, |d| put(d, "t.csv", "name;n\na;1\nb;2\nc;3\n"));
            fixture.commit(hides, |d| {
                exclude(d, if is_keyed { "b" } else { "1" }, true)?;
                d.rename(&path("t.csv"), &path("x.csv"))
            });
            let outcome = merged(&fixture, None);
            assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
            assert_eq!(file(&fixture.view("main"), "x.csv"), "name;n\na;1\nc;3\n");
            fixture.commit("main", |d| d.rename(&path("x.csv"), &path("y.csv")));
            let view = fixture.view("main");
            let found = rows(&view, &view.table(Some("samples")).expect("samples"), &["key", "excluded"]);
            let hidden = found.iter().find_map(|row| row.strip_suffix(" true")).expect("one is hidden");
            fixture.commit("main", |d| exclude(d, hidden, false));
            assert_eq!(file(&fixture.view("main"), "y.csv"), "name;n\na;1\nb;2\nc;3\n", "{is_keyed} {swapped}");
        }
    }
}

#[test]
fn a_deleted_row_stays_away_though_both_exclude_its_sample_or_the_file_was_put_afterwards() {
    let images = [("img/a.png", "a"), ("img/b.png", "b"), ("img/c.png", "c")];
    let text = "image,n\nimg/a.png,1\nimg/b.png,2\nimg/c.png,3\n";
    let files = [images[0], images[1], images[2], ("t.csv", text)];
    let left = |separator: &str| text.replace("img/b.png,2\n", "").replace(',', separator);
    for (both_exclude, puts) in [(true, false), (true, true), (false, true)] {
        both_ways(
            &files,
            |d| {
                delete(d, "t", "1")?;
                if both_exclude {
                    exclude(d, "img/b.png", true)?;
                }
                if puts { put(d, "t.csv", &left(";")) } else { Ok(()) }
            },
            |d| exclude(d, "img/b.png", true),
            |fixture| {
                fixture.commit("main", |d| exclude(d, "img/b.png", false));
                let separator = if puts { ";" } else { "," };
                assert_eq!(file(&fixture.view("main"), "t.csv"), left(separator), "{both_exclude} {puts}");
                assert!(fixture.view("main").node(&path("img/b.png")).expect("looked up").is_some());
            },
        );
    }
}

#[test]
fn a_row_without_a_key_that_both_sides_hide_comes_back_once_in_the_bytes_of_either() {
    let files = [("img/a.png", "a"), ("img/b.png", "b"), ("t.csv", "image,n\nimg/a.png,1\nimg/b.png,2\n")];
    both_ways(
        &files,
        |d| {
            exclude(d, "img/a.png", true)?;
            put(d, "t.csv", "image;n\nimg/b.png;2\n")
        },
        |d| exclude(d, "img/a.png", true),
        |fixture| {
            fixture.commit("main", |d| exclude(d, "img/a.png", false));
            let now = file(&fixture.view("main"), "t.csv");
            let mut lines: Vec<&str> = now.lines().collect();
            lines[1..].sort_unstable();
            assert_eq!(lines, ["image;n", "img/a.png;1", "img/b.png;2"]);
        },
    );
}
