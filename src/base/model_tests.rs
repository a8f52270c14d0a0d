//! Bases and comparisons against a plain map.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::UInt64Type;
use arrow::ipc::reader::FileReader;
use bytes::Bytes;
use proptest::prelude::*;

use super::compare::{CompareOptions, compare};
use super::*;
use crate::model::{Kind, What};
use crate::source::planted::{Model, TOP, model, tree};

pub(super) fn base(model: &Model) -> Base {
    let bytes = encode(tree(model)).expect("it fits");
    Base::from_object(Id::of(&bytes), Object::from_bytes(Bytes::from(bytes))).expect("a base")
}

/// What the base holds, read through every door that leads to it.
fn read_back(base: &Base) -> Model {
    let mut model = Model::new();
    let mut seen = 1;
    for folder in 0..base.len() {
        for listed in base.list(folder, 0).expect("a folder's rows") {
            let Listed { row, name, entry } = listed.expect("a child");
            assert_eq!(row, seen, "breadth-first, with no gap");
            seen += 1;
            let path = base.path(row).expect("a path");
            assert_eq!(base.parent(row).expect("a parent"), folder);
            assert_eq!(base.name(row).expect("a name"), name);
            assert_eq!(base.entry(row).expect("an entry"), entry);
            assert_eq!(base.child(folder, name).expect("an answer"), Some(row));
            assert_eq!(base.find(&path).expect("an answer"), Some(row));
            model.insert(path, (entry, base.link_target(row).expect("a target").to_vec()));
        }
    }
    assert_eq!(seen, base.len());
    model
}

/// The differences of two maps, as [`compare`] should give them.
fn expected(before: &Model, after: &Model, options: CompareOptions) -> Vec<(DataPath, What)> {
    let mut paths: BTreeMap<DataPath, What> = BTreeMap::new();
    let is_folder = |model: &Model, path: &DataPath| {
        path.is_root() || model.get(path).is_some_and(|(entry, _)| entry.kind == Kind::Folder)
    };
    for path in before.keys().chain(after.keys()) {
        let what = match (before.get(path), after.get(path)) {
            (Some(_), None) => What::Removed,
            (None, _) => What::Added,
            (Some(old), Some(new)) => {
                let mut old = old.clone();
                if old.0.kind == Kind::Folder && new.0.kind == Kind::Folder && !options.folder_times {
                    old.0.mtime_ns = new.0.mtime_ns;
                }
                if old == *new {
                    continue;
                }
                What::Modified
            }
        };
        let parent = path.parent().expect("not the top");
        if !options.whole_folders || (is_folder(before, &parent) && is_folder(after, &parent)) {
            paths.insert(path.clone(), what);
        }
    }
    paths.into_iter().collect()
}

fn check_compare(before: &Model, after: &Model, options: CompareOptions) {
    let (old, new) = (base(before), base(after));
    let mut found = Vec::new();
    for difference in compare(&old, &new, options) {
        let difference = difference.expect("a difference");
        for (base, side, model) in [(&old, difference.before, before), (&new, difference.after, after)] {
            assert_eq!(side.map(|(_, entry)| entry), model.get(&difference.path).map(|(entry, _)| *entry));
            assert_eq!(side.map(|(row, _)| row), base.find(&difference.path).expect("an answer"));
        }
        found.push((difference.path, difference.what));
    }
    assert_eq!(found, expected(before, after, options));
}

/// Paths of odd names and few of them, so that they meet.
fn any_model() -> impl Strategy<Value = Model> {
    let name = prop::sample::select(vec![&b"a"[..], b"a-", b"a-b", b"a.", b"a0", b"b", b"\xff\n", b"..."]);
    let entry = (prop::collection::vec(name, 1..5), 0..3u8, 0..3u64, any::<bool>());
    prop::collection::vec(entry, 0..40).prop_map(|entries| {
        let mut model = Model::new();
        for (names, kind, number, late) in entries {
            let folder = Entry { mtime_ns: i64::from(late), ..TOP };
            let (entry, target) = match kind {
                0 => (Entry { kind: Kind::File, size: number, mtime_ns: -5, mode: 0o7000 + number as u32 }, vec![]),
                1 => (folder, vec![]),
                _ => (Entry { kind: Kind::Symlink, size: 1, mtime_ns: i64::MAX, mode: 0o777 }, vec![number as u8]),
            };
            let mut path = DataPath::ROOT;
            for (at, name) in names.iter().enumerate() {
                path = path.join(name).expect("a short path");
                let last = at + 1 == names.len();
                let (entry, _) = model
                    .entry(path.clone())
                    .or_insert_with(|| if last { (entry, target.clone()) } else { (folder, vec![]) });
                if entry.kind != Kind::Folder {
                    break;
                }
            }
        }
        model
    })
}

proptest! {
    #[test]
    fn a_base_says_what_the_tree_was(model in any_model()) {
        let base = base(&model);
        prop_assert_eq!(read_back(&base), model.clone());
        prop_assert_eq!(base.entry(Base::ROOT).expect("an entry"), TOP);
        let count = |kind| model.values().filter(|(entry, _)| entry.kind == kind).count() as u64;
        let totals = Totals {
            files: count(Kind::File),
            folders: count(Kind::Folder),
            symlinks: count(Kind::Symlink),
            bytes: model.values().filter(|(entry, _)| entry.kind == Kind::File).map(|(entry, _)| entry.size).sum(),
        };
        prop_assert_eq!(base.totals(), totals);
    }

    #[test]
    fn two_bases_differ_as_their_trees_do(
        before in any_model(),
        after in any_model(),
        folder_times: bool,
        whole_folders: bool,
    ) {
        check_compare(&before, &after, CompareOptions { folder_times, whole_folders });
    }
}

#[test]
fn any_arrow_reader_opens_a_base() {
    let model = model(&[("b", "/"), ("b/x", "7"), ("a", "12"), ("c", "-> b/x")]);
    let bytes = encode(tree(&model)).expect("it fits");
    let mut reader = FileReader::try_new(std::io::Cursor::new(bytes), None).expect("an Arrow file");
    assert_eq!(reader.schema().metadata()["veneer.base.files"], "2");
    let batch = reader.next().expect("a batch").expect("a valid one");
    assert!(reader.next().is_none());
    let names = batch.column_by_name("name").expect("the column").as_binary::<i64>();
    assert_eq!(names.iter().flatten().collect::<Vec<_>>(), [&b""[..], b"a", b"b", b"c", b"x"]);
    let sizes = batch.column_by_name("size").expect("the column").as_primitive::<UInt64Type>();
    assert_eq!(sizes.values().to_vec(), [0, 12, 0, 3, 7]);
    let targets = batch.column_by_name("link_target").expect("the column").as_binary::<i32>();
    assert_eq!((targets.value(3), targets.value(1), targets.null_count()), (&b"b/x"[..], &b""[..], 0));
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let model = model(&[("b", "/"), ("b/x", "7"), ("a", "12")]);
    assert_eq!(encode(tree(&model)).expect("it fits"), encode(tree(&model)).expect("it fits"));
}

#[test]
fn each_column_begins_at_a_multiple_of_64_bytes() {
    let base = base(&model(&[("a", "1"), ("b", "/"), ("b/c", "-> a")]));
    let layout = &base.layout;
    let columns = [layout.parent, layout.name.offsets, layout.name.data, layout.kind, layout.size, layout.mtime];
    for at in columns.into_iter().chain([layout.mode, layout.first_child, layout.link_target.offsets]) {
        assert_eq!(at % 64, 0);
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let base = base(&model(&[("a", "1"), ("b", "/"), ("b/c", "2")]));
    for path in ["A", "aa", "b/", "b/c/d", "c", "a/x"] {
        let found = base.find(&path.parse().expect("a path")).expect("an answer");
        assert_eq!(found.is_some(), path == "b/", "{path}");
    }
    assert!(base.entry(4).is_err() && base.name(u32::MAX).is_err() && base.children(4).is_err());
}

#[test]
fn a_listing_may_begin_anywhere_and_go_over_many_blocks() {
    let entries: Vec<_> = (0..3000).map(|n| (format!("{n:05}"), n.to_string())).collect();
    let entries: Vec<_> = entries.iter().map(|(path, size)| (path.as_str(), size.as_str())).collect();
    let base = base(&model(&entries));
    for skip in [0, 1, 511, 512, 513, 2999, 3000, 9999] {
        let sizes: Vec<_> =
            base.list(Base::ROOT, skip).expect("rows").map(|listed| listed.expect("a child").entry.size).collect();
        assert_eq!(sizes, (u64::from(skip).min(3000)..3000).collect::<Vec<_>>());
    }
}

#[test]
fn differences_come_in_the_order_of_paths() {
    let before = model(&[("a", "/"), ("a/x", "1"), ("a-b", "1"), ("z", "/"), ("z/y", "1")]);
    let after = model(&[("a", "/"), ("a/x", "2"), ("a-b", "2"), ("a0", "1"), ("z", "5")]);
    let (old, new) = (base(&before), base(&after));
    let all: Vec<_> = compare(&old, &new, CompareOptions::default())
        .map(|difference| difference.expect("a difference"))
        .map(|difference| (difference.path.to_string(), difference.what))
        .collect();
    let expected = [
        ("a-b", What::Modified),
        ("a/x", What::Modified),
        ("a0", What::Added),
        ("z", What::Modified),
        ("z/y", What::Removed),
    ];
    assert_eq!(all, expected.map(|(path, what)| (path.to_owned(), what)));
}

#[test]
fn a_link_that_points_elsewhere_is_modified() {
    let (before, after) = (model(&[("l", "-> ab")]), model(&[("l", "-> ba")]));
    check_compare(&before, &after, CompareOptions::default());
    assert_eq!(expected(&before, &after, CompareOptions::default()).len(), 1);
}
