//! Files of rows that programs write anew.

use super::*;

#[test]
fn a_file_that_was_in_a_snapshot_and_is_renamed_over_a_table_is_told_by_rows_there() {
    let csv = "image,label\na.png,cat\nb.png,dog\n";
    let world = World::new(&[("labels.csv", csv)]);
    world.edit(|draft| {
        let table = draft.view().table(Some("labels")).expect("a table");
        draft.add_column(&table, "note", &"Utf8".parse().expect("a type")).expect("added");
    });
    world.keeper().catch_up().expect("caught up");
    world.write("x.tmp", 0, csv.replace("dog", "cow").as_bytes()).expect("written");
    world.keeper().snapshot().expect("in the store");
    world
        .working()
        .rename(
            world.at("x.tmp").expect("there"),
            world.at("labels.csv").expect("there"),
            Manner::Replace,
            Asked::NEVER,
        )
        .expect("renamed");
    world.keeper().snapshot().expect("in the store");
    let draft = world.dataset(Access::Read).draft(&main_branch(), &writer()).expect("a draft");
    let table = draft.view().table(Some("labels")).expect("a table");
    let columns = draft.view().table_info(&table).expect("read").schema.columns;
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["image", "label", "note"]);
}

const CSV: &str = "image,label\na.png,cat\nb.png,dog\n";

/// A program has a file open for writing and has written; then somebody sets a cell of it, and the program writes on.
fn edited_while_open(world: &World, written: &[u8], edited: impl FnOnce(&mut Draft)) -> Ino {
    world.write("labels.csv", CSV.len() as u64, b"c.png,cow\n").expect("written");
    let ino = world.find("labels.csv").expect("there");
    world.working().open_file(ino).expect("opened");
    world.keeper().snapshot().expect("in the store");
    world.edit(edited);
    world.keeper().catch_up().expect("caught up");
    world.working().write(ino, CSV.len() as u64 + 10, written).expect("written");
    ino
}

fn set_label(draft: &mut Draft, label: &str) {
    let table = draft.view().table(Some("labels")).expect("a table");
    let cells = vec![("label".to_owned(), veneer::model::Value::Text(label.to_owned()))];
    let edit = veneer::dataset::rows::RowEdit::Set { row: "0".to_owned(), cells };
    draft.edit_table(&table, vec![edit]).expect("set");
}

fn csv(world: &World) -> String {
    bytes(world, "labels.csv")
}

fn bytes(world: &World, path: &str) -> String {
    let mut bytes = vec![0; 200];
    let ino = world.find(path).expect("there");
    let read = world.working().read(ino, 0, &mut bytes).expect("read");
    bytes.truncate(read);
    String::from_utf8(bytes).expect("text")
}

const BOTH: &str = "image,label\na.png,mouse\nb.png,dog\nc.png,cow\nd.png,fox\n";

#[test]
fn what_is_written_to_a_file_that_was_edited_meanwhile_is_laid_over_the_edit() {
    let mut world = World::new(&[("labels.csv", CSV)]);
    let ino = edited_while_open(&world, b"d.png,fox\n", |draft| set_label(draft, "mouse"));
    world.keeper().snapshot().expect("in the store");
    assert_eq!(csv(&world), BOTH);
    world.working().write(ino, CSV.len() as u64 + 20, b"e.png,elk\n").expect("written");
    world.keeper().snapshot().expect("in the store");
    let all = format!("{BOTH}e.png,elk\n");
    assert_eq!(csv(&world), all);
    world.edit(|draft| assert_eq!(draft.undo().expect("one step"), "edits through the mount"));
    world.keeper().snapshot().expect("in the store");
    assert_eq!(csv(&world), BOTH, "what was taken back is not laid over it again");
    world.working().close_file(ino);
    world.remount();
    assert_eq!(csv(&world), BOTH);
}

#[test]
fn what_is_written_to_a_file_that_was_edited_meanwhile_outlives_a_kill() {
    for takes_over in [true, false] {
        let mut world = World::new(&[("labels.csv", CSV)]);
        edited_while_open(&world, b"d.png,fox\n", |draft| set_label(draft, "mouse"));
        if takes_over {
            world.take_over()
        } else {
            world.mount()
        }
        world.keeper().snapshot().expect("in the store");
        assert_eq!(csv(&world), BOTH);
    }
}

#[test]
fn who_writes_last_to_a_cell_or_to_a_file_without_rows_has_it_and_nothing_is_lost_without_a_write() {
    let world = World::new(&[("labels.csv", CSV)]);
    edited_while_open(&world, b"", |draft| set_label(draft, "mouse"));
    let ino = world.find("labels.csv").expect("there");
    world.keeper().snapshot().expect("in the store");
    assert_eq!(csv(&world), BOTH.replace("d.png,fox\n", ""));
    world.working().open_file(ino).expect("opened");
    world.edit(|draft| set_label(draft, "owl"));
    world.keeper().catch_up().expect("caught up");
    world.working().write(ino, 18, b"whale").expect("written");
    world.keeper().snapshot().expect("in the store");
    assert_eq!(csv(&world), BOTH.replace("mouse", "whale").replace("d.png,fox\n", ""));

    let world = World::new(&[("notes", "one")]);
    let ino = world.find("notes").expect("there");
    world.working().open_file(ino).expect("opened");
    world.edit(|draft| {
        let file = NewFile { content: &mut "two".as_bytes(), mode: None, mtime_ns: None };
        draft.put(&DataPath::parse(b"notes").expect("a path"), file).expect("put");
    });
    world.keeper().catch_up().expect("caught up");
    world.working().write(ino, 3, b" more").expect("written");
    world.keeper().snapshot().expect("in the store");
    assert!(world.shown()["notes"].contains("one more"), "{:?}", world.shown());
}

#[test]
fn the_last_program_that_closes_a_file_that_was_edited_meanwhile_has_its_writes_shown() {
    let world = World::new(&[("labels.csv", CSV)]);
    let (sender, closed) = std::sync::mpsc::sync_channel(1);
    world.working().tell_when_closed(sender);
    let ino = edited_while_open(&world, b"d.png,fox\n", |draft| set_label(draft, "mouse"));
    world.working().open_file(ino).expect("opened twice");
    world.working().close_file(ino);
    assert!(closed.try_recv().is_err());
    world.working().close_file(ino);
    closed.try_recv().expect("told");
    world.keeper().snapshot().expect("in the store");
    assert_eq!(csv(&world), BOTH);
    world.working().forget(ino);
    assert!(world.working().state().tree.spoken_inode(ino).is_none(), "nobody knows it any more");
}

#[test]
fn what_a_program_opens_by_the_number_that_it_had_is_written_over_the_edit() {
    let world = World::new(&[("labels.csv", CSV)]);
    let ino = world.find("labels.csv").expect("there");
    world.edit(|draft| set_label(draft, "mouse"));
    world.keeper().catch_up().expect("caught up");
    world.working().open_file(ino).expect("opened late");
    world.working().write(ino, CSV.len() as u64, b"c.png,cow\n").expect("written");
    world.keeper().snapshot().expect("in the store");
    assert_eq!(csv(&world), BOTH.replace("d.png,fox\n", ""));
}

#[test]
fn what_could_not_be_laid_over_the_edit_is_laid_with_the_next_snapshot() {
    let world = World::new(&[("labels.csv", CSV)]);
    let ino = edited_while_open(&world, b"d.png,fox\n", |draft| set_label(draft, "mouse"));
    let inner = LocalStore::open(&world.folder.path().join("store"), Access::Own).expect("our own store");
    let meddled = Arc::new(meddled::Meddled::new(Arc::new(inner), |store| {
        let dataset = Datasets::new(store).open(&"d".parse().expect("a name")).expect("imported");
        let mut draft = dataset.draft(&main_branch(), &writer()).expect("a draft");
        set_label(&mut draft, "owl");
        draft.save("edits").expect("saved");
    }));
    let owned = Datasets::new(meddled).open(&"d".parse().expect("a name")).expect("imported");
    let owned = owned.with_source(world.dataset(Access::Read).source().expect("there"));
    let lost = world.keeper().put_in_store(&mut world.keeper().known(), &owned);
    assert!(matches!(lost.expect_err("moved").kind(), veneer::ErrorKind::RefMoved { .. }));
    drop(owned);
    world.keeper().snapshot().expect("in the store");
    assert_eq!(csv(&world), BOTH.replace("mouse", "owl"));
    world.working().close_file(ino);
    assert!(world.working().state().tree.heirs.get(ino).is_some(), "until it was looked at once more");
}

#[test]
fn who_opens_a_file_while_it_is_laid_over_an_edit_has_it_held_and_its_writes_kept() {
    let world = World::new(&[("labels.csv", CSV)]);
    let ino = edited_while_open(&world, b"d.png,fox\n", |draft| set_label(draft, "mouse"));
    world.working().close_file(ino);
    let inner = LocalStore::open(&world.folder.path().join("store"), Access::Own).expect("our own store");
    let working = Arc::clone(&world.keeper().working);
    let meddled = Arc::new(meddled::Meddled::new(Arc::new(inner), move |_| {
        working.open_file(ino).expect("opened");
        working.write(ino, CSV.len() as u64 + 20, b"e.png,elk\n").expect("written");
        working.close_file(ino);
    }));
    let owned = Datasets::new(meddled).open(&"d".parse().expect("a name")).expect("imported");
    let owned = owned.with_source(world.dataset(Access::Read).source().expect("there"));
    world.keeper().put_in_store(&mut world.keeper().known(), &owned).expect("laid");
    drop(owned);
    assert_eq!(csv(&world), BOTH);
    world.keeper().snapshot().expect("in the store");
    assert_eq!(csv(&world), format!("{BOTH}e.png,elk\n"));
    world.working().forget(ino);
    assert!(world.working().state().tree.spoken_inode(ino).is_none(), "nobody knows it any more");
}

#[test]
fn what_is_written_to_a_file_that_was_moved_meanwhile_is_where_it_was_moved_to() {
    let path = |text: &str| DataPath::parse(text.as_bytes()).expect("a path");
    for (from, to) in [("in/labels.csv", "in/moved.csv"), ("in", "out")] {
        let world = World::new(&[("in/labels.csv", CSV), ("in/other.csv", CSV)]);
        let ino = world.find("in/labels.csv").expect("there");
        world.working().open_file(ino).expect("opened");
        world.edit(|draft| draft.rename(&path(from), &path(to)).expect("moved"));
        world.keeper().catch_up().expect("caught up");
        world.working().write(ino, CSV.len() as u64, b"c.png,cow\n").expect("written");
        world.keeper().snapshot().expect("in the store");
        let now = if from == "in" { "out/labels.csv" } else { "in/moved.csv" };
        assert_eq!(bytes(&world, now), format!("{CSV}c.png,cow\n"));
        assert!(world.find("in/labels.csv").is_err());
        world.working().close_file(ino);
    }
}

#[test]
fn what_is_written_to_a_changed_file_that_was_moved_with_its_folder_is_where_that_went() {
    let path = |text: &str| DataPath::parse(text.as_bytes()).expect("a path");
    let world = World::new(&[("in/labels.csv", CSV), ("in/other.csv", CSV)]);
    world.write("in/labels.csv", CSV.len() as u64, b"c.png,cow\n").expect("written");
    let ino = world.find("in/labels.csv").expect("there");
    world.working().open_file(ino).expect("opened");
    world.keeper().snapshot().expect("in the store");
    world.edit(|draft| draft.rename(&path("in"), &path("out")).expect("moved"));
    world.keeper().catch_up().expect("caught up");
    world.working().write(ino, CSV.len() as u64 + 10, b"d.png,fox\n").expect("written");
    world.keeper().snapshot().expect("in the store");
    assert_eq!(bytes(&world, "out/labels.csv"), BOTH.replace("mouse", "cat"));
}

#[test]
fn who_looks_while_a_program_writes_a_file_anew_takes_nothing_from_its_rows() {
    let table = |draft: &Draft| draft.view().table(Some("labels")).expect("a table");
    let world = World::new(&[("labels.csv", CSV)]);
    world.edit(|draft| {
        draft.add_column(&table(draft), "note", &"Utf8".parse().expect("a type")).expect("added");
        let cells = vec![("note".to_owned(), veneer::model::Value::Text("blurred".to_owned()))];
        let edit = veneer::dataset::rows::RowEdit::Set { row: "1".to_owned(), cells };
        draft.edit_table(&table(draft), vec![edit]).expect("set");
    });
    world.keeper().catch_up().expect("caught up");
    let ino = world.find("labels.csv").expect("there");
    world.working().open_file(ino).expect("opened");
    world.working().truncate(ino, 0, CALLER).expect("cut");
    world.keeper().snapshot().expect("in the store");
    let new = CSV.replace("cat", "cow");
    for (at, part) in [(0, &new[..24]), (24, &new[24..])] {
        world.working().write(ino, at, part.as_bytes()).expect("written");
        world.keeper().snapshot().expect("in the store");
    }
    world.working().close_file(ino);
    let draft = world.dataset(Access::Read).draft(&main_branch(), &writer()).expect("a draft");
    let note = veneer::table::expr::Expr::parse("note").expect("an expression");
    let found = draft.view().select_rows(&table(&draft), None, &[note]).expect("rows");
    let notes: Vec<String> = found.iter().map(|row| row.values[0].to_string()).collect();
    assert_eq!(notes, ["", "blurred"]);
}

#[test]
fn what_is_written_again_as_it_was_committed_is_no_change() {
    let world = World::new(&[("labels.csv", CSV), ("notes", "one")]);
    let dataset = world.dataset(Access::Own);
    let mut draft = dataset.draft(&main_branch(), &writer()).expect("a draft");
    set_label(&mut draft, "mouse");
    let file = NewFile { content: &mut "two".as_bytes(), mode: None, mtime_ns: Some(7) };
    draft.put(&DataPath::parse(b"notes").expect("a path"), file).expect("put");
    draft.commit("a change", "ann").expect("committed");
    drop((draft, dataset));
    world.keeper().catch_up().expect("caught up");
    for path in ["labels.csv", "notes"] {
        let shown = bytes(&world, path);
        world.working().truncate(world.find(path).expect("there"), 0, CALLER).expect("cut");
        world.write(path, 0, shown.as_bytes()).expect("written");
    }
    world.keeper().snapshot().expect("in the store");
    let draft = world.dataset(Access::Read).draft(&main_branch(), &writer()).expect("a draft");
    assert_eq!(draft.changes().expect("compared"), []);
}
