//! What `data.yaml` says, and where in the text it says so.
//!
//! The YAML parser counts in letters; here all places are bytes of the text.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::table::{Problem, whole};

/// More values than this are no description of a dataset.
const NODES_MAX: usize = 1_000_000;
/// How deep values may lie in each other.
const DEPTH_MAX: usize = 64;

/// What `data.yaml` says. Paths are as they are written: relative to `path`, or to where the file is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YoloData {
    /// The folder of the data.
    pub path: Option<String>,
    /// Folders or lists of images to train with.
    pub train: Vec<String>,
    /// … to validate with.
    pub val: Vec<String>,
    /// … to test with.
    pub test: Vec<String>,
    /// How many classes there are, where that is said.
    pub nc: Option<i64>,
    /// How many keypoints, and of how many numbers each.
    pub kpt_shape: Option<(usize, usize)>,
    /// The class map: (number, name), in order.
    pub names: Vec<(i64, String)>,
}

impl YoloData {
    /// Reads the text of a `data.yaml`.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn parse(text: &str) -> Result<YoloData, Problem> {
        let root = Node::parse(text)?;
        let Kind::Map(_) = &root.kind else { return Err(whole::problem(text, 0, "expected keys and values")) };
        let of = |key: &str| root.get(key);
        let paths = |key: &str| of(key).map(Node::texts).unwrap_or_default();
        let shape: Vec<usize> =
            of("kpt_shape").map(Node::texts).unwrap_or_default().iter().filter_map(|text| text.parse().ok()).collect();
        Ok(YoloData {
            path: of("path").and_then(Node::text).map(str::to_owned),
            train: paths("train"),
            val: paths("val"),
            test: paths("test"),
            nc: of("nc").and_then(Node::text).and_then(|text| text.parse().ok()),
            kpt_shape: if let [points, numbers] = shape[..] { Some((points, numbers)) } else { None },
            names: match of("names") {
                Some(names) => class_names(text, names)?.into_iter().map(|name| (name.number, name.name)).collect(),
                None => Vec::new(),
            },
        })
    }
}

/// A class as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClassName {
    pub(super) number: i64,
    pub(super) name: String,
    /// The key where the names are a map, with its quotes.
    pub(super) key: Option<Range<usize>>,
    /// The name, with its quotes.
    pub(super) value: Range<usize>,
    pub(super) style: Style,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    /// In lines of its own, or an alias of another one: cannot be replaced alone.
    Other,
}

/// The classes of `names`, in order of the file.
pub(super) fn class_names(text: &str, names: &Node) -> Result<Vec<ClassName>, Problem> {
    let mut found: Vec<ClassName> = Vec::new();
    let mut add = |number: i64, key: Option<Range<usize>>, node: &Node| {
        let Kind::Scalar(name, style) = &node.kind else {
            return Err(whole::problem(text, node.span.start, "a name of a class that is no text"));
        };
        if found.iter().any(|other| other.number == number) {
            return Err(whole::problem(text, node.span.start, format!("a second name of class {number}")));
        }
        found.push(ClassName { number, name: name.clone(), key, value: node.span.clone(), style: *style });
        Ok(())
    };
    match &names.kind {
        Kind::List(items) => {
            for (number, item) in (0..).zip(items) {
                add(number, None, item)?;
            }
        }
        Kind::Map(members) => {
            for (key, value) in members {
                let number = key.text().and_then(|text| text.parse().ok());
                let number = number.ok_or_else(|| whole::problem(text, key.span.start, "a class that is no number"))?;
                add(number, Some(key.span.clone()), value)?;
            }
        }
        Kind::Scalar(..) => return Err(whole::problem(text, names.span.start, "names that are neither list nor map")),
    }
    Ok(found)
}

/// A value of YAML and where it is.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// With quotes or brackets; of a list or map in lines, from its first value.
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar(String, Style),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// Reads the first document of a text.
    pub(super) fn parse(text: &str) -> Result<Node, Problem> {
        let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let places: Vec<usize> = text[mark..].char_indices().map(|(at, _)| at + mark).chain([text.len()]).collect();
        let place = |letters: usize| places.get(letters).copied().unwrap_or(text.len());
        let mut stack: Vec<(Node, Option<Node>)> = Vec::new();
        let mut count = 0;
        for event in Parser::new_from_str(&text[mark..]) {
            let (event, span) = event
                .map_err(|error| whole::problem(text, place(error.marker().index()), error.info().to_lowercase()))?;
            let span = place(span.start.index())..place(span.end.index());
            count += 1;
            if count > NODES_MAX || stack.len() > DEPTH_MAX {
                return Err(whole::problem(text, span.start, "too many values, or too deep in each other"));
            }
            let done = match event {
                Event::Scalar(value, style, ..) => {
                    let style = match style {
                        ScalarStyle::Plain => Style::Plain,
                        ScalarStyle::SingleQuoted => Style::Single,
                        ScalarStyle::DoubleQuoted => Style::Double,
                        ScalarStyle::Literal | ScalarStyle::Folded => Style::Other,
                    };
                    Node { kind: Kind::Scalar(value.into_owned(), style), span }
                }
                Event::Alias(_) => Node { kind: Kind::Scalar(String::new(), Style::Other), span },
                Event::SequenceStart(..) => {
                    stack.push((Node { kind: Kind::List(Vec::new()), span }, None));
                    continue;
                }
                Event::MappingStart(..) => {
                    stack.push((Node { kind: Kind::Map(Vec::new()), span }, None));
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some((mut node, _)) = stack.pop() else { continue };
                    node.span.end = span.end;
                    node
                }
                _ => continue,
            };
            match stack.last_mut() {
                None => return Ok(done),
                Some((Node { kind: Kind::List(items), .. }, _)) => items.push(done),
                Some((Node { kind: Kind::Map(members), .. }, key)) => match key.take() {
                    None => *key = Some(done),
                    Some(key) => members.push((key, done)),
                },
                Some(_) => {}
            }
        }
        Err(whole::problem(text, text.len(), "there is nothing in it"))
    }

    /// The value of a key; of two, the last.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Kind::Map(members) = &self.kind else { return None };
        members.iter().rfind(|(of, _)| of.text() == Some(key)).map(|(_, value)| value)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The text, or those of a list.
    fn texts(&self) -> Vec<String> {
        match &self.kind {
            Kind::Scalar(text, Style::Plain) if matches!(text.as_str(), "" | "~" | "null") => Vec::new(),
            Kind::Scalar(text, _) => vec![text.clone()],
            Kind::List(items) => items.iter().filter_map(Node::text).map(str::to_owned).collect(),
            Kind::Map(_) => Vec::new(),
        }
    }
}
