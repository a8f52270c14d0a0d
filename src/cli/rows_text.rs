//! Cells as text, and rows as JSON and CSV.
//!
//! JSON as everywhere in the command: NaN and infinities, which JSON lacks, are texts, bytes
//! a list of numbers, times texts of ISO 8601. In CSV lists and structs are their JSON, null
//! is nothing, and an empty text is `""`, so that a reader can tell the two apart.

use std::io::Write;

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
use arrow::datatypes::{self as types, ArrowPrimitiveType, DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::Serialize;

use super::output::output_failed;
use super::report::{Failure, Result};
use super::rows_output::RowsWriter;

/// Writes the cell of a row as JSON.
type Cell<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + 'a>;

/// Writes the cell of a row as a person reads it; false, and nothing written, for null.
pub(super) type PlainCell<'a> = Box<dyn Fn(usize, &mut Vec<u8>) -> bool + 'a>;

/// How much text is gathered before it is written.
const CHUNK: usize = 64 * 1024;

/// Rows as one array of objects.
pub(super) struct JsonWriter<'a> {
    out: &'a mut dyn Write,
    /// `"name":` of each column.
    keys: Vec<Vec<u8>>,
    rows: u64,
}

impl<'a> JsonWriter<'a> {
    /// A writer of rows with these columns.
    pub(super) fn new(schema: &SchemaRef, out: &'a mut dyn Write) -> JsonWriter<'a> {
        let key = |name: &String| {
            let mut key = Vec::new();
            quoted(name, &mut key);
            key.push(b':');
            key
        };
        JsonWriter { out, keys: schema.fields().iter().map(|field| key(field.name())).collect(), rows: 0 }
    }
}

impl RowsWriter for JsonWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let cells = batch.columns().iter().map(cell).collect::<Result<Vec<_>>>()?;
        let mut text = Vec::with_capacity(CHUNK);
        for row in 0..batch.num_rows() {
            text.extend_from_slice(if self.rows == 0 { b"[{" } else { b",{" });
            self.rows += 1;
            for (place, (key, cell)) in self.keys.iter().zip(&cells).enumerate() {
                if place > 0 {
                    text.push(b',');
                }
                text.extend_from_slice(key);
                cell(row, &mut text);
            }
            text.push(b'}');
            drain(&mut text, self.out, CHUNK)?;
        }
        drain(&mut text, self.out, 0)
    }

    fn finish(&mut self) -> Result<()> {
        let end: &[u8] = if self.rows == 0 { b"[]\n" } else { b"]\n" };
        self.out.write_all(end).map_err(output_failed)
    }
}

/// Rows as comma separated values, with a header.
pub(super) struct CsvWriter<'a> {
    out: &'a mut dyn Write,
    header: Option<Vec<u8>>,
}

impl<'a> CsvWriter<'a> {
    /// A writer of rows with these columns.
    pub(super) fn new(schema: &SchemaRef, out: &'a mut dyn Write) -> CsvWriter<'a> {
        let mut header = Vec::new();
        for (place, field) in schema.fields().iter().enumerate() {
            if place > 0 {
                header.push(b',');
            }
            csv_text(field.name().as_bytes(), &mut header);
        }
        header.push(b'\n');
        CsvWriter { out, header: Some(header) }
    }

    fn begin(&mut self) -> Result<()> {
        match self.header.take() {
            Some(header) => self.out.write_all(&header).map_err(output_failed),
            None => Ok(()),
        }
    }
}

impl RowsWriter for CsvWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.begin()?;
        let cells = batch.columns().iter().map(plain_cell).collect::<Result<Vec<_>>>()?;
        let (mut text, mut value) = (Vec::with_capacity(CHUNK), Vec::new());
        for row in 0..batch.num_rows() {
            for (place, cell) in cells.iter().enumerate() {
                if place > 0 {
                    text.push(b',');
                }
                value.clear();
                if cell(row, &mut value) {
                    csv_text(&value, &mut text);
                }
            }
            text.push(b'\n');
            drain(&mut text, self.out, CHUNK)?;
        }
        drain(&mut text, self.out, 0)
    }

    fn finish(&mut self) -> Result<()> {
        self.begin()
    }
}

fn drain(text: &mut Vec<u8>, out: &mut dyn Write, over: usize) -> Result<()> {
    if text.len() > over {
        out.write_all(text).map_err(output_failed)?;
        text.clear();
    }
    Ok(())
}

fn csv_text(value: &[u8], out: &mut Vec<u8>) {
    let needs_quotes = value.is_empty() || value.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if !needs_quotes {
        return out.extend_from_slice(value);
    }
    out.push(b'"');
    for byte in value {
        out.extend_from_slice(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
    }
    out.push(b'"');
}

/// How the cells of an array are written for a person and in CSV: as JSON, but for texts, which have no quotes.
///
/// A cell is written into an empty vector.
pub(super) fn plain_cell(array: &ArrayRef) -> Result<PlainCell<'_>> {
    let json = cell(array)?;
    Ok(Box::new(move |row, out| {
        json(row, out);
        match out.first() {
            Some(b'"') => {
                let text: String = serde_json::from_slice(out).expect("it was written as JSON text");
                out.clear();
                out.extend_from_slice(text.as_bytes());
                true
            }
            _ => {
                let null = out == b"null";
                if null {
                    out.clear();
                }
                !null
            }
        }
    }))
}

/// How the cells of an array are written as JSON.
fn cell(array: &ArrayRef) -> Result<Cell<'_>> {
    let valid: Cell<'_> = match array.data_type() {
        DataType::Null => Box::new(|_, out| out.extend_from_slice(b"null")),
        DataType::Boolean => {
            let array = array.as_boolean();
            Box::new(|row, out| json(&array.value(row), out))
        }
        DataType::Int8 => number::<types::Int8Type>(array),
        DataType::Int16 => number::<types::Int16Type>(array),
        DataType::Int32 => number::<types::Int32Type>(array),
        DataType::Int64 => number::<types::Int64Type>(array),
        DataType::UInt8 => number::<types::UInt8Type>(array),
        DataType::UInt16 => number::<types::UInt16Type>(array),
        DataType::UInt32 => number::<types::UInt32Type>(array),
        DataType::UInt64 => number::<types::UInt64Type>(array),
        DataType::Float32 => {
            let array = array.as_primitive::<types::Float32Type>();
            Box::new(|row, out| float(array.value(row), f64::from(array.value(row)), out))
        }
        DataType::Float64 => {
            let array = array.as_primitive::<types::Float64Type>();
            Box::new(|row, out| float(array.value(row), array.value(row), out))
        }
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            Box::new(|row, out| quoted(array.value(row), out))
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            Box::new(|row, out| quoted(array.value(row), out))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            Box::new(|row, out| quoted(array.value(row), out))
        }
        DataType::Binary => {
            let array = array.as_binary::<i32>();
            Box::new(|row, out| json(&array.value(row), out))
        }
        DataType::List(_) => list::<i32>(array)?,
        DataType::LargeList(_) => list::<i64>(array)?,
        DataType::FixedSizeList(_, size) => {
            let size = *size as usize;
            let inner = cell(array.as_fixed_size_list().values())?;
            Box::new(move |row, out| elements(&inner, row * size..(row + 1) * size, out))
        }
        DataType::Struct(fields) => {
            let inner = array.as_struct().columns().iter().map(cell).collect::<Result<Vec<_>>>()?;
            Box::new(move |row, out| members(fields, &inner, row, out))
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let inner = cell(dictionary.values())?;
            // Without a value every row is null, and no key is one.
            let keys = if dictionary.values().is_empty() { Vec::new() } else { dictionary.normalized_keys() };
            Box::new(move |row, out| inner(keys[row], out))
        }
        _ => return shown(array),
    };
    Ok(unless_null(array, valid))
}

fn unless_null<'a>(array: &'a ArrayRef, valid: Cell<'a>) -> Cell<'a> {
    match array.null_count() {
        0 => valid,
        _ => Box::new(move |row, out| match array.is_valid(row) {
            true => valid(row, out),
            false => out.extend_from_slice(b"null"),
        }),
    }
}

fn number<T: ArrowPrimitiveType<Native: Serialize>>(array: &ArrayRef) -> Cell<'_> {
    let array = array.as_primitive::<T>();
    Box::new(|row, out| json(&array.value(row), out))
}

fn float(value: impl Serialize, wide: f64, out: &mut Vec<u8>) {
    match wide.is_finite() {
        true => json(&value, out),
        false => quoted(&wide.to_string(), out),
    }
}

fn json(value: &impl Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a vector takes everything");
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    json(&text, out);
}

fn list<O: OffsetSizeTrait>(array: &ArrayRef) -> Result<Cell<'_>> {
    let list = array.as_list::<O>();
    let (inner, offsets) = (cell(list.values())?, list.value_offsets());
    Ok(Box::new(move |row, out| elements(&inner, offsets[row].as_usize()..offsets[row + 1].as_usize(), out)))
}

fn elements(inner: &Cell<'_>, range: std::ops::Range<usize>, out: &mut Vec<u8>) {
    out.push(b'[');
    for at in range.clone() {
        if at > range.start {
            out.push(b',');
        }
        inner(at, out);
    }
    out.push(b']');
}

fn members(fields: &types::Fields, inner: &[Cell<'_>], row: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    for (place, (field, cell)) in fields.iter().zip(inner).enumerate() {
        if place > 0 {
            out.push(b',');
        }
        quoted(field.name(), out);
        out.push(b':');
        cell(row, out);
    }
    out.push(b'}');
}

/// Times, decimals and what else there is, as Arrow shows them; decimals are numbers.
fn shown(array: &ArrayRef) -> Result<Cell<'_>> {
    let options = FormatOptions::new();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)
        .map_err(|error| Failure::error(format!("cannot show a column of {}: {error}", array.data_type())))?;
    let is_number = array.data_type().is_numeric();
    Ok(unless_null(
        array,
        Box::new(move |row, out| match formatter.value(row).try_to_string() {
            Ok(text) if is_number => out.extend_from_slice(text.as_bytes()),
            Ok(text) => quoted(&text, out),
            Err(_) => out.extend_from_slice(b"null"),
        }),
    ))
}
