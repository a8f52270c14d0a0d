//! The running service against its own description, by a program that tries whatever that allows.

use std::fs;

use harness::service::Service;
use harness::{Home, Python, skip, source};

/// What a parameter may be; all others are whatever the description allows.
const PARAMETERS: &str = r#"
[parameters]
dataset = "d"
ref = ["main", "draft:main", "main~1", "nothing"]
table = ["samples", "labels", "nothing"]
branch = "main"
"#;

/// Answers without an end; a body of a form that only programs of ours write.
const LEFT_OUT: &str = "/v1/events|/v1/ops|/v1/apply";

/// What is held against each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance";

#[test]
fn every_answer_is_as_the_description_says_whatever_is_asked() {
    let python = match Python::with("contract") {
        Ok(python) => python,
        Err(why) => return skip::skipped(why),
    };
    let home = Home::with(&source! { "labels.csv": "image,label\na.png,cat\nb.png,dog\n", "a.png": "a", "b.png": "b" });
    let service = Service::start(&home);
    let settings = home.join("schemathesis.toml");
    fs::write(&settings, PARAMETERS).expect("written");
    // The same cases in each run, so that what is found was brought by a change; `SEED=` tries others.
    let (url, seed) = (service.url(), std::env::var("SEED").unwrap_or_else(|_| "7".to_owned()));
    let (description, settings) = (format!("{url}/v1/openapi.json"), settings.to_string_lossy().into_owned());
    #[rustfmt::skip]
    let arguments = [
        "schemathesis.cli", "--config-file", &settings, "run", &description, "--url", &url,
        "--exclude-path-regex", LEFT_OUT, "--checks", CHECKS, "--phases", "coverage,fuzzing",
        "--max-examples", "10", "--workers", "1", "--seed", &seed, "--no-color",
        // That it finds few examples for a description, or slowly, says nothing of the answers.
        "--suppress-health-check", "filter_too_much,too_slow,data_too_large",
    ];
    python.module_in(home.path(), &arguments).unwrap_or_else(|said| panic!("seed {seed}: {said}"));
    assert!(service.get("/healthz").starts_with("HTTP/1.1 200"), "it still serves");
}
