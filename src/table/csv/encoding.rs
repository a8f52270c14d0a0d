//! Letters as bytes: what a file's bytes say, and which bytes say a text.
//!
//! Rows are found in text whose delimiters, quotes and line ends are single ASCII
//! bytes. The bytes of UTF-8 and of the one-byte encodings are that already;
//! UTF-16 is turned into UTF-8 block by block, and places in it are counted back.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How letters are bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// ISO 8859-1: each byte is the letter of its number.
    Latin1,
    /// Latin-1 with letters in place of its second set of control codes.
    Windows1252,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
}

/// What a block of bytes says.
pub(super) struct Text {
    /// UTF-8, or the bytes of a one-byte encoding.
    pub(super) bytes: Vec<u8>,
    /// Whether what comes after it is no letter, rather than one whose end is not there yet.
    pub(super) bad: bool,
}

/// What Windows-1252 has at 0x80…0x9F; where it has nothing, the control code, as browsers do.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Latin1 => "Latin-1",
            Encoding::Windows1252 => "Windows-1252",
            Encoding::Utf16Le => "UTF-16LE",
            Encoding::Utf16Be => "UTF-16BE",
        }
    }

    /// The mark that a file may begin with; empty where there is none.
    pub(super) fn bom(self) -> &'static [u8] {
        match self {
            Encoding::Utf8 => b"\xef\xbb\xbf",
            Encoding::Utf16Le => b"\xff\xfe",
            Encoding::Utf16Be => b"\xfe\xff",
            Encoding::Latin1 | Encoding::Windows1252 => b"",
        }
    }

    /// Whether a letter takes two bytes or four.
    pub(super) fn is_wide(self) -> bool {
        matches!(self, Encoding::Utf16Le | Encoding::Utf16Be)
    }

    /// The text of a block, up to a letter that is cut or bad.
    pub(super) fn text(self, raw: Vec<u8>) -> Text {
        match self {
            Encoding::Latin1 | Encoding::Windows1252 => Text { bytes: raw, bad: false },
            Encoding::Utf8 => utf8(raw),
            Encoding::Utf16Le => utf16(&raw, u16::from_le_bytes),
            Encoding::Utf16Be => utf16(&raw, u16::from_be_bytes),
        }
    }

    /// How many bytes of the file this text takes.
    pub(super) fn raw_len(self, text: &[u8]) -> u64 {
        if !self.is_wide() {
            return text.len() as u64;
        }
        let units = text.iter().map(|byte| u64::from(*byte & 0xc0 != 0x80) + u64::from(*byte >= 0xf0));
        units.sum::<u64>() * 2
    }

    /// What a part of the text says.
    pub(super) fn letters(self, text: &[u8]) -> Cow<'_, str> {
        match self {
            Encoding::Latin1 | Encoding::Windows1252 if !text.is_ascii() => {
                Cow::Owned(text.iter().map(|byte| self.letter(*byte)).collect())
            }
            _ => String::from_utf8_lossy(text),
        }
    }

    fn letter(self, byte: u8) -> char {
        match byte {
            0x80..=0x9f if self == Encoding::Windows1252 => WINDOWS_1252[usize::from(byte - 0x80)],
            _ => char::from(byte),
        }
    }

    /// The bytes of the file that say this.
    ///
    /// # Errors
    /// The first letter that the encoding lacks.
    pub(super) fn bytes(self, letters: &str) -> Result<Vec<u8>, char> {
        match self {
            Encoding::Utf8 => Ok(letters.as_bytes().to_vec()),
            Encoding::Utf16Le => Ok(letters.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Encoding::Utf16Be => Ok(letters.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Encoding::Latin1 | Encoding::Windows1252 => letters.chars().map(|c| self.byte(c).ok_or(c)).collect(),
        }
    }

    fn byte(self, letter: char) -> Option<u8> {
        let special = || WINDOWS_1252.iter().position(|c| *c == letter).map(|at| at as u8 + 0x80);
        match u32::from(letter) {
            code @ (0..=0x7f | 0xa0..=0xff) => Some(code as u8),
            code @ 0x80..=0x9f if self == Encoding::Latin1 => Some(code as u8),
            _ if self == Encoding::Windows1252 => special(),
            _ => None,
        }
    }
}

fn utf8(mut raw: Vec<u8>) -> Text {
    let bad = match std::str::from_utf8(&raw) {
        Ok(_) => false,
        Err(cause) => {
            raw.truncate(cause.valid_up_to());
            cause.error_len().is_some()
        }
    };
    Text { bytes: raw, bad }
}

fn utf16(raw: &[u8], unit: fn([u8; 2]) -> u16) -> Text {
    let mut units = raw.chunks_exact(2).map(|two| unit([two[0], two[1]])).peekable();
    let mut text = String::with_capacity(raw.len() / 2);
    while let Some(first) = units.next() {
        let letter = match first {
            0xd800..=0xdbff => match units.peek() {
                Some(second @ 0xdc00..=0xdfff) => {
                    let code = 0x1_0000 + (u32::from(first - 0xd800) << 10) + u32::from(second - 0xdc00);
                    units.next();
                    char::from_u32(code)
                }
                Some(_) => None,
                None => return Text { bytes: text.into_bytes(), bad: false },
            },
            single => char::from_u32(u32::from(single)),
        };
        match letter {
            Some(letter) => text.push(letter),
            None => return Text { bytes: text.into_bytes(), bad: true },
        }
    }
    Text { bytes: text.into_bytes(), bad: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Encoding; 5] =
        [Encoding::Utf8, Encoding::Latin1, Encoding::Windows1252, Encoding::Utf16Le, Encoding::Utf16Be];

    #[test]
    fn what_is_written_is_read_back_and_takes_the_bytes_that_are_counted() {
        for encoding in ALL {
            for letters in ["", "abc", "né", "€ “x” Ÿ", "日本", "a😀b\0"] {
                let Ok(raw) = encoding.bytes(letters) else { continue };
                let text = encoding.text(raw.clone());
                assert!(!text.bad);
                assert_eq!(encoding.letters(&text.bytes), letters, "{encoding:?}");
                assert_eq!(encoding.raw_len(&text.bytes), raw.len() as u64, "{encoding:?} {letters}");
            }
        }
        assert_eq!(Encoding::Latin1.bytes("a€"), Err('€'));
        assert_eq!(Encoding::Windows1252.bytes("a€"), Ok(b"a\x80".to_vec()));
        assert_eq!(Encoding::Windows1252.bytes("日"), Err('日'));
    }

    #[test]
    fn every_byte_of_a_one_byte_encoding_is_a_letter_that_is_written_as_it() {
        for encoding in [Encoding::Latin1, Encoding::Windows1252] {
            let all: Vec<u8> = (0..=255).collect();
            let letters = encoding.letters(&all).into_owned();
            assert_eq!(encoding.bytes(&letters), Ok(all), "{encoding:?}");
        }
    }

    #[test]
    fn a_letter_that_is_cut_is_not_bad_and_one_that_is_broken_is() {
        let told = |encoding: Encoding, raw: &[u8]| {
            let text = encoding.text(raw.to_vec());
            (text.bytes.len(), text.bad)
        };
        assert_eq!(told(Encoding::Utf8, b"ab\xc3"), (2, false));
        assert_eq!(told(Encoding::Utf8, b"ab\xc3(c"), (2, true));
        assert_eq!(told(Encoding::Utf16Le, b"a\0\x3d\xd8"), (1, false));
        assert_eq!(told(Encoding::Utf16Le, b"a\0\x3d\xd8b\0"), (1, true));
        assert_eq!(told(Encoding::Utf16Be, b"\0a\xdc\0\0b"), (1, true));
        assert_eq!(told(Encoding::Utf16Be, b"\0a\0"), (1, false));
    }
}
