//! Columns of drafts: what is laid over columns in memory is what is read from the files.

use std::sync::Arc;

use arrow::array::Array;
use arrow::datatypes::DataType;
use veneer::dataset::View;
use veneer::dataset::rows::RowEdit;
use veneer::model::Value;
use veneer::table::arrow_value;

use crate::rows::testing::{Dice, World, awkward, set};
use crate::rows::{ColumnStore, TableRows};

const ROWS: usize = 3_000;

/// All cells, column by column, and the keys.
fn all(rows: &TableRows) -> Vec<(String, Vec<Value>)> {
    let names: Vec<&str> = rows.schema().columns.iter().map(|column| column.name.as_str()).collect();
    let columns = rows.columns(&names).expect("columns");
    let cells = |(name, column): (&&str, &arrow::array::ArrayRef)| {
        assert_eq!(column.len(), rows.row_count().expect("a number"), "{name}");
        ((*name).to_owned(), arrow_value::values(column).expect("values"))
    };
    let mut found: Vec<_> = names.iter().zip(&columns).map(cells).collect();
    let keys = rows.keys().expect("keys");
    found.push(("_key".to_owned(), (0..keys.len()).map(|row| Value::Text(keys.key(row))).collect()));
    found
}

/// The same, read by a store that has nothing in memory.
fn read_anew(view: &View) -> Vec<(String, Vec<Value>)> {
    let store = Arc::new(ColumnStore::new(64 << 20));
    all(&store.rows(&World::name(), view, "things").expect("a table"))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn a_few_edits_are_laid_over_the_columns_in_memory() {
    let world = World::of(&awkward(ROWS, 1));
    all(&world.rows());
    let mut draft = world.draft();
    World::edit(
        &mut draft,
        vec![
            set(0, "label", text("bird")),
            set(7, "label", Value::Null),
            set(2_999, "label", text("cat")),
            set(7, "score", Value::Float(0.125)),
            set(9, "flag", Value::Bool(true)),
        ],
    );
    let edited = world.rows_of(draft.view());
    assert_ne!(edited.id(), world.rows().id());
    for name in ["label", "score", "flag", "n", "embedding"] {
        assert!(edited.laid_over(name).expect("no error").is_some(), "{name} is read anew");
    }
    assert_eq!(all(&edited), read_anew(draft.view()));
    // Of a column that is not edited, the memory is the same.
    let (before, after) = (world.rows().column("n").expect("a column"), edited.column("n").expect("a column"));
    assert!(Arc::ptr_eq(&before, &after));
}

#[test]
fn deleted_rows_are_left_out_and_inserted_ones_are_read() {
    let world = World::of(&awkward(ROWS, 2));
    all(&world.rows());
    let mut draft = world.draft();
    World::edit(&mut draft, [5, 6, 2_000].map(|row| RowEdit::Delete { row: row.to_string() }).to_vec());
    let edited = world.rows_of(draft.view());
    assert_eq!(edited.row_count().expect("a number"), ROWS - 3);
    assert!(edited.laid_over("label").expect("no error").is_some());
    assert_eq!(all(&edited), read_anew(draft.view()));
    World::edit(&mut draft, vec![set(7, "n", Value::Int(77)), RowEdit::Delete { row: "7".to_owned() }]);
    assert_eq!(all(&world.rows_of(draft.view())), read_anew(draft.view()));
    let cells = vec![("label".to_owned(), text("new"))];
    World::edit(&mut draft, vec![RowEdit::Insert { after: Some("100".to_owned()), cells }]);
    assert_eq!(all(&world.rows_of(draft.view())), read_anew(draft.view()));
}

#[test]
fn an_added_column_begins_with_nulls() {
    let world = World::of(&awkward(ROWS, 3));
    all(&world.rows());
    let mut draft = world.draft();
    let table = draft.view().table(Some("things")).expect("a table");
    draft.add_column(&table, "weight", &DataType::Float64).expect("added");
    draft.add_column(&table, "note", &DataType::Utf8).expect("added");
    World::edit(&mut draft, vec![set(3, "weight", Value::Float(2.0)), set(4, "note", text("odd"))]);
    let edited = world.rows_of(draft.view());
    assert!(edited.laid_over("weight").expect("no error").is_some());
    assert_eq!(all(&edited), read_anew(draft.view()));
    draft.drop_column(&table, "note").expect("dropped");
    assert_eq!(all(&world.rows_of(draft.view())), read_anew(draft.view()));
}

#[test]
fn many_steps_forth_and_back_are_always_what_is_read_anew() {
    let world = World::of(&awkward(200, 4));
    let mut draft = world.draft();
    let mut dice = Dice(11);
    for step in 0..60 {
        let live = all(&world.rows_of(draft.view()));
        let keys = &live.last().expect("keys").1;
        let key = keys[dice.below(keys.len() as u64) as usize].to_string();
        let edit = match dice.below(6) {
            0 => RowEdit::Delete { row: key },
            1 if !key.contains('+') => {
                RowEdit::Insert { after: Some(key), cells: vec![("n".to_owned(), Value::Int(step))] }
            }
            2 => set(key, "score", Value::Float(step as f64 / 3.0)),
            3 => set(key, "n", Value::Null),
            _ => set(key, "label", text(["cat", "owl", ""][dice.below(3) as usize])),
        };
        let table = draft.view().table(Some("things")).expect("a table");
        // Some of it cannot be done: a row cannot come after one that was inserted.
        if draft.edit_table(&table, vec![edit]).is_ok() {
            draft.save("a step").expect("saved");
        }
        if dice.below(5) == 0 {
            let _ = draft.undo();
        }
        assert_eq!(all(&world.rows_of(draft.view())), read_anew(draft.view()), "step {step}");
    }
}

#[test]
fn a_table_with_keys_of_its_own_is_edited_by_these() {
    let lines: String = (0..500).map(|row| format!("{{\"id\": {}, \"label\": \"l{}\"}}\n", row * 3, row % 4)).collect();
    let world = World::of_file("things.jsonl", |path| std::fs::write(path, lines).expect("written"));
    let before = all(&world.rows());
    let key = before.last().expect("keys").1[10].to_string();
    let mut draft = world.draft();
    World::edit(
        &mut draft,
        vec![
            set(&key, "label", text("other")),
            RowEdit::Delete { row: before.last().expect("keys").1[20].to_string() },
        ],
    );
    let edited = world.rows_of(draft.view());
    assert!(edited.laid_over("label").expect("no error").is_some());
    assert_eq!(all(&edited), read_anew(draft.view()));
}
