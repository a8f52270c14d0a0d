//! The examples of docs/api.md, run one after the other against a service; every route has one.
//!
//! `UPDATE=1` writes down what is answered where that has another shape than what stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::service::Service;
use harness::{Home, need, skip, source};
use serde_json::Value;
use veneer::store::{Batch, wire};

/// As many bytes of an answer that is no JSON are shown.
const SHOWN: usize = 300;
/// A text that is longer ends with `…` if it is one of letters and digits alone: an id.
const ID_SHOWN: usize = 12;

/// A picture of 1 × 1 pixels, as PNG.
const PICTURE: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
    2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 0x0c, b'I', b'D', b'A', b'T', 0x08, 0xd7, 0x63, 0xf8, 0xcf, 0xc0, 0,
    0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

const LABELS: &str = "image,label,predicted,score,x,y\n\
                      images/a.png,cat,cat,0.9,1.0,1.0\n\
                      images/b.png,dog,cat,0.4,3.0,1.5\n\
                      images/c.png,cat,cat,0.7,1.5,0.5\n";
const VECTORS: &str = "{\"name\": \"a\", \"embedding\": [1.0, 0.0]}\n\
                       {\"name\": \"b\", \"embedding\": [0.0, 1.0]}\n\
                       {\"name\": \"c\", \"embedding\": [0.9, 0.1]}\n";

/// The document's text in front of an example's answer, the answer, and which route it is about.
struct Example {
    route: String,
    /// What comes before the answer: heading, words and commands, as they stand there.
    before: String,
    /// Of the last one is the answer.
    commands: Vec<String>,
    answer: String,
}

/// Takes the document apart; what follows the last example is returned, too.
fn examples(text: &str) -> (Vec<Example>, String) {
    let (mut found, mut before, mut route) = (Vec::new(), String::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        before += line;
        before.push('\n');
        if let Some(heading) = line.strip_prefix("### ") {
            heading.clone_into(&mut route);
        }
        if line != "```console" {
            continue;
        }
        let (mut commands, mut answer) = (Vec::<String>::new(), String::new());
        // A command goes on as long as a quotation is open, or a line ends with `\`.
        let is_open = |command: &str| command.trim_end().ends_with('\\') || command.matches('\'').count() % 2 == 1;
        for line in lines.by_ref().take_while(|line| *line != "```") {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push(format!("{command}\n")),
                (None, Some(last)) if is_open(last) => *last = format!("{last}{line}\n"),
                _ => {
                    answer = answer + line + "\n";
                    continue;
                }
            }
            before = before + line + "\n";
        }
        found.push(Example { route: route.clone(), before: std::mem::take(&mut before), commands, answer });
        before.push_str("```\n");
    }
    (found, before)
}

/// A service over a small dataset, and what was answered until now.
struct World {
    home: Home,
    service: Service,
    /// By name: the member of this name that an answer had last.
    told: BTreeMap<String, String>,
}

impl World {
    fn new() -> World {
        let home = Home::new();
        home.source("data/signs", &source! { "a.txt": "a" });
        let traffic = home.source("data/traffic", &source! { "labels.csv": LABELS, "vectors.jsonl": VECTORS });
        fs::create_dir(traffic.join("images")).expect("a new folder");
        for name in ["a", "b", "c"] {
            fs::write(traffic.join(format!("images/{name}.png")), PICTURE).expect("written");
        }
        home.file("data/batch", wire::encode(&Batch::default()));
        home.file("home/.curlrc", "silent\nshow-error\nwrite-out = \"\\n%{http_code} %{content_type}\"\n");
        home.ok("import traffic data/traffic");
        let service = Service::start(&home);
        World { home, service, told: BTreeMap::new() }
    }

    /// Runs commands as a shell does; returns the status with the media type, and the body of the last.
    fn run(&self, commands: &[String]) -> (String, Vec<u8>) {
        let (last, first) = commands.split_last().expect("an example has a command");
        let script = format!("exec 3>&1 >&2\n{}exec >&3\n{last}", first.concat());
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).current_dir(self.home.path());
        self.home.environment(&mut shell);
        shell.envs(self.told.iter().map(|(name, value)| (name.to_uppercase(), value)));
        let veneer = harness::binaries::path("veneer");
        let folders = std::env::var("PATH").unwrap_or_default();
        shell.env("PATH", format!("{}:{folders}", veneer.parent().expect("a folder").display()));
        shell.env("HOME", self.home.join("home"));
        shell.env("VENEER", self.service.url()).env("DATA", self.home.join("data"));
        let output = shell.output().expect("there is a shell");
        let said = output.stdout;
        let end = said.iter().rposition(|byte| *byte == b'\n').unwrap_or_else(|| {
            panic!("{commands:?}: no answer: {}", String::from_utf8_lossy(&output.stderr));
        });
        (String::from_utf8_lossy(&said[end + 1..]).trim_end().to_owned(), said[..end].to_vec())
    }

    /// Remembers what an answer tells, for the requests that follow.
    fn remember(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(text) => drop(self.told.insert(name.clone(), text.clone())),
                        Value::Number(number) => drop(self.told.insert(name.clone(), number.to_string())),
                        other => self.remember(other),
                    }
                }
            }
            Value::Array(items) => items.iter().rev().for_each(|item| self.remember(item)),
            _ => {}
        }
    }

    /// The answer as the document has it.
    fn shown(&self, status: &str, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body).replace(&*self.home.path().to_string_lossy(), "");
        if let Ok(json) = serde_json::from_str::<Value>(&text) {
            return format!("{status}\n{}\n", folded(&shortened(json), 0));
        }
        let start: String = text.chars().take(SHOWN).collect();
        let more = if start.len() < text.len() { "…" } else { "" };
        let lines: String = format!("{start}{more}").lines().map(|line| format!("{}\n", line.trim_end())).collect();
        format!("{status}\n{}", lines.trim_end_matches('\n').to_owned() + if body.is_empty() { "" } else { "\n" })
    }
}

/// Ids without most of their digits.
fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > 30 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Value::String(format!("{}…", &text[..ID_SHOWN]))
        }
        Value::Array(items) => items.into_iter().map(shortened).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, shortened(value))).collect(),
        other => other,
    }
}

/// JSON in lines that are not too long, and no more of them than that takes.
fn folded(value: &Value, indent: usize) -> String {
    let flat = value.to_string();
    let pad = " ".repeat(indent + 2);
    let close = " ".repeat(indent);
    match value {
        _ if indent + flat.len() <= 110 => flat,
        Value::Object(members) => {
            let lines = members
                .iter()
                .map(|(name, value)| format!("{pad}{}: {}", Value::from(name.as_str()), folded(value, indent + 2)));
            format!("{{\n{}\n{close}}}", lines.collect::<Vec<_>>().join(",\n"))
        }
        Value::Array(items) => {
            let lines = items.iter().map(|item| format!("{pad}{}", folded(item, indent + 2)));
            format!("[\n{}\n{close}]", lines.collect::<Vec<_>>().join(",\n"))
        }
        _ => flat,
    }
}

/// Whether two answers have the same members of the same kinds; what is missing in one may be anything.
fn has_shape_of(found: &Value, written: &Value) -> bool {
    match (found, written) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Object(found), Value::Object(written)) => {
            found.keys().eq(written.keys()) && found.iter().all(|(name, value)| has_shape_of(value, &written[name]))
        }
        (Value::Array(found), Value::Array(written)) => {
            found.is_empty() == written.is_empty()
                && found.iter().zip(written).all(|(found, written)| has_shape_of(found, written))
        }
        (found, written) => std::mem::discriminant(found) == std::mem::discriminant(written),
    }
}

/// Whether an answer is as it is written down: its status and media type, and the shape of its JSON.
fn is_as_written(status: &str, body: &[u8], written: &str) -> bool {
    let (first, rest) = written.split_once('\n').unwrap_or((written, ""));
    let shape = match (serde_json::from_slice::<Value>(body), serde_json::from_str::<Value>(rest)) {
        (Ok(found), Ok(written)) => has_shape_of(&found, &written),
        (Err(_), Err(_)) => body.is_empty() == rest.trim().is_empty(),
        _ => false,
    };
    first == status && shape
}

/// Every route, as the description has it.
fn routes() -> BTreeSet<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/openapi.json");
    let description: Value = serde_json::from_slice(&fs::read(file).expect("it is there")).expect("JSON");
    let paths = description["paths"].as_object().expect("paths");
    let route = |path: &str, method: &String| format!("{} {path}", method.to_uppercase());
    paths.iter().flat_map(|(path, item)| item.as_object().expect("methods").keys().map(|at| route(path, at))).collect()
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api.md")
}

#[test]
fn every_route_has_an_example() {
    let (examples, _) = examples(&fs::read_to_string(document()).expect("it is there"));
    let shown: Vec<String> = examples.into_iter().map(|example| example.route).collect();
    let once: BTreeSet<String> = shown.iter().cloned().collect();
    assert_eq!(once.len(), shown.len(), "each has one");
    let missing: Vec<_> = routes().difference(&once).cloned().collect();
    assert!(missing.is_empty(), "docs/api.md has no example of {missing:?}");
    let unknown: Vec<_> = once.difference(&routes()).cloned().collect();
    assert!(unknown.is_empty(), "there is no route {unknown:?}");
}

#[test]
fn every_example_is_answered_as_it_is_written_down() {
    need!(skip::command("curl"));
    let text = fs::read_to_string(document()).expect("it is there");
    let (examples, end) = examples(&text);
    let mut world = World::new();
    let (mut new, mut wrong) = (String::new(), Vec::new());
    for Example { route, before, commands, answer } in examples {
        let (status, body) = world.run(&commands);
        let shown = world.shown(&status, &body);
        if let Ok(json) = serde_json::from_slice(&body) {
            world.remember(&json);
        }
        let is_right = is_as_written(&status, &body, &answer);
        new = new + &before + if is_right { &answer } else { &shown };
        if !is_right {
            wrong.push(format!("### {route}\n{}is answered\n{shown}and not\n{answer}", commands.concat()));
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(document(), new + &end).expect("written");
    }
    assert!(wrong.is_empty(), "`UPDATE=1` writes down what is answered:\n{}", wrong.join("\n"));
}
