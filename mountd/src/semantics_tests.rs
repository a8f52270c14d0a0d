//! Every promise of `docs/SEMANTICS.md` names tests, and every test that it names exists.

use std::fs;
use std::path::Path;

fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { sources(&path) } else { fs::read_to_string(path).expect("text") }).collect()
}

#[test]
fn every_promise_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let text = fs::read_to_string(root.join("docs/SEMANTICS.md")).expect("the document");
    let places = [
        ("mountd", "mountd/src"),
        ("daemon", "mountd/tests"),
        ("mount", "tests/tests/mount"),
        ("rows", "tests/tests/rows"),
        ("cli", "tests/tests/cli"),
        ("core", "src/dataset"),
        ("serve", "tests/tests/serve"),
    ]
    .map(|(place, folder)| (place, sources(&root.join(folder))));
    let mut promises = 0;
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise")) {
        let (_, tests) = line.trim_end_matches(" |").rsplit_once(" | ").expect("two columns");
        for name in tests.split(", ") {
            let name = name.trim_matches('`');
            let (place, test) = name.split_once('/').unwrap_or_else(|| panic!("`{name}` is no test: {line}"));
            let code = places.iter().find(|(known, _)| *known == place).map(|(_, code)| code);
            let code = code.unwrap_or_else(|| panic!("`{name}` is nowhere"));
            assert!(code.contains(&format!("fn {test}()")), "there is no test `{name}`");
        }
        promises += 1;
    }
    assert!(promises > 25, "{promises}");
}
