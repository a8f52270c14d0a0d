//! A name as YAML writes it, in a way that 1.1 (PyYAML) and 1.2 read alike.

use super::data::Style;

/// Words that some reader takes for something else than text.
const WORDS: [&str; 11] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];

/// Whether the text needs no quotes, wherever it stands.
fn is_plain(name: &str) -> bool {
    let is_inner =
        |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '_' | '-' | '.' | '/' | '(' | ')' | '+');
    // A name that begins with a digit may be a number, a date or a time.
    name.starts_with(char::is_alphabetic)
        && name.chars().all(is_inner)
        && !name.ends_with(' ')
        && !WORDS.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a reader may not take the letter as it is.
fn is_odd(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// The text of a name, in the style of the one before where that can be.
pub(super) fn scalar(name: &str, style: Style) -> String {
    let must_escape = name.chars().any(is_odd);
    match style {
        Style::Plain if is_plain(name) => name.to_owned(),
        Style::Double => double(name),
        _ if must_escape => double(name),
        _ => format!("'{}'", name.replace('\'', "''")),
    }
}

fn double(name: &str) -> String {
    let mut out = String::from("\"");
    for letter in name.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            letter if is_odd(letter) => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::yolo::data::Node;

    #[test]
    fn a_name_is_read_back_however_it_must_be_written() {
        let names = [
            "cat",
            "no",
            "3",
            "",
            " a",
            "a: b",
            "a #b",
            "it's",
            "\"q\"",
            "\u{e4}\u{1f600}",
            "a\nb\t\u{7}",
            "- x",
            "[x]",
            "\u{85}",
        ];
        for name in names {
            for style in [Style::Plain, Style::Single, Style::Double] {
                let written = scalar(name, style);
                for text in [format!("a: {written}\n"), format!("a: [{written}]")] {
                    let root = Node::parse(&text).unwrap_or_else(|problem| panic!("{problem:?}: {text}"));
                    let node = root.get("a").expect("its value");
                    let found = match &node.kind {
                        crate::table::yolo::data::Kind::List(items) => items[0].text(),
                        _ => node.text(),
                    };
                    assert_eq!(found, Some(name), "{text}");
                }
            }
        }
        assert_eq!(scalar("traffic light", Style::Plain), "traffic light");
        assert_eq!(scalar("No", Style::Plain), "'No'");
    }
}
