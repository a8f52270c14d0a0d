//! How a written name finds its column, and what may have been meant where it finds none.
//!
//! A name in double quotes is meant to the letter. One without is, as in SQL, first the
//! column whose name is the same in small letters, and then, where there is none, the only
//! column that is the same without regard to case: `Label` and `label` both find a column
//! `Label`. Where two columns differ in nothing but case, neither of them being all small,
//! only quotes tell which.

use super::fault::{Result, fail};
use super::tree::Name;
use crate::Error;
use crate::ErrorKind;

/// The place of the column with this name.
pub(super) fn find<'a>(
    what: &'static str,
    name: &Name,
    columns: impl Iterator<Item = &'a str> + Clone,
) -> Result<usize> {
    let exactly = |wanted: &str| columns.clone().position(|column| column == wanted);
    if let Some(at) = exactly(&if name.quoted { name.text.clone() } else { name.text.to_lowercase() }) {
        return Ok(at);
    }
    let alike = |column: &str| column.to_lowercase() == name.text.to_lowercase();
    let found: Vec<(usize, &str)> = columns.clone().enumerate().filter(|(_, column)| alike(column)).collect();
    match found.as_slice() {
        [(at, _)] if !name.quoted => Ok(*at),
        [_, _, ..] if !name.quoted => {
            let candidates = found.iter().map(|(_, column)| format!("\"{column}\"")).collect();
            Err(Error::new(ErrorKind::Ambiguous { name: name.text.clone(), candidates }).into())
        }
        _ => Err(not_found(what, &name.text, columns).into()),
    }
}

/// A column's name, in quotes or not: here it may have any letter.
pub(super) fn written(text: &str) -> Result<Name> {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(name) if !name.is_empty() => Ok(Name { text: name.replace("\"\"", "\""), quoted: true }),
        None if !text.is_empty() => Ok(Name { text: text.to_owned(), quoted: false }),
        _ => fail("there is no name of a column"),
    }
}

/// The error for a name that no column has: its cause tells the nearest ones.
pub(super) fn not_found<'a>(what: &'static str, name: &str, columns: impl Iterator<Item = &'a str> + Clone) -> Error {
    let near = nearest(name, columns.clone());
    let error = Error::not_found(what, name);
    match near.is_empty() {
        false => error.caused_by(format!("the nearest {} {}", if near.len() == 1 { "is" } else { "are" }, list(&near))),
        true => {
            let all: Vec<&str> = columns.take(12).collect();
            error.caused_by(format!("there are {}", list(&all)))
        }
    }
}

/// The names that a slip of the hand may have meant, best first.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let most = wanted.chars().count().div_ceil(3).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|known| {
            let lower = known.to_lowercase();
            let within = wanted.len() >= 3 && (lower.contains(&wanted) || wanted.contains(&lower) && lower.len() >= 3);
            let slips = slips(&wanted, &lower);
            (slips <= most || within).then_some((slips, known))
        })
        .collect();
    near.sort();
    near.dedup();
    near.truncate(3);
    near.into_iter().map(|(_, name)| name).collect()
}

/// The end of a message that tells the nearest names, if there are any.
pub(super) fn told(near: &[&str]) -> String {
    if near.is_empty() { String::new() } else { format!("; the nearest: {}", list(near)) }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How many letters are to be changed, added or removed to make one text of another.
fn slips(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
