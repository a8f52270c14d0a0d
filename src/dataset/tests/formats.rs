//! What was said of files, and which they are by now.

use super::*;
use crate::dataset::rows::FileFormat;

/// Says what files on `main` are.
fn say(fixture: &mut Fixture, said: &[(&str, Option<&str>)]) {
    let one =
        |(at, format): &(&str, Option<&str>)| FileFormat { path: Some(path(at)), format: format.map(str::to_owned) };
    let said: Vec<FileFormat> = said.iter().map(one).collect();
    fixture.dataset.say_formats(&fixture.view("main"), &said).expect("said");
    fixture.dataset = fixture.datasets.open(fixture.dataset.name()).expect("opened");
}

fn tables(fixture: &Fixture) -> Vec<String> {
    let tables = fixture.view("main").tables().expect("found");
    tables.into_iter().filter(|table| !table.is_samples()).map(|table| table.name).collect()
}

#[test]
fn what_a_file_was_said_to_be_goes_with_it() {
    let mut fixture = Fixture::new(&[("odd.dat", "x\n1\n"), ("no.csv", "x\n1\n")]);
    say(&mut fixture, &[("odd.dat", Some("csv")), ("no.csv", Some("none"))]);
    fixture.commit("main", |draft| {
        draft.rename(&path("odd.dat"), &path("moved.dat"))?;
        draft.rename(&path("no.csv"), &path("none.csv"))?;
        put(draft, "other.dat", "x,y\n1,2\n")
    });
    assert_eq!(tables(&fixture), ["moved"]);
    fixture.commit("main", |draft| put(draft, "no.csv", "x\n2\n"));
    assert_eq!(tables(&fixture), ["moved"]);
}

#[test]
fn what_was_said_of_a_file_is_not_said_of_another_one_in_its_place_and_is_taken_back_where_it_lies_now() {
    let mut fixture = Fixture::new(&[("a.csv", "x\n1\n"), ("b.csv", "x\n2\n"), ("c.csv", "x\n3\n")]);
    say(&mut fixture, &[("a.csv", Some("none"))]);
    fixture.commit("main", |draft| {
        draft.rename(&path("a.csv"), &path("d.csv"))?;
        draft.rename(&path("c.csv"), &path("a.csv"))
    });
    assert_eq!(tables(&fixture), ["a", "b"]);
    say(&mut fixture, &[("a.csv", Some("none"))]);
    assert_eq!(tables(&fixture), ["b"]);
    say(&mut fixture, &[("d.csv", None)]);
    assert_eq!(tables(&fixture), ["b", "d"]);
    let told: Vec<_> = fixture.dataset.formats().iter().map(|choice| choice.path.clone()).collect();
    assert_eq!(told, [Some(path("c.csv"))], "as the source has it");
    // One that was moved to where the source has another one.
    fixture.commit("main", |draft| {
        draft.remove(&path("b.csv"), false)?;
        draft.rename(&path("d.csv"), &path("b.csv"))
    });
    say(&mut fixture, &[("b.csv", Some("none"))]);
    assert_eq!(tables(&fixture), [""; 0]);
}
