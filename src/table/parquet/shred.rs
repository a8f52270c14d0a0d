//! A value as Parquet keeps it: for each leaf below a column, levels and plain values.
//!
//! Values come in the form that [`accept`](crate::table::columnar::accept) gives them.
//! What the levels mean is in the Parquet format's "Nested Encoding"; lists are told
//! apart by the rules that the library reads them by.

use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Float16Type};
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::schema::types::Type;

use crate::model::Value;
use crate::table::columnar::accept::{decimal_digits, time_ns};
use crate::table::moment::DAY_NS;

/// What of one row goes to one leaf.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaf {
    /// Definition levels.
    pub(super) definitions: Vec<i16>,
    /// Repetition levels.
    pub(super) repetitions: Vec<i16>,
    /// The values that are there.
    pub(super) values: Vec<Scalar>,
}

/// A value of a leaf.
#[derive(Clone, Debug)]
pub(super) enum Scalar {
    Bool(bool),
    Int32(i32),
    Int64(i64),
    Int96(Int96),
    Float(f32),
    Double(f64),
    Bytes(ByteArray),
    Fixed(FixedLenByteArray),
}

/// The levels that hold at a place.
#[derive(Clone, Copy, Default)]
struct At {
    definition: i16,
    repetition: i16,
    /// How many lists are around it.
    lists: i16,
}

/// A column's cell for each leaf below the column, in order.
///
/// # Errors
/// Why the column cannot hold it.
pub(super) fn shred(column: &Type, field: &Field, value: &Value) -> Result<Vec<Leaf>, String> {
    let mut leaves = Vec::new();
    leaves.resize_with(leaf_count(column), Leaf::default);
    node(column, field.data_type(), value, At::default(), &mut leaves)?;
    Ok(leaves)
}

/// How many leaves there are below a column.
pub(super) fn leaf_count(of: &Type) -> usize {
    if of.is_primitive() { 1 } else { of.get_fields().iter().map(|field| leaf_count(field)).sum() }
}

fn repetition(of: &Type) -> Repetition {
    let info = of.get_basic_info();
    if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED }
}

fn nothing(at: At, leaves: &mut [Leaf]) {
    for leaf in leaves {
        leaf.definitions.push(at.definition);
        leaf.repetitions.push(at.repetition);
    }
}

fn node(of: &Type, data_type: &DataType, value: &Value, at: At, leaves: &mut [Leaf]) -> Result<(), String> {
    match repetition(of) {
        Repetition::OPTIONAL if *value == Value::Null => {
            nothing(at, leaves);
            Ok(())
        }
        Repetition::OPTIONAL => {
            let at = At { definition: at.definition + 1, ..at };
            present(of, data_type, value, at, leaves)
        }
        Repetition::REQUIRED if *value == Value::Null => Err(format!("`{}` may not be null", of.name())),
        Repetition::REQUIRED => present(of, data_type, value, at, leaves),
        // A list without a group around it.
        Repetition::REPEATED => {
            let item = item_of(data_type).ok_or("it is no list")?;
            repeat(value, at, leaves, |value, at, leaves| present(of, item.data_type(), value, at, leaves))
        }
    }
}

/// A value that is there, whatever its repetition.
fn present(of: &Type, data_type: &DataType, value: &Value, at: At, leaves: &mut [Leaf]) -> Result<(), String> {
    if of.is_primitive() {
        let leaf = &mut leaves[0];
        leaf.values.push(scalar(of, data_type, value).ok_or("its column has a type that cannot be written")?);
        leaf.definitions.push(at.definition);
        leaf.repetitions.push(at.repetition);
        return Ok(());
    }
    match (data_type, of.get_fields()) {
        (DataType::Map(entries, _), [pairs]) => {
            repeat(value, at, leaves, |value, at, leaves| present(pairs, entries.data_type(), value, at, leaves))
        }
        (DataType::Struct(fields), children) if fields.len() == children.len() => {
            let Value::Struct(values) = value else { return Err("it has no named values".to_owned()) };
            let mut leaves = leaves;
            for ((child, field), (_, value)) in children.iter().zip(fields).zip(values) {
                let (own, rest) = leaves.split_at_mut(leaf_count(child));
                node(child, field.data_type(), value, at, own)?;
                leaves = rest;
            }
            Ok(())
        }
        (data_type, [repeated]) => {
            let item = item_of(data_type).ok_or("its column has a type that cannot be written")?;
            match element_of(of, repeated) {
                Some(element) => {
                    repeat(value, at, leaves, |value, at, leaves| node(element, item.data_type(), value, at, leaves))
                }
                None => repeat(value, at, leaves, |value, at, leaves| {
                    present(repeated, item.data_type(), value, at, leaves)
                }),
            }
        }
        _ => Err("its column has a type that cannot be written".to_owned()),
    }
}

/// The items of a list, one after the other.
fn repeat(
    value: &Value,
    at: At,
    leaves: &mut [Leaf],
    mut item: impl FnMut(&Value, At, &mut [Leaf]) -> Result<(), String>,
) -> Result<(), String> {
    let Value::List(values) = value else { return Err("it is no list, or null where a list must be".to_owned()) };
    if values.is_empty() {
        nothing(at, leaves);
    }
    for (number, value) in values.iter().enumerate() {
        let lists = at.lists + 1;
        let repetition = if number == 0 { at.repetition } else { lists };
        item(value, At { definition: at.definition + 1, repetition, lists }, leaves)?;
    }
    Ok(())
}

fn item_of(data_type: &DataType) -> Option<&Field> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Some(item),
        _ => None,
    }
}

/// The element of a list, if the repeated group is only around it; `None` if it is the element itself.
fn element_of<'a>(list: &Type, repeated: &'a Type) -> Option<&'a Type> {
    if repeated.is_primitive() {
        return None;
    }
    let [element] = repeated.get_fields() else { return None };
    let info = repeated.get_basic_info();
    let is_list = info.logical_type_ref() == Some(&LogicalType::List) || info.converted_type() == ConvertedType::LIST;
    let by_name = repeated.name() == "array" || repeated.name() == format!("{}_tuple", list.name());
    if by_name && !is_list && repetition(element) != Repetition::REPEATED { None } else { Some(element) }
}

fn scalar(of: &Type, data_type: &DataType, value: &Value) -> Option<Scalar> {
    let Type::PrimitiveType { physical_type, type_length, .. } = of else { return None };
    let data_type = match data_type {
        DataType::Dictionary(_, value) => value,
        other => other,
    };
    let len = usize::try_from(*type_length).unwrap_or(0);
    Some(match (value, physical_type) {
        (Value::Bool(value), Physical::BOOLEAN) => Scalar::Bool(*value),
        (Value::Int(value), Physical::INT32) => Scalar::Int32(*value as i32),
        (Value::Int(value), Physical::INT64) => Scalar::Int64(*value),
        (Value::Float(value), Physical::FLOAT) => Scalar::Float(*value as f32),
        (Value::Float(value), Physical::DOUBLE) => Scalar::Double(*value),
        (Value::Float(value), Physical::FIXED_LEN_BYTE_ARRAY) if len == 2 => {
            fixed(<Float16Type as ArrowPrimitiveType>::Native::from_f64(*value).to_le_bytes().to_vec())
        }
        (Value::Binary(bytes), Physical::BYTE_ARRAY) => Scalar::Bytes(bytes.clone().into()),
        (Value::Binary(bytes), Physical::FIXED_LEN_BYTE_ARRAY) if bytes.len() == len => fixed(bytes.clone()),
        (Value::Text(text), physical) => match data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => match physical {
                Physical::BYTE_ARRAY => Scalar::Bytes(text.as_bytes().to_vec().into()),
                Physical::FIXED_LEN_BYTE_ARRAY if text.len() == len => fixed(text.as_bytes().to_vec()),
                _ => return None,
            },
            DataType::UInt64 => Scalar::Int64(text.parse::<u64>().ok()? as i64),
            DataType::Decimal32(_, scale)
            | DataType::Decimal64(_, scale)
            | DataType::Decimal128(_, scale)
            | DataType::Decimal256(_, scale) => decimal(text, *scale, *physical, len)?,
            _ => time(of, data_type, text, *physical)?,
        },
        _ => return None,
    })
}

fn fixed(bytes: Vec<u8>) -> Scalar {
    Scalar::Fixed(ByteArray::from(bytes).into())
}

fn decimal(text: &str, scale: i8, physical: Physical, len: usize) -> Option<Scalar> {
    let digits = decimal_digits(text, scale)?;
    let bytes = digits.to_be_bytes();
    // As many bytes as are wanted, if those that go only repeat the sign.
    let shortened = |len: usize| {
        let cut = bytes.len().checked_sub(len)?;
        let sign = if digits.is_negative() { 0xff } else { 0 };
        let fits = bytes[..cut].iter().all(|byte| *byte == sign) && bytes.get(cut).is_some_and(|b| (*b ^ sign) < 0x80);
        (fits || cut == 0).then(|| bytes[cut..].to_vec())
    };
    Some(match physical {
        Physical::INT32 => Scalar::Int32(i32::try_from(digits.to_i128()?).ok()?),
        Physical::INT64 => Scalar::Int64(i64::try_from(digits.to_i128()?).ok()?),
        Physical::FIXED_LEN_BYTE_ARRAY => fixed(shortened(len)?),
        Physical::BYTE_ARRAY => Scalar::Bytes((1..=32).find_map(shortened)?.into()),
        _ => return None,
    })
}

fn time(of: &Type, data_type: &DataType, text: &str, physical: Physical) -> Option<Scalar> {
    let (ns, _) = time_ns(data_type, text)?;
    let count = || {
        let unit = unit_of(of, data_type)?;
        if ns % unit == 0 { Some(ns.div_euclid(unit)) } else { None }
    };
    Some(match physical {
        Physical::INT32 => Scalar::Int32(i32::try_from(count()?).ok()?),
        Physical::INT64 => Scalar::Int64(i64::try_from(count()?).ok()?),
        Physical::INT96 => {
            let (days, of_day) = (ns.div_euclid(DAY_NS), ns.rem_euclid(DAY_NS) as u64);
            let mut moment = Int96::new();
            let julian = u32::try_from(days + 2_440_588).ok()?;
            moment.set_data(of_day as u32, (of_day >> 32) as u32, julian);
            Scalar::Int96(moment)
        }
        _ => return None,
    })
}

/// The nanoseconds of a leaf's unit: the file's, where it names one, else that of the Arrow type.
fn unit_of(of: &Type, data_type: &DataType) -> Option<i128> {
    use crate::table::moment::unit_ns;
    let info = of.get_basic_info();
    let named = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1_000,
        TimeUnit::NANOS => 1,
    };
    Some(match (info.logical_type_ref(), info.converted_type()) {
        (Some(LogicalType::Timestamp(of)), _) => named(&of.unit),
        (Some(LogicalType::Time(of)), _) => named(&of.unit),
        (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => DAY_NS,
        (_, ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIME_MILLIS) => 1_000_000,
        (_, ConvertedType::TIMESTAMP_MICROS | ConvertedType::TIME_MICROS) => 1_000,
        _ => match data_type {
            DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) => unit_ns(*unit),
            DataType::Date64 => 1_000_000,
            DataType::Date32 => DAY_NS,
            _ => return None,
        },
    })
}
