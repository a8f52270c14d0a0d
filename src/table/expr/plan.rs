//! An expression bound to a table: every part has its type, every column its place.
//!
//! The invariant that evaluation relies on: a part's values are of exactly its type, but
//! for texts, which may be of any form that holds text (a dictionary, a view, a large text).

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::row::RowConverter;

use super::tree::{Function, Op};

/// A part with its type.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    /// Its [`super::coerce::logical`] type.
    pub(super) of: DataType,
    /// Whether some value can make it fail: then it is not evaluated for rows that do not need it.
    pub(super) fails: bool,
}

/// What a part does.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// By place in the schema.
    Column(usize),
    /// An array of one value.
    Constant(ArrayRef),
    Compare(Op, Box<Plan>, Box<Plan>),
    Arithmetic(Op, Box<Plan>, Box<Plan>),
    Concat(Box<Plan>, Box<Plan>),
    And(Vec<Plan>),
    Or(Vec<Plan>),
    Not(Box<Plan>),
    Negate(Box<Plan>),
    IsNull(Box<Plan>),
    IsBool(Box<Plan>, bool),
    In(Box<Plan>, Members, Vec<Plan>),
    Between(Box<Plan>, Box<Plan>, Box<Plan>),
    Like(Box<Plan>, Box<Plan>, bool),
    /// To the part's type; null instead of a failure if so said.
    Cast(Box<Plan>, bool),
    Case(Option<Box<Plan>>, Vec<(Plan, Plan)>, Option<Box<Plan>>),
    Element(Box<Plan>, Box<Plan>),
    /// The field at this place of a struct.
    Field(Box<Plan>, usize),
    Call(Function, Vec<Plan>),
}

/// The constants of an IN list.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    /// Whether one of them is null.
    pub(super) null: bool,
    pub(super) values: Set,
}

/// The values of an IN list, as they are looked up fastest.
#[derive(Clone, Debug, Default)]
pub(super) enum Set {
    /// None.
    #[default]
    Empty,
    /// A few, as arrays of one value: each is compared with the whole column.
    Few(Vec<ArrayRef>),
    Texts(Arc<HashSet<Box<str>>>),
    Rows(Arc<RowConverter>, Arc<HashSet<Box<[u8]>>>),
}

impl Plan {
    /// The parts that it is made of.
    pub(super) fn children(&self) -> Vec<&Plan> {
        match &self.kind {
            Kind::Column(_) | Kind::Constant(_) => Vec::new(),
            Kind::Compare(_, left, right)
            | Kind::Arithmetic(_, left, right)
            | Kind::Concat(left, right)
            | Kind::Like(left, right, _)
            | Kind::Element(left, right) => vec![left, right],
            Kind::And(parts) | Kind::Or(parts) | Kind::Call(_, parts) => parts.iter().collect(),
            Kind::Not(of)
            | Kind::Negate(of)
            | Kind::IsNull(of)
            | Kind::IsBool(of, _)
            | Kind::Cast(of, _)
            | Kind::Field(of, _) => vec![of],
            Kind::In(of, _, others) => std::iter::once(&**of).chain(others).collect(),
            Kind::Between(of, low, high) => vec![of, low, high],
            Kind::Case(operand, branches, otherwise) => {
                let branches = branches.iter().flat_map(|(when, then)| [when, then]);
                operand.as_deref().into_iter().chain(branches).chain(otherwise.as_deref()).collect()
            }
        }
    }

    /// The places of the columns that it needs, in order.
    pub(super) fn columns(&self) -> Vec<usize> {
        let mut places = Vec::new();
        self.add_columns(&mut places);
        places.sort_unstable();
        places
    }

    fn add_columns(&self, places: &mut Vec<usize>) {
        if let Kind::Column(place) = self.kind
            && !places.contains(&place)
        {
            places.push(place);
        }
        self.children().into_iter().for_each(|child| child.add_columns(places));
    }

    /// The value where it is the same for all rows.
    pub(super) fn constant(&self) -> Option<&ArrayRef> {
        match &self.kind {
            Kind::Constant(value) => Some(value),
            _ => None,
        }
    }
}
