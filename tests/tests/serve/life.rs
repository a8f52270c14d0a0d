//! The service begins, answers and ends.

use harness::service::Service;
use harness::{Home, source};
use rustix::process::Signal;

#[test]
fn the_server_says_that_it_is_alive_and_stops_on_a_signal() {
    let home = Home::with(&source! { "a.txt": "a" });
    for signal in [Signal::TERM, Signal::INT] {
        let service = Service::start(&home);
        assert!(service.address.starts_with("127.0.0.1:"), "{}", service.address);
        let answer = service.get("/healthz");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains(r#"{"status":"ok","version":""#), "{answer}");
        let answer = service.get("/v1/datasets/d/at/main/files/a.txt");
        assert!(answer.ends_with("\r\n\r\na"), "{answer}");
        assert!(home.store().join("service.sock").exists());
        assert!(service.stop(signal).success());
        assert!(!home.store().join("service.sock").exists());
    }
}

#[test]
fn the_dashboard_has_a_port_of_its_own_and_answers_all_routes_there() {
    let home = Home::with(&source! { "a.txt": "a" });
    let mut service = Service::start(&home);
    let object_service = service.address.clone();
    service.address = service.dashboard();
    assert_ne!(service.address, object_service);
    let page = service.get("/datasets/d/at/main");
    // Built or not, it is a page, and it may load nothing from elsewhere.
    assert!(page.contains("content-type: text/html") && page.contains("default-src 'self'"), "{page}");
    let answer = service.get("/v1/datasets/d/at/main/files/a.txt");
    assert!(answer.ends_with("\r\n\r\na"), "{answer}");
    // Nobody else can have the port now, and is told so.
    let (_, port) = service.address.rsplit_once(':').expect("an address");
    let other = Home::with(&source! { "a.txt": "a" });
    let said = other.fails(&format!("serve --port 0 --dashboard-port {port}"), 3);
    assert!(said.contains("serve the Dashboard on 127.0.0.1"), "{said}");
}
