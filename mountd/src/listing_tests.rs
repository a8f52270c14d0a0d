//! Listings that go on, whatever happens between two requests.

use std::collections::BTreeSet;

use crate::inode::Number;
use crate::planted::{Planted, path, put, write};

fn names(entries: &[(u64, String, crate::attributes::Attributes)]) -> Vec<&str> {
    entries.iter().map(|(_, name, _)| name.as_str()).collect()
}

fn many() -> Planted {
    let files: Vec<(String, String)> = (0..40).map(|i| (format!("f/{i:02}"), i.to_string())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
    let planted = Planted::new(&files);
    planted.commit(|draft| {
        for i in 0..20 {
            put(draft, &format!("f/new-{i}"), "n")?;
        }
        for i in [3, 4, 39] {
            draft.remove(&path(&format!("f/{i:02}")), false)?;
        }
        put(draft, "f/10", "replaced")
    });
    planted
}

#[test]
fn every_room_for_entries_gives_the_same_listing() {
    let planted = many();
    let folder = planted.number("f");
    let whole = planted.list(folder, 1000);
    assert_eq!(whole.len(), 2 + 40 - 3 + 20);
    for room in [1, 2, 3, 7] {
        assert_eq!(planted.list(folder, room), whole, "{room}");
    }
}

#[test]
fn a_listing_can_go_on_after_any_of_its_cookies() {
    let planted = many();
    let folder = planted.number("f");
    let whole = planted.list(folder, 1000);
    let cookies: BTreeSet<u64> = whole.iter().map(|(cookie, ..)| *cookie).collect();
    assert_eq!(cookies.len(), whole.len());
    assert!(cookies.iter().all(|cookie| i64::try_from(*cookie).is_ok_and(|cookie| cookie > 0)));
    for (at, (cookie, ..)) in whole.iter().enumerate() {
        let mut rest = Vec::new();
        planted.list_some(folder, *cookie, 1000, &mut rest);
        assert_eq!(rest, whole[at + 1..]);
    }
}

#[test]
fn a_commit_between_two_requests_neither_repeats_nor_drops_what_stays() {
    let planted = many();
    let folder = planted.number("f");
    let whole = planted.list(folder, 1000);
    for at in [0, 5, 20, 45] {
        let mut listed = whole[..at].to_vec();
        planted.commit(|draft| {
            put(draft, "f/20", &format!("replaced at {at}"))?;
            put(draft, &format!("f/later-{at}"), "l")?;
            put(draft, "f/00", &format!("{at}"))
        });
        let after = listed.last().map_or(0, |(cookie, ..)| *cookie);
        planted.list_some(folder, after, 1000, &mut listed);
        let listed = names(&listed);
        let unique: BTreeSet<&str> = listed.iter().copied().collect();
        assert_eq!(unique.len(), listed.len(), "a name came twice");
        assert!(names(&whole).iter().all(|name| unique.contains(name)), "a name is missing");
    }
}

#[test]
fn a_refresh_between_two_requests_neither_repeats_nor_drops_what_stays() {
    let planted = many();
    let folder = planted.number("f");
    for at in [0, 3, 20, 40] {
        let whole = planted.list(folder, 1000);
        let mut listed = whole[..at].to_vec();
        write(planted.source.path(), &[(&format!("f/0{at}-before"), "b"), (&format!("f/2{at}-between"), "c")]);
        std::fs::remove_file(planted.source.path().join(format!("f/{}", 11 + at / 3))).expect("was there");
        planted.refresh();
        let after = listed.last().map_or(0, |(cookie, ..)| *cookie);
        planted.list_some(folder, after, 1000, &mut listed);
        let now: BTreeSet<String> = planted.list(folder, 1000).into_iter().map(|(_, name, _)| name).collect();
        let listed = names(&listed);
        let unique: BTreeSet<&str> = listed.iter().copied().collect();
        assert_eq!(unique.len(), listed.len(), "a name came twice");
        let stays = names(&whole).into_iter().filter(|name| now.contains(*name));
        assert_eq!(stays.filter(|name| !unique.contains(name)).count(), 0, "a name is missing");
    }
}

#[test]
fn the_dots_are_the_folder_and_the_one_above() {
    let planted = Planted::new(&[("a/b/c", "1")]);
    let (a, b) = (planted.number("a"), planted.number("a/b"));
    let dots = |folder| planted.list(folder, 10).iter().take(2).map(|(.., found)| found.number).collect::<Vec<_>>();
    assert_eq!(dots(b), [b, a]);
    assert_eq!(dots(a), [a, Number::ROOT]);
    assert_eq!(dots(Number::ROOT), [Number::ROOT, Number::ROOT]);
}
