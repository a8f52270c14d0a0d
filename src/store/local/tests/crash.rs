//! Power cuts and failing calls, on the simulated disk.

use std::sync::Arc;

use super::super::fake::{FakeDisk, Fault, Random};
use super::super::{fsck, open};
use super::world::{SMALL, World};
use crate::ErrorKind;
use crate::store::Store;

/// The seeds of a random test: `SEED=n` runs that one alone.
fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => vec![seed],
        None => (1..=count).collect(),
    }
}

/// Prints the seed when a test fails in its run.
struct OnPanic(u64);

impl Drop for OnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Captured by the test harness, and shown with the failure.
            let seed = self.0;
            std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("to repeat: SEED={seed}\n")).ok();
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_in_a_power_cut() {
    for seed in seeds(320) {
        let _seed = OnPanic(seed);
        let mut world = World::new(seed);
        for _ in 0..4 {
            let calls = world.below(250);
            world.disk.fail_after(calls, Fault::PowerCut);
            while world.step().is_ok() {}
            world.restart();
            // The power may go again while the store is being opened.
            if world.below(3) == 0 {
                let calls = world.below(25);
                world.disk.fail_after(calls, Fault::PowerCut);
                let _ = world.reopen();
                world.restart();
            }
            world.recover();
        }
    }
}

#[test]
fn a_power_cut_while_a_store_is_made_leaves_a_store_or_none() {
    for seed in seeds(60) {
        let _seed = OnPanic(seed);
        let disk = FakeDisk::default();
        let mut random = Random::new(seed);
        let calls = random.below(35);
        disk.fail_after(calls, Fault::PowerCut);
        let made = open::make(&disk, SMALL).is_ok();
        disk.restart(&mut random);
        match open::own(Arc::new(disk.clone()), None, SMALL) {
            Ok(store) => {
                assert_eq!(store.list_refs("").expect("listed"), []);
                assert!(fsck::check(&disk).expect("checked").is_clean());
            }
            Err(error) => {
                assert!(!made, "it was made: {error}");
                assert!(matches!(error.kind(), ErrorKind::StoreUnknown { .. }), "{error}");
                open::make(&disk, SMALL).expect("made over what was left");
                open::own(Arc::new(disk.clone()), None, SMALL).expect("opened");
            }
        }
    }
}

/// Runs the same steps again and again, with a failure at the first call, the second, and so on.
fn fail_at_every_call(number: i32) {
    for seed in seeds(3) {
        let _seed = OnPanic(seed);
        for calls in 0.. {
            let mut world = World::new(seed);
            world.disk.fail_after(calls, Fault::Error(number));
            for _ in 0..25 {
                // A store that had a failure may say no, but it must go on telling the truth.
                if world.step().is_err() && world.store.is_none() {
                    break;
                }
            }
            let done = world.disk.disarm();
            if world.store.is_some() {
                world.check();
            }
            world.recover();
            world.restart();
            world.recover();
            if done {
                break;
            }
        }
    }
}

/// A world whose sweep has failed at a call, and its owner died of that; the error, if it came to the call.
fn swept_until(seed: u64, calls: u64) -> (World, Option<String>) {
    let mut world = World::new(seed);
    for _ in 0..12 {
        world.apply(false).expect("applied");
    }
    world.disk.fail_after(calls, Fault::Error(libc::EIO));
    let error = world.sweep().err().map(|error| error.to_string());
    world.disk.disarm();
    (world, error)
}

#[test]
fn a_power_cut_while_the_next_owner_finishes_a_rewriting_loses_nothing() {
    for seed in seeds(6) {
        let _seed = OnPanic(seed);
        let is_named = |calls: &u64| swept_until(seed, *calls).1.is_some_and(|error| error.contains("replace"));
        let calls = (0..200).filter(is_named).nth(1).expect("the new log has its name, and that is not durable");
        for opening in 0..40 {
            let (mut world, _) = swept_until(seed, calls);
            world.disk.fail_after(opening, Fault::PowerCut);
            let _ = world.reopen();
            // Another fate of what was not synced each time.
            for _ in 0..opening {
                world.below(2);
            }
            world.restart();
            world.recover();
        }
    }
}

#[test]
fn an_input_output_error_at_any_call_loses_nothing() {
    fail_at_every_call(libc::EIO);
}

#[test]
fn a_full_disk_at_any_call_loses_nothing() {
    fail_at_every_call(libc::ENOSPC);
}

#[test]
fn a_full_disk_refuses_what_grows_and_lets_through_what_frees_space() {
    let mut world = World::new(1);
    for _ in 0..5 {
        world.apply(false).expect("there is room");
    }
    world.disk.set_room(Some(world.disk.used() + 20));
    for _ in 0..3 {
        let error = world.apply(false).expect_err("there is no room");
        assert!(matches!(error.kind(), ErrorKind::NoSpace { .. }), "{error}");
        world.check();
    }
    world.sweep().expect("the reserve is for this");
    world.check();
    world.recover();
    world.disk.set_room(None);
    world.apply(false).expect("there is room again");
    world.recover();
}
