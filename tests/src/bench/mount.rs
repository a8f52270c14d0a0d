//! The mount: how soon it answers, how fast a walk over it is, and what memory that leaves behind.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::{Mount, generate, skip};

use crate::machine;
use crate::table::{Goal, Table, median_ms};
use crate::world::{World, tell};

/// From the start of `veneer mount` to the first successful `stat` of a file in it.
pub(crate) fn first_stat(world: &World, table: &mut Table) {
    if !mounting() {
        return;
    }
    let folder = world.home.join("mnt");
    fs::create_dir_all(&folder).expect("a folder of our own");
    let file = folder.join(generate::name(world.files / 2));
    let once = || {
        let start = Instant::now();
        world.veneer("mount d mnt");
        fs::metadata(&file).expect("the mount shows the file");
        let took = start.elapsed();
        world.veneer("unmount mnt");
        took
    };
    let times: Vec<Duration> = (0..7).map(|_| once()).collect();
    let floor = world.process_start_ms();
    let name = format!("mount to first stat, {} files", world.files);
    table.add(&name, "ms", median_ms(&times), Some(("veneer --version", floor)), &Goal::AtMost(100.0));
}

/// Walks with `find` over the mount and the source in turns, and the daemon's memory after them.
pub(crate) fn walks(world: &World, table: &mut Table) {
    if !mounting() {
        return;
    }
    let mount = Mount::new(&world.home, "d");
    let before = anonymous_mib(mount.daemon());
    // The first of each fills the caches, and is no part of the pairs.
    world.find(mount.path());
    world.find(&world.source);
    let memory = anonymous_mib(mount.daemon());
    table.add(
        "daemon's anonymous memory after a walk",
        "MiB",
        memory,
        Some(("before it", before)),
        &Goal::AtMost(16.0),
    );
    let warm = pairs(world, mount.path(), 5, || {});
    table.add_pairs("find over the mount, all cached", "find over the source", &warm, &Goal::TimesFloor(1.3));
    if machine::drop_caches() {
        let cold = pairs(world, mount.path(), 3, || {
            machine::drop_caches();
        });
        table.add_pairs("find over the mount, nothing cached", "find over the source", &cold, &Goal::TimesFloor(4.0));
    } else {
        tell("the walk with nothing cached is not measured: only root may drop the caches");
    }
    let memory = anonymous_mib(mount.daemon());
    table.add(
        "daemon's anonymous memory after all walks",
        "MiB",
        memory,
        Some(("before", before)),
        &Goal::AtMost(16.0),
    );
    mount.unmount();
}

fn pairs(world: &World, mount: &Path, count: usize, before_each: impl Fn()) -> Vec<(Duration, Duration)> {
    let walk = |folder: &Path| {
        before_each();
        world.find(folder)
    };
    let pair = |number: usize| {
        if number.is_multiple_of(2) {
            let floor = walk(&world.source);
            (walk(mount), floor)
        } else {
            let value = walk(mount);
            (value, walk(&world.source))
        }
    };
    (0..count).map(pair).collect()
}

fn mounting() -> bool {
    let possible = skip::mounting();
    if let Err(why) = &possible {
        tell(&format!("the mount is not measured: {why}"));
    }
    possible.is_ok()
}

/// The memory of a process that no file backs, in MiB.
fn anonymous_mib(pid: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("our own daemon");
    let line = rollup.lines().find(|line| line.starts_with("Anonymous:")).expect("Linux tells it");
    let kib: f64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
    kib / 1024.0
}
