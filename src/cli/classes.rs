//! `veneer classes`: the classes of a dataset's labels, and edits of them.

use clap::Args;
use serde::Serialize;
use veneer::dataset::rows::{Class, ClassMap};
use veneer::{Error, ErrorKind};

use super::browse::view_of;
use super::context::Context;
use super::edit::Editing;
use super::human;
use super::output::{self, Align, Table};
use super::report::{Answer, Failure, Result};

/// List the classes of labels, or rename, add and merge them in a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The file that holds the class map is edited (COCO's categories, the names of a
data.yaml), and all labels that a merge changes; where labels have names, as in
Pascal VOC, those. Where folders of images are classes, the folders get the new
name, and a merge moves the images. All of it is one step, which `veneer undo` takes
back: first classes are merged, then renamed, then added.

Classes of YOLO are numbered by their place. One that was merged into another keeps its
name and its place, and has no labels, so that all other numbers go on meaning the same.

Without TABLE, all class maps that have the class are edited.

Examples:
  veneer classes traffic
  veneer classes traffic --rename bycicle=bicycle
  veneer classes traffic --merge van,truck=car --add tram
  veneer classes traffic instances_val --rename person=pedestrian")]
pub(super) struct ClassesArgs {
    /// The dataset, and the branch if not `main`; to list, any revision
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// The class map, by its file or by a table of it
    table: Option<String>,
    /// Give class A the name B; may be said again
    #[arg(long, value_name = "A=B")]
    rename: Vec<String>,
    /// Add a class, as the last one; may be said again
    #[arg(long, value_name = "C")]
    add: Vec<String>,
    /// Make all labels of A and B those of C, which may be one of them; may be said again
    #[arg(long, value_name = "A,B=C")]
    merge: Vec<String>,
    /// List those of your draft on the branch, uncommitted changes included
    #[arg(long, conflicts_with_all = ["rename", "add", "merge"])]
    draft: bool,
}

#[derive(Serialize)]
struct ClassLine {
    map: String,
    number: Option<String>,
    class: String,
    labels: u64,
}

/// An edit of classes.
enum Edit {
    Rename(String, String),
    Add(String),
    Merge(Vec<String>, String),
}

impl ClassesArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let edits = self.edits()?;
        if edits.is_empty() { self.list(context) } else { self.edit(context, &edits) }
    }

    fn edits(&self) -> Result<Vec<Edit>> {
        let mut edits = Vec::new();
        for text in &self.merge {
            let (from, into) = assigned(text, "A,B=C")?;
            edits.push(Edit::Merge(from.split(',').map(|name| name.trim().to_owned()).collect(), into.to_owned()));
        }
        for text in &self.rename {
            let (from, to) = assigned(text, "A=B")?;
            edits.push(Edit::Rename(from.to_owned(), to.to_owned()));
        }
        edits.extend(self.add.iter().cloned().map(Edit::Add));
        Ok(edits)
    }

    fn list(&self, context: &Context) -> Result {
        let view = view_of(context, &self.name, self.draft)?;
        let mut lines = Vec::new();
        for map in view.class_maps(self.table.as_deref())? {
            let line =
                |Class { number, name, labels }| ClassLine { map: map.name.clone(), number, class: name, labels };
            lines.extend(view.classes(&map)?.into_iter().map(line));
        }
        if context.json {
            output::json(&lines)?;
            return Ok(Answer::Yes);
        }
        let mut shown = Table::new([Align::Left, Align::Right, Align::Left, Align::Right]);
        for ClassLine { map, number, class, labels } in lines {
            shown.row([map, number.unwrap_or_default(), class, human::count(labels, "label")]);
        }
        shown.print()?;
        Ok(Answer::Yes)
    }

    fn edit(&self, context: &Context, edits: &[Edit]) -> Result {
        let mut editing = Editing::open(context, &context.address(&self.name)?)?;
        let maps = editing.draft.view().class_maps(self.table.as_deref())?;
        let mut told = Vec::new();
        for edit in edits {
            told.push(self.apply(&mut editing, &maps, edit)?);
        }
        editing.save(context, &told.join(", "))
    }

    /// Does an edit in all maps that it can be done in; it must be one at least.
    fn apply(&self, editing: &mut Editing, maps: &[ClassMap], edit: &Edit) -> Result<String> {
        let (mut labels, mut missing, mut done) = (0, None, 0);
        for map in maps {
            let result = match edit {
                Edit::Rename(from, to) => editing.draft.rename_class(map, from, to).map(|_| 0),
                Edit::Add(name) => editing.draft.add_class(map, name).map(|()| 0),
                Edit::Merge(from, into) => editing.draft.merge_classes(map, from, into),
            };
            match result {
                Ok(changed) => (labels, done) = (labels + changed, done + 1),
                Err(error) if is_missing(&error) => missing = Some(error),
                Err(error) => return Err(one_of_several(error, editing, maps, edit)),
            }
        }
        match missing {
            Some(error) if done == 0 => Err(Failure::from(error)
                .hint(format!("`veneer classes {} --draft` lists what there is", editing.dataset.name()))),
            _ => Ok(match edit {
                Edit::Rename(from, to) => format!("rename class {from} to {to}"),
                Edit::Add(name) => format!("add class {name}"),
                Edit::Merge(from, into) => {
                    format!("merge {} into {into} ({})", from.join(", "), human::count(labels as u64, "label"))
                }
            }),
        }
    }
}

/// Whether a class is not in this map, but may be in another.
fn is_missing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound { what: "class", .. })
}

/// Which maps there are, where a class cannot be added to all of them.
fn one_of_several(error: Error, editing: &Editing, maps: &[ClassMap], edit: &Edit) -> Failure {
    let (Edit::Add(class), [first, _, ..]) = (edit, maps) else { return error.into() };
    let names: Vec<&str> = maps.iter().map(|map| map.name.as_str()).collect();
    let (name, first) = (editing.dataset.name(), &first.name);
    Failure::from(error).hint(format!(
        "there are the class maps {}; `veneer classes {name} {first} --add {class}` adds it to one",
        names.join(", ")
    ))
}

fn assigned<'t>(text: &'t str, form: &str) -> Result<(&'t str, &'t str)> {
    let found = text.split_once('=').map(|(from, to)| (from.trim(), to.trim()));
    found
        .filter(|(from, to)| !from.is_empty() && !to.is_empty())
        .ok_or_else(|| Failure::usage(format!("`{text}` names no two classes")).hint(format!("write {form}")))
}
