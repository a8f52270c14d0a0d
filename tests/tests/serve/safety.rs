//! Who may use a service, and what is written down of it.

use std::time::Duration;

use harness::service::Service;
use harness::{Home, source, wait};
use rustix::process::Signal;
use serde_json::{Value, json};

const EDITS: &str = "/v1/datasets/d/drafts/main/edits";

fn put(path: &str) -> Value {
    json!({ "edits": [{ "kind": "put-file", "path": path, "content_base64": "bmV3" }] })
}

#[test]
fn a_token_is_needed_as_soon_as_there_is_one_and_says_what_its_owner_may() {
    let home = Home::with(&source! { "a.txt": "a" });
    let service = Service::start(&home);
    assert_eq!(service.ask("GET", "/v1/datasets", None).0, 200);
    let token = |line: &str| home.ok(line).trim().to_owned();
    let (viewer, editor) = (token("token new vera --role viewer"), token("token new 'ed it' --role editor"));
    assert!(viewer.starts_with("veneer_") && viewer.lines().count() == 1, "{viewer}");
    wait::until(Duration::from_secs(5), || service.ask("GET", "/v1/datasets", None).0 == 401);
    assert_eq!(service.ask("GET", "/v1/datasets", None).0, 401);
    assert_eq!(service.ask_as(&viewer, "GET", "/v1/datasets", None).0, 200);
    assert_eq!(service.ask_as(&viewer, "POST", EDITS, Some(&put("b"))).0, 403);
    let (status, edited) = service.ask_as(&editor, "POST", EDITS, Some(&put("b")));
    assert_eq!((status, &edited["writer"]), (200, &json!("ed it")), "{edited}");
    let listed = home.json("token list");
    assert_eq!((&listed[0]["name"], &listed[0]["role"]), (&json!("vera"), &json!("viewer")), "{listed}");
    assert!(!listed.to_string().contains(viewer.rsplit('_').next().expect("a secret")));
    // The owner's own socket needs none.
    home.ok("tag d v1");
    let over_tcp = home.run(&format!("--store {} log d", service.url()));
    assert_eq!(over_tcp.code, Some(3), "{over_tcp:?}");
    home.ok(&format!("token revoke {}", listed[0]["id"].as_str().expect("an id")));
    wait::until(Duration::from_secs(5), || service.ask_as(&viewer, "GET", "/v1/datasets", None).0 == 401);
    assert_eq!(service.ask_as(&viewer, "GET", "/v1/datasets", None).0, 401);
    assert_eq!(service.ask_as(&editor, "GET", "/v1/datasets", None).0, 200);
    home.fails("token revoke nothing", 3);
}

#[test]
fn every_change_is_in_the_audit_log_with_who_and_from_where() {
    let home = Home::with(&source! { "a.txt": "a" });
    let service = Service::start(&home);
    service.ask("GET", "/v1/datasets", None);
    service.ask("POST", &format!("{EDITS}?author=bob"), Some(&put("b")));
    service.ask("POST", "/v1/datasets/d/drafts/main/commit?author=bob", Some(&json!({ "message": "b" })));
    service.ask("POST", "/v1/datasets/d/drafts/main/undo?author=bob", Some(&json!({})));
    home.ok("tag d v1");
    let log = std::fs::read_to_string(home.store().join("audit.log")).expect("it was begun");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<_> = lines.iter().map(|line| (line["path"].as_str().expect("text"), &line["status"])).collect();
    let path = |action: &str| format!("/v1/datasets/d/drafts/main/{action}");
    let (edits, commit, undo) = (path("edits"), path("commit"), path("undo"));
    assert_eq!(
        told,
        [(&*edits, &json!(200)), (&*commit, &json!(200)), (&*undo, &json!(409)), ("/v1/apply", &json!(200))]
    );
    assert_eq!((&lines[0]["who"], &lines[0]["detail"]), (&json!("bob"), &json!("put b")));
    assert!(lines[0]["from"].as_str().is_some_and(|from| from.starts_with("127.0.0.1:")), "{log}");
    assert!(lines[3]["from"].as_str().is_some_and(|from| from.starts_with("process ")), "{log}");
    assert_eq!((&lines[3]["who"], &lines[3]["detail"]), (&json!("ada"), &json!(["tags/d/v1"])));
}

#[test]
fn events_tell_what_commands_do_and_end_with_the_service() {
    let home = Home::with(&source! { "a.txt": "a" });
    let service = Service::start(&home);
    let mut events = service.listen("/v1/events", None);
    let (_, ready) = events.wait();
    home.file("new", "new");
    home.ok("put d b.txt new");
    let (kind, draft) = events.wait();
    assert_eq!((&*kind, &draft["branch"], &draft["writer"]), ("draft", &json!("main"), &json!("ada")), "{draft}");
    let shown = service.ask("GET", "/v1/datasets/d/drafts/main?author=ada", None).1;
    assert_eq!(draft["etag"], shown["etag"]);
    home.ok("commit d -m b");
    let mut found = [events.wait().0, events.wait().0];
    found.sort();
    assert_eq!(found, ["draft", "ref"]);
    let mut again = service.listen("/v1/events", Some(&ready["op"].to_string()));
    let kinds: Vec<String> = (0..4).map(|_| again.wait().0).collect();
    assert_eq!((&*kinds[0], &*kinds[1]), ("ready", "draft"), "what was missed comes first");
    assert_eq!(service.listen("/v1/events", Some("1")).wait().0, "reset");
    assert!(service.stop(Signal::TERM).success(), "listeners do not hold it up");
}

#[test]
fn a_service_restarts_under_a_mount_that_reads_on_and_follows_again() {
    harness::need!(harness::skip::mounting());
    let home = Home::with(&source! { "a.txt": "a" });
    let mount = harness::Mount::new(&home, "d");
    for (round, text) in ["one", "two"].into_iter().enumerate() {
        let service = Service::start(&home);
        assert_eq!(mount.text("a.txt"), if round == 0 { "a" } else { "one" });
        home.file("new", text);
        home.ok("put d a.txt new");
        home.ok("commit d -m new");
        wait::until(Duration::from_secs(5), || mount.text("a.txt") == text);
        assert_eq!(mount.text("a.txt"), text);
        service.stop(Signal::KILL);
    }
    assert_eq!(mount.text("a.txt"), "two");
}
