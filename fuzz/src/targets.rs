//! The targets, one for each format, and the inputs that are made for them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use veneer::table::Format;
use veneer::table::arrow_file::ArrowIpc;
use veneer::table::coco::Coco;
use veneer::table::csv::{CsvFormat, Encoding, Escape, LineEnding};
use veneer::table::jsonl::JsonlFormat;
use veneer::table::parquet::Parquet;
use veneer::table::voc::Voc;
use veneer::table::yolo::{YoloDataFile, YoloLabels};

use crate::exercise::{Rules, exercise, undeclared};
use crate::random::mutated;
use crate::{Rng, expression};

/// A way to use Veneer that takes any bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called; its seeds are in `seeds/NAME`.
    pub name: &'static str,
    exercise: fn(&[u8]) -> bool,
    /// What inputs are made of; nothing where bytes have no letters.
    pieces: &'static [&'static [u8]],
}

/// All of them.
pub const TARGETS: [Target; 9] = [
    Target { name: "csv", exercise: csv, pieces: CSV },
    Target { name: "jsonl", exercise: jsonl, pieces: JSON },
    Target { name: "coco", exercise: coco, pieces: COCO },
    Target { name: "yolo-labels", exercise: yolo_labels, pieces: LABELS },
    Target { name: "yolo-data", exercise: yolo_data, pieces: YAML },
    Target { name: "voc", exercise: voc, pieces: XML },
    Target { name: "expr", exercise: expression::exercise, pieces: EXPRESSIONS },
    Target { name: "parquet", exercise: parquet, pieces: &[] },
    Target { name: "arrow", exercise: arrow, pieces: &[] },
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

impl Target {
    /// Takes the bytes; returns whether they mean anything to it.
    ///
    /// # Panics
    /// When something is wrong with Veneer.
    pub fn run(&self, bytes: &[u8]) -> bool {
        (self.exercise)(bytes)
    }

    /// Takes the bytes.
    ///
    /// # Errors
    /// What the panic said.
    pub fn try_run(&self, bytes: &[u8]) -> Result<bool, String> {
        catch_unwind(AssertUnwindSafe(|| self.run(bytes))).map_err(|panic| {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it says nothing").to_owned()
        })
    }

    /// The folder of its seeds.
    pub fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(self.name)
    }

    /// Files to start from, in order of name.
    ///
    /// # Panics
    /// When they cannot be read: they belong to the sources.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        let entries = fs::read_dir(self.folder()).expect("the seeds are beside the sources");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a seed").path()).collect();
        paths.sort();
        paths.iter().map(|path| fs::read(path).expect("a seed")).collect()
    }

    /// One of `pool`, changed at random.
    pub fn input(&self, rng: &mut Rng, pool: &[Vec<u8>]) -> Vec<u8> {
        let seed = rng.pick(pool);
        mutated(rng, seed, self.pieces)
    }
}

fn csv(bytes: &[u8]) -> bool {
    let (a, b) = (bytes.first().copied().unwrap_or(0), bytes.last().copied().unwrap_or(0));
    let format = CsvFormat::sniff(bytes).map_or_else(|| odd_csv(a, b), |(format, _)| format);
    let declared = |columns| Some(Box::new(CsvFormat { columns, ..format.clone() }) as Box<dyn Format>);
    exercise(&format, &Rules { reads_all: true, declared: &declared }, bytes)
}

fn odd_csv(a: u8, b: u8) -> CsvFormat {
    let encodings = [Encoding::Utf8, Encoding::Latin1, Encoding::Windows1252, Encoding::Utf16Le, Encoding::Utf16Be];
    CsvFormat {
        quote: (a & 1 == 0).then_some(b'"'),
        escape: if a & 2 == 0 { Escape::Doubled } else { Escape::Backslash },
        padded: a & 4 == 0,
        header: a & 8 == 0,
        bom: a & 16 == 0,
        encoding: encodings[usize::from(b) % encodings.len()],
        ending: if b & 8 == 0 { LineEnding::Lf } else { LineEnding::CrLf },
        ..CsvFormat::default()
    }
}

fn jsonl(bytes: &[u8]) -> bool {
    let format = JsonlFormat::sniff(bytes).map(|(format, _)| format).unwrap_or_default();
    let declared = |columns| Some(Box::new(JsonlFormat { columns, ..format.clone() }) as Box<dyn Format>);
    exercise(&format, &Rules { reads_all: true, declared: &declared }, bytes)
}

fn coco(bytes: &[u8]) -> bool {
    exercise(&Coco, &Rules { reads_all: true, declared: &undeclared }, bytes)
}

fn yolo_labels(bytes: &[u8]) -> bool {
    exercise(&YoloLabels::default(), &Rules { reads_all: true, declared: &undeclared }, bytes)
}

fn yolo_data(bytes: &[u8]) -> bool {
    exercise(&YoloDataFile, &Rules { reads_all: true, declared: &undeclared }, bytes)
}

fn voc(bytes: &[u8]) -> bool {
    exercise(&Voc::default(), &Rules { reads_all: true, declared: &undeclared }, bytes)
}

fn parquet(bytes: &[u8]) -> bool {
    exercise(&Parquet::default(), &Rules { reads_all: false, declared: &undeclared }, bytes)
}

fn arrow(bytes: &[u8]) -> bool {
    exercise(&ArrowIpc::default(), &Rules { reads_all: false, declared: &undeclared }, bytes)
}

const CSV: &[&[u8]] = &[
    b",",
    b"\"",
    b"\"\"",
    b"\n",
    b"\r\n",
    b"\r",
    b"\\",
    b"\\\"",
    b" ",
    b"\t",
    b";",
    b"\0",
    b"1",
    b"-0.5e3",
    b"true",
    b"2024-02-29",
    b"x",
    "\u{e9}".as_bytes(),
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"nan",
    b"NA",
    b"'",
];
const JSON: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b":",
    b",",
    b"\n",
    b"\r\n",
    b"\\u00e9",
    b"\\ud800",
    b"1",
    b"-1.5e3",
    b"null",
    b"true",
    b"\"a\":",
    b"{\"a\":1}\n",
    "\u{e9}".as_bytes(),
    b"\xff",
    b"1e999",
    b"18446744073709551615",
];
const COCO: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b":",
    b",",
    b"\n",
    b" ",
    b"\\u00e9",
    b"\\ud800",
    b"7",
    b"-1.5e3",
    b"null",
    b"true",
    b"\"id\":",
    b"\"bbox\": [1, 2, 3, 4]",
    b"\"images\": [",
    b"\"annotations\": [",
    b"\"categories\": [",
    b"{\"id\": 5, \"name\": \"x\"}",
    b"\"segmentation\": [[1, 2, 3, 4, 5, 6]]",
    b"\xff",
    "\u{1f600}".as_bytes(),
];
const LABELS: &[&[u8]] = &[
    b"0",
    b" ",
    b"\t",
    b"\n",
    b"\r\n",
    b"\r",
    b"0.5",
    b".5",
    b"5e-1",
    b"-1",
    b"1e999",
    b"nan",
    b"0 0.5 0.5 0.1 0.1\n",
    b"\xff",
];
const YAML: &[&[u8]] = &[
    b"names:",
    b"nc: 2",
    b"\n",
    b"\r\n",
    b"  ",
    b"- ",
    b": ",
    b"#",
    b"'",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"|\n",
    b">\n",
    b"&a ",
    b"*a",
    b"!!str ",
    b"0: a\n",
    b"---\n",
    b"...\n",
    b"\t",
    b"? ",
    "\u{e9}".as_bytes(),
    b"\\",
    b"~",
];
const XML: &[&[u8]] = &[
    b"<",
    b">",
    b"</",
    b"/>",
    b"<object>",
    b"</object>",
    b"<bndbox>",
    b"</bndbox>",
    b"<xmin>1</xmin>",
    b"<ymin> 2 </ymin>",
    b"<xmax>3.5</xmax>",
    b"<ymax>4</ymax>",
    b"<name>cat</name>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"&amp;",
    b"&#228;",
    b"&",
    b"<?xml version=\"1.0\"?>",
    b"<!DOCTYPE a>",
    b"\n",
    b"\t",
    b"\"",
    b"\xff",
];
const EXPRESSIONS: &[&[u8]] = &[
    b"n",
    b"f",
    b"Label",
    b"\"Label\"",
    b"b",
    b"box",
    b"box[1]",
    b"box[-1]",
    b"(",
    b")",
    b" AND ",
    b" OR ",
    b"NOT ",
    b" = ",
    b" <> ",
    b" < ",
    b" IS NULL",
    b" IN (1, NULL, 2.5)",
    b" BETWEEN 1 AND 2",
    b" LIKE '%a_'",
    b"'",
    b"''",
    b" + ",
    b" - ",
    b" * ",
    b" / ",
    b" % ",
    b"||",
    b"CAST(n AS TEXT)",
    b"TRY_CAST(Label AS INT)",
    b"CASE WHEN b THEN 1 ELSE 2 END",
    b"0",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"1e308",
    b"0.1",
    b"DATE '2026-01-31'",
    b"INTERVAL '1 day'",
    b"TIMESTAMP '2026-01-31 12:00:00'",
    b"coalesce(f, 1)",
    b"substr(Label, 1, 2)",
    b"regexp_like(Label, '(a|b)*$')",
    b"round(f, 2)",
    b"array_length(box)",
    b"nullif(n, 0)",
    b", ",
    b" DESC",
    b"=",
    b"\0",
    "\u{e9}".as_bytes(),
];
