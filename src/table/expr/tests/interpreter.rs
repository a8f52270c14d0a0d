//! Expressions as a person would work them out: one row, one operator at a time.

use std::fmt::{self, Display, Formatter};

/// A row of the table that random expressions are about.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) n: Option<i64>,
    pub(super) z: Option<i64>,
    pub(super) s: Option<String>,
    pub(super) b: Option<bool>,
}

/// A division by zero.
#[derive(Debug, PartialEq)]
pub(super) struct ByZero;

type Found<T> = Result<Option<T>, ByZero>;

/// True, false or null.
#[derive(Clone, Debug)]
pub(super) enum Cond {
    Column,
    Literal(Option<bool>),
    Compare(&'static str, Num, Num),
    CompareText(&'static str, Text, Text),
    And(Vec<Cond>),
    Or(Vec<Cond>),
    Not(Box<Cond>),
    IsNull(Num),
    IsTrue(Box<Cond>),
    In(Num, Vec<Option<i64>>),
    NotIn(Text, Vec<&'static str>),
    Between(Num, Num, Num),
    StartsWith(Text, &'static str),
}

/// A whole number.
#[derive(Clone, Debug)]
pub(super) enum Num {
    Column(&'static str),
    Literal(Option<i64>),
    Math(char, Box<Num>, Box<Num>),
    Negative(Box<Num>),
    Length(Text),
    Case(Box<Cond>, Box<Num>, Box<Num>),
    Coalesce(Box<Num>, Box<Num>),
}

/// A text.
#[derive(Clone, Debug)]
pub(super) enum Text {
    Column,
    Literal(&'static str),
    Concat(Box<Text>, Box<Text>),
    Upper(Box<Text>),
}

impl Cond {
    pub(super) fn of(&self, row: &Row) -> Found<bool> {
        Ok(match self {
            Cond::Column => row.b,
            Cond::Literal(value) => *value,
            Cond::Compare(op, left, right) => both(left.of(row)?, right.of(row)?).map(|(l, r)| holds(op, l.cmp(&r))),
            Cond::CompareText(op, left, right) => both(left.of(row), right.of(row)).map(|(l, r)| holds(op, l.cmp(&r))),
            Cond::And(parts) => return chain(parts, row, false),
            Cond::Or(parts) => return chain(parts, row, true),
            Cond::Not(of) => of.of(row)?.map(|value| !value),
            Cond::IsNull(of) => Some(of.of(row)?.is_none()),
            Cond::IsTrue(of) => Some(of.of(row)? == Some(true)),
            Cond::In(of, list) => of.of(row)?.and_then(|value| match list.contains(&Some(value)) {
                true => Some(true),
                false => (!list.contains(&None)).then_some(false),
            }),
            Cond::NotIn(of, list) => of.of(row).map(|value| !list.contains(&value.as_str())),
            Cond::Between(of, low, high) => {
                let (of, low, high) = (of.of(row)?, low.of(row)?, high.of(row)?);
                let above = both(of, low).map(|(of, low)| of >= low);
                let below = both(of, high).map(|(of, high)| of <= high);
                match (above, below) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (above, below) => above.and(below),
                }
            }
            Cond::StartsWith(of, with) => of.of(row).map(|of| of.starts_with(with)),
        })
    }
}

/// Stops where the answer is known, so that what comes later is not even worked out.
fn chain(parts: &[Cond], row: &Row, decides: bool) -> Found<bool> {
    let mut found = Some(!decides);
    for part in parts {
        match part.of(row)? {
            Some(value) if value == decides => return Ok(Some(decides)),
            Some(_) => {}
            None => found = None,
        }
    }
    Ok(found)
}

fn both<A, B>(left: Option<A>, right: Option<B>) -> Option<(A, B)> {
    left.zip(right)
}

fn holds(op: &str, order: std::cmp::Ordering) -> bool {
    match op {
        "=" => order.is_eq(),
        "<>" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

impl Num {
    pub(super) fn of(&self, row: &Row) -> Found<i64> {
        Ok(match self {
            Num::Column(name) => {
                if *name == "n" {
                    row.n
                } else {
                    row.z
                }
            }
            Num::Literal(value) => *value,
            Num::Math(op, left, right) => match both(left.of(row)?, right.of(row)?) {
                None => None,
                Some((_, 0)) if matches!(op, '/' | '%') => return Err(ByZero),
                Some((left, right)) => Some(match op {
                    '+' => left.wrapping_add(right),
                    '-' => left.wrapping_sub(right),
                    '*' => left.wrapping_mul(right),
                    '/' => left.wrapping_div(right),
                    _ => left.wrapping_rem(right),
                }),
            },
            Num::Negative(of) => of.of(row)?.map(i64::wrapping_neg),
            Num::Length(of) => of.of(row).map(|text| text.chars().count() as i64),
            Num::Case(when, then, otherwise) => match when.of(row)? {
                Some(true) => then.of(row)?,
                _ => otherwise.of(row)?,
            },
            Num::Coalesce(first, second) => match first.of(row)? {
                None => second.of(row)?,
                found => found,
            },
        })
    }
}

impl Text {
    pub(super) fn of(&self, row: &Row) -> Option<String> {
        match self {
            Text::Column => row.s.clone(),
            Text::Literal(text) => Some((*text).to_owned()),
            Text::Concat(left, right) => Some(left.of(row)? + &right.of(row)?),
            Text::Upper(of) => of.of(row).map(|text| text.to_uppercase()),
        }
    }
}

fn or_null(value: Option<impl Display>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}

fn joined(parts: impl Iterator<Item = impl Display>, between: &str) -> String {
    parts.map(|part| part.to_string()).collect::<Vec<_>>().join(between)
}

impl Display for Cond {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Cond::Column => f.write_str("b"),
            Cond::Literal(value) => f.write_str(&or_null(*value)),
            Cond::Compare(op, left, right) => write!(f, "{left} {op} {right}"),
            Cond::CompareText(op, left, right) => write!(f, "{left} {op} {right}"),
            Cond::And(parts) => write!(f, "({})", joined(parts.iter(), " AND ")),
            Cond::Or(parts) => write!(f, "({})", joined(parts.iter(), " OR ")),
            Cond::Not(of) => write!(f, "(NOT ({of}))"),
            Cond::IsNull(of) => write!(f, "({of} IS NULL)"),
            Cond::IsTrue(of) => write!(f, "(({of}) IS TRUE)"),
            Cond::In(of, list) => write!(f, "({of} IN ({}))", joined(list.iter().map(|item| or_null(*item)), ", ")),
            Cond::NotIn(of, list) => {
                write!(f, "({of} NOT IN ({}))", joined(list.iter().map(|item| format!("'{item}'")), ", "))
            }
            Cond::Between(of, low, high) => write!(f, "({of} BETWEEN {low} AND {high})"),
            Cond::StartsWith(of, with) => write!(f, "({of} LIKE '{with}%')"),
        }
    }
}

impl Display for Num {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Num::Column(name) => f.write_str(name),
            Num::Literal(value) => f.write_str(&or_null(*value)),
            Num::Math(op, left, right) => write!(f, "({left} {op} {right})"),
            Num::Negative(of) => write!(f, "(- {of})"),
            // The length is of 32 bits; the sum with a literal is of 64, as all others here.
            Num::Length(of) => write!(f, "(length({of}) + 0)"),
            Num::Case(when, then, otherwise) => write!(f, "(CASE WHEN {when} THEN {then} ELSE {otherwise} END)"),
            Num::Coalesce(first, second) => write!(f, "coalesce({first}, {second})"),
        }
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Text::Column => f.write_str("s"),
            Text::Literal(text) => write!(f, "'{text}'"),
            Text::Concat(left, right) => write!(f, "({left} || {right})"),
            Text::Upper(of) => write!(f, "upper({of})"),
        }
    }
}
