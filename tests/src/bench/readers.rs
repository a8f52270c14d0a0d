//! What programs do to a tree of files: the workloads whose times are compared.
//!
//! Each visits the same things in the same order wherever the tree is mounted,
//! and fails loudly when it does not find what it was told to.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::Rng;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// Bytes of a block that a big file is read by, in order.
const BLOCK_LEN: usize = 1 << 20;
/// Bytes of a page, and of a read somewhere in a big file.
const PAGE_LEN: usize = 4096;

/// A Python program that reads all files whose names it is given, and prints seconds and seconds of CPU.
const PYTHON: &str = "
import sys, time
paths = sys.stdin.read().splitlines()
start, cpu = time.perf_counter(), time.process_time()
for path in paths:
    with open(path, 'rb') as file:
        file.read()
print(time.perf_counter() - start, time.process_time() - cpu)
";

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Lists all folders.
    List,
    /// Lists all folders and asks for every entry's attributes, as `find` does.
    Walk,
    /// Asks for the attributes of every file, in no order.
    Stat,
    /// Opens, asks for the size, reads and closes every file, in no order, by this many threads.
    Epoch(usize),
    /// The same by `open(path, 'rb').read()` of Python.
    Python,
    /// Reads a file from its beginning to its end.
    Sequence,
    /// Reads that many pages of a file, anywhere in it.
    Random(usize),
    /// Sums up a mapped file.
    MappedSequence,
    /// Touches that many pages of a mapped file, anywhere in it.
    MappedRandom(usize),
}

/// How long it took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Took {
    pub(crate) time: Duration,
    /// Of the reader alone.
    pub(crate) cpu: Duration,
}

/// Does it to a folder, or a file for what reads one.
pub(crate) fn run(work: Work, root: &Path, files: &[PathBuf]) -> Took {
    if work == Work::Python {
        return python(root, files);
    }
    let (cpu, start) = (own_cpu(), Instant::now());
    match work {
        Work::List => assert!(walk(root, false) >= files.len()),
        Work::Walk => assert!(walk(root, true) >= files.len()),
        Work::Stat => files.iter().for_each(|file| assert!(root.join(file).is_file(), "every file is there")),
        Work::Epoch(threads) => epoch(root, files, threads),
        Work::Sequence => sequence(root),
        Work::Random(reads) => random(root, reads),
        Work::MappedSequence => mapped(root, None),
        Work::MappedRandom(pages) => mapped(root, Some(pages)),
        Work::Python => {}
    }
    Took { time: start.elapsed(), cpu: own_cpu() - cpu }
}

fn walk(folder: &Path, with_attributes: bool) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("it can be listed");
        if with_attributes {
            entry.metadata().expect("it is there");
        }
        count += 1;
        if entry.file_type().expect("the listing tells it").is_dir() {
            count += walk(&entry.path(), with_attributes);
        }
    }
    count
}

fn epoch(root: &Path, files: &[PathBuf], threads: usize) {
    let read = |files: &[PathBuf]| {
        let mut buffer = vec![0; 1 << 20];
        for name in files {
            let mut file = File::open(root.join(name)).expect("every file is there");
            let len = file.metadata().expect("an open file").len() as usize;
            file.read_exact(&mut buffer[..len]).expect("all of it is there");
        }
    };
    if threads == 1 {
        return read(files);
    }
    thread::scope(|scope| {
        for part in files.chunks(files.len().div_ceil(threads)) {
            scope.spawn(|| read(part));
        }
    });
}

fn sequence(path: &Path) {
    let mut file = File::open(path).expect("the file is there");
    let (len, mut buffer, mut all) = (file.metadata().expect("an open file").len(), vec![0; BLOCK_LEN], 0);
    loop {
        match file.read(&mut buffer).expect("readable") {
            0 => break,
            read => all += read as u64,
        }
    }
    assert_eq!(all, len, "a read was short");
}

fn random(path: &Path, reads: usize) {
    let file = File::open(path).expect("the file is there");
    let pages = file.metadata().expect("an open file").len() as usize / PAGE_LEN;
    let (mut rng, mut buffer) = (Rng::from_seed(7), [0; PAGE_LEN]);
    for _ in 0..reads {
        file.read_exact_at(&mut buffer, (rng.below(pages) * PAGE_LEN) as u64).expect("within the file");
    }
}

fn mapped(path: &Path, pages: Option<usize>) {
    let file = File::open(path).expect("the file is there");
    let len = file.metadata().expect("an open file").len() as usize;
    // SAFETY: the mapping is read only, of a file that nobody changes, and its slice does not outlive it.
    unsafe {
        let at = mmap(std::ptr::null_mut(), len, ProtFlags::READ, MapFlags::SHARED, &file, 0).expect("mappable");
        let bytes = std::slice::from_raw_parts(at.cast::<u8>(), len);
        let sum = match pages {
            None => bytes.iter().step_by(64).fold(0u64, |sum, byte| sum + u64::from(*byte)),
            Some(pages) => {
                let mut rng = Rng::from_seed(8);
                (0..pages).fold(0, |sum, _| sum + u64::from(bytes[rng.below(len / PAGE_LEN) * PAGE_LEN]))
            }
        };
        std::hint::black_box(sum);
        munmap(at, len).expect("mapped above");
    }
}

fn python(root: &Path, files: &[PathBuf]) -> Took {
    let mut command = Command::new("python3");
    command.args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it was asked for its version before");
    let names: String = files.iter().map(|file| format!("{}\n", root.join(file).display())).collect();
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), names.as_bytes()).expect("it reads them");
    let output = child.wait_with_output().expect("our own child");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(|number| number.parse().map(Duration::from_secs_f64));
    let (Some(Ok(time)), Some(Ok(cpu))) = (numbers.next(), numbers.next()) else {
        panic!("Python could not read the files: {text}");
    };
    Took { time, cpu }
}

/// The CPU time that this process has used.
fn own_cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it fills the struct that it is given, and no more.
    let told = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(told, 0, "Linux has this clock");
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
