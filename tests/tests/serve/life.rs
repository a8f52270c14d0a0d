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
