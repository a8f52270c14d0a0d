//! `COLUMN=VALUE` on the command line.

use veneer::model::Value;

use crate::cli::report::{Failure, Result};

/// The table, if the first word is one, and what is assigned.
pub(super) fn split(words: &[String]) -> (Option<&str>, &[String]) {
    match words.split_first() {
        Some((first, rest)) if !first.contains('=') => (Some(first), rest),
        _ => (None, words),
    }
}

/// Reads `COLUMN=VALUE`: a value is JSON where it can be read as that, else text.
pub(super) fn assignments(words: &[String]) -> Result<Vec<(String, Value)>> {
    if words.is_empty() {
        return Err(Failure::usage("no value is given").hint("as in `label=car` or `bbox=[10,20,30,40]`"));
    }
    words.iter().map(|word| assignment(word)).collect()
}

fn assignment(word: &str) -> Result<(String, Value)> {
    let (column, text) = word.split_once('=').ok_or_else(|| {
        Failure::usage(format!("`{word}` assigns nothing")).hint("write COLUMN=VALUE, as in `label=car`")
    })?;
    Ok((column.to_owned(), value(text)))
}

fn value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(json) => Value::from_json(&json),
        Err(_) => Value::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json_where_it_can_be_and_else_text() {
        let words = ["a=1", "b=car", "c=[1,2.5]", "d=\"1\"", "e=null", "f=", "g=x=y"].map(str::to_owned);
        let (table, words) = split(&words);
        assert_eq!(table, None);
        let values: Vec<Value> = assignments(words).expect("all assign").into_iter().map(|(_, value)| value).collect();
        let list = Value::List(vec![Value::Int(1), Value::Float(2.5)]);
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(values, [Value::Int(1), text("car"), list, text("1"), Value::Null, text(""), text("x=y")]);
        assert_eq!(split(&["boxes".to_owned(), "a=1".to_owned()]).0, Some("boxes"));
    }
}
