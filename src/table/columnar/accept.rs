//! A value that somebody gives, in the form in which a column of a type is read; or why it cannot be.

use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Fields, Float16Type, TimeUnit, i256};

use crate::model::Value;
use crate::table::json::is_beyond;
use crate::table::moment::{
    DAY_NS, date_text, parse_date, parse_time, parse_timestamp, time_text, timestamp_text, unit_ns,
};

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// Whether values of the type can be written at all.
pub(crate) fn is_editable(data_type: &DataType) -> bool {
    use DataType as T;
    match data_type {
        T::Interval(_) | T::Union(_, _) | T::RunEndEncoded(_, _) => false,
        T::Dictionary(_, value) => is_editable(value),
        T::List(item) | T::LargeList(item) | T::ListView(item) | T::LargeListView(item) | T::FixedSizeList(item, _) => {
            is_editable(item.data_type())
        }
        T::Map(entries, _) => is_editable(entries.data_type()),
        T::Struct(fields) => fields.iter().all(|field| is_editable(field.data_type())),
        _ => true,
    }
}

/// The value as a cell of the field is read.
///
/// # Errors
/// The reason why the field cannot hold it.
pub(crate) fn accept(field: &Field, value: &Value) -> Result<Value, String> {
    match value {
        Value::Null if field.is_nullable() || *field.data_type() == DataType::Null => Ok(Value::Null),
        Value::Null => Err(format!("`{}` may not be null", field.name())),
        value => of_type(field.data_type(), value),
    }
}

fn of_type(data_type: &DataType, value: &Value) -> Result<Value, String> {
    use DataType as T;
    let held = match data_type {
        T::Boolean => boolean(value),
        T::Int8 => whole(value, i8::MIN.into(), i8::MAX.into()),
        T::Int16 => whole(value, i16::MIN.into(), i16::MAX.into()),
        T::Int32 => whole(value, i32::MIN.into(), i32::MAX.into()),
        T::Int64 | T::Duration(_) => whole(value, i64::MIN.into(), i64::MAX.into()),
        T::UInt8 => whole(value, 0, u8::MAX.into()),
        T::UInt16 => whole(value, 0, u16::MAX.into()),
        T::UInt32 => whole(value, 0, u32::MAX.into()),
        T::UInt64 => whole(value, 0, u64::MAX.into()),
        T::Float16 => float(value, |given| Half::from_f64(given).to_f64()),
        T::Float32 => float(value, |given| f64::from(given as f32)),
        T::Float64 => float(value, |given| given),
        T::Utf8 | T::LargeUtf8 | T::Utf8View => text(value),
        T::Binary | T::LargeBinary | T::BinaryView => bytes(value),
        T::FixedSizeBinary(len) => return fixed(bytes(value), *len, "bytes"),
        T::Dictionary(_, of) => return of_type(of, value),
        T::Date32 | T::Date64 | T::Time32(_) | T::Time64(_) | T::Timestamp(_, _) => return time(data_type, value),
        T::Decimal32(precision, scale)
        | T::Decimal64(precision, scale)
        | T::Decimal128(precision, scale)
        | T::Decimal256(precision, scale) => return decimal(value, *precision, *scale),
        T::List(item) | T::LargeList(item) | T::ListView(item) | T::LargeListView(item) => return list(item, value),
        T::FixedSizeList(item, len) => return fixed(Some(list(item, value)?), *len, "values"),
        T::Struct(fields) => return structure(fields, value),
        T::Map(entries, _) => return map(entries, value),
        _ => None,
    };
    held.ok_or_else(|| refused(data_type))
}

fn refused(data_type: &DataType) -> String {
    format!("it is no value of the type {data_type}")
}

fn boolean(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::Text(text) => Value::truth_of(text).map(Value::Bool),
        _ => None,
    }
}

fn whole(value: &Value, min: i128, max: i128) -> Option<Value> {
    let number: i128 = match value {
        Value::Int(number) => i128::from(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => *number as i128,
        Value::Text(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let form = |number: i128| i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Int);
    (min..=max).contains(&number).then(|| form(number))
}

/// A float, rounded as the type rounds; a finite number that only infinity is near to is refused.
fn float(value: &Value, round: impl Fn(f64) -> f64) -> Option<Value> {
    let given = match value {
        Value::Float(given) => *given,
        Value::Int(given) if (*given as f64) as i128 == i128::from(*given) => *given as f64,
        Value::Text(text) if is_beyond(text) => return None,
        Value::Text(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let rounded = round(given);
    (rounded.is_finite() || !given.is_finite()).then_some(Value::Float(rounded))
}

fn text(value: &Value) -> Option<Value> {
    match value {
        Value::Text(_) => Some(value.clone()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(Value::Text(value.to_string())),
        _ => None,
    }
}

fn bytes(value: &Value) -> Option<Value> {
    let byte = |value: &Value| match value {
        Value::Int(byte) => u8::try_from(*byte).ok(),
        _ => None,
    };
    match value {
        Value::Binary(_) => Some(value.clone()),
        Value::Text(text) => Some(Value::Binary(text.as_bytes().to_vec())),
        Value::List(values) => values.iter().map(byte).collect::<Option<_>>().map(Value::Binary),
        _ => None,
    }
}

fn fixed(value: Option<Value>, want: i32, of_what: &str) -> Result<Value, String> {
    let len = match &value {
        Some(Value::Binary(bytes)) => bytes.len(),
        Some(Value::List(values)) => values.len(),
        _ => return Err(format!("it is not {want} {of_what}")),
    };
    match value {
        Some(value) if usize::try_from(want) == Ok(len) => Ok(value),
        _ => Err(format!("it has {len} {of_what}, and the column has {want} in each cell")),
    }
}

/// The numbers of a time in nanoseconds, and whether it says whose clock it is.
pub(crate) fn time_ns(data_type: &DataType, text: &str) -> Option<(i128, bool)> {
    match data_type {
        DataType::Time32(_) | DataType::Time64(_) => Some((parse_time(text)?, false)),
        DataType::Date32 => Some((i128::from(parse_date(text)?) * DAY_NS, false)),
        _ => parse_timestamp(text),
    }
}

fn time(data_type: &DataType, value: &Value) -> Result<Value, String> {
    let (unit, zone) = match data_type {
        DataType::Timestamp(unit, zone) => (unit_ns(*unit), zone.as_ref()),
        DataType::Time32(unit) | DataType::Time64(unit) => (unit_ns(*unit), None),
        DataType::Date64 => (unit_ns(TimeUnit::Millisecond), None),
        _ => (DAY_NS, None),
    };
    let ns = match value {
        // A bare number counts the column's own units.
        Value::Int(count) => i128::from(*count) * unit,
        Value::Text(text) => {
            let (ns, says_zone) = time_ns(data_type, text.trim()).ok_or_else(|| refused(data_type))?;
            match (says_zone, zone) {
                (true, None) => return Err("the column has no time zone, and the value has".to_owned()),
                (false, Some(zone)) => {
                    return Err(format!("the column is of the time zone {zone}, and the value says none (`Z` is UTC)"));
                }
                _ => ns,
            }
        }
        _ => return Err(refused(data_type)),
    };
    if ns % unit != 0 {
        return Err(format!("it is finer than the type {data_type}"));
    }
    let count = ns / unit;
    let text = match data_type {
        DataType::Timestamp(_, _) => timestamp_text(ns, zone.is_some()),
        DataType::Time32(_) | DataType::Time64(_) if (0..DAY_NS).contains(&ns) => time_text(ns),
        DataType::Date64 if ns % DAY_NS != 0 => timestamp_text(ns, false),
        DataType::Date32 | DataType::Date64 => {
            date_text(i64::try_from(ns.div_euclid(DAY_NS)).map_err(|_| refused(data_type))?)
        }
        _ => return Err(refused(data_type)),
    };
    let fits = match data_type {
        DataType::Date32 | DataType::Time32(_) => i32::try_from(count).is_ok(),
        _ => i64::try_from(count).is_ok(),
    };
    if fits { Ok(Value::Text(text)) } else { Err(format!("it is beyond what the type {data_type} can hold")) }
}

fn decimal(value: &Value, precision: u8, scale: i8) -> Result<Value, String> {
    let given = match value {
        Value::Int(number) => number.to_string(),
        Value::Float(number) if number.is_finite() => number.to_string(),
        Value::Text(text) => text.trim().to_owned(),
        _ => return Err("it is no decimal number".to_owned()),
    };
    let unscaled = unscaled(&given, scale)?;
    let digits = unscaled.trim_start_matches('-');
    if digits.len() > usize::from(precision) && digits != "0" {
        return Err(format!("it has more than the {precision} digits of the column, {scale} of them decimals"));
    }
    Ok(Value::Text(scaled(&unscaled, scale)))
}

/// The digits of a decimal number, without its point, at a scale: `1.5` at 2 is `150`.
fn unscaled(text: &str, scale: i8) -> Result<String, String> {
    let no = || "it is no decimal number".to_owned();
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    if (whole.is_empty() && fraction.is_empty()) || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit())
    {
        return Err(no());
    }
    if whole.len() > 100 || fraction.len() > 400 {
        return Err("it has too many digits".to_owned());
    }
    let mut digits = format!("{whole}{fraction}");
    let missing = i64::from(scale) - fraction.len() as i64;
    for _ in 0..missing {
        digits.push('0');
    }
    for _ in missing..0 {
        if digits.pop().unwrap_or('0') != '0' {
            return Err(format!("it has more than the {scale} decimals of the column"));
        }
    }
    let digits = digits.trim_start_matches('0');
    Ok(match (digits, is_negative) {
        ("", _) => "0".to_owned(),
        (digits, true) => format!("-{digits}"),
        (digits, false) => digits.to_owned(),
    })
}

/// The text that Arrow gives these digits at this scale.
fn scaled(unscaled: &str, scale: i8) -> String {
    let (sign, digits) = unscaled.strip_prefix('-').map_or(("", unscaled), |digits| ("-", digits));
    match usize::try_from(scale) {
        Ok(0) => unscaled.to_owned(),
        Ok(scale) => {
            let padded = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            format!("{sign}{whole}.{fraction}")
        }
        Err(_) if digits == "0" => unscaled.to_owned(),
        Err(_) => format!("{sign}{digits}{}", "0".repeat(usize::from(scale.unsigned_abs()))),
    }
}

/// The digits of a decimal text as a number.
pub(crate) fn decimal_digits(text: &str, scale: i8) -> Option<i256> {
    i256::from_string(&unscaled(text, scale).ok()?)
}

fn list(item: &Field, value: &Value) -> Result<Value, String> {
    let Value::List(values) = value else { return Err("it is no list".to_owned()) };
    values.iter().map(|value| accept(item, value)).collect::<Result<_, _>>().map(Value::List)
}

fn structure(fields: &Fields, value: &Value) -> Result<Value, String> {
    let Value::Struct(given) = value else { return Err("it has no named values".to_owned()) };
    if let Some((name, _)) = given.iter().find(|(name, _)| fields.find(name).is_none()) {
        return Err(format!("there is no `{name}` in it"));
    }
    let null = Value::Null;
    let of = |field: &arrow::datatypes::FieldRef| {
        let value = given.iter().find(|(name, _)| name == field.name()).map_or(&null, |(_, value)| value);
        Ok((field.name().clone(), accept(field, value)?))
    };
    fields.iter().map(of).collect::<Result<_, String>>().map(Value::Struct)
}

/// Entries, or an object whose names are the keys.
fn map(entries: &Field, value: &Value) -> Result<Value, String> {
    let DataType::Struct(fields) = entries.data_type() else { return Err("it is no map".to_owned()) };
    match (value, fields.as_ref()) {
        (Value::List(_), _) => list(entries, value),
        (Value::Struct(given), [key, to]) => {
            let entry = |(name, value): &(String, Value)| {
                let key = (key.name().clone(), accept(key, &Value::Text(name.clone()))?);
                Ok(Value::Struct(vec![key, (to.name().clone(), accept(to, value)?)]))
            };
            given.iter().map(entry).collect::<Result<_, String>>().map(Value::List)
        }
        _ => Err("it is no map".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data_type: &DataType, given: Value, expect: Option<Value>) {
        let held = accept(&Field::new("c", data_type.clone(), true), &given);
        assert_eq!(held.clone().ok(), expect, "{data_type} {given:?} {held:?}");
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn numbers_are_taken_within_their_range() {
        check(&DataType::Int8, text("127"), Some(Value::Int(127)));
        check(&DataType::Int8, Value::Int(128), None);
        check(&DataType::UInt64, text("18446744073709551615"), Some(text("18446744073709551615")));
        check(&DataType::UInt64, Value::Int(-1), None);
        check(&DataType::Int64, Value::Float(1.5), None);
        check(&DataType::Float32, Value::Float(0.1), Some(Value::Float(f64::from(0.1_f32))));
        check(&DataType::Float32, Value::Float(1e300), None);
        check(&DataType::Float16, Value::Float(65_536.0), None);
        check(&DataType::Float64, text("nan"), Some(Value::Float(f64::NAN)));
    }

    #[test]
    fn truth_is_taken_as_python_spells_it() {
        for (spelt, truth) in [("True", Some(true)), ("false", Some(false)), ("FALSE", Some(false)), ("yes", None)] {
            check(&DataType::Boolean, text(spelt), truth.map(Value::Bool));
        }
    }

    #[test]
    fn decimals_keep_their_scale() {
        let money = DataType::Decimal128(5, 2);
        check(&money, text("1.5"), Some(text("1.50")));
        check(&money, Value::Float(-0.25), Some(text("-0.25")));
        check(&money, text("1.500"), Some(text("1.50")));
        check(&money, text("1.505"), None);
        check(&money, text("1000"), None);
        check(&DataType::Decimal128(5, -2), Value::Int(1200), Some(text("1200")));
        check(&DataType::Decimal128(5, -2), Value::Int(1250), None);
        assert_eq!(decimal_digits("-1.50", 2), Some(i256::from_i128(-150)));
    }

    #[test]
    fn times_need_the_unit_and_the_zone_of_the_column() {
        let local = DataType::Timestamp(TimeUnit::Millisecond, None);
        let utc = DataType::Timestamp(TimeUnit::Nanosecond, Some("Europe/Paris".into()));
        check(&local, text("2024-02-29 12:00"), Some(text("2024-02-29T12:00:00")));
        check(&local, text("2024-02-29T12:00:00.0001"), None);
        check(&local, text("2024-02-29T12:00:00Z"), None);
        check(&utc, text("2024-02-29T12:00:00+01:00"), Some(text("2024-02-29T11:00:00Z")));
        check(&utc, text("2024-02-29T12:00:00"), None);
        check(&utc, text("3024-02-29T12:00:00Z"), None);
        check(&DataType::Date32, text("2024-02-30"), None);
        check(&DataType::Time32(TimeUnit::Second), text("23:59:60"), None);
        check(&DataType::Time64(TimeUnit::Microsecond), Value::Int(86_400_000_000), None);
    }

    #[test]
    fn lists_and_structs_are_taken_with_all_that_they_hold() {
        let item = std::sync::Arc::new(Field::new("item", DataType::Float32, false));
        let pair = DataType::FixedSizeList(item, 2);
        let numbers = |of: &[f64]| Value::List(of.iter().copied().map(Value::Float).collect());
        check(&pair, numbers(&[1.0, 2.0]), Some(numbers(&[1.0, 2.0])));
        check(&pair, numbers(&[1.0]), None);
        check(&pair, Value::List(vec![Value::Null, Value::Null]), None);
        let fields = Fields::from(vec![Field::new("x", DataType::Int8, true), Field::new("y", DataType::Utf8, true)]);
        let given = Value::Struct(vec![("y".to_owned(), Value::Int(3))]);
        let held = Value::Struct(vec![("x".to_owned(), Value::Null), ("y".to_owned(), text("3"))]);
        check(&DataType::Struct(fields.clone()), given, Some(held));
        check(&DataType::Struct(fields), Value::Struct(vec![("z".to_owned(), Value::Null)]), None);
    }
}
