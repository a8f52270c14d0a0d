//! Random operations on a working state and on a plain folder.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use super::*;
use crate::working::metadata::Setting;
use crate::working::names::Manner;

/// One operation on both sides.
#[derive(Debug)]
enum Operation {
    Write(String, u64, Vec<u8>),
    Truncate(String, u64),
    MakeFolder(String),
    MakeLink(String, String),
    Link(String, String),
    Unlink(String),
    RemoveFolder(String),
    Rename(String, String, Manner),
    SetMode(String, u32),
}

struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn path(&mut self) -> String {
        let names = ["a", "b", "c", "a.b"];
        (0..1 + self.below(3)).map(|_| names[self.below(4) as usize]).collect::<Vec<_>>().join("/")
    }

    fn operation(&mut self) -> Operation {
        match self.below(14) {
            0..4 => {
                let data = (0..self.below(20)).map(|_| b'a' + self.below(26) as u8).collect();
                Operation::Write(self.path(), self.below(12), data)
            }
            4 => Operation::Truncate(self.path(), self.below(10)),
            5 | 6 => Operation::MakeFolder(self.path()),
            7 => Operation::MakeLink(self.path(), self.path()),
            8 => Operation::Link(self.path(), self.path()),
            9 => Operation::Unlink(self.path()),
            10 => Operation::RemoveFolder(self.path()),
            11 => Operation::SetMode(self.path(), 0o600 + self.below(0o200) as u32),
            _ => {
                let manner = [Manner::Replace, Manner::Replace, Manner::KeepOther, Manner::Exchange];
                Operation::Rename(self.path(), self.path(), manner[self.below(4) as usize])
            }
        }
    }
}

impl Operation {
    /// Whether the kernel decides it before a file system is asked, or a link is followed by it.
    fn is_the_kernels(&self, world: &World) -> bool {
        let is_link = |path: &str| {
            let mut at = world.plain("");
            path.split('/').any(|name| {
                at.push(name);
                at.is_symlink()
            })
        };
        match self {
            Operation::Rename(from, to, manner) => {
                let within = |one: &str, other: &str| Path::new(one).starts_with(other);
                let parent_is_link = |path: &str| path.rsplit_once('/').is_some_and(|(folder, _)| is_link(folder));
                within(from, to)
                    || (*manner == Manner::Exchange && within(to, from))
                    || parent_is_link(from)
                    || parent_is_link(to)
            }
            Operation::Write(path, ..) | Operation::Truncate(path, _) | Operation::SetMode(path, _) => is_link(path),
            Operation::Link(from, to) => is_link(from) || is_link(to),
            Operation::MakeFolder(path)
            | Operation::MakeLink(path, _)
            | Operation::Unlink(path)
            | Operation::RemoveFolder(path) => path.rsplit_once('/').is_some_and(|(folder, _)| is_link(folder)),
        }
    }

    fn plainly(&self, world: &World) -> std::io::Result<()> {
        let plain = |path: &str| world.plain(path);
        match self {
            Operation::Write(path, offset, data) => {
                let file = File::options().write(true).create(true).truncate(false).open(plain(path))?;
                file.write_all_at(data, *offset)
            }
            Operation::Truncate(path, size) => File::options().write(true).open(plain(path))?.set_len(*size),
            Operation::MakeFolder(path) => fs::create_dir(plain(path)),
            Operation::MakeLink(path, target) => std::os::unix::fs::symlink(target, plain(path)),
            Operation::Link(from, to) => fs::hard_link(plain(from), plain(to)),
            Operation::Unlink(path) => fs::remove_file(plain(path)),
            Operation::RemoveFolder(path) => fs::remove_dir(plain(path)),
            Operation::SetMode(path, mode) => fs::set_permissions(plain(path), Permissions::from_mode(*mode)),
            Operation::Rename(from, to, manner) => {
                let flags = match manner {
                    Manner::Replace => rustix::fs::RenameFlags::empty(),
                    Manner::KeepOther => rustix::fs::RenameFlags::NOREPLACE,
                    Manner::Exchange => rustix::fs::RenameFlags::EXCHANGE,
                };
                let here = rustix::fs::CWD;
                Ok(rustix::fs::renameat_with(here, plain(from), here, plain(to), flags)?)
            }
        }
    }

    fn working(&self, world: &World) -> Answer<()> {
        let working = world.working();
        match self {
            Operation::Write(path, offset, data) => world.write(path, *offset, data),
            Operation::Truncate(path, size) => {
                let ino = world.find(path)?;
                working.open_file(ino)?;
                let done = working.truncate(ino, *size, CALLER);
                working.close_file(ino);
                done
            }
            Operation::MakeFolder(path) => {
                working.make(world.at(path)?, New::Folder(0o755), CALLER, Asked::NEVER).map(|_| ())
            }
            Operation::MakeLink(path, target) => {
                working.make(world.at(path)?, New::Link(target.clone().into_bytes()), CALLER, Asked::NEVER).map(|_| ())
            }
            Operation::Link(from, to) => {
                let ino = world.find(from)?;
                working.link(ino, world.at(to)?, Asked::NEVER)
            }
            Operation::Unlink(path) => working.unlink(world.at(path)?, Asked::NEVER),
            Operation::RemoveFolder(path) => working.rmdir(world.at(path)?, Asked::NEVER),
            Operation::SetMode(path, mode) => {
                let setting = Setting { mode: Some(*mode), ..Setting::default() };
                working.set(world.find(path)?, setting, CALLER).map(|_| ())
            }
            Operation::Rename(from, to, manner) => {
                working.rename(world.at(from)?, world.at(to)?, *manner, Asked::NEVER)
            }
        }
    }
}

const FILES: [(&str, &str); 7] =
    [("a/a", "1"), ("a/b", "22"), ("a/c/a", "333"), ("b/a.b", "4"), ("c", "five"), ("a.b/a", "6"), ("b/c", "->a.b")];

fn compare(seed: u64, steps: u64) {
    let mut world = World::new(&FILES);
    for name in ["a", "a/c", "b", "a.b"] {
        fs::set_permissions(world.plain(name), Permissions::from_mode(0o755)).expect("ours");
    }
    let mut rng = Rng(seed);
    for step in 0..steps {
        match rng.below(40) {
            0 if rng.below(2) == 0 => world.mount(),
            0 => world.take_over(),
            1 => world.keeper().snapshot().expect("in the store"),
            2 => {
                world.part_links();
                world.remount();
            }
            _ => {
                let operation = rng.operation();
                if operation.is_the_kernels(&world) {
                    continue;
                }
                let plainly = operation.plainly(&world).map_err(|error| Refused(error.raw_os_error().unwrap_or(0)));
                assert_eq!(operation.working(&world), plainly, "SEED={seed} step {step}: {operation:?}");
            }
        }
        if step % 8 == 0 {
            let (shown, expected) = (world.shown(), world.expected());
            assert_eq!(shown, expected, "SEED={seed} step {step}");
        }
    }
    world.check();
}

#[test]
fn a_working_state_is_what_a_plain_folder_is_through_kills_snapshots_and_new_mounts() {
    let seeds = match std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => vec![seed],
        None => (1..=8).collect(),
    };
    seeds.into_iter().for_each(|seed| compare(seed, 400));
}
