//! The Object Service: files beside nginx, thumbnails, rows and columns beside DuckDB, and many clients at once.
//!
//! All of it is asked over loopback, with the load's own programs on the same processors: what counts
//! is the ratio to what serves or computes the same in this run.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Float32Array, StringArray};
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use harness::service::Service;
use harness::{Rng, binaries, skip, wait};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::client::Client;
use crate::peers::Peers;
use crate::table::{Goal, Table};
use crate::table_data;
use crate::world::{World, tell};

/// How many photographs the thumbnails are of.
const PHOTOGRAPHS: usize = 300;
/// How many bytes the file has that nginx serves, too.
const FILE_LEN: usize = 100 << 10;
/// How many turns the files have.
const TURNS: usize = 5;
/// How often each question of rows is asked.
const ASKED: usize = 60;
/// How many clients ask at once.
const CLIENTS: usize = 64;
/// Rows of a page.
const PAGE: usize = 200;
/// Rows that a training hands in, and those of one batch.
const METRIC_ROWS: usize = 1_000_000;
const METRIC_BATCH: usize = 100_000;
const ARROW: &str = "application/vnd.apache.arrow.stream";
const TABLE: &str = "/v1/datasets/d/at/main/tables/columns";

/// All answers, of tables of so many rows and clients that ask for so long.
pub(crate) fn measure(rows: usize, load: Duration) -> Table {
    let mut table = Table::default();
    let peers = Peers::new();
    let world = World::of(&format!("serve-{rows}"), 3, |folder| {
        table_data::make(folder, rows)?;
        let mut rng = Rng::from_seed(11);
        let bytes: Vec<u8> = (0..FILE_LEN).map(|_| rng.below(256) as u8).collect();
        fs::write(folder.join("file.bin"), bytes)
    });
    world.veneer(&format!("import d {}", world.source.display()));
    let photographs = photographs(&peers);
    if let Some(folder) = &photographs {
        world.veneer(&format!("import photographs {}", folder.display()));
    }
    let service = Service::start(&world.home);
    files(&world, &service, &mut table);
    if photographs.is_some() {
        thumbnails(&service, &mut table);
    }
    questions(&world, &service, rows, &peers, &mut table);
    metric_rows(&service, rows, &mut table);
    many_clients(&service, rows, load, &mut table);
    table
}

/// What a training hands in after an epoch: rows by sample, in batches that one connection sends.
fn metric_rows(service: &Service, rows: usize, table: &mut Table) {
    let begun = service.ask("POST", "/v1/runs", Some(&json!({ "name": "net", "dataset": "d", "table": "columns" })));
    assert_eq!(begun.0, 201, "{}", begun.1);
    let mut rng = Rng::from_seed(5);
    let batches: Vec<Vec<u8>> = (0..METRIC_ROWS)
        .step_by(METRIC_BATCH)
        .map(|from| {
            let samples = (from..from + METRIC_BATCH).map(|row| (row % rows).to_string());
            let loss: Vec<f32> = (0..METRIC_BATCH).map(|_| rng.below(1000) as f32 / 1000.0).collect();
            let guesses = (0..METRIC_BATCH).map(|_| ["car", "bus", "tram", "bicycle"][rng.below(4)]);
            let columns: [(&str, ArrayRef); 3] = [
                ("sample", Arc::new(StringArray::from_iter_values(samples))),
                ("loss", Arc::new(Float32Array::from(loss))),
                ("predicted", Arc::new(StringArray::from_iter_values(guesses))),
            ];
            let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
            let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a stream");
            writer.write(&batch).expect("written");
            writer.into_inner().expect("ended")
        })
        .collect();
    let mut client = Client::connect(&service.address);
    let mut put = |epoch: usize| {
        let (_, took) = wait::timed(|| {
            for (at, body) in batches.iter().enumerate() {
                let (status, said) =
                    client.put(&format!("/v1/runs/net/batches/{epoch}-{at}"), ARROW, body).expect("it answers");
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&said));
            }
        });
        took.as_secs_f64()
    };
    // The first finds out which samples there are.
    let first = put(0);
    table.add("1,000,000 metric rows, the first", "s", first, None, &Goal::AtMost(2.0));
    let again = crate::table::median((1..=3).map(put));
    table.add("1,000,000 metric rows more, median", "s", again, None, &Goal::AtMost(2.0));
}

/// JPEGs of about 110 KB, kept from run to run.
fn photographs(peers: &Peers) -> Option<std::path::PathBuf> {
    let folder = binaries::workspace().join("target/bench-data/photographs");
    if !folder.exists() {
        tell("making photographs");
        let made = peers.ask("photographs.py", &[&folder.to_string_lossy(), &PHOTOGRAPHS.to_string()]);
        if made.is_none() {
            tell("there is no Python to make them: going on without thumbnails");
            return None;
        }
    }
    Some(folder)
}

/// An nginx that serves a folder; ended when dropped.
struct Nginx(Child, String);

impl Nginx {
    fn start(world: &World) -> Option<Nginx> {
        if let Err(why) = skip::command("nginx") {
            tell(&format!("nginx is not here to compare with: {why}"));
            return None;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        let folder = world.home.join("nginx");
        fs::create_dir_all(&folder).expect("our own folder");
        // As Debian has it, but for the paths: sendfile, keep-alive without end, no log of each request.
        let settings = format!(
            "worker_processes auto;\npid {0}/pid;\nerror_log {0}/error.log;\nevents {{ worker_connections 768; }}\n\
             http {{ sendfile on; tcp_nopush on; access_log off; keepalive_requests 100000000;\n\
             server {{ listen 127.0.0.1:{port}; root {1}; }} }}\n",
            folder.display(),
            world.source.display(),
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, settings).expect("our own folder");
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).args(["-g", "daemon off; user root;"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it was found above");
        let address = format!("127.0.0.1:{port}");
        wait::until(Duration::from_secs(5), || std::net::TcpStream::connect(&address).is_ok());
        Some(Nginx(child, address))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed, it would leave its workers.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

/// Requests a second, as wrk counts them; `None` without it.
fn load(address: &str, path: &str, script: Option<&Path>, seconds: u64) -> Option<f64> {
    skip::command("wrk").ok()?;
    let mut command = Command::new("wrk");
    command.args(["-t", "2", "-c", "32", "-d", &format!("{seconds}s")]);
    if let Some(script) = script {
        command.arg("-s").arg(script);
    }
    let output = command.arg(format!("http://{address}{path}")).output().expect("it was found above");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!said.contains("Non-2xx"), "{path}: {said}");
    let line = said.lines().find(|line| line.starts_with("Requests/sec:")).unwrap_or_else(|| panic!("wrk said {said}"));
    line.rsplit(' ').next().and_then(|number| number.trim().parse().ok())
}

/// A file of 100 KiB beside nginx, in turns.
fn files(world: &World, service: &Service, table: &mut Table) {
    let Some(nginx) = Nginx::start(world) else { return };
    let path = "/v1/datasets/d/at/main/files/file.bin";
    let turn = |_| Some((load(&service.address, path, None, 3)?, load(&nginx.1, "/file.bin", None, 3)?));
    let Some(turns) = (0..TURNS).map(turn).collect::<Option<Vec<(f64, f64)>>>() else {
        return tell("wrk is not here: going on without files and thumbnails");
    };
    // As times, so that less is better, as everywhere: goal 0.7 of its rate.
    let pairs: Vec<_> = turns
        .iter()
        .map(|(ours, theirs)| (Duration::from_secs_f64(1.0 / ours), Duration::from_secs_f64(1.0 / theirs)))
        .collect();
    table.add_pairs("a file of 100 KiB, 32 connections", "nginx", &pairs, &Goal::TimesFloor(1.0 / 0.7));
}

/// Thumbnails that nobody asked for before, one after the other, and those that are kept.
fn thumbnails(service: &Service, table: &mut Table) {
    let path = |size: usize, at: usize| format!("/v1/datasets/photographs/at/main/thumbnails/{size}/{at:04}.jpg");
    let mut client = Client::connect(&service.address);
    let (count, took) = wait::timed(|| {
        (0..PHOTOGRAPHS).map(|at| client.fetch(&path(128, at), "*/*").len()).filter(|&len| len > 500).count()
    });
    assert_eq!(count, PHOTOGRAPHS, "each is a picture");
    let each_ms = took.as_secs_f64() * 1e3 / PHOTOGRAPHS as f64;
    table.add("a thumbnail of a 110 KB JPEG, cold, by one client", "ms", each_ms, None, &Goal::AtMost(10.0));
    let script = std::env::temp_dir().join(format!("veneer-wrk-{}.lua", std::process::id()));
    let lua = format!(
        "request = function()\n  local at = math.random(0, {})\n  return wrk.format(\"GET\", \
         string.format(\"/v1/datasets/photographs/at/main/thumbnails/128/%04d.jpg\", at))\nend\n",
        PHOTOGRAPHS - 1
    );
    fs::write(&script, lua).expect("a temporary file");
    let rates: Option<Vec<f64>> = (0..TURNS).map(|_| load(&service.address, "/", Some(&script), 3)).collect();
    let _ = fs::remove_file(&script);
    if let Some(rates) = rates {
        let rate = crate::table::median(rates.into_iter());
        table.add("a thumbnail that is kept, 32 connections", "µs", 1e6 / rate, None, &Goal::AtMost(200.0));
    }
}

/// The 95th percentile of the times that `ask` takes, in milliseconds, after one that is not counted.
fn p95_ms(mut ask: impl FnMut(usize)) -> f64 {
    ask(0);
    let mut times: Vec<f64> = (1..=ASKED).map(|at| wait::timed(|| ask(at)).1.as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    times[ASKED * 95 / 100]
}

/// What a page or a plot asks, each time something else, and the same of DuckDB.
fn questions(world: &World, service: &Service, rows: usize, peers: &Peers, table: &mut Table) {
    let mut client = Client::connect(&service.address);
    let (_, first) = wait::timed(|| client.fetch(&format!("{TABLE}/rows?limit=1"), ARROW));
    table.add("the first row after a start", "ms", first.as_secs_f64() * 1e3, None, &Goal::None);
    let parquet = world.source.join("columns.parquet");
    let of_duckdb = |query: &str| peers.query_ms(query, &parquet);
    let mut add = |name: &str, goal_ms: f64, value: f64, floor: Option<f64>| {
        table.add(name, "ms", value, floor.map(|floor| ("DuckDB, median", floor)), &Goal::AtMost(goal_ms));
    };
    let page = |at: usize| format!("{TABLE}/rows?offset={}&limit={PAGE}", at * 7919 % (rows - PAGE));
    add("a page of 200 rows, p95", 10.0, p95_ms(|at| drop(client.fetch(&page(at), ARROW))), None);
    let column = |_| {
        let bytes = client.fetch(&format!("{TABLE}/columns/score"), ARROW);
        assert!(bytes.len() > rows * 8, "{} bytes of a column", bytes.len());
    };
    add("a column of floats, p95", 30.0, p95_ms(column), None);
    let bound = |at: usize| 0.2 + at as f64 / 1000.0;
    let mask = |at: usize| {
        let bits = client.fetch(&format!("{TABLE}/mask?where=score%20%3C%20{}", bound(at)), "*/*");
        assert!(bits.len() >= rows / 8, "{} bytes of a mask", bits.len());
    };
    let floor = of_duckdb("select count(*) from t where score < 0.21");
    add("the mask of a filter, p95", 50.0, p95_ms(mask), floor);
    let histogram = |at: usize| {
        drop(
            client.fetch(&format!("{TABLE}/histogram?column=weight&bins=50&where=score%20%3C%20{}", bound(at)), "*/*"),
        );
    };
    let floor = of_duckdb("select floor(weight / 0.2), count(*) from t where score < 0.21 group by 1");
    add("a histogram of a filter, p95", 50.0, p95_ms(histogram), floor);
    let groups = |at: usize| {
        drop(client.fetch(&format!("{TABLE}/groups?column=label&where=score%20%3C%20{}", bound(at)), "*/*"))
    };
    let floor = of_duckdb("select label, count(*) from t where score < 0.21 group by 1");
    add("counts of a column's values under a filter, p95", 50.0, p95_ms(groups), floor);
    let sorted = |at: usize| {
        let path = format!(
            "{TABLE}/rows?order=score&offset={}&limit={PAGE}&where=weight%20%3C%20{}",
            at * 100,
            9.0 - at as f64 / 1000.0
        );
        drop(client.fetch(&path, ARROW));
    };
    let floor = of_duckdb("select * from t where weight < 8.9 order by score limit 200 offset 3000");
    add("sort a filter and show a page, p95", 100.0, p95_ms(sorted), floor);
}

/// Many clients that ask this and that, for a while: nothing fails, and memory stays bounded.
fn many_clients(service: &Service, rows: usize, load: Duration, table: &mut Table) {
    let (is_over, failed, asked) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let mut highest_kib = 0;
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (is_over, failed, asked) = (&is_over, &failed, &asked);
            scope.spawn(move || {
                let (mut client, mut rng) = (Client::connect(&service.address), Rng::from_seed(number as u64));
                while !is_over.load(Ordering::Relaxed) {
                    let path = match rng.below(6) {
                        0 => format!("{TABLE}/mask?where=score%20%3C%20{}", rng.below(1000) as f64 / 1000.0),
                        1 => format!("{TABLE}/histogram?column=weight&bins={}", 10 + rng.below(90)),
                        2 => format!("{TABLE}/groups?column=label&where=weight%20%3C%20{}", rng.below(10)),
                        3 => format!("{TABLE}/rows?order=score&offset={}&limit=50", rng.below(rows - 50)),
                        4 => "/v1/datasets/d/at/main/files/file.bin".to_owned(),
                        _ => format!("{TABLE}/rows?offset={}&limit={PAGE}", rng.below(rows - PAGE)),
                    };
                    asked.fetch_add(1, Ordering::Relaxed);
                    if !matches!(client.get(&path, "*/*"), Ok((200, _))) {
                        failed.fetch_add(1, Ordering::Relaxed);
                        client = Client::connect(&service.address);
                    }
                }
            });
        }
        let end = Instant::now() + load;
        while Instant::now() < end {
            highest_kib = highest_kib.max(service.memory_kib());
            thread::sleep(Duration::from_millis(200));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let asked = asked.into_inner();
    tell(&format!("{asked} requests of {CLIENTS} clients"));
    table.add("requests of 64 clients that failed", "", failed.into_inner() as f64, None, &Goal::AtMost(0.0));
    table.add("memory under 64 clients, highest", "MiB", highest_kib as f64 / 1024.0, None, &Goal::AtMost(1024.0));
}
