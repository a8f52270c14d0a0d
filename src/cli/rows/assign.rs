//! `COLUMN=VALUE` on the command line, and which rows are meant: the one place that says what such a value is.

use std::collections::HashSet;

use arrow::datatypes::DataType;
use veneer::dataset::View;
use veneer::dataset::rows::{RowEdit, Table};
use veneer::model::Value;
use veneer::table::expr::Expr;
use veneer::table::{Role, TableSchema};

use crate::cli::report::{Failure, Result};

/// The table, if the first word is one, and what is assigned. A word with `=` in it is one where `is_table` says so:
/// folders of partitions are called `split=train`.
pub(super) fn split(words: &[String], is_table: bool) -> (Option<&str>, &[String]) {
    match words.split_first() {
        Some((first, rest)) if !first.contains('=') || is_table => (Some(first), rest),
        _ => (None, words),
    }
}

/// What is assigned to a column as text, in the words of a command.
pub(super) fn assigned(words: &[String], column: &str) -> Vec<String> {
    let value = |word: &String| {
        let (name, text) = (word.get(..column.len())?, word.get(column.len()..)?);
        let text = text.strip_prefix('=').filter(|_| name.eq_ignore_ascii_case(column))?;
        Some(serde_json::from_str::<String>(text).ok().or_else(|| unquoted(text)).unwrap_or_else(|| text.to_owned()))
    };
    words.iter().filter_map(value).collect()
}

/// What a column is to hold.
#[derive(Clone, Debug)]
enum Wanted {
    /// The same in every row.
    Constant(Value),
    /// A value computed of the row.
    Computed(Expr),
}

/// What is assigned, by column.
#[derive(Clone, Debug)]
pub(super) struct Assignments(Vec<(String, Wanted)>);

impl Assignments {
    /// Reads `COLUMN=VALUE`. A value is an expression where it speaks of columns of the table (`score * 2`), JSON
    /// where it can be read as that, else text; in a column of text, JSON is text as it is.
    pub(super) fn read(words: &[String], schema: &TableSchema) -> Result<Assignments> {
        if words.is_empty() {
            return Err(Failure::usage("no value is given").hint("as in `label=car` or `bbox=[10,20,30,40]`"));
        }
        let read = |word: &String| {
            let (column, text) = parts(word, schema).ok_or_else(|| {
                Failure::usage(format!("`{word}` assigns nothing")).hint("write COLUMN=VALUE, as in `label=car`")
            })?;
            Ok((column.to_owned(), wanted(column, text, schema)?))
        };
        words.iter().map(read).collect::<Result<Vec<_>>>().map(Assignments)
    }

    /// The columns, for a person.
    pub(super) fn columns(&self) -> String {
        self.0.iter().map(|(column, _)| column.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The cells of a new row, of which nothing can be computed.
    pub(super) fn cells(&self) -> Result<Vec<(String, Value)>> {
        let cell = |(column, wanted): &(String, Wanted)| match wanted {
            Wanted::Constant(value) => Ok((column.clone(), value.clone())),
            Wanted::Computed(value) => {
                Err(Failure::usage(format!("`{}` cannot be computed of a new row", value.text())))
            }
        };
        self.0.iter().map(cell).collect()
    }

    /// The edits that set the cells of the rows that are meant.
    pub(super) fn of(&self, view: &View, table: &Table, rows: &Meant) -> Result<Vec<RowEdit>> {
        let computed: Vec<Expr> = self
            .0
            .iter()
            .filter_map(|(_, wanted)| match wanted {
                Wanted::Computed(value) => Some(value.clone()),
                Wanted::Constant(_) => None,
            })
            .collect();
        let mut edits = Vec::new();
        for (row, values) in rows.find(view, table, &computed)? {
            let mut values = values.into_iter();
            let cell = |(column, wanted): &(String, Wanted)| {
                let value = match wanted {
                    Wanted::Constant(value) => value.clone(),
                    Wanted::Computed(_) => values.next().unwrap_or(Value::Null),
                };
                (column.clone(), value)
            };
            let cells = self.0.iter().map(cell).collect();
            edits.push(RowEdit::Set { row, cells });
        }
        Ok(edits)
    }
}

/// Which rows are meant.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    keys: Vec<String>,
    condition: Option<Expr>,
}

impl Meant {
    /// By keys, or by a condition.
    pub(super) fn read(keys: &[String], condition: Option<&str>) -> Result<Meant> {
        if keys.is_empty() && condition.is_none() {
            return Err(Failure::usage("nothing says which rows are meant").hint(
                "`--key K` names a row, `--where EXPR` all rows for which it holds; `--where true` are all rows",
            ));
        }
        let condition = condition.map(Expr::parse).transpose()?;
        Ok(Meant { keys: keys.to_vec(), condition })
    }

    /// The keys of the rows, each with the values that are computed of it.
    pub(super) fn find(&self, view: &View, table: &Table, computed: &[Expr]) -> Result<Vec<(String, Vec<Value>)>> {
        if self.condition.is_none() && computed.is_empty() {
            return Ok(self.keys.iter().map(|key| (key.clone(), Vec::new())).collect());
        }
        let found = view.select_rows(table, self.condition.as_ref(), computed)?;
        if self.condition.is_some() {
            return Ok(found.into_iter().map(|row| (row.key, row.values)).collect());
        }
        let named: HashSet<&str> = self.keys.iter().map(String::as_str).collect();
        let found: Vec<_> =
            found.into_iter().filter(|row| named.contains(row.key.as_str())).map(|row| (row.key, row.values)).collect();
        let there: HashSet<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
        match self.keys.iter().find(|key| !there.contains(key.as_str())) {
            Some(key) => Err(veneer::Error::not_found("row", key).into()),
            None => Ok(found),
        }
    }
}

/// The column and the text of `COLUMN=VALUE`: the longest name of a column with `=` behind it, as one may have that in
/// its own name, else what stands before the first.
fn parts<'w>(word: &'w str, schema: &TableSchema) -> Option<(&'w str, &'w str)> {
    let known = schema.columns.iter().filter_map(|column| {
        let text = word.strip_prefix(column.name.as_str())?.strip_prefix('=')?;
        Some((&word[..column.name.len()], text))
    });
    known.max_by_key(|(name, _)| name.len()).or_else(|| word.split_once('='))
}

fn wanted(column: &str, text: &str, schema: &TableSchema) -> Result<Wanted> {
    let known = schema.find(column).map(|at| &schema.columns[at]);
    let data_type = known.map(|column| &column.data_type);
    let is_text = data_type.is_some_and(is_textual);
    let is_decimal = data_type.is_some_and(DataType::is_decimal);
    let is_json = known.is_some_and(|column| column.role == Role::Json);
    match Value::from_json_text(text) {
        // Of a decimal number every digit counts, and floats have sixteen.
        Some(Value::Float(_))
            if is_decimal && text.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte)) =>
        {
            return Ok(Wanted::Constant(Value::Text(text.to_owned())));
        }
        Some(Value::Text(_)) if is_json => return Ok(Wanted::Constant(Value::Text(text.to_owned()))),
        // `1.10` is no number in a column of text, and `{"a": 1}` no object.
        Some(Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::List(_) | Value::Struct(_)) if is_text => {
            return Ok(Wanted::Constant(Value::Text(text.to_owned())));
        }
        Some(value) => return Ok(Wanted::Constant(value)),
        None => {}
    }
    let constant = || Wanted::Constant(Value::Text(unquoted(text).unwrap_or_else(|| text.to_owned())));
    if let Some(error) = refused_call(text, schema) {
        return Err(Failure::from(error)
            .hint(format!("where that is the text itself, it stands between double quotes: `{column}=\"…\"`")));
    }
    let Ok(value) = Expr::parse(text) else { return Ok(constant()) };
    match value.bind_value(schema) {
        // `front-left` is a label, though there be columns `front` and `left`: what is computed of a text has room in it.
        Ok(bound) if is_text && is_run_together(text) && !is_textual(bound.data_type()) => Ok(constant()),
        // A column of another type may be one column's values; in one of text, a word is that word.
        Ok(_) if !value.columns().is_empty() && (!is_word(text) || known.is_some() && !is_text) => {
            Ok(Wanted::Computed(value))
        }
        _ => Ok(constant()),
    }
}

fn is_textual(of: &DataType) -> bool {
    match of {
        DataType::Dictionary(_, values) => is_textual(values),
        of => matches!(of, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// Whether a text has neither blanks nor parentheses in it.
fn is_run_together(text: &str) -> bool {
    !text.contains(|letter: char| letter.is_whitespace() || letter == '(')
}

/// Why a text that calls a function of columns cannot be computed: as text, nobody means it.
fn refused_call(text: &str, schema: &TableSchema) -> Option<veneer::Error> {
    let (name, arguments) = text.strip_suffix(')')?.split_once('(')?;
    let speaks_of_columns = || {
        let mut words = arguments.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.any(|word| !word.is_empty() && schema.find(word).is_some())
    };
    if name.is_empty() || !is_word(name) || !speaks_of_columns() {
        return None;
    }
    Expr::parse(text).and_then(|value| value.bind_value(schema).map(drop)).err()
}

/// The text between single quotes, as SQL has it.
fn unquoted(text: &str) -> Option<String> {
    let within = text.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(within.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;
    use veneer::table::Column;

    use super::*;

    #[test]
    fn a_value_is_an_expression_of_columns_or_json_or_text() {
        let column = |name: &str, data_type| Column {
            name: name.to_owned(),
            data_type,
            role: Role::Plain,
            nullable: true,
            editable: true,
        };
        let price = column("price", DataType::Decimal128(30, 5));
        let columns = vec![column("score", DataType::Float64), column("car", DataType::Utf8), price];
        let schema = TableSchema { columns, key: None };
        let words = ["a=1", "b=car", "c=[1,2.5]", "d=\"1\"", "e=null", "f=", "g=x=y", "h='it''s'"].map(str::to_owned);
        let (table, words) = split(&words, false);
        assert_eq!(table, None);
        let cells = Assignments::read(words, &schema).expect("all assign").cells().expect("constants");
        let values: Vec<Value> = cells.into_iter().map(|(_, value)| value).collect();
        let list = Value::List(vec![Value::Int(1), Value::Float(2.5)]);
        let text = |text: &str| Value::Text(text.to_owned());
        let expected = [Value::Int(1), text("car"), list, text("1"), Value::Null, text(""), text("x=y"), text("it's")];
        assert_eq!(values, expected);
        let computed = Assignments::read(&["score=score * 2".to_owned()], &schema).expect("an expression");
        assert!(matches!(computed.0[0].1, Wanted::Computed(_)) && computed.cells().is_err());
        assert_eq!(split(&["boxes".to_owned(), "a=1".to_owned()], false).0, Some("boxes"));
        // `car` is a column, and a label; only an expression of more than a name speaks of it.
        let texts = [
            "car",
            "score",
            "traffic light",
            "x-large",
            "a/b.png",
            "007",
            "3-5",
            "2026-01-31",
            "1.10",
            "true",
            "18446744073709551614",
            "1e400",
            "{\"a\": 1}",
            "[1, 2.50]",
        ];
        for value in texts {
            let words = [format!("car={value}")];
            let cells = Assignments::read(&words, &schema).expect("it assigns").cells().expect("a constant");
            assert_eq!(cells, [("car".to_owned(), text(value))]);
        }
        let odd = TableSchema { columns: vec![column("a=b", DataType::Utf8), column("a", DataType::Utf8)], key: None };
        let cells = Assignments::read(&["a=b=c=d".to_owned(), "a=c".to_owned()], &odd).expect("they assign").cells();
        assert_eq!(cells.expect("constants"), [("a=b".to_owned(), text("c=d")), ("a".to_owned(), text("c"))]);
        let long = Assignments::read(&["score=18446744073709551614".to_owned()], &schema).expect("it assigns");
        let digits = text("18446744073709551614");
        assert_eq!(long.cells().expect("a constant"), [("score".to_owned(), digits)], "no digit is lost");
        for refused in ["car=translate(car, '_', '-')", "car=initcap(car)", "score=no_such(score)"] {
            let error = Assignments::read(&[refused.to_owned()], &schema).expect_err("there is no such function");
            assert!(error.to_string().contains("cannot be used") || error.to_string().contains("function"), "{error}");
        }
        let kinds = [
            ("car=score-price", false),
            ("car=-score", false),
            ("car=upper(car)", true),
            ("car=f(x)", false),
            ("score=price", true),
            ("car=score - 1", true),
        ];
        for (word, is_computed) in kinds {
            let read = Assignments::read(&[word.to_owned()], &schema).expect("it assigns");
            assert_eq!(matches!(read.0[0].1, Wanted::Computed(_)), is_computed, "{word}");
        }
        let exact = "1234567890123456789.12345";
        let price = Assignments::read(&[format!("price={exact}")], &schema).expect("it assigns");
        assert_eq!(price.cells().expect("a constant"), [("price".to_owned(), text(exact))], "no digit is lost");
    }
}
