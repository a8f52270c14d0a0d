//! Label files that one side of a merge moves with their image, and that the other excludes with it, edited by either.

use super::hidden_rows::{exclude, rows};
use super::merges::{merged, two_branches};
use super::*;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

const YOLO: [(&str, &str); 6] = [
    ("data.yaml", "names: [cat, dog, fox]\ntrain: images/train\nval: images/val\n"),
    ("images/train/a.png", "a"),
    ("images/train/b.png", "b"),
    ("labels/train/a.txt", "0 .1 .1 .1 .1\n"),
    ("labels/train/b.txt", "0 .5 .5 .2 .2\n0 .4 .4 .2 .2\n"),
    ("images/val/z.png", "z"),
];

fn voc(name: &str) -> String {
    let object = |label: &str| {
        format!(
            "<object><name>{label}</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object>"
        )
    };
    let size = "<size><width>10</width><height>10</height><depth>3</depth></size>";
    format!("<annotation><filename>{name}</filename>{size}{}{}</annotation>\n", object("cat"), object("cat"))
}

/// A dataset of labels in files, and what is asked of it.
struct Labels {
    files: Vec<(&'static str, String)>,
    /// The image, and the file of its labels.
    pair: [&'static str; 2],
    table: &'static str,
    column: &'static str,
    /// What the mover sets, what the hider does, and what it was.
    values: [Value; 3],
}

impl Labels {
    fn both() -> [Labels; 2] {
        let names = ["dog", "fox", "cat"].map(|name| Value::Text(name.to_owned()));
        let owned = |files: &[(&'static str, &str)]| files.iter().map(|(at, text)| (*at, (*text).to_owned())).collect();
        let mut of_voc: Vec<(&str, String)> = owned(&[("train/a.png", "a"), ("train/b.png", "b"), ("val/z.png", "z")]);
        of_voc.extend([("train/a.xml", voc("a.png")), ("train/b.xml", voc("b.png")), ("val/z.xml", voc("z.png"))]);
        let mut of_yolo: Vec<(&str, String)> = owned(&YOLO);
        of_yolo.push(("labels/val/z.txt", "2 .5 .5 .2 .2\n".to_owned()));
        [
            Labels {
                files: of_yolo,
                pair: ["images/train/b.png", "labels/train/b.txt"],
                table: "labels",
                column: "class",
                values: [1, 2, 0].map(Value::Int),
            },
            Labels {
                files: of_voc,
                pair: ["train/b.png", "train/b.xml"],
                table: "objects",
                column: "name",
                values: names,
            },
        ]
    }

    fn set(&self, d: &mut Draft, row: usize, value: usize) -> Result<()> {
        let table = d.view().table(Some(self.table))?;
        let cells = vec![(self.column.to_owned(), self.values[value].clone())];
        d.edit_table(&table, vec![RowEdit::Set { row: format!("{}#{row}", self.pair[1]), cells }]).map(drop)
    }

    /// A value as text.
    fn told(&self, value: usize) -> String {
        match &self.values[value] {
            Value::Int(class) => class.to_string(),
            Value::Text(name) => name.clone(),
            other => panic!("{other:?} is no class"),
        }
    }

    fn hide(&self, d: &mut Draft) -> Result<()> {
        exclude(d, self.pair[0], true)
    }

    fn moved(at: &str, is_folder: bool) -> String {
        at.replace("train", if is_folder { "new" } else { "val" })
    }

    fn shift(&self, d: &mut Draft, is_folder: bool) -> Result<()> {
        let mut froms: Vec<&str> = self.pair.to_vec();
        if is_folder {
            froms = self.pair.iter().map(|at| at.rsplit_once('/').expect("a folder").0).collect();
            froms.dedup();
        }
        froms.into_iter().try_for_each(|at| d.rename(&path(at), &path(&Labels::moved(at, is_folder))))
    }

    /// What the classes of the labels of the image are once it is included.
    fn classes(&self, fixture: &Fixture, is_folder: bool) -> Vec<String> {
        let shown = |at: &str| fixture.view("main").node(&path(at)).expect("looked up").is_some();
        let now = self.pair.map(|at| Labels::moved(at, is_folder));
        assert_eq!(now.each_ref().map(|at| shown(at)), [false; 2], "they are excluded");
        fixture.commit("main", |d| {
            let samples = d.view().table(Some("samples"))?;
            let hidden = rows(d.view(), &samples, &["key", "excluded"]);
            let key = hidden.iter().find_map(|row| row.strip_suffix(" true")).expect("an excluded one").to_owned();
            exclude(d, &key, false)
        });
        assert_eq!(now.each_ref().map(|at| shown(at)), [true; 2], "they are included");
        assert_eq!(self.pair.map(shown), [false; 2], "they were moved");
        let view = fixture.view("main");
        let table = view.table(Some(self.table)).expect("a table");
        let of_file = |row: String| row.strip_prefix(&format!("{} ", now[1])).map(str::to_owned);
        rows(&view, &table, &["file", self.column]).into_iter().filter_map(of_file).collect()
    }
}

#[test]
fn edits_of_labels_go_where_one_side_moves_them_though_the_other_excludes_their_image() {
    for labels in Labels::both() {
        let files: Vec<(&str, &str)> = labels.files.iter().map(|(at, text)| (*at, text.as_str())).collect();
        let (was, told) = (labels.told(2), |value| labels.told(value));
        for is_folder in [false, true] {
            // Which row the mover and the hider set.
            for (by_mover, by_hider) in [(None, None), (Some(0), None), (None, Some(1)), (Some(0), Some(1))] {
                let mover = |d: &mut Draft| {
                    by_mover.map_or(Ok(()), |row| labels.set(d, row, 0))?;
                    labels.shift(d, is_folder)
                };
                let hider = |d: &mut Draft| {
                    by_hider.map_or(Ok(()), |row| labels.set(d, row, 1))?;
                    labels.hide(d)
                };
                for swapped in [false, true] {
                    let fixture =
                        if swapped { two_branches(&files, hider, mover) } else { two_branches(&files, mover, hider) };
                    let outcome = merged(&fixture, None);
                    assert!(
                        matches!(outcome, Outcome::Done { .. }),
                        "{outcome:?}, {by_mover:?} {by_hider:?} {swapped}"
                    );
                    let first = by_mover.map_or(was.clone(), |_| told(0));
                    let second = by_hider.map_or(was.clone(), |_| told(1));
                    let expected = [first, second];
                    assert_eq!(labels.classes(&fixture, is_folder), expected, "{by_mover:?} {by_hider:?} {is_folder}");
                    assert_eq!(super::check(&fixture.datasets).expect("checked"), []);
                }
            }
        }
    }
}

#[test]
fn a_label_that_both_sides_set_is_decided_where_one_moved_it_and_the_other_excluded_its_image() {
    for labels in Labels::both() {
        let files: Vec<(&str, &str)> = labels.files.iter().map(|(at, text)| (*at, text.as_str())).collect();
        let mover = |d: &mut Draft| labels.set(d, 0, 0).and_then(|()| labels.shift(d, false));
        let hider = |d: &mut Draft| labels.set(d, 0, 1).and_then(|()| labels.hide(d));
        for swapped in [false, true] {
            for how in [Resolution::Ours, Resolution::Theirs, Resolution::Value(labels.values[1].clone())] {
                let fixture =
                    if swapped { two_branches(&files, hider, mover) } else { two_branches(&files, mover, hider) };
                let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
                let mut draft = fixture.draft("main");
                assert!(draft.merge(theirs, "both").expect("a merge"));
                let open = draft.pending().expect("it stands").open.clone();
                let [conflict] = &*open else { panic!("{open:?}") };
                assert_eq!(conflict.path.to_string(), Labels::moved(labels.pair[1], false));
                assert!(conflict.row.is_some(), "{conflict:?}");
                draft.resolve(&[0], &how).expect("decided");
                drop(draft.commit("decided", "ann").expect("a commit"));
                let is_second = matches!(how, Resolution::Value(_)) || (how == Resolution::Theirs) != swapped;
                let expected = labels.told(if is_second { 1 } else { 0 });
                assert_eq!(labels.classes(&fixture, false)[0], expected, "{how:?} {swapped}");
                assert_eq!(super::check(&fixture.datasets).expect("checked"), []);
            }
        }
    }
}
