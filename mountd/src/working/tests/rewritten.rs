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
