//! Texts as a dictionary: each text once, and a number for each row.
//!
//! A column comes from its file in batches, as texts of any form or as
//! dictionaries of their own; here they become one. Labels take four bytes a row
//! then, are counted and compared as numbers, and go to a browser as they are.

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use hashbrown::{DefaultHashBuilder, HashTable};
use veneer::{Error, Result};

/// Whether values of this type are texts.
pub(crate) fn is_text(of: &DataType) -> bool {
    match of {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// The type that every column of texts has here.
pub(crate) fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Collects texts into one dictionary.
#[derive(Default)]
pub(crate) struct Texts {
    known: HashTable<i32>,
    hasher: DefaultHashBuilder,
    bytes: Vec<u8>,
    ends: Vec<i32>,
    keys: Vec<i32>,
    nulls: Vec<usize>,
}

impl Texts {
    /// None yet.
    pub(crate) fn new() -> Texts {
        Texts::default()
    }

    /// Takes the texts of an array.
    ///
    /// # Errors
    /// `Invalid` where there are more than 2 GiB of different texts.
    pub(crate) fn push(&mut self, array: &dyn Array) -> Result<()> {
        if let DataType::Dictionary(..) = array.data_type() {
            let dictionary = array.as_any_dictionary();
            let values = plain(dictionary.values())?;
            if values.is_empty() {
                (0..array.len()).for_each(|_| self.push_null());
                return Ok(());
            }
            // Only those that a row has: a dictionary may have more.
            let mut numbers: Vec<Option<i32>> = vec![None; values.len()];
            for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
                if array.is_null(row) || values.is_null(key) {
                    self.push_null();
                    continue;
                }
                let number = match numbers[key] {
                    Some(number) => number,
                    None => *numbers[key].insert(self.number(values.value(key))?),
                };
                self.keys.push(number);
            }
            return Ok(());
        }
        let texts = plain(array)?;
        for row in 0..texts.len() {
            match texts.is_null(row) {
                true => self.push_null(),
                false => {
                    let number = self.number(texts.value(row))?;
                    self.keys.push(number);
                }
            }
        }
        Ok(())
    }

    /// The texts as one array.
    pub(crate) fn finish(self) -> DictionaryArray<Int32Type> {
        let rows = self.keys.len();
        let nulls = (!self.nulls.is_empty()).then(|| {
            let mut there = vec![true; rows];
            self.nulls.iter().for_each(|row| there[*row] = false);
            NullBuffer::from(there)
        });
        let ends = std::iter::once(0).chain(self.ends).collect::<Vec<i32>>();
        let values = StringArray::new(OffsetBuffer::new(ends.into()), self.bytes.into(), None);
        DictionaryArray::new(Int32Array::new(ScalarBuffer::from(self.keys), nulls), Arc::new(values))
    }

    fn push_null(&mut self) {
        self.nulls.push(self.keys.len());
        self.keys.push(0);
    }

    /// The number of a text, which it gets here if it is new.
    fn number(&mut self, text: &str) -> Result<i32> {
        let hash = self.hasher.hash_one(text.as_bytes());
        let (bytes, ends) = (&self.bytes, &self.ends);
        if let Some(number) = self.known.find(hash, |number| nth(bytes, ends, *number) == text.as_bytes()) {
            return Ok(*number);
        }
        let end = i32::try_from(self.bytes.len() + text.len());
        let end = end.map_err(|_| Error::invalid("column", "", "its different texts have more than 2 GiB"))?;
        let number = self.ends.len() as i32;
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(end);
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        self.known.insert_unique(hash, number, |number| hasher.hash_one(nth(bytes, ends, *number)));
        Ok(number)
    }
}

fn nth<'a>(bytes: &'a [u8], ends: &[i32], number: i32) -> &'a [u8] {
    let number = number as usize;
    let from = if number == 0 { 0 } else { ends[number - 1] };
    &bytes[from as usize..ends[number] as usize]
}

fn plain(array: &dyn Array) -> Result<StringArray> {
    let texts = cast(array, &DataType::Utf8);
    let texts = texts.map_err(|cause| Error::invalid("column", "", "its texts cannot be read").caused_by(cause))?;
    Ok(texts.as_string::<i32>().clone())
}

/// The array with no texts but those that its rows have; anything but texts as it is.
pub(crate) fn compact(array: &ArrayRef) -> Result<ArrayRef> {
    if !matches!(array.data_type(), DataType::Dictionary(..)) || !is_text(array.data_type()) {
        return Ok(array.clone());
    }
    let mut texts = Texts::new();
    texts.push(array)?;
    Ok(Arc::new(texts.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_form_become_one_dictionary() {
        let given = vec![Some("cat"), None, Some("dog"), Some("cat"), Some("")];
        let plain = StringArray::from(given.clone());
        let mut texts = Texts::new();
        texts.push(&plain).expect("texts");
        for of in [DataType::LargeUtf8, DataType::Utf8View, text_type()] {
            texts.push(&cast(&plain, &of).expect("another form")).expect("texts");
        }
        let made = texts.finish();
        assert_eq!(made.values().len(), 3);
        let made = made.downcast_dict::<StringArray>().expect("texts");
        let back: Vec<Option<&str>> = made.into_iter().collect();
        assert_eq!(back, given.repeat(4));
    }

    #[test]
    fn rows_without_any_text_are_nulls() {
        let none = arrow::array::new_null_array(&text_type(), 3);
        for array in [none.clone(), compact(&none).expect("compacted"), none.slice(0, 0)] {
            let again = compact(&array).expect("compacted");
            assert_eq!((again.len(), again.null_count()), (array.len(), array.len()));
        }
    }

    #[test]
    fn a_compact_array_has_only_the_texts_of_its_rows() {
        let many = StringArray::from_iter_values((0..100).map(|number| number.to_string()));
        let many = cast(&many, &text_type()).expect("a dictionary").slice(40, 2);
        let few = compact(&many).expect("compacted");
        assert_eq!(few.as_dictionary::<Int32Type>().values().len(), 2);
        assert_eq!(&cast(&few, &DataType::Utf8).expect("texts"), &cast(&many, &DataType::Utf8).expect("texts"));
    }
}
