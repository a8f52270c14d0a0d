//! Fields as columns of Arrow.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringArray, TimestampMicrosecondBuilder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};

use super::encoding::Encoding;
use super::kind::{self, Kind};
use super::time;
use crate::{Error, Result};

/// A column that grows.
pub(super) enum Builder {
    Text(Texts),
    Int(Int64Builder),
    Float(Float64Builder),
    Bool(BooleanBuilder),
    Date(Date32Builder),
    Time(TimestampMicrosecondBuilder),
}

/// Texts, end to end.
pub(super) struct Texts {
    encoding: Encoding,
    bytes: Vec<u8>,
    ends: Vec<i32>,
    there: Vec<bool>,
}

impl Builder {
    pub(super) fn new(kind: Kind, encoding: Encoding, rows: usize) -> Builder {
        match kind {
            Kind::Text => {
                let mut ends = Vec::with_capacity(rows + 1);
                ends.push(0);
                Builder::Text(Texts { encoding, bytes: Vec::new(), ends, there: Vec::with_capacity(rows) })
            }
            Kind::Int => Builder::Int(Int64Builder::with_capacity(rows)),
            Kind::Float => Builder::Float(Float64Builder::with_capacity(rows)),
            Kind::Bool(_) => Builder::Bool(BooleanBuilder::with_capacity(rows)),
            Kind::Date => Builder::Date(Date32Builder::with_capacity(rows)),
            Kind::Time(_) => {
                Builder::Time(TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(kind.data_type()))
            }
        }
    }

    /// Adds what a field says; `false` if the column cannot have it.
    #[inline]
    pub(super) fn push(&mut self, content: &[u8]) -> bool {
        let there = !content.is_empty();
        let fits = |is_there: bool| !there || is_there;
        match self {
            Builder::Text(texts) => texts.push(content),
            Builder::Int(builder) => {
                let value = kind::int(content);
                builder.append_option(value);
                fits(value.is_some())
            }
            Builder::Float(builder) => {
                let value = kind::float(content);
                builder.append_option(value);
                fits(value.is_some())
            }
            Builder::Bool(builder) => {
                let value = kind::boolean(content).map(|(value, _)| value);
                builder.append_option(value);
                fits(value.is_some())
            }
            Builder::Date(builder) => {
                let value = time::date(content);
                builder.append_option(value);
                fits(value.is_some())
            }
            Builder::Time(builder) => {
                let value = time::timestamp(content).map(|(us, _)| us);
                builder.append_option(value);
                fits(value.is_some())
            }
        }
    }

    pub(super) fn finish(self) -> Result<ArrayRef> {
        Ok(match self {
            Builder::Text(texts) => Arc::new(texts.finish()?),
            Builder::Int(mut builder) => Arc::new(builder.finish()),
            Builder::Float(mut builder) => Arc::new(builder.finish()),
            Builder::Bool(mut builder) => Arc::new(builder.finish()),
            Builder::Date(mut builder) => Arc::new(builder.finish()),
            Builder::Time(mut builder) => Arc::new(builder.finish()),
        })
    }
}

impl Texts {
    #[inline]
    fn push(&mut self, content: &[u8]) -> bool {
        self.there.push(!content.is_empty());
        match self.encoding {
            Encoding::Latin1 | Encoding::Windows1252 => {
                self.bytes.extend_from_slice(self.encoding.letters(content).as_bytes());
            }
            _ => self.bytes.extend_from_slice(content),
        }
        let end = i32::try_from(self.bytes.len());
        self.ends.push(end.unwrap_or(i32::MAX));
        end.is_ok()
    }

    /// All of them are checked at once to be UTF-8.
    fn finish(self) -> Result<StringArray> {
        let nulls = self.there.contains(&false).then(|| NullBuffer::from(self.there));
        let ends = OffsetBuffer::new(self.ends.into());
        StringArray::try_new(ends, self.bytes.into(), nulls)
            .map_err(|cause| Error::corrupt("a text column", "it is not UTF-8").caused_by(cause))
    }
}
