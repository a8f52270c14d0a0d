//! A writable mount whose serving process is killed again and again, under readers and writers who notice nothing.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::readers::{Readers, read_anew};
use harness::reference::Edit;
use harness::{Home, Mount, Rng, Tree, need, skip, source};
use rustix::fs::{CWD, RenameFlags, XattrFlags};

use super::kills::{RECOVERY, Recoveries, SLACK, while_killing};
use super::takeover::{contents, home_with};
use super::writable_draft::through_the_kernel;

/// Files and what is in them, as far as it was acknowledged.
type Written = BTreeMap<String, Vec<u8>>;

/// Writes, syncs, renames, appends to and removes files, all of which must succeed; returns what must be there.
fn write_and_sync(folder: &Path, rng: &mut Rng, stop: &AtomicBool) -> io::Result<(Written, u64)> {
    let (mut written, mut steps) = (Written::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        let name = format!("w{}", rng.below(30));
        let path = folder.join(&name);
        let len = 1 + rng.below(40_000);
        let bytes = rng.bytes(len);
        match rng.below(4) {
            0 | 1 => {
                let temporary = folder.join(format!("t{steps}"));
                let mut file = File::create_new(&temporary)?;
                file.write_all(&bytes)?;
                file.sync_all()?;
                fs::rename(&temporary, &path)?;
                File::open(folder)?.sync_all()?;
                written.insert(name, bytes);
            }
            2 => {
                let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
                file.write_all(&bytes[..len / 2])?;
                file.write_all(&bytes[len / 2..])?;
                file.sync_data()?;
                written.entry(name).or_default().extend_from_slice(&bytes);
            }
            _ if written.remove(&name).is_some() => fs::remove_file(&path)?,
            _ => match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => return Err(io::Error::other(format!("{name} was there: {other:?}"))),
            },
        }
        steps += 1;
        if let Some((name, bytes)) = written.iter().nth(rng.below(written.len().max(1)))
            && read_anew(&folder.join(name))? != *bytes
        {
            return Err(io::Error::other(format!("{name} has other bytes after {steps} steps")));
        }
    }
    Ok((written, steps))
}

fn check(folder: &Path, written: &Written) {
    let mut found = Written::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        found.insert(entry.file_name().into_string().expect("our own names"), read_anew(&entry.path()).expect("there"));
    }
    assert!(found == *written, "{:?} instead of {:?}", found.keys(), written.keys());
}

#[test]
#[expect(clippy::print_stdout, reason = "the measured times are of interest")]
fn four_readers_and_a_writer_who_syncs_notice_nothing_of_a_hundred_kills() {
    need!(skip::mounting());
    let mut rng = Rng::seeded();
    let contents = contents(&mut rng, 100);
    let home = home_with(&contents);
    let mount = Mount::new(&home, "d --writable");
    let folder = mount.join("written");
    fs::create_dir(&folder).expect("made");
    let readers = Readers::start(4, mount.path(), &contents);
    let stop = AtomicBool::new(false);
    let seed = rng.bits();
    let (times, wrote) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write_and_sync(&folder, &mut Rng::from_seed(seed), &stop));
        let times = Recoveries::of(&mount, 100, Duration::from_millis(60), &mut rng);
        stop.store(true, Ordering::Relaxed);
        (times, writer.join().expect("no panic"))
    });
    let (written, steps) = wrote.unwrap_or_else(|error| panic!("the writer saw {error}: {}", mount.log()));
    let seen = readers.finish();
    println!(
        "100 kills under 4 readers of {} files and a writer of {steps} steps: served again after {:?} (median), {:?} \
         (95 of 100), {:?} (longest); the longest step of a reader took {:?}",
        seen.files,
        times.percentile(50),
        times.percentile(95),
        times.percentile(100),
        seen.longest
    );
    check(&folder, &written);
    assert!(times.percentile(95) <= RECOVERY * SLACK, "{times:?}");
    assert!(seen.files > 100 && steps > 100);
    // Nor did the store lose anything.
    mount.unmount();
    home.ok("commit d -m written");
    let after = Mount::new(&home, "d");
    check(&after.join("written"), &written);
}

/// Does something to names in `folder`, which must succeed, and to the model of it.
fn change_a_name(folder: &Path, rng: &mut Rng, tree: &mut BTreeMap<String, Kind>, count: usize) -> io::Result<()> {
    let fresh = format!("n{count}");
    let at = |name: &str| folder.join(name);
    let old = tree.keys().nth(rng.below(tree.len().max(1))).cloned();
    let Some(old) = old.filter(|_| rng.below(3) > 0) else {
        let kind = match rng.below(3) {
            0 => File::create_new(at(&fresh)).map(|_| Kind::File(String::new()))?,
            1 => fs::create_dir(at(&fresh)).map(|()| Kind::Folder)?,
            _ => symlink("target", at(&fresh)).map(|()| Kind::Link)?,
        };
        tree.insert(fresh, kind);
        return Ok(());
    };
    let kind = tree[&old].clone();
    match (rng.below(5), &kind) {
        (0, Kind::Folder) => {
            fs::remove_dir(at(&old))?;
            tree.remove(&old);
        }
        (0, _) => {
            fs::remove_file(at(&old))?;
            tree.remove(&old);
        }
        (1, Kind::File(_)) => {
            fs::hard_link(at(&old), at(&fresh))?;
            fs::remove_file(at(&old))?;
            tree.remove(&old);
            tree.insert(fresh, kind);
        }
        (2, Kind::File(_)) => {
            // Over another file, whose bytes are gone then.
            File::create_new(at(&fresh))?.write_all(fresh.as_bytes())?;
            fs::rename(at(&fresh), at(&old))?;
            tree.insert(old, Kind::File(fresh));
        }
        (3, Kind::File(_) | Kind::Folder) => {
            let name = format!("user.{fresh}");
            rustix::fs::setxattr(at(&old), name.as_str(), b"x", XattrFlags::CREATE)?;
            rustix::fs::removexattr(at(&old), name.as_str())?;
        }
        _ => {
            rustix::fs::renameat_with(CWD, at(&old), CWD, at(&fresh), RenameFlags::NOREPLACE)?;
            tree.remove(&old);
            tree.insert(fresh, kind);
        }
    }
    Ok(())
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    File(String),
    Folder,
    Link,
}

#[test]
#[expect(clippy::print_stdout, reason = "how much was done is of interest")]
fn each_operation_on_names_is_done_once_however_often_it_is_asked_for() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "one" });
    let mount = Mount::new(&home, "d --writable");
    let mut rng = Rng::seeded();
    let folders: Vec<_> = (0..3).map(|number| mount.join(&format!("s{number}"))).collect();
    let seeds: Vec<_> = folders.iter().map(|folder| (folder, rng.bits())).collect();
    let storm = |folder: &Path, seed: u64| {
        fs::create_dir(folder).expect("made");
        let (mut rng, mut tree) = (Rng::from_seed(seed), BTreeMap::new());
        for count in 0..2500 {
            change_a_name(folder, &mut rng, &mut tree, count)
                .unwrap_or_else(|error| panic!("operation {count} with seed {seed}: {error}"));
        }
        tree
    };
    let (trees, kills) = while_killing(&mount, Duration::from_millis(30), || {
        std::thread::scope(|scope| {
            let started: Vec<_> =
                seeds.iter().map(|(folder, seed)| scope.spawn(move || storm(folder, *seed))).collect();
            started.into_iter().map(|thread| thread.join().expect("no operation fails")).collect::<Vec<_>>()
        })
    });
    println!("3 × 2500 operations on names under {kills} kills");
    assert!(kills >= 5, "{kills}");
    for (folder, tree) in folders.iter().zip(trees) {
        let found = fs::read_dir(folder).expect("a folder").map(|entry| {
            let entry = entry.expect("an entry");
            let of = entry.file_type().expect("a kind");
            let kind = match (of.is_dir(), of.is_symlink()) {
                (true, _) => Kind::Folder,
                (_, true) => Kind::Link,
                _ => Kind::File(fs::read_to_string(entry.path()).expect("readable")),
            };
            (entry.file_name().into_string().expect("our own names"), kind)
        });
        assert_eq!(found.collect::<BTreeMap<_, _>>(), tree);
    }
}

#[test]
fn random_operations_under_kills_are_those_on_a_plain_folder() {
    need!(skip::mounting());
    let mut tree =
        source! { "a/a": "1", "a/b": "22", "a/c/a": "333", "a!/b": "4", "a.b": "5", "b": "666", "c/a/a": "7" };
    let home = Home::with(&tree);
    let mount = Mount::new(&home, "d --writable");
    let mut rng = Rng::seeded();
    for round in 0..3 {
        let (_, kills) = while_killing(&mount, Duration::from_millis(10), || {
            for _ in 0..150 {
                let edit = Edit::random(&mut rng, &tree);
                let done = tree.apply(&edit);
                let did = through_the_kernel(mount.path(), &edit);
                assert_eq!(did.is_ok(), done.is_ok(), "round {round}: {edit:?}, {did:?}, {done:?}");
            }
        });
        assert!(kills > 0);
        assert_eq!(Tree::read(mount.path()).expect("readable"), tree, "round {round}");
        let ran = home.run("commit d -m round");
        assert!(ran.code == Some(0) || ran.stderr.contains("nothing to commit"), "{ran:?}");
        let read_only = Mount::at(&home, "d", "read");
        assert_eq!(Tree::read(read_only.path()).expect("readable"), tree, "what was committed in round {round}");
    }
}
