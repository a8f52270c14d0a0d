//! Whole numbers in JSON that 64 bits with a sign cannot hold: they are kept as text, or their last digits would go.

/// As many digits always fit.
const DIGITS_FIT: usize = 18;

/// Whether this is the text of a whole number beyond 64 bits: digits, with a minus or without.
pub fn is_long(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.len() > DIGITS_FIT && digits.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<i64>().is_err()
}

/// The float that is exactly this whole number.
pub fn exact_float(digits: &str) -> Option<f64> {
    let (float, whole) = (digits.parse::<f64>().ok()?, digits.parse::<i128>().ok()?);
    (float as i128 == whole).then_some(float)
}

/// Whether there is such a number anywhere in a text that is JSON, outside of its strings.
///
/// Of a text without long runs of digits, which is most, only a byte of each nineteen is looked at.
pub fn has_long(json: &[u8]) -> bool {
    has_run(json) && any_long(json)
}

/// Whether so many digits stand beside each other that they may not fit.
fn has_run(json: &[u8]) -> bool {
    let (mut at, step) = (DIGITS_FIT, DIGITS_FIT + 1);
    while let Some(byte) = json.get(at) {
        if byte.is_ascii_digit() {
            let before = json[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
            let behind = json[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if before + behind > DIGITS_FIT {
                return true;
            }
            at += behind;
        }
        at += step;
    }
    false
}

fn any_long(json: &[u8]) -> bool {
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = string_end(json, at + 1),
            b'-' | b'0'..=b'9' => {
                let end = at + json[at..].iter().take_while(|byte| is_of_number(byte)).count();
                if std::str::from_utf8(&json[at..end]).is_ok_and(is_long) {
                    return true;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    false
}

/// The place behind the quote that ends the string whose letters begin at `at`.
fn string_end(json: &[u8], mut at: usize) -> usize {
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_long_when_64_bits_do_not_hold_it_wherever_it_stands() {
        for text in ["9223372036854775808", "-9223372036854775809", "18446744073709551615", "123456789012345678901"] {
            assert!(is_long(text), "{text}");
            for json in [text.to_owned(), format!("{{\"a\": [1, {text}]}}"), format!("[{text},\"\\\"\"]")] {
                assert!(has_long(json.as_bytes()), "{json}");
            }
            for json in [format!("{text}.5"), format!("{text}e2"), format!("[\"x\\\"{text}\"]"), format!("0.{text}")] {
                assert!(!has_long(json.as_bytes()), "{json}");
            }
        }
        for text in ["9223372036854775807", "-9223372036854775808", "1", "", "-", "1e30"] {
            assert!(!is_long(text) && !has_long(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_long_number_is_found_at_every_place_of_a_text() {
        for before in 0..60 {
            for behind in 0..40 {
                let json = format!("[{}9223372036854775808{}]", " ".repeat(before), " ".repeat(behind));
                assert!(has_long(json.as_bytes()), "{json}");
            }
        }
    }
}
