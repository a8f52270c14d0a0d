//! Cells of two states of a file, made comparable: the same value is the same, whatever type its column has.
//!
//! A column that was of whole numbers may have fractions now, one of numbers a
//! word: then `1` and `1.0` are still the same value.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};

use crate::model::Value;
use crate::table::{Column, Role, arrow_value, json};
use crate::{Error, Result};

/// As what the cells of one column are compared.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// As values of this type.
    As(DataType),
    /// As text, numbers in one way of writing.
    Text,
    /// As JSON, whatever the order of an object's members.
    Json,
}

/// Columns that both sides have, and how their cells are compared.
#[derive(Debug)]
pub(super) struct Comparing {
    forms: Vec<Form>,
    whole: RowConverter,
    each: Vec<RowConverter>,
}

impl Comparing {
    /// For these columns, on the one side and on the other.
    pub(super) fn new(columns: &[(&Column, &Column)]) -> Result<Comparing> {
        let is_json = |old: &Column, new: &Column| is_json(old) && is_json(new);
        let form = |(old, new): &(&Column, &Column)| match is_json(old, new) {
            true => Form::Json,
            false => form(&old.data_type, &new.data_type),
        };
        let forms: Vec<Form> = columns.iter().map(form).collect();
        let field = |form: &Form| match form {
            Form::As(data_type) => SortField::new(data_type.clone()),
            Form::Text | Form::Json => SortField::new(DataType::Utf8),
        };
        let fields: Vec<SortField> = forms.iter().map(field).collect();
        let each = fields.iter().map(|field| RowConverter::new(vec![field.clone()]).map_err(unlike));
        let each = each.collect::<Result<_>>()?;
        Ok(Comparing { forms, whole: RowConverter::new(fields).map_err(unlike)?, each })
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.forms.len()
    }

    /// Adds a hash of all cells of each row.
    pub(super) fn hash_rows(&self, columns: &[ArrayRef], hashes: &mut Vec<u64>) -> Result<()> {
        let rows = self.whole.convert_columns(&self.alike(columns)?).map_err(unlike)?;
        hashes.extend(rows.iter().map(|row| hash(row.data())));
        Ok(())
    }

    /// Adds the hashes of all cells, row by row.
    pub(super) fn hash_cells(&self, columns: &[ArrayRef], hashes: &mut Vec<u64>) -> Result<()> {
        let of_column = |(column, converter): (ArrayRef, &RowConverter)| {
            let rows = converter.convert_columns(&[column]).map_err(unlike)?;
            Ok(rows.iter().map(|row| hash(row.data())).collect::<Vec<u64>>())
        };
        let columns = self.alike(columns)?.into_iter().zip(&self.each).map(of_column).collect::<Result<Vec<_>>>()?;
        for row in 0..columns.first().map_or(0, Vec::len) {
            hashes.extend(columns.iter().map(|column| column[row]));
        }
        Ok(())
    }

    /// Whether two values of a column are the same.
    pub(super) fn is_same(&self, column: usize, old: &Value, new: &Value) -> bool {
        match &self.forms[column] {
            Form::As(DataType::Float64) => match (number(old), number(new)) {
                (Some(old), Some(new)) => old.to_bits() == new.to_bits(),
                _ => old == new,
            },
            Form::As(_) => old == new,
            Form::Text => text_of(old, true) == text_of(new, true),
            Form::Json => is_same_json(old, new),
        }
    }

    fn alike(&self, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let alike = |(column, form): (&ArrayRef, &Form)| match form {
            Form::As(data_type) if column.data_type() == data_type => Ok(Arc::clone(column)),
            Form::As(data_type) => cast(column, data_type).map_err(unlike),
            Form::Text => {
                let values = arrow_value::values(column)?;
                Ok(Arc::new(values.iter().map(|value| text_of(value, true)).collect::<StringArray>()) as ArrayRef)
            }
            Form::Json => {
                let values = arrow_value::values(column)?;
                Ok(Arc::new(values.iter().map(ordered).collect::<StringArray>()) as ArrayRef)
            }
        };
        columns.iter().zip(&self.forms).map(alike).collect()
    }
}

/// A hash that is the same within this process.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// Whether two values of a column are the same: of one of JSON's own text, as JSON.
pub(super) fn is_same_in(column: &Column, one: &Value, other: &Value) -> bool {
    one == other || is_json(column) && is_same_json(one, other)
}

/// Whether the cells of a column are texts of JSON: of masks they are where some are run-length encoded.
fn is_json(column: &Column) -> bool {
    let is_text = matches!(column.data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    column.role == Role::Json || column.role == Role::Mask && is_text
}

fn is_same_json(one: &Value, other: &Value) -> bool {
    one == other || ordered(one) == ordered(other)
}

fn ordered(json: &Value) -> Option<Cow<'_, str>> {
    match json {
        Value::Null => None,
        Value::Text(text) => Some(json::ordered(text)),
        other => Some(Cow::Owned(other.to_string())),
    }
}

fn form(old: &DataType, new: &DataType) -> Form {
    let plain = |data_type: &DataType| match data_type {
        DataType::Dictionary(_, of) => of.as_ref().clone(),
        other => other.clone(),
    };
    let (old, new) = (plain(old), plain(new));
    let both = |is: fn(&DataType) -> bool| is(&old) && is(&new);
    let is_text = |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let narrow = |data_type: &DataType| data_type.is_integer() && *data_type != DataType::UInt64;
    let same = if both(is_text) {
        DataType::Utf8
    } else if both(narrow) {
        DataType::Int64
    } else if old != new && both(|data_type| data_type.is_integer() || data_type.is_floating()) {
        DataType::Float64
    } else if old == new {
        old
    } else {
        return Form::Text;
    };
    match RowConverter::supports_fields(&[SortField::new(same.clone())]) {
        true => Form::As(same),
        false => Form::Text,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Whole numbers up to this are fractions of their own, 2⁵³.
const WHOLE_MAX: u64 = 1 << 53;

/// A value as text that is the same for the same value, of whatever type; `None` is null.
pub(super) fn as_text(value: &Value) -> Option<String> {
    text_of(value, false)
}

/// As [`as_text`]; with `ordered`, whatever the order is of a value's fields, and whether some are missing or null.
fn text_of(value: &Value, ordered: bool) -> Option<String> {
    match value {
        Value::Null => None,
        // Beyond these, two whole numbers may be one fraction.
        Value::Int(whole) if whole.unsigned_abs() > WHOLE_MAX => Some(whole.to_string()),
        Value::Int(_) | Value::Float(_) => number(value).map(|number| format!("{number:?}")),
        Value::Text(text) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => as_text(&Value::Int(whole)),
            (_, Ok(number)) if number.is_finite() => Some(format!("{number:?}")),
            _ => Some(text.clone()),
        },
        Value::List(values) => Some(values.iter().map(|value| part(value, ordered)).collect()),
        Value::Struct(fields) => {
            let field = |(name, value): &(String, Value)| format!("{}:{name}{}", name.len(), part(value, ordered));
            if !ordered {
                return Some(fields.iter().map(field).collect());
            }
            let mut sorted: Vec<String> = fields.iter().filter(|(_, value)| *value != Value::Null).map(field).collect();
            sorted.sort_unstable();
            Some(sorted.concat())
        }
        Value::Bool(_) | Value::Binary(_) => Some(value.to_string()),
    }
}

/// A value within another one: with its length, so that two parts are never read as one.
fn part(value: &Value, ordered: bool) -> String {
    text_of(value, ordered).map_or_else(|| "-".to_owned(), |text| format!("{}:{text}", text.len()))
}

fn unlike(cause: arrow::error::ArrowError) -> Error {
    Error::invalid("cells", &cause.to_string(), "they cannot be compared").caused_by(cause)
}

/// The cells of a row with some set; those of other columns come behind.
pub(super) fn with_cells<'c>(
    before: &[(String, Value)],
    set: impl Iterator<Item = (&'c String, &'c Value)>,
) -> Vec<(String, Value)> {
    let mut row = before.to_vec();
    for (column, after) in set {
        match row.iter_mut().find(|(name, _)| name == column) {
            Some((_, cell)) => cell.clone_from(after),
            None => row.push((column.clone(), after.clone())),
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: (&DataType, Value), new: (&DataType, Value), is_same: bool) {
        check_of(Role::Plain, old, new, is_same);
    }

    fn check_of(role: Role, old: (&DataType, Value), new: (&DataType, Value), is_same: bool) {
        let column = |data_type: &DataType| Column {
            name: "c".to_owned(),
            data_type: data_type.clone(),
            role: role.clone(),
            nullable: true,
            editable: true,
        };
        let comparing = Comparing::new(&[(&column(old.0), &column(new.0))]).expect("they can be compared");
        assert_eq!(comparing.is_same(0, &old.1, &new.1), is_same, "{old:?} {new:?}");
        let hashed = |(data_type, value): (&DataType, Value)| {
            let column = arrow_value::array(data_type, &[value]).expect("the type holds it");
            let (mut cells, mut rows) = (Vec::new(), Vec::new());
            comparing.hash_cells(&[Arc::clone(&column)], &mut cells).expect("hashed");
            comparing.hash_rows(&[column], &mut rows).expect("hashed");
            (cells, rows)
        };
        assert_eq!(hashed(old.clone()) == hashed(new.clone()), is_same, "{old:?} {new:?}");
    }

    #[test]
    fn the_same_value_is_the_same_whatever_type_its_column_has() {
        let text = |text: &str| Value::Text(text.to_owned());
        let (int, float, utf8) = (&DataType::Int64, &DataType::Float64, &DataType::Utf8);
        check((int, Value::Int(1)), (int, Value::Int(1)), true);
        check((int, Value::Int(1)), (float, Value::Float(1.0)), true);
        check((int, Value::Int(1)), (&DataType::Int16, Value::Int(1)), true);
        check((float, Value::Float(0.5)), (utf8, text("0.50")), true);
        check((float, Value::Float(0.5)), (utf8, text("n/a")), false);
        check((utf8, text("007")), (utf8, text("7")), false);
        check((&DataType::LargeUtf8, text("a")), (utf8, text("a")), true);
        check((float, Value::Float(0.0)), (float, Value::Float(-0.0)), false);
        check((float, Value::Null), (utf8, text("")), false);
        let list = |of: &DataType| DataType::List(Arc::new(arrow::datatypes::Field::new("item", of.clone(), true)));
        let (ints, floats) = (list(int), list(float));
        check((&ints, Value::List(vec![Value::Int(1)])), (&floats, Value::List(vec![Value::Float(1.0)])), true);
        check((&ints, Value::List(vec![Value::Int(1)])), (&floats, Value::List(vec![Value::Float(1.5)])), false);
        let deep = list(&ints);
        let of = |lists: &[&[i64]]| {
            let one = |list: &&[i64]| Value::List(list.iter().copied().map(Value::Int).collect());
            Value::List(lists.iter().map(one).collect())
        };
        let (one, other) = (of(&[&[1, 2], &[3]]), of(&[&[1], &[2, 3]]));
        check((&deep, one), (&list(&floats), other), false);
        check((int, Value::Int((1 << 53) + 1)), (utf8, text("9007199254740992")), false);
        check((int, Value::Int((1 << 53) + 1)), (utf8, text("9007199254740993")), true);
    }

    #[test]
    fn members_of_an_object_are_the_same_in_any_order() {
        let text = |text: &str| Value::Text(text.to_owned());
        let (json, large) = (text(r#"[{"b":1,"a":{"d":[],"c":2}}]"#), &DataType::LargeUtf8);
        let sorted = text(r#"[{"a":{"c":2,"d":[]},"b":1}]"#);
        check_of(Role::Json, (large, json.clone()), (large, sorted.clone()), true);
        check_of(Role::Json, (&DataType::Utf8, json.clone()), (large, sorted.clone()), true);
        check_of(Role::Json, (large, json.clone()), (large, text(r#"[{"a":{"c":2,"d":[]},"b":2}]"#)), false);
        check_of(Role::Json, (large, text("[1,2]")), (large, text("[2,1]")), false);
        check_of(Role::Json, (large, Value::Null), (large, text("\"\"")), false);
        check_of(Role::Mask, (large, json.clone()), (large, sorted.clone()), true);
        check((large, json), (large, sorted), false);
        let field = |name: &str| arrow::datatypes::Field::new(name, DataType::Int64, true);
        let of = |names: &[&str]| DataType::Struct(names.iter().map(|name| field(name)).collect());
        let value = |fields: &[(&str, Value)]| {
            Value::Struct(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        let (one, two) = (Value::Int(1), Value::Int(2));
        let old = (&of(&["b", "a"]), value(&[("b", one.clone()), ("a", two.clone())]));
        check(old.clone(), (&of(&["a", "b"]), value(&[("a", two.clone()), ("b", one.clone())])), true);
        check(old.clone(), (&of(&["a", "b"]), value(&[("a", one.clone()), ("b", two.clone())])), false);
        let wider = (&of(&["a", "b", "c"]), value(&[("a", two), ("b", one), ("c", Value::Null)]));
        check(old, wider, true);
    }
}
