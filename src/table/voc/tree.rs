//! The elements of an XML document, and where each begins and ends.

use quick_xml::Reader;
use quick_xml::events::Event;

/// How deep elements may lie in each other.
const DEPTH_MAX: usize = 64;

/// An element. All places are bytes of the document's text.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) name: String,
    /// Of its opening tag.
    pub(super) start: usize,
    /// After its opening tag.
    pub(super) inside: usize,
    /// Of its closing tag.
    pub(super) close: usize,
    /// After its closing tag.
    pub(super) end: usize,
    /// `<name/>`: one tag.
    pub(super) is_one_tag: bool,
    pub(super) children: Vec<Element>,
}

/// What can be read of a document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Element,
    /// Where reading ended before the end, and why.
    pub(super) flaw: Option<(usize, String)>,
    /// Whether it says that its text is in another encoding than UTF-8, of which it has ASCII alone: all else that is
    /// written into it is to be so, too.
    pub(super) is_ascii: bool,
}

/// Why there is no document.
pub(super) type Flaw = (usize, String);

impl Document {
    /// Reads a document; of one with a mistake, the elements of the root that are whole before it.
    pub(super) fn parse(text: &str) -> Result<Document, Flaw> {
        let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut reader = Reader::from_str(&text[mark..]);
        let mut stack: Vec<Element> = Vec::new();
        let (mut root, mut is_ascii) = (None, false);
        let flaw = loop {
            let start = mark + reader.buffer_position() as usize;
            let event = reader.read_event();
            let end = mark + reader.buffer_position() as usize;
            let element = |name: &str, is_one_tag| Element {
                name: name.to_owned(),
                start,
                inside: end,
                close: end,
                end,
                is_one_tag,
                children: Vec::new(),
            };
            match event {
                Err(error) => break Some((mark + reader.error_position() as usize, error.to_string())),
                Ok(Event::Decl(declared)) => match declared.encoding() {
                    Some(Ok(encoding)) if !(is_utf8(&encoding) || text.is_ascii() && has_ascii(&encoding)) => {
                        return Err((start, format!("its text is in {encoding}; only UTF-8 can be read")));
                    }
                    Some(Ok(encoding)) => is_ascii = has_ascii(&encoding) && text.is_ascii(),
                    Some(Err(error)) => break Some((start, error.to_string())),
                    _ => {}
                },
                Ok(Event::Start(tag) | Event::Empty(tag)) if !is_name(tag.name().0) => {
                    break Some((start, "the name of an element has a letter that no name has".to_owned()));
                }
                // Opened, it would end as it did: `<name x//>`.
                Ok(Event::Empty(_)) if text[..end].ends_with("//>") => {
                    break Some((start, "a tag ends with two slashes".to_owned()));
                }
                Ok(Event::Start(_) | Event::Empty(_)) if root.is_some() => {
                    break Some((start, "a second root element".to_owned()));
                }
                Ok(Event::Start(_)) if stack.len() >= DEPTH_MAX => {
                    break Some((start, "elements lie too deep in each other".to_owned()));
                }
                Ok(Event::Start(tag)) => stack.push(element(tag.name().0, false)),
                Ok(Event::Empty(tag)) => add(&mut stack, &mut root, element(tag.name().0, true)),
                Ok(Event::End(_)) => {
                    if let Some(mut done) = stack.pop() {
                        (done.close, done.end) = (start, end);
                        add(&mut stack, &mut root, done);
                    }
                }
                Ok(Event::Eof) if stack.is_empty() => break None,
                Ok(Event::Eof) => break Some((text.len(), "the file ends too early".to_owned())),
                Ok(_) => {}
            }
        };
        let cut = || {
            let mut open = stack.into_iter().next()?;
            open.close = open.children.last().map_or(open.inside, |last| last.end);
            open.end = open.close;
            Some(open)
        };
        match root.or_else(cut) {
            Some(root) => Ok(Document { root, flaw, is_ascii }),
            None => Err(flaw.unwrap_or((text.len(), "there is no element in it".to_owned()))),
        }
    }
}

/// Whether an element can have the name: of what XML allows in none, what would end the tag or begin another.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '<', '&', '"', '\'', '='])
}

fn is_utf8(encoding: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| encoding.eq_ignore_ascii_case(name))
}

/// Whether ASCII is the same in an encoding that is not UTF-8.
fn has_ascii(encoding: &str) -> bool {
    let encoding = encoding.to_ascii_lowercase();
    let names = ["iso-8859-", "iso8859-", "latin", "windows-125", "cp125", "us-ascii", "ascii"];
    let wide = ["gbk", "gb2312", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "koi8-r"];
    names.iter().any(|name| encoding.starts_with(name)) || wide.contains(&&*encoding)
}

fn add(stack: &mut [Element], root: &mut Option<Element>, element: Element) {
    match stack.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

impl Element {
    /// The first child with this name, and its place.
    pub(super) fn child(&self, name: &str) -> Option<(usize, &Element)> {
        self.children.iter().enumerate().find(|(_, child)| child.name == name)
    }

    /// Where the white space before a child begins.
    pub(super) fn space_before(&self, text: &str, child: usize) -> usize {
        let start = self.children[child].start;
        let before = child.checked_sub(1).map_or(self.inside, |before| self.children[before].end);
        // Between two children may be comments: those stay.
        before + text[before..start].trim_end().len()
    }

    /// The white space before a child.
    pub(super) fn indent<'t>(&self, text: &'t str, child: usize) -> &'t str {
        &text[self.space_before(text, child)..self.children[child].start]
    }

    /// The text in it, where it has no elements; `None` where it has some, or an entity that nobody knows.
    pub(super) fn text(&self, text: &str) -> Option<String> {
        if !self.children.is_empty() {
            return None;
        }
        let mut rest = &text[self.inside..self.close];
        let mut out = String::new();
        while let Some(at) = rest.find('<') {
            out.push_str(&quick_xml::escape::unescape(&lines(&rest[..at])).ok()?);
            rest = &rest[at..];
            let (open, close) = match () {
                () if rest.starts_with("<![CDATA[") => ("<![CDATA[", "]]>"),
                () if rest.starts_with("<!--") => ("<!--", "-->"),
                () => ("<?", "?>"),
            };
            let (inner, after) = rest.get(open.len()..)?.split_once(close)?;
            if open == "<![CDATA[" {
                out.push_str(&lines(inner));
            }
            rest = after;
        }
        out.push_str(&quick_xml::escape::unescape(&lines(rest)).ok()?);
        Some(out)
    }
}

/// Line endings as every reader of XML is to see them.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// A text as XML has it between tags.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            _ => out.push(letter),
        }
    }
    out
}

/// Text with all letters beyond ASCII as references, which mean the same in any encoding.
pub(super) fn in_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() { out.push(letter) } else { out.push_str(&format!("&#{};", u32::from(letter))) }
    }
    out
}

/// Whether XML can have the letter at all.
pub(super) fn is_letter(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r') || (letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_element_is_what_other_readers_see() {
        let text = "<a>x &amp; &#228;<!-- no --><![CDATA[<y>&amp;]]>\r\nz<?p q?></a>";
        let document = Document::parse(text).expect("XML");
        assert_eq!(document.root.text(text).as_deref(), Some("x & \u{e4}<y>&amp;\nz"));
        assert_eq!(Document::parse("<a>&nobody;</a>").expect("XML").root.text("<a>&nobody;</a>"), None);
    }

    #[test]
    fn a_document_in_another_encoding_is_refused() {
        let latin = "<?xml version='1.0' encoding='ISO-8859-1'?>";
        let (_, why) = Document::parse(&format!("{latin}<a>é</a>")).expect_err("Latin-1");
        assert!(why.contains("ISO-8859-1"), "{why}");
        assert!(Document::parse(&format!("{latin}<a>e</a>")).expect("ASCII").is_ascii);
        assert!(Document::parse("<?xml version='1.0' encoding='utf-8'?><a/>").is_ok());
    }

    #[test]
    fn a_name_that_no_element_has_is_a_mistake() {
        let document = Document::parse("<a><b>1</b><c//></a>").expect("XML");
        assert_eq!((document.root.children.len(), document.flaw.map(|(at, _)| at)), (1, Some(11)));
        let document = Document::parse("<a><b>1</b><c x//></a>").expect("XML");
        assert_eq!((document.root.children.len(), document.flaw.map(|(at, _)| at)), (1, Some(11)));
    }

    #[test]
    fn what_is_whole_before_a_mistake_is_read() {
        let document = Document::parse("<a><b>1</b><c>2</d></a>").expect("XML");
        assert_eq!((document.root.children.len(), document.flaw.is_some()), (1, true));
    }
}
