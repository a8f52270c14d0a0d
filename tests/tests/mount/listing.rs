//! Listing folders, big ones too, with all the calls that C programs use for it.

use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use harness::{Home, Mount, Rng, need, skip, source};

/// How many entries the big folder has: a release build makes a full million.
const MANY: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

/// A C library's directory stream.
struct Stream(*mut libc::DIR);

impl Stream {
    fn open(path: &Path) -> Stream {
        let path = CString::new(path.as_os_str().as_bytes()).expect("no NUL");
        // SAFETY: the path ends with a NUL and lives through the call.
        let stream = unsafe { libc::opendir(path.as_ptr()) };
        assert!(!stream.is_null(), "{}", std::io::Error::last_os_error());
        Stream(stream)
    }

    /// The next name; `None` at the end.
    fn next(&mut self) -> Option<Vec<u8>> {
        // SAFETY: the stream is open, and the entry is copied before the next call.
        unsafe {
            let entry = libc::readdir64(self.0);
            (!entry.is_null()).then(|| CStr::from_ptr((*entry).d_name.as_ptr()).to_bytes().to_vec())
        }
    }

    fn rest(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.next()).collect()
    }

    fn tell(&mut self) -> libc::c_long {
        // SAFETY: the stream is open.
        unsafe { libc::telldir(self.0) }
    }

    fn seek(&mut self, place: libc::c_long) {
        // SAFETY: the stream is open, and the place is one that `telldir` gave.
        unsafe { libc::seekdir(self.0, place) }
    }

    fn rewind(&mut self) {
        // SAFETY: the stream is open.
        unsafe { libc::rewinddir(self.0) }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: the stream is open, and this is its last use.
        unsafe { libc::closedir(self.0) };
    }
}

fn tree_of(entries: usize) -> harness::Tree {
    (0..entries).map(|n| (format!("f{n:05}").into_bytes(), harness::Thing::from("x"))).collect()
}

#[test]
fn a_listing_can_be_rewound_and_gone_on_with_from_any_place() {
    need!(skip::mounting());
    let home = Home::with(&tree_of(3_000));
    let mount = Mount::new(&home, "d");
    let mut stream = Stream::open(mount.path());
    let mut seen = Vec::new();
    loop {
        let place = stream.tell();
        let Some(name) = stream.next() else { break };
        seen.push((place, name));
    }
    let all: Vec<Vec<u8>> = seen.iter().map(|(_, name)| name.clone()).collect();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 3_002, "each once, and `.` and `..`");
    let mut rng = Rng::seeded();
    for _ in 0..40 {
        let at = rng.below(seen.len());
        stream.seek(seen[at].0);
        assert_eq!(stream.next().as_ref(), Some(&seen[at].1), "the entry at place {at}");
        assert_eq!(stream.rest(), all[at + 1..]);
    }
    stream.rewind();
    assert_eq!(stream.rest(), all);
}

#[test]
fn dot_and_dot_dot_are_listed_with_the_folders_numbers() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a/b/c": "x" });
    let mount = Mount::new(&home, "d");
    let names: HashSet<Vec<u8>> = Stream::open(&mount.join("a/b")).rest().into_iter().collect();
    assert_eq!(names, HashSet::from([b".".to_vec(), b"..".to_vec(), b"c".to_vec()]));
}

#[test]
fn a_folder_that_was_open_before_a_commit_is_listed_to_its_end() {
    need!(skip::mounting());
    let home = Home::with(&tree_of(3_000));
    let mount = Mount::new(&home, "d");
    let mut stream = Stream::open(mount.path());
    let first = stream.next().expect("there are thousands");
    home.ok("rm d f00000 f00001 f02999");
    home.ok("commit d -m 'three less'");
    let gone = harness::wait::until(std::time::Duration::from_secs(2), || !mount.join("f00000").exists());
    assert!(gone.is_some(), "the mount did not move");
    let mut names = stream.rest();
    names.push(first);
    let distinct: HashSet<&Vec<u8>> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "no entry is listed twice");
    assert!(distinct.len() >= 2_999 && distinct.len() <= 3_002, "{} entries", distinct.len());
    assert_eq!(Stream::open(mount.path()).rest().len(), 2_997 + 2);
}

#[test]
fn a_folder_of_very_many_entries_is_listed_whole() {
    need!(skip::mounting());
    let home = Home::in_memory();
    let folder = home.join("src/many");
    fs::create_dir_all(&folder).expect("a new folder");
    for number in 0..MANY {
        fs::File::create(folder.join(format!("{number:07}"))).expect("a new file");
    }
    home.ok("import d src");
    let mount = Mount::new(&home, "d");
    let mut seen = vec![false; MANY];
    for entry in fs::read_dir(mount.join("many")).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let number: usize = name.to_str().and_then(|name| name.parse().ok()).expect("a number");
        assert!(!std::mem::replace(&mut seen[number], true), "{number} came twice");
    }
    assert!(seen.iter().all(|seen| *seen), "an entry is missing");
    assert!(fs::metadata(mount.join(&format!("many/{:07}", MANY / 2))).is_ok());
}
