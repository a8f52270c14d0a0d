//! What kind of values a column holds: found over all rows, by the smallest shape that has them all.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use serde::{Deserialize, Serialize};

/// What is not a list. In the order of what holds less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Nothing but nulls.
    Null,
    /// True or false.
    Bool,
    /// Whole numbers of 64 bits.
    Int,
    /// Numbers.
    Float,
    /// Text.
    Text,
    /// Anything, as the text of its JSON.
    Json,
}

/// A kind in lists in lists …
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// How many lists deep.
    pub(crate) lists: u8,
    /// Of what; never `Json` within a list.
    pub(crate) kind: Kind,
}

/// More lists in each other than this are JSON text.
const LISTS_MAX: u8 = 4;

impl Shape {
    /// That kind in no list.
    #[inline]
    pub(crate) const fn of(kind: Kind) -> Shape {
        Shape { lists: 0, kind }
    }

    /// That kind in `lists` lists.
    pub(crate) const fn lists(lists: u8, kind: Kind) -> Shape {
        Shape { lists, kind }
    }

    /// A list of such.
    #[inline]
    pub(crate) fn in_list(self) -> Shape {
        if self.kind == Kind::Json || self.lists == LISTS_MAX {
            return Shape::of(Kind::Json);
        }
        Shape { lists: self.lists + 1, kind: self.kind }
    }

    /// What a list of such has in it.
    pub(crate) fn item(self) -> Shape {
        Shape { lists: self.lists.saturating_sub(1), kind: self.kind }
    }

    /// Whether cells are the text of any JSON. Nothing but nulls may become anything.
    pub(crate) fn is_json(self) -> bool {
        self.lists == 0 && matches!(self.kind, Kind::Json | Kind::Null)
    }

    /// The smallest shape that has what either has.
    #[inline]
    pub(crate) fn join(self, other: Shape) -> Shape {
        if self == other {
            return self;
        }
        self.joined(other)
    }

    fn joined(self, other: Shape) -> Shape {
        let json = Shape::of(Kind::Json);
        match (self.kind, other.kind) {
            (Kind::Null, _) if self.lists <= other.lists => other,
            (_, Kind::Null) if other.lists <= self.lists => self,
            (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) if self.lists == other.lists => {
                Shape { lists: self.lists, kind: Kind::Float }
            }
            _ => json,
        }
    }

    /// The type of a column of such.
    pub(crate) fn data_type(self) -> DataType {
        if self.lists > 0 {
            return DataType::List(Arc::new(Field::new("item", self.item().data_type(), true)));
        }
        match self.kind {
            Kind::Bool => DataType::Boolean,
            Kind::Int => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Null | Kind::Text | Kind::Json => DataType::Utf8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: Shape, b: Shape, joined: Shape) {
        assert_eq!((a.join(b), b.join(a)), (joined, joined), "{a:?} and {b:?}");
    }

    #[test]
    fn two_shapes_join_to_the_smallest_that_has_both() {
        let json = Shape::of(Kind::Json);
        check(Shape::of(Kind::Int), Shape::of(Kind::Float), Shape::of(Kind::Float));
        check(Shape::of(Kind::Null), Shape::lists(1, Kind::Text), Shape::lists(1, Kind::Text));
        check(Shape::lists(1, Kind::Null), Shape::lists(2, Kind::Int), Shape::lists(2, Kind::Int));
        check(Shape::lists(2, Kind::Null), Shape::lists(1, Kind::Int), json);
        check(Shape::of(Kind::Text), Shape::of(Kind::Int), json);
        check(Shape::lists(1, Kind::Int), Shape::of(Kind::Int), json);
        check(json, Shape::of(Kind::Null), json);
    }
}
