//! A writable mount at work: the same writing through it, its peers and a plain folder, in turns.
//!
//! Each has a folder of its own that begins empty but for one big file, which
//! in the mount is the source's, unchanged.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use harness::{Home, Rng, binaries, skip};

use crate::contenders::{self, Contender};
use crate::ratios::{Goals, Ratios};
use crate::readers::Took;
use crate::speed::in_turns;
use crate::world::tell;

/// Files in the archive that is unpacked.
const FILES: usize = 20_000;
/// Bytes of a rewrite, and how many there are in a turn.
const REWRITE_LEN: usize = 4096;
const REWRITES: usize = 20_000;
const MIB: usize = 1 << 20;

/// What is done, and the most that its ratio may be.
const QUESTIONS: [(&str, Work, f64); 3] = [
    ("unpack 20,000 files", Work::Unpack, 4.0),
    ("write a big file", Work::Write, 1.15),
    ("rewrite 4 KiB anywhere", Work::Rewrite, 1.3),
];

#[derive(Clone, Copy, Debug)]
enum Work {
    Unpack,
    Write,
    Rewrite,
}

/// Measures all of it; the big file has `big_mib` MiB.
pub(crate) fn measure(pairs: usize, big_mib: usize) -> Ratios {
    let mut ratios = Ratios::default();
    if let Err(why) = skip::mounting().and_then(|()| skip::command("tar")) {
        tell(&format!("writing is not measured: {why}"));
        return ratios;
    }
    let data = binaries::workspace().join("target/bench-data");
    fs::create_dir_all(&data).expect("the target folder can be written");
    let home = Home::within(&data);
    let source = home.join("source");
    fs::create_dir_all(&source).expect("a folder of our own");
    write_big(&source.join("big"), big_mib);
    home.ok(&format!("import w {}", source.display()));
    let world = World { archive: archive(&home), big_mib };
    let contenders = contenders::writable(&home, &source);
    let (plain, others) = contenders.split_first().expect("the plain folder is the first");
    // The first rewrite makes the file the mount's own.
    contenders.iter().for_each(|contender| rewrite(&contender.root.join("big"), 1));
    for (name, work, goal) in QUESTIONS {
        let found = in_turns(plain, others, pairs, &|contender| world.once(work, contender));
        for (contender, pairs) in others.iter().zip(&found) {
            ratios.add(name, contender.name, pairs, Goals { small: goal, large: f64::INFINITY });
        }
    }
    ratios
}

struct World {
    archive: PathBuf,
    big_mib: usize,
}

impl World {
    fn once(&self, work: Work, contender: &Contender<'_>) -> Took {
        let out = contender.root.join("out");
        let (cpu, start) = (contender.cpu() + all_cpu(), Instant::now());
        match work {
            Work::Unpack => {
                fs::create_dir(&out).expect("a new folder");
                let mut tar = Command::new("tar");
                let status = tar.arg("xf").arg(&self.archive).arg("-C").arg(&out).status().expect("it is installed");
                assert!(status.success(), "tar could not unpack");
            }
            Work::Write => write_big(&out, self.big_mib),
            Work::Rewrite => rewrite(&contender.root.join("big"), REWRITES),
        }
        let took = Took { time: start.elapsed(), cpu: contender.cpu() + all_cpu() - cpu };
        match work {
            Work::Unpack => fs::remove_dir_all(&out).expect("unpacked above"),
            Work::Write => fs::remove_file(&out).expect("written above"),
            Work::Rewrite => {}
        }
        took
    }
}

/// CPU time of this process and of the programs that it waited for.
fn all_cpu() -> Duration {
    let of = |who| {
        // SAFETY: it fills the struct that it is given, and no more; all bits 0 is a value of it.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            assert_eq!(libc::getrusage(who, &raw mut usage), 0, "Linux has both");
            usage
        };
        let time = |time: libc::timeval| Duration::new(time.tv_sec.unsigned_abs(), 1000 * time.tv_usec as u32);
        time(usage.ru_utime) + time(usage.ru_stime)
    };
    of(libc::RUSAGE_SELF) + of(libc::RUSAGE_CHILDREN)
}

/// Writes a file and has it on the disk.
fn write_big(path: &Path, mib: usize) {
    let block: Vec<u8> = (0..MIB).map(|at| (at / 7) as u8).collect();
    let mut file = File::create(path).expect("a file of our own");
    (0..mib).try_for_each(|_| file.write_all(&block)).expect("the disk has room");
    file.sync_all().expect("it is on the disk");
}

fn rewrite(path: &Path, times: usize) {
    let file = OpenOptions::new().write(true).open(path).expect("the big file is there");
    let pages = file.metadata().expect("an open file").len() as usize / REWRITE_LEN;
    let (mut rng, page) = (Rng::from_seed(11), [7; REWRITE_LEN]);
    for _ in 0..times {
        file.write_all_at(&page, (rng.below(pages) * REWRITE_LEN) as u64).expect("within the file");
    }
}

/// An archive of small files.
fn archive(home: &Home) -> PathBuf {
    let (tree, archive) = (home.join("tree"), home.join("tree.tar"));
    for number in 0..FILES {
        let folder = tree.join(format!("{:03}", number % 200));
        fs::create_dir_all(&folder).expect("a folder of our own");
        fs::write(folder.join(number.to_string()), vec![number as u8; 500 + number % 4000]).expect("written");
    }
    let mut tar = Command::new("tar");
    let status = tar.arg("cf").arg(&archive).arg("-C").arg(&tree).arg(".").status().expect("it is installed");
    assert!(status.success(), "tar could not pack");
    archive
}
