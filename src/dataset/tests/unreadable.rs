//! What cannot be read is an error with its reason, and never taken for "no table" or "no rows".

use super::*;
use crate::ErrorKind;
use crate::dataset::rows::{RowEdit, compare_rows, diff_rows};
use crate::model::{Change, Content, FileChange, Value};
use crate::table::expr::Expr;

/// A draft in which the store lacks the object that a file is.
fn with_a_missing_object(fixture: &Fixture, at: &str) -> View {
    let mut draft = fixture.draft("main");
    let content = Content::Blob(Id::of(b"no object of the store"));
    let change = Change::File(FileChange { content, size: 22, mtime_ns: 0, mode: 0o644 });
    draft.apply(vec![(path(at), Some(change))]).expect("it is said");
    draft.view().clone()
}

fn is_missing_object(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound { what: "object", .. })
}

#[test]
fn an_object_that_the_store_lacks_is_told_and_no_table_without_rows() {
    for name in ["labels.csv", "labels.jsonl", "coco.json", "data.yaml", "annotations/a.xml"] {
        let fixture = Fixture::new(&[("a.png", "a"), (name, "n,m\n1,2\n"), ("other.csv", "n,m\n1,2\n")]);
        let view = with_a_missing_object(&fixture, name);
        let (tables, others) = view.tables_and_others().expect("the others are listed");
        assert!(tables.iter().any(|table| table.name == "other"), "{name}");
        assert!(others.iter().any(|other| other.path == path(name) && other.why.contains("object")), "{others:?}");
        let by_name = view.table(Some(name)).expect_err("it cannot be read");
        assert!(is_missing_object(&by_name), "{name}: {by_name}");
        let samples = view.table(Some("samples")).expect("there are images");
        let read = view.select_rows(&samples, None, &[Expr::parse("key").expect("an expression")]);
        assert!(is_missing_object(&read.expect_err("what is said of them cannot be read")), "{name}");
        let compared = compare_rows(&fixture.view("main"), &view);
        assert!(is_missing_object(&compared.expect_err("it cannot be read")), "{name}");
    }
}

#[test]
fn samples_name_any_of_very_many_files_of_which_the_source_has_other_bytes() {
    let xml = "<annotation><filename>a.png</filename></annotation>\n";
    let names: Vec<String> = (0..20).map(|number| format!("{number:02}.xml")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), xml)).chain([("a.png", "a")]).collect();
    let fixture = Fixture::new(&files);
    write(fixture.source.path(), &[("17.xml", "what somebody else wrote there\n")]);
    let view = fixture.view("main");
    let info = view.table_info(&view.table(Some("samples")).expect("samples")).expect("known");
    assert_eq!(info.problem.map(|problem| problem.path.to_string()), Some("17.xml".to_owned()));
}

#[test]
fn a_file_of_which_the_source_has_other_bytes_makes_what_it_speaks_of_partial_and_is_named() {
    let coco = super::hidden_rows::COCO;
    for (at, table) in [("labels/a.txt", "labels"), ("set/train.json", "samples"), ("data.yaml", "samples")] {
        let fixture = Fixture::new(&[
            ("images/a.png", "a"),
            ("images/b.png", "b"),
            ("labels/a.txt", "0 0.5 0.5 0.2 0.2\n"),
            ("labels/b.txt", "0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.1 0.1\n"),
            ("data.yaml", "names: [cat]\n"),
            ("other.csv", "n,m\n1,2\n"),
            ("set/train.json", coco),
        ]);
        write(fixture.source.path(), &[(at, "what somebody else wrote there\n")]);
        let view = fixture.view("main");
        let (tables, _) = view.tables_and_others().expect("the others are listed");
        for known in &tables {
            let info = view.table_info(known).expect("known");
            let is_named = [table, "samples"].contains(&known.name.as_str());
            let named = info.problem.map(|problem| problem.path.to_string());
            assert_eq!(named, is_named.then(|| at.to_owned()), "{}", known.name);
            assert_eq!(info.broken_files, u64::from(is_named), "{}", known.name);
            assert!(view.odd_rows(known).is_ok(), "{}", known.name);
        }
        let labels = tables.iter().find(|table| table.name == "labels").expect("labels");
        let read = view.select_rows(labels, None, &[Expr::parse("file").expect("an expression")]).expect("the others");
        assert_eq!(read.len(), if at == "labels/a.txt" { 2 } else { 3 });
    }
}

#[test]
fn a_file_of_which_the_source_has_other_bytes_is_told_where_no_table_is_left_to_tell_it() {
    let xml = "<annotation><filename>a.png</filename><object><name>cat</name></object></annotation>\n";
    for (at, content, table) in [("a.xml", xml, "objects"), ("t.csv", "n\n1\n", "t")] {
        let fixture = Fixture::new(&[("a.png", "a"), (at, content)]);
        assert!(fixture.view("main").table(Some(table)).is_ok(), "{at}");
        write(fixture.source.path(), &[(at, "what somebody else wrote there\n")]);
        let view = fixture.view("main");
        let (_, others) = view.tables_and_others().expect("the others are listed");
        assert_eq!(others.iter().map(|other| other.path.to_string()).collect::<Vec<_>>(), [at]);
        let by_name = view.table(Some(table)).expect_err("it cannot be read");
        assert!(matches!(by_name.kind(), ErrorKind::SourceChanged { .. }), "{at}: {by_name}");
    }
}

#[test]
fn rows_behind_a_line_that_is_none_are_edited_as_any_others() {
    let more: String = (0..10).map(|row| format!("x{row},{row}\n")).collect();
    let text = &format!("id,n\na,1\nb\n{more}c,3\nd,4\nthe end\n");
    let fixture = Fixture::new(&[("t.csv", text)]);
    let mut draft = fixture.draft("main");
    let edit = |draft: &mut Draft, edit: RowEdit| {
        let table = draft.view().table(Some("t"))?;
        draft.edit_table(&table, vec![edit]).map(drop)
    };
    let cells = |cells: &[(&str, Value)]| -> Vec<(String, Value)> {
        cells.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    edit(&mut draft, RowEdit::Set { row: "11".to_owned(), cells: cells(&[("n", Value::Int(30))]) }).expect("set");
    edit(&mut draft, RowEdit::Delete { row: "12".to_owned() }).expect("deleted");
    let new = cells(&[("id", Value::Text("e".to_owned())), ("n", Value::Int(5))]);
    edit(&mut draft, RowEdit::Insert { after: None, cells: new }).expect("inserted");
    assert_eq!(super::rows::text(draft.view(), "t.csv"), format!("id,n\na,1\nb\n{more}c,30\ne,5\nthe end\n"));
    drop(draft.commit("edited", "ann").expect("a commit"));
    let told = diff_rows(&fixture.dataset.view(fixture.first).expect("a view"), &fixture.view("main")).expect("told");
    assert_eq!(told.len(), 3, "{told:?}");
}
