//! The tables that the benches ask: a CSV, a Parquet and a COCO file, alike on every machine.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use harness::Rng;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

/// Rows of a batch of the Parquet file.
const BATCH: usize = 1 << 16;
/// Annotations of an image.
const PER_IMAGE: usize = 20;

/// The classes.
pub(crate) const LABELS: [&str; 8] = ["car", "bus", "truck", "bicycle", "pedestrian", "sign", "traffic light", "dog"];

/// One row.
struct Row {
    id: usize,
    label: &'static str,
    score: f64,
    weight: f64,
    split: &'static str,
    note: String,
}

impl Row {
    fn new(id: usize, rng: &mut Rng) -> Row {
        let split = if rng.one_in(5) { "val" } else { "train" };
        let label = *rng.pick(&LABELS);
        let (score, weight) = (rng.below(1_000_000) as f64 / 1e6, rng.below(1000) as f64 / 100.0);
        Row { id, label, score, weight, split, note: format!("frame {} of drive {}", rng.below(9000), rng.below(70)) }
    }
}

/// Makes `rows.csv`, `columns.parquet` and `coco.json`, which has a tenth as many annotations.
pub(crate) fn make(folder: &Path, rows: usize) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    csv(&folder.join("rows.csv"), rows)?;
    parquet(&folder.join("columns.parquet"), rows)?;
    coco(&folder.join("coco.json"), rows.div_ceil(10))
}

fn csv(path: &Path, rows: usize) -> io::Result<()> {
    let (mut out, mut rng) = (BufWriter::new(File::create(path)?), Rng::from_seed(7));
    writeln!(out, "id,label,score,weight,split,note")?;
    for id in 0..rows {
        let Row { id, label, score, weight, split, note } = Row::new(id, &mut rng);
        writeln!(out, "{id},{label},{score},{weight},{split},{note}")?;
    }
    out.flush()
}

fn parquet(path: &Path, rows: usize) -> io::Result<()> {
    let mut rng = Rng::from_seed(7);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = None;
    for first in (0..rows).step_by(BATCH) {
        let rows: Vec<Row> = (first..rows.min(first + BATCH)).map(|id| Row::new(id, &mut rng)).collect();
        let text = |of: fn(&Row) -> &str| Arc::new(StringArray::from_iter_values(rows.iter().map(of))) as ArrayRef;
        let number = |of: fn(&Row) -> f64| Arc::new(Float64Array::from_iter_values(rows.iter().map(of))) as ArrayRef;
        let columns = [
            ("id", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.id as i64))) as ArrayRef),
            ("label", text(|row| row.label)),
            ("score", number(|row| row.score)),
            ("weight", number(|row| row.weight)),
            ("split", text(|row| row.split)),
            ("note", text(|row| &row.note)),
        ];
        let batch = RecordBatch::try_from_iter(columns).map_err(io::Error::other)?;
        if writer.is_none() {
            let file = File::create(path)?;
            writer =
                Some(ArrowWriter::try_new(file, batch.schema(), Some(properties.clone())).map_err(io::Error::other)?);
        }
        writer.as_mut().expect("made above").write(&batch).map_err(io::Error::other)?;
    }
    writer.map_or(Ok(()), |writer| writer.close().map(drop).map_err(io::Error::other))
}

fn coco(path: &Path, annotations: usize) -> io::Result<()> {
    let (mut out, mut rng) = (BufWriter::new(File::create(path)?), Rng::from_seed(8));
    let images = annotations.div_ceil(PER_IMAGE);
    write!(out, "{{\"info\": {{\"description\": \"made\"}}, \"images\": [")?;
    for id in 0..images {
        let comma = if id > 0 { ", " } else { "" };
        write!(out, "{comma}{{\"id\": {id}, \"file_name\": \"{id:07}.jpg\", \"width\": 1920, \"height\": 1080}}")?;
    }
    write!(out, "], \"annotations\": [")?;
    for id in 0..annotations {
        let comma = if id > 0 { ", " } else { "" };
        let [x, y, width, height] = [1800, 1000, 120, 80].map(|most| 1.0 + rng.below(most * 100) as f64 / 100.0);
        let (image, class) = (id / PER_IMAGE, 1 + rng.below(LABELS.len()));
        write!(out, "{comma}{{\"id\": {id}, \"image_id\": {image}, \"category_id\": {class}, ")?;
        write!(out, "\"bbox\": [{x}, {y}, {width}, {height}], \"area\": {:.2}, \"iscrowd\": 0}}", width * height)?;
    }
    write!(out, "], \"categories\": [")?;
    for (at, label) in LABELS.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        write!(out, "{comma}{{\"id\": {}, \"name\": \"{label}\"}}", at + 1)?;
    }
    writeln!(out, "]}}")?;
    out.flush()
}

/// Makes a `coco.json` of one annotation and a text of so many mebibytes, all on one line.
pub(crate) fn make_long_line(folder: &Path, mib: usize) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut out = BufWriter::new(File::create(folder.join("coco.json"))?);
    write!(out, "{{\"images\": [{{\"id\": 1, \"file_name\": \"a.png\"}}], \"info\": \"")?;
    let text = "x".repeat(1 << 20);
    (0..mib).try_for_each(|_| out.write_all(text.as_bytes()))?;
    write!(out, "\", \"annotations\": [{{\"id\": 7, \"image_id\": 1, \"bbox\": [1, 2, 3, 4]}}]}}")?;
    out.flush()
}
