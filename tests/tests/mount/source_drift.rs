//! A source file that is no longer what was recorded: an error and a line in the log, never wrong bytes.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use harness::{Home, Mount, need, skip, source, wait};

/// Does something to `src/a`, of 8 bytes, and expects that reading it in the mount is refused and logged.
fn check_drift(change: impl FnOnce(&Path)) {
    let home = Home::with(&source! { "a": "12345678", "b": "as it was" });
    let mount = Mount::new(&home, "d");
    change(&home.join("src/a"));
    let mut text = String::new();
    let read = File::open(mount.join("a")).and_then(|mut file| file.read_to_string(&mut text));
    let error = read.err().unwrap_or_else(|| panic!("wrong bytes were served: {text:?}"));
    assert_eq!(error.raw_os_error(), Some(libc::ESTALE), "{error}");
    assert_eq!(mount.text("b"), "as it was", "what did not change can be read");
    let logged = wait::until(Duration::from_secs(2), || mentions(&home.join("home"), "`a`"));
    assert!(logged.is_some(), "there is no line about it in any log");
    let refused = home.run("cat d a");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("veneer refresh d"), "{}", refused.stderr);
}

/// Whether a file below `folder` has a line with `what` in it.
fn mentions(folder: &Path, what: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return mentions(&path, what);
        }
        fs::read(&path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(what))
    })
}

#[test]
fn a_modified_file_is_refused() {
    need!(skip::mounting());
    check_drift(|file| fs::write(file, "87654321").expect("our own source"));
}

#[test]
fn a_file_that_shrank_is_refused() {
    need!(skip::mounting());
    check_drift(|file| {
        let time = fs::metadata(file).and_then(|meta| meta.modified()).expect("there");
        let file = OpenOptions::new().write(true).open(file).expect("our own source");
        file.set_len(4).and_then(|()| file.set_modified(time)).expect("our own source");
    });
}

#[test]
fn a_file_that_grew_is_refused() {
    need!(skip::mounting());
    check_drift(|file| {
        let mut file = OpenOptions::new().append(true).open(file).expect("our own source");
        file.write_all(b"more").expect("our own source");
    });
}

#[test]
fn a_file_that_vanished_is_refused() {
    need!(skip::mounting());
    check_drift(|file| fs::remove_file(file).expect("our own source"));
}

#[test]
fn a_file_that_became_a_folder_or_a_link_is_refused() {
    need!(skip::mounting());
    check_drift(|file| {
        fs::remove_file(file).expect("our own source");
        fs::create_dir(file).expect("our own source");
    });
    check_drift(|file| {
        fs::remove_file(file).expect("our own source");
        std::os::unix::fs::symlink("b", file).expect("our own source");
    });
}

#[test]
fn a_folder_above_that_became_a_link_out_of_the_source_is_not_followed() {
    need!(skip::mounting());
    let home = Home::with(&source! { "in/a": "inside!!", "b": "as it was" });
    let mount = Mount::new(&home, "d");
    let recorded = fs::metadata(home.join("src/in/a")).expect("there");
    fs::create_dir(home.join("outside")).expect("a new folder");
    fs::rename(home.join("src/in"), home.join("in was")).expect("our own source");
    let trap = home.file("outside/a", "outside!");
    let time = SystemTime::UNIX_EPOCH + Duration::new(recorded.mtime() as u64, recorded.mtime_nsec() as u32);
    File::options().write(true).open(trap).and_then(|file| file.set_modified(time)).expect("our own file");
    std::os::unix::fs::symlink("../outside", home.join("src/in")).expect("our own source");
    let error = fs::read(mount.join("in/a")).expect_err("the file outside has the same size and time");
    assert_eq!(error.raw_os_error(), Some(libc::ESTALE), "{error}");
}

#[test]
fn a_file_that_is_put_back_as_it_was_can_be_read_again() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "12345678" });
    let mount = Mount::new(&home, "d");
    fs::rename(home.join("src/a"), home.join("kept")).expect("our own source");
    assert!(fs::read(mount.join("a")).is_err());
    fs::rename(home.join("kept"), home.join("src/a")).expect("our own source");
    assert_eq!(mount.text("a"), "12345678");
}

#[test]
fn a_source_that_is_gone_whole_leaves_what_was_changed_readable() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "12345678", "b": "replaced below" });
    home.file("new", "ours");
    home.ok("put d b new");
    home.ok("commit d -m ours");
    fs::rename(home.join("src"), home.join("elsewhere")).expect("our own source");
    assert_eq!(home.ok("cat d b"), "ours");
    assert_eq!(home.run("cat d a").stdout, "");
    let names: Vec<_> =
        home.json("ls d").as_array().expect("a list").iter().map(|entry| entry["name"].clone()).collect();
    assert_eq!(names, ["a", "b"]);
}
