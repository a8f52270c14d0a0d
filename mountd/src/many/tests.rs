//! Many revisions, asked for without a kernel.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use veneer::model::{BranchName, Id, Kind};
use veneer::source::OnDrift;

use super::filesystem::Many;
use super::{names, take_over};
use crate::answers::Answers;
use crate::attributes::{Attributes, Listed, Room};
use crate::filesystem::{Detail, FileSystem};
use crate::follow::Kernel;
use crate::inode::Number;
use crate::kept::Kept;
use crate::planted::{OWNER, Planted, info, path, put, write};
use crate::shown::Shown;
use crate::veneer_folder::VeneerFolder;

const FILES: &[(&str, &str)] = &[("a/x", "1"), ("a/deep/y", "2"), ("b/z", "3")];

/// A dataset with the tag `v1`, and a `main` that has a folder of its own and a moved one.
fn planted() -> Planted {
    let planted = Planted::new(FILES);
    let first = planted.fs.shown().revision();
    planted.dataset.create_tag(&"v1".parse().expect("a name"), first).expect("made");
    planted.commit(|draft| {
        draft.make_folder(&path("made"))?;
        put(draft, "made/w", "4")?;
        draft.rename(&path("a"), &path("moved"))
    });
    planted
}

fn kept(planted: &Planted) -> (TempDir, Arc<Kept>) {
    let folder = tempfile::tempdir().expect("a folder");
    drop(veneer::store::LocalStore::create(&folder.path().join("store")).expect("made"));
    let kept = Kept::new(Some(&folder.path().join("store")), planted.fs.shown().revision()).expect("pinned");
    (folder, Arc::new(kept))
}

fn many(planted: &Planted, kept: Arc<Kept>) -> Many {
    let head = planted.fs.shown().revision();
    let view = planted.dataset.view(head).expect("a view");
    let files = FileSystem::new(Shown::first(view, head, VeneerFolder::new(&info(), head, 0)), OWNER, OnDrift::Error);
    let many = Many::new(files, OWNER, planted.dataset.clone(), kept, &info());
    for (name, id) in names::of_refs(&planted.dataset).expect("readable").into_iter().rev() {
        many.add(&name, true, id).expect("shown");
    }
    many
}

/// The same as the next process serves it.
fn taken_over(planted: &Planted, before: &Many, kept: Arc<Kept>) -> Many {
    let state = serde_json::to_value(before.state()).expect("plain data");
    let state = serde_json::from_value(state).expect("its own encoding");
    let files = take_over::bases(&planted.dataset, &state, &info()).expect("there");
    let recall = take_over::recall(&planted.dataset, &state, vec![info()]).expect("ids");
    let files = FileSystem::new(files, OWNER, OnDrift::Error).with_recall(recall);
    let many = Many::new(files, OWNER, planted.dataset.clone(), kept, &info());
    many.recover(state).expect("all is there");
    many
}

fn find(many: &Many, path: &str) -> Attributes {
    let mut found = many.attributes(Number::ROOT).expect("a top");
    for name in path.split('/') {
        let next = many.lookup(found.number, name.as_bytes()).expect("an answer");
        found = next.unwrap_or_else(|| panic!("there is no `{name}` of `{path}`"));
    }
    found
}

fn list(many: &Many, folder: Number, after: u64, room: usize) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    let mut add = |listed: Listed<'_>| {
        if all.len() == room {
            return Room::Full;
        }
        all.push((listed.cookie, String::from_utf8_lossy(listed.name).into_owned()));
        Room::Taken
    };
    many.list(folder, after, Detail::Attributes, &mut add).expect("listed");
    all
}

fn branch(planted: &Planted, name: &str, at: Id) {
    planted.dataset.create_branch(&name.parse::<BranchName>().expect("a name"), at).expect("made");
}

#[test]
fn folders_of_many_revisions_keep_their_numbers_in_the_next_process() {
    let planted = planted();
    branch(&planted, "fix/one", planted.fs.shown().revision());
    let (_folder, kept) = kept(&planted);
    let before = many(&planted, Arc::clone(&kept));
    let hex = format!("@{}", &planted.fs.shown().revision().to_hex()[..9]);
    let places =
        ["main", "fix", "fix/one", "main/made", "fix/one/made", "main/moved/deep", "@v1/a/deep", "main/made/w"];
    let of_hex = [format!("{hex}/made"), format!("{hex}/moved/deep"), format!("{hex}/.veneer"), ".veneer".to_owned()];
    let places: Vec<&str> = places.into_iter().chain(of_hex.iter().map(String::as_str)).collect();
    let found: Vec<Attributes> = places.iter().map(|place| find(&before, place)).collect();
    let folders: Vec<Number> = found.iter().filter(|one| one.kind == Kind::Folder).map(|one| one.number).collect();
    assert_eq!(folders.iter().collect::<BTreeSet<_>>().len(), folders.len(), "two folders have one number");
    let after = taken_over(&planted, &before, kept);
    for (place, known) in places.iter().zip(&found) {
        assert_eq!(
            after.attributes(known.number).unwrap_or_else(|error| panic!("{place}: {error}")),
            *known,
            "{place}"
        );
    }
    for (place, known) in places.iter().zip(&found) {
        assert_eq!(find(&after, place), *known, "{place}");
    }
    assert!(
        after.attributes(Number(1 << 63 | 5)).is_err() && after.attributes(Number(1 << 62 | 999 << 44 | 1)).is_err()
    );
}

#[test]
fn a_folder_that_is_forgotten_takes_no_memory_and_a_file_is_one_for_all() {
    let planted = planted();
    branch(&planted, "side", planted.fs.shown().revision());
    let (_folder, kept) = kept(&planted);
    let many = many(&planted, kept);
    let [main, side] = ["main", "side"].map(|top| find(&many, &format!("{top}/made/w")).number);
    assert_eq!(main, side);
    assert_eq!(find(&many, "@v1/a/x").number, find(&many, "main/moved/x").number, "a moved file is the same one");
    many.forget(main, 1);
    assert!(many.attributes(side).is_ok(), "it is known from the other folder");
    many.forget(side, 1);
    assert!(many.attributes(side).is_err());
    let folder = find(&many, "main/made").number;
    many.forget(folder, 2);
    assert!(many.attributes(folder).is_err() && many.made.find(folder).is_none());
    assert_eq!(find(&many, "main/made").number, folder);
}

#[test]
fn a_listing_of_folders_goes_on_though_some_come_and_go() {
    let planted = planted();
    let head = planted.fs.shown().revision();
    (0..12).for_each(|number| branch(&planted, &format!("b{number}"), head));
    branch(&planted, "x/one", head);
    branch(&planted, "x/two", head);
    let (_folder, kept) = kept(&planted);
    let many = many(&planted, kept);
    let whole = list(&many, Number::ROOT, 0, 100);
    assert_eq!(whole.len(), 2 + 12 + "main @v1 x".split(' ').count());
    assert_eq!(list(&many, find(&many, "x").number, 0, 100).len(), 4);
    for (at, (cookie, _)) in whole.iter().enumerate() {
        assert_eq!(list(&many, Number::ROOT, *cookie, 100), whole[at + 1..]);
    }
    let (first, rest) = whole.split_at(7);
    let gone = rest.iter().map(|(_, name)| name.as_str()).find(|name| name.starts_with('b')).expect("one of twelve");
    let slot = Arc::clone(&many.top().slots[gone]);
    many.remove(&slot);
    many.add("late", true, head).expect("shown");
    let mut expected: BTreeSet<&str> = rest.iter().map(|(_, name)| name.as_str()).collect();
    expected.remove(gone);
    let listed = list(&many, Number::ROOT, first[6].0, 100);
    let listed: BTreeSet<&str> = listed.iter().map(|(_, name)| name.as_str()).filter(|name| *name != "late").collect();
    assert_eq!(listed, expected);
    assert!(many.attributes(super::numbers::Inner::top(slot.number).outer().number()).is_err(), "it is gone");
}

#[test]
fn a_move_of_one_folder_that_was_cut_short_is_known_to_be() {
    let planted = planted();
    let (_folder, kept) = kept(&planted);
    let before = many(&planted, Arc::clone(&kept));
    before.settle(["main", "@v1"]);
    let old = planted.fs.shown().revision();
    let new = planted.commit(|draft| put(draft, "made/w", "44"));
    let slot = Arc::clone(&before.top().slots["main"]);
    before.change(&slot, new).expect("moved");
    before.add("late", true, old).expect("shown");
    let after = taken_over(&planted, &before, kept);
    let state = after.state();
    let cut: Vec<(&str, Option<Id>)> = state
        .shown()
        .iter()
        .map(|folder| (folder.name.as_str(), after.before(folder).map(|shown| shown.revision())))
        .filter(|(_, before)| before.is_some())
        .collect();
    assert_eq!(cut, [("main", Some(old))]);
    assert_eq!(state.unsettled().collect::<Vec<_>>(), ["late"]);
    assert_eq!(after.top().slots["main"].shown.revision(), new);
}

/// A kernel that notes which entries it is told to forget.
#[derive(Default)]
struct Told(Mutex<Vec<(Number, Vec<u8>)>>);

impl Kernel for Told {
    fn forget_entry(&self, folder: Number, name: &[u8]) {
        self.0.lock().expect("no panic").push((folder, name.to_vec()));
    }

    fn forget_folder(&self, _: Number) {}
}

#[test]
fn a_folder_that_a_later_base_has_too_is_forgotten_by_the_number_that_it_had_first() {
    let planted = planted();
    let (other, before) = ("other".parse::<BranchName>().expect("a name"), planted.fs.shown().revision());
    let first = planted.dataset.revision(before).expect("there").parents[0];
    let (_folder, kept) = kept(&planted);
    let many = many(&planted, kept);
    let known = many.files.lookup_in(&many.top().slots["main"].shown, Number::ROOT, b"made").expect("an answer");
    let known = known.expect("there").number;
    // The branch brings a base that has the folder, which so far only an overlay had.
    planted.dataset.create_branch(&other, first).expect("made");
    write(planted.source.path(), &[("made/y", "5")]);
    planted.refresh_branch(&other);
    many.add("other", true, planted.dataset.head(&other).expect("there").id).expect("shown");
    let new = planted.commit(|draft| put(draft, "made/w", "44"));
    let slot = Arc::clone(&many.top().slots["main"]);
    let (before, after) = many.change(&slot, new).expect("moved");
    let told = Told::default();
    crate::follow::forget(&told, &before, &after);
    assert_ne!(after.folder_number(&path("made")).expect("an answer").number(), known);
    // The kernel had no reason to ask for the folder anew.
    assert!(told.0.lock().expect("no panic").contains(&(known, b"w".to_vec())));
}
