//! Excluded images: their names are nobody's, they go along with their folder, and come back there.

use super::*;

const FILES: [(&str, &str); 3] = [("cat/1.png", "c1"), ("cat/2.png", "c2"), ("dog/1.png", "d1")];

fn exclude(world: &World, is_excluded: bool) {
    let keys = ["cat/1.png".to_owned()];
    world.edit(|draft| assert_eq!(draft.exclude_samples(&keys, is_excluded).expect("a sample"), 1));
    world.keeper().catch_up().expect("taken in");
}

fn names(world: &World) -> Vec<String> {
    world.shown().into_keys().collect()
}

fn rename(world: &World, from: &str, to: &str) -> Answer<()> {
    world.working().rename(world.at(from)?, world.at(to)?, Manner::Replace, Asked::NEVER)
}

#[test]
fn an_excluded_image_goes_along_with_its_folder() {
    let mut world = World::new(&FILES);
    exclude(&world, true);
    assert_eq!(names(&world), ["cat", "cat/2.png", "dog", "dog/1.png"]);
    rename(&world, "cat", "fox").expect("renamed");
    world.keeper().snapshot().expect("in the store");
    world.remount();
    rename(&world, "fox", "owl").expect("renamed");
    world.mount();
    world.take_over();
    world.keeper().snapshot().expect("in the store");
    assert_eq!(names(&world), ["dog", "dog/1.png", "owl", "owl/2.png"]);
    exclude(&world, false);
    assert_eq!(names(&world), ["dog", "dog/1.png", "owl", "owl/1.png", "owl/2.png"]);
    rename(&world, "owl", "cat").expect("renamed");
    world.keeper().snapshot().expect("in the store");
    let draft = world.dataset(Access::Read).draft(&main_branch(), &writer()).expect("a draft");
    assert_eq!(draft.changes().expect("changes"), [], "all is as it was");
}

#[test]
fn nothing_gets_the_name_of_an_excluded_image() {
    let mut world = World::new(&FILES);
    exclude(&world, true);
    world.remount();
    assert_eq!(world.write("cat/1.png", 0, b"other"), Err(Refused(libc::EEXIST)));
    assert_eq!(rename(&world, "dog/1.png", "cat/1.png"), Err(Refused(libc::EEXIST)));
    world.write("cat/new.png", 0, b"new").expect("written");
    world.keeper().snapshot().expect("in the store");
    exclude(&world, false);
    assert_eq!(names(&world), ["cat", "cat/1.png", "cat/2.png", "cat/new.png", "dog", "dog/1.png"]);
}

#[test]
fn a_folder_in_which_all_is_excluded_can_be_removed() {
    let world = World::new(&[("cat/1.png", "c1"), ("dog/1.png", "d1")]);
    exclude(&world, true);
    world.working().rmdir(world.at("cat").expect("there"), Asked::NEVER).expect("removed");
    world.keeper().snapshot().expect("in the store");
    assert_eq!(names(&world), ["dog", "dog/1.png"]);
}

#[test]
fn a_row_of_an_excluded_image_that_a_program_writes_goes_from_the_mount_and_comes_back_with_the_image() {
    let names = "file,label\ncat/1.png,cat\ncat/2.png,cat\n";
    let world = World::new(&[FILES[0], FILES[1], ("names.csv", names)]);
    exclude(&world, true);
    let hidden = "file,label\ncat/2.png,cat\n";
    let file = |world: &World| world.shown().remove("names.csv").expect("there");
    let shows = |world: &World, text: &str| assert!(file(world).ends_with(&format!("{text:?}")), "{}", file(world));
    shows(&world, hidden);
    // As a program does that has the file from elsewhere.
    let edited = names.replace("1.png,cat", "1.png,lynx");
    world.write("names.tmp", 0, edited.as_bytes()).expect("written");
    rename(&world, "names.tmp", "names.csv").expect("renamed");
    world.keeper().snapshot().expect("in the store");
    shows(&world, hidden);
    world.keeper().snapshot().expect("in the store");
    shows(&world, hidden);
    exclude(&world, false);
    shows(&world, &edited);
}

#[test]
fn what_is_hidden_of_what_a_program_wrote_is_one_step_with_it() {
    let names = "file,label\ncat/1.png,cat\ncat/2.png,cat\n";
    let mut world = World::new(&[FILES[0], FILES[1], ("names.csv", names)]);
    exclude(&world, true);
    let hidden = "file,label\ncat/2.png,cat\n";
    let shows = |world: &World, text: &str| {
        let file = world.shown().remove("names.csv").expect("there");
        assert!(file.ends_with(&format!("{text:?}")), "{file}");
    };
    let write = |world: &World, text: &str| {
        world.write("names.tmp", 0, text.as_bytes()).expect("written");
        rename(world, "names.tmp", "names.csv").expect("renamed");
        world.keeper().snapshot().expect("in the store");
    };
    write(&world, &names.replace("2.png,cat", "2.png,lynx"));
    shows(&world, &hidden.replace("cat\n", "lynx\n"));
    world.edit(|draft| assert_eq!(draft.undo().expect("a step"), "edits through the mount"));
    world.keeper().catch_up().expect("taken in");
    shows(&world, hidden);
    // All that is new is hidden: the store has nothing new, and the mount shows what it has.
    write(&world, names);
    shows(&world, hidden);
    world.mount();
    world.take_over();
    shows(&world, hidden);
}
