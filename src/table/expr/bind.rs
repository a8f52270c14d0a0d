//! Types and places for a tree: here a column is found, and every operand is brought to its type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, UInt64Array, new_null_array};
use arrow::compute::can_cast_types;
use arrow::datatypes::DataType;

use super::coerce::{arithmetic, comparison, element_type, logical, union};
use super::fault::{Result, fail};
use super::narrowed::narrowed;
use super::plan::{Kind, Plan};
use super::tree::{Literal, Name, Node, Op};
use super::{bind_call, evaluate, long_numbers, members, names};
use crate::table::TableSchema;

/// Binds a tree.
pub(super) fn bind(node: &Node, schema: &TableSchema) -> Result<Plan> {
    let bind = |node: &Node| bind(node, schema);
    let plan = match node {
        Node::Column(path) => return column(path, schema),
        Node::Literal(literal) => return Ok(self::literal(literal)),
        Node::Binary(op, left, right) => {
            let (left, right) = (bind(left)?, bind(right)?);
            match long_numbers::compare(*op, &left, &right, schema)? {
                Some(compared) => compared,
                None => binary(*op, left, right)?,
            }
        }
        Node::And(parts) => Plan::new(Kind::And(conditions("AND", parts, schema)?), DataType::Boolean),
        Node::Or(parts) => Plan::new(Kind::Or(conditions("OR", parts, schema)?), DataType::Boolean),
        Node::Not(of) => Plan::new(Kind::Not(Box::new(condition("NOT", bind(of)?)?)), DataType::Boolean),
        Node::Negate(of) => negate(bind(of)?)?,
        Node::IsNull(of) => Plan::new(Kind::IsNull(Box::new(bind(of)?)), DataType::Boolean),
        Node::IsBool(of, value) => {
            Plan::new(Kind::IsBool(Box::new(condition("IS", bind(of)?)?), *value), DataType::Boolean)
        }
        Node::In(of, list) => {
            let (of, list) = (bind(of)?, list.iter().map(bind).collect::<Result<Vec<_>>>()?);
            match long_numbers::is_in(&of, &list, schema)? {
                Some(found) => found,
                None => members::bind(of, list)?,
            }
        }
        Node::Between(of, low, high) => {
            let (of, low, high) = (bind(of)?, bind(low)?, bind(high)?);
            match long_numbers::between(&of, &low, &high, schema)? {
                Some(found) => found,
                None => between(of, low, high)?,
            }
        }
        Node::Like { of, pattern, any_case } => like(bind(of)?, bind(pattern)?, *any_case)?,
        Node::Cast { of, to, or_null } => cast(bind(of)?, to, *or_null)?,
        Node::Case { operand, branches, otherwise } => case(
            operand.as_deref().map(bind).transpose()?,
            branches.iter().map(|(when, then)| Ok((bind(when)?, bind(then)?))).collect::<Result<_>>()?,
            otherwise.as_deref().map(bind).transpose()?,
        )?,
        Node::Element(of, place) => element(bind(of)?, bind(place)?)?,
        Node::Call(function, arguments) => {
            bind_call::bind(*function, arguments.iter().map(bind).collect::<Result<_>>()?)?
        }
    };
    Ok(plan.folded())
}

impl Plan {
    /// A part of this type; it can fail if it is of a kind that can, or one of its parts can.
    pub(super) fn new(kind: Kind, of: DataType) -> Plan {
        let mut plan = Plan { kind, of, fails: false };
        let own = match &plan.kind {
            Kind::Arithmetic(Op::Divide | Op::Remainder, ..) => plan.of.is_integer() || plan.of.is_decimal(),
            Kind::Arithmetic(..) => !plan.of.is_primitive() || plan.of.is_decimal() || plan.of.is_temporal(),
            Kind::Cast(of, or_null) => !or_null && !is_lossless(&of.of, &plan.of),
            Kind::Call(function, _) => bind_call::can_fail(*function),
            _ => false,
        };
        plan.fails = own || plan.children().iter().any(|child| child.fails);
        plan
    }

    /// One value for all rows.
    pub(super) fn constant_of(value: ArrayRef) -> Plan {
        Plan { of: logical(value.data_type()), kind: Kind::Constant(value), fails: false }
    }

    /// The value itself where all parts are constant. What fails is left, to fail where a row needs it.
    fn folded(self) -> Plan {
        if !self.children().iter().all(|child| child.constant().is_some()) {
            return self;
        }
        match evaluate::constant(&self) {
            Ok(value) => Plan { of: self.of, kind: Kind::Constant(value), fails: false },
            Err(_) => self,
        }
    }

    /// The part brought to a type, which it can be cast to.
    pub(super) fn to(self, of: &DataType) -> Result<Plan> {
        if self.of == *of {
            return Ok(self);
        }
        if !can_cast_types(&self.of, of) {
            return fail(format!("{} cannot be made {of}", self.of));
        }
        Ok(Plan::new(Kind::Cast(Box::new(self), false), of.clone()).folded())
    }
}

/// Whether a cast to `to` has a value for each of `from`.
fn is_lossless(from: &DataType, to: &DataType) -> bool {
    use DataType::{Float64, Int64, Null, Utf8};
    *from == Null
        || (from.is_primitive() || *from == DataType::Boolean) && *to == Utf8
        || from.is_numeric() && !from.is_decimal() && *to == Float64
        || from.is_integer() && *from != DataType::UInt64 && *to == Int64
}

fn column(path: &[Name], schema: &TableSchema) -> Result<Plan> {
    let all = || schema.columns.iter().map(|column| column.name.as_str());
    let (first, fields) = path.split_first().expect("a name has a part");
    let place = match names::find("column", first, all()) {
        Ok(place) => place,
        // `a.b` may be the name of a column as a whole.
        Err(_) if !fields.is_empty() => {
            let text = path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(".");
            let place = names::find("column", &Name { text, quoted: first.quoted }, all())?;
            return Ok(Plan::new(Kind::Column(place), logical(&schema.columns[place].data_type)));
        }
        Err(fault) => return Err(fault),
    };
    let column = Plan::new(Kind::Column(place), logical(&schema.columns[place].data_type));
    fields.iter().try_fold(column, field)
}

fn field(of: Plan, name: &Name) -> Result<Plan> {
    let DataType::Struct(fields) = &of.of else {
        return fail(format!("`.{}` is the field of a struct, and this is {}", name.text, of.of));
    };
    let place = names::find("field", name, fields.iter().map(|field| field.name().as_str()))?;
    let to = logical(fields[place].data_type());
    Ok(Plan::new(Kind::Field(Box::new(of), place), to))
}

fn literal(literal: &Literal) -> Plan {
    Plan::constant_of(match literal {
        Literal::Null => new_null_array(&DataType::Null, 1),
        Literal::Bool(value) => Arc::new(BooleanArray::from(vec![*value])),
        Literal::Int(value) => Arc::new(Int64Array::from(vec![*value])),
        Literal::Big(value) => Arc::new(UInt64Array::from(vec![*value])),
        Literal::Float(value) => Arc::new(Float64Array::from(vec![*value])),
        Literal::Text(value) => Arc::new(StringArray::from(vec![value.as_str()])),
    })
}

/// A part that is true, false or null.
pub(super) fn condition(of_what: &str, plan: Plan) -> Result<Plan> {
    match plan.of {
        DataType::Boolean | DataType::Null => plan.to(&DataType::Boolean),
        other => fail(format!("{of_what} takes conditions, not {other}")),
    }
}

fn conditions(of_what: &str, parts: &[Node], schema: &TableSchema) -> Result<Vec<Plan>> {
    parts.iter().map(|part| condition(of_what, bind(part, schema)?)).collect()
}

fn binary(op: Op, left: Plan, right: Plan) -> Result<Plan> {
    let refused = |left: &Plan, right: &Plan| fail(format!("{} {} {} has no meaning", left.of, op.text(), right.of));
    if op.compares() {
        return match comparison(&left.of, &right.of) {
            Some(of) => compare(op, left, right, &of),
            None => refused(&left, &right),
        };
    }
    if op == Op::Concat {
        let text = |plan: &Plan| plan.of == DataType::Utf8;
        let meaning = text(&left) || text(&right);
        if !meaning || !can_cast_types(&left.of, &DataType::Utf8) || !can_cast_types(&right.of, &DataType::Utf8) {
            return refused(&left, &right);
        }
        let (left, right) = (left.to(&DataType::Utf8)?, right.to(&DataType::Utf8)?);
        return Ok(Plan::new(Kind::Concat(Box::new(left), Box::new(right)), DataType::Utf8));
    }
    if op == Op::Subtract && left.of == right.of && matches!(left.of, DataType::Date32 | DataType::Date64) {
        return days_between(left, right);
    }
    match arithmetic(op, &left.of, &right.of) {
        Some((to_left, to_right, of)) => {
            let (left, right) = (left.to(&to_left)?, right.to(&to_right)?);
            Ok(Plan::new(Kind::Arithmetic(op, Box::new(left), Box::new(right)), of))
        }
        None => refused(&left, &right),
    }
}

/// Two dates make a number of days.
fn days_between(left: Plan, right: Plan) -> Result<Plan> {
    let days = |date: Plan| date.to(&DataType::Date32)?.to(&DataType::Int32)?.to(&DataType::Int64);
    let (left, right) = (days(left)?, days(right)?);
    Ok(Plan::new(Kind::Arithmetic(Op::Subtract, Box::new(left), Box::new(right)), DataType::Int64))
}

/// A comparison in the type `of`, or in a column's own narrower type where the constant fits into that.
fn compare(op: Op, left: Plan, right: Plan, of: &DataType) -> Result<Plan> {
    let (left, right) = match (narrowed(&left, &right), narrowed(&right, &left)) {
        (Some(right), _) => (left, right),
        (_, Some(left)) => (left, right),
        _ => (left.to(of)?, right.to(of)?),
    };
    Ok(Plan::new(Kind::Compare(op, Box::new(left), Box::new(right)), DataType::Boolean))
}

fn negate(of: Plan) -> Result<Plan> {
    use DataType::{Float16, Float32, Float64, Int8, Int16, Int32, Int64};
    match of.of.clone() {
        DataType::Null => Ok(of),
        to @ (Int8 | Int16 | Int32 | Int64 | Float16 | Float32 | Float64 | DataType::Interval(_)) => {
            Ok(Plan::new(Kind::Negate(Box::new(of)), to))
        }
        to if to.is_decimal() => Ok(Plan::new(Kind::Negate(Box::new(of)), to)),
        other => fail(format!("{other} has no negative")),
    }
}

fn between(of: Plan, low: Plan, high: Plan) -> Result<Plan> {
    let to =
        comparison(&of.of, &low.of).zip(comparison(&of.of, &high.of)).and_then(|(low, high)| comparison(&low, &high));
    let Some(to) = to else {
        return fail(format!("{} BETWEEN {} AND {} has no meaning", of.of, low.of, high.of));
    };
    let parts = match (narrowed(&of, &low), narrowed(&of, &high)) {
        (Some(low), Some(high)) => (of, low, high),
        _ => (of.to(&to)?, low.to(&to)?, high.to(&to)?),
    };
    let (of, low, high) = parts;
    Ok(Plan::new(Kind::Between(Box::new(of), Box::new(low), Box::new(high)), DataType::Boolean))
}

fn like(of: Plan, pattern: Plan, any_case: bool) -> Result<Plan> {
    let text = |plan: &Plan| matches!(plan.of, DataType::Utf8 | DataType::Null);
    if !text(&of) || !text(&pattern) {
        return fail(format!("LIKE takes texts, not {} and {}", of.of, pattern.of));
    }
    let (of, pattern) = (of.to(&DataType::Utf8)?, pattern.to(&DataType::Utf8)?);
    Ok(Plan::new(Kind::Like(Box::new(of), Box::new(pattern), any_case), DataType::Boolean))
}

fn cast(of: Plan, to: &DataType, or_null: bool) -> Result<Plan> {
    if of.of == *to {
        return Ok(of);
    }
    if !can_cast_types(&of.of, to) {
        return fail(format!("{} cannot be cast to {to}", of.of));
    }
    Ok(Plan::new(Kind::Cast(Box::new(of), or_null), to.clone()))
}

fn case(operand: Option<Plan>, branches: Vec<(Plan, Plan)>, otherwise: Option<Plan>) -> Result<Plan> {
    let first = otherwise.as_ref().unwrap_or(&branches[0].1).of.clone();
    let Some(to) = branches.iter().try_fold(first, |of, (_, then)| union(&of, &then.of)) else {
        return fail("the results of CASE have no common type");
    };
    let when = match &operand {
        None => Some(DataType::Boolean),
        Some(operand) => branches.iter().try_fold(operand.of.clone(), |of, (when, _)| comparison(&of, &when.of)),
    };
    let Some(when) = when else {
        return fail("what CASE compares has no common type");
    };
    let branches = branches.into_iter().map(|(condition, then)| Ok((condition.to(&when)?, then.to(&to)?)));
    let branches = branches.collect::<Result<_>>()?;
    let operand = operand.map(|operand| operand.to(&when)).transpose()?.map(Box::new);
    let otherwise = otherwise.map(|otherwise| otherwise.to(&to)).transpose()?.map(Box::new);
    Ok(Plan::new(Kind::Case(operand, branches, otherwise), to))
}

fn element(of: Plan, place: Plan) -> Result<Plan> {
    if let (DataType::Struct(_), Some(name)) = (&of.of, place.constant())
        && let Some(name) = name.as_any().downcast_ref::<StringArray>()
    {
        return field(of, &Name { text: name.value(0).to_owned(), quoted: true });
    }
    let Some(to) = element_type(&of.of).map(logical) else {
        return fail(format!("`[…]` takes an element of a list, and this is {}", of.of));
    };
    if !place.of.is_integer() && place.of != DataType::Null {
        return fail(format!("the place in a list is a whole number from 1, not {}", place.of));
    }
    let place = place.to(&DataType::Int64)?;
    Ok(Plan::new(Kind::Element(Box::new(of), Box::new(place)), to))
}
