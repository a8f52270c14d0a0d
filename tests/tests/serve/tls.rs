//! A store over HTTPS: with a certificate that is trusted everything works, and else a person is told what is wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::service::Service;
use harness::{Home, need, skip, source, wait};

/// A certificate of these names that vouches for itself, and its key.
fn certificate(home: &Home, name: &str, names: &[&str]) -> (PathBuf, PathBuf) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).expect("made");
    let certificate = home.file(&format!("{name}.pem"), made.cert.pem());
    let key = home.file(&format!("{name}.key"), made.signing_key.serialize_pem());
    (certificate, key)
}

fn serve(home: &Home, certificate: &Path, key: &Path) -> Service {
    let (certificate, key) = (certificate.to_str().expect("text"), key.to_str().expect("text"));
    Service::start_with(home, &["--tls-cert", certificate, "--tls-key", key])
}

/// What a command printed that trusts this certificate, too; `Err` with what it said if it failed.
fn run(home: &Home, ca_file: Option<&str>, line: &str) -> Result<String, String> {
    let mut command: Command = home.command(line.split_whitespace());
    if let Some(file) = ca_file {
        command.env("VENEER_CA_FILE", file);
    }
    let output = command.output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[test]
fn commands_work_over_tls() {
    let home = Home::with(&source! { "labels.csv": "image,label\na.png,cat\n", "a.png": "pixels of a" });
    let (trusted, key) = certificate(&home, "ours", &["localhost", "127.0.0.1"]);
    let service = serve(&home, &trusted, &key);
    home.file("large", vec![7; 3 << 20]);
    home.source("other", &source! { "x": "y" });
    // A relative path is one from where the command runs.
    let ok = |line: &str| {
        let line = format!("--store {} {line}", service.url());
        run(&home, Some("ours.pem"), &line).unwrap_or_else(|said| panic!("{line}: {said}"))
    };
    ok("put d large large");
    ok("set d labels --key 0 label=lion");
    ok("commit d -m lion");
    assert_eq!(ok("cat d labels.csv"), "image,label\na.png,lion\n");
    assert_eq!(ok("cat d large").len(), 3 << 20);
    ok("import e other");
    ok("fsck");
    ok("gc");
    let by_name = service.url().replace("127.0.0.1", "localhost");
    assert!(run(&home, Some("ours.pem"), &format!("--store {by_name} log d")).is_ok_and(|log| log.contains("lion")));
}

#[test]
fn a_mount_reads_and_follows_over_tls() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a.txt": "a", "b.txt": "b" });
    let (trusted, key) = certificate(&home, "ours", &["127.0.0.1"]);
    let service = serve(&home, &trusted, &key);
    let folder = home.join("mounted");
    fs::create_dir(&folder).expect("a new folder");
    run(&home, Some("ours.pem"), &format!("--store {} mount d mounted", service.url())).expect("mounted");
    assert_eq!(fs::read_to_string(folder.join("a.txt")).expect("readable"), "a");
    home.file("new", "new");
    home.ok("put d a.txt new");
    home.ok("commit d -m new");
    let shown = || fs::read_to_string(folder.join("a.txt")).unwrap_or_default();
    assert!(wait::until(Duration::from_secs(10), || shown() == "new").is_some(), "it shows {}", shown());
    home.ok("unmount mounted");
}

#[test]
fn who_is_not_trusted_or_speaks_otherwise_is_told_with_a_hint() {
    let home = Home::with(&source! { "a.txt": "a" });
    let (ours, key) = certificate(&home, "ours", &["127.0.0.1"]);
    let (_, _) = certificate(&home, "others", &["127.0.0.1"]);
    home.file("nothing.pem", "no certificate\n");
    let service = serve(&home, &ours, &key);
    let says = |url: &str, ca_file: Option<&str>, why: &str, hint: &str| {
        let said = run(&home, ca_file, &format!("--store {url} log d")).expect_err("it is refused");
        assert!(said.contains(why) && said.contains(&format!("\nhint: {hint}")), "{url} with {ca_file:?}: {said}");
    };
    let (secure, plain) = (service.url(), service.url().replace("https://", "http://"));
    says(&secure, None, "nobody who is trusted here vouches for its certificate", "VENEER_CA_FILE");
    says(&secure, Some("others.pem"), "nobody who is trusted here vouches for its certificate", "VENEER_CA_FILE");
    says(
        &secure.replace("127.0.0.1", "localhost"),
        Some("ours.pem"),
        "its certificate is for another name",
        "name the",
    );
    says(&plain, None, "what answers there speaks no HTTP", "with `veneer serve --tls-cert`");
    for (file, why) in [("nothing.pem", "there is none in it"), ("missing.pem", "cannot read")] {
        let said = run(&home, Some(file), &format!("--store {secure} log d")).expect_err("it is refused");
        assert!(said.contains(why) && said.contains(file), "{said}");
    }
    drop(service);
    let service = Service::start(&home);
    let secure = service.url().replace("http://", "https://");
    says(&secure, Some("ours.pem"), "what answers there speaks no TLS", "without `veneer serve --tls-cert`");
}
