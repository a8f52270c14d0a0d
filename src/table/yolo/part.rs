//! What the words of a line are: its columns, by the task of the file.

use std::ops::Range;

use super::YoloTask;
use super::line::{Line, number};
use crate::model::Value;
use crate::table::json::{self, Kind, Shape};
use crate::table::{Column, Problem, Role, whole};

/// To one file of polygons, so many of quadrangles are polygons, too.
const QUADRANGLES_PER_POLYGON_MAX: usize = 10;

/// What some of a line's words are: a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Class,
    /// That many numbers; `None` is all that are left.
    Numbers(Option<usize>),
    /// All that are left, as one polygon in a list.
    Polygon,
    /// One number that may be missing.
    Score,
}

impl Part {
    /// The words of a line of `count` words that are this part, the ones before `from` being others'.
    pub(super) fn words(&self, from: usize, count: usize) -> Range<usize> {
        let wanted = match self {
            Part::Class | Part::Score => 1,
            Part::Numbers(Some(numbers)) => *numbers,
            Part::Numbers(None) | Part::Polygon => count,
        };
        from.min(count)..from.saturating_add(wanted).min(count)
    }
}

/// The task that the lengths of the lines speak of; where they may be of several, or there are none, the `common` one.
pub(super) fn guess(lengths: &[usize], common: Option<YoloTask>) -> YoloTask {
    if lengths.is_empty() {
        common.unwrap_or(YoloTask::Detect)
    } else if lengths.iter().all(|len| *len <= 6) {
        YoloTask::Detect
    } else if lengths.iter().all(|len| *len == 9) && common != Some(YoloTask::Segment) {
        YoloTask::Oriented
    } else if common == Some(YoloTask::Detect) && are_mostly_boxes(lengths) {
        // One line that is wrong makes no polygons of the others.
        YoloTask::Detect
    } else {
        YoloTask::Segment
    }
}

fn are_mostly_boxes(lengths: &[usize]) -> bool {
    lengths.iter().filter(|len| is_length(YoloTask::Detect, **len)).count() * 2 >= lengths.len()
}

/// The task of label files that do not tell theirs, by the lengths of the lines of others; `None` where nothing tells.
pub(super) fn common(files: &[Vec<usize>]) -> Option<YoloTask> {
    let of = |task: YoloTask| {
        let is_of = |lengths: &&Vec<usize>| {
            !lengths.is_empty() && guess(lengths, None) == task && lengths.iter().all(|len| is_length(task, *len))
        };
        files.iter().filter(is_of).count()
    };
    let (boxes, turned, polygons) = (of(YoloTask::Detect), of(YoloTask::Oriented), of(YoloTask::Segment));
    let are_polygons = turned <= polygons * QUADRANGLES_PER_POLYGON_MAX;
    match (are_polygons, polygons > boxes, turned > boxes) {
        (true, true, _) => Some(YoloTask::Segment),
        (false, _, true) => Some(YoloTask::Oriented),
        _ => (boxes > 0).then_some(YoloTask::Detect),
    }
}

/// Whether a line of so many words can be one of the task.
pub(super) fn is_length(task: YoloTask, len: usize) -> bool {
    match task {
        YoloTask::Detect => len == 5 || len == 6,
        // A box among polygons is two points, as Ultralytics reads it.
        YoloTask::Segment => len >= 5 && len % 2 == 1,
        YoloTask::Pose { points, numbers } => {
            Some(len) == points.checked_mul(numbers).and_then(|all| all.checked_add(5))
        }
        YoloTask::Oriented => len == 9,
    }
}

pub(super) fn columns(task: YoloTask, classes: &[(String, String)], has_scores: bool) -> Vec<(Part, Column, Shape)> {
    let label = Role::Label { classes: classes.to_vec() };
    let numbers = Shape::lists(1, Kind::Float);
    let make = |part, name: &str, shape, role| (part, whole::column(name, shape, role, part_is_optional(name)), shape);
    let mut columns = vec![make(Part::Class, "class", Shape::of(Kind::Int), label)];
    let a_box = |columns: &mut Vec<_>| columns.push(make(Part::Numbers(Some(4)), "box", numbers, Role::BoxCxcywhn));
    match task {
        YoloTask::Detect => {
            a_box(&mut columns);
            if has_scores {
                columns.push(make(Part::Score, "score", Shape::of(Kind::Float), Role::Plain));
            }
        }
        YoloTask::Segment => {
            columns.push(make(Part::Polygon, "polygon", Shape::lists(2, Kind::Float), Role::Mask));
        }
        YoloTask::Pose { .. } => {
            a_box(&mut columns);
            columns.push(make(Part::Numbers(None), "keypoints", numbers, Role::Keypoints));
        }
        YoloTask::Oriented => columns.push(make(Part::Numbers(Some(8)), "corners", numbers, Role::BoxOriented)),
    }
    columns
}

fn part_is_optional(name: &str) -> bool {
    name == "score"
}

/// One line as cells.
pub(super) fn row(
    text: &str,
    task: YoloTask,
    parts: &[Part],
    line: &Line,
    words: &[Range<usize>],
) -> std::result::Result<Vec<Value>, Problem> {
    if !is_length(task, words.len()) {
        let why = format!("a line of {} numbers, which is none of this kind", words.len());
        return Err(whole::problem(text, line.start, why));
    }
    let mut numbers = Vec::with_capacity(words.len());
    for word in words {
        let found = number(&text[word.clone()]);
        numbers.push(found.ok_or_else(|| whole::problem(text, word.start, "a word that is no number"))?);
    }
    let mut place = 0..0;
    let mut cells = Vec::with_capacity(parts.len());
    for part in parts {
        place = part.words(place.end, numbers.len());
        let list = || Value::List(numbers[place.clone()].iter().map(|number| Value::Float(*number)).collect());
        cells.push(match part {
            Part::Class => {
                let class = json::whole(&Value::Float(numbers[0])).map(Value::Int);
                class.ok_or_else(|| whole::problem(text, words[0].start, "a class that is no whole number"))?
            }
            Part::Numbers(_) => list(),
            Part::Polygon => Value::List(vec![list()]),
            Part::Score => numbers.get(place.start).map_or(Value::Null, |number| Value::Float(*number)),
        });
    }
    Ok(cells)
}

/// The numbers of a cell, in order.
pub(super) fn numbers_of(value: &Value) -> Vec<f64> {
    match value {
        Value::List(items) => items.iter().flat_map(numbers_of).collect(),
        other => json::number(other).into_iter().collect(),
    }
}
