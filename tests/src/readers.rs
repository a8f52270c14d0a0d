//! Readers that verify what a mount gives them, while something is done to it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::{Advice, fadvise};

use crate::Rng;

/// Threads that read at random until they are stopped.
///
/// They have the kernel forget what they read, and ask for names that are not
/// there: so most of what they do asks the daemon.
#[derive(Debug)]
pub struct Readers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<Seen, String>>>,
}

/// What readers have seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// How many files they read and found right.
    pub files: u64,
    /// How long the longest step took.
    pub longest: Duration,
}

impl Readers {
    /// Starts `count` readers of a mount whose files have these contents.
    pub fn start(count: u64, mount: &Path, contents: &BTreeMap<String, Vec<u8>>) -> Readers {
        let stop = Arc::new(AtomicBool::new(false));
        let hashes: Vec<(PathBuf, blake3::Hash)> =
            contents.iter().map(|(name, content)| (mount.join(name), blake3::hash(content))).collect();
        let hashes = Arc::new(hashes);
        let start = |seed| {
            let (stop, hashes) = (Arc::clone(&stop), Arc::clone(&hashes));
            std::thread::spawn(move || read(seed, &hashes, &stop))
        };
        Readers { threads: (0..count).map(start).collect(), stop: Arc::clone(&stop) }
    }

    /// Stops them; fails the test if one of them saw an error or a wrong byte.
    pub fn finish(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Seen::default();
        for thread in self.threads {
            let seen = thread.join().expect("readers do not panic").unwrap_or_else(|wrong| panic!("{wrong}"));
            all.files += seen.files;
            all.longest = all.longest.max(seen.longest);
        }
        all
    }
}

fn read(seed: u64, hashes: &[(PathBuf, blake3::Hash)], stop: &AtomicBool) -> Result<Seen, String> {
    let mut rng = Rng::from_seed(seed);
    let mut seen = Seen::default();
    while !stop.load(Ordering::Relaxed) {
        let (path, hash) = rng.pick(hashes);
        let start = Instant::now();
        let found = read_anew(path).map_err(|error| format!("reading {}: {error}", path.display()))?;
        if blake3::hash(&found) != *hash {
            return Err(format!("{} has other bytes: {} of them", path.display(), found.len()));
        }
        let folder = path.parent().unwrap_or(path);
        ask_for_nothing(folder).map_err(|error| format!("looking into {}: {error}", folder.display()))?;
        seen.longest = seen.longest.max(start.elapsed());
        seen.files += 1;
    }
    Ok(seen)
}

/// Reads a file that the kernel has no pages of.
///
/// # Errors
/// Whatever the file system says.
pub fn read_anew(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    fadvise(&file, 0, None, Advice::DontNeed)?;
    let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or(0)];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Asks the daemon for a name that nobody has asked for before; returns how long the answer took.
///
/// # Errors
/// Whatever is said but that it is not there.
pub fn ask_for_nothing(folder: &Path) -> io::Result<Duration> {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let name = format!("nothing-{}-{}", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed));
    let start = Instant::now();
    match fs::symlink_metadata(folder.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(start.elapsed()),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::other("it is there")),
    }
}
