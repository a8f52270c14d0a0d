//! Rows: how long it takes to find them, to edit a few, to read the edited file, to compare and to merge.
//!
//! The floor is a peer that reads the same file in this run (pyarrow, orjson, DuckDB), or
//! what the format itself has to write. What edits cost is measured once the rows are
//! found: where they are is kept in the store's cache.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use harness::{Mount, Rng, skip, wait};
use parquet::file::reader::{FileReader, SerializedFileReader};
use rustix::fs::{Advice, fadvise};
use veneer::dataset::rows::{RowEdit, diff_rows};
use veneer::dataset::{Dataset, Datasets, MergeRequest, Outcome};
use veneer::model::{BranchName, Id, Value, WriterName};
use veneer::store::{Access, Cache, LocalStore};
use veneer::table::coco::Coco;
use veneer::table::csv::CsvFormat;
use veneer::table::parquet::Parquet;
use veneer::table::{Flow, Format, ReadAt, Scan};

use crate::peers::Peers;
use crate::table::{Goal, Table, median, median_ms};
use crate::table_data;
use crate::world::{World, tell};

/// Each number is the median of so many.
const TIMES: usize = 5;
/// Rows that two revisions differ in, for the diff.
const DIFFERENT: usize = 100;
/// Cells that are edited at once, to see what one takes in the store.
const CELLS: usize = 1000;
/// Edits of each branch, for the merge.
const MERGED: usize = 10_000;
/// The condition that `tests/python/peers.py` gives DuckDB.
const WHERE: &str = "score < 0.0005 AND label = 'car'";

/// A file on the disk, as formats read it.
#[derive(Debug)]
struct OnDisk(File, u64);

impl OnDisk {
    fn open(path: &Path) -> OnDisk {
        let file = File::open(path).expect("it was made");
        let len = file.metadata().expect("an open file").len();
        OnDisk(file, len)
    }
}

impl ReadAt for OnDisk {
    fn len(&self) -> u64 {
        self.1
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> veneer::Result<usize> {
        Ok(self.0.read_at(buffer, offset).expect("the disk can be read"))
    }
}

/// All answers about tables of so many rows.
pub(crate) fn measure(rows: usize) -> Table {
    let mut table = Table::default();
    let world = World::of(&format!("tables-{rows}"), 3, |folder| table_data::make(folder, rows));
    let peers = Peers::new();
    finding(&world, &peers, &mut table);
    world.veneer(&format!("import d {}", world.source.display()));
    // Now the cache has where the rows are.
    world.veneer("tables d");
    conditions(&world, &peers, &mut table);
    few_edits(&world, rows, &mut table);
    stored(&world, rows, &mut table);
    reading(&world, rows, &mut table);
    comparing(&world, rows, &mut table);
    merging(&world, rows, &mut table);
    long_line(&world, rows, &mut table);
    table
}

/// What is done with an open file.
type Run<'a> = &'a dyn Fn(&OnDisk);

/// Finding the rows of each file, beside a peer that reads it.
fn finding(world: &World, peers: &Peers, table: &mut Table) {
    let csv = |file: &OnDisk| drop(CsvFormat::default().open(file, None).expect("a CSV file"));
    let coco = |file: &OnDisk| drop(Coco.open(file, None).expect("a COCO file"));
    let parquet = |file: &OnDisk| {
        let format = Parquet;
        let rows = format.open(file, None).expect("a Parquet file");
        rows.scan(0, &Scan::default(), &mut |_| Ok(Flow::More)).expect("it can be read");
    };
    let works: [(&str, &str, &str, &str, Run<'_>); 3] = [
        ("find the rows of a CSV", "rows.csv", "csv", "pyarrow reads it", &csv),
        ("read a Parquet file", "columns.parquet", "parquet", "pyarrow reads it", &parquet),
        ("find the rows of a COCO file", "coco.json", "json", "orjson reads it", &coco),
    ];
    for (name, file, work, floor, run) in works {
        let path = world.source.join(file);
        let pair = || {
            // The peer reads the whole file first, so that it is cached for both.
            let peer = peers.time(work, &path);
            let file = OnDisk::open(&path);
            (wait::timed(|| run(&file)).1, peer)
        };
        add(table, name, floor, &(0..TIMES).map(|_| pair()).collect::<Vec<_>>(), &Goal::TimesFloor(2.0));
    }
}

/// Rows of a condition, beside DuckDB.
fn conditions(world: &World, peers: &Peers, table: &mut Table) {
    for (name, part, file, work) in [
        ("rows --where on a CSV, whole process", "rows", "rows.csv", "where-csv"),
        ("rows --where on a Parquet file, whole process", "columns", "columns.parquet", "where-parquet"),
    ] {
        let path = world.source.join(file);
        let pair = || {
            let peer = peers.time(work, &path);
            let arguments = ["rows", "d", part, "--where", WHERE, "--format", "csv"];
            let (ran, took) = wait::timed(|| world.home.run_args(arguments));
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            (took, peer)
        };
        add(table, name, "DuckDB", &(0..TIMES).map(|_| pair()).collect::<Vec<_>>(), &Goal::TimesFloor(2.0));
    }
}

fn add(table: &mut Table, name: &str, floor: &str, measured: &[(Duration, Option<Duration>)], goal: &Goal) {
    let pairs: Option<Vec<_>> = measured.iter().map(|(value, peer)| Some((*value, (*peer)?))).collect();
    match pairs {
        Some(pairs) => table.add_pairs(name, floor, &pairs, goal),
        None => {
            let value = median(measured.iter().map(|(value, _)| value.as_secs_f64()));
            table.add(name, "s", value, None, &Goal::None);
        }
    }
}

/// Five cells and a commit, as a person does it: two processes. Each time on a branch of its own, so that none
/// carries the edits of the one before.
fn few_edits(world: &World, rows: usize, table: &mut Table) {
    let mut rng = Rng::from_seed(3);
    for (name, branch, part, cell, count) in [
        ("edit 5 cells of a CSV and commit, whole processes", "few-csv", "rows", "label", rows),
        (
            "edit 5 cells of a COCO file and commit, whole processes",
            "few-coco",
            "annotations",
            "category_id",
            rows / 10,
        ),
        ("edit 5 cells of a Parquet file and commit, whole processes", "few-parquet", "columns", "label", rows),
    ] {
        let mut once = |round: usize| {
            world.veneer(&format!("branch d {branch}-{round}"));
            let keys: String = (0..5).map(|_| format!(" --key {}", rng.below(count))).collect();
            let value = if cell == "label" { "edited".to_owned() } else { (1 + round).to_string() };
            let set = world.veneer(&format!("set d@{branch}-{round} {part}{keys} {cell}={value}"));
            set + world.veneer(&format!("commit d@{branch}-{round} -m five"))
        };
        let times: Vec<Duration> = (0..TIMES).map(&mut once).collect();
        let floor = Some(("veneer --version, twice", 2.0 * world.process_start_ms()));
        table.add(name, "ms", median_ms(&times), floor, &Goal::AtMost(100.0));
    }
}

/// What edits add to the store: log and objects, which is what is not derived.
fn stored(world: &World, rows: usize, table: &mut Table) {
    let added = |branch: &str, part: &str, edits: &[usize]| {
        let bytes = || world.stored_bytes("log") + world.stored_bytes("objects");
        world.veneer(&format!("branch d {branch}"));
        let before = bytes();
        edit(&open(world, Access::Own), branch, part, edits, "edited");
        (bytes() - before) as f64
    };
    let mut rng = Rng::from_seed(4);
    let cells = CELLS.min(rows / 4);
    let per_cell = (0..TIMES).map(|round| {
        let edits: Vec<usize> = (0..cells).map(|_| rng.below(rows)).collect();
        added(&format!("stored-{round}"), "rows", &edits) / cells as f64
    });
    table.add("written for each edited cell of a CSV", "B", median(per_cell), None, &Goal::AtMost(400.0));
    let path = world.source.join("columns.parquet");
    let once = |round: usize| {
        let row = rng.below(rows);
        (added(&format!("chunk-{round}"), "columns", &[row]), chunk_len(&path, row as i64))
    };
    let (added, chunks): (Vec<f64>, Vec<f64>) = (0..TIMES).map(once).unzip();
    let floor = Some(("the edited chunk in the source", median(chunks.into_iter()) / 1024.0));
    let added = median(added.into_iter()) / 1024.0;
    table.add("written for an edit of a Parquet file", "KiB", added, floor, &Goal::TimesFloor(1.2));
}

/// How many bytes the chunk of the column `label` takes that has this row.
fn chunk_len(path: &Path, row: i64) -> f64 {
    let reader = SerializedFileReader::new(File::open(path).expect("it was made")).expect("a Parquet file");
    let mut end = 0;
    for group in reader.metadata().row_groups() {
        end += group.num_rows();
        if row < end {
            return group.column(1).compressed_size() as f64;
        }
    }
    panic!("there is no row {row}");
}

/// Opening an edited CSV in a mount, and reading where a row was edited.
fn reading(world: &World, rows: usize, table: &mut Table) {
    if let Err(why) = skip::mounting() {
        return tell(&format!("reading through a mount is not measured: {why}"));
    }
    let mut rng = Rng::from_seed(5);
    let edits: Vec<usize> = (0..TIMES).map(|_| rng.below(rows)).collect();
    world.veneer("branch d reading");
    edit(&open(world, Access::Own), "reading", "rows", &edits, "read-me");
    let offsets = offsets(&world.source.join("rows.csv"), &edits);
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for offset in &offsets {
        let mount = Mount::at(&world.home, "d@reading", "mnt");
        let path = mount.join("rows.csv");
        // A label that was edited moves what comes after it by a few bytes.
        let from = offset.saturating_sub(200);
        let read = || {
            let file = File::open(&path).expect("it is in the mount");
            fadvise(&file, 0, None, Advice::DontNeed).expect("an open file");
            let mut bytes = vec![0; 4096];
            let len = file.read_at(&mut bytes, from).expect("it can be read");
            assert!(bytes[..len].windows(7).any(|word| word == b"read-me"), "the edit is not there");
        };
        first.push(wait::timed(read).1);
        later.push(wait::timed(read).1);
        mount.unmount();
    }
    table.add("open an edited CSV and read an edited row, first", "ms", median_ms(&first), None, &Goal::AtMost(5.0));
    table.add("the same, again with no page cached", "ms", median_ms(&later), None, &Goal::AtMost(5.0));
}

/// Where the rows begin.
fn offsets(path: &Path, rows: &[usize]) -> Vec<u64> {
    use std::io::BufRead;
    let mut wanted = rows.to_vec();
    wanted.sort_unstable();
    let mut file = std::io::BufReader::with_capacity(1 << 20, File::open(path).expect("it was made"));
    let (mut offset, mut line, mut found) = (0, Vec::new(), Vec::new());
    let mut place = 0;
    // The header is not a row.
    offset += file.skip_until(b'\n').expect("it can be read") as u64;
    while found.len() < wanted.len() {
        line.clear();
        if place == wanted[found.len()] {
            found.push(offset);
            continue;
        }
        let len = file.read_until(b'\n', &mut line).expect("it can be read");
        assert!(len > 0, "there is no row {}", wanted[found.len()]);
        offset += len as u64;
        place += 1;
    }
    found
}

/// Comparing two revisions that differ in some rows, in the process and as a whole process.
fn comparing(world: &World, rows: usize, table: &mut Table) {
    let mut rng = Rng::from_seed(6);
    world.veneer("branch d compared");
    let edits: Vec<usize> = (0..DIFFERENT).map(|_| rng.below(rows)).collect();
    edit(&open(world, Access::Own), "compared", "rows", &edits, "compared");
    let mut different = edits;
    different.sort_unstable();
    different.dedup();
    let dataset = open(world, Access::Read);
    let once = || {
        let (found, took) = wait::timed(|| {
            let view = |text: &str| {
                let at = dataset.resolve(Some(&text.parse().expect("a ref"))).expect("it was made");
                dataset.view(at.id).expect("it is stored")
            };
            diff_rows(&view("main"), &view("compared"))
        });
        assert_eq!(found.expect("both are stored").len(), different.len(), "what differs");
        took
    };
    let times: Vec<Duration> = (0..TIMES).map(|_| once()).collect();
    table.add("diff of two revisions by rows, in process", "ms", median_ms(&times), None, &Goal::AtMost(20.0));
    let times: Vec<Duration> = (0..TIMES).map(|_| world.veneer("diff d main compared --rows")).collect();
    let floor = Some(("veneer --version", world.process_start_ms()));
    table.add("diff of two revisions by rows, whole process", "ms", median_ms(&times), floor, &Goal::AtMost(20.0));
}

/// Merging two branches that edit other cells of one file.
fn merging(world: &World, rows: usize, table: &mut Table) {
    let each = MERGED.min(rows / 4);
    for side in ["ours", "theirs"] {
        world.veneer(&format!("branch d {side}"));
    }
    let dataset = open(world, Access::Own);
    let step = rows / (2 * each);
    let edits = |side: usize| (0..each).map(|at| (2 * at + side) * step).collect::<Vec<_>>();
    edit(&dataset, "ours", "rows", &edits(0), "ours");
    edit(&dataset, "theirs", "rows", &edits(1), "theirs");
    let (ours, theirs) = (head(&dataset, "ours"), head(&dataset, "theirs"));
    let once = |round: usize| {
        let into: BranchName = format!("merged-{round}").parse().expect("a branch");
        dataset.create_branch(&into, ours).expect("a new branch");
        let request = MergeRequest { theirs, into: &into, author: "ada", message: "both", prefer: None };
        let (merged, took) = wait::timed(|| dataset.merge(&request));
        assert!(matches!(merged, Ok(Outcome::Done { .. })), "{merged:?}");
        took
    };
    let times: Vec<Duration> = (0..TIMES).map(once).collect();
    let name = format!("merge of two branches of {each} edits each, in process");
    table.add(&name, "ms", median_ms(&times), None, &Goal::AtMost(500.0));
}

/// A COCO file of 1 GiB on one line, most of it one text: how long its rows take to be found, and in how much memory.
fn long_line(world: &World, rows: usize, table: &mut Table) {
    let folder = world.home.join("long");
    let mib = (rows / 10_000).clamp(1, 1024);
    table_data::make_long_line(&folder, mib).expect("the disk has room");
    world.veneer(&format!("import long {}", folder.display()));
    let ((said, memory_kib), took) = wait::timed(|| world.home.ok_within("tables long"));
    assert!(said.contains("annotations"), "{said}");
    let name = format!("find the rows of a JSON of {mib} MiB on one line");
    table.add(&name, "s", took.as_secs_f64(), None, &Goal::None);
    table.add("memory that took at most", "MiB", memory_kib as f64 / 1024.0, None, &Goal::AtMost(256.0));
}

fn open(world: &World, access: Access) -> Dataset {
    let store = LocalStore::open(&world.home.store(), access).expect("the store is ours");
    let datasets = Datasets::new(Arc::new(store)).with_cache(Cache::new(&world.home.store().join("cache")));
    datasets.open(&"d".parse().expect("a name")).expect("it was imported")
}

fn head(dataset: &Dataset, branch: &str) -> Id {
    dataset.resolve(Some(&branch.parse().expect("a ref"))).expect("the branch was made").id
}

/// Sets the label of rows, and commits that.
fn edit(dataset: &Dataset, branch: &str, part: &str, rows: &[usize], label: &str) {
    let writer: WriterName = "ada".parse().expect("a writer's name");
    let mut draft = dataset.draft(&branch.parse().expect("a branch"), &writer).expect("a draft");
    let table = draft.view().table(Some(part)).expect("one of the tables");
    let set = |row: &usize| {
        let cells = vec![("label".to_owned(), Value::Text(label.to_owned()))];
        RowEdit::Set { row: row.to_string(), cells }
    };
    draft.edit_table(&table, rows.iter().map(set).collect()).expect("rows of the table");
    draft.save("edits").expect("the store can be written");
    let committed = draft.commit("edits", "ada").expect("the store can be written");
    assert!(matches!(committed, Outcome::Done { .. }), "{committed:?}");
}
