//! Dates and times as files write them, and as numbers.
//!
//! Only the unambiguous forms: `2024-02-29`, and with a time `2024-02-29 23:59:59.123`,
//! a `T` in place of the space, and `Z` or `+00:00` behind.

use serde::{Deserialize, Serialize};

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
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=last).contains(&day).then(|| days(year, month, day))
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

/// Days from 1970-01-01 to a day of the Gregorian calendar, whose years begin in March here.
fn days(year: i64, month: i64, day: i64) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    days as i32
}

/// The text of a date.
pub(super) fn date_text(days: i32) -> String {
    let days = i64::from(days) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The text of a time; of the fraction as much as is needed, in threes.
pub(super) fn timestamp_text(us: i64, style: TimeStyle) -> String {
    let (day, of_day) = (us.div_euclid(DAY_US), us.rem_euclid(DAY_US));
    let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let between = if style.t { 'T' } else { ' ' };
    let fraction = match fraction {
        0 => String::new(),
        us if us % 1000 == 0 => format!(".{:03}", us / 1000),
        us => format!(".{us:06}"),
    };
    let zone = match style.zone {
        Zone::None => "",
        Zone::Z => "Z",
        Zone::Offset => "+00:00",
    };
    format!("{}{between}{hour:02}:{minute:02}:{second:02}{fraction}{zone}", date_text(day as i32))
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
