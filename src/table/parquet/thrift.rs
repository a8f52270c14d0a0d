//! Thrift's compact protocol, as far as a footer needs it: a struct is taken apart into
//! the bytes of its fields and put together again.
//!
//! What is not touched is copied as bytes, so fields that nobody here knows survive.

use crate::{Error, Result};

/// How deep structs and lists may lie in each other.
const DEPTH_MAX: u32 = 32;

/// The kinds of a value that are used here.
pub(super) mod kind {
    pub(in super::super) const I16: u8 = 4;
    pub(in super::super) const I64: u8 = 6;
    pub(in super::super) const LIST: u8 = 9;
    pub(in super::super) const STRUCT: u8 = 12;
}

/// A field of a struct: a bool's value is its kind, so its bytes are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) id: i16,
    pub(super) kind: u8,
    pub(super) bytes: Vec<u8>,
}

fn damaged() -> Error {
    Error::corrupt("the Parquet file's metadata", "it is no Thrift")
}

/// Where reading has come to.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn byte(&mut self) -> Result<u8> {
        let byte = *self.bytes.get(self.at).ok_or_else(damaged)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(damaged())
    }

    fn zigzag(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn skip_bytes(&mut self, len: u64) -> Result<()> {
        let left = (self.bytes.len() - self.at) as u64;
        if len > left {
            return Err(damaged());
        }
        self.at += len as usize;
        Ok(())
    }

    /// Passes over a value; `in_struct` because a bool in a struct has no bytes of its own.
    fn skip(&mut self, kind: u8, in_struct: bool, depth: u32) -> Result<()> {
        if depth > DEPTH_MAX {
            return Err(damaged());
        }
        match kind {
            1 | 2 if in_struct => Ok(()),
            1..=3 => self.skip_bytes(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip_bytes(8),
            8 => {
                let len = self.varint()?;
                self.skip_bytes(len)
            }
            9 | 10 => {
                let (kind, count) = self.list_head()?;
                (0..count).try_for_each(|_| self.skip(kind, false, depth + 1))
            }
            11 => {
                let count = self.varint()?;
                if count == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                (0..count).try_for_each(|_| {
                    self.skip(kinds >> 4, false, depth + 1)?;
                    self.skip(kinds & 15, false, depth + 1)
                })
            }
            12 => {
                let mut id = 0;
                while let Some((next, kind)) = self.field_head(id)? {
                    self.skip(kind, true, depth + 1)?;
                    id = next;
                }
                Ok(())
            }
            _ => Err(damaged()),
        }
    }

    fn list_head(&mut self) -> Result<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => count.into(),
        };
        // Each element has at least one byte: a wild count ends here, before anything is made of it.
        if count > (self.bytes.len() - self.at) as u64 {
            return Err(damaged());
        }
        Ok((head & 15, count))
    }

    /// The id and kind of the next field; `None` at the end of the struct.
    fn field_head(&mut self, last: i16) -> Result<Option<(i16, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let id = match head >> 4 {
            0 => i16::try_from(self.zigzag()?).map_err(|_| damaged())?,
            delta => last.checked_add(delta.into()).ok_or_else(damaged)?,
        };
        Ok(Some((id, head & 15)))
    }

    fn since(&self, from: usize) -> &'a [u8] {
        &self.bytes[from..self.at]
    }
}

/// The fields of the struct at the beginning of `bytes`, and how many bytes it takes.
///
/// # Errors
/// `Corrupt`.
pub(super) fn fields(bytes: &[u8]) -> Result<(Vec<Field>, usize)> {
    let mut cursor = Cursor { bytes, at: 0 };
    let mut fields = Vec::new();
    let mut id = 0;
    while let Some((next, kind)) = cursor.field_head(id)? {
        let from = cursor.at;
        cursor.skip(kind, true, 0)?;
        fields.push(Field { id: next, kind, bytes: cursor.since(from).to_vec() });
        id = next;
    }
    Ok((fields, cursor.at))
}

/// The elements of a list, each as its bytes.
///
/// # Errors
/// `Corrupt`.
pub(super) fn elements(bytes: &[u8]) -> Result<Vec<&[u8]>> {
    let mut cursor = Cursor { bytes, at: 0 };
    let (kind, count) = cursor.list_head()?;
    let mut elements = Vec::new();
    for _ in 0..count {
        let from = cursor.at;
        cursor.skip(kind, false, 0)?;
        elements.push(cursor.since(from));
    }
    Ok(elements)
}

/// A whole number of any width.
///
/// # Errors
/// `Corrupt`.
pub(super) fn int(bytes: &[u8]) -> Result<i64> {
    Cursor { bytes, at: 0 }.zigzag()
}

/// What is in a binary.
///
/// # Errors
/// `Corrupt`.
pub(super) fn binary(bytes: &[u8]) -> Result<&[u8]> {
    let mut cursor = Cursor { bytes, at: 0 };
    let len = cursor.varint()?;
    let from = cursor.at;
    cursor.skip_bytes(len)?;
    Ok(cursor.since(from))
}

/// The bytes of a whole number.
pub(super) fn int_bytes(value: i64) -> Vec<u8> {
    varint_bytes(((value << 1) ^ (value >> 63)) as u64)
}

fn varint_bytes(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The bytes of a struct.
pub(super) fn struct_bytes(fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(fields.iter().map(|field| field.bytes.len() + 3).sum());
    let mut last = 0_i16;
    for field in fields {
        match i32::from(field.id) - i32::from(last) {
            delta @ 1..=15 => bytes.push((delta as u8) << 4 | field.kind),
            _ => {
                bytes.push(field.kind);
                bytes.extend(int_bytes(field.id.into()));
            }
        }
        bytes.extend_from_slice(&field.bytes);
        last = field.id;
    }
    bytes.push(0);
    bytes
}

/// The bytes of a list of structs.
pub(super) fn list_bytes<'a>(elements: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<u8> {
    let count = elements.len();
    let mut bytes = if count < 15 {
        vec![(count as u8) << 4 | kind::STRUCT]
    } else {
        let mut bytes = vec![0xf0 | kind::STRUCT];
        bytes.extend(varint_bytes(count as u64));
        bytes
    };
    elements.for_each(|element| bytes.extend_from_slice(element));
    bytes
}

/// The bytes of a field.
pub(super) fn get(fields: &[Field], id: i16) -> Option<&[u8]> {
    fields.iter().find(|field| field.id == id).map(|field| field.bytes.as_slice())
}

/// The whole number of a field; 0 where there is none.
///
/// # Errors
/// `Corrupt`.
pub(super) fn get_int(fields: &[Field], id: i16) -> Result<i64> {
    get(fields, id).map_or(Ok(0), int)
}

/// Sets a field, in its place by id.
pub(super) fn set(fields: &mut Vec<Field>, id: i16, kind: u8, bytes: Vec<u8>) {
    match fields.iter_mut().find(|field| field.id == id) {
        Some(field) => *field = Field { id, kind, bytes },
        None => {
            let at = fields.iter().position(|field| field.id > id).unwrap_or(fields.len());
            fields.insert(at, Field { id, kind, bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_is_put_together_as_it_was() {
        let inner = struct_bytes(&[Field { id: 1, kind: kind::I64, bytes: int_bytes(-5) }]);
        let many: Vec<&[u8]> = vec![&inner; 20];
        let all = vec![
            Field { id: 2, kind: 1, bytes: Vec::new() },
            Field { id: 3, kind: kind::LIST, bytes: list_bytes(many.iter().copied()) },
            Field { id: 300, kind: kind::STRUCT, bytes: inner.clone() },
            Field { id: -4, kind: kind::I16, bytes: int_bytes(7) },
        ];
        let bytes = struct_bytes(&all);
        assert_eq!(fields(&bytes).expect("thrift"), (all.clone(), bytes.len()));
        assert_eq!(elements(&all[1].bytes).expect("a list"), many);
        for (value, bytes) in [(0, vec![0]), (-1, vec![1]), (64, vec![0x80, 1])] {
            assert_eq!((int_bytes(value), int(&bytes).expect("a number")), (bytes.clone(), value));
        }
        assert_eq!(int(&int_bytes(i64::MIN)).expect("a number"), i64::MIN);
    }

    #[test]
    fn what_is_no_thrift_is_an_error() {
        for bytes in [&[][..], &[0x1f], &[0x19, 0xf3, 0xff, 0xff, 0xff, 0xff, 0xf], &[0x18, 0x90], &[0x1c; 64]] {
            assert!(fields(bytes).is_err(), "{bytes:?}");
        }
    }
}
