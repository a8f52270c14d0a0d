//! The rows of a label file, and their edits.

use std::collections::BTreeSet;
use std::ops::Range;

use super::line::{Line, line_ending, lines, number, words};
use super::part::{Part, columns, guess, is_length, numbers_of, row};
use super::{YoloLabels, YoloTask};
use crate::Result;
use crate::model::Value;
use crate::table::json;
use crate::table::whole::{self, WholeFile, WholeTable, number_text};
use crate::table::{Column, FileEdits, Insert, Patch, ReadAt, Role, RowSet, Splice, TableFile, TableInfo, class_map};

/// A label file, open: one row for each line that is not blank.
#[derive(Debug)]
pub(super) struct LabelFile {
    text: String,
    classes: Vec<(String, String)>,
    task: YoloTask,
    table: WholeTable,
    /// As the rows: the line and its words.
    places: Vec<(Line, Vec<Range<usize>>)>,
    parts: Vec<Part>,
}

impl LabelFile {
    /// # Errors
    /// `Invalid` when it is no text of numbers at all.
    pub(super) fn open(file: &dyn ReadAt, format: &YoloLabels) -> Result<LabelFile> {
        let text = whole::text(file, "YOLO label file")?;
        let split = lines(&text).into_iter().map(|line| (words(&text, &line), line));
        let split: Vec<(Line, Vec<Range<usize>>)> =
            split.filter(|(words, _)| !words.is_empty()).map(|(words, line)| (line, words)).collect();
        let lengths: Vec<usize> = split.iter().map(|(_, words)| words.len()).collect();
        let task = format.task.unwrap_or_else(|| guess(&lengths, format.common));
        let columns = columns(task, &format.classes, lengths.contains(&6));
        let parts: Vec<Part> = columns.iter().map(|(part, ..)| part.clone()).collect();

        let (mut rows, mut places, mut problem) = (Vec::new(), Vec::new(), None);
        for (line, words) in split {
            match row(&text, task, &parts, &line, &words) {
                Ok(cells) => {
                    rows.push(cells);
                    places.push((line, words));
                }
                Err(found) => {
                    problem = Some(found);
                    break;
                }
            }
        }
        if let (true, Some(problem)) = (rows.is_empty(), &problem) {
            return Err(problem.clone().refusal("YOLO label file"));
        }
        let columns = columns.into_iter().map(|(_, column, shape)| (column, shape)).collect();
        let table = WholeTable::new("labels", columns, rows, problem);
        Ok(LabelFile { text, classes: format.classes.clone(), task, table, places, parts })
    }

    fn set(&self, set: &RowSet) -> Result<Vec<Option<Patch>>> {
        self.table.row(set.row)?;
        let (_, words) = &self.places[set.row as usize];
        set.cells.iter().map(|(column, value)| self.set_cell(words, *column, value)).collect()
    }

    fn set_cell(&self, words: &[Range<usize>], column: usize, value: &Value) -> Result<Option<Patch>> {
        let value = self.check(0, column, value)?;
        let place = self.place_of(column, words.len());
        let (from, to) = if place.is_empty() {
            let end = words.last().map_or(0, |word| word.end);
            (end, end)
        } else {
            (words[place.start].start, words[place.end - 1].end)
        };
        let old = &words[place];
        if value == Value::Null {
            // A score that goes takes the white space before it along.
            let before = words.iter().rfind(|word| word.end <= from).map_or(from, |word| word.end);
            let patch = Patch { offset: before as u64, replaced: (to - before) as u64, bytes: Vec::new() };
            return Ok((!old.is_empty()).then_some(patch));
        }
        let mut bytes = if old.is_empty() { self.gap(words).to_owned() } else { String::new() };
        let gap = if old.len() > 1 { &self.text[old[old.len() - 2].end..old[old.len() - 1].start] } else { " " };
        for (nth, new) in numbers_of(&value).into_iter().enumerate() {
            if nth > 0 {
                let kept = old.get(nth).map(|word| &self.text[old[nth - 1].end..word.start]);
                bytes.push_str(kept.unwrap_or(gap));
            }
            let kept = old.get(nth).map(|word| &self.text[word.clone()]);
            let kept = kept.filter(|old| number(old).is_some_and(|old| old.to_bits() == new.to_bits()));
            bytes.push_str(&kept.map_or_else(|| number_text(new), str::to_owned));
        }
        let patch = Patch { offset: from as u64, replaced: (to - from) as u64, bytes: bytes.into_bytes() };
        Ok((patch.bytes != self.text.as_bytes()[from..to]).then_some(patch))
    }

    fn place_of(&self, column: usize, count: usize) -> Range<usize> {
        let mut place = 0..0;
        for part in &self.parts[..=column] {
            place = part.words(place.end, count);
        }
        place
    }

    /// What stands between the words of a line.
    fn gap(&self, words: &[Range<usize>]) -> &str {
        if words.len() > 1 { &self.text[words[0].end..words[1].start] } else { " " }
    }

    fn delete(&self, (_, row): (usize, u64)) -> Result<Option<Patch>> {
        self.table.row(row)?;
        let line = &self.places[row as usize].0;
        Ok(Some(Patch { offset: line.start as u64, replaced: (line.next - line.start) as u64, bytes: Vec::new() }))
    }

    fn inserts(&self, inserts: &[Insert], deleted: &BTreeSet<u64>) -> Result<Vec<Option<Patch>>> {
        let ending = line_ending(&self.text);
        let mut is_first = true;
        let mut insert_one = |insert: &Insert| {
            let row = self.line(insert)?;
            let patch =
                |offset: usize, bytes: String| Patch { offset: offset as u64, replaced: 0, bytes: bytes.into() };
            let Some(after) = insert.after else {
                let start = if self.text.starts_with('\u{feff}') { 3 } else { 0 };
                return Ok(Some(patch(start, row + ending)));
            };
            self.table.row(after)?;
            let line = &self.places[after as usize].0;
            if !line.is_open() {
                return Ok(Some(patch(line.next, row + ending)));
            }
            // After a last line without a line ending comes one that has none, too; if that line
            // itself goes, the ending before it is there for the first of the new ones.
            let takes_place = std::mem::replace(&mut is_first, false) && deleted.contains(&after);
            Ok(Some(patch(line.next, if takes_place { row } else { format!("{ending}{row}") })))
        };
        inserts.iter().map(&mut insert_one).collect()
    }

    /// The text of a new row.
    fn line(&self, insert: &Insert) -> Result<String> {
        let near = insert.after.unwrap_or(0) as usize;
        let gap = self.places.get(near).map_or(" ", |(_, words)| self.gap(words));
        let mut text = Vec::new();
        for column in 0..self.parts.len() {
            let value = insert.cells.get(column).unwrap_or(&Value::Null);
            text.extend(numbers_of(&self.check(0, column, value)?).into_iter().map(number_text));
        }
        Ok(text.join(gap))
    }
}

impl WholeFile for LabelFile {
    fn infos(&self) -> &[TableInfo] {
        std::slice::from_ref(&self.table.info)
    }

    fn table(&self, table: usize) -> Result<&WholeTable> {
        whole::sole(&self.table, table)
    }

    fn check_cell(&self, table: &WholeTable, column: usize, value: &Value) -> Result<Value> {
        let (of, _) = table.column(column)?;
        let refuse = |why: &str| Err(json::refuse(of, value, why));
        if of.name == "class" && !self.classes.is_empty() && *value != Value::Null {
            return class_map::number(of, &self.classes, value);
        }
        let held = table.check(column, value)?;
        let numbers = numbers_of(&held);
        match (&of.role, &held) {
            (Role::Label { .. }, Value::Int(class)) if *class < 0 => refuse("a class is not below 0"),
            (Role::BoxCxcywhn, _) if numbers.len() != 4 => refuse("a box is four numbers: cx, cy, width, height"),
            (Role::BoxCxcywhn, _) if numbers[2] < 0.0 || numbers[3] < 0.0 => refuse("a box has no negative size"),
            (Role::BoxOriented, _) if numbers.len() != 8 => refuse("a turned box is four corners"),
            (Role::Mask, Value::List(polygons)) if polygons.len() != 1 => refuse("a line has one polygon"),
            (Role::Mask, _) if numbers.len() < 6 || numbers.len() % 2 == 1 => {
                refuse("a polygon is at least three points: x1, y1, x2, y2, x3, y3")
            }
            (Role::Keypoints, _) if !is_length(self.task, numbers.len() + 5) => {
                refuse("it is not as many points as the task has")
            }
            _ => full(of, held),
        }
    }

    fn splice_edits(&self, edits: &FileEdits) -> Result<Splice> {
        let deleted: BTreeSet<u64> = edits.deletes.iter().map(|(_, row)| *row).collect();
        Ok(Splice::Patches {
            sets: edits.sets.iter().map(|set| self.set(set)).collect::<Result<_>>()?,
            deletes: edits.deletes.iter().map(|delete| self.delete(*delete)).collect::<Result<_>>()?,
            inserts: self.inserts(&edits.inserts, &deleted)?,
        })
    }
}

/// A list without gaps: nothing can stand for a missing number.
fn full(column: &Column, value: Value) -> Result<Value> {
    fn has_gap(value: &Value) -> bool {
        matches!(value, Value::List(items) if items.iter().any(|item| *item == Value::Null || has_gap(item)))
    }
    if has_gap(&value) {
        return Err(json::refuse(column, &value, "a number is missing"));
    }
    Ok(value)
}
