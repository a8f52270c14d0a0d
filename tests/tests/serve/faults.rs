//! What was acknowledged over HTTP survives a kill; a full disk is told as 507.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, thread};

use harness::service::Service;
use harness::{Home, Rng, disk, source};
use rustix::process::Signal;
use serde_json::{Value, json};

const EDITS: &str = "/v1/datasets/d/drafts/main/edits";
const COMMIT: &str = "/v1/datasets/d/drafts/main/commit";

fn set(row: usize, value: u64) -> Value {
    json!({ "edits": [{ "kind": "set", "table": "t", "keys": [row.to_string()], "cells": { "n": value } }] })
}

#[test]
fn a_kill_in_the_middle_of_edits_loses_nothing_that_was_acknowledged() {
    let rows: String = (0..50).map(|row| format!("{row},0\n")).collect();
    let home = Home::with(&source! { "t.csv": format!("id,n\n{rows}").as_str() });
    let mut rng = Rng::seeded();
    let (mut acknowledged, mut asked) = (0u64, 0u64);
    for round in 0..6 {
        let service = Service::start(&home);
        // What was acknowledged is there, with its undo; what was only asked for may be, too.
        let draft = service.ask("GET", "/v1/datasets/d/drafts/main", None).1;
        let diff = service.get("/v1/datasets/d/at/draft:main/files/t.csv");
        let shown: u64 =
            diff.lines().find_map(|line| line.strip_prefix("7,")).expect("row 7").trim().parse().expect("n");
        assert!((acknowledged..=asked).contains(&shown), "round {round}: {shown} of {acknowledged}..={asked}");
        assert!(draft["step"].is_null() || draft["can_undo"].is_string(), "round {round}: {draft}");
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let editing = scope.spawn(|| {
                let (mut acknowledged, mut asked) = (shown, shown);
                while !is_over.load(Ordering::Relaxed) {
                    asked += 1;
                    match service.try_ask("POST", EDITS, Some(&set(7, asked))) {
                        Ok((200, _)) => acknowledged = asked,
                        Ok((status, answer)) => panic!("{status}: {answer}"),
                        Err(_) => break,
                    }
                    if asked % 7 == 0 && service.try_ask("POST", COMMIT, Some(&json!({ "message": "n" }))).is_err() {
                        break;
                    }
                }
                (acknowledged, asked)
            });
            thread::sleep(Duration::from_millis(100 + rng.below(300) as u64));
            service.signal(Signal::KILL);
            is_over.store(true, Ordering::Relaxed);
            (acknowledged, asked) = editing.join().expect("no failed request");
        });
        drop(service);
        home.has_lost_nothing();
    }
    assert!(acknowledged > 20, "only {acknowledged} edits were acknowledged");
}

/// What one writer knows of what it wrote: all up to the first number was acknowledged, up to the second asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    acknowledged: u64,
    asked: u64,
}

fn batch(number: u64) -> (String, Value) {
    let columns = json!({ "sample": ["0", "7"], "epoch": number, "loss": [number, 0.5] });
    (format!("/v1/runs/net/batches/b{number}"), json!({ "columns": columns }))
}

/// Sends batches until nobody answers.
fn measure(service: &Service, mut written: Written) -> Written {
    loop {
        written.asked += 1;
        let (path, rows) = batch(written.asked);
        match service.try_ask("PUT", &path, Some(&rows)) {
            Ok((200, _)) => written.acknowledged = written.asked,
            Ok((status, answer)) => panic!("{status}: {answer}"),
            Err(_) => return written,
        }
    }
}

/// Sets row 7 to greater and greater numbers, takes steps back and forth, and commits, until nobody answers.
fn edit(service: &Service, mut written: Written) -> Written {
    const DRAFT: &str = "/v1/datasets/d/drafts/main";
    loop {
        written.asked += 1;
        match service.try_ask("POST", EDITS, Some(&set(7, written.asked))) {
            Ok((200, _)) => written.acknowledged = written.asked,
            Ok((status, answer)) => panic!("{status}: {answer}"),
            Err(_) => return written,
        }
        if written.asked.is_multiple_of(3) {
            written.acknowledged -= 1;
            for action in ["undo", "redo"] {
                match service.try_ask("POST", &format!("{DRAFT}/{action}"), Some(&json!({}))) {
                    Ok((200, _)) => {}
                    Ok((status, answer)) => panic!("{action}: {status}: {answer}"),
                    Err(_) => return written,
                }
            }
            written.acknowledged += 1;
        }
        if written.asked.is_multiple_of(5) && service.try_ask("POST", COMMIT, Some(&json!({ "message": "n" }))).is_err()
        {
            return written;
        }
    }
}

/// What row 7 is in the draft.
fn shown(service: &Service) -> u64 {
    let text = service.get("/v1/datasets/d/at/draft:main/files/t.csv");
    text.lines().find_map(|line| line.strip_prefix("7,")).expect("row 7").trim().parse().expect("a number")
}

/// What was written is there after the service has begun again.
fn check_written(service: &Service, edits: Written, batches: Written) {
    let is = shown(service);
    assert!((edits.acknowledged..=edits.asked).contains(&is), "{is} of {edits:?}");
    let draft = service.ask("GET", "/v1/datasets/d/drafts/main", None).1;
    for (can, action) in [("can_undo", "undo"), ("can_redo", "redo")] {
        if draft[can].is_string() {
            let back = if action == "undo" { "redo" } else { "undo" };
            for action in [action, back] {
                let path = format!("/v1/datasets/d/drafts/main/{action}");
                let (status, answer) = service.ask("POST", &path, Some(&json!({})));
                assert_eq!(status, 200, "{action}: {answer}");
            }
            assert_eq!(shown(service), is, "there and back");
        }
    }
    let epochs = service.ask("GET", "/v1/runs/net/metrics?sample=0&limit=10000", None).1;
    let epochs: Vec<u64> =
        epochs["rows"].as_array().expect("rows").iter().map(|row| row["epoch"].as_u64().expect("a number")).collect();
    let all: Vec<u64> = (1..=batches.acknowledged).collect();
    assert_eq!(epochs[..all.len().min(epochs.len())], all, "of {batches:?}");
    assert!(epochs.len() as u64 <= batches.asked, "{} of {batches:?}", epochs.len());
    if batches.acknowledged > 0 {
        let (path, rows) = batch(batches.acknowledged);
        assert_eq!(service.ask("PUT", &path, Some(&rows)).1["repeated"], true);
    }
}

#[test]
fn a_kill_in_the_middle_of_edits_undos_commits_and_batches_loses_nothing_that_was_acknowledged() {
    let rows: String = (0..50).map(|row| format!("{row},0\n")).collect();
    let home = Home::with(&source! { "t.csv": format!("id,n\n{rows}").as_str() });
    let mut rng = Rng::seeded();
    let (mut edits, mut batches) = (Written::default(), Written::default());
    for round in 0..6 {
        let running = Service::start(&home);
        let service = &running;
        match round {
            0 => {
                let run = json!({ "name": "net", "dataset": "d", "table": "t" });
                assert_eq!(service.ask("POST", "/v1/runs", Some(&run)).0, 201);
            }
            _ => check_written(service, edits, batches),
        }
        let now = shown(service);
        edits = Written { acknowledged: now, asked: now };
        // What was asked for and not answered may be there: it is sent again.
        batches.asked = batches.acknowledged;
        let known = (edits, batches);
        thread::scope(|scope| {
            let editing = scope.spawn(move || edit(service, known.0));
            let measuring = scope.spawn(move || measure(service, known.1));
            thread::sleep(Duration::from_millis(100 + rng.below(400) as u64));
            service.signal(Signal::KILL);
            edits = editing.join().expect("no failed request");
            batches = measuring.join().expect("no failed request");
        });
        // The next owner may only begin once this one is gone.
        drop(running);
        home.has_lost_nothing();
    }
    check_written(&Service::start(&home), edits, batches);
    assert!(edits.acknowledged > 10 && batches.acknowledged > 10, "only {edits:?} and {batches:?}");
}

#[test]
fn a_full_disk_is_told_and_what_frees_space_still_works() {
    let disk = match disk::Ext4::new(96 << 20) {
        Ok(disk) => disk,
        Err(why) => return harness::skip::skipped(why),
    };
    let home = Home::new();
    home.keep_store_in(&disk.path());
    home.source("src", &source! { "t.csv": "id,n\n0,0\n1,0\n" });
    home.ok("import d src");
    let service = Service::start(&home);
    assert_eq!(service.ask("POST", EDITS, Some(&set(0, 1))).0, 200);
    let filler = disk::fill(&disk.path(), "filler").expect("only that the disk is full");
    let text = "x".repeat(1 << 20);
    let put = json!({ "edits": [{ "kind": "put-file", "path": "big", "content_base64": text }] });
    let (status, problem) = service.ask("POST", EDITS, Some(&put));
    assert_eq!((status, &problem["kind"]), (507, &json!("no-space")), "{problem}");
    assert_eq!(service.ask("POST", "/v1/datasets/d/drafts/main/undo", Some(&json!({}))).0, 200);
    assert_eq!(service.ask("POST", "/v1/datasets/d/drafts/main/redo", Some(&json!({}))).0, 200);
    fs::remove_file(filler).expect("our own file");
    assert_eq!(service.ask("POST", EDITS, Some(&put)).0, 200);
    assert_eq!(service.ask("POST", COMMIT, Some(&json!({ "message": "after" }))).0, 200);
    drop(service);
    home.ok("fsck");
}

#[test]
fn two_editors_race_for_a_branch_and_nothing_of_either_is_lost() {
    let rows: String = (0..40).map(|row| format!("{row},0\n")).collect();
    let home = Home::with(&source! { "t.csv": format!("id,n\n{rows}").as_str() });
    let service = Service::start(&home);
    thread::scope(|scope| {
        for (who, first) in [("ada", 0), ("bob", 20)] {
            let service = &service;
            scope.spawn(move || {
                for row in first..first + 10 {
                    let path = |action: &str| format!("/v1/datasets/d/drafts/main/{action}?author={who}");
                    let (status, edited) = service.ask("POST", &path("edits"), Some(&set(row, 1)));
                    assert_eq!(status, 200, "{edited}");
                    let (status, committed) = service.ask("POST", &path("commit"), Some(&json!({ "message": who })));
                    assert_eq!(status, 200, "{committed}");
                }
            });
        }
    });
    let text = home.ok("cat d t.csv");
    assert_eq!(text.lines().filter(|line| line.ends_with(",1")).count(), 20, "{text}");
    assert_eq!(home.json("log d").as_array().map(Vec::len), Some(21));
}

#[test]
fn a_source_of_very_deep_folders_is_served() {
    let home = Home::new();
    let mut deep = home.source("src", &source! { "labels.csv": "id,label\n1,cat\n" });
    for _ in 0..1_500 {
        deep.push("d");
        fs::create_dir(&deep).expect("a new folder");
    }
    home.ok("import d src");
    let service = Service::start(&home);
    let (status, tables) = service.ask("GET", "/v1/datasets/d/at/main/tables", None);
    assert_eq!((status, tables["tables"][0]["name"].as_str()), (200, Some("labels")), "{tables}");
}
