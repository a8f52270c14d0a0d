//! Rows without keys that are hidden come back where they were, in files that were written anew meanwhile.

use super::hidden_rows::{exclude, refresh};
use super::parsed::bytes;
use super::*;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

/// Rows of these letters, as a program writes them.
fn csv(letters: &str, separator: &str) -> String {
    let rows: String = letters.chars().map(|of| format!("{of}.png,label of {of},1\n")).collect();
    format!("file,label,n\n{rows}").replace(',', separator)
}

fn letters(view: &View) -> String {
    bytes(view, "t.csv").lines().skip(1).filter_map(|line| line.chars().next()).collect()
}

/// A table of letters, and images of those that are excluded if `of_images`; else its rows are the samples.
fn hiding(all: &str, hidden: &str, of_images: bool) -> (Fixture, Vec<String>) {
    let names: Vec<String> = all.chars().map(|of| format!("{of}.png")).collect();
    let table = csv(all, ",");
    let mut files = vec![("t.csv", table.as_str())];
    if of_images {
        files.extend(names.iter().map(|name| (name.as_str(), "image")));
    }
    let fixture = Fixture::new(&files);
    let places = |of: char| all.chars().position(|known| known == of).expect("it is there");
    let key = |of: char| if of_images { format!("{of}.png") } else { places(of).to_string() };
    let keys: Vec<String> = hidden.chars().map(key).collect();
    if !keys.is_empty() {
        fixture.commit("main", |draft| draft.exclude_samples(&keys, true).map(drop));
    }
    (fixture, keys)
}

/// Inserts a row of this letter behind the first one.
fn insert_x(draft: &mut Draft) -> Result<()> {
    let table = draft.view().table(Some("t"))?;
    let cell = |(name, value): (&str, Value)| (name.to_owned(), value);
    let text = |text: &str| Value::Text(text.to_owned());
    let cells = [("file", text("x.png")), ("label", text("label of x")), ("n", Value::Int(1))].map(cell).to_vec();
    draft.edit_table(&table, vec![RowEdit::Insert { after: Some("0".to_owned()), cells }]).map(drop)
}

/// Includes what is excluded, one after the other.
fn include_all(draft: &mut Draft) {
    let is_excluded = |view: &View| -> Vec<String> {
        let samples = view.overlay().samples().expect("read").entries().expect("read");
        let excluded =
            samples.into_iter().filter(|(_, change)| matches!(change, crate::model::RowChange::Excluded { .. }));
        excluded.filter_map(|(address, _)| address.row().map(str::to_owned)).collect()
    };
    while let Some(key) = is_excluded(draft.view()).pop() {
        exclude(draft, &key, false).expect("included");
    }
}

#[test]
fn rows_that_are_hidden_come_back_where_they_were_in_a_file_that_is_written_anew() {
    for (all, hidden, now, expected) in [
        ("abc", "c", "abx", "abcx"),
        ("abc", "a", "xbc", "axbc"),
        ("abcd", "bc", "adx", "abcdx"),
        ("abcd", "bd", "acxy", "abcdxy"),
        ("abcd", "cd", "abxy", "abcdxy"),
        ("abcd", "b", "axcd", "abxcd"),
        ("abcd", "bc", "ad", "abcd"),
        ("abcd", "c", "bad", "bcad"),
        ("abcd", "b", "cd", "bcd"),
        ("abcd", "ad", "xcby", "axcdby"),
    ] {
        for of_images in [true, false] {
            for separator in [",", ";"] {
                let (fixture, _) = hiding(all, hidden, of_images);
                let mut draft = fixture.draft("main");
                put(&mut draft, "t.csv", &csv(now, separator)).expect("put");
                let told = format!("{all} without {hidden}, then {now} with {separator}, images: {of_images}");
                assert_eq!(letters(draft.view()), now, "{told}");
                include_all(&mut draft);
                assert_eq!(letters(draft.view()), expected, "{told}");
            }
        }
    }
}

#[test]
fn rows_that_are_hidden_come_back_where_they_were_however_often_their_file_is_written_anew() {
    for of_images in [true, false] {
        let (fixture, _) = hiding("abcdef", "be", of_images);
        let mut draft = fixture.draft("main");
        for now in ["acdf", "xacdf", "xcdafy", "cdafy"] {
            put(&mut draft, "t.csv", &csv(now, ";")).expect("put");
            draft.save("put").expect("saved");
        }
        include_all(&mut draft);
        assert_eq!(letters(draft.view()), "cdeabfy", "images: {of_images}");
    }
}

#[test]
fn a_row_that_was_inserted_and_is_hidden_comes_back_where_it_was() {
    for separator in [",", ";"] {
        let (fixture, _) = hiding("abc", "", true);
        fixture.commit("main", |draft| {
            put(draft, "x.png", "image")?;
            insert_x(draft)?;
            exclude(draft, "x.png", true)
        });
        let mut draft = fixture.draft("main");
        put(&mut draft, "t.csv", &csv("aybc", separator)).expect("put");
        include_all(&mut draft);
        assert_eq!(letters(draft.view()), "axybc", "{separator}");
    }
}

#[test]
fn a_file_that_is_written_as_it_was_again_is_no_change_of_what_is_hidden() {
    for of_images in [true, false] {
        let (fixture, _) = hiding("abcd", "bd", of_images);
        let shown = bytes(&fixture.view("main"), "t.csv");
        let mut draft = fixture.draft("main");
        for now in [csv("acx", ";"), csv("xca", ","), shown] {
            put(&mut draft, "t.csv", &now).expect("put");
            draft.save("put").expect("saved");
        }
        assert_eq!(draft.changes().expect("compared"), [], "images: {of_images}");
    }
}

#[test]
fn a_hidden_row_that_the_source_wrote_anew_comes_back_once() {
    let line = "a.png,label of a,1\n";
    for of_images in [true, false] {
        for new in ["a.png,another,1\n", "a.png,another,7\n", "a.png,label of a,7\n"] {
            let (fixture, _) = hiding("bacbb", "a", of_images);
            let source = csv("bacbb", ",").replace(line, new);
            refresh(&fixture, "t.csv", &source);
            let mut draft = fixture.draft("main");
            if of_images {
                assert_eq!(letters(draft.view()), "bcbb", "{new}");
            }
            include_all(&mut draft);
            assert_eq!(bytes(draft.view(), "t.csv"), source, "{new}, images: {of_images}");
        }
    }
}

#[test]
fn a_row_that_was_inserted_and_is_hidden_comes_back_where_it_was_over_a_source_that_changed() {
    for of_images in [true, false] {
        let (fixture, _) = hiding("abc", "", of_images);
        fixture.commit("main", |draft| {
            if of_images {
                put(draft, "x.png", "image")?;
            }
            insert_x(draft)?;
            let table = draft.view().table(Some("t"))?;
            let cells = vec![("n".to_owned(), Value::Int(7))];
            draft.edit_table(&table, vec![RowEdit::Set { row: "2".to_owned(), cells }])?;
            exclude(draft, if of_images { "x.png" } else { "0+1" }, true)
        });
        refresh(&fixture, "t.csv", &csv("yabc", ","));
        let mut draft = fixture.draft("main");
        assert_eq!(letters(draft.view()), "yabc", "images: {of_images}");
        include_all(&mut draft);
        assert_eq!(letters(draft.view()), "yaxbc", "images: {of_images}");
    }
}
