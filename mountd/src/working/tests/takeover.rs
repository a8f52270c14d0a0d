//! What a process finds that takes over from a killed one.

use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

use super::*;
use crate::handshake::{self, KernelSaid};
use crate::working::answers::WritableFuse;
use crate::working::record::Record;
use crate::working::through::{Opening, Through};

const AGAIN: u64 = 1 << 63;

#[test]
fn what_was_done_is_answered_as_the_first_time_and_not_done_twice() {
    let mut world = World::new(&[("a", "one"), ("b", "two"), ("dir/c", "three")]);
    let rename = |world: &World, asked: Asked| {
        world.working().rename(
            world.at("a").expect("there"),
            world.at("moved").expect("free"),
            Manner::KeepOther,
            asked,
        )
    };
    let make = |world: &World, asked: Asked| {
        world.working().make(world.at("new").expect("free"), New::File(0o644), CALLER, asked)
    };
    let unlink = |world: &World, asked: Asked| world.working().unlink(world.at("b").expect("there"), asked);
    let link = |world: &World, asked: Asked| {
        world.working().link(world.find("dir/c").expect("there"), world.at("second").expect("free"), asked)
    };
    let mark = |world: &World, asked: Asked| {
        let ino = world.find("dir/c").expect("there");
        world.working().set_extended(ino, b"user.x", b"1", libc::XATTR_CREATE, asked)
    };
    let made = make(&world, Asked::new(2)).expect("made");
    for (number, act) in [(4, &rename as &dyn Fn(&World, Asked) -> Answer<()>), (6, &unlink), (8, &link), (10, &mark)] {
        act(&world, Asked::new(number)).expect("done");
    }
    // A journal that is written anew knows it, too.
    let renewed = {
        let mut state = world.working().state();
        let records = state.tree.records();
        state.journal.renew(records)
    };
    renewed.expect("written");
    let shown = world.shown();
    for _ in 0..2 {
        world.take_over();
        assert_eq!(make(&world, Asked::new(2 | AGAIN)), Ok(made));
        for (number, act) in
            [(4, &rename as &dyn Fn(&World, Asked) -> Answer<()>), (6, &unlink), (8, &link), (10, &mark)]
        {
            assert_eq!(act(&world, Asked::new(number | AGAIN)), Ok(()), "request {number}");
            assert!(act(&world, Asked::new(100 + number)).is_err(), "another one like request {number}");
        }
        assert_eq!(world.shown(), shown);
    }
    // Of another mount it would be another request.
    world.mount();
    assert_eq!(make(&world, Asked::new(2 | AGAIN)), Err(Refused(libc::EEXIST)));
    assert_eq!(unlink(&world, Asked::new(6 | AGAIN)), Err(Refused(libc::ENOENT)));
}

#[test]
fn what_is_open_without_a_name_outlives_a_takeover_and_no_new_mount() {
    let mut world = World::new(&[("a", "one")]);
    let ino = world.find("a").expect("there");
    let through = Through::new();
    let no_passthrough = |_: &fs::File| Err(std::io::ErrorKind::Unsupported.into());
    world.working().open_file(ino).expect("opened");
    let opening = through.enter(world.working(), ino, true, Asked::new(2), no_passthrough);
    assert_eq!(opening, Opening { handle: 2, backing: None });
    world.working().write(ino, 3, b" more").expect("written");
    world.working().unlink(world.at("a").expect("there"), Asked::NEVER).expect("unlinked");
    let ledger = through.ledger();
    world.take_over();
    let through = Through::adopt(ledger, world.working()).expect("readable");
    // That it was opened is known, so it is not opened twice.
    assert_eq!(through.again(Asked::new(2 | AGAIN)), Some(opening));
    assert_eq!(through.again(Asked::new(4 | AGAIN)), None);
    let mut buffer = [0; 16];
    assert_eq!(world.working().read(ino, 0, &mut buffer), Ok(8));
    world.working().forget(ino);
    assert_eq!(world.working().attributes(ino).expect("open").links, 0);
    assert!(through.leave(world.working(), 2) && !through.leave(world.working(), 2));
    world.working().close_file(ino);
    assert_eq!(world.working().attributes(ino).map(|told| told.size), Ok(3), "only the row is left of it");

    let made = world.working().make(world.at("b").expect("free"), New::File(0o644), CALLER, Asked::NEVER);
    world.working().unlink(world.at("b").expect("there"), Asked::NEVER).expect("unlinked");
    world.take_over();
    let made = made.expect("made");
    assert!(world.working().attributes(made).is_ok());
    world.mount();
    assert_eq!(world.working().attributes(made), Err(Refused(libc::ESTALE)));
    world.take_over();
    assert_eq!(world.working().attributes(made), Err(Refused(libc::ESTALE)), "what began anew stays so");
}

#[test]
fn a_listing_goes_on_where_it_was_after_a_journal_was_written_anew() {
    let mut world = World::new(&[("a", "one")]);
    let make = |world: &World, name: &str| {
        world.working().make(world.at(name).expect("free"), New::Folder(0o755), CALLER, Asked::NEVER).expect("made");
    };
    ["m1", "m2", "m3", "m4"].iter().for_each(|name| make(&world, name));
    ["m1", "m2"]
        .iter()
        .for_each(|name| world.working().rmdir(world.at(name).expect("there"), Asked::NEVER).expect("gone"));
    let list = |world: &World, after: u64, count: usize| {
        let mut names = Vec::new();
        let mut add = |name: &[u8], cookie: u64, _: &crate::working::metadata::Told| {
            let has_room = names.len() < count;
            if has_room {
                names.push((String::from_utf8_lossy(name).into_owned(), cookie));
            }
            has_room
        };
        world.working().list(Ino::ROOT, after, &mut add).expect("a folder");
        names
    };
    let begin = list(&world, 0, 4);
    assert_eq!(begin.last().map(|(name, _)| name.as_str()), Some("m3"));
    {
        let mut state = world.working().state();
        let records = state.tree.records();
        state.journal.renew(records).expect("written");
    }
    world.take_over();
    make(&world, "m5");
    let rest: Vec<_> = list(&world, begin[3].1, 9).into_iter().map(|(name, _)| name).collect();
    assert_eq!(rest, ["m4", "m5"]);
}

#[test]
fn what_the_kernel_was_not_told_to_forget_it_is_told_by_the_next_process() {
    let mut world = World::new(&[("a", "one")]);
    let untold = Record::Untold(vec![(Ino::ROOT, b"a".to_vec())], vec![Ino::ROOT]);
    {
        let mut state = world.working().state();
        world.working().commit(&mut state, &[untold], crate::working::journal::Room::Gives).expect("written");
    }
    let was_told = |world: &World| world.forgotten.lock().expect("no panic").drain(..).any(|name| name == b"a");
    assert!(!was_told(&world));
    world.take_over();
    world.keeper().have_forgotten().expect("written");
    assert!(was_told(&world));
    world.take_over();
    world.keeper().have_forgotten().expect("written");
    assert!(!was_told(&world), "it was told already");
}

/// A request of the kernel: number of the operation, of the request, of the folder, and the rest.
fn request(operation: u32, unique: u64, rest: &[u8]) -> Vec<u8> {
    let len = 40 + u32::try_from(rest.len()).expect("short");
    let mut bytes = [len.to_ne_bytes(), operation.to_ne_bytes()].concat();
    bytes.extend([unique, 1].iter().flat_map(|word: &u64| word.to_ne_bytes()));
    bytes.resize(40, 0);
    bytes.extend_from_slice(rest);
    bytes
}

/// The number of an answer, its error, and the inode that it tells of.
fn answer(kernel: &OwnedFd) -> (u64, i32, Option<u64>) {
    let mut bytes = [0; 512];
    let (_, len) = rustix::net::recv(kernel, &mut bytes[..], RecvFlags::empty()).expect("answered");
    let long = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight"));
    let error = i32::from_ne_bytes(bytes[4..8].try_into().expect("four"));
    (long(8), error, (len > 16).then(|| long(16)))
}

#[test]
fn a_process_that_takes_over_is_asked_again_and_answers_as_the_one_before() {
    const MKDIR: u32 = 9;
    let mut world = World::new(&[("a", "one")]);
    let mut made = None;
    for (unique, refuse, is_error) in [(6, false, false), (6 | AGAIN, false, false), (6 | AGAIN, true, true)] {
        let pair = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
        let (kernel, device) = pair.expect("a pair");
        let owner = Owner { user: 0, group: 0 };
        let working = Arc::clone(&world.keeper().working);
        let fuse = WritableFuse::new(working, Arc::new(Through::new()), owner).refusing_resent(refuse);
        let said = KernelSaid { protocol: (7, 45), capabilities: 0 };
        let session = handshake::adopt(fuse, device, fuser::Config::default(), said).expect("adopted");
        let serving = std::thread::spawn(move || session.run());
        let rest = [&[0o755_u32.to_ne_bytes(), 0_u32.to_ne_bytes()].concat()[..], b"made\0"].concat();
        rustix::net::send(&kernel, &request(MKDIR, unique, &rest), SendFlags::empty()).expect("asked");
        let (number, error, ino) = answer(&kernel);
        assert_eq!((number, error), (unique, if is_error { -libc::EIO } else { 0 }));
        if !is_error {
            assert_eq!(*made.get_or_insert(ino), ino);
        }
        drop(kernel);
        // The end of a socket is not how a mount ends, and so an error.
        assert!(serving.join().expect("no panic").is_err());
        world.take_over();
    }
}
