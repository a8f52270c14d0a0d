//! `x IN (…)`: the constants of a list are gathered once, so that a list of 100,000 keys costs one look-up a row.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::{concat, or_kleene};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};

use super::cells::Cells;
use super::coerce::comparison;
use super::compare::{compare, lift, one_zero};
use super::fault::{Result, fail};
use super::narrowed::narrowed;
use super::plan::{Kind, Members, Plan, Set};
use super::tree::Op;

/// How many values are compared one by one; beyond that a look-up is faster.
const FEW: usize = 4;

/// Binds `of IN (list)`.
pub(super) fn bind(of: Plan, list: Vec<Plan>) -> Result<Plan> {
    let list = narrowed_all(&of, &list).unwrap_or(list);
    let Some(to) = list.iter().try_fold(of.of.clone(), |to, item| comparison(&to, &item.of)) else {
        return fail(format!("{} is not comparable with what IN lists", of.of));
    };
    let (mut values, mut others) = (Vec::new(), Vec::new());
    for item in list {
        let item = item.to(&to)?;
        match item.constant() {
            Some(value) => values.push(Arc::clone(value)),
            None => others.push(item),
        }
    }
    let members = Members { null: values.iter().any(|value| value.is_null(0)), values: set(&to, values)? };
    Ok(Plan::new(Kind::In(Box::new(of.to(&to)?), members, others), DataType::Boolean))
}

/// The list with its constants in the type of `of`; `None` where one of them has to widen it.
fn narrowed_all(of: &Plan, list: &[Plan]) -> Option<Vec<Plan>> {
    let widens_nothing = |item: &Plan| item.of == DataType::Null || of.of.is_floating() && item.of.is_integer();
    list.iter().map(|item| narrowed(of, item).or_else(|| widens_nothing(item).then(|| item.clone()))).collect()
}

fn set(of: &DataType, mut values: Vec<ArrayRef>) -> Result<Set> {
    values.retain(|value| value.is_valid(0));
    if values.is_empty() {
        return Ok(Set::Empty);
    }
    if values.len() <= FEW {
        return Ok(Set::Few(values));
    }
    if *of == DataType::Utf8 {
        let texts = values.iter().map(|value| Ok(Cells::one(Arc::clone(value)).texts(1)?.value(0).into()));
        return Ok(Set::Texts(Arc::new(texts.collect::<Result<_>>()?)));
    }
    let all = concat(&values.iter().map(AsRef::as_ref).collect::<Vec<_>>())?;
    let converter = RowConverter::new(vec![SortField::new(of.clone())])?;
    let rows = converter.convert_columns(&[one_zero(&all)])?;
    let rows = rows.iter().map(|row| Box::from(row.as_ref())).collect();
    Ok(Set::Rows(Arc::new(converter), Arc::new(rows)))
}

/// Which values are in the list; null where only a null could make it true.
pub(super) fn contains(of: &Cells, members: &Members, others: Vec<Cells>, rows: usize) -> Result<BooleanArray> {
    let mut found = in_set(of, members, rows)?;
    for other in others {
        found = or_kleene(&found, &compare(Op::Equal, of, &other, rows)?)?;
    }
    Ok(found)
}

fn in_set(of: &Cells, members: &Members, rows: usize) -> Result<BooleanArray> {
    let found = match &members.values {
        Set::Empty => no_member(of, rows),
        Set::Few(values) => {
            let mut found: Option<BooleanArray> = None;
            for value in values {
                let equal = compare(Op::Equal, of, &Cells::one(Arc::clone(value)), rows)?;
                found = Some(match found {
                    Some(found) => or_kleene(&found, &equal)?,
                    None => equal,
                });
            }
            found.expect("a few are not none")
        }
        Set::Texts(texts) => looked_up(of, rows, &|array| text_look_up(array, texts))?,
        Set::Rows(converter, set) => looked_up(of, rows, &|array| row_look_up(array, converter, set))?,
    };
    if !members.null {
        return Ok(found);
    }
    // `x IN (1, NULL)` is not false but null where x is not 1.
    Ok(found.iter().map(|found| found.filter(|found| *found)).collect())
}

fn no_member(of: &Cells, rows: usize) -> BooleanArray {
    let all = of.all(rows);
    (0..rows).map(|row| all.is_valid(row).then_some(false)).collect()
}

fn looked_up(of: &Cells, rows: usize, look: &dyn Fn(&ArrayRef) -> Result<ArrayRef>) -> Result<BooleanArray> {
    Ok(lift(of, look)?.all(rows).as_boolean().clone())
}

fn text_look_up(array: &ArrayRef, texts: &HashSet<Box<str>>) -> Result<ArrayRef> {
    fn look<'a>(values: impl Iterator<Item = Option<&'a str>>, texts: &HashSet<Box<str>>) -> BooleanArray {
        values.map(|value| value.map(|value| texts.contains(value))).collect()
    }
    Ok(Arc::new(match array.data_type() {
        DataType::Utf8View => look(array.as_string_view().iter(), texts),
        DataType::LargeUtf8 => look(array.as_string::<i64>().iter(), texts),
        _ => look(Cells::array(Arc::clone(array)).texts(array.len())?.iter(), texts),
    }))
}

fn row_look_up(array: &ArrayRef, converter: &RowConverter, set: &HashSet<Box<[u8]>>) -> Result<ArrayRef> {
    let rows = converter.convert_columns(&[one_zero(array)])?;
    let found = rows.iter().enumerate().map(|(at, row)| array.is_valid(at).then(|| set.contains(row.as_ref())));
    Ok(Arc::new(found.collect::<BooleanArray>()))
}
