//! Files that somebody looked at while they were being written.

use super::moved_rows::{cells, lines, say_of_samples};
use super::parsed::{bytes, rows, with_weights};
use super::*;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

const CSV: &str = "image,label,score\na.png,cat,0.50\nb.png,dog,1\nc.png,cat,\nd.png,fox,3\n";
/// Of `CSV` with the edits of [`with_weights`].
const WHOLE: &str = "image,label,score\na.png,cat,0.50\nb.png,\"edited\",1\nc.png,cat,\nd.png,\"edited\",3\n";

/// Puts a file and saves it, as each look at a mount does.
fn seen(draft: &mut Draft, at: &str, content: &str) {
    put(draft, at, content).expect("put");
    draft.save("edits through the mount").expect("saved");
}

/// What there is of a file at several moments while it is written.
fn halves(whole: &str) -> Vec<Vec<&str>> {
    let line = |number: usize| whole.match_indices('\n').nth(number).map_or(0, |(at, _)| at + 1);
    vec![
        vec![""],
        vec![&whole[..line(2)]],
        vec![&whole[..line(1) + 3]],
        vec!["", &whole[..line(1)], &whole[..line(2)]],
        vec![&whole[..2], &whole[..line(1) + 3]],
        vec![&whole[..line(0)], &whole[..line(2)]],
    ]
}

#[test]
fn who_looks_while_a_file_is_written_takes_nothing_from_its_rows() {
    for new in [WHOLE.to_owned(), WHOLE.replace("c.png", "x.png"), format!("{WHOLE}e.png,new,1\n")] {
        for spaced in [false, true] {
            // Other line ends would be no edits of rows, so the bytes are kept.
            let new = if spaced { new.replace(',', ";") } else { new.clone() };
            let fixture = Fixture::new(&[("t.csv", CSV)]);
            let mut unseen = with_weights(&fixture);
            put(&mut unseen, "t.csv", &new).expect("put");
            for halves in halves(&new) {
                let fixture = Fixture::new(&[("t.csv", CSV)]);
                let mut draft = with_weights(&fixture);
                halves.iter().for_each(|half| seen(&mut draft, "t.csv", half));
                seen(&mut draft, "t.csv", &new);
                assert_eq!(bytes(draft.view(), "t.csv"), new, "{halves:?}");
                assert_eq!(rows(draft.view()), rows(unseen.view()), "{halves:?}\n{new}");
            }
        }
    }
}

#[test]
fn who_looks_while_a_file_is_written_as_it_was_sees_no_change_afterwards() {
    for halves in halves(CSV) {
        let fixture = Fixture::new(&[("t.csv", CSV)]);
        let mut draft = fixture.draft("main");
        halves.iter().for_each(|half| seen(&mut draft, "t.csv", half));
        seen(&mut draft, "t.csv", CSV);
        assert_eq!(draft.changes().expect("compared"), [], "{halves:?}");
    }
}

#[test]
fn what_is_said_of_samples_that_are_rows_stays_with_these_whoever_looks_while_their_file_is_written() {
    let spaced = |letters: &str| lines(letters).replace(": ", " : ");
    let fixture = Fixture::new(&[("t.jsonl", &lines("abcd"))]);
    fixture.commit("main", say_of_samples);
    // A program sees the file without the row that is excluded.
    for new in [spaced("xabd"), spaced("dab")] {
        let mut unseen = fixture.draft("main");
        put(&mut unseen, "t.jsonl", &new).expect("put");
        let expected = cells(unseen.view());
        for halves in halves(&new) {
            let mut draft = fixture.draft("main");
            halves.iter().for_each(|half| seen(&mut draft, "t.jsonl", half));
            seen(&mut draft, "t.jsonl", &new);
            assert_eq!(cells(draft.view()), expected, "{halves:?}");
            draft.discard(&[]).expect("discarded");
            draft.save("discard").expect("saved");
        }
    }
}

fn keys_of_samples(view: &View) -> Vec<String> {
    let samples = view.table(Some("samples")).expect("there are some");
    let scan = crate::dataset::rows::RowScan { columns: Some(Vec::new()) };
    let mut keys = Vec::new();
    view.scan_rows(&samples, &scan, &mut |rows| {
        keys.extend((0..rows.batch.num_rows()).map(|row| rows.key(row).expect("a key")));
        Ok(crate::table::Flow::More)
    })
    .expect("rows");
    keys
}

#[test]
fn rows_that_are_excluded_come_back_whoever_looked_meanwhile() {
    let whole = "name,label\nn0,car\nn1,bus\nn2,cat\nn3,car\nn4,bus\nn5,cat\nn6,car\nn7,bus\n";
    let keys = ["2", "5"].map(str::to_owned);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for (cut, becomes) in (1..60).step_by(7).flat_map(|cut| [(cut, "n6,car"), (cut, "n6,van")]) {
        for looks in [vec![cut], vec![cut / 2, cut], vec![2, cut], vec![2, cut / 2, cut], vec![0, 2, 11, cut]] {
            let fixture = Fixture::new(&[("t.csv", whole)]);
            fixture.commit("main", |draft| draft.exclude_samples(&keys, true).map(drop));
            let new = bytes(&fixture.view("main"), "t.csv").replace("n6,car", becomes);
            let mut draft = fixture.draft("main");
            looks.iter().for_each(|cut| seen(&mut draft, "t.csv", &new[..*cut.min(&new.len())]));
            seen(&mut draft, "t.csv", &new);
            assert_eq!(bytes(draft.view(), "t.csv"), new, "{looks:?}");
            // Where the file was cut behind them they are the last now, under other keys.
            draft.exclude_samples(&keys_of_samples(draft.view()), false).expect("included");
            let expected = whole.replace("n6,car", becomes);
            assert_eq!(sorted(&bytes(draft.view(), "t.csv")), sorted(&expected), "{looks:?}, {becomes}");
        }
    }
}

#[test]
fn a_file_that_is_half_written_takes_no_rows_from_another_table() {
    let eight = |row: usize| format!("{{\"name\":\"n{row}\",\"v\":{row}}}\n");
    let other: String = (0..8).map(eight).collect();
    let csv = "name,label\nn0,car\nn1,bus\nn2,cat\nn3,car\n";
    let fixture = Fixture::new(&[("d.jsonl", &other), ("t.csv", csv)]);
    fixture.commit("main", |draft| draft.exclude_samples(&["2".to_owned()], true).map(drop));
    let shown = bytes(&fixture.view("main"), "d.jsonl");
    let mut draft = fixture.draft("main");
    [&shown[..40], &shown].into_iter().for_each(|seen_then| seen(&mut draft, "d.jsonl", seen_then));
    assert_eq!(bytes(draft.view(), "t.csv"), csv);
    assert_eq!(draft.changes().expect("compared"), []);
}

#[test]
fn what_is_appended_to_edited_rows_takes_nothing_back() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    let mut draft = with_weights(&fixture);
    seen(&mut draft, "t.csv", &WHOLE[..WHOLE.len() - "d.png,\"edited\",3\n".len()]);
    let table = draft.view().table(None).expect("a table");
    let set = |row: &str, weight| RowEdit::Set {
        row: row.to_owned(),
        cells: vec![("weight".to_owned(), Value::Float(weight)), ("label".to_owned(), Value::Text("ox".to_owned()))],
    };
    draft.edit_table(&table, vec![set("0", 7.0)]).expect("set");
    draft.save("set").expect("saved");
    let now = format!("{}e.png,new,1\n", bytes(draft.view(), "t.csv"));
    seen(&mut draft, "t.csv", &now);
    assert_eq!(rows(draft.view()), ["a.png,ox,0.5,7.0", "b.png,edited,1.0,0.5", "c.png,cat,,", "e.png,new,1.0,"]);
}
