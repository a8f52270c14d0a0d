//! What somebody says of a delimited file beside that it is one: `csv:no-header`, `csv:semicolon:latin-1:null-NA`.

use super::CsvFormat;
use super::encoding::Encoding;
use crate::{Error, Result};

/// What may be said.
const OPTIONS: &str = "header, no-header, comma, semicolon, tab, pipe, space, no-quotes, utf-8, latin-1, windows-1252, \
                       utf-16le, utf-16be, null-TEXT";

/// The words for delimiters.
const DELIMITERS: [(&str, u8); 5] =
    [("comma", b','), ("semicolon", b';'), ("tab", b'\t'), ("pipe", b'|'), ("space", b' ')];
const ENCODINGS: [Encoding; 5] =
    [Encoding::Utf8, Encoding::Latin1, Encoding::Windows1252, Encoding::Utf16Le, Encoding::Utf16Be];

/// A format with what was said of it, which goes before what was found out.
///
/// # Errors
/// `Invalid` for what may not be said, and for two that cannot be.
pub(super) fn with<'o>(mut format: CsvFormat, options: impl Iterator<Item = &'o str>) -> Result<CsvFormat> {
    for option in options {
        let delimiter = DELIMITERS.iter().find(|(word, _)| *word == option);
        let encoding = ENCODINGS.into_iter().find(|encoding| encoding.name().eq_ignore_ascii_case(option));
        match (option, option.strip_prefix("null-"), delimiter, encoding) {
            ("header", ..) => format.header = true,
            ("no-header", ..) => format.header = false,
            ("no-quotes", ..) => format.quote = None,
            (_, Some(null), ..) => format.null = Some(null.to_owned()),
            (_, _, Some((_, byte)), _) => format.delimiter = *byte,
            (.., Some(encoding)) => {
                format.bom &= encoding == format.encoding;
                format.encoding = encoding;
            }
            _ => return Err(Error::invalid("option of the format", option, format!("there are {OPTIONS}"))),
        }
    }
    format.padded &= format.delimiter != b' ';
    format.check()?;
    Ok(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_goes_before_what_was_found() {
        let said = |words: &str| with(CsvFormat::default(), words.split(':'));
        let format = said("no-header:semicolon:latin-1:null-NA:no-quotes").expect("options");
        assert_eq!((format.header, format.delimiter, format.encoding), (false, b';', Encoding::Latin1));
        assert_eq!((format.null.as_deref(), format.quote), (Some("NA"), None));
        for refused in ["headers", "null-", "null-a,b", ""] {
            assert!(said(refused).is_err(), "{refused}");
        }
    }
}
