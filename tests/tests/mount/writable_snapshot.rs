//! A snapshot of a draft has all that was written before it, however it was written, and whatever goes on meanwhile.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use harness::{Home, Mount, need, skip, source};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

const LEN: usize = 16 * 4096;

/// A shared mapping of a whole file.
struct Map(*mut u8);

impl Map {
    fn new(file: &File) -> Map {
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: nobody is told of the address but this struct, which unmaps it.
        let at = unsafe { mmap(std::ptr::null_mut(), LEN, protection, flags, file, 0) };
        Map(at.expect("mappable").cast())
    }

    fn store(&self, at: usize, text: &[u8]) {
        assert!(at + text.len() <= LEN);
        // SAFETY: it lies within the mapping, which lives as long as this.
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), self.0.add(at), text.len()) };
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: it was mapped above, and nobody uses it after this.
        unsafe { munmap(self.0.cast(), LEN).expect("mapped above") };
    }
}

fn open(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).expect("it is there")
}

#[test]
fn a_store_to_a_mapped_page_is_in_the_next_commit_with_the_file_open_or_closed() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": vec![b'.'; LEN], "b": vec![b'.'; LEN] });
    let mount = Mount::new(&home, "d --writable");
    for (name, stays_open) in [("a", true), ("b", false)] {
        let file = open(&mount.join(name));
        let map = Map::new(&file);
        let file = stays_open.then_some(file);
        for (round, at) in [(1, 100), (2, 100), (3, 100), (4, 5 * 4096)] {
            let text = format!("{name}{round}");
            map.store(at, text.as_bytes());
            home.ok(&format!("commit d -m {text}"));
            let committed = home.ok(&format!("cat d {name}"));
            assert_eq!(&committed[at..at + 2], text, "{name} {round}");
            assert_eq!(home.json("diff d"), serde_json::json!([]), "nothing is left to commit");
        }
        map.store(200, b"last");
        drop((map, file));
        assert!(fs::read_to_string(mount.join(name)).expect("readable")[200..].starts_with("last"));
        home.ok(&format!("commit d -m {name}"));
    }
    mount.unmount();
    for name in ["a", "b"] {
        assert!(home.ok(&format!("cat d {name}"))[200..].starts_with("last"), "{name}");
    }
}

#[test]
fn a_snapshot_is_made_while_programs_save_by_rename() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "one" });
    let mount = Mount::new(&home, "d --writable");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                let (temporary, path) = (mount.join("new"), mount.join(&format!("f{}", number % 50)));
                fs::write(&temporary, format!("{number} ").repeat(50)).expect("written");
                fs::rename(&temporary, path).expect("renamed");
            }
        });
        for round in 0..10 {
            let ran = home.run(&format!("commit d -m {round}"));
            let told = home.run("status d");
            if ran.code != Some(0) || told.code != Some(0) {
                stop.store(true, Ordering::Relaxed);
                panic!("round {round}: {} {}", ran.stderr, told.stderr);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let whole = |text: &str| {
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        words.len() == 50 && words.iter().all(|word| *word == words[0])
    };
    let text = home.ok("cat d f7");
    assert!(whole(&text), "a file that was renamed into place is torn: {text}");
}
