//! A line of numbers taken apart, and lines of a text with their ends.

use std::ops::Range;

/// A line of a text: where it begins, where its letters end, and where the next line begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) start: usize,
    /// Before the line ending.
    pub(super) end: usize,
    /// After the line ending; the same as `end` in a last line that has none.
    pub(super) next: usize,
}

impl Line {
    /// Whether the file ends without a line ending after it.
    pub(super) fn is_open(&self) -> bool {
        self.next == self.end
    }
}

/// The lines of a text; a mark of byte order is before the first one.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while start < text.len() {
        let (mut end, next) = match memchr::memchr(b'\n', &text.as_bytes()[start..]) {
            Some(newline) => (start + newline, start + newline + 1),
            None => (text.len(), text.len()),
        };
        if next > end && end > start && text.as_bytes()[end - 1] == b'\r' {
            end -= 1;
        }
        lines.push(Line { start, end, next });
        start = next;
    }
    lines
}

/// What ends the first line, and so new ones.
pub(super) fn line_ending(text: &str) -> &'static str {
    match memchr::memchr(b'\n', text.as_bytes()) {
        Some(at) if at > 0 && text.as_bytes()[at - 1] == b'\r' => "\r\n",
        _ => "\n",
    }
}

/// Where the words of a line are, in the text.
pub(super) fn words(text: &str, line: &Line) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, byte) in text.as_bytes().iter().enumerate().take(line.end).skip(line.start) {
        match (byte.is_ascii_whitespace(), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|from| from..line.end));
    words
}

/// The number that a word is; also one that is not finite, as Python reads it.
pub(super) fn number(word: &str) -> Option<f64> {
    word.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_they_end() {
        let line = |start, end, next| Line { start, end, next };
        assert_eq!(lines("a\r\n\nb"), [line(0, 1, 3), line(3, 3, 4), line(4, 5, 5)]);
        assert_eq!(lines("\u{feff}a\n"), [line(3, 4, 5)]);
        assert_eq!(lines(""), []);
    }

    #[test]
    fn words_lie_between_white_space() {
        let text = " 0\t0.5  1 ";
        assert_eq!(words(text, &lines(text)[0]), [1..2, 3..6, 8..9]);
    }
}
