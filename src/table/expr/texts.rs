//! Functions of texts. A character is a Unicode scalar value, as everywhere in SQL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, StringArray, StringBuilder};
use arrow::compute::kernels::concat_elements::concat_elements_utf8;
use arrow::compute::{contains, ends_with, regexp_is_match, regexp_is_match_scalar, starts_with};
use arrow::datatypes::Int64Type;

use super::cells::Cells;
use super::compare::lift;
use super::fault::{Result, fail};
use super::tree::Function;

/// One text after the other; null where one of them is.
pub(super) fn concat(left: &Cells, right: &Cells, rows: usize) -> Result<Cells> {
    Ok(Cells::array(Arc::new(concat_elements_utf8(&left.texts(rows)?, &right.texts(rows)?)?)))
}

/// Calls a function whose first argument is text.
pub(super) fn call(function: Function, arguments: &[Cells], rows: usize) -> Result<Cells> {
    match (function, arguments) {
        (Function::Lower, [of]) => mapped(of, |text, out| out.push_str(&text.to_lowercase())),
        (Function::Upper, [of]) => mapped(of, |text, out| out.push_str(&text.to_uppercase())),
        (Function::Length, [of]) => lift(of, |array| {
            let texts = Cells::array(Arc::clone(array)).texts(array.len())?;
            let lengths = texts.iter().map(|text| text.map(|text| text.chars().count() as i32));
            Ok(Arc::new(lengths.collect::<Int32Array>()) as ArrayRef)
        }),
        (Function::Trim | Function::TrimStart | Function::TrimEnd, [of]) => {
            mapped(of, |text, out| out.push_str(trimmed(function, text, " ")))
        }
        (Function::Trim | Function::TrimStart | Function::TrimEnd, [of, what]) => {
            let (texts, what) = (of.texts(rows)?, what.texts(rows)?);
            let texts = texts.iter().zip(what.iter()).map(|(text, what)| Some(trimmed(function, text?, what?)));
            Ok(Cells::array(Arc::new(texts.collect::<StringArray>())))
        }
        (Function::Reverse, [of]) => mapped(of, |text, out| out.extend(text.chars().rev())),
        (Function::Replace, [of, from, to]) => {
            let (texts, from, to) = (of.texts(rows)?, from.texts(rows)?, to.texts(rows)?);
            let all = texts.iter().zip(from.iter()).zip(to.iter());
            let replaced = all.map(|((text, from), to)| {
                let (text, from, to) = (text?, from?, to?);
                Some(if from.is_empty() { text.to_owned() } else { text.replace(from, to) })
            });
            Ok(Cells::array(Arc::new(replaced.collect::<StringArray>())))
        }
        (Function::Position, [of, what]) => {
            let (texts, what) = (of.texts(rows)?, what.texts(rows)?);
            let place = |(text, what): (Option<&str>, Option<&str>)| {
                let (text, what) = (text?, what?);
                Some(text.find(what).map_or(0, |at| text[..at].chars().count() as i32 + 1))
            };
            Ok(Cells::array(Arc::new(texts.iter().zip(what.iter()).map(place).collect::<Int32Array>())))
        }
        (Function::ConcatAll, all) => concat_all(all, rows),
        (Function::Left | Function::Right, [of, count]) => side(function, of, count, rows),
        (Function::Substring, [of, places @ ..]) => substring(of, places, rows),
        (Function::StartsWith | Function::EndsWith | Function::Contains, [of, what]) => {
            found(of, what, rows, |of, what| {
                Ok(match function {
                    Function::StartsWith => starts_with(of, what)?,
                    Function::EndsWith => ends_with(of, what)?,
                    _ => contains(of, what)?,
                })
            })
        }
        (Function::RegexpLike, [of, pattern, flags @ ..]) => regexp(of, pattern, flags.first(), rows),
        _ => fail(format!("`{}` does not take {} arguments", function.name(), arguments.len())),
    }
}

/// Another text for each; for a dictionary, for each of its values.
fn mapped(of: &Cells, each: impl Fn(&str, &mut String)) -> Result<Cells> {
    lift(of, |array| {
        let texts = Cells::array(Arc::clone(array)).texts(array.len())?;
        let (mut builder, mut text) =
            (StringBuilder::with_capacity(texts.len(), texts.value_data().len()), String::new());
        for value in texts.iter() {
            text.clear();
            match value {
                Some(value) => {
                    each(value, &mut text);
                    builder.append_value(&text);
                }
                None => builder.append_null(),
            }
        }
        Ok(Arc::new(builder.finish()) as ArrayRef)
    })
}

fn trimmed<'a>(function: Function, text: &'a str, what: &str) -> &'a str {
    let is = |c: char| what.contains(c);
    match function {
        Function::TrimStart => text.trim_start_matches(is),
        Function::TrimEnd => text.trim_end_matches(is),
        _ => text.trim_matches(is),
    }
}

/// One after the other; null is no text.
fn concat_all(all: &[Cells], rows: usize) -> Result<Cells> {
    let all = all.iter().map(|cells| cells.texts(rows)).collect::<Result<Vec<_>>>()?;
    let row = |row: usize| all.iter().filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row)).collect();
    let joined = (0..rows).map(row).collect::<Vec<String>>();
    Ok(Cells::array(Arc::new(StringArray::from(joined))))
}

/// The first characters, or the last; a negative number is how many are left out at the other end.
fn side(function: Function, of: &Cells, count: &Cells, rows: usize) -> Result<Cells> {
    let (texts, count) = (of.texts(rows)?, count.all(rows));
    let one = |row: usize, count: Option<i64>| {
        let (text, count) = (texts.is_valid(row).then(|| texts.value(row))?, count?);
        let all = text.chars().count() as i64;
        let taken = if count < 0 { all.saturating_add(count).max(0) } else { count.min(all) };
        let offset = |place: i64| text.char_indices().nth(place as usize).map_or(text.len(), |(at, _)| at);
        Some(if function == Function::Left { &text[..offset(taken)] } else { &text[offset(all - taken)..] })
    };
    let taken = count.as_primitive::<Int64Type>().iter().enumerate().map(|(row, count)| one(row, count));
    Ok(Cells::array(Arc::new(taken.collect::<StringArray>())))
}

fn substring(of: &Cells, places: &[Cells], rows: usize) -> Result<Cells> {
    let texts = of.texts(rows)?;
    let places: Vec<ArrayRef> = places.iter().map(|place| place.all(rows)).collect();
    let place = |which: usize, row: usize| {
        let place = places[which].as_primitive::<Int64Type>();
        place.is_valid(row).then(|| place.value(row))
    };
    let mut builder = StringBuilder::with_capacity(rows, 0);
    for row in 0..rows {
        let count = (places.len() > 1).then(|| place(1, row));
        match (texts.is_valid(row), place(0, row), count) {
            (false, ..) | (_, None, _) | (.., Some(None)) => builder.append_null(),
            (true, Some(start), count) => builder.append_value(cut(texts.value(row), start, count.flatten())?),
        }
    }
    Ok(Cells::array(Arc::new(builder.finish())))
}

/// `count` characters from place `start`, counted from 1: those before the beginning count, too.
fn cut(text: &str, start: i64, count: Option<i64>) -> Result<&str> {
    let Some(start) = start.checked_sub(1) else {
        return fail("the place is out of range");
    };
    let end = match count {
        Some(count) if count < 0 => return fail(format!("a text cannot be {count} characters long")),
        Some(count) => start.saturating_add(count),
        None => i64::MAX,
    };
    let offset = |place: i64| {
        let place = usize::try_from(place).unwrap_or(0);
        text.char_indices().nth(place).map_or(text.len(), |(offset, _)| offset)
    };
    let (from, to) = (offset(start), offset(end));
    Ok(&text[from.min(to)..to])
}

fn found(
    of: &Cells,
    what: &Cells,
    rows: usize,
    kernel: impl Fn(&Cells, &Cells) -> Result<BooleanArray>,
) -> Result<Cells> {
    if what.one {
        return lift(of, |array| {
            let array = Cells::array(Arc::clone(array));
            let what = what.cast(array.array.data_type())?;
            Ok(Arc::new(kernel(&array, &what)?) as ArrayRef)
        });
    }
    let (of, what) = (Cells::array(Arc::new(of.texts(rows)?)), Cells::array(Arc::new(what.texts(rows)?)));
    Ok(Cells::array(Arc::new(kernel(&of, &what)?)))
}

/// Whether a regular expression is found in texts; flags are those of the regex crate: `i`, `m`, `s`, `U`, `x`.
fn regexp(of: &Cells, pattern: &Cells, flags: Option<&Cells>, rows: usize) -> Result<Cells> {
    let flags = flags.map(|flags| flags.texts(rows)).transpose()?;
    if flags.iter().flat_map(|flags| flags.iter()).flatten().any(|flags| flags.contains('g')) {
        return fail("`regexp_like` has no flag `g`: it finds one match or none");
    }
    if pattern.one && flags.is_none() {
        let pattern = pattern.texts(1)?;
        return lift(of, |array| {
            let texts = Cells::array(Arc::clone(array)).texts(array.len())?;
            Ok(Arc::new(match pattern.is_valid(0) {
                true => regexp_is_match_scalar(&texts, pattern.value(0), None)?,
                false => BooleanArray::new_null(texts.len()),
            }) as ArrayRef)
        });
    }
    let found = regexp_is_match(&of.texts(rows)?, &pattern.texts(rows)?, flags.as_ref())?;
    Ok(Cells::array(Arc::new(found)))
}
