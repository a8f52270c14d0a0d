//! Dates and times as files of text write them. What they are as numbers is in [`crate::table::moment`].
//!
//! Only the unambiguous forms: `2024-02-29`, and with a time `2024-02-29 23:59:59.123`,
//! a `T` in place of the space, and `Z` or `+00:00` behind.

use serde::{Deserialize, Serialize};

use crate::table::moment;

/// How a column writes times; the same in all of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TimeStyle {
    /// A `T` between date and time, else a space.
    pub(super) t: bool,
    pub(super) zone: Zone,
}

/// What says that a time is UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Zone {
    /// Nothing: it is nobody knows whose time.
    None,
    /// `Z`.
    Z,
    /// `+00:00`.
    Offset,
}

const DAY_US: i64 = 86_400_000_000;

/// Days since 1970-01-01.
pub(super) fn date(text: &[u8]) -> Option<i32> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
    let (year, month, day) = (digits(&[*y0, *y1, *y2, *y3])?, digits(&[*m0, *m1])?, digits(&[*d0, *d1])?);
    moment::day(year, month, day).map(|days| days as i32)
}

/// Microseconds since 1970-01-01, and how it is written.
pub(super) fn timestamp(text: &[u8]) -> Option<(i64, TimeStyle)> {
    let (day, rest) = text.split_at_checked(10)?;
    let (between, rest) = rest.split_first()?;
    let t = match between {
        b'T' => true,
        b' ' => false,
        _ => return None,
    };
    let (rest, zone) = if let Some(rest) = rest.strip_suffix(b"Z") {
        (rest, Zone::Z)
    } else if let Some(rest) = rest.strip_suffix(b"+00:00") {
        (rest, Zone::Offset)
    } else {
        (rest, Zone::None)
    };
    let us = i64::from(date(day)?) * DAY_US + time_of_day(rest)?;
    Some((us, TimeStyle { t, zone }))
}

fn time_of_day(text: &[u8]) -> Option<i64> {
    let (clock, fraction) = text.split_at_checked(8)?;
    let [h0, h1, b':', m0, m1, b':', s0, s1] = clock else { return None };
    let (hour, minute, second) = (digits(&[*h0, *h1])?, digits(&[*m0, *m1])?, digits(&[*s0, *s1])?);
    let us = match fraction {
        [] => 0,
        [b'.', digits_of @ ..] if (1..=6).contains(&digits_of.len()) => {
            digits(digits_of)? * 10_i64.pow(6 - digits_of.len() as u32)
        }
        _ => return None,
    };
    (hour < 24 && minute < 60 && second < 60).then_some(((hour * 60 + minute) * 60 + second) * 1_000_000 + us)
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// The text of a date.
pub(super) fn date_text(days: i32) -> String {
    moment::date_text(days.into())
}

/// The text of a time; of the fraction as much as is needed, in threes.
pub(super) fn timestamp_text(us: i64, style: TimeStyle) -> String {
    let (day, of_day) = (us.div_euclid(DAY_US), us.rem_euclid(DAY_US));
    let between = if style.t { 'T' } else { ' ' };
    let zone = match style.zone {
        Zone::None => "",
        Zone::Z => "Z",
        Zone::Offset => "+00:00",
    };
    format!("{}{between}{}{zone}", moment::date_text(day), moment::time_text(i128::from(of_day) * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_is_read_back_from_its_text() {
        for day in -30_000..120_000 {
            assert_eq!(date(date_text(day).as_bytes()), Some(day));
        }
        assert_eq!(date(b"1970-01-01"), Some(0));
        assert_eq!(date(b"2000-02-29"), Some(11_016));
        for no in ["1900-02-29", "2024-13-01", "2024-00-01", "2024-01-32", "24-01-01", "2024/01/01", "2024-1-01"] {
            assert_eq!(date(no.as_bytes()), None, "{no}");
        }
    }

    #[test]
    fn times_are_read_back_in_their_own_style() {
        let texts = [
            "2024-02-29 23:59:59",
            "1969-12-31T23:59:59.999",
            "2024-02-29T00:00:00.000001Z",
            "2024-02-29 12:00:00+00:00",
        ];
        for text in texts {
            let (us, style) = timestamp(text.as_bytes()).expect("a time");
            assert_eq!(timestamp_text(us, style), text);
        }
        for no in ["2024-02-29", "2024-02-29 24:00:00", "2024-02-29 12:00", "2024-02-29 12:00:00+01:00", ""] {
            assert_eq!(timestamp(no.as_bytes()), None, "{no}");
        }
    }
}
