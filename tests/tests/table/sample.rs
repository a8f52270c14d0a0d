//! A table with every kind of column and every odd value, small enough to be read.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, FixedSizeListArray, Float32Array,
    Float64Array, Int8Array, Int32Array, Int64Array, ListArray, StringArray, StringViewArray, StructArray,
    TimestampMillisecondArray, TimestampNanosecondArray, UInt8Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Fields, Float64Type, Int32Type};
use arrow::record_batch::RecordBatch;
use veneer::table::{Column, Role, TableSchema};

/// Eight rows.
pub(super) fn batch() -> RecordBatch {
    let days = [0, 20_000, -1, 19_000, 20_484, 0, 20_484, 11_016].map(Some);
    let days = days.into_iter().enumerate().map(|(row, day)| day.filter(|_| row != 5));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(0..8))),
        ("n", int64([Some(0), Some(1), None, Some(-5), Some(900), Some(i64::MAX), Some(i64::MIN), Some(7)])),
        ("z", int64([Some(0), Some(2), Some(0), None, Some(-3), Some(1), Some(10), Some(4)])),
        (
            "tiny",
            Arc::new(Int8Array::from(vec![Some(1), Some(-128), None, Some(127), Some(0), Some(5), Some(9), Some(-9)])),
        ),
        (
            "big",
            Arc::new(UInt64Array::from(vec![
                Some(0),
                Some(u64::MAX),
                None,
                Some(5),
                Some(900),
                Some(1),
                Some(2),
                Some(7),
            ])),
        ),
        (
            "byte",
            Arc::new(UInt8Array::from(vec![Some(0), Some(255), None, Some(5), Some(90), Some(1), Some(2), Some(7)])),
        ),
        (
            "f",
            Arc::new(Float64Array::from(vec![
                Some(0.0),
                Some(-0.0),
                None,
                Some(f64::NAN),
                Some(f64::INFINITY),
                Some(-2.5),
                Some(0.1 + 0.2),
                Some(899.5),
            ])),
        ),
        (
            "g",
            Arc::new(Float32Array::from(vec![
                Some(0.5),
                Some(0.1),
                None,
                Some(f32::NAN),
                Some(1.5),
                Some(2.5),
                Some(-1.0),
                Some(3.0),
            ])),
        ),
        ("money", Arc::new(decimal())),
        ("s", Arc::new(StringArray::from(text()))),
        ("v", Arc::new(StringViewArray::from(text()))),
        (
            "label",
            Arc::new(
                [Some("car"), Some("bus"), None, Some("Car"), Some("truck"), Some("car"), Some("Straße"), Some("")]
                    .into_iter()
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
        ),
        (
            "num",
            Arc::new(StringArray::from(vec![
                Some("1"),
                Some("2"),
                None,
                Some("-3"),
                Some("900"),
                Some("5"),
                Some("6"),
                Some("07"),
            ])),
        ),
        (
            "b",
            Arc::new(BooleanArray::from(vec![
                Some(true),
                Some(false),
                None,
                Some(true),
                None,
                Some(false),
                Some(true),
                Some(false),
            ])),
        ),
        ("day", Arc::new(days.collect::<Date32Array>())),
        ("at", Arc::new(TimestampNanosecondArray::from(times(1_000_000)))),
        ("utc", Arc::new(TimestampMillisecondArray::from(times(1)).with_timezone("UTC"))),
        ("box", Arc::new(boxes())),
        (
            "fixed",
            Arc::new(FixedSizeListArray::from_iter_primitive::<Float64Type, _, _>(
                (0..8).map(|row| (row != 3).then(|| vec![Some(f64::from(row)), None])),
                2,
            )),
        ),
        ("poly", Arc::new(polygons())),
        ("st", Arc::new(structs())),
        ("Mixed", Arc::new(Int32Array::from_iter_values(0..8))),
        ("empty", arrow::array::new_null_array(&DataType::Null, 8)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .expect("columns of eight rows")
}

/// The schema of a batch, as a table has it.
pub(super) fn schema(batch: &RecordBatch) -> TableSchema {
    let columns = batch.schema_ref().fields().iter().map(|field| Column {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        role: Role::Plain,
        nullable: true,
        editable: true,
    });
    TableSchema { columns: columns.collect(), key: None }
}

fn int64(values: [Option<i64>; 8]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn text() -> Vec<Option<&'static str>> {
    vec![
        Some("car"),
        Some("  trim me "),
        None,
        Some("100%"),
        Some("naïve ÉTÉ"),
        Some("日本語 text"),
        Some(""),
        Some("a_b\\c"),
    ]
}

fn decimal() -> Decimal128Array {
    let values = vec![Some(100), Some(-250), None, Some(0), Some(12_345), Some(1), Some(99_999), Some(5)];
    Decimal128Array::from(values).with_precision_and_scale(10, 2).expect("a decimal")
}

fn times(factor: i64) -> Vec<Option<i64>> {
    let millis = [
        Some(0),
        Some(1_700_000_000_123),
        None,
        Some(-1),
        Some(951_782_400_000),
        Some(1),
        Some(1_769_817_600_000),
        Some(5),
    ];
    millis.into_iter().map(|time| time.map(|time: i64| time * factor)).collect()
}

fn boxes() -> ListArray {
    let lists = vec![
        Some(vec![Some(1.0), Some(2.0), Some(30.0), Some(40.0)]),
        Some(vec![Some(0.5), None, Some(f64::NAN)]),
        None,
        Some(vec![]),
        Some(vec![Some(9.0)]),
        Some(vec![Some(5.0), Some(6.0), Some(100.0), Some(8.0)]),
        Some(vec![None]),
        Some(vec![Some(1.0), Some(1.0)]),
    ];
    ListArray::from_iter_primitive::<Float64Type, _, _>(lists)
}

/// Lists of lists: row n has n inner lists of two numbers.
fn polygons() -> ListArray {
    let inner = ListArray::from_iter_primitive::<Float64Type, _, _>(
        (0..28).map(|at| Some(vec![Some(f64::from(at)), Some(0.5)])),
    );
    let offsets = arrow::buffer::OffsetBuffer::from_lengths(0..8);
    let field = Arc::new(Field::new("item", arrow::array::Array::data_type(&inner).clone(), true));
    ListArray::new(field, offsets, Arc::new(inner), None)
}

fn structs() -> StructArray {
    let fields = Fields::from(vec![Field::new("x", DataType::Int64, true), Field::new("y", DataType::Utf8, true)]);
    let nulls = vec![true, true, false, true, true, true, true, true].into();
    let y = StringArray::from(vec![Some("a"), None, Some("c"), Some("d"), Some("e"), Some("f"), Some("g"), Some("h")]);
    StructArray::new(fields, vec![Arc::new(Int64Array::from_iter_values(10..18)), Arc::new(y)], Some(nulls))
}
