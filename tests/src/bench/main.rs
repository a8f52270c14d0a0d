//! `veneer-bench`: named questions, each answered against a floor that is measured in the same run.
//!
//! It runs the built release commands as a person would, on a generated tree.
//! A stored number is never a floor: the floor of a walk over the mount is the
//! same walk over the source, a moment before or after. `scripts/bench` builds
//! and starts it; docs/performance.md holds what it printed last.

mod client;
mod contenders;
mod edits;
mod import;
mod machine;
mod mount;
mod peers;
mod ratios;
mod readers;
mod serve;
mod speed;
mod table;
mod table_data;
mod tables;
mod world;
mod writable;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use table::Table;
use world::World;

/// Measures Veneer against its goals and its floors.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench")]
struct Options {
    /// Which group of questions to answer
    #[arg(default_value = "all")]
    group: Group,
    /// How many files the generated tree has: 1,000,000 of `main`, 5,000 of 4–12 KiB of `mount`
    #[arg(long, value_name = "N")]
    files: Option<usize>,
    /// How many rows the tables of `tables` have; a tenth as many the annotations
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    rows: usize,
    /// How many pairs each row of `mount` is the median of
    #[arg(long, value_name = "N", default_value_t = speed::DEFAULT.pairs)]
    pairs: usize,
    /// How many mebibytes the big file of `mount` has
    #[arg(long, value_name = "N", default_value_t = speed::DEFAULT.big_mib)]
    big_mib: usize,
    /// How many rows the table of `serve` has
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    served_rows: usize,
    /// How many seconds 64 clients ask in `serve`
    #[arg(long, value_name = "N", default_value_t = 60)]
    load_seconds: u64,
    /// Where to keep the numbers as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Group {
    /// Every group
    All,
    /// Import, mount, walk, commit, diff and log
    Main,
    /// Reading through the mount, and writing, against the source and against other file systems
    Mount,
    /// Of that, only the writing
    Writing,
    /// Rows of CSV, Parquet and COCO: finding, editing, reading, comparing, merging
    Tables,
    /// The Object Service: files, thumbnails, rows, columns, many clients
    Serve,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let (mut rows, mut is_reached) = (Vec::new(), true);
    if matches!(options.group, Group::All | Group::Main) {
        let table = measure_main(options.files.unwrap_or(1_000_000));
        print(&table);
        rows.extend(table.rows().iter().map(|row| serde_json::json!(row)));
        is_reached &= table.all_reached();
    }
    if matches!(options.group, Group::All | Group::Mount) {
        let files = options.files.unwrap_or(speed::DEFAULT.files);
        let ratios = speed::measure(speed::Scale { files, big_mib: options.big_mib, pairs: options.pairs });
        print(&ratios);
        rows.extend(ratios.rows().iter().map(|row| serde_json::json!(row)));
        is_reached &= ratios.all_reached();
    }
    if matches!(options.group, Group::All | Group::Mount | Group::Writing) {
        let ratios = writable::measure(options.pairs, options.big_mib * 4);
        print(&ratios);
        rows.extend(ratios.rows().iter().map(|row| serde_json::json!(row)));
        is_reached &= ratios.all_reached();
    }
    if matches!(options.group, Group::All | Group::Tables) {
        let table = tables::measure(options.rows);
        print(&table);
        rows.extend(table.rows().iter().map(|row| serde_json::json!(row)));
        is_reached &= table.all_reached();
    }
    if matches!(options.group, Group::All | Group::Serve) {
        let table = serve::measure(options.served_rows, std::time::Duration::from_secs(options.load_seconds));
        print(&table);
        rows.extend(table.rows().iter().map(|row| serde_json::json!(row)));
        is_reached &= table.all_reached();
    }
    if let Some(file) = &options.json {
        let document = serde_json::json!({
            "machine": machine::describe(),
            "date": machine::date(),
            "command": std::env::args().collect::<Vec<_>>().join(" "),
            "rows": rows,
        });
        std::fs::write(file, format!("{document:#}\n")).expect("the JSON file can be written");
    }
    if is_reached { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn print(table: &impl std::fmt::Display) {
    let _ = std::io::stdout().write_all(table.to_string().as_bytes());
}

/// The numbers of a dataset's whole life: import, mount, walk, commit, diff, log.
fn measure_main(files: usize) -> Table {
    let mut table = Table::default();
    let small = World::new(files.div_ceil(10));
    import::import_once(&small);
    mount::first_stat(&small, &mut table);
    drop(small);
    let world = World::new(files);
    import::against_find(&world, &mut table);
    mount::first_stat(&world, &mut table);
    mount::walks(&world, &mut table);
    edits::commit(&world, &mut table);
    edits::diff(&world, &mut table);
    edits::log(&world, &mut table);
    table
}
