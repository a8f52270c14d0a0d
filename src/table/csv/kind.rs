//! What a field's text can be: the type of a column, worked out from all of its fields.
//!
//! A type is taken only where the text says it without doubt: `007`, `+49` and
//! whole numbers beyond 64 bits stay text, so that nothing is lost in reading.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};

use super::time::{self, TimeStyle, Zone};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Text,
    Int,
    Float,
    Bool(Case),
    Date,
    Time(TimeStyle),
}

/// How a column writes true and false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Case {
    Lower,
    Title,
    Upper,
}

impl Case {
    pub(super) fn text(self, value: bool) -> &'static str {
        match (self, value) {
            (Case::Lower, true) => "true",
            (Case::Lower, false) => "false",
            (Case::Title, true) => "True",
            (Case::Title, false) => "False",
            (Case::Upper, true) => "TRUE",
            (Case::Upper, false) => "FALSE",
        }
    }
}

/// The kinds that all fields of a column can be, a bit for each; none is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u16);

const STYLES: [TimeStyle; 6] = [
    TimeStyle { t: false, zone: Zone::None },
    TimeStyle { t: false, zone: Zone::Z },
    TimeStyle { t: false, zone: Zone::Offset },
    TimeStyle { t: true, zone: Zone::None },
    TimeStyle { t: true, zone: Zone::Z },
    TimeStyle { t: true, zone: Zone::Offset },
];
const CASES: [Case; 3] = [Case::Lower, Case::Title, Case::Upper];

impl Kinds {
    /// Of a column without a value yet.
    pub(super) const ALL: Kinds = Kinds(u16::MAX);
    pub(super) const TEXT: Kinds = Kinds(0);
    const INT: Kinds = Kinds(0b11);
    pub(super) const FLOAT: Kinds = Kinds(0b10);
    const DATE: Kinds = Kinds(1 << 2);

    fn case(case: Case) -> Kinds {
        Kinds(1 << (3 + case as u16))
    }

    fn time(style: TimeStyle) -> Kinds {
        Kinds(1 << (6 + u16::from(style.t) * 3 + style.zone as u16))
    }

    /// What both can be.
    #[inline]
    pub(super) fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// What a field can be that is not empty, in ASCII or any encoding that has it.
    #[inline]
    pub(super) fn of(text: &[u8]) -> Kinds {
        match text.first() {
            Some(b'0'..=b'9') if text.len() >= 10 && text[4] == b'-' => day(text),
            Some(b'0'..=b'9' | b'-' | b'.') => number(text),
            Some(b't' | b'T' | b'f' | b'F') => boolean(text).map_or(Kinds::TEXT, |(_, case)| Kinds::case(case)),
            Some(b'n' | b'N' | b'i' | b'I') if special(text).is_some() => Kinds::FLOAT,
            _ => Kinds::TEXT,
        }
    }

    /// The type of a column; `declared` says what it is to be if it can.
    pub(super) fn decide(self, declared: Option<&DataType>) -> Kind {
        let may = |kinds: Kinds| self.0 & kinds.0 & !1 != 0 || (kinds == Kinds::INT && self.0 & 1 != 0);
        let case = CASES.into_iter().find(|case| may(Kinds::case(*case))).map(Kind::Bool);
        let time = |zoned: Option<bool>| {
            let fits = |style: &TimeStyle| zoned.is_none_or(|zoned| zoned == (style.zone != Zone::None));
            STYLES.into_iter().filter(fits).find(|style| may(Kinds::time(*style))).map(Kind::Time)
        };
        let is_int = self.0 & 1 != 0;
        let number = if is_int { Kind::Int } else { Kind::Float };
        match declared {
            Some(DataType::Int64) if is_int => Kind::Int,
            Some(DataType::Float64) if may(Kinds::FLOAT) => Kind::Float,
            Some(DataType::Boolean) => case.unwrap_or(Kind::Text),
            Some(DataType::Date32) if may(Kinds::DATE) => Kind::Date,
            Some(DataType::Timestamp(_, zone)) => time(Some(zone.is_some())).unwrap_or(Kind::Text),
            Some(_) => Kind::Text,
            None if self == Kinds::ALL => Kind::Text,
            None if may(Kinds::FLOAT) => number,
            None if may(Kinds::DATE) => Kind::Date,
            None => case.or(time(None)).unwrap_or(Kind::Text),
        }
    }
}

impl Kind {
    pub(super) fn data_type(self) -> DataType {
        match self {
            Kind::Text => DataType::Utf8,
            Kind::Int => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Bool(_) => DataType::Boolean,
            Kind::Date => DataType::Date32,
            Kind::Time(style) => {
                let zone = (style.zone != Zone::None).then(|| Arc::from("+00:00"));
                DataType::Timestamp(TimeUnit::Microsecond, zone)
            }
        }
    }
}

fn day(text: &[u8]) -> Kinds {
    if time::date(text).is_some() {
        return Kinds::DATE;
    }
    time::timestamp(text).map_or(Kinds::TEXT, |(_, style)| Kinds::time(style))
}

#[inline]
fn number(text: &[u8]) -> Kinds {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let zeros = whole > 1 && digits[0] == b'0';
    if zeros {
        return Kinds::TEXT;
    }
    if whole == digits.len() && whole > 0 {
        return whole_number(text, whole);
    }
    match float_tail(&digits[whole..], whole) {
        true => Kinds::FLOAT,
        false if special(text).is_some() => Kinds::FLOAT,
        false => Kinds::TEXT,
    }
}

#[inline]
fn whole_number(text: &[u8], digits: usize) -> Kinds {
    match digits {
        // Minus zero is a float, or its sign would be lost.
        1 if text == b"-0" => Kinds::FLOAT,
        ..=18 => Kinds::INT,
        _ if int(text).is_some() => Kinds::INT,
        _ => Kinds::TEXT,
    }
}

/// Whether a number goes on like this after its `whole` digits: `.5`, `.`, `e-3`.
fn float_tail(mut tail: &[u8], whole: usize) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut some = whole;
    if let Some(fraction) = tail.strip_prefix(b".") {
        let count = digits(fraction);
        some += count;
        tail = &fraction[count..];
    }
    if some == 0 {
        return false;
    }
    match tail {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

/// NaN and the infinities, as programs write them.
pub(super) fn special(text: &[u8]) -> Option<f64> {
    let (negative, name) = match text {
        [b'-', name @ ..] => (true, name),
        name => (false, name),
    };
    let infinite = name.eq_ignore_ascii_case(b"inf") || name.eq_ignore_ascii_case(b"infinity");
    match (infinite, negative) {
        (true, true) => Some(f64::NEG_INFINITY),
        (true, false) => Some(f64::INFINITY),
        (false, false) if name.eq_ignore_ascii_case(b"nan") => Some(f64::NAN),
        _ => None,
    }
}

/// A whole number of 64 bits.
#[inline]
pub(super) fn int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    if digits.len() <= 18 {
        let sum = digits.iter().try_fold(0i64, |sum, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit < 10).then(|| sum * 10 + i64::from(digit))
        })?;
        return Some(if negative { -sum } else { sum });
    }
    std::str::from_utf8(text).ok()?.parse().ok().filter(|_| text[0] != b'+')
}

/// A number, NaN and the infinities too.
#[inline]
pub(super) fn float(text: &[u8]) -> Option<f64> {
    special(text).or_else(|| std::str::from_utf8(text).ok()?.parse().ok())
}

/// True or false, and how it is written.
pub(super) fn boolean(text: &[u8]) -> Option<(bool, Case)> {
    let all = CASES.into_iter().flat_map(|case| [(true, case), (false, case)]);
    all.into_iter().find(|(value, case)| case.text(*value).as_bytes() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], kind: Kind) {
        let all = texts.iter().fold(Kinds::ALL, |all, text| all.and(Kinds::of(text.as_bytes())));
        assert_eq!(all.decide(None), kind, "{texts:?}");
    }

    #[test]
    fn a_column_is_what_all_of_its_fields_can_be() {
        check(&[], Kind::Text);
        check(&["1", "-5", "0", "9223372036854775807"], Kind::Int);
        check(&["1", "2.5"], Kind::Float);
        check(&[".5", "5.", "1e5", "-1E-7", "nan", "-inf", "-0"], Kind::Float);
        check(&["true", "false"], Kind::Bool(Case::Lower));
        check(&["TRUE"], Kind::Bool(Case::Upper));
        check(&["2024-01-31"], Kind::Date);
        check(&["2024-01-31T10:00:00Z"], Kind::Time(TimeStyle { t: true, zone: Zone::Z }));
    }

    #[test]
    fn what_would_lose_something_as_a_number_is_text() {
        for text in ["007", "+49", "9223372036854775808", "-", ".", "e5", "1e", "1_000", "1,5", " 1", "00.5", "0x1f"] {
            check(&[text], Kind::Text);
        }
        check(&["1", "x"], Kind::Text);
        check(&["true", "True"], Kind::Text);
        check(&["2024-01-31", "2024-01-31 10:00:00"], Kind::Text);
        check(&["2024-01-31 10:00:00", "2024-01-31T10:00:00"], Kind::Text);
        check(&["2024-02-30"], Kind::Text);
        check(&["none", "No", "-nan"], Kind::Text);
    }

    #[test]
    fn a_declared_type_is_taken_where_it_fits() {
        let ints = Kinds::of(b"1");
        assert_eq!(ints.decide(Some(&DataType::Float64)), Kind::Float);
        assert_eq!(ints.decide(Some(&DataType::Utf8)), Kind::Text);
        assert_eq!(Kinds::of(b"x").decide(Some(&DataType::Int64)), Kind::Text);
        assert_eq!(Kinds::ALL.decide(Some(&DataType::Int64)), Kind::Int);
        assert_eq!(Kinds::ALL.decide(Some(&DataType::Boolean)), Kind::Bool(Case::Lower));
    }
}
