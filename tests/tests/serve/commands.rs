//! Every command works while a service has the store, and over its URL.

use std::fs;

use harness::service::Service;
use harness::{Home, Mount, need, skip, source};
use serde_json::json;

const LABELS: &str = "image,label,score\na.png,cat,0.5\nb.png,dog,0.25\n";

fn home() -> Home {
    Home::with(&source! { "labels.csv": LABELS, "images/a.png": "pixels of a", "images/b.png": "pixels of b" })
}

/// What a person does with a dataset, from the first edit to a merge; `store` stands before every command.
fn work_through(home: &Home, store: &str) {
    let ok = |line: &str| home.ok(&format!("{store} {line}"));
    let json = |line: &str| home.json(&format!("{store} {line}"));
    home.file("new", "new content");
    ok("datasets");
    assert_eq!(ok("cat d images/a.png"), "pixels of a");
    ok("put d images/c.png new");
    ok("set d labels --key 0 label=lion");
    ok("undo d");
    ok("redo d");
    ok("mkdir d extra");
    ok("mv d images/b.png extra/b.png");
    ok("rm d images/a.png");
    ok("discard d images/a.png");
    assert_eq!(json("status d").as_array().map(Vec::len), Some(4), "{}", json("status d"));
    ok("commit d -m 'by the service'");
    assert!(ok("cat d labels.csv").contains("a.png,lion"));
    ok("branch d fix");
    ok("tag d v1");
    ok("set d@fix labels --key 1 label=wolf");
    ok("commit d@fix -m wolves");
    ok("set d labels --key 0 label=tiger");
    ok("commit d -m tigers");
    ok("merge d fix");
    assert_eq!(ok("cat d labels.csv"), "image,label,score\na.png,tiger,0.5\nb.png,wolf,0.25\n");
    ok("revert d main~1");
    for line in ["log d", "diff d v1 main", "diff d v1 main --rows", "tables d", "rows d labels", "ls d"] {
        ok(line);
    }
    ok("branch d -d fix");
    ok("tag d -d v1");
    fs::write(home.join("src/late.txt"), "late").expect("our own file");
    assert_eq!(json("refresh d")["added"], 1);
    home.source("other", &source! { "x": "y" });
    ok("import e other");
    assert_eq!(json("datasets").as_array().map(Vec::len), Some(2));
    ok("export d out");
    assert_eq!(fs::read_to_string(home.join("out/late.txt")).expect("exported"), "late");
}

#[test]
fn every_command_works_while_a_service_has_the_store() {
    let home = home();
    let service = Service::start(&home);
    work_through(&home, "");
    drop(service);
    home.ok("fsck");
    assert_eq!(home.json("datasets").as_array().map(Vec::len), Some(2));
}

#[test]
fn every_command_works_over_the_url_of_a_service() {
    let home = home();
    let service = Service::start(&home);
    work_through(&home, &format!("--store {}", service.url()));
    drop(service);
    home.has_lost_nothing();
}

#[test]
fn what_a_service_cannot_be_asked_for_is_refused_with_a_hint() {
    let home = home();
    let service = Service::start(&home);
    for line in ["fsck --rebuild", "serve --port 0"] {
        let said = home.fails(line, 3);
        assert!(said.contains("a service has the store") && said.contains("\nhint: "), "`{line}`: {said}");
    }
    drop(service);
    home.ok("fsck --rebuild");
}

#[test]
fn a_draft_is_the_same_for_the_command_and_over_http() {
    let home = home();
    let service = Service::start(&home);
    home.ok("set d labels --key 0 label=lion");
    let draft = service.ask("GET", "/v1/datasets/d/drafts/main?author=ada", None).1;
    assert_eq!((&draft["edits"]["set"], &draft["writer"]), (&json!(1), &json!("ada")), "{draft}");
    let edits = json!({ "edits": [{ "kind": "set", "table": "labels", "keys": ["1"], "cells": { "label": "wolf" } }] });
    let (status, edited) = service.ask("POST", "/v1/datasets/d/drafts/main/edits?author=ada", Some(&edits));
    assert_eq!(status, 200, "{edited}");
    assert!(home.ok("cat d labels.csv --draft").contains("b.png,wolf"));
    home.ok("undo d");
    assert_eq!(service.ask("GET", "/v1/datasets/d/drafts/main?author=ada", None).1["edits"]["set"], 1);
    home.ok("commit d -m lions");
    assert!(service.get("/v1/datasets/d/at/main/files/labels.csv").contains("a.png,lion"));
}

#[test]
fn what_was_written_through_a_mount_reaches_the_draft_while_a_service_has_the_store() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d --writable");
    let service = Service::start(&home);
    fs::write(mount.join("images/a.png"), "painted").expect("writable");
    let draft = service.ask("GET", "/v1/datasets/d/drafts/main?author=ada", None).1;
    assert_eq!(draft["edits"]["files"], 1, "{draft}");
    let edits = json!({ "edits": [{ "kind": "set", "table": "labels", "keys": ["1"], "cells": { "label": "wolf" } }] });
    service.ask("POST", "/v1/datasets/d/drafts/main/edits?author=ada", Some(&edits));
    fs::write(mount.join("new.txt"), "new").expect("writable");
    assert_eq!(home.json("status d").as_array().map(Vec::len), Some(3), "{}", home.json("status d"));
    let (status, committed) =
        service.ask("POST", "/v1/datasets/d/drafts/main/commit?author=ada", Some(&json!({ "message": "all of it" })));
    assert_eq!((status, &committed["changes"]), (200, &json!(3)), "{committed}");
    assert_eq!(home.ok("cat d images/a.png"), "painted");
    harness::wait::until(std::time::Duration::from_secs(5), || mount.text("labels.csv").contains("b.png,wolf"));
    assert!(mount.text("labels.csv").contains("b.png,wolf"), "an edit over HTTP shows in the mount");
    mount.unmount();
}
