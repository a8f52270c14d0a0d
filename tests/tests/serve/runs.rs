//! Runs from files: by the command, in every place that a store can be, and by the service's inbox.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use harness::service::Service;
use harness::{Home, source, wait};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

fn home() -> Home {
    let home = Home::with(&source! { "cat/a.png": "pixels of a", "dog/b.png": "pixels of b" });
    home.ok("mv d cat/a.png dog/a.png");
    home.ok("commit d -m 'it is a dog'");
    home
}

/// Records files of a run; `store` stands before every command.
fn record(home: &Home, store: &str) {
    let ok = |line: &str| home.ok(&format!("{store} {line}"));
    home.file("0.csv", "path,loss,predicted\ndog/a.png,0.5,cat\ndog/b.png,0.25,dog\n");
    home.file("1.jsonl", "{\"sample\":\"cat/a.png\",\"epoch\":1,\"loss\":0.125}\n");
    home.file("bad.csv", "sample,epoch,loss\ncat/a.png,2,1.5\nnothing.png,2,1.5\n");
    ok("run-log net 0.csv --on d");
    ok("run-log net 1.jsonl");
    ok("run-log net 1.jsonl --finished");
    let said = home.fails(&format!("{store} run-log net bad.csv"), if store.is_empty() { 2 } else { 3 });
    assert!(said.contains("nothing.png"), "{said}");
    let runs = home.json(&format!("{store} runs d"));
    let told = [&runs[0]["run"], &runs[0]["state"], &runs[0]["epochs"], &runs[0]["rows"], &runs[0]["table"]];
    assert_eq!(told, [&json!("net"), &json!("finished"), &json!(2), &json!(3), &json!("samples")], "{runs}");
    assert!(ok("runs").contains("finished"), "{}", ok("runs"));
}

/// What the run has recorded of the sample that was moved, by a service.
fn recorded(service: &Service) -> Value {
    let (_, answer) = service.ask("GET", "/v1/runs/net/metrics?sample=cat/a.png", None);
    answer["rows"].as_array().expect("rows").iter().map(|row| json!([row["epoch"], row["loss"]])).collect()
}

#[test]
fn files_are_recorded_in_a_store_in_a_folder() {
    let home = home();
    record(&home, "");
    let different = home.fails("run-log net 0.csv --on d@main~1", 3);
    assert!(different.contains("looks at something else"), "{different}");
    home.fails("run-log new bad.csv --on d", 2);
    assert_eq!(home.json("runs").as_array().map(Vec::len), Some(1), "no run was begun for a bad file");
    assert_eq!(home.json("run-log other 0.csv")["rows"], 2, "without a dataset any sample is one");
    let rows = home.ok("sql 'SELECT sample, loss FROM runs.net WHERE epoch = 1' --format csv");
    assert_eq!(rows, "sample,loss\ncat/a.png,0.125\n");
    home.has_lost_nothing();
    assert_eq!(recorded(&Service::start(&home)), json!([[0, 0.5], [1, 0.125]]));
}

#[test]
fn files_are_recorded_while_a_service_has_the_store() {
    let home = home();
    let service = Service::start(&home);
    record(&home, "");
    assert_eq!(recorded(&service), json!([[0, 0.5], [1, 0.125]]));
}

#[test]
fn files_are_recorded_by_a_service_elsewhere() {
    let home = home();
    let service = Service::start(&home);
    record(&home, &format!("--store {}", service.url()));
    assert_eq!(recorded(&service), json!([[0, 0.5], [1, 0.125]]));
    let ask = |rest: &str| format!("--store {} sql {rest}", service.url());
    let rows = home.ok(&ask("'SELECT sample, loss FROM runs.net WHERE epoch = 1' --format csv"));
    assert_eq!(rows, "sample,loss\ncat/a.png,0.125\n");
    assert_eq!(home.ok(&ask("'SELECT 1 AS n WHERE 1 = 2' --format csv")), "n\n");
    assert!(home.fails(&ask("'SELECT nothing'"), 2).contains("nothing"));
}

#[test]
fn what_is_put_into_the_inbox_becomes_rows_once_and_is_moved_away() {
    let home = home();
    let service = Service::start(&home);
    let inbox = home.store().join("inbox/net");
    let put = |name: &str, text: &str| {
        fs::create_dir_all(&inbox).expect("a folder");
        fs::write(inbox.join(format!("{name}.tmp")), text).expect("written");
        fs::rename(inbox.join(format!("{name}.tmp")), inbox.join(name)).expect("renamed");
    };
    let comes = |path: PathBuf| {
        wait::until(PATIENCE, || path.exists());
        assert!(path.exists(), "{} is not there: {:?}", path.display(), fs::read_dir(&inbox).map(|it| it.count()));
    };
    put("run.json", &json!({ "dataset": "d", "parameters": {"lr": 0.1} }).to_string());
    let rows = "path,loss\ndog/a.png,0.5\ndog/b.png,0.25\n";
    put("0.csv", rows);
    comes(inbox.join("done/0.csv"));
    let run = service.ask("GET", "/v1/runs/net", None).1;
    assert_eq!((&run["rows"], &run["dataset"], &run["parameters"]["lr"]), (&json!(2), &json!("d"), &json!(0.1)));
    put("0.csv", rows);
    comes(inbox.join("done/2-0.csv"));
    put("bad.csv", "sample,loss\nnothing.png,0.5\n");
    comes(inbox.join("failed/bad.csv.txt"));
    let reason = fs::read_to_string(inbox.join("failed/bad.csv.txt")).expect("text");
    assert!(reason.contains("nothing.png") && inbox.join("failed/bad.csv").exists(), "{reason}");
    assert_eq!(recorded(&service), json!([[0, 0.5]]), "once");
    assert!(inbox.join("run.json").exists());
}
